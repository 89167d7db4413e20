//! The typed tree: what expressions and strings are made of, and where errors are said to be.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests may fail loudly

use goldsmith_template::document::Document;
use goldsmith_template::syntax::ast::{
    BinaryOp, Expr, ExprKind, ObjectKey, Step, StepKind, Template, TemplatePart, TemplateStyle, UnaryOp,
};
use goldsmith_template::syntax::{self, FileId};

/// A fully bracketed form that shows how an expression was understood.
fn show(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(show).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Missing => "?".into(),
        ExprKind::Null => "null".into(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(text) => text.to_string(),
        ExprKind::Template(template) => show_template(template),
        ExprKind::Variable(name) => name.to_string(),
        ExprKind::Access { base, steps } => format!("{}{}", show(base), show_steps(steps)),
        ExprKind::Call { name, args, expand } => {
            format!("{}({}{})", name.name, list(args), if *expand { " ..." } else { "" })
        }
        ExprKind::Unary { op, operand } => {
            format!("({}{})", if *op == UnaryOp::Not { "!" } else { "-" }, show(operand))
        }
        ExprKind::Binary { op, left, right, .. } => {
            format!("({} {} {})", operator(*op), show(left), show(right))
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            format!("(if {} {} {})", show(condition), show(then), show(otherwise))
        }
        ExprKind::List(elements) => format!("[{}]", list(elements)),
        ExprKind::Object(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| match &item.key {
                    ObjectKey::Name(name) => format!("{}={}", name.name, show(&item.value)),
                    ObjectKey::Expr(key) => format!("<{}>={}", show(key), show(&item.value)),
                })
                .collect();
            format!("{{{}}}", items.join(" "))
        }
        ExprKind::For(f) => {
            let key = f.key_name.as_ref().map_or(String::new(), |key| format!("{},", key.name));
            let result = f.key.as_ref().map_or(String::new(), |key| format!("{}=>", show(key)));
            let group = if f.group { "..." } else { "" };
            let condition = f.condition.as_ref().map_or(String::new(), |c| format!(" if {}", show(c)));
            format!(
                "for<{key}{} in {}: {result}{}{group}{condition}>",
                f.value_name.name,
                show(&f.collection),
                show(&f.value)
            )
        }
        ExprKind::Parens(inner) => show(inner),
    }
}

fn show_steps(steps: &[Step]) -> String {
    steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Attr(name) => format!(".{name}"),
            StepKind::Index(key) => format!("[{}]", show(key)),
            StepKind::LegacyIndex(index) => format!(".#{index}"),
            StepKind::Splat { full, each } => {
                format!("{}<{}>", if *full { "[*]" } else { ".*" }, show_steps(each))
            }
        })
        .collect()
}

fn show_template(template: &Template) -> String {
    format!("\"{}\"", show_parts(&template.parts))
}

fn show_parts(parts: &[TemplatePart]) -> String {
    parts
        .iter()
        .map(|part| match part {
            TemplatePart::Literal(text) => text.text.escape_debug().to_string(),
            TemplatePart::Interpolation { expr, .. } => format!("${{{}}}", show(expr)),
            TemplatePart::If { condition, then, otherwise, .. } => {
                format!("%if<{}|{}|{}>", show(condition), show_parts(then), show_parts(otherwise))
            }
            TemplatePart::For { key_name, value_name, collection, body, .. } => {
                let key = key_name.as_ref().map_or(String::new(), |key| format!("{},", key.name));
                format!("%for<{key}{} in {}|{}>", value_name.name, show(collection), show_parts(body))
            }
        })
        .collect()
}

fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}

#[track_caller]
fn expr(text: &str) -> Expr {
    let (expr, errors) = syntax::parse_expression(FileId(0), text);
    assert!(errors.is_empty(), "{text}: {errors:?}");
    expr
}

#[track_caller]
fn reads(text: &str, shown: &str) {
    assert_eq!(show(&expr(text)), shown, "{text}");
}

#[test]
fn operators_bind_as_in_hcl() {
    reads("1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)");
    reads("a || b && c == d", "(|| a (&& b (== c d)))");
    reads("a == b < c", "(== a (< b c))");
    reads("!a.b && -c[0] > 1 % 2", "(&& (!a.b) (> (-c[0]) (% 1 2)))");
    reads("a ? b : c ? d : e", "(if a b (if c d e))");
    reads("(a ? b : c) ? d : e", "(if (if a b c) d e)");
    reads("1 - -2", "(- 1 (-2))");
    reads("a != b >= c <= d", "(!= a (<= (>= b c) d))");
    reads("8 / 2 / 2", "(/ (/ 8 2) 2)");
}

#[test]
fn accesses_and_splats() {
    reads("var.a.b", "var.a.b");
    reads("a[\"k\"].c[0]", "a[\"k\"].c[0]");
    reads("a.0.1.b", "a.#0.#1.b");
    reads("a.*.b.c[0]", "a.*<.b.c>[0]");
    reads("a[*].b[0].c", "a[*]<.b[0].c>");
    reads("a[*].b[*].c", "a[*]<.b[*]<.c>>");
    reads("f(x).y", "f(x).y");
    assert_eq!(expr("data.http.x").as_path(), Some(vec!["data", "http", "x"]));
    assert_eq!(expr("a[0]").as_path(), None);
}

