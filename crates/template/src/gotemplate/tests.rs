use super::*;

fn facts() -> Facts {
    Facts {
        fields: BTreeMap::from([("Name".to_owned(), "web".to_owned())]),
        constants: BTreeMap::from([
            ("build_name", "tiny".to_owned()),
            ("timestamp", "1600000000".to_owned()),
        ]),
        now: Some("2020-09-13T12:26:40Z".parse().unwrap()),
        ..Facts::default()
    }
}

fn shown(source: &str) -> String {
    render(&Text::from(source), &facts()).map_or_else(|e| format!("error: {e}"), |r| r.text.display())
}

#[test]
fn known_values_are_filled_in_and_late_ones_stay() {
    for (source, expected) in [
        ("plain", "plain"),
        ("{{ build_name }}-{{timestamp}}", "tiny-1600000000"),
        ("a {{- .Name -}} b", "awebb"),
        ("{{ .Path }}", "{{ .Path }}"),
        ("chmod +x {{.Path}}; {{ .Vars }} {{.Path}}", "chmod +x {{.Path}}; {{ .Vars }} {{.Path}}"),
        ("{{ if eq .Name `web` }}yes{{ else }}no{{ end }}", "yes"),
        ("{{ if .Vars }}x{{ .Vars }}{{ end }}!", "{{ if .Vars }}x{{ .Vars }}{{ end }}!"),
        ("{{ build `Password` }}", "{build.Password}"),
        ("{{ isotime \"2006-01-02\" }}", "2020-09-13"),
        ("{{ isotime }}", "2020-09-13T12:26:40Z"),
        ("{{ `{{` }}", "{{"),
        ("{{ \"{{\" }}", "{{"),
        ("{{ .Name | upper }}", "WEB"),
        ("{{ replace_all `e` `3` .Name }}", "w3b"),
        ("{{ split `a-b` `-` 1 }}", "b"),
        ("{{ printf \"%03d-%s\" 7 .Name }}", "007-web"),
        ("{{/* nothing */}}x", "x"),
        ("{{ $x := .Name }}{{ $x }}", "web"),
        ("{{ with .Name }}{{ . }}{{ end }}", "web"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (source, message) in [
        ("{{ nope }}", "error: function \"nope\" not defined"),
        ("{{ uper `x` }}", "error: function \"uper\" not defined; did you mean \"upper\"?"),
        ("{{ .Name", "error: this action has no }}"),
        ("{{ if .Name }}", "error: this structure has no {{end}}"),
        ("{{ end }}", "error: unexpected {{end}}"),
        ("{{ user `x` }}", "error: {{user}} does not exist in HCL2 templates; write ${var.name}"),
        ("{{ }}", "error: nothing stands in this action"),
        ("{{{{.Name}}", "error: unexpected \"{\" in an action"),
    ] {
        assert_eq!(shown(source), message, "{source}");
    }
}

#[test]
fn holes_of_the_first_pass_survive_the_second() {
    let mut text = Text::from("{{ build_name }}@");
    text.push_hole(Hole::Build("Host".into()));
    assert_eq!(render(&text, &facts()).unwrap().text.display(), "tiny@{build.Host}");
}

#[test]
fn a_missing_field_is_written_as_go_does() {
    let facts = Facts { unknown: UnknownField::NoValue, ..facts() };
    let rendered = render(&Text::from("{{.State}} {{.Host}}"), &facts).unwrap();
    assert_eq!(rendered.text.display(), "<no value> {build.Host}");
    assert_eq!(rendered.missing, ["State"]);
}

#[test]
fn the_build_fills_late_actions() {
    let fields = BTreeMap::from([("Vars".to_owned(), "A='1' ".to_owned())]);
    assert_eq!(fill("{{ if .Vars }}env {{ .Vars }}{{ end }}", &fields, &|_| None).unwrap(), "env A='1' ");
}

/// The build knows the late fields, and nothing of the template's variables.
#[test]
fn an_action_that_is_left_for_the_build_holds_what_is_known() {
    let user =
        BTreeMap::from([("a".to_owned(), Text::from("x `y` \"z\"")), ("b".to_owned(), Text::from("plain"))]);
    let facts = Facts { user: Some(user.into()), ..facts() };
    for (source, left, filled) in [
        ("{{ printf `%s-%s` (user `b`) .Path }}", "{{ printf `%s-%s` (`plain`) .Path }}", "plain-/tmp/s"),
        (
            "{{ printf `%s %s %s` .Path (user \"a\") build_name }}",
            "{{ printf `%s %s %s` .Path (\"x `y` \\\"z\\\"\") `tiny` }}",
            "/tmp/s x `y` \"z\" tiny",
        ),
        ("{{ if .Vars }}{{user `b`}}{{ end }}!", "{{ if .Vars }}{{`plain`}}{{ end }}!", "plain!"),
        ("{{ replace_all `p` (user `b`) .Path }}", "{{ replace_all `p` (`plain`) .Path }}", "/tmplain/s"),
    ] {
        let rendered = render(&Text::from(source), &facts).unwrap().text;
        assert_eq!(rendered.display(), left);
        let fields =
            BTreeMap::from([("Path".to_owned(), "/tmp/s".to_owned()), ("Vars".to_owned(), "v".to_owned())]);
        let text: String = rendered
            .parts
            .iter()
            .map(|part| match part {
                Part::Known(text) => text.clone(),
                Part::Hole(hole) => fill(&hole.to_string(), &fields, &|_| None).unwrap(),
            })
            .collect();
        assert_eq!(text, filled);
    }
}
