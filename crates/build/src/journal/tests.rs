//! What a journal keeps, whatever happens to its file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use goldsmith_process::Dirs;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::error::{Failure, FailureKind};
use crate::fold::{BuildStatus, Fold};
use crate::id::{BuildId, Clock, IntentId, SystemRandom};
use crate::plan::{JobPlan, Plan, StepPlan};
use crate::redact::Redactor;

#[derive(Default)]
struct Ticks(AtomicI64);
impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(1_795_000_000_000 + self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}

struct Home {
    _home: tempfile::TempDir,
    dirs: Dirs,
    id: BuildId,
}

fn home() -> Home {
    let home = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(home.path());
    let id = BuildId::new(&Ticks::default(), &SystemRandom);
    std::fs::create_dir_all(dirs.builds().join(id.as_str())).unwrap();
    Home { _home: home, dirs, id }
}

impl Home {
    fn journal(&self, redactor: Redactor) -> Journal {
        Journal::open(&self.dirs.builds().join(self.id.as_str()), Arc::new(Ticks::default()), redactor)
            .unwrap()
    }

    fn reader(&self) -> BuildReader {
        BuildReader::open(&self.dirs, &self.id).unwrap()
    }

    fn file(&self) -> std::path::PathBuf {
        self.dirs.builds().join(self.id.as_str()).join("journal.jsonl")
    }

    fn opened(&self) -> Fact {
        let step = |id: &str| StepPlan { id: id.into(), title: id.into(), ..StepPlan::default() };
        Fact::Opened {
            schema: SCHEMA,
            build: self.id.clone(),
            goldsmith: "0".into(),
            control: "/nowhere".into(),
            runtime: "/nowhere".into(),
            plan: Box::new(Plan {
                jobs: vec![JobPlan {
                    name: "j".into(),
                    steps: vec![step("a"), step("b")],
                    ..JobPlan::default()
                }],
                ..Plan::default()
            }),
        }
    }
}

