// npm run bench [-- builds|template|window|log] [-- --rounds N]: measurements, each beside its peer in the same run.
// The figures are also written to bench/<name>.json in the target folder.
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, release } from "node:os";
import { join } from "node:path";
import { benchRequirements, requirements } from "./lib/requirements.mjs";
import { ensure } from "./lib/system.mjs";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { buildPrograms, buildUi, root, targetDir } from "./lib/project.mjs";
import { Problem, bold, entry, say } from "./lib/term.mjs";

/** What can be measured: a title, and the work, which resolves to its figures with `met`, whether its goals hold. */
const MEASUREMENTS = {
  builds: ["Builds of the tiny guest", async (rounds) => (await import("./bench/builds.mjs")).builds({ rounds })],
  template: ["Templates", async (rounds) => (await import("./bench/template.mjs")).templateBench({ rounds })],
  window: ["The window", async (rounds) => (await import("./bench/window.mjs")).windowBench({ rounds })],
  log: ["100,000 and 1,000,000 lines in the window", async () => (await import("./bench/log.mjs")).logBench()],
};

function write(name, figures) {
  const folder = join(targetDir, "bench");
  mkdirSync(folder, { recursive: true });
  const host = { cpus: cpus().length, arch: arch(), kernel: release() };
  const path = join(folder, `${name}.json`);
  writeFileSync(path, `${JSON.stringify({ measurement: name, at: new Date().toISOString(), host, ...figures }, null, 2)}\n`);
  say(`figures: ${path}`);
}

await entry(async () => {
  const args = process.argv.slice(2);
  const named = args.filter((argument) => /^[a-z]/.test(argument));
  for (const name of named) if (!(name in MEASUREMENTS)) throw new Problem(`${name} is not measured; there are ${Object.keys(MEASUREMENTS).join(", ")}`);
  const rounds = Number(args[args.indexOf("--rounds") + 1]) || 7;
  await ensure([...requirements, ...benchRequirements], { yes: args.includes("--yes") });
  ensureToolchain(root);
  await buildUi();
  // In one call, so that no dependency is compiled twice.
  await buildPrograms({ release: true, targets: ["--bins", "--example", "empty"] });
  const goals = [];
  for (const [name, [title, measure]] of Object.entries(MEASUREMENTS)) {
    if (named.length > 0 && !named.includes(name)) continue;
    say(bold(title));
    const figures = await measure(rounds);
    write(name, figures);
    goals.push([name, figures.met]);
  }
  for (const [name, met] of goals) console.log(`${met ? "goal met" : "GOAL MISSED"}: ${name}`);
  return goals.every(([, met]) => met) ? 0 : 1;
});
