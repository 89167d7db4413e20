// The window: how soon it is there and what it holds when idle, beside an empty Tauri window, virt-manager and
// GNOME Boxes on the same display in the same run.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, program, root, targetDir } from "../lib/project.mjs";
import { which } from "../lib/system.mjs";
import { say } from "../lib/term.mjs";
import { display } from "../../tests/ui/driver.mjs";
import { median, spread } from "./measure.mjs";

const IDLE_AFTER_MS = 4000;

/** Parents of every process now. */
function processes() {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // it has ended
    }
  }
  return parents;
}

/** Proportional set size of a process and all its descendants, in MB. */
function pss(pid) {
  const parents = processes();
  const family = new Set([pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const [child, parent] of parents) {
      if (family.has(parent) && !family.has(child)) {
        family.add(child);
        grew = true;
      }
    }
  }
  let kilobytes = 0;
  for (const member of family) {
    try {
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${member}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      // it has ended
    }
  }
  return (kilobytes * 1024) / 1e6;
}

/** Starts a program, waits for its visible window, lets it settle, measures, ends it. */
async function visit({ name, command, args = [], title }, screen, folder) {
  const env = { ...process.env, DISPLAY: screen.name, GOLDSMITH_HOME: join(folder, "home"), HOME: folder, XDG_RUNTIME_DIR: folder, NO_AT_BRIDGE: "1" };
  const start = performance.now();
  const child = spawn("dbus-run-session", ["--", command, ...args], { env, stdio: "ignore", detached: true });
  try {
    for (;;) {
      const found = spawnSync("xdotool", ["search", "--onlyvisible", "--name", title], { env, encoding: "utf8" });
      if (found.stdout.trim() !== "") break;
      if (performance.now() - start > 30_000) throw new Error(`${name} showed no window titled ${title}`);
    }
    const shown = (performance.now() - start) / 1000;
    await new Promise((resolve) => setTimeout(resolve, IDLE_AFTER_MS));
    return { shown, memory: pss(child.pid) };
  } finally {
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // already gone
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // gone, as it should be
    }
  }
}

/** Runs the comparison and prints it; returns whether the goals hold. */
export async function windowBench({ rounds }) {
  await must("the empty window", "cargo", ["build", "--locked", "--release", "-p", "goldsmith-desktop", "--example", "empty", "--features", "goldsmith-desktop/custom-protocol"]);
  const candidates = [
    { name: "Goldsmith", command: program("goldsmith-desktop", "release"), args: [join(root, "templates/quickstart")], title: "Goldsmith" },
    { name: "empty Tauri window", command: join(targetDir, "release/examples/empty"), title: "Empty" },
    { name: "virt-manager", command: "virt-manager", args: ["--no-fork"], title: "Virtual Machine Manager" },
    { name: "GNOME Boxes", command: "gnome-boxes", title: "Boxes" },
  ].filter(({ name, command }) => which(command) !== null || command.startsWith("/") || say(`${name} is not installed: left out`));
  const folder = mkdtempSync(join(tmpdir(), "gs-window-"));
  const screen = await display();
  const figures = new Map(candidates.map(({ name }) => [name, { shown: [], memory: [] }]));
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const candidate of candidates) {
        const { shown, memory } = await visit(candidate, screen, folder);
        figures.get(candidate.name).shown.push(shown);
        figures.get(candidate.name).memory.push(memory);
      }
    }
  } finally {
    await screen.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  for (const [name, { shown, memory }] of figures) console.log(`${name.padEnd(20)} window ${spread(shown)}   idle ${spread(memory, "MB", 0)}`);
  const ours = figures.get("Goldsmith");
  const above = median(ours.memory) - median(figures.get("empty Tauri window").memory);
  console.log(`Goldsmith's window after ${median(ours.shown).toFixed(2)} s (goal 0.60 s), ${above.toFixed(0)} MB above an empty window (goal 40 MB)`);
  return median(ours.shown) <= 0.6 && above <= 40;
}
