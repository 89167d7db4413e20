// npm run bindings: writes the TypeScript types of the commands into ui/src/bindings.
import { ensureToolchain } from "./lib/toolchain.mjs";
import { must, root } from "./lib/project.mjs";
import { entry } from "./lib/term.mjs";

await entry(async () => {
  ensureToolchain(root);
  await must("goldsmith bindings", "cargo", ["run", "--locked", "-q", "-p", "goldsmith-cli", "--", "bindings"]);
});
