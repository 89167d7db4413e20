//! Small texts that ask for much: each ends soon, with an error, in little memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]

#[path = "common/usage.rs"]
mod usage;

use goldsmith_template::gotemplate::{Facts, render};
use goldsmith_template::{Inputs, MemoryFiles, Project, Text, analyze};
use std::path::Path;
use std::time::Duration;
use usage::{Spent, peak};

/// Runs something that must be over soon, and must not have needed much.
fn small<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let start = Spent::start();
    let result = run();
    let (took, most) = (start.elapsed(), peak());
    let shown: String = what.chars().take(120).collect();
    println!("{took:8.2?} {:5} MiB  {shown}", most.unwrap_or_default());
    assert!(took < Duration::from_secs(60), "{shown} took {took:?}");
    assert!(most.is_none_or(|most| most < 2_000), "{shown} took {most:?} MiB");
    result
}

/// The codes of the errors of a template.
fn codes(name: &str, text: &str) -> Vec<String> {
    let files = MemoryFiles::new().with(name, text);
    let project = Project::open(&files, Path::new(name)).unwrap();
    let analysis = analyze(&project, &files, &Inputs::harmless("/"));
    let errors = analysis.diagnostics.into_iter().filter(|diagnostic| diagnostic.is_error());
    errors.map(|diagnostic| diagnostic.code).collect()
}

/// A template that holds these locals and a build, so that only they can be wrong.
fn with_locals(locals: &str) -> String {
    format!(
        "locals {{\n{locals}\n}}\nsource \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"null.n\"]\n}}\n"
    )
}

const TOO_MUCH: &[&str] = &[
    // Loops in loops.
    "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]",
    "length([for a in range(1000) : [for b in range(1000) : range(1000)]])",
    "[for a in setproduct(range(1000), range(100)) : [for b in range(1000) : a]]",
    "{ for a in range(1000) : a => { for b in range(1000) : b => range(1000) } }",
    "\"%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }x%{ endfor }%{ endfor }%{ endfor }\"",
    "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1 if false]]]",
    "can([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]])",
    "try([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]], 1)",
    "true ? 1 : length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]])",
    // Products and sums of lists.
    "setproduct(range(1000), range(1000), range(1000))",
    "setproduct(range(300), range(300), [1], [1], [1], [1], [1], [1], [1], [1], [1], [1], [1], [1], [1], [1], [1], [1])",
    "flatten([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]])",
    "distinct([for p in setproduct(range(300), range(300)) : \"${p[0]}-${p[1]}\"])",
    "setintersection([for p in setproduct(range(300), range(300)) : p], [for p in setproduct(range(300), range(300)) : p])",
    "[for a in range(1000) : [for b in range(1000) : contains(range(1000), a)]]",
    "concat([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]...)",
    "zipmap([for p in setproduct(range(1000), range(1000)) : join(\"-\", p)], [])",
    "merge([for a in range(1000) : { for b in range(1000) : \"${a}-${b}\" => range(1000) }]...)",
    "chunklist([for p in setproduct(range(1000), range(1000)) : p], 1)",
    "range(1000000000)",
    // Texts made of texts.
    "join(\"\", [for a in range(1000) : format(\"%100000s\", a)])",
    "join(format(\"%100000s\", 1), [for p in setproduct(range(100), range(100)) : \"\"])",
    "join(join(\"\", [for a in range(1000) : \"xxxxxxxxxxxxxxxx\"]), [for p in setproduct(range(300), range(300)) : \"\"])",
    "format(\"%1000000000s\", 1)",
    "format(\"%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s\", join(\"\", [for a in range(1000) : format(\"%99999s\", a)]))",
    "formatlist(\"%s%s\", join(\"\", [for a in range(300) : format(\"%99999s\", a)]), range(1000))",
    "formatlist(\"%[2]s\", join(\"\", [for a in range(300) : format(\"%99999s\", a)]), range(1000))",
    "indent(1000000000, \"a\\nb\")",
    "indent(9999, join(\"\\n\", [for p in setproduct(range(300), range(300)) : \"\"]))",
    "replace(replace(format(\"%99999s\", 1), \" \", format(\"%9999s\", 1)), \" \", format(\"%9999s\", 1))",
    "replace(format(\"%99999s\", 1), \"\", format(\"%9999s\", 1))",
    "regex_replace(format(\"%99999s\", 1), \" \", format(\"%9999s\", 1))",
    "regex_replace(format(\"%99999s\", 1), \"( +)\", \"$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1${replace(format(\"%9999s\", 1), \" \", \"$1\")}\")",
    "regexall(\"(a{1000}){1000}\", \"a\")",
    "regexall(\"((((((((((((((((((((.*))))))))))))))))))))\", join(\"\\n\", [for p in setproduct(range(300), range(300)) : format(\"%1000s\", 1)]))",
    "split(\"\", join(\"\", [for a in range(1000) : format(\"%99999s\", a)]))",
    "\"${join(\"\", [for a in range(1000) : format(\"%99999s\", a)])}${join(\"\", [for a in range(1000) : format(\"%99999s\", a)])}\"",
    "jsonencode([for a in range(1000) : [for b in range(1000) : format(\"%100s\", b)]])",
    "yamlencode([for a in range(1000) : [for b in range(1000) : format(\"%100s\", b)]])",
    "yamlencode([[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[join(\"\\n\", [for p in setproduct(range(1000), range(700)) : \"\"])]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]])",
    "base64encode(base64encode(base64encode(join(\"\", [for a in range(1000) : format(\"%99999s\", a)]))))",
    "urlencode(urlencode(urlencode(join(\"\", [for a in range(600) : format(\"%99999s\", a)]))))",
    // Texts that stand for more than they are.
    "yamldecode(\"a: &a [1,1,1,1,1,1,1,1,1]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\")",
    "yamldecode(\"a: &a ${replace(format(\"%99999s\", 1), \" \", \"k\")}\\nb: [${join(\", \", [for a in range(1000) : \"*a, *a, *a\"])}]\")",
    "csvdecode(\"${replace(format(\"%99999s\", 1), \" \", \"k\")}\\n${join(\"\\n\", [for p in setproduct(range(300), range(300)) : \"x\"])}\")",
    "bcrypt(\"x\", 31)",
    "parseint(\"9999999999999999999999999999999999999999999999999\", 10)",
    // Much that is wrong.
    "\"%{ for a in range(1000) }%{ for b in range(1000) }${local.nope}%{ endfor }%{ endfor }\"",
    "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : local.nope]]]",
    "setproduct(range(300), range(300))[*].nope",
];

