//! What happens to versions after they were made: channels, gates, revocation, dates, collection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use common::{new, no_tool};
use goldsmith_library::life::{
    Assign, By, ChannelChange, ChannelName, Class, Dates, Fate, Freshness, GateVerdict, Policies, Retention,
    Revoke, Role, Rollback, Severity, Standing, SuiteOutcome, SuiteResult,
};
use goldsmith_library::{BytesState, Clock, DiskFormat, Library, SourceFact, Version, VersionId};
use jiff::Timestamp;
use proptest::prelude::*;

const DAY: i64 = 24 * 3600;

/// A clock that is set by hand, and moves one second per look.
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}

/// A library, its clock and a disk to make versions of.
struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<Set>,
    library: Library,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Set(AtomicI64::new(1_760_000_000)));
        let library = Library::open(&folder.path().join("library"), clock.clone()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::fs::write(folder.path().join("disk.raw"), vec![1; 5000]).unwrap();
        Self { folder, clock, library, runtime }
    }

    fn disk(&self) -> PathBuf {
        self.folder.path().join("disk.raw")
    }

    fn add(&self, image: &str) -> Version {
        self.add_from(image, None)
    }

    /// Adds a version made from another, which the channel `production` gave.
    fn add_from(&self, image: &str, parent: Option<&Version>) -> Version {
        let mut version = new(image, &self.disk(), DiskFormat::Raw);
        version.facts.sources.extend(parent.map(|parent| SourceFact::Version {
            id: parent.id.to_string(),
            name: parent.display_name(),
            channel: Some("production".to_owned()),
            content: None,
        }));
        self.runtime.block_on(common::add(&self.library, &no_tool(), version))
    }

    fn days_pass(&self, days: i64) {
        self.clock.0.fetch_add(days * DAY, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.0.load(Ordering::SeqCst)).unwrap()
    }

    fn promote(&self, version: &Version, to: &str) -> Result<(), String> {
        self.promote_with(version, to, None)
    }

    fn promote_with(&self, version: &Version, to: &str, reason: Option<&str>) -> Result<(), String> {
        let assign = Assign {
            version: version.id,
            channel: channel(to),
            class: None,
            release: true,
            notes: None,
            override_reason: reason.map(str::to_owned),
            by: By::default(),
        };
        self.library.assign(&assign).map(drop).map_err(|e| e.to_string())
    }

    fn rollback(&self, image: &str) -> Result<u32, String> {
        let rollback = Rollback {
            image: image.to_owned(),
            channel: channel("production"),
            to: None,
            override_reason: None,
            by: By::new(Role::Keeper, Some("it is broken".to_owned())),
        };
        self.library.rollback(&rollback).map(|done| done.version.number).map_err(|e| e.to_string())
    }

    fn revoke(&self, version: &Version, cascade: bool, move_channels: bool) -> Result<Vec<String>, String> {
        let by = By::new(Role::Keeper, Some("CVE-2026-1".to_owned()));
        let revoke = Revoke { version: version.id, severity: Severity::High, cascade, move_channels, by };
        let names = |versions: Vec<Version>| versions.iter().map(Version::display_name).collect();
        self.library.revoke(&revoke).map(names).map_err(|e| e.to_string())
    }

    fn points_to(&self, image: &str) -> Option<u32> {
        self.library.channel(image, &channel("production")).unwrap().number
    }

    fn state(&self, version: &Version) -> Standing {
        self.library.version(version.id).unwrap().state
    }

    fn suite(&self, version: &Version, suite: &str, outcome: SuiteOutcome) -> Version {
        let result = SuiteResult {
            suite: suite.to_owned(),
            runner: "shell".to_owned(),
            outcome,
            passed: 3,
            failed: u32::from(outcome == SuiteOutcome::Fail),
            errors: 0,
            skipped: 0,
            content: version.content.to_string(),
            duration_ms: 10,
            message: None,
            at: None,
        };
        self.library.record_test(version.id, result).unwrap()
    }
}

fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).unwrap()
}

fn keeper() -> By {
    By::new(Role::Keeper, None)
}

