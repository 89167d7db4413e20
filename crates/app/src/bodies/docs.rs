//! What the option tables say of components and options.

use goldsmith_template::options::{
    Component, ComponentKind, Constraint, OptionSpec, nearest, reference, tables,
};

use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;

pub(crate) async fn catalogue(_: &Core, _: Nothing) -> Result<Catalogue, WireError> {
    Ok(Catalogue { components: tables().iter().map(entry).collect() })
}

pub(crate) async fn describe_component(
    _: &Core,
    request: DescribeComponent,
) -> Result<ComponentDoc, WireError> {
    let subject = request.subject.as_str();
    match reference(subject) {
        Some(found) => Ok(ComponentDoc {
            entry: entry(&found.component),
            options: found.entries.iter().map(option_doc).collect(),
        }),
        None => Err(unknown(subject)),
    }
}

/// Says which part of the subject is not known, and what is near it.
fn unknown(subject: &str) -> WireError {
    if let Some((component, option)) = subject.rsplit_once('.')
        && let Some(found) = reference(component)
    {
        let name = found.component.type_name;
        let title = format!("{} {name} has no option {option}", found.component.kind.block());
        let error = WireError::input("unknown_option", title);
        let near = nearest(option, found.component.all_options().map(|spec| spec.name));
        return did_you_mean(error, near.map(|near| format!("{component}.{near}")))
            .hint(format!("`goldsmith docs {component}` lists its options."));
    }
    let error = WireError::input("unknown_component", format!("there is no component {subject}"));
    let names = tables().iter().map(|component| component.type_name);
    let near = nearest(subject.rsplit('.').next().unwrap_or(subject), names);
    did_you_mean(error, near.map(str::to_owned)).hint("`goldsmith docs` lists the components.")
}

fn did_you_mean(error: WireError, near: Option<String>) -> WireError {
    match near {
        Some(near) => error.hint(format!("Did you mean {near}?")),
        None => error,
    }
}

fn entry(component: &Component) -> CatalogueEntry {
    CatalogueEntry {
        kind: component.kind.block().to_owned(),
        name: component.type_name.to_owned(),
        title: component.title.to_owned(),
        help: component.help.to_owned(),
        options: u32::try_from(component.all_options().count()).unwrap_or(u32::MAX),
        communicator: component.kind == ComponentKind::Source && component.communicator,
    }
}

fn option_doc(spec: &OptionSpec) -> OptionDoc {
    let text = |text: Option<&str>| text.map(str::to_owned);
    OptionDoc {
        name: spec.name.to_owned(),
        title: spec.title.to_owned(),
        type_name: spec.ty.name().to_owned(),
        default: text(spec.default),
        unit: text(spec.unit),
        group: spec.group.to_owned(),
        required: spec.required,
        advanced: spec.advanced,
        sensitive: spec.sensitive,
        help: spec.help.to_owned(),
        choices: match spec.constraint {
            Constraint::OneOf(choices) => choices.iter().map(|choice| (*choice).to_owned()).collect(),
            _ => Vec::new(),
        },
        deprecated: text(spec.deprecated),
    }
}
