//! Every step fails, is cancelled, panics, and its worker is killed: nothing stays behind, and the first error is
//! the one told.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use goldsmith_process::{Dirs, Invocation, System};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::download::Network;
use crate::error::{Failure, FailureKind};
use crate::id::{BuildId, Clock, Random, SystemRandom};
use crate::journal::{Answer, BuildReader, Entry, Evidence, Fact, Journal, Outcome, SCHEMA, When};
use crate::plan::{Plan, StepKind};
use crate::redact::Redactor;

/// How a step misbehaves.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Way {
    Works,
    Fails,
    Panics,
    /// Cancels the build and waits to be stopped.
    IsCancelled,
    /// Cancels the build and does not listen.
    IsDeaf,
    /// Leaves everything as a worker does that is killed.
    Dies,
}

/// Acquires one of each kind of thing, then misbehaves.
struct Acquires {
    n: usize,
    way: Way,
    place: PathBuf,
    order: Arc<Mutex<Vec<String>>>,
    runs: Arc<AtomicUsize>,
}

#[async_trait]
impl Step for Acquires {
    type Output = usize;

    fn sketch(&self) -> Sketch {
        Sketch::new(format!("Step {}", self.n), StepKind::Prepare).inputs(&json!(self.n))
    }

    async fn run(&self, cx: &StepContext) -> Result<usize, StepError> {
        let n = self.n;
        self.runs.fetch_add(1, Ordering::SeqCst);
        let folder = cx.make_directory(&self.place.join(format!("folder-{n}")))?;
        std::fs::write(self.place.join(format!("folder-{n}/inside")), "x")
            .map_err(|e| StepError::internal(e.to_string()))?;
        let order = self.order.clone();
        folder.on_release(move || async move {
            order.lock().unwrap().push(format!("folder {n}"));
            Ok(())
        });
        let (staged, _file) = cx.stage_beside(&self.place.join(format!("file-{n}")))?;
        std::fs::write(&staged, "half").map_err(|e| StepError::internal(e.to_string()))?;
        let process = cx.intend_process("sleep")?;
        let child = cx.launch().launch(&Invocation::new("sleep").arg("1000")).await;
        let child = child.map_err(|e| StepError::internal(e.to_string()))?;
        process.acquired(Evidence::Process { identity: child.identity().clone() })?;
        let order = self.order.clone();
        process.on_release(move || async move {
            drop(child);
            order.lock().unwrap().push(format!("process {n}"));
            if n == 1 { Err(StepError::internal("a release that fails")) } else { Ok(()) }
        });
        match self.way {
            Way::Works => Ok(n),
            Way::Fails => Err(StepError::guest(format!("step {n} fails"))),
            Way::Panics => panic!("step {n} panics"),
            Way::IsCancelled => {
                cx.build().cancel.request(When::Unwind);
                cx.cancel().cancelled().await;
                Err(StepError::guest("something else went wrong while stopping"))
            }
            Way::IsDeaf => {
                cx.build().cancel.request(When::Kill);
                std::future::pending::<()>().await;
                Ok(n)
            }
            Way::Dies => {
                // What a kill leaves: holdings nobody gives back. The children of a killed worker live on.
                std::mem::forget(cx.holdings.clone());
                std::future::pending::<()>().await;
                Ok(n)
            }
        }
    }
}

struct FixedClock;
impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_795_000_000).unwrap()
    }
}

struct Answers(Mutex<Vec<Answer>>);
#[async_trait]
impl Asking for Answers {
    async fn ask(&self, _job: &str, _step: &str, _failure: &Failure) -> Decision {
        self.0.lock().unwrap().pop().unwrap_or(Answer::CleanUp).into()
    }
}

/// What a step runs in.
pub(crate) struct Bench {
    _home: tempfile::TempDir,
    dirs: Dirs,
    id: BuildId,
    /// The working folder.
    pub(crate) place: PathBuf,
    pub(crate) build: Arc<BuildContext>,
}

