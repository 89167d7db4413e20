//! Variables, and the locals that those with computed defaults become.

use super::text::{Call, identifier, literal, pieces, quoted};
use super::{Upgrade, default_text, environment_name, is_computed};
use crate::json::Node;
use std::collections::BTreeSet;

impl Upgrade<'_> {
    /// The variables, and the locals for those that a variable of HCL cannot express.
    pub(super) fn variables(&mut self) -> (String, String) {
        let declared: Vec<(String, Option<String>)> = self
            .member("variables")
            .and_then(Node::members)
            .unwrap_or_default()
            .iter()
            .map(|member| (member.key.text.clone(), default_text(&member.value)))
            .collect();
        let sensitive: BTreeSet<&str> =
            self.elements("sensitive-variables").iter().filter_map(Node::as_str).collect();
        let mut taken = BTreeSet::new();
        for (name, default) in &declared {
            let mut label = identifier(name);
            while !taken.insert(label.clone()) {
                label.push('_');
            }
            if label != *name {
                self.notes.push(format!(
                    "the variable \"{name}\" is called {label} now: a name has no such characters"
                ));
            }
            let computed = default.as_deref().is_some_and(is_computed);
            let root = if computed { "local" } else { "var" };
            self.user.insert(name.clone(), format!("{root}.{label}"));
        }
        let (mut variables, mut locals) = (String::new(), String::new());
        for (name, default) in &declared {
            let reference = self.user.get(name).cloned().unwrap_or_default();
            let label = reference.split_once('.').map_or("", |(_, label)| label).to_owned();
            let secret = sensitive.contains(name.as_str());
            variables.push_str(&format!("variable \"{label}\" {{\ntype = string\n"));
            match default {
                None => {}
                Some(default) if is_computed(default) => {
                    variables.push_str("default = null\n");
                    let value = self.computed(default);
                    let value = format!("var.{label} == null ? {value} : var.{label}");
                    locals.push_str(&format!("local \"{label}\" {{\nexpression = {value}\n"));
                    locals.push_str(if secret { "sensitive = true\n}\n\n" } else { "}\n\n" });
                }
                Some(default) => {
                    let value = quoted(&pieces(default, &mut |call| match call {
                        Call::Env(name) => Some(format!("env({})", literal(name))),
                        _ => None,
                    }));
                    // A bare call reads better than one inside quotes.
                    let bare = value.strip_prefix("\"${").and_then(|value| value.strip_suffix("}\""));
                    let alone =
                        bare.filter(|value| value.starts_with("env(") && value.matches("${").count() == 0);
                    variables.push_str(&format!("default = {}\n", alone.unwrap_or(&value)));
                }
            }
            variables.push_str(if secret { "sensitive = true\n}\n\n" } else { "}\n\n" });
        }
        (variables, locals)
    }

    /// A default that is not allowed in a variable, as an expression of a local.
    fn computed(&mut self, default: &str) -> String {
        let found = pieces(default, &mut |call| {
            Some(match call {
                Call::User(name) => self.user_reference(name),
                Call::Env(name) => {
                    self.environment.insert(name.to_owned());
                    format!("var.{}", environment_name(name))
                }
                Call::TemplateDir => "path.root".to_owned(),
                Call::Pwd => "path.cwd".to_owned(),
                Call::Build(_) => return None,
                Call::Asked(name, args) => {
                    let args: Vec<String> = args.iter().map(|arg| literal(arg)).collect();
                    format!("{name}({})", args.join(", "))
                }
            })
        });
        quoted(&found)
    }

    /// The HCL name of a variable; one that is not declared is noted, to be declared empty.
    pub(super) fn user_reference(&mut self, name: &str) -> String {
        if let Some(known) = self.user.get(name) {
            return known.clone();
        }
        let reference = format!("var.{}", identifier(name));
        self.user.insert(name.to_owned(), reference.clone());
        reference
    }

    /// Declarations of variables that are used and not declared: Packer's JSON takes them as empty unless a
    /// variable file sets them.
    pub(super) fn undeclared(&mut self) -> String {
        let declared = self.member("variables").and_then(Node::members).unwrap_or_default();
        let mut out = String::new();
        for (name, reference) in &self.user {
            if declared.iter().any(|member| member.key.text == *name) {
                continue;
            }
            let label = reference.trim_start_matches("var.");
            out.push_str(&format!(
                "# Not declared in the JSON template, where it is empty unless a variable file sets it.\nvariable \"{label}\" {{\ntype = string\ndefault = \"\"\n}}\n\n"
            ));
            self.notes.push(format!(
                "the variable {label} was used without being declared; it is declared empty now"
            ));
        }
        out
    }
}
