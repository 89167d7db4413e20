//! Reading what runners write: JUnit XML, RSpec's JSON, TAP, XCCDF results.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::report::{Case, CaseStatus};

/// Reports beyond this many cases are refused.
const CASES: usize = 100_000;

/// The attributes of a tag by local name.
fn attributes(tag: &BytesStart<'_>) -> Vec<(String, String)> {
    tag.attributes()
        .flatten()
        .map(|attribute| {
            let raw = attribute.value.to_string();
            let value = unescape(&raw).map_or_else(|_| raw.clone(), |text| text.into_owned());
            (local(attribute.key.as_ref()), value)
        })
        .collect()
}

/// A name without its prefix.
fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

fn take(attributes: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let at = attributes.iter().position(|(known, _)| known == name)?;
    Some(attributes.swap_remove(at).1)
}

/// A walk over XML: `open` and `close` get local names, `close` the text directly within.
fn walk(
    xml: &str,
    open: &mut dyn FnMut(&str, Vec<(String, String)>),
    close: &mut dyn FnMut(&str, &str),
) -> Result<(), String> {
    let mut reader = Reader::from_str(xml);
    let mut text = String::new();
    let mut depth = 0usize;
    let mut seen = false;
    loop {
        match reader.read_event().map_err(|error| format!("its report is not XML: {error}"))? {
            Event::Start(tag) => {
                (seen, depth) = (true, depth + 1);
                text.clear();
                open(&local(tag.name().as_ref()), attributes(&tag));
            }
            Event::Empty(tag) => {
                seen = true;
                let name = local(tag.name().as_ref());
                open(&name, attributes(&tag));
                close(&name, "");
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::CData(piece) => text.push_str(&piece),
            Event::GeneralRef(name) => {
                let raw = format!("&{};", &*name);
                text.push_str(&unescape(&raw).map_or_else(|_| raw.clone(), |text| text.into_owned()));
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                close(&local(tag.name().as_ref()), text.trim());
                text.clear();
            }
            Event::Eof if depth > 0 => return Err("its report is cut short".to_owned()),
            Event::Eof if !seen => return Err("its report is empty".to_owned()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The cases of a JUnit report, whatever wrote it. A case's name is prefixed with its class where there is one.
pub(crate) fn junit(xml: &str) -> Result<Vec<Case>, String> {
    use std::cell::RefCell;
    let cases: RefCell<Vec<Case>> = RefCell::default();
    let is_junit = std::cell::Cell::new(false);
    let mut open = |name: &str, mut attributes: Vec<(String, String)>| {
        let mut cases = cases.borrow_mut();
        match name {
            "testsuites" | "testsuite" => is_junit.set(true),
            "testcase" => {
                let title = take(&mut attributes, "name").unwrap_or_default();
                let class = take(&mut attributes, "classname").unwrap_or_default();
                let name = if class.is_empty() || title.starts_with(&class) {
                    title
                } else {
                    format!("{class}: {title}")
                };
                let mut case = Case::new(name, CaseStatus::Passed, None);
                case.time_ms = take(&mut attributes, "time").map_or(0, |time| milliseconds(&time));
                cases.push(case);
            }
            "failure" | "error" | "skipped" => {
                let Some(case) = cases.last_mut() else { return };
                case.status = match name {
                    "failure" => CaseStatus::Failed,
                    "error" => CaseStatus::Error,
                    _ => CaseStatus::Skipped,
                };
                case.message = take(&mut attributes, "message").filter(|message| !message.is_empty());
            }
            _ => {}
        }
    };
    let mut close = |name: &str, text: &str| {
        if matches!(name, "failure" | "error" | "skipped")
            && let Some(case) = cases.borrow_mut().last_mut()
            && case.message.is_none()
            && !text.is_empty()
        {
            case.message = Some(text.to_owned());
        }
    };
    walk(xml, &mut open, &mut close)?;
    if !is_junit.get() {
        return Err("its report is not JUnit".to_owned());
    }
    bounded(cases.into_inner())
}

/// The rules of an XCCDF result, as `oscap xccdf eval --results` writes it. Rules that were not selected or do not
/// apply are left out.
pub(crate) fn xccdf(xml: &str) -> Result<Vec<Case>, String> {
    use std::cell::RefCell;
    let found: RefCell<(Vec<Case>, String, bool)> = RefCell::default();
    let mut open = |name: &str, mut attributes: Vec<(String, String)>| {
        let mut found = found.borrow_mut();
        match name {
            "TestResult" => found.2 = true,
            "rule-result" => found.1 = take(&mut attributes, "idref").unwrap_or_default(),
            _ => {}
        }
    };
    let mut close = |name: &str, text: &str| {
        let mut found = found.borrow_mut();
        if name != "result" || found.1.is_empty() {
            return;
        }
        let status = match text {
            "pass" | "fixed" => CaseStatus::Passed,
            "fail" => CaseStatus::Failed,
            "notchecked" | "informational" => CaseStatus::Skipped,
            "notselected" | "notapplicable" => return,
            _ => CaseStatus::Error,
        };
        let rule = std::mem::take(&mut found.1);
        let message = (status != CaseStatus::Passed).then(|| text.to_owned());
        found.0.push(Case::new(rule, status, message));
    };
    walk(xml, &mut open, &mut close)?;
    let (cases, _, is_result) = found.into_inner();
    if is_result { bounded(cases) } else { Err("its report holds no XCCDF result".to_owned()) }
}

/// The examples of RSpec's JSON formatter. What fails outside of examples (a file that does not load) is a case of
/// its own.
pub(crate) fn rspec(json: &str) -> Result<Vec<Case>, String> {
    // Whatever a helper prints comes before the report, which is one line.
    let line = json.lines().rev().find(|line| line.starts_with('{')).unwrap_or(json);
    let report: serde_json::Value =
        serde_json::from_str(line).map_err(|error| format!("its report is not RSpec's JSON: {error}"))?;
    let examples = report["examples"].as_array().ok_or("its report has no examples")?;
    let mut cases: Vec<Case> = examples
        .iter()
        .map(|example| {
            let status = match example["status"].as_str() {
                Some("passed") => CaseStatus::Passed,
                Some("failed") => CaseStatus::Failed,
                Some("pending") => CaseStatus::Skipped,
                _ => CaseStatus::Error,
            };
            let message = example["exception"]["message"].as_str().or(example["pending_message"].as_str());
            let name = example["full_description"].as_str().unwrap_or_default();
            let mut case = Case::new(name, status, message.map(|text| text.trim().to_owned()));
            case.time_ms = milliseconds(&example["run_time"].to_string());
            case
        })
        .collect();
    let outside = report["summary"]["errors_outside_of_examples_count"].as_u64().unwrap_or(0);
    if outside > 0 {
        let messages = report["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let said = messages.iter().find_map(|message| message.as_str()).unwrap_or_default();
        let message = said.trim().to_owned();
        cases.push(Case::new("loading the files", CaseStatus::Error, Some(message)));
    }
    bounded(cases)
}

/// The lines of the Test Anything Protocol; nothing when there is no plan (`1..N`) among them.
pub(crate) fn tap(output: &str) -> Option<Result<Vec<Case>, String>> {
    let mut cases: Vec<Case> = Vec::new();
    let mut planned = None;
    for line in output.lines() {
        let line = line.trim_end();
        if let Some(count) = line.strip_prefix("1..") {
            let count = count.split_whitespace().next().unwrap_or_default();
            planned = count.parse::<usize>().ok().or(planned);
        } else if let Some(why) = line.strip_prefix("Bail out!") {
            cases.push(Case::new("the suite", CaseStatus::Error, Some(format!("it gave up:{why}"))));
        } else if let Some((ok, rest)) = result_line(line) {
            let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
            let word = directive.get(..4).unwrap_or_default().to_ascii_lowercase();
            let status = match (ok, word.as_str()) {
                (_, "skip" | "todo") => CaseStatus::Skipped,
                (true, _) => CaseStatus::Passed,
                (false, _) => CaseStatus::Failed,
            };
            let name = name.trim().trim_start_matches(|c: char| c.is_ascii_digit());
            let name = name.trim_start().trim_start_matches("- ");
            let name = if name.is_empty() { format!("case {}", cases.len() + 1) } else { name.to_owned() };
            let message = (!directive.is_empty()).then(|| directive.to_owned());
            cases.push(Case::new(name, status, message));
        } else if let Some(remark) = line.strip_prefix('#')
            && let Some(last) = cases.last_mut()
            && last.status == CaseStatus::Failed
        {
            let message = last.message.get_or_insert_default();
            if !message.is_empty() {
                message.push('\n');
            }
            message.push_str(remark.trim());
        }
    }
    let planned = planned?;
    if cases.len() != planned && !cases.iter().any(|case| case.status == CaseStatus::Error) {
        return Some(Err(format!("its plan has {planned} cases, {} were told", cases.len())));
    }
    Some(bounded(cases))
}

fn result_line(line: &str) -> Option<(bool, &str)> {
    let (ok, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok")?),
    };
    (rest.is_empty() || rest.starts_with(' ')).then_some((ok, rest))
}

fn bounded(cases: Vec<Case>) -> Result<Vec<Case>, String> {
    if cases.len() > CASES {
        return Err(format!("its report has {} cases; at most {CASES} are taken", cases.len()));
    }
    Ok(cases)
}

/// Seconds as text; some runners write thousands with a comma.
fn milliseconds(seconds: &str) -> u64 {
    let seconds: f64 = seconds.replace(',', "").parse().unwrap_or(0.0);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating, and never negative"
    )]
    let ms = (seconds.max(0.0) * 1000.0).round() as u64;
    ms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(cases: &[Case]) -> Vec<CaseStatus> {
        cases.iter().map(|case| case.status).collect()
    }

    use CaseStatus::{Error, Failed, Passed, Skipped};

    #[test]
    fn junit_of_pytest() {
        let xml = r#"<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="1.5">
<testcase classname="test_web" name="test_port[ssh://guest]" time="0.25" />
<testcase classname="test_web" name="test_user" time="0.1"><failure message="assert 'a' == &quot;b&quot;">long &lt;trace&gt;</failure></testcase>
<testcase classname="test_web" name="test_x" time="0"><skipped type="pytest.skip" message="no">x</skipped></testcase>
<testcase classname="test_web" name="test_y"><error>it &amp; that<![CDATA[ <b>]]></error></testcase></testsuite></testsuites>"#;
        let cases = junit(xml).unwrap();
        assert_eq!(statuses(&cases), [Passed, Failed, Skipped, Error]);
        assert_eq!(cases[0].name, "test_web: test_port[ssh://guest]");
        assert_eq!(cases[0].time_ms, 250);
        assert_eq!(cases[1].message.as_deref(), Some("assert 'a' == \"b\""));
        assert_eq!(cases[3].message.as_deref(), Some("it & that <b>"));
    }

    #[test]
    fn what_is_no_report_is_said_so() {
        for (xml, words) in [
            ("", "empty"),
            ("<testsuite><testcase name='a'>", "cut short"),
            ("<html></html>", "not JUnit"),
            ("<testsuite></other>", "not XML"),
        ] {
            let error = junit(xml).unwrap_err();
            assert!(error.contains(words), "{xml}: {error}");
        }
        assert_eq!(junit("<testsuite/>").unwrap(), []);
        assert!(xccdf("<Benchmark/>").unwrap_err().contains("no XCCDF result"));
    }

    #[test]
    fn rspec_json_with_noise_before_it() {
        let json = concat!(
            "warning: something\n",
            r#"{"version":"3.12","examples":[{"full_description":"Port \"22\" is listening","status":"passed","run_time":0.5},"#,
            r#"{"full_description":"User x","status":"failed","run_time":0.1,"exception":{"class":"E","message":"\nexpected user to exist"}},"#,
            r#"{"full_description":"later","status":"pending","pending_message":"not yet"}],"summary":{"errors_outside_of_examples_count":0}}"#
        );
        let cases = rspec(json).unwrap();
        assert_eq!(statuses(&cases), [Passed, Failed, Skipped]);
        assert_eq!(cases[1].message.as_deref(), Some("expected user to exist"));
        assert_eq!(cases[0].time_ms, 500);
        let broken = r#"{"examples":[],"summary":{"errors_outside_of_examples_count":1},"messages":["\nAn error occurred while loading x"]}"#;
        assert_eq!(statuses(&rspec(broken).unwrap()), [Error]);
        assert!(rspec("no").is_err());
    }

    #[test]
    fn tap_with_directives_and_remarks() {
        let cases =
            tap("1..4\nok 1 - boots\nnot ok 2 web answers\n# (in test file)\n#  got 500\nok 3 # skip no net\nok\n")
                .unwrap()
                .unwrap();
        assert_eq!(statuses(&cases), [Passed, Failed, Skipped, Passed]);
        assert_eq!(cases[1].name, "web answers");
        assert_eq!(cases[1].message.as_deref(), Some("(in test file)\ngot 500"));
        assert!(tap("hello\nokay\n").is_none(), "no plan, no TAP");
        assert!(tap("1..2\nok 1\n").unwrap().is_err(), "one is missing");
        assert_eq!(tap("1..0 # skipped\n").unwrap().unwrap(), []);
    }

    #[test]
    fn xccdf_rules() {
        let xml = r#"<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2"><Rule id="a"><title>x</title></Rule><TestResult id="r">
<rule-result idref="rule_a" severity="high"><result>pass</result></rule-result>
<rule-result idref="rule_b"><result>fail</result></rule-result>
<rule-result idref="rule_c"><result>notapplicable</result></rule-result>
<rule-result idref="rule_d"><result>unknown</result></rule-result></TestResult></Benchmark>"#;
        let cases = xccdf(xml).unwrap();
        assert_eq!(statuses(&cases), [Passed, Failed, Error]);
        assert_eq!(cases[1].name, "rule_b");
    }
}
