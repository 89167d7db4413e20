//! Filling the holes of a text.

use goldsmith_template::{Hole, Text};

use crate::error::StepError;
use crate::names::Names;

/// The text with `build.*` values from `names` and late-bound fields (`{{ .Path }}`) from `fields`. A field nobody
/// knows becomes `<no value>`, as in Go's templates.
pub(crate) fn fill(text: &Text, names: &Names, fields: &[(&str, &str)]) -> Result<String, StepError> {
    let filled = text.resolve(&|hole| match hole {
        Hole::Build(name) => names.get(name),
        Hole::Field(action) => field(action, fields),
        Hole::Unknown(_) => None,
    });
    filled.map_err(|error| {
        StepError::input(format!("`{}` cannot be filled in: {error}.", text.display()))
            .hint("build.* values are known once the machine has started and can be logged in to.")
    })
}

/// The value of `{{ .Name }}`; other actions have none here.
fn field(action: &str, fields: &[(&str, &str)]) -> Option<String> {
    let inner = action.strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner).trim();
    let name = inner.strip_prefix('.')?;
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let known = fields.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Some(known.unwrap_or_else(|| "<no value>".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_build_values() {
        let names = Names::default();
        names.set("Host", "127.0.0.1");
        let mut text = Text::from("run ");
        text.push_hole(Hole::Field("{{ .Path }}".into()));
        text.push_hole(Hole::Field("{{.State}}".into()));
        text.push_str(" on ");
        text.push_hole(Hole::Build("Host".into()));
        assert_eq!(fill(&text, &names, &[("Path", "/tmp/a")]).unwrap(), "run /tmp/a<no value> on 127.0.0.1");
        assert!(fill(&Text::from(Hole::Build("Password".into())), &names, &[]).is_err());
    }
}