fn fact() -> impl Strategy<Value = Fact> {
    let job = || prop_oneof![Just("j".to_owned()), Just("k".to_owned())];
    let step = || prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("new".to_owned())];
    let outcome = prop_oneof![Just(Outcome::Succeeded), Just(Outcome::Failed), Just(Outcome::Cancelled)];
    prop_oneof![
        job().prop_map(|job| Fact::JobStarted { job }),
        (job(), step(), any::<String>()).prop_map(|(job, step, title)| Fact::StepStarted {
            job,
            step,
            title,
            expected_ms: None
        }),
        (job(), step(), any::<u32>()).prop_map(|(job, step, done)| Fact::Progress {
            job,
            step,
            done: done.into(),
            total: None,
            unit: Unit::Bytes
        }),
        (job(), step(), outcome.clone(), any::<String>()).prop_map(|(job, step, outcome, message)| {
            let failure = Failure { kind: FailureKind::Guest, message, causes: vec![], hints: vec![] };
            Fact::StepFinished { job, step, outcome, duration_ms: 3, failure: Some(failure) }
        }),
        (1u32..9).prop_map(|n| Fact::Released { intent: IntentId(n), error: None }),
        (job(), outcome.clone()).prop_map(|(job, outcome)| Fact::JobFinished {
            job,
            outcome,
            duration_ms: 1
        }),
        outcome.prop_map(|outcome| Fact::Finished { outcome, duration_ms: 1, failure: None }),
        Just(Fact::Interrupted { released: vec![], left: vec![] }),
        any::<u8>().prop_map(|n| {
            let mut map = serde_json::Map::new();
            map.insert("fact".into(), "FromTheFuture".into());
            map.insert("n".into(), n.into());
            Fact::Unknown(map)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Cut anywhere, a journal opens again, loses at most its torn line, and counts on without a gap.
    #[test]
    fn cut_anywhere(facts in proptest::collection::vec(fact(), 1..12), cut in any::<prop::sample::Index>()) {
        let home = home();
        let journal = home.journal(Redactor::default());
        journal.append(home.opened()).unwrap();
        for fact in &facts {
            journal.append(fact.clone()).unwrap();
        }
        drop(journal);
        let before = home.reader().entries(0).unwrap();
        prop_assert_eq!(before.len(), facts.len() + 1);
        prop_assert!(before.iter().skip(1).map(|entry| &entry.fact).eq(facts.iter()), "every fact reads back");
        let bytes = std::fs::read(home.file()).unwrap();
        let at = cut.index(bytes.len());
        std::fs::write(home.file(), &bytes[..at]).unwrap();
        let whole = bytes[..at].iter().filter(|b| **b == b'\n').count();
        prop_assert_eq!(&home.reader().entries(0).unwrap(), &before[..whole], "a reader never sees a torn line");
        let journal = home.journal(Redactor::default());
        let next = journal.append(Fact::JobStarted { job: "j".into() }).unwrap();
        prop_assert_eq!(next.seq, whole as u64 + 1);
        let after = home.reader().entries(0).unwrap();
        prop_assert_eq!(&after[..whole], &before[..whole]);
        prop_assert!(after.iter().enumerate().all(|(i, entry)| entry.seq == i as u64 + 1));
    }

    /// Read in pieces or at once, with or without repetition: the same state.
    #[test]
    fn fold_does_not_care_how_it_is_fed(facts in proptest::collection::vec(fact(), 0..20), cut in any::<prop::sample::Index>()) {
        let home = home();
        let journal = home.journal(Redactor::default());
        journal.append(home.opened()).unwrap();
        for fact in &facts {
            journal.append(fact.clone()).unwrap();
        }
        let all = home.reader().entries(0).unwrap();
        let mut once = Fold::new(home.id.clone());
        all.iter().for_each(|entry| once.apply(entry));
        let at = cut.index(all.len());
        let mut pieces = Fold::new(home.id.clone());
        all[..at].iter().chain(&all).for_each(|entry| pieces.apply(entry));
        prop_assert_eq!(once.state(), pieces.state());
        // After the end nothing runs any more.
        if facts.last().is_some_and(Fact::is_last) {
            prop_assert!(once.state().status.is_over());
            for job in &once.state().jobs {
                prop_assert!(job.status.is_over(), "{:?}", job);
                prop_assert!(job.steps.iter().all(|step| step.status.is_over()), "{:?}", job);
            }
        }
    }
}

#[test]
fn secrets_never_reach_the_disk() {
    let home = home();
    let redactor = Redactor::new(["hunter22"]);
    let journal = home.journal(redactor.clone());
    journal.append(home.opened()).unwrap();
    journal.append(Fact::JobStarted { job: "job hunter22".into() }).unwrap();
    redactor.add(["late-secret"]);
    let failure = Failure {
        kind: FailureKind::Guest,
        message: "login with late-secret".into(),
        causes: vec!["hunter22".into()],
        hints: vec![],
    };
    journal
        .append(Fact::Finished { outcome: Outcome::Failed, duration_ms: 1, failure: Some(failure) })
        .unwrap();
    journal.log("j", "s", LogStream::Stdout, "Authorization: aHVudGVyMjI=").unwrap();
    let mut all = std::fs::read_to_string(home.file()).unwrap();
    all.push_str(&std::fs::read_to_string(home.reader().folder().join("log/lines.jsonl")).unwrap());
    for secret in ["hunter22", "late-secret", "aHVudGVyMjI"] {
        assert!(!all.contains(secret), "{secret}");
    }
    assert_eq!(all.matches("<sensitive>").count(), 4);
}

#[test]
fn a_long_log_is_read_by_windows() {
    let home = home();
    let journal = home.journal(Redactor::default());
    let mut reader = home.reader();
    assert_eq!(reader.log(1, 10).unwrap(), LogWindow::default());
    for n in 1..=2500 {
        journal.log("j", "s", LogStream::Stdout, &format!("line {n}")).unwrap();
    }
    let window = reader.log(1999, 3).unwrap();
    assert_eq!(window.total, 2500);
    let texts: Vec<&str> = window.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["line 1999", "line 2000", "line 2001"]);
    journal.log("j", "s", LogStream::Stderr, "line 2501").unwrap();
    let tail = reader.log_tail(2).unwrap();
    assert_eq!(tail.lines.iter().map(|line| line.n).collect::<Vec<_>>(), [2500, 2501]);
    assert_eq!(reader.log(2502, 5).unwrap().lines, []);
    drop(journal);
    let again = home.journal(Redactor::default());
    again.log("j", "s", LogStream::Note, "after a restart").unwrap();
    assert_eq!(reader.log_tail(1).unwrap().lines[0].n, 2502);
}

#[test]
fn lists_show_how_builds_stand() {
    let home = home();
    let journal = home.journal(Redactor::default());
    journal.append(home.opened()).unwrap();
    let status = |home: &Home| BuildReader::list(&home.dirs).unwrap()[0].status;
    assert_eq!(status(&home), BuildStatus::Running);
    // A last line longer than what is read at first.
    let released = vec!["x".repeat(1000); 60];
    journal.append(Fact::Interrupted { released, left: vec![] }).unwrap();
    assert_eq!(status(&home), BuildStatus::Interrupted);
    assert!(BuildReader::open(&home.dirs, &"20200101t000000-00000000".parse().unwrap()).is_err());
    assert_eq!(home.reader().screen("../../../etc/passwd"), None);
}

#[tokio::test]
async fn followers_learn_of_a_dead_worker() {
    let home = home();
    let journal = home.journal(Redactor::default());
    journal.append(home.opened()).unwrap();
    let mut reader = home.reader();
    assert!(matches!(reader.follow().await.unwrap(), Follow::Entries(entries) if entries.len() == 1));
    assert!(matches!(reader.follow().await.unwrap(), Follow::Dead));
    journal.append(Fact::Finished { outcome: Outcome::Succeeded, duration_ms: 1, failure: None }).unwrap();
    assert!(matches!(reader.follow().await.unwrap(), Follow::Entries(_)));
    assert!(matches!(reader.follow().await.unwrap(), Follow::End));
}
