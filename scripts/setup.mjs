// npm run setup [-- --yes] [-- --test]: installs what Goldsmith needs from the system, nothing else.
import { requirements } from "./lib/requirements.mjs";
import { ensure } from "./lib/system.mjs";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { root } from "./lib/project.mjs";
import { entry, say } from "./lib/term.mjs";

await entry(async () => {
  const flags = new Set(process.argv.slice(2));
  const wanted = requirements.filter(({ group }) => group !== "test" || flags.has("--test"));
  await ensure(wanted, { yes: flags.has("--yes") });
  ensureToolchain(root);
  say("Everything is there.");
});