/// Whether these are answered or refused: soon.
const MUCH: &[&str] = &[
    "length(regexall(\"(?:a?){1000}a{1000}\", replace(format(\"%99999s\", 1), \" \", \"a\")))",
    "length(regexall(\"[a-z]{500}.*[0-9]{500}\\\\w{30}x\", replace(format(\"%99999s\", 1), \" \", \"a1\")))",
    "[for a in range(1000) : [for b in range(1000) : length(regexall(\"(?:a?){1000}a{1000}\", \"aaaaaaaaaaaaaaaa\"))]]",
    "1e999999999 * 1e999999999",
    "format(\"%f\", 1e999999)",
    "jsonencode(1e300)",
    "pow(10, 1000000)",
    "jsondecode(join(\"\", [for a in range(1000) : \"[\"]))",
    "yamldecode(join(\"\", [for a in range(1000) : \"[\"]))",
    "cidrsubnets(\"10.0.0.0/8\", [for a in range(1000) : 20]...)",
    "sort([for p in setproduct(range(1000), range(100)) : join(\"-\", p)])",
];

#[test]
fn small_texts_that_ask_for_much_end_with_an_error() {
    for expression in MUCH {
        let text = with_locals(&format!("  x = {expression}"));
        small(expression, || codes("t.pkr.hcl", &text));
    }
    for expression in TOO_MUCH {
        let text = with_locals(&format!("  x = {expression}"));
        let found = small(expression, || codes("t.pkr.hcl", &text));
        assert!(!found.is_empty(), "{expression} is accepted");
        assert!(found.len() < 2_000, "{expression}: {} errors", found.len());
    }
    // Each a little, all together much.
    let chain = |first: &str, next: &dyn Fn(usize) -> String| {
        let mut locals = format!("  x00 = {first}\n");
        for n in 1..60 {
            locals.push_str(&format!("  x{n:02} = {}\n", next(n - 1)));
        }
        with_locals(&locals)
    };
    let doubled = chain("\"ab\"", &|n| format!("\"${{local.x{n:02}}}${{local.x{n:02}}}\""));
    let lists = chain("range(1000)", &|n| format!("concat(local.x{n:02}, local.x{n:02})"));
    let nested = chain("[1]", &|n| format!("[local.x{n:02}, local.x{n:02}, local.x{n:02}]"));
    let many: String = (0..400).map(|n| format!("  x{n} = format(\"%99999s%99999s\", 1, [for p in range(1000) : format(\"%2000s\", p)][0])\n  y{n} = [for p in range(1000) : format(\"%2000s\", p)]\n")).collect();
    for (what, text) in [
        ("doubled texts", doubled),
        ("doubled lists", lists),
        ("nested lists", nested),
        ("many long lists", with_locals(&many)),
    ] {
        let found = small(what, || codes("t.pkr.hcl", &text));
        assert!(found.iter().any(|code| code.ends_with("too-large")), "{what}: {found:?}");
    }
    // Deeper and deeper: what wraps a value once more is refused before it cannot be followed any more.
    let mut deep = String::from("  x00000 = [1]\n");
    for n in 1..5_000 {
        deep.push_str(&format!("  x{n:05} = [[[[[[[[local.x{:05}]]]]]]]]\n", n - 1));
    }
    let found = small("deep locals", || codes("t.pkr.hcl", &with_locals(&deep)));
    assert!(found.iter().any(|code| code == "eval.too-deep"), "{found:?}");
}

