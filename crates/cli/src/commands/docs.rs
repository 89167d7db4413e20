//! `docs`: the option tables, for people.

use goldsmith_app::wire::{DescribeComponent, Nothing, OptionDoc};
use goldsmith_app::{Core, WireError};

use crate::args::Docs;
use crate::commands::reference;
use crate::output::{Output, Paint};
use crate::text::{Align, Table, wrap};

const WIDTH: usize = 100;

/// Lists the components, or describes one or one of its options.
pub async fn docs(core: &Core, output: &Output, args: Docs) -> Result<u8, WireError> {
    if let Some(folder) = &args.write {
        return reference::write(output, folder, args.check);
    }
    let Some(subject) = args.subject else {
        let catalogue = core.catalogue(Nothing {}).await?;
        if output.json {
            output.json_value(&catalogue)?;
            return Ok(0);
        }
        let mut table = Table::new(&[
            ("KIND", Align::Left),
            ("NAME", Align::Left),
            ("OPTIONS", Align::Right),
            ("WHAT IT DOES", Align::Left),
        ]);
        for entry in catalogue.components {
            table.row(vec![entry.kind, entry.name, entry.options.to_string(), entry.help]);
        }
        output.text(&table.text());
        return Ok(0);
    };
    let found = core.describe_component(DescribeComponent { subject }).await?;
    if output.json {
        output.json_value(&found)?;
        return Ok(0);
    }
    let name = format!("{} \"{}\"", found.entry.kind, found.entry.name);
    let mut text = String::new();
    if let [only] = found.options.as_slice() {
        text.push_str(&format!("{} of {name}\n", output.paint(&only.name, Paint::Strong)));
        text.push_str(&describe(only, 2));
    } else {
        text.push_str(&format!(
            "{}: {}\n{}",
            output.paint(&name, Paint::Strong),
            found.entry.title,
            wrap(&found.entry.help, 2, WIDTH)
        ));
        let mut group = "";
        for option in &found.options {
            if option.group != group {
                group = &option.group;
                text.push_str(&format!("\n{group}\n"));
            }
            text.push_str(&format!(
                "  {}\n{}",
                output.paint(&option.name, Paint::Strong),
                describe(option, 6)
            ));
        }
    }
    output.text(&text);
    Ok(0)
}

fn describe(option: &OptionDoc, indent: usize) -> String {
    let mut facts = vec![option.type_name.clone()];
    facts.extend(option.unit.as_ref().map(|unit| format!("in {unit}")));
    facts.extend(
        option
            .default
            .as_ref()
            .filter(|default| !default.is_empty())
            .map(|default| format!("default {default}")),
    );
    if option.required {
        facts.push("required".to_owned());
    }
    if option.sensitive {
        facts.push("a secret".to_owned());
    }
    let mut text = wrap(&facts.join(", "), indent, WIDTH);
    text.push_str(&wrap(&option.help, indent, WIDTH));
    if !option.choices.is_empty() {
        text.push_str(&wrap(&format!("One of: {}", option.choices.join(", ")), indent, WIDTH));
    }
    if let Some(why) = &option.deprecated {
        text.push_str(&wrap(&format!("Deprecated: {why}"), indent, WIDTH));
    }
    text
}
