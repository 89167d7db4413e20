// npm start: sets everything up, then opens the window on a template (the quick start when none is named).
// With no display it builds the quick start from the command line instead and prints where the image is.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { requirements } from "./lib/requirements.mjs";
import { ensure } from "./lib/system.mjs";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { buildPrograms, buildUi, program, root } from "./lib/project.mjs";
import { entry, run, say } from "./lib/term.mjs";

const QUICK_START = "templates/quickstart";

await entry(async () => {
  const args = process.argv.slice(2);
  const yes = args.includes("--yes");
  const template = args.find((argument) => !argument.startsWith("-"));
  const display = Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

  await ensure(requirements.filter(({ group }) => group !== "test"), { yes });
  ensureToolchain(root);

  if (!display) {
    say("There is no display here, so there is no window: building the quick start from the command line.");
    await buildPrograms({ packages: ["goldsmith-cli"] });
    const { code } = await run(program("goldsmith"), ["build", resolve(root, template ?? QUICK_START)], { cwd: root });
    return code;
  }
  await buildUi();
  await buildPrograms();
  say("Opening the window");
  const window = spawn(program("goldsmith-desktop"), [resolve(root, template ?? QUICK_START)], { cwd: root, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => window.kill(signal));
  return new Promise((done) => window.on("close", (code) => done(code ?? 0)));
});
