//! Functions and ways of writing values.

use super::{accepted, errors_with, step};

#[track_caller]
fn expression(text: &str) {
    let text = format!(
        "locals {{\n  x = {text}\n}}\nsource \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"null.n\"]\n}}\n"
    );
    let errors = errors_with(&[("f/t.pkr.hcl", &text), ("f/x.txt", "x")], "f/t.pkr.hcl", |_| {});
    assert!(errors.is_empty(), "{text}: {}", errors.iter().map(ToString::to_string).collect::<String>());
}

#[test]
fn every_function_of_today() {
    let calls = r#"
        abs(-1); abspath("."); alltrue([true]); anytrue([false]); aws_secretsmanager("a", "k");
        aws_secretsmanager_raw("a"); basename("a/b"); base64decode("YQ=="); base64encode("a"); base64gzip("a");
        bcrypt("a", 4); can(1); ceil(1.5); chomp("a\n"); chunklist([1, 2], 1); cidrhost("10.0.0.0/8", 1);
        cidrnetmask("10.0.0.0/8"); cidrsubnet("10.0.0.0/8", 8, 1); cidrsubnets("10.0.0.0/8", 8, 8);
        coalesce("", "a"); coalescelist([], [1]); compact(["", "a"]); concat([1], [2]); consul_key("a");
        contains([1], 1); convert("1", number); csvdecode("a\n1"); dirname("a/b"); distinct([1, 1]);
        element([1], 3); endswith("ab", "b"); fileexists("x.txt"); file("x.txt"); filebase64("x.txt");
        fileset(".", "*"); flatten([[1]]); floor(1.5); format("%s", "a"); formatdate("YYYY", timestamp());
        formatlist("%s", [1]); indent(2, "a"); index([1], 1); join(",", ["a"]); jsondecode("{}");
        jsonencode({}); keys({ a = 1 }); legacy_isotime("20060102"); legacy_strftime("%Y"); length("a");
        log(8, 2); lookup({ a = 1 }, "a", 2); lower("A"); max(1, 2); md5("a"); merge({}, { a = 1 }); min(1, 2);
        parseint("ff", 16); pathexpand("a"); pow(2, 3); range(3); regex("a", "a"); regexall("a", "aa");
        regex_replace("a", "a", "b"); replace("a", "a", "b"); reverse([1]);
        rfc3339_parse("2020-01-01T00:00:00Z"); setintersection([1], [1]); setproduct([1], [2]);
        setunion([1], [2]); sha1("a"); sha256("a"); sha512("a"); signum(-1); slice([1], 0, 1);
        sort(["b", "a"]); split(",", "a"); startswith("ab", "a"); strcontains("ab", "a"); strrev("ab");
        substr("ab", 0, 1); sum([1]); textdecodebase64("YQ==", "UTF-8"); textencodebase64("a", "UTF-8");
        timestamp(); timeadd(timestamp(), "1h"); title("a"); trim("a", "b"); trimprefix("a", "b");
        trimspace(" a"); trimsuffix("a", "b"); try(1); unix_timestamp_parse(0); upper("a"); urlencode("a b");
        uuidv4(); uuidv5("dns", "a"); values({ a = 1 }); vault("secret/data/a", "k"); yamldecode("a: 1");
        yamlencode({ a = 1 }); zipmap(["a"], [1]);
    "#;
    for call in calls.split(';').map(str::trim).filter(|call| !call.is_empty()) {
        expression(call);
    }
}

