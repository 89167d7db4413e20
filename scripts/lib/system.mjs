// The system's packages: which are missing, what their installation would do, and one call to install them.
import { accessSync, constants, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { Problem, bold, confirm, output, run, say } from "./term.mjs";

const SBIN = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Where a command is found, or null. System administrators' folders count: not every user has them in PATH. */
export function which(name, path = process.env.PATH ?? "") {
  for (const folder of [...path.split(":"), ...SBIN]) {
    if (!folder) continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not here
    }
  }
  return null;
}

/** Whether what a requirement is for can be found. */
export function met({ probe }) {
  if (probe.command) return which(probe.command) !== null;
  if (probe.pkgconfig) return output("pkg-config", ["--exists", probe.pkgconfig]) !== null;
  return probe.file.some((path) => existsSync(path));
}

/** The fields of /etc/os-release. */
export function osRelease(text) {
  const fields = {};
  for (const line of text.split("\n")) {
    const match = /^([A-Z_]+)=(?:"(.*)"|(.*))$/.exec(line.trim());
    if (match) fields[match[1]] = match[2] ?? match[3];
  }
  return fields;
}

/** The package family of a system, from its os-release: apt, dnf, pacman or zypper; null when unknown. */
export function family(release) {
  const names = [release.ID, ...(release.ID_LIKE ?? "").split(" ")];
  const is = (...known) => names.some((name) => known.includes(name));
  if (is("debian", "ubuntu")) return "apt";
  if (is("fedora", "rhel", "centos")) return "dnf";
  if (is("arch")) return "pacman";
  if (is("opensuse", "suse", "opensuse-tumbleweed", "opensuse-leap", "sles")) return "zypper";
  return null;
}

/** The systems whose packages have what the window needs, with the oldest version that does. */
const OLDEST = { debian: 12, ubuntu: 22.04, fedora: 39, "opensuse-leap": 15.6 };

/** A sentence when this version of the system is too old for the window, else null. */
export function tooOld(release) {
  const oldest = OLDEST[release.ID];
  if (!oldest || !release.VERSION_ID || Number.parseFloat(release.VERSION_ID) >= oldest) return null;
  return `${release.PRETTY_NAME ?? release.ID} has no WebKitGTK 4.1; the window needs ${release.ID} ${oldest} or newer.`;
}

/** Package names for the requirements that are not met; those the family lacks are returned apart. */
export function packagesFor(missing, kind) {
  const packages = new Set();
  const without = [];
  for (const requirement of missing) {
    if (requirement[kind] === null) without.push(requirement);
    else for (const name of requirement[kind]) packages.add(name);
  }
  return { packages: [...packages], without };
}

/**
 * apt's options that let packages come from the release's backports for this call alone.
 *
 * A machine whose qemu-utils came from backports cannot take the release's older qemu-system beside it: apt
 * would have to remove qemu-utils. Then the rest of QEMU comes from where that one came from, through a
 * source list and a preference in a folder of our own; the machine's sources stay as they are.
 */
function backportsOptions(release, folder) {
  const suite = `${release.VERSION_CODENAME}-backports`;
  const mirror = debianMirror(readAptSources());
  if (!mirror) return null;
  mkdirSync(join(folder, "lists", "partial"), { recursive: true });
  const signed = "/usr/share/keyrings/debian-archive-keyring.gpg";
  writeFileSync(join(folder, "sources.list"), `deb [signed-by=${signed}] ${mirror} ${suite} main\n`);
  writeFileSync(
    join(folder, "preferences"),
    `Package: qemu-* seabios\nPin: release n=${suite}\nPin-Priority: 990\n`,
  );
  return [
    "-o", `Dir::Etc::SourceList=${join(folder, "sources.list")}`,
    "-o", `Dir::State::lists=${join(folder, "lists")}`,
    "-o", `Dir::Etc::Preferences=${join(folder, "preferences")}`,
  ];
}

/** The machine's apt sources as text, both formats. */
function readAptSources() {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...files]
    .filter((path) => existsSync(path) && /\.(list|sources)$/.test(path))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n\n");
}

/** The first mirror of Debian's own archive named in apt sources. */
export function debianMirror(text) {
  const stanza = text
    .split(/\n\s*\n/)
    .find((part) => /^URIs:/m.test(part) && /debian-archive-keyring/.test(part) && !/^Suites:.*-security/m.test(part));
  const deb822 = stanza && /^URIs:\s*(\S+)/m.exec(stanza);
  const line = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian\/?)\s/m.exec(text);
  return (deb822 ?? line)?.[1] ?? null;
}

/** What `apt-get -s` says would be removed or downgraded, as its own lines. */
export function aptHarm(simulation) {
  const lines = simulation.split("\n");
  const downgrades = lines.findIndex((line) => /DOWNGRADED/.test(line));
  const named = [];
  for (let i = downgrades + 1; downgrades >= 0 && /^\s/.test(lines[i] ?? ""); i += 1) named.push(`downgrade:${lines[i]}`);
  return [...lines.filter((line) => line.startsWith("Remv ")), ...named];
}