#[test]
fn calls_constructors_and_for() {
    reads("f()", "f()");
    reads("f(a, b...)", "f(a b ...)");
    reads("provider::a::b(1,)", "provider::a::b(1)");
    reads("[1, \"a\", [],]", "[1 \"a\" []]");
    reads("{ a = 1, \"b\" : 2\n (c) = 3, true = 4 }", "{a=1 <\"b\">=2 <c>=3 true=4}");
    reads("[for x in y : x.z if x != null]", "for<x in y: x.z if (!= x null)>");
    reads("{for k, v in m : k => v... if v}", "for<k,v in m: k=>v... if v>");
    reads("[\n  for k, v in {a = 1} :\n  k\n]", "for<k,v in {a=1}: k>");
    reads("{ for_each = 1 }", "{for_each=1}");
}

#[test]
fn strings_are_decoded() {
    reads(r#""a\n\t\"\\\u00e9\U0001F600""#, r#""a\n\t\"\\é😀""#);
    reads(r#""$${a} %%{b} $ % $$ 100%""#, r#""${a} %{b} $ % $$ 100%""#);
    reads(r#""x ${ a + 1 } y""#, r#""x ${(+ a 1)} y""#);
    reads(r#""${f("in ${b}")}""#, r#""${f("in ${b}")}""#);
    reads(r#""${ {a = "}"}["a"] }""#, r#""${{a="}"}["a"]}""#);
    assert!(matches!(&expr(r#""${a}""#).kind, ExprKind::Template(t) if t.wrapped().is_some()));
    assert!(matches!(&expr(r#""${a} ""#).kind, ExprKind::Template(t) if t.wrapped().is_none()));
    assert!(matches!(&expr(r#"" ${~a}""#).kind, ExprKind::Template(t) if t.wrapped().is_none()));
}

#[test]
fn strip_markers_and_directives() {
    reads(r#""a  ${~ b ~}  c""#, r#""a${b}c""#);
    reads(r#""%{ if a }yes%{ else }no%{ endif }!""#, r#""%if<a|yes|no>!""#);
    reads(r#""%{ if a ~} x %{~ endif }""#, r#""%if<a|x|>""#);
    reads(
        r#""%{ for k, v in m }${k}=%{ if v }t%{ endif };%{ endfor }""#,
        r#""%for<k,v in m|${k}=%if<v|t|>;>""#,
    );
}

fn attribute(text: &str) -> Expr {
    let document = Document::new(FileId(0), "t.pkr.hcl", text.as_bytes().to_vec());
    assert!(document.diagnostics().is_empty(), "{}", document.diagnostics()[0]);
    document.body().attributes().next().unwrap().value.clone()
}

#[test]
fn heredocs_keep_or_remove_indentation() {
    let shown = |text: &str| show(&attribute(text));
    assert_eq!(shown("a = <<EOT\n  one\n\\n ${b}\nEOT\n"), r#""  one\n\\n ${b}\n""#);
    assert_eq!(shown("a = <<-EOT\n    one\n      two\n\n    three\n  EOT\n"), r#""one\n  two\n\nthree\n""#);
    assert_eq!(shown("a = <<-EOT\n    one\n  ${b}\n  EOT\n"), r#""  one\n${b}\n""#);
    assert_eq!(shown("a = <<-EOT\n${b}\n  x\nEOT\n"), r#""${b}\n  x\n""#);
    assert_eq!(shown("a = <<EOT\nEOT\n"), r#""""#);
    assert_eq!(shown("a = <<EOT\nEOT not yet\nEOT\n"), r#""EOT not yet\n""#);
}

#[test]
fn a_heredoc_directive_strips_to_the_end_of_its_line_only() {
    let text = "a = <<EOT\n%{ for x in y ~}\n  - ${x}\n%{ endfor ~}\nend\nEOT\n";
    assert_eq!(show(&attribute(text)), r#""%for<x in y|  - ${x}\n>end\n""#);
    let ExprKind::Template(template) = attribute(text).kind else { panic!("a template") };
    assert_eq!(template.style, TemplateStyle::Heredoc { marker: "EOT".into(), dedent: false });
}

#[test]
fn decoded_text_maps_back_to_its_source() {
    let text = "a = \"x\\ty$${z\"\n";
    let ExprKind::Template(template) = attribute(text).kind else { panic!("a template") };
    let TemplatePart::Literal(literal) = &template.parts[0] else { panic!("text") };
    assert_eq!(literal.text, "x\ty${z");
    let source = |decoded: &str| literal.map.source(literal.text.find(decoded).unwrap() as u32) as usize;
    assert_eq!(source("x"), text.find('x').unwrap());
    assert_eq!(source("\t"), text.find("\\t").unwrap());
    assert_eq!(source("y"), text.find('y').unwrap());
    assert_eq!(source("$"), text.find("$$").unwrap());
    assert_eq!(source("{"), text.find('{').unwrap());
    assert_eq!(source("z"), text.find('z').unwrap());

    let heredoc = "a = <<-EOT\n    one\n      {{ two }}\n  EOT\n";
    let ExprKind::Template(template) = attribute(heredoc).kind else { panic!("a template") };
    let TemplatePart::Literal(literal) = &template.parts[0] else { panic!("text") };
    let at = literal.text.find("{{").unwrap() as u32;
    assert_eq!(literal.map.source(at) as usize, heredoc.find("{{").unwrap());
}

/// Each error as `line:column code`, with the text it points at.
fn errors(text: &str) -> Vec<String> {
    let document = Document::new(FileId(0), "t.pkr.hcl", text.as_bytes().to_vec());
    document
        .diagnostics()
        .iter()
        .map(|d| {
            let place = d.place.as_ref().unwrap();
            format!("{}:{} {}", place.line, place.column, d.code.strip_prefix("syntax.").unwrap())
        })
        .collect()
}

#[test]
fn errors_are_where_the_mistake_is_and_few() {
    let cases: &[(&str, &[&str])] = &[
        ("a = \n", &["1:4 missing-value"]),
        ("a = 'x'\n", &["1:5 missing-value"]),
        ("a: 1\n", &["1:2 colon"]),
        ("b {\n  a = 1,\n  c = 2\n}\n", &["2:8 comma"]),
        ("a = \"x\nb = 1\n", &["1:5 unclosed-string"]),
        ("a = \"${b\"\nc = 1\n", &["1:6 unclosed-interpolation"]),
        ("a = \"${b c}\"\nd = 1\n", &["1:10 extra-characters"]),
        ("a = [1, 2\nb = 3\n", &["1:10 unclosed-list"]),
        ("a = [\"x\" \"y\"]\n", &["1:9 missing-comma"]),
        ("a = f(1\nb = 3\n", &["1:8 unclosed-call"]),
        ("a = \"\\d\"\n", &["1:6 escape"]),
        ("a = <<EOT\nx\n", &["1:5 unclosed-heredoc"]),
        ("a = <<EOT \nx\nEOT\n", &["1:5 heredoc", "2:1 unexpected-name", "3:1 unexpected-name"]),
        ("b \"x\" {\n  a = 1\n", &["1:1 unclosed-block"]),
        ("b {\n}\n}\n", &["3:1 stray-brace"]),
        ("b \"x\"\n  a = 1\n}\nc = 1\n", &["1:6 missing-brace"]),
        ("b {\n  p {\n    a = 1\n}\nc = 2\n", &["2:3 unclosed-block"]),
        ("source \"a\" \"b\" {\n  x = 1\n\nbuild {\n  y = 1\n}\n", &["1:1 unclosed-block"]),
        ("a = 1 2\n", &["1:7 missing-newline"]),
        ("\"a\" = 1\n", &["1:1 quoted-name"]),
        ("word\nb = 1\n", &["1:1 unexpected-name"]),
        ("a = \"%{ if x }y\"\n", &["1:6 unclosed-directive"]),
        ("a = \"%{ endif }\"\n", &["1:6 directive"]),
        ("a = {\n  b = 1 c = 2\n}\n", &["2:8 missing-comma"]),
        ("a = b ? c\n", &["1:10 missing-colon"]),
        ("a = 1 +\nb = 2\n", &["1:8 missing-value"]),
        ("b { a = 1, c = 2 }\n", &["1:10 single-line-block"]),
        ("/* x\n", &["1:1 unclosed-comment"]),
        ("b \"${x}\" {\n}\n", &["1:4 label-template"]),
        ("a = [for x y : z]\n", &["1:12 for"]),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(text), *expected, "{text}");
    }
}

#[test]
fn what_follows_a_mistake_is_still_read() {
    for text in [
        "source \"a\" \"b\" {\n  x = [1,\n  y = 2\n}\nbuild {\n}\n",
        "source \"a\" \"b\" {\n  x = \"1\n  y = 2\n}\nbuild {\n}\n",
        "source \"a\" \"b\" {\n  x = \"${z\"\n  y = 2\n}\nbuild {\n}\n",
        "source \"a\" \"b\"\n  y = 2\n}\nbuild {\n}\n",
        "source \"a\" \"b\" {\n  y = 2\n\nbuild {\n}\n",
        "source \"a\" \"b\" {\n  x ==== 1\n  y = 2\n}\nbuild {\n}\n",
        "source \"a\" \"b\" {\n  x = <<EOT\n  ${z\n  EOT\n  y = 2\n}\nbuild {\n}\n",
    ] {
        let document = Document::new(FileId(0), "t.pkr.hcl", text.as_bytes().to_vec());
        assert!(!document.diagnostics().is_empty());
        let kinds: Vec<_> = document.body().blocks().map(|block| block.kind.as_str()).collect();
        assert_eq!(kinds, ["source", "build"], "{text}");
        let source = document.body().blocks().next().unwrap();
        assert!(source.body.attribute("y").is_some(), "{text}");
    }
}