#[test]
fn promote_and_roll_back_are_one_verb_each() {
    let bench = Bench::new();
    let (one, two, three) = (bench.add("web"), bench.add("web"), bench.add("web"));
    for version in [&one, &two, &three] {
        bench.promote(version, "production").unwrap();
        assert_eq!(bench.state(version), Standing::Released, "promoting releases");
    }
    assert_eq!(bench.points_to("web"), Some(3));
    assert_eq!(bench.library.resolve("web@production").unwrap().number, 3);
    assert!(bench.promote(&three, "production").unwrap_err().contains("points to that version already"));

    assert_eq!(bench.rollback("web").unwrap(), 2);
    assert_eq!(bench.rollback("web").unwrap(), 1, "3 was rolled away from: it is not the next target");
    assert!(bench.rollback("web").unwrap_err().contains("no earlier version of this channel can be used"));
    let production = bench.library.channel("web", &channel("production")).unwrap();
    assert_eq!(production.skip, [three.id, two.id]);
    assert_eq!(production.history.len(), 5, "history is appended to, never rewritten");
    assert_eq!(production.history[3].by.reason.as_deref(), Some("it is broken"));

    bench.promote(&three, "production").unwrap();
    let production = bench.library.channel("web", &channel("production")).unwrap();
    assert_eq!(production.skip, [two.id], "a person may bring it back");
    let history = bench.library.history("web").unwrap();
    let last = history.last().unwrap();
    assert_eq!(last.what, "the channel production points to web@3");
    assert!(history.iter().any(|h| h.what == "the channel production was rolled back to web@1"));
    assert_eq!(history[0].what, "web@1 was built");
    let says = bench.library.channel("web", &channel("prod")).unwrap_err().to_string();
    assert!(says.contains("web has no such channel; it has production"), "{says}");
    assert!(ChannelName::new("3").is_err() && ChannelName::new("latest").is_err());
}

#[test]
fn a_channel_takes_only_what_its_gate_lets_through() {
    let bench = Bench::new();
    let version = bench.add("web");
    let mut policies = Policies::default();
    policies.production.suites = vec!["smoke".to_owned()];
    policies.production.max_result_age_days = Some(30);
    policies.production.min_soak_hours = Some(48);
    bench.library.set_policies(policies.clone()).unwrap();
    assert_eq!(bench.library.policies().unwrap(), policies);

    let says = bench.promote(&version, "production").unwrap_err();
    assert!(says.contains("suite smoke: it never ran on this version"), "{says}");
    assert!(says.contains("soak: 0 h in a staging channel; 48 h asked for"), "{says}");
    assert_eq!(bench.state(&version), Standing::Built, "refused: nothing is recorded, not even the release");

    bench.suite(&version, "smoke", SuiteOutcome::Fail);
    assert_eq!(bench.state(&version), Standing::Quarantined);
    let says = bench.promote_with(&version, "production", Some("I know better")).unwrap_err();
    assert!(says.contains("quarantined") && says.contains("cannot be overridden"), "{says}");
    bench.promote(&version, "dev").unwrap();

    bench.suite(&version, "smoke", SuiteOutcome::Pass);
    bench.promote(&version, "staging").unwrap();
    bench.days_pass(3);
    let rows = bench.library.gate(&bench.library.version(version.id).unwrap(), Class::Production).unwrap();
    assert!(rows.iter().all(|r| r.verdict == GateVerdict::Ok), "{rows:?}");
    bench.promote(&version, "production").unwrap();

    bench.days_pass(40);
    let next = bench.add("web");
    bench.suite(&next, "smoke", SuiteOutcome::Error);
    let says = bench.promote(&next, "production").unwrap_err();
    assert!(says.contains("suite smoke: it could not run"), "cannot tell is not a pass: {says}");
    bench.promote_with(&next, "production", Some("the tester is down")).unwrap();
    let production = bench.library.channel("web", &channel("production")).unwrap();
    let last = production.history.last().unwrap();
    assert_eq!(last.override_reason.as_deref(), Some("the tester is down"));
    let says = bench.rollback("web").unwrap_err();
    assert!(says.contains("no earlier version"), "its result is older than 30 days: {says}");
}

