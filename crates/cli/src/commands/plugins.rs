//! `init` and `plugins`: what Packer has plugins for is built in, and nothing is ever downloaded.

use goldsmith_app::wire::{Nothing, OfSession, RequiredPlugin};
use goldsmith_app::{Core, WireError};
use serde::Serialize;

use crate::args;
use crate::commands::template::open_path;
use crate::output::Output;
use crate::text::{Align, Table};

/// The plugin of Packer that a component of ours stands for; none for those Packer has built in, or does not have.
fn plugin_of(kind: &str, name: &str) -> Option<&'static str> {
    match (kind, name) {
        ("source", "qemu") => Some("github.com/hashicorp/qemu"),
        ("source", name) if name.starts_with("virtualbox") => Some("github.com/hashicorp/virtualbox"),
        ("source", "libvirt") => Some("github.com/thomasklein94/libvirt"),
        ("provisioner", "ansible" | "ansible-local") => Some("github.com/hashicorp/ansible"),
        ("post-processor", "vagrant" | "vagrant-cloud") => Some("github.com/hashicorp/vagrant"),
        _ => None,
    }
}

/// What is built in, by plugin.
async fn built_in(core: &Core) -> Result<Vec<(String, Vec<String>)>, WireError> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for entry in core.catalogue(Nothing {}).await?.components {
        let plugin = plugin_of(&entry.kind, &entry.name).unwrap_or("built in");
        let component = format!("{} {}", entry.kind, entry.name);
        match all.iter_mut().find(|(name, _)| name == plugin) {
            Some((_, components)) => components.push(component),
            None => all.push((plugin.to_owned(), vec![component])),
        }
    }
    all.sort_by_key(|(name, _)| (name == "built in", name.clone()));
    Ok(all)
}

/// `plugins ...`
pub async fn plugins(core: &Core, output: &Output, command: args::Plugins) -> Result<u8, WireError> {
    match command {
        args::Plugins::Installed => installed(core, output).await,
        args::Plugins::Required { template } => required(core, output, template).await,
        args::Plugins::Install { plugin, .. } => {
            let known = built_in(core).await?.iter().any(|(name, _)| *name == plugin);
            if known && output.json {
                #[derive(Serialize)]
                struct Known<'a> {
                    plugin: &'a str,
                    built_in: bool,
                }
                output.json_value(&Known { plugin: &plugin, built_in: true })?;
                return Ok(0);
            }
            if known {
                output.line(&format!("{plugin} is built in; there is nothing to install."));
                return Ok(0);
            }
            Err(WireError::input("no_plugins", format!("{plugin} is not built in, and no plugins are loaded"))
                .hint("Sources of other plugins are kept in a template and not built; see `goldsmith plugins installed`."))
        }
        args::Plugins::Remove { plugin, .. } => Err(WireError::input(
            "no_plugins",
            format!("{plugin} cannot be removed: there are no installed plugins"),
        )
        .hint("What Packer has plugins for is built in here.")),
    }
}

async fn installed(core: &Core, output: &Output) -> Result<u8, WireError> {
    #[derive(Serialize)]
    struct Plugin<'a> {
        plugin: Option<&'a str>,
        components: &'a [String],
    }
    let all = built_in(core).await?;
    if output.json {
        let plugins: Vec<Plugin<'_>> = all
            .iter()
            .map(|(name, components)| Plugin {
                plugin: Some(name.as_str()).filter(|name| *name != "built in"),
                components,
            })
            .collect();
        output.json_value(&plugins)?;
        return Ok(0);
    }
    let mut table = Table::new(&[("PLUGIN OF PACKER", Align::Left), ("BUILT IN HERE", Align::Left)]);
    for (name, components) in all {
        let name = if name == "built in" { "(none)".to_owned() } else { name };
        table.row(vec![name, components.join(", ")]);
    }
    output.text(&table.text());
    Ok(0)
}

async fn asked_for(core: &Core, template: &str) -> Result<Vec<RequiredPlugin>, WireError> {
    let opened = open_path(core, template).await?;
    Ok(core.required_plugins(OfSession { session: opened.session }).await?.plugins)
}

async fn required(core: &Core, output: &Output, template: String) -> Result<u8, WireError> {
    let plugins = asked_for(core, &template).await?;
    if output.json {
        output.json_value(&plugins)?;
        return Ok(0);
    }
    if plugins.is_empty() {
        output.line("The template asks for no plugins.");
        return Ok(0);
    }
    output.text(&table(&plugins).text());
    Ok(0)
}

fn table(plugins: &[RequiredPlugin]) -> Table {
    let mut table = Table::new(&[
        ("NAME", Align::Left),
        ("SOURCE", Align::Left),
        ("VERSION", Align::Left),
        ("HERE", Align::Left),
    ]);
    for plugin in plugins {
        let here = if plugin.built_in { "built in" } else { "not built here" };
        table.row(vec![plugin.name.clone(), plugin.source.clone(), plugin.version.clone(), here.to_owned()]);
    }
    table
}

/// Says what a template asks for and what of that is there.
pub async fn init(core: &Core, output: &Output, args: args::Init) -> Result<u8, WireError> {
    let plugins = asked_for(core, &args.template).await?;
    if output.json {
        output.json_value(&plugins)?;
        return Ok(0);
    }
    if !plugins.is_empty() {
        output.text(&table(&plugins).text());
    }
    let missing: Vec<&str> =
        plugins.iter().filter(|plugin| !plugin.built_in).map(|plugin| plugin.name.as_str()).collect();
    if missing.is_empty() {
        output.line("Everything the template asks for is built in; there is nothing to install.");
    } else {
        output.line(&format!(
            "Nothing was installed. What belongs to {} is kept in the template and not built here; `-only` or \
             --skip-foreign builds the rest.",
            missing.join(", ")
        ));
    }
    Ok(0)
}
