// npm run build: the release programs in target/release.
import { requirements } from "./lib/requirements.mjs";
import { ensure } from "./lib/system.mjs";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { buildPrograms, buildUi, program, root } from "./lib/project.mjs";
import { entry, say } from "./lib/term.mjs";

await entry(async () => {
  await ensure(requirements.filter(({ group }) => group === "build"), { yes: process.argv.includes("--yes") });
  ensureToolchain(root);
  await buildUi();
  await buildPrograms({ release: true });
  say(`Built ${program("goldsmith", "release")} and ${program("goldsmith-desktop", "release")}`);
});
