//! What tests said: one model for every runner, and the verdict that follows from it.

use goldsmith_library::life::SuiteOutcome;
use quick_xml::escape::escape;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum CaseStatus {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed,
    /// It could not be told.
    Error,
    /// It did not run.
    Skipped,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Case {
    /// Its name, as the runner gives it.
    pub name: String,
    /// How it ended.
    pub status: CaseStatus,
    /// How long it took, in milliseconds.
    #[ts(type = "number")]
    pub time_ms: u64,
    /// What the runner says of a failure, an error or a skip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Case {
    pub(crate) fn new(name: impl Into<String>, status: CaseStatus, message: Option<String>) -> Self {
        Self { name: name.into(), status, time_ms: 0, message }
    }
}

/// What one suite said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SuiteReport {
    /// Its name.
    pub suite: String,
    /// The runner, with its version where that is known.
    pub runner: String,
    /// The verdict.
    pub outcome: SuiteOutcome,
    /// Its cases, in the runner's order.
    pub cases: Vec<Case>,
    /// Why it could not be told, or the first failure; one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How long it took, in milliseconds.
    #[ts(type = "number")]
    pub duration_ms: u64,
}

impl SuiteReport {
    /// How many cases ended so.
    pub fn count(&self, status: CaseStatus) -> u32 {
        u32::try_from(self.cases.iter().filter(|case| case.status == status).count()).unwrap_or(u32::MAX)
    }
}

/// What all suites said of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TestReport {
    /// `name@number`.
    pub image: String,
    /// Identity of the content they ran on.
    pub content: String,
    /// The suites, in order.
    pub suites: Vec<SuiteReport>,
    /// Whether the image is the same bytes after the tests as before; nothing when that was not looked at.
    pub unchanged: Option<bool>,
}

impl TestReport {
    /// Whether every suite passed, at least one ran, and the image was left alone.
    pub fn passed(&self) -> bool {
        !self.suites.is_empty()
            && self.unchanged == Some(true)
            && self.suites.iter().all(|suite| suite.outcome == SuiteOutcome::Pass)
    }

    /// The report as JUnit XML, for whatever reads that.
    pub fn junit(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
        for suite in &self.suites {
            out.push_str(&format!(
                "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\">\n",
                xml(&suite.suite),
                suite.cases.len().max(usize::from(suite.outcome == SuiteOutcome::Error && suite.cases.is_empty())),
                suite.count(CaseStatus::Failed),
                suite.count(CaseStatus::Error) + u32::from(suite.cases.is_empty()),
                suite.count(CaseStatus::Skipped),
                seconds(suite.duration_ms),
            ));
            for case in &suite.cases {
                out.push_str(&case_xml(&suite.suite, case));
            }
            if suite.cases.is_empty() {
                let told = Case::new(suite.suite.clone(), CaseStatus::Error, suite.message.clone());
                out.push_str(&case_xml(&suite.suite, &told));
            }
            out.push_str("  </testsuite>\n");
        }
        out.push_str("</testsuites>\n");
        out
    }
}

fn case_xml(suite: &str, case: &Case) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        xml(suite),
        xml(&case.name),
        seconds(case.time_ms)
    );
    let tag = match case.status {
        CaseStatus::Passed => return format!("{head}/>\n"),
        CaseStatus::Failed => "failure",
        CaseStatus::Error => "error",
        CaseStatus::Skipped => "skipped",
    };
    let message = xml(case.message.as_deref().unwrap_or_default());
    format!("{head}>\n      <{tag} message=\"{message}\"/>\n    </testcase>\n")
}

