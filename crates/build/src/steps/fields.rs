//! The late-bound fields of a machine source: `{{ .HTTPIP }}` and its like (packer.md 1.7, 2.4).

use goldsmith_template::{Hole, Part, Text};

use crate::error::StepError;
use crate::holes::fill;
use crate::names::Names;

/// What stands for the port in a plan.
pub(crate) const PORT_HOLE: &str = "{port:http}";

/// Fills in a text of a machine source. Packer knows these fields in `boot_command` only; here they also work in the
/// contents of the HTTP server, of CDs and of floppies.
pub(crate) fn fill_in(text: &Text, names: &Names, machine: &str) -> Result<String, StepError> {
    let value = |name: &str| names.get(name).unwrap_or_default();
    let (ip, port) = (value("PackerHTTPIP"), value("PackerHTTPPort"));
    let public = value("SSHPublicKey");
    let fields = [
        ("HTTPIP", ip.as_str()),
        ("HTTPPort", port.as_str()),
        ("Name", machine),
        ("SSHPublicKey", public.trim_end()),
    ];
    fill(text, names, &fields)
}

/// The text as a plan shows it: what is known filled in, the port as a hole, secrets hidden.
pub(crate) fn shown(text: &Text, names: &Names, machine: &str, serves: bool) -> String {
    if text.sensitive {
        return text.display();
    }
    let ip = names.get("PackerHTTPIP").unwrap_or_default();
    let fields = [
        ("HTTPIP", ip.as_str()),
        ("HTTPPort", if serves { PORT_HOLE } else { "0" }),
        ("Name", machine),
        ("SSHPublicKey", "{build.SSHPublicKey}"),
    ];
    let mut known = Text::default();
    for part in &text.parts {
        match part {
            Part::Known(text) => known.push_str(text),
            Part::Hole(hole @ Hole::Field(_)) => {
                let one = Text::from(hole.clone());
                known.push_str(&fill(&one, names, &fields).unwrap_or_else(|_| one.display()));
            }
            Part::Hole(hole) => known.push_str(&hole.to_string()),
        }
    }
    known.display()
}