#[test]
fn revocation_reaches_children_and_is_taken_back_by_cause() {
    let bench = Bench::new();
    let (base1, base2) = (bench.add("base"), bench.add("base"));
    bench.promote(&base1, "production").unwrap();
    let web = bench.add_from("web", Some(&base1));
    let shop = bench.add_from("shop", Some(&web));
    bench.promote(&shop, "production").unwrap();
    assert_eq!(bench.library.freshness(&web).unwrap(), Freshness::Current);
    bench.promote(&base2, "production").unwrap();
    let behind = Freshness::Behind { parent: "base@1".to_owned(), now: "base@2".to_owned() };
    assert_eq!(bench.library.freshness(&web).unwrap(), behind);
    let outdated = bench.library.outdated().unwrap();
    assert_eq!(outdated.len(), 1, "web has no production channel, so shop cannot be told");
    assert!(outdated[0].reasons[0].contains("made from base@1, and its channel gives base@2 now"));

    let blast = bench.library.blast(base1.id).unwrap();
    let names: Vec<_> = blast.descendants.iter().map(Version::display_name).collect();
    assert_eq!(names, ["web@1", "shop@1"]);
    assert_eq!(blast.channels.len(), 1);

    let says = bench.revoke(&base1, true, false).unwrap_err();
    assert!(says.contains("shop@production still point(s)"), "{says}");
    assert_eq!(bench.revoke(&shop, false, true).unwrap(), ["shop@1"]);
    assert_eq!(bench.points_to("shop"), None, "there was nothing to roll back to");
    assert_eq!(bench.revoke(&base1, true, false).unwrap(), ["base@1", "web@1", "shop@1"]);
    assert!(bench.promote(&web, "dev").unwrap_err().contains("revoked"));
    let says = bench.library.unrevoke(web.id, &keeper()).unwrap_err().to_string();
    assert!(says.contains("revoked because base@1 is"), "{says}");

    let back = bench.library.unrevoke(base1.id, &keeper()).unwrap();
    assert_eq!(back.iter().map(Version::display_name).collect::<Vec<_>>(), ["base@1", "web@1", "shop@1"]);
    let states = [&base1, &web, &shop].map(|v| bench.state(v));
    assert_eq!(states, [Standing::Released, Standing::Built, Standing::Revoked], "shop has its own cause");
    bench.library.unrevoke(shop.id, &keeper()).unwrap();
    assert_eq!(bench.state(&shop), Standing::Released);
}

#[test]
fn what_is_relied_on_is_not_deleted() {
    let bench = Bench::new();
    let (one, two) = (bench.add("web"), bench.add("web"));
    bench.promote(&one, "production").unwrap();
    let says = bench.library.delete(one.id).unwrap_err().to_string();
    assert!(says.contains("the channel web@production points to it"), "{says}");
    let reason = Some("audit".to_owned());
    bench.library.hold(two.id, None, By::new(Role::Keeper, reason)).unwrap();
    let says = bench.library.delete(two.id).unwrap_err().to_string();
    assert!(says.contains("it is held (audit)"), "{says}");
    assert!(bench.library.retire(two.id, &keeper()).unwrap_err().to_string().contains("held"));
    bench.library.unhold(two.id, keeper()).unwrap();
    let retired = bench.library.retire(two.id, &keeper()).unwrap();
    assert_eq!((retired.state, retired.bytes), (Standing::Retired, BytesState::Trashed));
    let back = bench.library.restore(two.id).unwrap();
    assert_eq!((back.state, back.bytes), (Standing::Built, BytesState::Present));

    bench.promote(&two, "production").unwrap();
    let says = bench.library.retire(one.id, &keeper()).unwrap_err().to_string();
    assert!(says.contains("deprecate or revoke it first"), "{says}");
    let deprecated = bench.library.deprecate(one.id, Some(two.id), false, keeper()).unwrap();
    assert_eq!(deprecated.life.deprecation.unwrap().replacement, Some(two.id));
    let says = bench.library.retire(one.id, &keeper()).unwrap_err().to_string();
    assert!(says.contains("may be rolled back to it"), "{says}");
    let says = bench.library.deprecate(two.id, None, false, keeper()).unwrap_err().to_string();
    assert!(says.contains("--replacement"), "{says}");

    let held = ChannelChange::Held { until: None };
    bench.library.change_channel("web", &channel("production"), keeper(), held).unwrap();
    assert!(bench.rollback("web").unwrap_err().contains("is held"));
    bench.library.change_channel("web", &channel("production"), keeper(), ChannelChange::Unheld).unwrap();
    bench.library.undeprecate(one.id, keeper()).unwrap();
    assert_eq!(bench.rollback("web").unwrap(), 1);
}

