import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { requirements } from "../lib/requirements.mjs";
import { aptHarm, debianMirror, family, met, osRelease, packagesFor, shell, tooOld } from "../lib/system.mjs";
import { compareVersions } from "../lib/toolchain.mjs";
import { count, nodeTests, rustTests, vitest } from "../lib/counts.mjs";

const scripts = dirname(dirname(fileURLToPath(import.meta.url)));

test("the family of a system comes from ID or ID_LIKE", () => {
  const of = (text) => family(osRelease(text));
  assert.equal(of("ID=debian\n"), "apt");
  assert.equal(of('ID=linuxmint\nID_LIKE="ubuntu debian"\n'), "apt");
  assert.equal(of("ID=fedora\n"), "dnf");
  assert.equal(of('ID="rocky"\nID_LIKE="rhel centos fedora"\n'), "dnf");
  assert.equal(of("ID=manjaro\nID_LIKE=arch\n"), "pacman");
  assert.equal(of('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n'), "zypper");
  assert.equal(of("ID=plan9\n"), null);
});

test("a system without WebKitGTK 4.1 is named as too old", () => {
  assert.match(tooOld({ ID: "debian", VERSION_ID: "11", PRETTY_NAME: "Debian 11" }), /Debian 11 has no WebKitGTK 4\.1/);
  assert.equal(tooOld({ ID: "debian", VERSION_ID: "12" }), null);
  assert.equal(tooOld({ ID: "arch" }), null);
});

test("every requirement says why, how it is found, and what each family calls it", () => {
  for (const requirement of requirements) {
    assert.ok(requirement.why.length > 5, requirement.id);
    assert.equal(Object.keys(requirement.probe).length, 1, requirement.id);
    for (const kind of ["apt", "dnf", "pacman", "zypper"]) {
      const names = requirement[kind];
      assert.ok(names === null || names.every((name) => /^[a-z0-9][a-z0-9+._-]+$/i.test(name)), `${requirement.id} on ${kind}`);
    }
    assert.notEqual(requirement.apt, null, `${requirement.id}: Debian has everything`);
  }
});

test("what a family lacks is told apart from what it has", () => {
  const chosen = requirements.filter(({ id }) => id === "mmdebstrap" || id === "xorriso");
  const { packages, without } = packagesFor(chosen, "pacman");
  assert.deepEqual(packages, ["libisoburn"]);
  assert.deepEqual(without.map(({ id }) => id), ["mmdebstrap"]);
});

test("probes find commands outside an ordinary user's PATH, and miss what is not there", () => {
  assert.equal(met({ probe: { command: "sh" } }), true);
  assert.equal(met({ probe: { command: "goldsmith-no-such-command" } }), false);
  assert.equal(met({ probe: { file: ["/no/such", "/etc/passwd"] } }), true);
  assert.equal(met({ probe: { file: ["/no/such"] } }), false);
});

test("removals and downgrades are seen in apt's simulation", () => {
  const removal = "Reading package lists...\nRemv qemu-utils [1:10.0.2]\nInst qemu-system-x86 (1:7.2)\n";
  assert.deepEqual(aptHarm(removal), ["Remv qemu-utils [1:10.0.2]"]);
  const downgrade = "The following packages will be DOWNGRADED:\n  libfoo libbar\n0 upgraded, 2 downgraded\n";
  assert.deepEqual(aptHarm(downgrade), ["downgrade:  libfoo libbar"]);
  assert.deepEqual(aptHarm("Inst xorriso (1.5)\nConf xorriso (1.5)\n"), []);
});

test("Debian's mirror is read from both formats, and never the security archive or a foreign source", () => {
  const deb822 = [
    "Types: deb\nURIs: http://mirror.example/tool\nSuites: nodistro\nSigned-By: /usr/share/keyrings/tool.gpg",
    "Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg",
    "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg",
  ].join("\n\n");
  assert.equal(debianMirror(deb822), "http://mirror.example/debian");
  assert.equal(debianMirror("deb [arch=amd64] http://mirror.example/debian bookworm main\n"), "http://mirror.example/debian");
  assert.equal(debianMirror("deb http://mirror.example/tool stable main\n"), null);
});

test("commands are printed so that they can be pasted", () => {
  assert.equal(shell(["apt-get", ["install", "a b", "it's"]]), `apt-get install 'a b' 'it'\\''s'`);
});

