//! What changed in the language of JSON templates over the years, and how an old template is brought up to date:
//! `fix`, as Packer has it.
//!
//! The changes are computed on plain values ([`fix`]). They are shown as Packer shows them, as sorted JSON
//! ([`Fixed::packer_text`]), or written into the text with everything else left as it is ([`Fixed::edited`]).

mod change;
mod fixers;
mod print;
mod rewrite;

use crate::json::{self, Json, Node, NodeKind};
use crate::syntax::FileId;
use serde_json::{Map, Value};

pub use fixers::{FIXERS, Fixer};

/// A template that cannot be fixed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FixError {
    /// It is not JSON.
    #[error("the template is not JSON: line {line}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A part of it has a shape that no template has.
    #[error("the template cannot be fixed: {0}")]
    Shape(String),
}

/// A template with every fix made.
#[derive(Debug, Clone)]
pub struct Fixed {
    json: Json,
    before: Value,
    after: Value,
    applied: Vec<&'static str>,
}

/// Brings the text of a JSON template up to date.
///
/// # Errors
/// When it is not a JSON template at all. One that is wrong otherwise is fixed as far as it goes.
pub fn fix(text: &str) -> Result<Fixed, FixError> {
    let json = json::parse(FileId(0), text);
    if let Some(error) = json.errors.first() {
        let before = text.get(..error.range.start as usize).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        return Err(FixError::Syntax { line, message: error.message.clone() });
    }
    let before = value(&json.root);
    let Value::Object(mut members) = before.clone() else {
        return Err(FixError::Shape("a template is one object: { \"builders\": [ ... ] }".to_owned()));
    };
    let mut applied = Vec::new();
    for fixer in FIXERS {
        let was = members.clone();
        fixer.run(&mut members).map_err(FixError::Shape)?;
        if members != was {
            applied.push(fixer.name);
        }
    }
    Ok(Fixed { json, before, after: Value::Object(members), applied })
}

impl Fixed {
    /// The names of the fixes that changed something, in the order they were made.
    pub fn applied(&self) -> &[&'static str] {
        &self.applied
    }

    /// The template as Packer prints it: keys sorted, two spaces, a line break at the end. A template without
    /// builders gets `"builders": null`, as there.
    pub fn packer_text(&self) -> String {
        let mut after = self.after.clone();
        if let Value::Object(members) = &mut after {
            members.entry("builders").or_insert(Value::Null);
        }
        let text = print::print(&after, 0) + "\n";
        // Packer takes this escape back without asking what stands before it.
        text.replace("\\u003c", "<").replace("\\u003e", ">")
    }

    /// The text it was read from with only the fixes changed: order, spaces and everything else stay.
    pub fn edited(&self, text: &str) -> String {
        rewrite::rewrite(text, &self.json.root, &self.before, &self.after)
    }
}

/// The plain value of a node. Of keys that stand twice, the last one counts, as in Packer's reader.
fn value(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Missing | NodeKind::Null => Value::Null,
        NodeKind::Bool(value) => Value::Bool(*value),
        NodeKind::Number(text) => {
            let whole = text.parse::<i64>().ok().map(serde_json::Number::from);
            let number = || text.parse().ok().and_then(serde_json::Number::from_f64);
            whole.or_else(number).map_or(Value::Null, Value::Number)
        }
        NodeKind::String(text) => Value::String(text.text.clone()),
        NodeKind::Array(elements) => Value::Array(elements.iter().map(value).collect()),
        NodeKind::Object(members) => {
            let mut map = Map::new();
            for member in members {
                map.insert(member.key.text.clone(), value(&member.value));
            }
            Value::Object(map)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{
    "_comment": "an old one",
    "builders": [
        {
            "type": "qemu",
            "iso_md5":   "abc",
            "ssh_key_path": "k",
            "ssh_private_key_file": "j",
            "disk_size": 4000,
            "ssh_host_port_min": 1.50
        },
        { "ssh_wait_timeout": "5m", "type": "virtualbox" }
    ],
    "post-processors": [[{"type": "manifest", "filename": "m<&>"}]]
}
"#;

    #[test]
    fn only_what_is_fixed_changes_in_the_text() {
        let fixed = fix(OLD).unwrap();
        let wanted = OLD
            .replace("\"iso_md5\":   \"abc\"", "\"iso_checksum\":   \"md5:abc\"")
            .replace("            \"ssh_key_path\": \"k\",\n", "")
            .replace("4000", "\"4000M\"")
            .replace("ssh_host_port_min", "host_port_min")
            .replace("ssh_wait_timeout", "ssh_timeout")
            .replace("\"virtualbox\"", "\"virtualbox-iso\"")
            .replace("filename", "output");
        assert_eq!(fixed.edited(OLD), wanted);
        assert_eq!(fix(&wanted).unwrap().applied(), [] as [&str; 0]);
        assert_eq!(
            fixed.applied(),
            [
                "iso-md5",
                "virtualbox-rename",
                "sshkeypath",
                "manifest-filename",
                "qemu-disk-size",
                "ssh-wait-timeout",
                "iso-checksum-type-and-url",
                "qemu-host-port"
            ]
        );
    }

    #[test]
    fn packers_print_is_sorted_and_escaped() {
        let text = fix(OLD).unwrap().packer_text();
        assert!(text.starts_with("{\n  \"_comment\": \"an old one\",\n  \"builders\": [\n    {\n"), "{text}");
        assert!(text.contains("\"host_port_min\": 1.5,") && text.contains("\"m<\\u0026>\""), "{text}");
        assert_eq!(fix("{}").unwrap().packer_text(), "{\n  \"builders\": null\n}\n");
    }

    #[test]
    fn members_are_added_where_there_were_none_to_replace() {
        let text = "{\"builders\": [{\n  \"type\": \"vmware-iso\",\n  \"remote_type\": \"esx5\"\n}]}";
        let wanted = text.replace(
            "\"esx5\"",
            "\"esx5\",\n  \"disk_type_id\": \"zeroedthick\",\n  \"skip_compaction\": true",
        );
        assert_eq!(fix(text).unwrap().edited(text), wanted);
    }

    #[test]
    fn what_is_no_template_is_refused() {
        assert!(matches!(fix("{"), Err(FixError::Syntax { line: 1, .. })));
        assert!(matches!(fix("[]"), Err(FixError::Shape(_))));
        assert!(matches!(fix("{\"builders\": [1]}"), Err(FixError::Shape(_))));
    }
}
