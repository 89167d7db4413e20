//! `doctor`: what this computer can do.

use goldsmith_app::types::{Check, Measured, Verdict};
use goldsmith_app::wire::Examine;
use goldsmith_app::{Core, WireError};

use crate::args;
use crate::output::{Output, Paint};
use crate::text::{count, wrap};

const WIDTH: usize = 100;

/// Examines it; exit code 1 when builds will fail.
pub async fn doctor(core: &Core, output: &Output, args: args::Doctor) -> Result<u8, WireError> {
    let found = core.doctor(Examine { fresh: args.fresh }).await?;
    let failed = found.checks.iter().filter(|check| check.verdict == Verdict::Failed).count();
    if output.json {
        output.json_value(&found)?;
        return Ok(u8::from(failed > 0));
    }
    let mut text = String::new();
    let accelerator = &found.accelerator;
    text.push_str(&format!("Accelerator: {}\n", output.paint(&accelerator.chosen, Paint::Strong)));
    for measured in &accelerator.measured {
        let outcome = match &measured.outcome {
            Measured::Measured(ms) => format!("{ms} ms"),
            Measured::Failed(error) => error.clone(),
        };
        text.push_str(&format!("  {:<6} {outcome}\n", measured.name));
    }
    text.push_str(&wrap(&accelerator.explanation, 2, WIDTH));
    text.push('\n');
    for check in &found.checks {
        text.push_str(&row(output, check));
    }
    let warnings = found.checks.iter().filter(|check| check.verdict == Verdict::Warning).count();
    text.push_str(&match (failed, warnings) {
        (0, 0) => "\nThis computer is ready.\n".to_owned(),
        (0, warnings) => format!("\nThis computer is ready, with {}.\n", count(warnings, "warning")),
        (failed, warnings) => {
            format!(
                "\nThis computer is not ready: {} failed, {}.\n",
                count(failed, "check"),
                count(warnings, "warning")
            )
        }
    });
    output.text(&text);
    Ok(u8::from(failed > 0))
}

fn row(output: &Output, check: &Check) -> String {
    let (mark, paint) = match check.verdict {
        Verdict::Ok => ("ok    ", Paint::Good),
        Verdict::Warning => ("warn  ", Paint::Warn),
        Verdict::Failed => ("FAILED", Paint::Bad),
    };
    let mut text =
        format!("{}  {}\n{}", output.paint(mark, paint), check.title, wrap(&check.evidence, 8, WIDTH));
    if let Some(cost) = &check.cost {
        text.push_str(&wrap(cost, 8, WIDTH));
    }
    if let Some(remedy) = &check.remedy {
        text.push_str(&wrap(&format!("Remedy: {remedy}"), 8, WIDTH));
    }
    if let Some(command) = &check.command {
        text.push_str(&format!("        $ {command}\n"));
    }
    text
}