/// Escaped, and without the characters XML cannot hold at all.
fn xml(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    escape(clean.as_str()).into_owned()
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// What a runner left behind: its cases, or why they cannot be read; its exit code, and which codes go with cases
/// that passed and with cases that failed.
pub(crate) struct Heard {
    pub(crate) cases: Result<Vec<Case>, String>,
    pub(crate) code: Option<i64>,
    /// The codes that say "some case failed".
    pub(crate) failing: &'static [i64],
    /// Further codes that say "nothing failed", beside 0.
    pub(crate) fine: &'static [i64],
}

impl Heard {
    /// The verdict: fail when a case failed; error when there is no report, no case, only skipped ones, or when
    /// the exit code says otherwise than the cases.
    pub(crate) fn judge(self) -> (SuiteOutcome, Vec<Case>, Option<String>) {
        let code = self.code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
        let cases = match self.cases {
            Ok(cases) => cases,
            Err(why) => return (SuiteOutcome::Error, Vec::new(), Some(format!("{why} ({code})"))),
        };
        let first = |status| cases.iter().find(|case| case.status == status).map(said);
        let failed = first(CaseStatus::Failed);
        let broken = first(CaseStatus::Error);
        let ran = cases.iter().any(|case| case.status != CaseStatus::Skipped);
        let (outcome, message) = if cases.is_empty() {
            (SuiteOutcome::Error, Some(format!("it has no cases ({code}); an empty suite is no pass")))
        } else if !ran {
            (SuiteOutcome::Error, Some("every case was skipped; that is no pass".to_owned()))
        } else if failed.is_some() {
            (SuiteOutcome::Fail, failed)
        } else if broken.is_some() {
            (SuiteOutcome::Error, broken)
        } else {
            match self.code {
                Some(0) => (SuiteOutcome::Pass, None),
                Some(code) if self.fine.contains(&code) => (SuiteOutcome::Pass, None),
                Some(code) if self.failing.contains(&code) => (
                    SuiteOutcome::Error,
                    Some(format!(
                        "the runner says that cases failed (exit code {code}), its report does not"
                    )),
                ),
                _ => (SuiteOutcome::Error, Some(format!("the runner ended with {code}"))),
            }
        };
        (outcome, cases, message)
    }
}

/// A case and what is said of it, on one line of at most 200 characters.
fn said(case: &Case) -> String {
    let message = case.message.as_deref().unwrap_or_default();
    let line = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let text = if line.is_empty() { case.name.clone() } else { format!("{}: {line}", case.name) };
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(status: CaseStatus) -> Case {
        Case::new("port 22", status, Some("\n expected open\n".to_owned()))
    }

    fn judged(cases: Result<Vec<Case>, String>, code: i64) -> (SuiteOutcome, String) {
        let heard = Heard { cases, code: Some(code), failing: &[1], fine: &[101] };
        let (outcome, _, message) = heard.judge();
        (outcome, message.unwrap_or_default())
    }

    #[test]
    fn a_verdict_needs_cases_and_an_exit_code_that_agrees() {
        use CaseStatus::{Error, Failed, Passed, Skipped};
        let passed = || vec![case(Passed), case(Skipped)];
        assert_eq!(judged(Ok(passed()), 0).0, SuiteOutcome::Pass);
        assert_eq!(judged(Ok(passed()), 101).0, SuiteOutcome::Pass);
        assert_eq!(
            judged(Ok(vec![case(Failed), case(Passed)]), 1),
            (SuiteOutcome::Fail, "port 22: expected open".into())
        );
        assert_eq!(judged(Ok(vec![case(Failed)]), 0).0, SuiteOutcome::Fail, "the case counts, not the code");
        for (cases, code, words) in [
            (Ok(vec![]), 0, "no cases"),
            (Ok(vec![case(Skipped)]), 0, "every case was skipped"),
            (Ok(passed()), 1, "its report does not"),
            (Ok(passed()), 4, "exit code 4"),
            (Ok(vec![case(Error), case(Passed)]), 1, "expected open"),
            (Err("it left no report".to_owned()), 2, "no report (exit code 2)"),
        ] {
            let (outcome, message) = judged(cases, code);
            assert_eq!(outcome, SuiteOutcome::Error, "{message}");
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn junit_can_be_read_back() {
        let mut failed = Case::new("a < \"b\" & 'c'\u{7}", CaseStatus::Failed, Some("1 > 0\nno".to_owned()));
        failed.time_ms = 1_204;
        let suite = |cases: Vec<Case>, outcome| SuiteReport {
            suite: "smoke".into(),
            runner: "shell".into(),
            outcome,
            cases,
            message: Some("it left no report".into()),
            duration_ms: 10,
        };
        let report = TestReport {
            image: "web@1".into(),
            content: String::new(),
            suites: vec![
                suite(vec![failed, case(CaseStatus::Passed)], SuiteOutcome::Fail),
                suite(vec![], SuiteOutcome::Error),
            ],
            unchanged: Some(true),
        };
        let cases = super::super::parse::junit(&report.junit()).unwrap();
        assert_eq!(cases.len(), 3);
        assert_eq!((cases[0].name.as_str(), cases[0].time_ms), ("smoke: a < \"b\" & 'c'", 1_204));
        assert_eq!((cases[0].status, cases[2].status), (CaseStatus::Failed, CaseStatus::Error));
        assert_eq!(cases[0].message.as_deref(), Some("1 > 0\nno"));
        assert!(!report.passed());
    }
}
