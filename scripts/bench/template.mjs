// Reading and checking templates: on one thread inside the program, and one process per file beside the
// distribution's `packer validate -syntax-only`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Problem, say } from "../lib/term.mjs";
import { which } from "../lib/system.mjs";
import { must, program, root, targetDir } from "../lib/project.mjs";
import { median, spread } from "./measure.mjs";

/** The goals, in milliseconds, and how many times faster than Packer one process is. */
const GOALS = { open: 5, keystroke: 16, corpus: 2000, times: 15 };

const TEMPLATE = `variable "size" {
  type    = string
  default = "8G"
}

source "null" "web" {
  communicator = "none"
}

build {
  sources = ["source.null.web"]

  provisioner "shell-local" {
    inline = ["echo \${var.size}"]
  }
}
`;

/** Real templates that are one file for both programs, where the corpus is there. */
function files(corpus, folder) {
  const found = [];
  const walk = (at) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith(".pkr.hcl")) found.push(path);
    }
  };
  if (corpus) walk(corpus);
  const step = Math.max(1, Math.floor(found.length / 8));
  const chosen = found.sort().filter((_, index) => index % step === 0).slice(0, 8);
  const own = join(folder, "own.pkr.hcl");
  writeFileSync(own, TEMPLATE);
  return [own, ...chosen];
}

/** Milliseconds of one run. The verdict is each program's own: both have read the file when they end. */
function run(name, args) {
  const start = performance.now();
  const done = spawnSync(name, args, { encoding: "utf8", env: { ...process.env, CHECKPOINT_DISABLE: "1" } });
  if (done.error || done.status === null) throw new Problem(`${name} did not run: ${done.error?.message ?? done.signal}`);
  return performance.now() - start;
}

/** Measures; gives the figures, and in `met` whether the goals hold. */
export async function templateBench({ rounds }) {
  const cargo = ["build", "--release", "--locked", "--package", "goldsmith-template", "--example", "speed"];
  await must("the measurement of templates", "cargo", cargo, { quiet: true });
  const shared = process.env.GOLDSMITH_SHARED ?? join(dirname(root), "shared");
  const corpus = existsSync(join(shared, "corpus")) ? join(shared, "corpus") : null;
  const example = join(targetDir, "release", "examples", "speed");
  const measured = spawnSync(example, corpus ? [corpus] : [], { encoding: "utf8", maxBuffer: 1 << 24 });
  if (measured.status !== 0) throw new Problem(`${example} failed: ${measured.stderr ?? measured.error?.message}`);
  const inside = JSON.parse(measured.stdout);
  const verdict = (value, goal) => `${value.toFixed(2)} ms (goal ${goal} ms)`;
  say(`open and validate 20 KB   ${verdict(inside.open_validate_20k_ms, GOALS.open)}`);
  say(`a keystroke in 60 KB      ${verdict(inside.keystroke_60k_ms, GOALS.keystroke)}`);
  if (inside.corpus) say(`the corpus, ${inside.corpus.files} files     ${verdict(inside.corpus.total_ms, GOALS.corpus)}`);
  else say("skipped: the corpus is not here");

  const packer = which("packer");
  let process_ = null;
  const folder = mkdtempSync(join(tmpdir(), "goldsmith-bench-"));
  try {
    if (packer) {
      const ours = [];
      const theirs = [];
      for (let round = 0; round < rounds; round += 1) {
        for (const file of files(corpus, folder)) {
          ours.push(run(program("goldsmith", "release"), ["validate", "--syntax-only", file]));
          theirs.push(run(packer, ["validate", "-syntax-only", file]));
        }
      }
      const times = median(theirs) / median(ours);
      say(`one process per file      goldsmith ${spread(ours, "ms")}, packer ${spread(theirs, "ms")}: ${times.toFixed(1)} times faster (goal ${GOALS.times})`);
      process_ = { goldsmith_ms: median(ours), packer_ms: median(theirs), times };
    } else {
      say("skipped: packer is not installed, so there is nothing to compare with");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const met =
    inside.open_validate_20k_ms < GOALS.open &&
    inside.keystroke_60k_ms < GOALS.keystroke &&
    (!inside.corpus || inside.corpus.total_ms < GOALS.corpus) &&
    (!process_ || process_.times >= GOALS.times);
  return { ...inside, process: process_, met };
}
