// npm run soak: what takes too long for every test run, with the same checks and larger numbers.
import { ensureToolchain } from "./lib/toolchain.mjs";
import { must, root } from "./lib/project.mjs";
import { entry, say } from "./lib/term.mjs";

await entry(async () => {
  ensureToolchain(root);
  say("Property tests with 20,000 cases each");
  await must("the property tests", "cargo", ["test", "--locked", "-p", "goldsmith-template", "-p", "goldsmith-library", "-p", "goldsmith-build", "--", "prop"], {
    env: { PROPTEST_CASES: "20000" },
  });
  say("Installations on every controller and under UEFI, and Packer's command line for every option");
  await must("goldsmith", "cargo", ["build", "--locked", "-q", "-p", "goldsmith-cli"]);
  await must("the long integration tests", "cargo", ["test", "--locked", "-p", "goldsmith-tests", "--", "--ignored", "--nocapture"]);
});
