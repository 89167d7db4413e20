// Words on the terminal, and running programs from the scripts.
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline/promises";

const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = paint("1");
export const dim = paint("2");
export const gold = paint("33");
export const red = paint("31");

/** One line that says what happens now. */
export function say(text) {
  process.stdout.write(`${gold("●")} ${text}\n`);
}

/** A failure the user can act on: printed without a stack, exit code 1. */
export class Problem extends Error {}

/** Runs `main`; a Problem ends the script with its text alone. */
export async function entry(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`${red("✗")} ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Seconds as `2:14`, or `0.8 s` below ten seconds. */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A program's output, or null when it is missing or fails. */
export function output(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: "utf8", maxBuffer: 64 << 20, ...options });
  return done.status === 0 ? done.stdout : null;
}

/**
 * Runs a program with its output shown; resolves to its exit code and, with `keep`, what it printed.
 * Interrupting the script interrupts the program.
 */
export function run(program, args, { cwd, env, keep = false, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: keep || quiet ? ["inherit", "pipe", "pipe"] : "inherit",
    });
    let text = "";
    for (const [stream, shown] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      stream?.on("data", (chunk) => {
        text += chunk;
        if (!quiet) shown.write(chunk);
      });
    }
    const forward = (signal) => child.kill(signal);
    process.on("SIGINT", forward).on("SIGTERM", forward);
    child.on("error", (error) => reject(new Problem(`${program} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => {
      process.off("SIGINT", forward).off("SIGTERM", forward);
      resolve({ code: signal ? 130 : code, text });
    });
  });
}

/** Asks a yes-or-no question; no answer means no. */
export async function confirm(question) {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
