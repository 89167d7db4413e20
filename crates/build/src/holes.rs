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

/// What an action (`{{ .Name }}`, `{{ if .Vars }}...{{ end }}`) comes to; nothing for one that is no Go template.
fn field(action: &str, fields: &[(&str, &str)]) -> Option<String> {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    goldsmith_template::gotemplate::fill(action, &fields).ok()
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