pub(crate) fn bench(answers: Vec<Answer>) -> Bench {
    let home = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(home.path());
    let id = BuildId::new(&FixedClock, &SystemRandom);
    let folder = dirs.builds().join(id.as_str());
    std::fs::create_dir_all(&folder).unwrap();
    let journal = Arc::new(Journal::open(&folder, Arc::new(FixedClock), Redactor::default()).unwrap());
    let runtime = dirs.socket_folder(id.as_str()).unwrap();
    journal
        .append(Fact::Opened {
            schema: SCHEMA,
            build: id.clone(),
            goldsmith: "test".into(),
            control: runtime.join("control").display().to_string(),
            runtime: runtime.display().to_string(),
            plan: Box::new(Plan::default()),
        })
        .unwrap();
    let place = home.path().join("place");
    std::fs::create_dir(&place).unwrap();
    let build = Arc::new(BuildContext {
        journal,
        launch: Arc::new(System),
        dirs: dirs.clone(),
        runtime,
        cwd: place.clone(),
        clock: Arc::new(FixedClock),
        random: Arc::new(SystemRandom) as Arc<dyn Random>,
        cancel: Cancel::default(),
        network: Network::default(),
        agent: None,
        path: "/usr/bin:/bin".into(),
        temporary: place.clone(),
        jobs: 1,
        asking: Arc::new(Answers(Mutex::new(answers))),
        wishes: Arc::default(),
        edges: tokio::sync::broadcast::channel(8).0,
        broken: Mutex::default(),
    });
    Bench { _home: home, dirs, id, place, build }
}

const STEPS: usize = 4;

struct Made {
    pipeline: Pipeline,
    order: Arc<Mutex<Vec<String>>>,
    runs: Arc<AtomicUsize>,
}

fn pipeline(place: &Path, bad: usize, way: Way) -> Made {
    let mut pipeline = Pipeline::new("job");
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let runs: Arc<AtomicUsize> = Arc::default();
    for n in 0..STEPS {
        let way = if n == bad { way } else { Way::Works };
        let (order, runs) = (order.clone(), runs.clone());
        pipeline.step("step", Acquires { n, way, place: place.to_owned(), order, runs });
    }
    Made { pipeline, order, runs }
}

fn entries(bench: &Bench) -> Vec<Entry> {
    BuildReader::open(&bench.dirs, &bench.id).unwrap().entries(0).unwrap()
}

