// The project's own build steps, each done only when something it depends on has changed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Problem, run, say } from "./term.mjs";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const targetDir = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** Where a built program is. */
export const program = (name, profile = "debug") => join(targetDir, profile, name);

/** Runs a program of the build and stops the script when it fails. */
export async function must(what, name, args, options = {}) {
  const { code, text } = await run(name, args, { cwd: root, ...options });
  if (code !== 0) throw new Problem(`${what} failed (exit code ${code})${options.quiet ? `:\n${text}` : "."}`);
  return text;
}

/** A digest over the names, sizes and contents of files and folders. */
function digest(paths) {
  const hash = createHash("sha256");
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (name !== "node_modules" && name !== "dist") visit(join(path, name));
      }
    } else {
      hash.update(path.slice(root.length)).update("\0").update(readFileSync(path));
    }
  };
  for (const path of paths) visit(join(root, path));
  return hash.digest("hex");
}

/** Runs `work` unless it has succeeded before with the same inputs and its result is still there. */
async function once(name, inputs, result, work) {
  const stamp = join(targetDir, "stamps", name);
  const now = digest(inputs);
  if (existsSync(join(root, result)) && existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}

/** The front end's packages, exactly as locked. */
export function installPackages() {
  return once("packages", ["package.json", "package-lock.json", "ui/package.json"], "node_modules", async () => {
    say("Installing the front end's packages");
    const env = { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1", PUPPETEER_SKIP_DOWNLOAD: "1" };
    await must("npm ci", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { env });
  });
}

/** The front end as files in ui/dist. */
export async function buildUi() {
  await installPackages();
  await once("ui", ["ui", "package-lock.json"], "ui/dist/index.html", async () => {
    say("Building the front end");
    await must("the front end's build", "npm", ["run", "--silent", "build", "--workspace", "ui"]);
  });
}

/** The window embeds the front end's files instead of asking a development server for them. */
const WINDOW_FEATURES = ["--features", "goldsmith-desktop/custom-protocol"];

/** What is built and tested together: one selection of packages, so that no dependency is compiled twice. */
export const EVERYTHING = ["--locked", "--workspace", ...WINDOW_FEATURES];

/** The command line program and the window, in one profile; `targets` names more than the programs themselves. */
export async function buildPrograms({ release = false, packages = ["goldsmith-cli", "goldsmith-desktop"], targets = [] } = {}) {
  const args = ["build", "--locked", ...packages.flatMap((name) => ["-p", name]), ...targets];
  if (packages.includes("goldsmith-desktop")) args.push(...WINDOW_FEATURES);
  if (release) args.push("--release");
  await must("cargo build", "cargo", args);
}
