// npm run dev: the front end in a browser with live reload, over the same commands as the window.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { buildPrograms, installPackages, program, root } from "./lib/project.mjs";
import { entry } from "./lib/term.mjs";

await entry(async () => {
  ensureToolchain(root);
  await installPackages();
  await buildPrograms({ packages: ["goldsmith-cli"] });
  const folder = mkdtempSync(join(tmpdir(), "goldsmith-dev-"));
  const children = [
    spawn(program("goldsmith"), ["bridge", "--port", "1421", "--token-file", join(folder, "token")], { cwd: root, stdio: "inherit" }),
    spawn("npm", ["run", "dev", "--workspace", "ui"], { cwd: root, stdio: "inherit", env: { ...process.env, GOLDSMITH_TOKEN_FILE: join(folder, "token") } }),
  ];
  await Promise.race(children.map((child) => new Promise((done) => child.on("close", done))));
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
});
