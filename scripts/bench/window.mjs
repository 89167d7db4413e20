// The window: how soon it is there, how soon it answers, and what it holds when idle; beside an empty Tauri window,
// virt-manager and GNOME Boxes on the same display in the same run.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { program, root, targetDir } from "../lib/project.mjs";
import { which } from "../lib/system.mjs";
import { Problem, say } from "../lib/term.mjs";
import { pss } from "./memory.mjs";
import { median, spread } from "./measure.mjs";
import { readableDisplay } from "./screen.mjs";

const GOAL_S = 0.6;
const GOAL_MB = 40;
const IDLE_AFTER_MS = 4000;
const LOOK_EVERY_MS = 10;
const PATIENCE_MS = 30_000;
/** Goldsmith's rail of places: a key that goes to another place changes it. */
const RAIL = { x: 0, y: 0, width: 56, height: 400 };

const COMPARED = `Compared, in turn, in every round, under one Xvfb: the seconds from the start of the program to its visible window, and the
memory (PSS of all its processes) ${IDLE_AFTER_MS / 1000} s later. Goldsmith is started on its start page, as its peers are, and once
more on the quick start, with the outline, the form and the text of a template. "Answers" is the time from a start on
the quick start to the first key press that shows: Control-2 goes to Builds, seen in the pixels.`;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks until `probe` gives something; its answer and the seconds since `start`. */
async function once(what, start, probe) {
  for (;;) {
    const found = probe();
    if (found) return { found, at: (performance.now() - start) / 1000 };
    if (performance.now() - start > PATIENCE_MS) throw new Problem(`waited ${PATIENCE_MS / 1000} s for ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}

const homeOf = (homes, name) => join(homes, name.replaceAll(/\W+/g, "-"), "goldsmith");

/** Starts a program in a home of its own, waits for its visible window, does `then` with it, ends it. */
async function visit({ name, command, args = [], title }, screen, homes, then) {
  const home = homeOf(homes, name);
  const folder = dirname(home);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const env = { ...process.env, DISPLAY: screen.name, WAYLAND_DISPLAY: "", GOLDSMITH_HOME: home, HOME: folder, XDG_RUNTIME_DIR: folder, NO_AT_BRIDGE: "1" };
  const xdotool = (...words) => spawnSync("xdotool", words, { env, encoding: "utf8" }).stdout.trim();
  const visible = () => xdotool("search", "--onlyvisible", "--name", title).split("\n")[0];
  const start = performance.now();
  const child = spawn("dbus-run-session", ["--", command, ...args], { env, stdio: "ignore", detached: true });
  const gone = new Promise((resolve) => child.on("close", resolve));
  try {
    const { found, at } = await once(`the window of ${name}`, start, visible);
    return { shown: at, ...(await then({ pid: child.pid, window: found, start, xdotool })) };
  } finally {
    for (const signal of ["SIGTERM", "SIGKILL"]) {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // already gone
      }
      await Promise.race([gone, pause(1500)]);
    }
    await once(`the end of ${name}`, performance.now(), () => visible() === "");
  }
}

async function idle({ pid }) {
  await pause(IDLE_AFTER_MS);
  const { total, programs } = pss(pid);
  return { memory: total, programs };
}

/** What the rail looks like once Control-2 has been understood. */
function answered(screen) {
  return async ({ window, xdotool }) => {
    await pause(IDLE_AFTER_MS);
    const before = screen.digest(RAIL);
    xdotool("windowfocus", window, "key", "ctrl+2");
    await pause(IDLE_AFTER_MS / 2);
    const answer = screen.digest(RAIL);
    if (answer === before) throw new Problem("Control-2 changes nothing in the window");
    return { answer };
  };
}

/** Presses the key until the rail looks like that. */
function answers(screen, answer) {
  return async ({ window, start, xdotool }) => {
    xdotool("windowfocus", window);
    const { at } = await once("an answer to Control-2", start, () => {
      xdotool("key", "ctrl+2");
      return screen.digest(RAIL) === answer;
    });
    return { answered: at };
  };
}

/** Runs the comparison and prints it; returns the figures and whether the goals are met. */
export async function windowBench({ rounds }) {
  const start = { name: "Goldsmith", command: program("goldsmith-desktop", "release"), title: "Goldsmith" };
  const quick = { ...start, name: "Goldsmith, quick start", args: [join(root, "templates/quickstart")] };
  const peers = [
    { name: "empty Tauri window", command: join(targetDir, "release/examples/empty"), title: "Empty" },
    { name: "virt-manager", command: "virt-manager", args: ["--no-fork"], title: "Virtual Machine Manager" },
    { name: "GNOME Boxes", command: "gnome-boxes", title: "Boxes" },
  ].filter(({ name, command }) => which(command) !== null || command.startsWith("/") || say(`${name} is not installed: left out`));
  const folder = mkdtempSync(join(tmpdir(), "gs-window-"));
  const screen = await readableDisplay();
  const all = [start, quick, ...peers];
  const figures = Object.fromEntries(all.map(({ name }) => [name, { shown: [], memory: [] }]));
  const answeredAfter = [];
  const visits = [];
  try {
    console.log(COMPARED);
    // The accelerators are measured once and remembered; the first start of all fills caches. Neither counts.
    for (const { name } of [start, quick]) spawnSync(program("goldsmith", "release"), ["doctor"], { env: { ...process.env, GOLDSMITH_HOME: homeOf(folder, name) }, stdio: "ignore" });
    for (const one of all) await visit(one, screen, folder, idle);
    const { answer } = await visit(quick, screen, folder, answered(screen));
    for (let round = 1; round <= rounds; round += 1) {
      for (const one of all) {
        const seen = await visit(one, screen, folder, idle);
        figures[one.name].shown.push(seen.shown);
        figures[one.name].memory.push(seen.memory);
        visits.push({ round, name: one.name, ...seen });
      }
      const seen = await visit(quick, screen, folder, answers(screen, answer));
      answeredAfter.push(seen.answered);
      say(`round ${round}: ${Object.entries(figures).map(([name, { shown, memory }]) => `${name} ${shown.at(-1).toFixed(2)} s ${memory.at(-1).toFixed(0)} MB`).join(", ")}, answers after ${seen.answered.toFixed(2)} s`);
    }
  } finally {
    await screen.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
  for (const [name, { shown, memory }] of Object.entries(figures)) console.log(`${name.padEnd(22)} window ${spread(shown)}   idle ${spread(memory, "MB", 0)}`);
  const over = (name) => median(figures[name].memory) - median(figures["empty Tauri window"].memory);
  const [above, aboveOpen] = [over(start.name), over(quick.name)];
  console.log(`Goldsmith's window is there after ${median(figures[quick.name].shown).toFixed(2)} s and answers after ${spread(answeredAfter)} (goal: ${GOAL_S} s), both on the quick start`);
  console.log(`Goldsmith holds ${above.toFixed(0)} MB more than an empty window (goal: at most ${GOAL_MB} MB), ${aboveOpen.toFixed(0)} MB more with the quick start open`);
  return { met: median(answeredAfter) <= GOAL_S && above <= GOAL_MB, rounds, above, aboveOpen, answered: answeredAfter, figures, visits };
}