#[test]
fn values_of_the_running_build_do_not_multiply_either() {
    let mut locals = String::new();
    for n in 0..30 {
        let inner = if n == 0 { "build.Host".to_owned() } else { format!("v{}[0]", n - 1) };
        locals.push_str(&format!("[for v{n} in [\"${{{inner}}}${{{inner}}}\"] : "));
    }
    let expression = format!("{locals}v29{}", "]".repeat(30));
    let text = format!(
        "source \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"null.n\"]\n  provisioner \"shell-local\" {{\n    inline = flatten({expression})\n  }}\n}}\n"
    );
    let found = small("holes in holes", || codes("t.pkr.hcl", &text));
    assert!(!found.is_empty());
}

#[test]
fn blocks_that_make_blocks_end_with_an_error() {
    let block = |outer: usize, inner: usize| {
        format!(
            "source \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  dynamic \"source\" {{\n    for_each = range({outer})\n    labels = [\"null.n\"]\n    content {{\n      name = \"a${{source.value}}\"\n    }}\n  }}\n  dynamic \"provisioner\" {{\n    for_each = setproduct(range({inner}), range(40))\n    labels = [\"shell-local\"]\n    content {{\n      inline = [\"x\"]\n    }}\n  }}\n}}\n"
        )
    };
    let many = small("dynamic", || codes("t.pkr.hcl", &block(1, 1000)));
    assert!(many.iter().any(|code| code == "dynamic.too-many"), "{many:?}");
    let product = small("jobs by steps", || codes("t.pkr.hcl", &block(1000, 49)));
    assert!(product.iter().any(|code| code == "template.too-large"), "{product:?}");
    let foreign = "source \"amazon-ebs\" \"n\" {\n  dynamic \"a\" {\n    for_each = range(1000)\n    content {\n      dynamic \"b\" {\n        for_each = range(1000)\n        content {\n          dynamic \"c\" {\n            for_each = range(1000)\n            content {\n              x = [a.value, b.value, c.value]\n            }\n          }\n        }\n      }\n    }\n  }\n}\nbuild {\n  sources = [\"amazon-ebs.n\"]\n}\n";
    let nested = small("nested dynamic", || codes("t.pkr.hcl", foreign));
    assert!(nested.iter().any(|code| code == "template.too-large"), "{nested:?}");
}

#[test]
fn go_templates_end_with_an_error() {
    let nest = |times: usize| format!("{}x{}", "{{ range 10000 }}".repeat(times), "{{ end }}".repeat(times));
    let doubling = format!("{{{{ $x := `abc` }}}}{}", "{{ $x := printf `%s%s` $x $x }}".repeat(60));
    let replacing = format!(
        "{{{{ {}`aaaaaaaaaa`{} }}}}",
        "replace_all `a` `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` (".repeat(12),
        ")".repeat(12)
    );
    for (what, text) in [
        ("range in range", nest(4)),
        ("an empty range", nest(4).replace('x', "")),
        ("a long range", "{{ range 100000000000 }}{{ end }}".to_owned()),
        ("doubling", doubling),
        ("replacing", replacing),
        ("wide verbs", format!("{{{{ printf `{}` }}}}", "%9999s".repeat(5_000))),
    ] {
        assert!(small(what, || render(&Text::from(text), &Facts::default())).is_err(), "{what}");
    }
    let mut variables = String::from("\"a0\": \"xxxxxxxxxx\"");
    for n in 1..60 {
        variables.push_str(&format!(", \"a{n}\": \"{{{{user `a{0}`}}}}{{{{user `a{0}`}}}}\"", n - 1));
    }
    let template = format!(
        "{{\"variables\": {{{variables}}}, \"builders\": [{{\"type\": \"null\", \"communicator\": \"none\"}}]}}"
    );
    assert!(!small("variables of variables", || codes("t.json", &template)).is_empty());
}

/// A text that is only long: it is read, or it is said why not.
#[test]
fn a_hundred_megabytes_are_refused_with_a_reason() {
    let long = "x".repeat(100 << 20);
    for (name, text) in [
        ("t.pkr.hcl", with_locals(&format!("  x = \"{long}\""))),
        (
            "t.json",
            format!("{{\"variables\": {{\"a\": \"{long}\"}}, \"builders\": [{{\"type\": \"null\"}}]}}"),
        ),
    ] {
        let found = small(name, || codes(name, &text));
        assert!(found.iter().any(|code| code == "file.too-large"), "{found:?}");
    }
    let dense = with_locals(&format!("  x = [{}]", "1,".repeat(1_900_000)));
    small("a list as long as a file may be", || codes("t.pkr.hcl", &dense));
}