#[test]
fn dates_take_effect_at_the_next_look() {
    let bench = Bench::new();
    let (one, two) = (bench.add("web"), bench.add("web"));
    bench.promote(&one, "production").unwrap();
    bench.promote(&two, "production").unwrap();
    let after = |days: i64| Some(Timestamp::from_second(bench.now().as_second() + days * DAY).unwrap());
    let dates = Dates { deprecate_at: after(10), revoke_at: after(20), retire_at: after(30) };
    let wrong = Dates { deprecate_at: after(10), revoke_at: after(5), retire_at: None };
    assert!(
        bench
            .library
            .schedule(two.id, wrong, keeper())
            .unwrap_err()
            .to_string()
            .contains("follow each other")
    );
    bench.library.schedule(two.id, dates, keeper()).unwrap();
    assert!(bench.library.tick().unwrap().is_empty());
    bench.days_pass(11);
    assert_eq!(bench.library.tick().unwrap(), ["web@2"]);
    assert!(bench.library.tick().unwrap().is_empty(), "once");
    assert_eq!((bench.state(&two), bench.points_to("web")), (Standing::Deprecated, Some(2)));
    bench.days_pass(10);
    bench.library.tick().unwrap();
    assert_eq!((bench.state(&two), bench.points_to("web")), (Standing::Revoked, Some(1)), "rolled back");
    bench.days_pass(10);
    bench.library.tick().unwrap();
    assert_eq!(bench.state(&two), Standing::Retired);
    assert_eq!(bench.library.version(two.id).unwrap().bytes, BytesState::Trashed);

    let three = bench.add("web");
    let soon = Dates { revoke_at: after(3), ..Dates::default() };
    bench.library.schedule(three.id, soon, keeper()).unwrap();
    assert!(bench.promote(&three, "production").unwrap_err().contains("revocation date"));
}

#[test]
fn nothing_is_collected_without_a_policy_and_nothing_that_is_relied_on_with_one() {
    let bench = Bench::new();
    let versions: Vec<Version> = (0..6).map(|_| bench.add("web")).collect();
    bench.promote(&versions[0], "production").unwrap();
    bench.library.hold(versions[1].id, None, keeper()).unwrap();
    bench.days_pass(30);
    let free = |_: &Version| None;
    let plan = bench.library.plan_collection(&free).unwrap();
    assert!(plan.items.iter().all(|i| i.fate == Fate::Keep), "{plan:?}");
    assert!(plan.items[0].why.contains("no policy"), "{plan:?}");

    let retention =
        Retention { keep_last: Some(1), min_age_days: 7, trash_days: Some(10), rollback_depth: 3 };
    bench.library.set_policies(Policies { retention, ..Policies::default() }).unwrap();
    let running = |v: &Version| (v.number == 3).then(|| "a run stands on it".to_owned());
    let plan = bench.library.plan_collection(&running).unwrap();
    let fates: Vec<_> = plan.items.iter().map(|i| (i.name.as_str(), i.fate)).collect();
    let (keep, trash) = (Fate::Keep, Fate::Trash);
    let expected = [
        ("web@6", keep),
        ("web@5", trash),
        ("web@4", trash),
        ("web@3", keep),
        ("web@2", keep),
        ("web@1", keep),
    ];
    assert_eq!(fates, expected);
    assert!(plan.trashes > 0 && plan.frees == 0);
    assert_eq!(bench.library.versions("web").unwrap().len(), 6, "a plan changes nothing");
    bench.library.collect(&running).unwrap();
    assert_eq!(bench.library.versions("web").unwrap().len(), 4);
    bench.days_pass(11);
    let done = bench.library.collect(&running).unwrap();
    assert_eq!(done.plan.items.iter().filter(|i| i.fate == Fate::Purge).count(), 2);
    assert!(bench.library.trash().unwrap().is_empty());
}

