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
  say("Templates with anything in them: ten minutes of parsing, of evaluating, of editing, and of Go templates");
  await must("the fuzzing", "cargo", ["test", "--locked", "-p", "goldsmith-template", "--test", "fuzz", "--", "--nocapture", "--test-threads", "2"], {
    env: { GOLDSMITH_FUZZ_SECONDS: "600", GOLDSMITH_FUZZ_SEED: String(Date.now()) },
  });
  say("Installations on every controller and under UEFI, and Packer's command line for every option");
  await must("goldsmith", "cargo", ["build", "--locked", "-q", "-p", "goldsmith-cli"]);
  await must("the long integration tests", "cargo", ["test", "--locked", "-p", "goldsmith-tests", "--", "--ignored", "--nocapture"]);
});
