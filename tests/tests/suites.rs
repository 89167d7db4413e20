//! Tests of finished images: suites of every kind against a real guest, their verdicts, and the gates that ask for
//! them. InSpec, goss, Pester, Robot and OpenSCAP are programs here that only behave like them: same arguments, same
//! reports, same exit codes.
#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use goldsmith_library::{DiskFormat, Facts, ImageName, ImageTool, Library, NewVersion, SystemClock};
use goldsmith_process::System;
use goldsmith_tests::goldsmith::Home;
use goldsmith_tests::tiny;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// Adds the tiny guest to the library as `tiny`.
fn add_tiny(home: &Home) -> String {
    let guest = tiny::guest();
    let dir = home.goldsmith_home().join("data").join("library");
    let library = Library::open(&dir, Arc::new(SystemClock)).unwrap();
    let facts = Facts { memory_mib: Some(256), ..Facts::default() };
    let new = NewVersion::disk(ImageName::new("tiny").unwrap(), &guest.disk, DiskFormat::Qcow2, facts);
    let tool = ImageTool { launch: &System, qemu_img: Path::new("qemu-img") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(library.add(new, &tool, &CancellationToken::new(), &mut |_| {})).unwrap();
    guest.key.display().to_string()
}

fn program(home: &Home, name: &str, text: &str) {
    let path = home.write(&format!("bin/{name}"), text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The suite of that name in a report.
fn suite<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["suites"].as_array().unwrap().iter().find(|suite| suite["suite"] == name).unwrap()
}

fn counts(suite: &Value) -> (String, Vec<String>) {
    let cases = suite["cases"].as_array().unwrap();
    let outcome = suite["outcome"].as_str().unwrap().to_owned();
    (outcome, cases.iter().map(|case| case["status"].as_str().unwrap().to_owned()).collect())
}

fn installed(probe: &[&str]) -> bool {
    Command::new(probe[0]).args(&probe[1..]).output().is_ok_and(|done| done.status.success())
}

const SUITES: &str = r#"
test "prepare" {
  runner = "shell"
  files  = ["prepare.sh"]
  env    = { WHO = "it's us" }
}
test "goss" {
  runner = "goss"
  files  = ["goss.yaml"]
}
test "inspec" {
  runner = "inspec"
  files  = ["profile"]
}
test "robot" {
  runner = "robot"
  files  = ["web.robot"]
}
test "openscap" {
  runner  = "openscap"
  files   = ["ssg.xml"]
  profile = "standard"
}
test "pester" {
  runner = "pester"
  files  = ["Web.Tests.ps1"]
}
test "tap" {
  runner = "shell"
  files  = ["tap.sh"]
}
test "command" {
  command = "ssh -F \"$IMG_SSH_CONFIG\" \"$IMG_SSH_HOST\" test -e /prepared && test \"$KITCHEN_PORT\" = \"$IMG_PORT\" && test -n \"$IMG_DIGEST\""
}
test "other" {
  images = ["another"]
  command = "false"
}
"#;

/// In the guest: the programs the next suites need.
const PREPARE: &str = r#"#!/bin/sh -e
test "$WHO" = "it's us"
touch /prepared
cat > /usr/bin/oscap <<'END'
#!/bin/sh
[ "$1" = --version ] && { echo "OpenSCAP command line tool (oscap) 1.3.7"; exit 0; }
[ "$1 $2 $3 $4 $5" = "xccdf eval --profile standard --results" ] && [ -e "$7" ] || exit 1
echo '<Benchmark xmlns="x"><TestResult><rule-result idref="a"><result>pass</result></rule-result><rule-result idref="b"><result>notselected</result></rule-result></TestResult></Benchmark>' > "$6"
END
cat > /usr/bin/pwsh <<'END'
#!/bin/sh
[ "$1 $2 $3" = "-NoProfile -NonInteractive -EncodedCommand" ] || exit 64
script=$(echo "$4" | base64 -d | tr -d '\000')
out=$(echo "$script" | sed "s/.*OutputPath = '\([^']*\)'.*/\1/")
test -e "$(echo "$script" | sed "s/.*Run.Path = '\([^']*\)'.*/\1/")" || exit 65
echo '<testsuites><testsuite name="Pester"><testcase name="Web.serves" time="0.1"/></testsuite></testsuites>' > "$out"
END
chmod +x /usr/bin/oscap /usr/bin/pwsh
"#;