#[test]
fn a_library_of_the_first_schema_is_brought_up_and_also_read_as_it_is() {
    let bench = Bench::new();
    let version = bench.add("web");
    let event = bench.library.events().unwrap().remove(0);
    let dir = bench.folder.path().join("old");
    std::fs::create_dir(&dir).unwrap();
    let database = dir.join("library.sqlite");
    let old = rusqlite::Connection::open(&database).unwrap();
    old.execute_batch(
        "CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, body TEXT NOT NULL,
             chain BLOB NOT NULL) STRICT;
         CREATE TABLE versions (id TEXT PRIMARY KEY, image TEXT NOT NULL, number INTEGER NOT NULL,
             bytes TEXT NOT NULL, seq INTEGER NOT NULL, record TEXT NOT NULL, UNIQUE (image, number)) STRICT;
         PRAGMA application_id = 0x47534c42; PRAGMA user_version = 1;",
    )
    .unwrap();
    let body = serde_json::to_string(&event.body).unwrap();
    let mut chain = blake3::Hasher::new_derive_key("goldsmith event chain v1");
    chain.update(&event.at.as_millisecond().to_le_bytes()).update(body.as_bytes());
    let chain = chain.finalize().as_bytes().to_vec();
    old.execute(
        "INSERT INTO events (at_ms, body, chain) VALUES (?1, ?2, ?3)",
        rusqlite::params![event.at.as_millisecond(), body, chain],
    )
    .unwrap();
    let mut record = serde_json::to_value(&version).unwrap();
    let fields = record.as_object_mut().unwrap();
    fields.remove("state");
    fields.remove("life");
    old.execute(
        "INSERT INTO versions VALUES (?1, 'web', 1, 'present', 1, ?2)",
        [version.id.to_string(), record.to_string()],
    )
    .unwrap();
    drop(old);

    let reader = Library::open_read_only(&dir, bench.clock.clone()).unwrap();
    assert_eq!(reader.resolve("web").unwrap().state, Standing::Built);
    assert!(reader.channels(None).unwrap().is_empty());
    assert_eq!(reader.policies().unwrap(), Policies::default());
    drop(reader);
    let library = Library::open(&dir, bench.clock.clone()).unwrap();
    let before = library.dump().unwrap();
    library.rebuild().unwrap();
    assert_eq!(library.dump().unwrap(), before);
    library.release(version.id, None, By::default()).unwrap();
    let again = Library::open(&dir, bench.clock.clone()).unwrap();
    assert_eq!(again.resolve("web").unwrap().state, Standing::Released);
}

