// npm run reference: writes docs/reference from the program's own tables.
import { ensureToolchain } from "./lib/toolchain.mjs";
import { must, root } from "./lib/project.mjs";
import { entry } from "./lib/term.mjs";

await entry(async () => {
  ensureToolchain(root);
  const command = ["run", "--locked", "-q", "-p", "goldsmith-cli", "--", "docs", "--write", "docs/reference"];
  await must("goldsmith docs", "cargo", command);
});
