//! The life of images on the command line: promote, roll back, revoke, collect.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::sync::Arc;

use goldsmith_library::{
    DiskFormat, Facts, ImageName, ImageTool, Library, NewVersion, SourceFact, SystemClock,
};
use goldsmith_process::System;
use goldsmith_tests::goldsmith::Home;
use tokio_util::sync::CancellationToken;

/// Adds a version to the library of a home, as a build would; `parent` is what it was made from.
fn add(home: &Home, image: &str, parent: Option<&str>) {
    let dir = home.goldsmith_home().join("data").join("library");
    let library = Library::open(&dir, Arc::new(SystemClock)).unwrap();
    let disk = home.write("disk.raw", vec![7; 70_000]);
    let mut facts = Facts::default();
    if let Some(parent) = parent {
        let parent = library.resolve(parent).unwrap();
        let (id, name) = (parent.id.to_string(), parent.display_name());
        facts.sources.push(SourceFact::Version {
            id,
            name,
            channel: Some("production".to_owned()),
            content: None,
        });
    }
    let new = NewVersion::disk(ImageName::new(image).unwrap(), disk, DiskFormat::Raw, facts);
    let tool = ImageTool { launch: &System, qemu_img: std::path::Path::new("/nonexistent") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(library.add(new, &tool, &CancellationToken::new(), &mut |_| {})).unwrap();
}

#[track_caller]
fn says(home: &Home, code: i32, args: &[&str], words: &[&str]) -> String {
    let output = home.run(args);
    let text = output.all();
    assert_eq!(output.code, code, "{args:?}: {text}");
    for word in words {
        assert!(text.contains(word), "{args:?} does not say {word:?}:\n{text}");
    }
    text
}

#[test]
fn an_image_is_promoted_rolled_back_revoked_and_collected() {
    let home = Home::new();
    add(&home, "base", None);
    add(&home, "base", None);
    says(
        &home,
        0,
        &["promote", "base@1", "--notes", "first"],
        &["base@production now points to base@1", "released"],
    );
    says(&home, 0, &["promote", "base"], &["now points to base@2 (it was base@1)"]);
    says(
        &home,
        0,
        &["rollback", "base", "--reason", "login is broken"],
        &["now points to base@1 (it was base@2)"],
    );
    says(&home, 1, &["rollback", "base"], &["no earlier version of this channel can be used"]);
    says(&home, 0, &["image", "show", "base@production"], &["base@1", "released"]);
    says(&home, 0, &["channel", "list"], &["base@production", "base@1"]);
    says(&home, 0, &["channel", "history", "base"], &["rolled back to base@1", "(login is broken)"]);
    says(&home, 1, &["image", "delete", "base@1"], &["the channel base@production points to it"]);
    says(&home, 1, &["promote", "base@2", "--to", "3"], &["cannot name", "would look like a version"]);

    add(&home, "web", Some("base@1"));
    says(&home, 0, &["outdated"], &["up to date"]);
    says(&home, 0, &["promote", "base@2", "--to", "production"], &["base@2"]);
    says(&home, 1, &["outdated"], &["web@1: it was made from base@1, and its channel gives base@2 now"]);
    says(&home, 0, &["image", "revoke", "base@1", "--preview"], &["1 version made from it", "web@1"]);
    let revoked = ["image", "revoke", "base@1", "--cascade", "--reason", "CVE-2026-1", "--json"];
    let revoked = home.run(&revoked).succeeded().json();
    let states: Vec<_> = revoked["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states, ["revoked", "revoked"]);
    says(&home, 1, &["image", "gate", "web@1"], &["revoked", "forbidden"]);
    says(&home, 0, &["image", "unrevoke", "base@1"], &["base@1 is released", "web@1 is built"]);
    says(
        &home,
        0,
        &["image", "history", "base"],
        &["base@1 was revoked", "had a revocation taken back", "CVE-2026-1"],
    );

    says(&home, 0, &["gc"], &["Nothing was changed", "no policy allows its collection"]);
    says(&home, 0, &["policy", "set", "--keep-last", "0", "--min-age", "0"], &["but the newest 0"]);
    says(&home, 0, &["gc"], &["web@1", "trash", "Nothing was changed"]);
    says(&home, 0, &["image", "hold", "web@1", "--until", "30d", "--reason", "audit"], &["web@1"]);
    says(&home, 0, &["gc", "--apply"], &["it is held"]);
    says(&home, 0, &["image", "unhold", "web@1"], &[]);
    says(&home, 0, &["gc", "--apply"], &["moved to the trash"]);
    says(&home, 0, &["image", "restore", "web@1"], &["web@1"]);
    says(&home, 1, &["image", "hold", "web@1", "--until", "soon"], &["\"soon\" is not a date", "30d"]);
    says(&home, 0, &["image", "label", "web@1", "team=shop", "tier=front"], &[]);
    says(&home, 0, &["image", "show", "web@1"], &["team=shop"]);
    home.assert_nothing_left();
}