test("versions compare by number", () => {
  assert.ok(compareVersions("1.90", "1.100.0") < 0);
  assert.equal(compareVersions("1.90", "1.90.0"), 0);
  assert.ok(compareVersions("20.20.2", "20") > 0);
});

/** Runs the real setup script in a copy of the environment with doubles of apt in front. */
function setup(doubles, { uid = null, args = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "goldsmith-setup-test-"));
  try {
    for (const [name, body] of Object.entries(doubles)) {
      writeFileSync(join(folder, name), `#!/bin/sh\nlog='${folder}/log'\n${body}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    chmodSync(folder, 0o777);
    const script = `
      process.getuid = () => ${uid ?? 1000};
      const { ensure } = await import(${JSON.stringify(join(scripts, "lib/system.mjs"))});
      const { entry } = await import(${JSON.stringify(join(scripts, "lib/term.mjs"))});
      await entry(() => ensure([{ id: "gadget", group: "run", why: "makes the test", probe: { command: "goldsmith-gadget" },
        apt: ["gadget"], dnf: ["gadget"], pacman: ["gadget"], zypper: ["gadget"] }], ${JSON.stringify({ yes: args.includes("--yes") })}));`;
    const done = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      input: "",
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, NO_COLOR: "1" },
    });
    let log = "";
    try {
      log = readFileSync(join(folder, "log"), "utf8");
    } catch {
      // nothing was called
    }
    return { ...done, log };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const debian = family(osRelease(readFileSync("/etc/os-release", "utf8"))) === "apt";
const aptDouble = `case "$*" in
  *-s*) echo "Inst gadget (1.0)";;
  *install*) echo "apt-get $*" >> "$log"; printf '#!/bin/sh\\n' > "$(dirname "$0")/goldsmith-gadget"; chmod 755 "$(dirname "$0")/goldsmith-gadget";;
esac`;
const aptCacheDouble = `printf 'gadget:\\n  Candidate: 1.0\\n'`;

test("with neither root nor --yes nor a terminal, the command is printed and nothing runs", { skip: !debian && "needs an apt system" }, () => {
  const done = setup({ "apt-get": aptDouble, "apt-cache": aptCacheDouble, sudo: `echo "sudo $*" >> "$log"; exec "$@"` });
  assert.equal(done.status, 1);
  assert.match(done.stderr, /sudo apt-get .*--no-remove .*install gadget/);
  assert.equal(done.log, "");
});

test("--yes makes one call, through sudo", { skip: !debian && "needs an apt system" }, () => {
  const done = setup({ "apt-get": aptDouble, "apt-cache": aptCacheDouble, sudo: `echo "sudo $*" >> "$log"; exec "$@"` }, { args: ["--yes"] });
  assert.equal(done.status, 0, done.stderr + done.stdout);
  assert.equal(done.log.split("\n").filter((line) => line.startsWith("sudo ")).length, 1);
});

test("root needs no sudo and is not asked", { skip: !debian && "needs an apt system" }, () => {
  const done = setup({ "apt-get": aptDouble, "apt-cache": aptCacheDouble }, { uid: 0 });
  assert.equal(done.status, 0, done.stderr + done.stdout);
  assert.match(done.log, /^apt-get .*install gadget$/m);
});

test("a removal stops everything and is shown", { skip: !debian && "needs an apt system" }, () => {
  const removing = `case "$*" in *-s*) echo "Remv precious [2.0]"; echo "Inst gadget (1.0)";; *install*) echo "apt-get $*" >> "$log";; esac`;
  const done = setup({ "apt-get": removing, "apt-cache": aptCacheDouble }, { uid: 0 });
  assert.equal(done.status, 1);
  assert.match(done.stderr, /would remove or downgrade[\s\S]*Remv precious/);
  assert.equal(done.log, "");
});

test("the counts of test runners are read, with skipped tests apart", () => {
  const cargo = "---- a stdout ----\nskipped: no QEMU here\n\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n\ntest result: FAILED. 4 passed; 2 failed; 0 ignored;\n";
  assert.deepEqual(rustTests(cargo), { passed: 6, failed: 2, skipped: 2 });
  assert.deepEqual(nodeTests("# tests 5\n# pass 3\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n"), { passed: 3, failed: 1, skipped: 1 });
  assert.deepEqual(vitest(" Test Files  1 passed (1)\n      Tests  1 failed | 12 passed | 2 skipped (15)\n"), { passed: 12, failed: 1, skipped: 2 });
  assert.equal(count({ passed: 2, failed: 0, skipped: 0 }), "2 passed, 0 failed");
});
