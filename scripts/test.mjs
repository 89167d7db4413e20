// npm test: sets up what the tests need and runs every one of them.
// `npm test -- PART...` runs only the named parts: scripts, rust, ui, window.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { requirements } from "./lib/requirements.mjs";
import { ensure } from "./lib/system.mjs";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { EVERYTHING, buildUi, must, root } from "./lib/project.mjs";
import { entry, bold, duration, red, run, say } from "./lib/term.mjs";
import { count, nodeTests, rustTests, vitest } from "./lib/counts.mjs";

/** The test files of a folder; Node 20 expands no patterns itself. */
function testFiles(folder) {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".test.mjs"))
    .map((name) => join(folder, name));
}

/** The parts, in order: what is run, and how its closing lines are read. */
const parts = [
  ["scripts", ["node", ["--test", "--test-reporter=tap", ...testFiles("scripts/tests")]], nodeTests],
  ["rust", ["cargo", ["test", ...EVERYTHING, "--no-fail-fast", "--", "--show-output"]], rustTests],
  ["ui", ["npm", ["run", "--silent", "test", "--workspace", "ui"]], vitest],
  // One file after the other: each drives a window and a guest, and there are two cores.
  ["window", ["node", ["--test", "--test-reporter=tap", "--test-concurrency=1", ...testFiles("tests/ui")]], nodeTests],
];

await entry(async () => {
  const only = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
  await ensure(requirements, { yes: process.argv.includes("--yes") });
  ensureToolchain(root);

  const timings = [];
  const timed = async (name, work) => {
    const start = performance.now();
    const result = await work();
    timings.push([name, (performance.now() - start) / 1000]);
    return result;
  };
  await timed("set-up: front end", buildUi);
  await timed("set-up: programs", () => must("cargo build", "cargo", ["build", ...EVERYTHING, "--all-targets"]));

  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, [program, args], read] of parts) {
    if (only.length > 0 && !only.includes(name)) continue;
    say(bold(`Tests: ${name}`));
    const { code, text } = await timed(name, () => run(program, args, { cwd: root, keep: true }));
    const counted = read(text);
    if (code !== 0 && counted.failed === 0) {
      console.log(red(`${name} ended with exit code ${code} before its tests could be counted as failed`));
      counted.failed += 1;
    }
    for (const key of Object.keys(total)) total[key] += counted[key];
    timings[timings.length - 1].push(count(counted));
  }
  if (!existsSync(join(root, "../shared/corpus")) && !process.env.GOLDSMITH_SHARED) {
    say("The corpus of templates is not here: the tests that run over it were skipped.");
  }
  console.log("");
  for (const [name, seconds, result] of timings) console.log(`${duration(seconds).padStart(8)}  ${name.padEnd(20)} ${result ?? ""}`);
  console.log(count(total));
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});