#[derive(Clone, Debug)]
enum Verb {
    Add(Option<usize>),
    Promote(usize, &'static str),
    Rollback(&'static str),
    Deprecate(usize),
    Revoke(usize, bool, bool),
    Unrevoke(usize),
    Retire(usize),
    Restore(usize),
    Hold(usize),
    Unhold(usize),
    Delete(usize),
    Suite(usize, SuiteOutcome),
    Collect,
    Days(i64),
}

fn verb() -> impl Strategy<Value = Verb> {
    let one = 0usize..8;
    let channels = prop_oneof![Just("production"), Just("staging"), Just("dev")];
    let outcomes = prop_oneof![Just(SuiteOutcome::Pass), Just(SuiteOutcome::Fail), Just(SuiteOutcome::Error)];
    prop_oneof![
        3 => proptest::option::of(one.clone()).prop_map(Verb::Add),
        5 => (one.clone(), channels).prop_map(|(v, c)| Verb::Promote(v, c)),
        2 => prop_oneof![Just("a"), Just("b")].prop_map(Verb::Rollback),
        1 => one.clone().prop_map(Verb::Deprecate),
        2 => (one.clone(), any::<bool>(), any::<bool>()).prop_map(|(v, c, m)| Verb::Revoke(v, c, m)),
        2 => one.clone().prop_map(Verb::Unrevoke),
        1 => one.clone().prop_map(Verb::Retire),
        1 => one.clone().prop_map(Verb::Restore),
        1 => one.clone().prop_map(Verb::Hold),
        1 => one.clone().prop_map(Verb::Unhold),
        2 => one.clone().prop_map(Verb::Delete),
        1 => (one, outcomes).prop_map(|(v, o)| Verb::Suite(v, o)),
        1 => Just(Verb::Collect),
        1 => (1i64..20).prop_map(Verb::Days),
    ]
}

/// What must hold after every verb, whatever came before.
fn invariants(bench: &Bench, place: &Path) {
    for channel in bench.library.channels(None).unwrap() {
        let Some(id) = channel.version else { continue };
        let version = bench.library.version(id).unwrap();
        assert_eq!(version.bytes, BytesState::Present, "{} has no bytes", channel.display_name());
        assert!(version.files[0].path.as_ref().unwrap().exists());
        assert!(!matches!(version.state, Standing::Revoked | Standing::Retired));
        if channel.class != Class::Dev {
            assert!(matches!(version.state, Standing::Released | Standing::Deprecated));
        }
    }
    let before = bench.library.dump().unwrap();
    bench.library.rebuild().unwrap();
    assert_eq!(bench.library.dump().unwrap(), before, "the events give the tables again, bit for bit");
    assert!(place.exists());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_verbs_breaks_an_invariant(verbs in proptest::collection::vec(verb(), 1..40)) {
        let bench = Bench::new();
        let place = bench.folder.path().join("library");
        let retention = Retention { keep_last: Some(1), min_age_days: 3, trash_days: Some(5), rollback_depth: 2 };
        bench.library.set_policies(Policies { retention, ..Policies::default() }).unwrap();
        let mut all: Vec<Version> = vec![bench.add("a"), bench.add("b")];
        for verb in verbs {
            let pick = |index: usize| all[index % all.len()].clone();
            let states = |ids: &[VersionId]| -> Vec<Standing> {
                ids.iter().map(|id| bench.library.version(*id).unwrap().state).collect()
            };
            let ids: Vec<VersionId> = all.iter().map(|v| v.id).collect();
            match verb {
                Verb::Add(None) => all.push(bench.add("a")),
                Verb::Add(Some(parent)) => {
                    let parent = pick(parent);
                    all.push(bench.add_from("b", Some(&parent)));
                }
                Verb::Promote(v, to) => drop(bench.promote(&pick(v), to)),
                Verb::Rollback(image) => drop(bench.rollback(image)),
                Verb::Deprecate(v) => drop(bench.library.deprecate(pick(v).id, None, true, keeper())),
                Verb::Revoke(v, cascade, move_channels) => {
                    let before = states(&ids);
                    let purged = bench.library.version(pick(v).id).unwrap().bytes == BytesState::Purged;
                    if bench.revoke(&pick(v), cascade, move_channels).is_ok() && !purged && v % 2 == 0 {
                        bench.library.unrevoke(pick(v).id, &keeper()).unwrap();
                        prop_assert_eq!(states(&ids), before, "taking it back gives the state before");
                    }
                }
                Verb::Unrevoke(v) => drop(bench.library.unrevoke(pick(v).id, &keeper())),
                Verb::Retire(v) => drop(bench.library.retire(pick(v).id, &keeper())),
                Verb::Restore(v) => drop(bench.library.restore(pick(v).id)),
                Verb::Hold(v) => drop(bench.library.hold(pick(v).id, None, keeper())),
                Verb::Unhold(v) => drop(bench.library.unhold(pick(v).id, keeper())),
                Verb::Delete(v) => drop(bench.library.delete(pick(v).id)),
                Verb::Suite(v, outcome) => drop(bench.suite(&pick(v), "smoke", outcome)),
                Verb::Days(days) => {
                    bench.days_pass(days);
                    bench.library.tick().unwrap();
                }
                Verb::Collect => {
                    let held: Vec<VersionId> = all
                        .iter()
                        .map(|v| bench.library.version(v.id).unwrap())
                        .filter(|v| v.life.hold.is_some() && v.bytes == BytesState::Present)
                        .map(|v| v.id)
                        .collect();
                    bench.library.collect(&|_| None).unwrap();
                    for id in held {
                        prop_assert_eq!(bench.library.version(id).unwrap().bytes, BytesState::Present);
                    }
                }
            }
            invariants(&bench, &place);
        }
    }
}