#[test]
fn suites_of_every_kind_look_at_a_guest_and_their_verdicts_open_gates() {
    let mut home = Home::new();
    let key = add_tiny(&home);
    home.write("tests.goldsmith.hcl", SUITES);
    home.write("prepare.sh", PREPARE);
    home.write("tap.sh", "echo 1..2\necho ok 1 - here\necho 'ok 2 # skip no net'\n");
    for name in ["goss.yaml", "web.robot", "ssg.xml", "Web.Tests.ps1", "profile/inspec.yml"] {
        home.write(name, "x");
    }
    program(
        &home,
        "goss",
        "#!/bin/sh\n[ \"$1\" = --version ] && { echo goss version v0.4.9; exit 0; }\n\
         [ \"$1\" = -g ] && [ -e \"$2\" ] && [ \"$3\" = validate ] && [ -e /prepared ] || exit 78\n\
         echo '<testsuite name=\"goss\" tests=\"1\"><testcase name=\"File /etc/passwd\" time=\"0.001\"></testcase></testsuite>'\n",
    );
    program(
        &home,
        "inspec",
        "#!/bin/sh\n[ \"$1\" = version ] && { echo 5.22.3; exit 0; }\n[ \"$1\" = exec ] && [ -d \"$2\" ] && [ \"$3\" = --target ] && [ \"$5\" = --key-files ] || exit 1\n\
         port=${4##*:}; user=${4#ssh://}; user=${user%@*}\n\
         ssh -q -i \"$6\" -p $port -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null $user@127.0.0.1 test -e /prepared || exit 1\n\
         for last; do :; done\n\
         echo '<testsuites><testsuite name=\"p\"><testcase classname=\"p\" name=\"a\"/><testcase classname=\"p\" name=\"b\"><skipped/></testcase></testsuite></testsuites>' > ${last#junit2:}\nexit 101\n",
    );
    program(
        &home,
        "robot",
        "#!/bin/sh\n[ \"$1\" = --version ] && { echo Robot Framework 6.0; exit 251; }\nwhile [ $# -gt 0 ]; do case $1 in --xunit) out=$2; shift;; --variable) eval \"$(echo $2 | sed 's/:/=\"/; s/$/\"/')\"; shift;; esac; shift; done\n\
         [ \"$IMG_HOST\" = 127.0.0.1 ] || exit 252\n\
         echo '<testsuite name=\"Web\"><testcase classname=\"Web\" name=\"One\"/><testcase classname=\"Web\" name=\"Two\"><failure message=\"404\"/></testcase></testsuite>' > $out\nexit 1\n",
    );
    let path = std::env::var("PATH").unwrap();
    home.set("PATH", format!("{}:{path}", home.work().join("bin").display()));

    home.run(&["policy", "set", "--class", "production", "--suite", "goss"]).succeeded();
    let blocked = home.run(&["promote", "tiny"]);
    assert!(blocked.code == 1 && blocked.all().contains("never ran"), "{}", blocked.all());

    let login = ["--tests", ".", "--key", &key, "--accelerator", "tcg"];
    let all = home.run(&[["test", "tiny", "--junit", "junit.xml", "--json"].as_slice(), &login].concat());
    let report = all.json();
    assert_eq!(all.code, 1, "robot has a failure: {report:#}");
    assert_eq!(report["unchanged"], true);
    let passed = |name: &str, cases: &[&str]| {
        assert_eq!(
            counts(suite(&report, name)),
            ("pass".to_owned(), cases.iter().map(|c| (*c).to_owned()).collect()),
            "{report:#}"
        );
    };
    passed("prepare", &["passed"]);
    passed("goss", &["passed"]);
    passed("inspec", &["passed", "skipped"]);
    passed("openscap", &["passed"]);
    passed("pester", &["passed"]);
    passed("tap", &["passed", "skipped"]);
    passed("command", &["passed"]);
    assert_eq!(suite(&report, "robot")["outcome"], "fail");
    assert_eq!(suite(&report, "robot")["message"], "Web: Two: 404");
    assert_eq!(suite(&report, "goss")["runner"], "goss version v0.4.9");
    assert!(report["suites"].as_array().unwrap().iter().all(|suite| suite["suite"] != "other"));
    let junit = std::fs::read_to_string(home.work().join("junit.xml")).unwrap();
    assert!(junit.contains("<testsuite name=\"robot\" tests=\"2\" failures=\"1\" errors=\"0\""), "{junit}");

    let shown = home.run(&["image", "show", "tiny"]).succeeded();
    assert!(shown.stdout.contains("quarantined"), "{}", shown.stdout);
    home.run(&["image", "verify", "tiny"]).succeeded();

    // The failure is gone, one suite runs alone, the gate opens.
    program(
        &home,
        "robot",
        "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\nwhile [ $# -gt 0 ]; do [ $1 = --xunit ] && out=$2; shift; done\n\
         echo '<testsuite name=\"Web\"><testcase name=\"One\"/></testsuite>' > $out\n",
    );
    let again = home.run(&[["test", "tiny", "--suite", "robot"].as_slice(), &login].concat()).succeeded();
    assert!(
        again.stdout.contains("passed  robot") && again.stdout.contains("same bytes as before"),
        "{}",
        again.all()
    );
    home.run(&["promote", "tiny"]).succeeded();
    let history = home.run(&["image", "history", "tiny"]).succeeded();
    assert!(history.stdout.contains("robot says fail") && history.stdout.contains("robot says pass"));
    home.assert_nothing_left();
}

