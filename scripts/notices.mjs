// npm run notices: writes THIRD-PARTY.md, the licences of everything that is linked into or shipped with Goldsmith.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureToolchain } from "./lib/toolchain.mjs";
import { installPackages, root } from "./lib/project.mjs";
import { Problem, entry, output, say } from "./lib/term.mjs";

/** The packages that reach the programs on Linux, from cargo's resolved graph. */
function crates() {
  const text = output("cargo", ["metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"], { cwd: root });
  if (text === null) throw new Problem("cargo metadata failed");
  const metadata = JSON.parse(text);
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const packages = new Map(metadata.packages.map((entry) => [entry.id, entry]));
  const seen = new Set();
  const queue = metadata.packages.filter(({ name }) => ["goldsmith-cli", "goldsmith-desktop"].includes(name)).map(({ id }) => id);
  while (queue.length > 0) {
    const id = queue.pop();
    if (seen.has(id)) continue;
    seen.add(id);
    for (const dependency of nodes.get(id).deps) {
      if (dependency.dep_kinds.some(({ kind }) => kind === null)) queue.push(dependency.pkg);
    }
  }
  return [...seen]
    .map((id) => packages.get(id))
    .filter(({ source }) => source !== null)
    .map(({ name, version, license }) => ({ name, version, license: license ?? "see its licence file" }));
}

/** The packages that reach the front end's bundle. */
function modules() {
  const seen = new Map();
  const visit = (name) => {
    const manifest = [join(root, "node_modules", name, "package.json"), join(root, "ui/node_modules", name, "package.json")].find((path) => existsSync(path));
    if (!manifest || seen.has(name)) return;
    const { version, license, dependencies } = JSON.parse(readFileSync(manifest, "utf8"));
    seen.set(name, { name, version, license: license ?? "see its licence file" });
    for (const dependency of Object.keys(dependencies ?? {})) visit(dependency);
  };
  const ui = JSON.parse(readFileSync(join(root, "ui/package.json"), "utf8"));
  for (const name of Object.keys(ui.dependencies ?? {})) visit(name);
  return [...seen.values()];
}

const table = (entries) =>
  entries
    .sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version))
    .map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`)
    .join("\n");

await entry(async () => {
  ensureToolchain(root);
  await installPackages();
  const head = "| package | version | licence |\n|---|---|---|\n";
  writeFileSync(
    join(root, "THIRD-PARTY.md"),
    `# Third-party software in Goldsmith\n\nWritten by \`npm run notices\`. Each package's licence text is in its source package.\n\n## Rust crates\n\n${head}${table(crates())}\n\n## Front-end packages\n\n${head}${table(modules())}\n`,
  );
  say("Wrote THIRD-PARTY.md");
});
