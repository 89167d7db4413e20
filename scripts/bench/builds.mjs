// Builds of the tiny guest: Goldsmith, the distribution's Packer, and the same steps by hand in plain QEMU,
// alternating in one run, so that the machine's mood is shared.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Problem, output, say } from "../lib/term.mjs";
import { which } from "../lib/system.mjs";
import { program, root } from "../lib/project.mjs";
import { guest } from "../../tests/ui/tiny.mjs";
import { byHand } from "./byhand.mjs";
import { assertPoweredOff } from "./ext4.mjs";
import { median, spread } from "./measure.mjs";
import { timed } from "./timed.mjs";

const fixture = join(root, "tests/fixtures/bench");
const GOAL_ADDED_S = 0.7;

const COMPARED = `Compared, in turn, in every round: the same guest and commands
  by hand    plain QEMU: boot, the commands over one SSH connection, power off. The copy of the image is made before
             the clock starts, and no outputs are made.
  Goldsmith  build --no-cache --no-library of tests/fixtures/bench/tiny.pkr.hcl
  Packer     build of the same file
"Adds" is Goldsmith's median less that of the work by hand: the start of its programs, the plan, the copy of the image,
the wait for SSH, the uploads, compaction, checksum, manifest and tar.gz all count as added.`;

/** Rows of the table of parts: name in a result's `parts`, and what it is called. */
const ROWS = [
  ["prepare", "prepare, until QEMU is started"],
  ["boot", "boot to an SSH login"],
  ["shell", "shell: two commands"],
  ["file", "file: 1 MiB"],
  ["shell-2", "shell: two commands"],
  ["shell-3", "shell: a script"],
  ["power-off", "power-off"],
  ["compact", "compaction"],
  ["post", "post-processors, side by side or in turn"],
  ["checksum", "  checksum"],
  ["manifest", "  manifest"],
  ["compress", "  tar.gz"],
  ["end", "to the end of the program"],
];

function clean(folder) {
  for (const name of ["out-disk", "manifest.json", "tiny.tar.gz"]) rmSync(join(folder, name), { recursive: true, force: true });
}

/** One build by Goldsmith. */
async function goldsmith(folder, variables) {
  clean(folder);
  const env = { ...process.env, GOLDSMITH_HOME: join(folder, "home") };
  const args = ["build", "--json", "--no-cache", "--no-library", ...variables, "tiny.pkr.hcl"];
  const { startedAt, took, lines } = await timed("goldsmith build", program("goldsmith", "release"), args, { cwd: folder, env });
  const { result } = JSON.parse(lines.at(-1).text);
  const steps = new Map(result.jobs[0].steps.map((step) => [step.id, step]));
  const began = (id) => (steps.get(id).started_at - startedAt) / 1000;
  const length = (id) => steps.get(id).duration_ms / 1000;
  const parts = { prepare: began("start"), boot: began("connect") + length("connect") - began("start") };
  for (const id of ["shell", "file", "shell-2", "shell-3", "compact", "checksum", "manifest", "compress"]) parts[id] = length(id);
  parts["power-off"] = length("shutdown");
  parts.post = began("finish") - began("checksum");
  parts.end = took - began("finish");
  return { took, parts, disk: join(folder, "out-disk/tiny") };
}