#[test]
fn a_guest_that_cannot_be_reached_and_a_suite_without_cases_are_errors_and_no_failures() {
    let home = Home::new();
    let key = add_tiny(&home);
    home.write("empty.sh", "echo 1..0\n");
    let login = ["--key", key.as_str(), "--accelerator", "tcg"];
    let stranger = home.work().join("stranger").display().to_string();
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &stranger]).status();
    assert!(made.unwrap().success());

    let closed =
        home.run(&["test", "tiny", "--shell", "empty.sh", "--key", &stranger, "--wait", "25", "--json"]);
    let report = closed.json();
    assert_eq!((closed.code, suite(&report, "shell")["outcome"].as_str()), (2, Some("error")), "{report:#}");
    assert!(suite(&report, "shell")["message"].as_str().unwrap().contains("refused"), "{report:#}");

    home.write("hang.sh", "sleep 600\n");
    home.write(
        "t/tests.goldsmith.hcl",
        "test \"empty\" {\n  runner = \"shell\"\n  files = [\"../empty.sh\"]\n}\n\
         test \"hang\" {\n  runner = \"shell\"\n  files = [\"../hang.sh\"]\n  timeout = \"3s\"\n}\n\
         test \"gone\" {\n  runner = \"goss\"\n  files = [\"../empty.sh\"]\n}\n",
    );
    let ran = home.run(&[["test", "tiny", "--tests", "t", "--json"].as_slice(), &login].concat());
    let report = ran.json();
    assert_eq!(ran.code, 2, "{report:#}");
    for (name, words) in
        [("empty", "no cases"), ("hang", "did not end within 3 s"), ("gone", "not installed")]
    {
        let suite = suite(&report, name);
        assert_eq!(suite["outcome"], "error", "{suite:#}");
        assert!(suite["message"].as_str().unwrap().contains(words), "{suite:#}");
    }
    let shown = home.run(&["image", "show", "tiny"]).succeeded();
    assert!(!shown.stdout.contains("quarantined"), "{}", shown.stdout);
    let none = home.run(&["test", "tiny"]);
    assert!(none.code == 1 && none.all().contains("--shell smoke.sh"), "{}", none.all());
    home.assert_nothing_left();
}

