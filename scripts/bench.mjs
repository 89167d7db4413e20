// npm run bench [-- builds|window] [-- --rounds N]: measurements, each beside its peer in the same run.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { benchRequirements, requirements } from "./lib/requirements.mjs";
import { ensure } from "./lib/system.mjs";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { buildPrograms, buildUi, must, root, targetDir } from "./lib/project.mjs";
import { bold, entry, say } from "./lib/term.mjs";
import { builds } from "./bench/builds.mjs";

await entry(async () => {
  const args = process.argv.slice(2);
  const only = args.filter((argument) => /^[a-z]/.test(argument));
  const rounds = Number(args[args.indexOf("--rounds") + 1]) || 7;
  await ensure([...requirements, ...benchRequirements], { yes: args.includes("--yes") });
  ensureToolchain(root);
  const goals = [];
  const wanted = (name) => only.length === 0 || only.includes(name);
  if (wanted("builds")) {
    await buildPrograms({ release: true, packages: ["goldsmith-cli"] });
    const tiny = join(targetDir, "guests", "bench");
    mkdirSync(tiny, { recursive: true });
    await must("the tiny guest", "bash", [join(root, "tests/fixtures/tiny-guest/build-tiny.sh"), tiny], { quiet: true });
    say(bold("Builds of the tiny guest"));
    goals.push(["builds", await builds({ rounds, tiny })]);
  }
  if (wanted("window")) {
    await buildUi();
    await buildPrograms({ release: true });
    const { windowBench } = await import("./bench/window.mjs");
    goals.push(["window", await windowBench({ rounds })]);
  }
  for (const [name, met] of goals) console.log(`${met ? "goal met" : "GOAL MISSED"}: ${name}`);
  return 0;
});
