//! Filling the holes of a text.

use goldsmith_template::{Hole, Text};

use crate::error::StepError;
use crate::names::Names;

/// The text with `build.*` values from `names` and late-bound fields (`{{ .Path }}`) from `fields`. A field nobody
/// knows becomes `<no value>`, as in Go's templates.
pub(crate) fn fill(text: &Text, names: &Names, fields: &[(&str, &str)]) -> Result<String, StepError> {
    let filled = text.resolve(&|hole| match hole {
        Hole::Build(name) => names.get(name),
        Hole::Field(action) => field(action, names, fields),
        Hole::Late { expression, .. } => {
            goldsmith_template::eval::finish(expression, &|name| names.get(name)).ok()
        }
        Hole::Unknown(_) => None,
    });
    filled.map_err(|error| {
        StepError::input(format!("`{}` cannot be filled in: {error}.", text.display()))
            .hint("build.* values are known once the machine has started and can be logged in to.")
    })
}

/// What an action (`{{ .Name }}`, `{{ if .Vars }}...{{ end }}`) comes to; nothing for one that is no Go template.
fn field(action: &str, names: &Names, fields: &[(&str, &str)]) -> Option<String> {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    goldsmith_template::gotemplate::fill(action, &fields, &|name| names.get(name)).ok()
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
        let late = |expression: &str| {
            let hole = Hole::Late { expression: expression.to_owned(), sensitive: false };
            fill(&Text::from(hole), &names, &[])
        };
        assert_eq!(late("split(\".\", build.Host)[3]").unwrap(), "1");
        assert!(late("upper(build.Password)").is_err());
        let piped = Text::from(Hole::Field("{{ build `Host` | replace_all `.` `-` }}".into()));
        assert_eq!(fill(&piped, &names, &[]).unwrap(), "127-0-0-1");
    }
}
