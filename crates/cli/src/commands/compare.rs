//! `compare`: what differs between two versions, from what is recorded of them.

use goldsmith_app::types::Difference;
use goldsmith_app::wire::CompareImages;
use goldsmith_app::{Core, WireError};

use crate::args_suite;
use crate::output::Output;
use crate::text::{Align, Table};

/// Compares two versions; exit code 1 when a guest sees other bytes.
pub async fn compare(core: &Core, output: &Output, args: args_suite::Compare) -> Result<u8, WireError> {
    let compared = core.compare_images(CompareImages { left: args.left, right: args.right }).await?;
    let told = &compared.comparison;
    let code = u8::from(!told.same_content);
    if output.json {
        output.json_value(&compared)?;
        return Ok(code);
    }
    if told.differences.is_empty() && compared.templates.is_empty() {
        output.line(&format!("{} and {} are recorded alike.", told.left, told.right));
    } else {
        output.text(&table(&told.left, &told.right, &told.differences));
    }
    if !told.times.is_empty() {
        output.line("\nSteps that took longer or shorter, in milliseconds:");
        output.text(&table(&told.left, &told.right, &told.times));
    }
    for diff in compared.templates.values() {
        output.text(&format!("\n{diff}"));
    }
    Ok(code)
}

fn table(left: &str, right: &str, rows: &[Difference]) -> String {
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    table.row(vec![String::new(), left.to_owned(), right.to_owned()]);
    let cell = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
    for row in rows {
        table.row(vec![row.about.clone(), cell(&row.left), cell(&row.right)]);
    }
    table.text()
}
