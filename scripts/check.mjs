// npm run check: formatting, lints and types of everything; changes nothing.
import { requirements } from "./lib/requirements.mjs";
import { ensure, which } from "./lib/system.mjs";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { buildUi, must, root } from "./lib/project.mjs";
import { entry, say } from "./lib/term.mjs";

await entry(async () => {
  await ensure(requirements.filter(({ group }) => group === "build"), { yes: process.argv.includes("--yes") });
  ensureToolchain(root);
  await buildUi();
  await must("cargo fmt", "cargo", ["fmt", "--all", "--check"]);
  await must("cargo clippy", "cargo", ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]);
  await must("the front end's check", "npm", ["run", "--silent", "check", "--workspace", "ui"]);
  if (which("cargo-deny")) await must("cargo deny", "cargo", ["deny", "--locked", "check"]);
  else say("cargo-deny is not installed: licences and advisories were not checked (cargo install cargo-deny --locked)");
});
