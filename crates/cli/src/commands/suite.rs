//! `test`: a finished image, looked at.

use std::time::Duration;

use goldsmith_app::types::{CaseStatus, Runner, SuiteOutcome, TestReport};
use goldsmith_app::wire::{BuildFacts, CancelBuild, OfBuild, SuiteRequest, TestImage, TestResult};
use goldsmith_app::{Core, WireError};

use super::build;
use crate::args_suite;
use crate::output::{Output, Paint};
use crate::text::duration;

/// How often a test is looked at whose lines are not shown.
const LOOK: Duration = Duration::from_millis(200);

/// Tests an image and shows what the suites say.
pub async fn test(core: &Core, output: &Output, args: args_suite::Test) -> Result<u8, WireError> {
    let junit = args.junit.clone();
    let started = core.test_image(request(args)).await?;
    let code = if output.json {
        quietly(core, &started.build).await?;
        0
    } else {
        build::follow(core, output, &started.build).await?
    };
    let result = core.test_report(OfBuild { build: started.build }).await?;
    if let (Some(path), Some(text)) = (&junit, &result.junit) {
        std::fs::write(path, text).map_err(|error| {
            WireError::environment("unwritable", format!("cannot write {}", path.display())).because(&error)
        })?;
    }
    show(output, &result, code)
}

fn show(output: &Output, result: &TestResult, code: u8) -> Result<u8, WireError> {
    let Some(report) = &result.report else {
        return if output.json {
            Err(WireError::environment("no_report", "the test ended before it had anything to tell")
                .hint("`goldsmith builds` lists it."))
        } else {
            Ok(if code == 0 { 2 } else { code })
        };
    };
    if output.json {
        output.json_value(report)?;
    } else {
        table(output, report);
    }
    Ok(exit_code(report))
}

fn exit_code(report: &TestReport) -> u8 {
    if report.passed() {
        0
    } else if report.suites.iter().any(|suite| suite.outcome == SuiteOutcome::Fail) {
        1
    } else {
        2
    }
}

fn table(output: &Output, report: &TestReport) {
    output.line("");
    for suite in &report.suites {
        let (word, paint) = match suite.outcome {
            SuiteOutcome::Pass => ("passed", Paint::Good),
            SuiteOutcome::Fail => ("failed", Paint::Bad),
            SuiteOutcome::Error => ("unknown", Paint::Warn),
        };
        let cases = suite.cases.len();
        output.line(&format!(
            "{}  {} ({}, {cases} case{}, {})",
            output.paint(word, paint),
            suite.suite,
            suite.runner,
            if cases == 1 { "" } else { "s" },
            duration(suite.duration_ms)
        ));
        let bad = |status| matches!(status, CaseStatus::Failed | CaseStatus::Error);
        for case in suite.cases.iter().filter(|case| bad(case.status)) {
            let message = case.message.as_deref().unwrap_or_default();
            output.line(&format!("    {}: {}", case.name, message.lines().next().unwrap_or_default()));
        }
        if suite.outcome == SuiteOutcome::Error {
            output.line(&format!("    {}", suite.message.as_deref().unwrap_or_default()));
        }
    }
    output.line(match report.unchanged {
        Some(true) => "The image is the same bytes as before.",
        Some(false) => "The image is NOT the bytes that were recorded.",
        None => "Whether the image is unchanged was not looked at.",
    });
}

/// Waits for the end of a test; Ctrl-C stops it.
pub async fn quietly(core: &Core, build: &str) -> Result<(), WireError> {
    let mut kill = false;
    loop {
        let list = core.build_facts(BuildFacts { build: build.to_owned(), since: u64::MAX }).await?;
        if list.state.status.is_over() {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => {
                // When it ended in the same moment there is nothing to stop.
                let _ = core.cancel_build(CancelBuild { build: build.to_owned(), kill }).await;
                kill = true;
            }
        }
    }
}

fn request(args: args_suite::Test) -> TestImage {
    let mut suites = Vec::new();
    let mut add = |runner, files: Vec<String>| {
        if !files.is_empty() {
            suites.push(SuiteRequest { runner, files });
        }
    };
    add(Runner::Shell, args.shell);
    add(Runner::Bats, args.bats);
    add(Runner::Testinfra, args.testinfra);
    add(Runner::Serverspec, args.serverspec);
    add(Runner::Inspec, args.inspec);
    add(Runner::Goss, args.goss);
    add(Runner::Pester, args.pester);
    add(Runner::Robot, args.robot);
    add(Runner::Openscap, args.openscap);
    for line in args.command {
        add(Runner::Command, vec!["/bin/sh".to_owned(), "-c".to_owned(), line]);
    }
    TestImage {
        image: args.image,
        suites,
        folder: args.tests,
        only: args.suite,
        user: args.user,
        key: args.key,
        memory_mb: args.memory,
        cpus: args.cpus,
        accelerator: args.accelerator,
        uefi: args.uefi,
        wait_s: Some(args.wait),
        no_record: args.no_record,
    }
}
