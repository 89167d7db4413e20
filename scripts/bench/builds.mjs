// Builds of the tiny guest: Goldsmith, the distribution's Packer, and the same steps by hand in plain QEMU,
// alternating in one run, so that the machine's mood is shared.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problem, say } from "../lib/term.mjs";
import { which } from "../lib/system.mjs";
import { program, root } from "../lib/project.mjs";
import { median, seconds, spread } from "./measure.mjs";

const fixture = join(root, "tests/fixtures/bench");

/** A port nobody listens on now. */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Resolves when an SSH server has sent its banner on the port; one patient connection at a time. */
async function banner(port, deadline) {
  while (performance.now() < deadline) {
    const seen = await new Promise((resolve) => {
      const socket = createConnection({ port, host: "127.0.0.1" });
      socket.setTimeout(20_000, () => socket.destroy());
      socket.once("data", (data) => resolve(data.toString().startsWith("SSH-")) || socket.destroy());
      socket.once("error", () => resolve(false)).once("close", () => resolve(false));
    });
    if (seen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Problem("the guest never answered by SSH");
}

function checked(what, name, args, options) {
  const done = spawnSync(name, args, { encoding: "utf8", ...options });
  if (done.status !== 0) throw new Problem(`${what} failed (${done.status}):\n${done.stdout}${done.stderr}`);
  return done.stdout + done.stderr;
}

/** Boot, the same commands over one SSH connection, power off: by hand. */
async function bare(folder, tiny) {
  const port = await freePort();
  copyFileSync(join(tiny, "tiny.qcow2"), join(folder, "bare.qcow2"));
  const qemu = spawn(
    "qemu-system-x86_64",
    ["-name", "bare", "-machine", "type=pc,accel=tcg", "-m", "512M", "-display", "none",
      "-netdev", `user,id=user.0,hostfwd=tcp:127.0.0.1:${port}-:22`, "-device", "virtio-net,netdev=user.0",
      "-drive", `file=${join(folder, "bare.qcow2")},if=virtio,cache=writeback,discard=ignore,format=qcow2`, "-boot", "c"],
    { stdio: "ignore" },
  );
  const gone = new Promise((resolve) => qemu.on("close", resolve));
  try {
    await banner(port, performance.now() + 120_000);
    const key = join(tiny, "id_ed25519");
    const options = ["-q", "-i", key, "-p", String(port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "root@127.0.0.1"];
    const script = readFileSync(join(fixture, "step3.sh"), "utf8").replace("#!/bin/sh\n", "");
    const commands = `echo step1 > /root/step1; uname -a; head -c 1048576 > /root/payload.bin; sha256sum /root/payload.bin; echo step2 > /root/step2; ${script.trim().replaceAll("\n", "; ")}; poweroff`;
    checked("the commands by hand", "ssh", [...options, commands], { input: readFileSync(join(folder, "payload.bin")) });
    await gone;
  } finally {
    qemu.kill("SIGKILL");
  }
}

function clean(folder) {
  for (const name of ["out-disk", "manifest.json", "tiny.tar.gz"]) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Runs the comparison and prints it; returns whether the goals hold. */
export async function builds({ rounds = 7, tiny }) {
  if (!which("packer")) throw new Problem("the distribution's packer is not installed: it is what builds are measured against");
  const folder = mkdtempSync(join(tmpdir(), "goldsmith-bench-"));
  try {
    cpSync(fixture, folder, { recursive: true });
    writeFileSync(join(folder, "payload.bin"), Buffer.alloc(1 << 20, "goldsmith "));
    mkdirSync(join(folder, "home"));
    const home = { GOLDSMITH_HOME: join(folder, "home") };
    const variables = ["-var", `tiny=${tiny}`];
    const figures = { bare: [], goldsmith: [], packer: [], retried: [] };
    const parts = [];
    for (let round = 1; round <= rounds; round += 1) {
      figures.bare.push(await seconds(() => bare(folder, tiny)));

      clean(folder);
      figures.goldsmith.push(
        await seconds(() => {
          const text = checked("goldsmith build", program("goldsmith", "release"), ["build", "--json", "--no-cache", "--no-library", ...variables, "tiny.pkr.hcl"], { cwd: folder, env: { ...process.env, ...home } });
          parts.push(text);
        }),
      );

      clean(folder);
      const log = join(folder, "packer.log");
      rmSync(log, { force: true });
      const taken = await seconds(() =>
        checked("packer build", "packer", ["build", ...variables, "tiny.pkr.hcl"], { cwd: folder, env: { ...process.env, PACKER_LOG: "1", PACKER_LOG_PATH: log, CHECKPOINT_DISABLE: "1" } }),
      );
      const retried = /handshake error|SSH handshake err|retry/i.test(readFileSync(log, "utf8").replaceAll(/RetryWithContext/g, ""));
      (retried ? figures.retried : figures.packer).push(taken);
      say(`round ${round}: by hand ${figures.bare.at(-1).toFixed(2)} s, Goldsmith ${figures.goldsmith.at(-1).toFixed(2)} s, Packer ${taken.toFixed(2)} s${retried ? " (its first SSH try failed)" : ""}`);
    }
    const added = median(figures.goldsmith) - median(figures.bare);
    const peer = figures.packer.length > 0 ? figures.packer : figures.retried;
    console.log(`by hand in plain QEMU    ${spread(figures.bare)}`);
    console.log(`Goldsmith                ${spread(figures.goldsmith)}   adds ${added.toFixed(2)} s (goal: at most 0.70 s)`);
    console.log(`Packer                   ${spread(figures.packer)}   first SSH try failed: ${spread(figures.retried)}`);
    console.log(stepTable(parts.at(-1)));
    return added <= 0.7 && median(figures.goldsmith) < median(peer);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The parts of a Goldsmith build, from its JSON output. */
function stepTable(text) {
  const lines = [];
  for (const line of text.split("\n")) {
    try {
      const entry = JSON.parse(line);
      const fact = entry.fact ?? entry;
      const name = fact.fact ?? fact.kind ?? fact;
      if (/step_?finished/i.test(String(name))) lines.push(`  ${String(fact.duration_ms ?? entry.duration_ms).padStart(7)} ms  ${fact.step ?? entry.step}`);
    } catch {
      // not a fact
    }
  }
  return lines.join("\n");
}