const aptEnv = { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
const APT = ["-o", "DPkg::Lock::Timeout=400"];

function aptSimulate(options, packages) {
  const done = spawnSync("apt-get", [...options, "-s", "--no-remove", "--no-install-recommends", "install", ...packages], {
    encoding: "utf8",
    env: { ...process.env, ...aptEnv },
  });
  return { ok: done.status === 0, text: `${done.stdout}${done.stderr}` };
}

/**
 * How to install packages here: commands to run as root, in order, and what the package manager would say.
 * Throws a Problem where it would remove, downgrade or replace something.
 */
async function installation(kind, release, packages, asRoot) {
  // dnf erases only with --allowerasing; pacman and zypper answer a conflict with "no" and stop.
  if (kind === "dnf") return [["dnf", ["install", "-y", "--setopt=install_weak_deps=False", ...packages]]];
  if (kind === "pacman") return [["pacman", ["-S", "--needed", "--noconfirm", ...packages]]];
  if (kind === "zypper") return [["zypper", ["--non-interactive", "install", "--no-recommends", ...packages]]];

  if (asRoot && !aptKnows(packages)) {
    say("Reading the package lists");
    await run("apt-get", [...APT, "-q", "update"], { env: aptEnv, quiet: true });
  }
  const plain = aptSimulate([], packages);
  if (plain.ok) {
    const harm = aptHarm(plain.text);
    if (harm.length === 0) return [aptCall([], packages)];
    throw new Problem(`apt would remove or downgrade packages, so nothing was done:\n  ${harm.join("\n  ")}`);
  }
  if (release.ID === "debian" && /~bpo/.test(output("dpkg-query", ["-W", "-f", "${Version}", "qemu-utils"]) ?? "")) {
    const folder = join(tmpdir(), `goldsmith-setup-${process.getuid()}`);
    const options = backportsOptions(release, folder);
    if (options) {
      await run("apt-get", [...APT, ...options, "-q", "update"], { env: aptEnv, quiet: true });
      const simulated = aptSimulate(options, packages);
      if (simulated.ok && aptHarm(simulated.text).length === 0) {
        say("qemu-utils is installed from backports: the rest of QEMU comes from there too, for this call only");
        return [aptCall(options, packages)];
      }
    }
  }
  throw new Problem(
    `apt cannot install what is missing without harm, so nothing was done. It says:\n${indent(plain.text.trim())}`,
  );
}

/** Whether apt's lists have every package. */
function aptKnows(packages) {
  return packages.every((name) => /^\s+Candidate: \S*\d/m.test(output("apt-cache", ["policy", name]) ?? ""));
}

function aptCall(options, packages) {
  return ["apt-get", [...APT, ...options, "-q", "-y", "--no-remove", "--no-install-recommends", "install", ...packages]];
}

const indent = (text) => text.split("\n").map((line) => `  ${line}`).join("\n");
const quote = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
export const shell = ([program, args]) => [program, ...args].map(quote).join(" ");

/**
 * Makes sure that every requirement is met: shows what is missing, asks once, makes one call.
 * Goes ahead as root or with `yes`; with no terminal to ask on it prints the command and stops.
 */
export async function ensure(requirements, { yes = false } = {}) {
  const missing = requirements.filter((requirement) => !met(requirement));
  if (missing.length === 0) return;
  if (process.platform !== "linux") {
    throw new Problem(`Goldsmith runs on Linux x86-64; this is ${process.platform}. Nothing was changed.`);
  }
  const release = osRelease(readFileSync("/etc/os-release", "utf8"));
  const kind = family(release);
  const list = missing.map((requirement) => `  ${requirement.id.padEnd(24)} ${requirement.why}`).join("\n");
  if (!kind) {
    throw new Problem(`These are missing, and no package table is known for ${release.PRETTY_NAME ?? "this system"}:\n${list}`);
  }
  const old = tooOld(release);
  if (old && missing.some((requirement) => requirement.group === "build")) throw new Problem(old);
  const { packages, without } = packagesFor(missing, kind);
  say(`Missing on this machine:\n${list}`);
  for (const requirement of without) say(`${requirement.id}: ${kind} has no package; what needs it (${requirement.why}) will say so`);
  if (packages.length === 0) return;

  const root = process.getuid() === 0;
  const calls = await installation(kind, release, packages, root);
  const commands = calls.map((call) => (root ? shell(call) : `sudo ${shell(call)}`)).join(" && ");
  if (!root && !yes) {
    if (!process.stdin.isTTY) throw new Problem(`Install them with this command, then start again:\n  ${commands}`);
    process.stdout.write(`This would be run:\n  ${bold(commands)}\n`);
    if (!(await confirm("Install these packages?"))) throw new Problem("Nothing was installed.");
  }
  say(`Installing ${packages.length} packages: ${packages.join(" ")}`);
  for (const call of calls) {
    const [program, args] = root ? call : ["sudo", [call[0], ...call[1]]];
    const { code, text } = await run(program, args, { env: aptEnv, quiet: true });
    if (code !== 0) throw new Problem(`${shell(call)} failed:\n${indent(text.trim().split("\n").slice(-15).join("\n"))}`);
  }
  const still = packagesFor(missing.filter((requirement) => !met(requirement)), kind).packages;
  if (still.length > 0) throw new Problem(`Installed, yet not found afterwards: ${still.join(" ")}`);
}