const TESTINFRA: &str = "
def test_system(host):
    assert host.system_info.distribution == 'debian'
    assert host.file('/etc/os-release').exists

def test_ssh(host):
    assert host.package('openssh-server').is_installed
    assert host.service('ssh').is_running
";

const SERVERSPEC: &str = "
describe package('openssh-server') do
  it { should be_installed }
end

describe port(22) do
  it { should be_listening }
end

describe user('root') do
  it { should have_home_directory '/root' }
end
";

/// A Debian built from packages, with nothing in it to log in with: systemd's credential lets the test in.
#[test]
fn testinfra_serverspec_and_bats_look_at_a_debian_that_no_login_was_left_in() {
    let wanted: [(&str, &[&str]); 4] = [
        ("mmdebstrap", &["mmdebstrap", "--version"]),
        ("python3-testinfra", &["/usr/bin/python3", "-c", "import testinfra"]),
        ("ruby-serverspec", &["ruby", "-e", "require 'serverspec'"]),
        ("bats", &["bats", "--version"]),
    ];
    let missing: Vec<&str> =
        wanted.iter().filter(|(_, probe)| !installed(probe)).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        println!("skipped: {}, which test the image or make it, not installed", missing.join(", "));
        return;
    }
    let home = Home::new();
    home.write(
        "debian.pkr.hcl",
        "source \"bootstrap\" \"debian\" {\n  distribution = \"debian\"\n  suite = \"bookworm\"\n  disk_size = \"2G\"\n  memory = 512\n  \
         ssh_username = \"root\"\n  ssh_timeout = \"15m\"\n  output_directory = \"out\"\n  packages = [\"iproute2\"]\n}\n\
         build {\n  sources = [\"source.bootstrap.debian\"]\n}\n",
    );
    home.write("test_debian.py", TESTINFRA);
    home.write("debian_spec.rb", SERVERSPEC);
    home.write(
        "ssh.bats",
        "@test \"the guest answers\" {\n  run ssh -F \"$IMG_SSH_CONFIG\" guest id -un\n  [ \"$output\" = root ]\n}\n",
    );
    home.write(
        "tests.goldsmith.hcl",
        "test \"infra\" {\n  runner = \"testinfra\"\n  files = [\"test_debian.py\"]\n}\n\
         test \"spec\" {\n  runner = \"serverspec\"\n  files = [\"debian_spec.rb\"]\n}\n\
         test \"bats\" {\n  runner = \"bats\"\n  files = [\"ssh.bats\"]\n}\n",
    );
    home.run(&["build", "debian.pkr.hcl"]).succeeded();
    let tested = home.run(&["test", "debian", "--json"]);
    let report = tested.json();
    assert_eq!(tested.code, 0, "{report:#}");
    assert_eq!(suite(&report, "infra")["cases"].as_array().unwrap().len(), 2, "{report:#}");
    assert_eq!(suite(&report, "spec")["cases"].as_array().unwrap().len(), 3, "{report:#}");
    assert_eq!(suite(&report, "bats")["cases"].as_array().unwrap().len(), 1, "{report:#}");
    let shown = home.run(&["image", "show", "debian"]).succeeded();
    assert!(shown.stdout.contains("tested"), "{}", shown.stdout);

    // What RSpec calls a success without examples is none here.
    home.write("debian_spec.rb", "");
    let empty = home.run(&["test", "debian", "--suite", "spec", "--no-record"]);
    assert_eq!(empty.code, 2, "{}", empty.all());
    home.assert_nothing_left();
}
