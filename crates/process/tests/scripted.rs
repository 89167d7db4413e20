//! The scripted launch behaves as real programs do, as far as its users can tell.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may fail and may say why it is skipped"
)]

use goldsmith_process::{
    Invocation, Launch, LaunchError, RunError, Rung, Scene, Scripted, StopLadder, capture, run_ok,
};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn scenes_in_order() {
    let script = Scripted::new([
        Scene::program("qemu-img").containing("create").stdout("made\nit").effect(|inv| {
            assert_eq!(inv.arguments()[0], "create");
        }),
        Scene::program("qemu-img").containing("info").stderr("no such file").exit(1),
    ]);
    let cancel = CancellationToken::new();
    let made = capture(&script, &Invocation::new("/usr/bin/qemu-img").arg("create"), &cancel).await.unwrap();
    assert_eq!(made.stdout, "made\nit\n");
    let error =
        run_ok(&script, &Invocation::new("qemu-img").arg("info"), &cancel, &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("no such file"), "{error}");
    assert_eq!(script.seen(), ["/usr/bin/qemu-img create", "qemu-img info"]);
    assert!(script.left().is_empty());
}

#[tokio::test]
async fn an_unexpected_launch_fails_and_names_what_was_expected() {
    let scenes = || [Scene::program("first"), Scene::program("second")];
    let script = Scripted::new(scenes());
    let error = script.launch(&Invocation::new("second")).await.unwrap_err();
    assert!(
        matches!(&error, LaunchError::Unscripted { .. }) && error.to_string().contains("`first`"),
        "{error}"
    );
    let script = Scripted::any_order(scenes());
    script.launch(&Invocation::new("second")).await.unwrap();
    assert_eq!(script.left().len(), 1);
}

#[tokio::test]
async fn a_hanging_scene_ends_by_stop_or_cancel() {
    let script = Scripted::new([Scene::program("a").hang(), Scene::program("b").hang()]);
    let mut child = script.launch(&Invocation::new("a")).await.unwrap();
    assert!(child.try_wait().is_none());
    assert_eq!(child.stop(&StopLadder::default()).await.rung, Rung::Terminate);
    assert_eq!(child.stop(&StopLadder::default()).await.rung, Rung::AlreadyStopped);
    let cancel = CancellationToken::new();
    let (ran, ()) = tokio::join!(async { capture(&script, &Invocation::new("b"), &cancel).await }, async {
        cancel.cancel()
    });
    assert!(matches!(ran, Err(RunError::Cancelled { .. })));
}
