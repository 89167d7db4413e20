//! Verbs in any order keep the invariants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use std::collections::BTreeMap;

use common::{add, files, new, no_tool, open};
use goldsmith_library::{BytesState, DiskFormat, LibraryError, VersionId};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Verb {
    Add(u8),
    Delete(usize),
    Restore(usize),
    Purge(usize),
    Reopen,
    Rebuild,
}

fn verb() -> impl Strategy<Value = Verb> {
    prop_oneof![
        3 => (0u8..3).prop_map(Verb::Add),
        3 => (0usize..8).prop_map(Verb::Delete),
        2 => (0usize..8).prop_map(Verb::Restore),
        2 => (0usize..8).prop_map(Verb::Purge),
        1 => Just(Verb::Reopen),
        1 => Just(Verb::Rebuild),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_verbs_agrees_with_a_simple_model(verbs in proptest::collection::vec(verb(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("library");
        let disk = dir.path().join("disk.raw");
        std::fs::write(&disk, vec![1; 5000]).unwrap();
        let mut library = open(&place);
        // The model: what was added, in order, and the state of its bytes.
        let mut model: Vec<(VersionId, String, u32, BytesState)> = Vec::new();
        let mut last: BTreeMap<String, u32> = BTreeMap::new();
        let mut events = 0;
        for verb in verbs {
            let mut step = |index: usize, from: BytesState, to: BytesState, done: &dyn Fn(VersionId) -> Result<goldsmith_library::Version, LibraryError>| {
                if model.is_empty() { return; }
                let index = index % model.len();
                let entry = &mut model[index];
                match done(entry.0) {
                    Ok(version) => {
                        assert_eq!(entry.3, from);
                        assert_eq!(version.bytes, to);
                        entry.3 = to;
                        events += 1;
                    }
                    Err(LibraryError::WrongState { .. }) => assert_ne!(entry.3, from),
                    Err(other) => panic!("{other}"),
                }
            };
            match verb {
                Verb::Add(which) => {
                    let image = format!("image-{which}");
                    let version = runtime.block_on(add(&library, &no_tool(), new(&image, &disk, DiskFormat::Raw)));
                    let number = last.entry(image.clone()).or_default();
                    *number += 1;
                    prop_assert_eq!(version.number, *number);
                    model.push((version.id, image, version.number, BytesState::Present));
                    events += 1;
                }
                Verb::Delete(i) => step(i, BytesState::Present, BytesState::Trashed, &|id| library.delete(id)),
                Verb::Restore(i) => step(i, BytesState::Trashed, BytesState::Present, &|id| library.restore(id)),
                Verb::Purge(i) => step(i, BytesState::Trashed, BytesState::Purged, &|id| library.purge(id)),
                Verb::Reopen => library = open(&place),
                Verb::Rebuild => {
                    let before = library.dump().unwrap();
                    library.rebuild().unwrap();
                    prop_assert_eq!(library.dump().unwrap(), before);
                }
            }
        }
        // Every event is there; every version has the state of the model; the bytes are exactly those kept.
        prop_assert_eq!(library.events().unwrap().len(), events);
        let mut expected = Vec::new();
        for (id, image, number, state) in &model {
            let version = library.version(*id).unwrap();
            prop_assert_eq!((version.image.as_str(), version.number, version.bytes), (image.as_str(), *number, *state));
            if *state != BytesState::Purged {
                expected.push(format!("bytes/{image}/{number}/{image}.raw"));
            }
        }
        expected.sort();
        prop_assert_eq!(files(&place), expected);
        let present = model.iter().filter(|m| m.3 == BytesState::Present).count();
        let listed: u32 = library.images().unwrap().iter().map(|i| i.versions).sum();
        prop_assert_eq!(listed as usize, present);
        prop_assert_eq!(library.trash().unwrap().len(), model.iter().filter(|m| m.3 == BytesState::Trashed).count());
    }
}
