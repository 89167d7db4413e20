// The compilers that the user brings: present and new enough, or explained.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Problem, output } from "./term.mjs";
import { which } from "./system.mjs";

/** Compares dotted versions: negative when a is older. */
export function compareVersions(a, b) {
  const parts = (text) => text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) - (right[i] ?? 0);
  }
  return 0;
}

/** Puts cargo's usual folder in PATH when a shell has not done so, and checks cargo's and node's versions. */
export function ensureToolchain(root) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  if (!which("cargo") && existsSync(join(cargoHome, "bin", "cargo"))) {
    process.env.PATH = `${join(cargoHome, "bin")}:${process.env.PATH}`;
  }
  const wanted = {
    cargo: /rust-version = "([\d.]+)"/.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))[1],
    node: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node.replace(/[^\d.]/g, ""),
  };
  const version = output("cargo", ["--version"], { cwd: root });
  if (version === null) {
    throw new Problem(
      `cargo, Rust's build program, was not found. Install Rust ${wanted.cargo} or newer from https://rustup.rs or your distribution, open a new terminal and start again.`,
    );
  }
  const cargo = /(\d+\.\d+\.\d+)/.exec(version)[1];
  if (compareVersions(cargo, wanted.cargo) < 0) {
    throw new Problem(`cargo ${cargo} is too old: Goldsmith needs ${wanted.cargo} or newer. With rustup: rustup update stable`);
  }
  if (compareVersions(process.versions.node, wanted.node) < 0) {
    throw new Problem(`node ${process.versions.node} is too old: Goldsmith needs ${wanted.node} or newer.`);
  }
}