#[test]
fn ways_of_writing() {
    for text in [
        "<<EOT\n  a ${1 + 1}\n%{ if true ~}\n  b\n%{ else }\n  c\n%{ endif }\nEOT\n",
        "<<-EOT\n    a\n      %{ for x in [1, 2] ~}\n      ${x}\n      %{ endfor ~}\n    EOT\n",
        "\"a $${b} %%{c} \\\"d\\\" \\u00e9 \\U0001F600 \\t\"",
        "{ a : 1, \"b\" = 2, (\"c${1}\") = 3\n d = 4 }",
        "[\n    1, # one\n    2, // two\n    /* three */ 3,\n  ]",
        "true && !false || 1 < 2 && \"a\" != \"b\"",
        "-(1 + 2) * 3 % 4 / 5",
        "(1 == 1\n    ? \"a\"\n    : \"b\")",
        "[for i, v in [\"a\"] : { i = i, v = v }][0].v",
        "{ for k, v in { a = 1 } : upper(k) => v if v > 0 }",
        "[[1, 2], [3]][*][0]",
        "null",
        "1e3 + 1.5E-2",
        "length([for x in fileset(\".\", \"*\") : x])",
        "try(jsondecode(\"x\"), \"fallback\")",
        "max([1, 2, 3]...)",
        "format(\"%05d %-5s| %5.2f %t %q %v %#v %%\", 1, \"a\", 1.5, true, \"x\", [1], { a = 1 })",
    ] {
        expression(text);
    }
    for text in [
        "  provisioner \"shell-local\" {\n    inline = [\"{{ timestamp }} {{ isotime }} {{ isotime `2006` }} {{ build_name }} {{ uuid }} {{ upper `a` }} {{ split `a-b` `-` 0 }}\"]\n  }\n",
        "  provisioner \"shell-local\" {\n    inline = [\"docker inspect -f '{{`{{.Id}}`}}' {{ \\\"{{\\\" }}\"]\n  }\n",
        "  provisioner \"shell-local\" {\n    environment_vars = [\"A=${build.Host}\", \"B=${try(build.SSHPrivateKeyFile, \"\")}\"]\n    inline = [\"x\"]\n  }\n",
        "  provisioner \"shell-local\" {\n    inline = [for word in [\"a\", \"b\"] : \"echo ${word} ${build.ID}\"]\n  }\n",
        "  provisioner \"shell-local\" {\n    inline = concat([\"a\"], [\"echo ${build.User}\"], [for n in range(2) : \"${n}\"])\n  }\n",
    ] {
        step(text);
    }
    // A comment at the end, no line break after it; a byte order mark; line ends of Windows.
    let plain =
        "source \"null\" \"n\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.n\"]\n} # end";
    accepted(plain);
    accepted(&plain.replace('\n', "\r\n"));
    accepted(&format!("\u{feff}{plain}"));
}

/// Packer looks at values of the running build only when it runs; a plan is made before. What it would need to know is
/// refused in a sentence.
#[test]
fn lists_that_only_the_running_build_knows_are_refused_with_a_reason() {
    for inline in [
        "build.Host == \"\" ? [\"a\"] : [\"b\"]",
        "[for word in split(\",\", build.Host) : \"echo ${word}\"]",
    ] {
        let text = format!(
            "source \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"null.n\"]\n  provisioner \"shell-local\" {{\n    inline = {inline}\n  }}\n}}\n"
        );
        let errors = errors_with(&[("t.pkr.hcl", &text)], "t.pkr.hcl", |_| {});
        assert!(
            errors.iter().any(|error| error.message.contains("known only during the build")),
            "{errors:?}"
        );
    }
}

/// Nothing is asked while a template is checked: what only a store of secrets or a service knows is not known, and that
/// is no error.
#[test]
fn what_only_others_know_is_accepted() {
    for value in [
        "vault(\"secret/data/a\", \"k\")",
        "consul_key(\"k\")",
        "aws_secretsmanager(\"a\", \"k\")",
        "data.http.x.body",
        "jsondecode(data.http.x.body).list[0]",
    ] {
        let text = format!(
            "data \"http\" \"x\" {{\n  url = \"https://example.com\"\n}}\nlocals {{\n  a = {value}\n}}\nsource \"qemu\" \"q\" {{\n  iso_url = local.a\n  iso_checksum = \"sha256:${{local.a}}\"\n  disk_size = local.a\n  memory = local.a\n  headless = local.a == \"x\"\n  ssh_username = \"root\"\n  ssh_password = local.a\n  boot_command = [\"x${{local.a}}<enter>\"]\n  boot_wait = local.a\n}}\nbuild {{\n  sources = [\"qemu.q\"]\n  provisioner \"shell\" {{\n    inline = [\"echo ${{local.a}}\", upper(local.a)]\n    environment_vars = [for word in split(\",\", local.a) : word]\n  }}\n}}\n"
        );
        for external in [false, true] {
            let errors =
                errors_with(&[("t.pkr.hcl", &text)], "t.pkr.hcl", |inputs| inputs.external = external);
            assert!(
                errors.is_empty(),
                "{value}: {}",
                errors.iter().map(ToString::to_string).collect::<String>()
            );
        }
    }
}
