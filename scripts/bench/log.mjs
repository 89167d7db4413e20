// Builds that print 100,000 and 1,000,000 lines as fast as they can, watched in the real window: does it stay
// responsive, and how long does a search over all lines take?
import { writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { program } from "../lib/project.mjs";
import { Problem, say } from "../lib/term.mjs";
import { display, home, open, until } from "../../tests/ui/driver.mjs";
import { median } from "./measure.mjs";

const LINES = 100_000;
const MANY = 1_000_000;
const GOAL_MS = 250;
const RUNS = 3;
/** A search over every line may take so long, from the last key to its count. */
const SEARCH_MS = 2000;
/** Frames are watched for so long after the last line. */
const AFTER_MS = 1000;

/** A machine with an empty disk that nobody waits for; the lines come from this computer. */
const template = (folder, lines) => `source "qemu" "burst" {
  communicator     = "none"
  accelerator      = "tcg"
  headless         = true
  disk_image       = true
  iso_url          = "${folder}/empty.qcow2"
  iso_checksum     = "none"
  skip_compaction  = true
  output_directory = "${folder}/out"
  memory           = 16
  shutdown_timeout = "2s"
}

build {
  sources = ["source.qemu.burst"]

  provisioner "shell-local" {
    inline = ["sleep 3", "seq -f 'line %.0f of a burst that is as fast as a program can print, with some words to fill it' ${lines}"]
  }
}
`;

/** Counts the gaps between animation frames from now on. */
const WATCH = `
  const gaps = [];
  let before = performance.now();
  const frame = (now) => {
    gaps.push(now - before);
    before = now;
    window.benchFrames.timer = requestAnimationFrame(frame);
  };
  window.benchFrames = { gaps, timer: requestAnimationFrame(frame) };
`;

async function burst(screen, lines = LINES) {
  const user = home();
  // No session bus is started for the window: it would outlive it.
  user.env.DBUS_SESSION_BUS_ADDRESS = "disabled:";
  let window;
  try {
    spawnSync("qemu-img", ["create", "-q", "-f", "qcow2", user.path("empty.qcow2"), "16M"]);
    const path = user.path("burst.pkr.hcl");
    writeFileSync(path, template(user.path(""), lines));
    window = await open({ screen, home: user, args: [path], desktop: program("goldsmith-desktop", "release") });
    await window.see('[role="treeitem"]', "qemu.burst");
    await window.click('[data-testid="build"]');
    await window.see('[data-step][data-state="running"]', undefined, 60_000);
    const total = () => window.driver.executeScript(`return Number(document.querySelector('[data-testid="log"]')?.dataset.total ?? 0)`);
    await until("the log", 60_000, async () => (await total()) > 0);
    await window.driver.executeScript(WATCH);
    const start = performance.now();
    let first;
    await until("all lines", 300_000, async () => {
      const now = await total();
      if (now > 100) first ??= performance.now();
      return now >= lines;
    });
    const took = (performance.now() - (first ?? start)) / 1000;
    await window.see('[data-testid="log"]', `line ${lines} of a burst`);
    await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
    const gaps = await window.driver.executeScript("cancelAnimationFrame(window.benchFrames.timer); return window.benchFrames.gaps");
    if (gaps.length < 60) throw new Problem(`only ${gaps.length} frames were drawn: the window was not visible`);
    return { took, frames: gaps.length, longest: Math.max(...gaps), usual: median(gaps), search: await search(window, lines) };
  } finally {
    await window?.quit();
    await user.remove();
  }
}

/** Milliseconds from typing a search to its count over all lines, and to the line shown that it found. */
async function search(window, lines) {
  const wanted = `line ${Math.floor(lines * 0.6)} of`;
  const begin = performance.now();
  const input = await window.see('[data-testid="log-filter"]');
  await input.sendKeys(wanted);
  await window.see('[data-testid="log-status"]', `1 of ${(lines).toLocaleString("en").slice(0, -4)}`, 60_000);
  const counted = performance.now() - begin;
  await window.click('[data-testid="log-next"]');
  await window.see('[data-testid="log"] .found', wanted, 60_000);
  return { counted, shown: performance.now() - begin };
}

/** Runs the bursts and prints the figures; returns them and whether the goal is met. */
export async function logBench() {
  const screen = await display();
  const runs = [];
  try {
    for (let run = 1; run <= RUNS; run += 1) {
      const seen = await burst(screen);
      runs.push(seen);
      say(`run ${run}: ${LINES} lines within ${seen.took.toFixed(1)} s, ${seen.frames} frames, usual gap ${seen.usual.toFixed(0)} ms, longest ${seen.longest.toFixed(0)} ms`);
    }
    const many = await burst(screen, MANY);
    runs.push(many);
    say(`${MANY} lines within ${many.took.toFixed(1)} s, usual gap ${many.usual.toFixed(0)} ms, longest ${many.longest.toFixed(0)} ms; a search counted all of them after ${many.search.counted.toFixed(0)} ms`);
  } finally {
    await screen.stop();
  }
  const slowest = Math.max(...runs.map((run) => run.search.counted));
  const longest = Math.max(...runs.map((run) => run.longest));
  console.log(`up to ${MANY} lines: the longest gap between frames was ${longest.toFixed(0)} ms (goal: at most ${GOAL_MS} ms), the slowest search took ${slowest.toFixed(0)} ms (goal: at most ${SEARCH_MS} ms)`);
  return { met: longest <= GOAL_MS && slowest <= SEARCH_MS, lines: MANY, longest, slowest, runs };
}