/// No file, no folder, no process, no intent.
fn assert_nothing_left(bench: &Bench, what: &str) {
    let left: Vec<_> = std::fs::read_dir(&bench.place).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(left.is_empty(), "{what}: {left:?}");
    let running = crate::release::marked(bench.id.as_str(), None);
    assert!(running.is_empty(), "{what}: {running:?}");
    let mut open = std::collections::BTreeSet::new();
    for entry in entries(bench) {
        match entry.fact {
            Fact::IntentRecorded { intent, .. } => drop(open.insert(intent)),
            Fact::Released { intent, .. } | Fact::Kept { intent } => drop(open.remove(&intent)),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{what}: intents never released {open:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_at_any_step_leaves_nothing() {
    for bad in 0..STEPS {
        for way in [Way::Fails, Way::Panics, Way::IsCancelled, Way::IsDeaf] {
            let what = format!("step {bad} {way:?}");
            let bench = bench(Vec::new());
            let made = pipeline(&bench.place, bad, way);
            let end = made.pipeline.run(&bench.build, OnError::Cleanup, &|_| None).await;
            let error = end.error.unwrap();
            match way {
                Way::Fails => {
                    assert_eq!(end.outcome, Outcome::Failed, "{what}");
                    // Though the release of step 1's process fails as well.
                    assert_eq!(error.failure().message, format!("step {bad} fails"));
                }
                Way::Panics => assert_eq!(error.kind(), FailureKind::Internal, "{what}"),
                _ => assert_eq!(end.outcome, Outcome::Cancelled, "{what}"),
            }
            assert_eq!(made.runs.load(Ordering::SeqCst), bad + 1, "{what}: later steps never ran");
            // Newest first, and within a step the process before the folder.
            let expected: Vec<String> =
                (0..=bad).rev().flat_map(|n| [format!("process {n}"), format!("folder {n}")]).collect();
            assert_eq!(*made.order.lock().unwrap(), expected, "{what}");
            assert_eq!(end.leftovers.len(), usize::from(bad >= 1), "{what}: the failing release is told");
            assert_nothing_left(&bench, &what);
        }
    }
}

/// Says what is to be done at its failure, and then fails or not.
struct CleansUp {
    fails: bool,
    done: Arc<AtomicUsize>,
}

#[async_trait]
impl Step for CleansUp {
    type Output = ();

    fn sketch(&self) -> Sketch {
        Sketch::new("Provision", StepKind::Provision)
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        cx.make_directory(&cx.cwd().join("kept"))?.intent();
        let done = self.done.clone();
        cx.on_failure("the clean-up", move || async move {
            done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        if self.fails { Err(StepError::guest("exit 9")) } else { Ok(()) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clean_up_provisioner_runs_as_asked_and_only_after_a_failure() {
    for (on_error, fails, runs, kept) in [
        (OnError::RunCleanupProvisioner, true, 1, true),
        (OnError::RunCleanupProvisioner, false, 0, false),
        (OnError::Cleanup, true, 1, false),
        (OnError::Abort, true, 0, true),
    ] {
        let bench = bench(Vec::new());
        let done: Arc<AtomicUsize> = Arc::default();
        let mut pipeline = Pipeline::new("job");
        pipeline.step("shell", CleansUp { fails, done: done.clone() });
        let end = pipeline.run(&bench.build, on_error, &|_| None).await;
        assert_eq!(end.error.is_some(), fails, "{on_error:?}");
        assert_eq!(done.load(Ordering::SeqCst), runs, "{on_error:?}");
        assert_eq!(bench.place.join("kept").exists(), kept, "{on_error:?}");
        let said = entries(&bench).iter().any(|entry| matches!(entry.fact, Fact::Kept { .. }));
        assert_eq!(said, kept, "{on_error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn success_gives_back_too_but_a_failing_release_is_an_error() {
    let bench = bench(Vec::new());
    let made = pipeline(&bench.place, usize::MAX, Way::Works);
    let end = made.pipeline.run(&bench.build, OnError::Cleanup, &|_| None).await;
    assert_eq!(end.outcome, Outcome::Failed);
    assert_eq!(end.error.unwrap().failure().message, "a release that fails");
    assert_nothing_left(&bench, "success");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_at_any_step_is_cleaned_up_after() {
    for bad in 0..STEPS {
        let bench = bench(Vec::new());
        let made = pipeline(&bench.place, bad, Way::Dies);
        {
            let run = made.pipeline.run(&bench.build, OnError::Cleanup, &|_| None);
            tokio::pin!(run);
            // Until the step has acquired everything: its last intent is a process that was acquired.
            let acquired = async {
                while entries(&bench).iter().filter(|e| matches!(e.fact, Fact::Acquired { .. })).count()
                    < 2 * (bad + 1)
                {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                _ = &mut run => unreachable!("the step waits for ever"),
                () = acquired => {}
            }
        }
        assert!(!crate::release::marked(bench.id.as_str(), None).is_empty(), "step {bad}: it left processes");
        let recovered = crate::recover::recover(&bench.dirs, Arc::new(FixedClock)).await.unwrap();
        assert_eq!(recovered.len(), 1);
        assert_eq!(recovered[0].left, Vec::<String>::new());
        assert_nothing_left(&bench, &format!("killed at step {bad}"));
        assert!(entries(&bench).last().unwrap().fact.is_last());
        let again = crate::recover::recover(&bench.dirs, Arc::new(FixedClock)).await.unwrap();
        assert!(again.is_empty(), "a second look finds nothing to do");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_runs_the_step_again_from_a_clean_start() {
    let bench = bench(vec![Answer::CleanUp, Answer::Retry, Answer::Retry]);
    let made = pipeline(&bench.place, 2, Way::Fails);
    let end = made.pipeline.run(&bench.build, OnError::Ask, &|_| None).await;
    assert_eq!(end.outcome, Outcome::Failed);
    // Steps 0 and 1 once, step 2 three times: its folder could be made each time.
    assert_eq!(made.runs.load(Ordering::SeqCst), 5);
    assert_eq!(entries(&bench).iter().filter(|e| matches!(e.fact, Fact::Asked { .. })).count(), 3);
    assert_nothing_left(&bench, "retry");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abort_leaves_everything_and_recovery_respects_that() {
    let bench = bench(Vec::new());
    let made = pipeline(&bench.place, 0, Way::Fails);
    let end = made.pipeline.run(&bench.build, OnError::Abort, &|_| None).await;
    assert_eq!(end.outcome, Outcome::Failed);
    assert!(bench.place.join("folder-0/inside").exists());
    assert!(entries(&bench).iter().any(|e| matches!(e.fact, Fact::Kept { .. })));
    for stray in crate::release::marked(bench.id.as_str(), None) {
        stray.stop(&goldsmith_process::StopLadder::HARD).await;
    }
}

#[tokio::test]
async fn a_folder_somebody_else_put_there_is_never_removed() {
    let bench = bench(Vec::new());
    let holdings = Arc::default();
    let cx = StepContext::new(&bench.build, &holdings, "job", "step");
    let path = bench.place.join("ours");
    let holding = cx.make_directory(&path).unwrap();
    std::fs::remove_dir(&path).unwrap();
    // Keep the number of the removed folder from being used again.
    std::fs::create_dir(bench.place.join("other")).unwrap();
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("precious"), "x").unwrap();
    holding.release().await.unwrap();
    assert!(path.join("precious").exists());
    assert!(cx.make_directory(&path).is_err(), "and it is not taken over");
    assert!(path.join("precious").exists());
}

/// Waits for its neighbour, so that both must run at once.
struct Meets(Arc<tokio::sync::Barrier>, bool);
#[async_trait]
impl Step for Meets {
    type Output = ();
    fn sketch(&self) -> Sketch {
        Sketch::new("Meet", StepKind::PostProcess)
    }
    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        self.0.wait().await;
        if self.1 {
            return Err(StepError::guest("the first error"));
        }
        cx.cancel().cancelled().await;
        Err(StepError::cancelled())
    }
}

#[tokio::test]
async fn steps_beside_each_other_stop_when_one_fails() {
    let bench = bench(Vec::new());
    let barrier = Arc::new(tokio::sync::Barrier::new(3));
    let mut pipeline = Pipeline::new("job");
    pipeline.step("meet", Meets(barrier.clone(), false));
    pipeline.step_beside("meet", Meets(barrier.clone(), true));
    pipeline.step_beside("meet", Meets(barrier, false));
    let ids: Vec<String> = pipeline.sketch().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["meet", "meet-2", "meet-3"]);
    let end = pipeline.run(&bench.build, OnError::Cleanup, &|_| None).await;
    assert_eq!(end.error.unwrap().failure().message, "the first error");
}

#[test]
fn an_output_asked_for_too_early_is_an_error() {
    let mut pipeline = Pipeline::new("job");
    let barrier = Arc::new(tokio::sync::Barrier::new(1));
    let output = pipeline.step("meet", Meets(barrier, true));
    assert_eq!(output.get().unwrap_err().kind(), FailureKind::Internal);
}

/// Fails unless a person wrote "right" in the place of its commands.
#[derive(Default)]
struct Scripted {
    commands: Mutex<String>,
    skipped: AtomicUsize,
}

#[async_trait]
impl Step for Arc<Scripted> {
    type Output = u8;
    fn sketch(&self) -> Sketch {
        Sketch::new("Run a script", StepKind::Provision)
    }
    async fn run(&self, _cx: &StepContext) -> Result<u8, StepError> {
        if *self.commands.lock().unwrap() == "right" { Ok(1) } else { Err(StepError::guest("exit code 1")) }
    }
    fn without(&self) -> Option<u8> {
        Some(2)
    }
    fn skipped(&self) {
        self.skipped.fetch_add(1, Ordering::SeqCst);
    }
    fn script(&self, _cx: &StepContext) -> Option<AskedScript> {
        Some(AskedScript { inline: Some("wrong".to_owned()), files: Vec::new() })
    }
    fn rewrite(&self, inline: &str) {
        inline.clone_into(&mut self.commands.lock().unwrap());
    }
}

/// Decides as told, once.
struct Decides(Mutex<Vec<Decision>>);
#[async_trait]
impl Asking for Decides {
    async fn ask(&self, _job: &str, _step: &str, _failure: &Failure) -> Decision {
        self.0.lock().unwrap().pop().unwrap_or_else(|| Answer::CleanUp.into())
    }
}

fn bench_that_decides(decisions: Vec<Decision>) -> Bench {
    let mut bench = bench(Vec::new());
    Arc::get_mut(&mut bench.build).unwrap().asking = Arc::new(Decides(Mutex::new(decisions)));
    bench
}

#[tokio::test]
async fn changed_commands_run_in_the_place_of_the_templates_own_and_the_image_tells() {
    let bench =
        bench_that_decides(vec![Decision { answer: Answer::Retry, inline: Some("right".to_owned()) }]);
    let step = Arc::new(Scripted::default());
    let mut pipeline = Pipeline::new("job");
    let output = pipeline.step("shell", step.clone());
    let end = pipeline.run(&bench.build, OnError::Ask, &|_| None).await;
    assert_eq!(end.outcome, Outcome::Succeeded);
    assert_eq!(*output.get().unwrap(), 1);
    assert_eq!(bench.build.wishes.by_hand("job"), ["The commands of \"Run a script\" were changed by hand."]);
    let asked = entries(&bench).into_iter().find_map(|entry| match entry.fact {
        Fact::Asked { can_skip, paused, script, .. } => Some((can_skip, paused, script.unwrap())),
        _ => None,
    });
    assert_eq!(asked.unwrap().2.inline.as_deref(), Some("wrong"));
}

#[tokio::test]
async fn a_step_is_skipped_where_it_can_be_and_only_there() {
    let bench = bench_that_decides(vec![Answer::Skip.into()]);
    let step = Arc::new(Scripted::default());
    let mut pipeline = Pipeline::new("job");
    let output = pipeline.step("shell", step.clone());
    let end = pipeline.run(&bench.build, OnError::Ask, &|_| None).await;
    assert_eq!((end.outcome, *output.get().unwrap()), (Outcome::Succeeded, 2));
    assert_eq!(step.skipped.load(Ordering::SeqCst), 1);
    let mut fold = crate::fold::Fold::new(bench.id.clone());
    entries(&bench).iter().for_each(|entry| fold.apply(entry));
    assert_eq!(fold.state().jobs[0].steps[0].status, crate::fold::BuildStatus::Skipped);

    // A step that others need is not skipped: its failure ends the build.
    let bench = bench_that_decides(vec![Answer::Skip.into()]);
    let made = pipeline_of_one(&bench.place);
    let end = made.pipeline.run(&bench.build, OnError::Ask, &|_| None).await;
    assert_eq!(end.error.unwrap().failure().message, "step 0 fails");
    assert_nothing_left(&bench, "a skip that is not possible");
}

fn pipeline_of_one(place: &Path) -> Made {
    pipeline(place, 0, Way::Fails)
}

#[tokio::test]
async fn a_build_waits_before_a_step_and_a_wish_to_be_asked_counts_at_once() {
    // The last decision is the first one taken.
    let bench = bench_that_decides(vec![Answer::Skip.into(), Answer::Retry.into()]);
    bench.build.wishes.set_pause("job", "shell", true);
    bench.build.wishes.set_ask(true);
    let step = Arc::new(Scripted::default());
    let mut pipeline = Pipeline::new("job");
    pipeline.step("shell", step);
    let end = pipeline.run(&bench.build, OnError::Cleanup, &|_| None).await;
    assert_eq!(end.outcome, Outcome::Succeeded);
    let asked: Vec<bool> = entries(&bench)
        .into_iter()
        .filter_map(|entry| match entry.fact {
            Fact::Asked { paused, .. } => Some(paused),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [true, false], "first the pause, then the failure");
}
