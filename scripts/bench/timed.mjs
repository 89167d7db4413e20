// Programs whose lines are stamped as they come.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Problem } from "../lib/term.mjs";

/**
 * Runs a program to its end. Resolves to the seconds it took, its lines with the second each came at, and when it
 * started (milliseconds since 1970). Fails, with what it printed, when it fails.
 */
export async function timed(what, name, args, { input = "", ...options } = {}) {
  const startedAt = Date.now();
  const start = performance.now();
  const passed = () => (performance.now() - start) / 1000;
  const child = spawn(name, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", (text) => lines.push({ at: passed(), text }));
  child.stdin.on("error", () => {}); // a program that ends before it has read all is judged by its exit code
  child.stdin.end(input);
  let took;
  child.on("exit", () => (took = passed()));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Problem(`${what} failed (${code}):\n${lines.map(({ text }) => text).join("\n")}`);
  return { startedAt, took, lines };
}