/** What Packer says as each part begins, in order. */
const PACKER_SAYS = [
  ["boot", /Starting VM/],
  ["shell", /Connected to SSH/],
  ["file", /Uploading payload/],
  ["shell-2", /Provisioning with shell script: (?!step3)/],
  ["shell-3", /Provisioning with shell script: step3/],
  ["power-off", /Gracefully halting/],
  ["compact", /Converting hard drive/],
  ["checksum", /post-processor:.*checksum/],
  ["manifest", /post-processor:.*manifest/],
  ["compress", /post-processor:.*compress/],
  ["end", /^Build '/],
];

/** One build by Packer. `retried`: its first try to log in failed, and it tried again. */
async function packer(folder, variables) {
  clean(folder);
  const log = join(folder, "packer.log");
  rmSync(log, { force: true });
  const env = { ...process.env, PACKER_LOG: "1", PACKER_LOG_PATH: log, CHECKPOINT_DISABLE: "1" };
  const { took, lines } = await timed("packer build", "packer", ["build", "-color=false", ...variables, "tiny.pkr.hcl"], { cwd: folder, env });
  const parts = {};
  let [part, since, next] = ["prepare", 0, 0];
  for (const { at, text } of lines) {
    // The first script is announced in the same words as the second: it begins with the login.
    const found = PACKER_SAYS.findIndex(([, says], index) => index === next && says.test(text));
    if (found < 0) continue;
    parts[part] = at - since;
    [part, since, next] = [PACKER_SAYS[found][0], at, found + 1];
  }
  parts[part] = took - since;
  if (next !== PACKER_SAYS.length) throw new Problem(`packer's output has no line like ${PACKER_SAYS[next][1]}`);
  parts.post = parts.checksum + parts.manifest + parts.compress;
  const tries = readFileSync(log, "utf8").match(/handshaking with SSH/g)?.length ?? 0;
  return { took, parts, retried: tries > 1, disk: join(folder, "out-disk/tiny") };
}

function table(medians) {
  const cell = (value) => (value === undefined ? "-" : value.toFixed(2)).padStart(10);
  const lines = [`${"seconds (medians)".padEnd(42)}${Object.keys(medians).map((name) => name.padStart(10)).join("")}`];
  for (const [id, name] of ROWS) lines.push(`${name.padEnd(42)}${Object.values(medians).map((parts) => cell(parts[id])).join("")}`);
  return lines.join("\n");
}

/** The median of every part over some results. */
function mediansOf(results) {
  if (results.length === 0) return {};
  return Object.fromEntries(Object.keys(results[0].parts).map((id) => [id, median(results.map(({ parts }) => parts[id]))]));
}

/** Runs the comparison and prints it; returns the figures and whether the goals are met. */
export async function builds({ rounds }) {
  if (!which("packer")) throw new Problem("the distribution's packer is not installed: it is what builds are measured against");
  const tiny = dirname(guest().disk);
  const folder = mkdtempSync(join(tmpdir(), "goldsmith-bench-"));
  try {
    cpSync(fixture, folder, { recursive: true });
    writeFileSync(join(folder, "payload.bin"), Buffer.alloc(1 << 20, "goldsmith "));
    mkdirSync(join(folder, "home"));
    const variables = ["-var", `tiny=${tiny}`];
    console.log(COMPARED);
    const first = await goldsmith(folder, variables);
    say(`the first build of all, which measures the accelerators once and remembers: ${first.took.toFixed(2)} s (not counted)`);
    const results = { "by hand": [], Goldsmith: [], Packer: [] };
    for (let round = 1; round <= rounds; round += 1) {
      for (const [name, one] of [["by hand", () => byHand(folder, tiny)], ["Goldsmith", () => goldsmith(folder, variables)], ["Packer", () => packer(folder, variables)]]) {
        const { disk, ...result } = await one();
        await assertPoweredOff(name, disk);
        results[name].push(result);
      }
      const last = Object.entries(results).map(([name, list]) => `${name} ${list.at(-1).took.toFixed(2)} s`);
      say(`round ${round}: ${last.join(", ")}${results.Packer.at(-1).retried ? " (its first SSH try failed)" : ""}`);
    }
    return report(results, first.took, rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(results, first, rounds) {
  const tookOf = (list) => list.map(({ took }) => took);
  const clear = results.Packer.filter(({ retried }) => !retried);
  const retried = results.Packer.filter((one) => one.retried);
  const [bare, ours, peer] = [tookOf(results["by hand"]), tookOf(results.Goldsmith), tookOf(clear.length > 0 ? clear : retried)];
  const added = median(ours) - median(bare);
  const medians = { "by hand": mediansOf(results["by hand"]), Goldsmith: mediansOf(results.Goldsmith), Packer: mediansOf(clear.length > 0 ? clear : retried) };
  console.log(`by hand    ${spread(bare)}`);
  console.log(`Goldsmith  ${spread(ours)}   adds ${added.toFixed(2)} s (goal: at most ${GOAL_ADDED_S.toFixed(2)} s)`);
  console.log(`Packer     ${spread(tookOf(clear))}   runs whose first SSH try failed, apart: ${spread(tookOf(retried))}`);
  console.log(table(medians));
  console.log("Every guest powered off cleanly: no journal to replay on any disk.");
  const version = (name, args) => output(name, args)?.split("\n")[0] ?? "unknown";
  return {
    met: added <= GOAL_ADDED_S && median(ours) < median(peer),
    rounds,
    added,
    medians: { "by hand": median(bare), Goldsmith: median(ours), Packer: median(peer) },
    parts: medians,
    first,
    versions: { packer: version("packer", ["version"]), qemu: version("qemu-system-x86_64", ["--version"]) },
    results,
  };
}
