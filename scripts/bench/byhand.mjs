// The sequence by hand: plain QEMU, one SSH connection, power-off.
import { spawn } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { Problem } from "../lib/term.mjs";
import { timed } from "./timed.mjs";

const PATIENCE_MS = 120_000;
/** A new connection this often, so many at a time: QEMU's user network forgets those that came too early. */
const KNOCK_EVERY_MS = 200;
const KNOCKS = 10;

/** A port nobody listens on now. */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Resolves when an SSH server has sent its banner on the port. */
function banner(port) {
  const waiting = new Set();
  return new Promise((resolve, reject) => {
    const knock = () => {
      const [oldest] = waiting;
      if (waiting.size >= KNOCKS) {
        oldest.destroy();
        waiting.delete(oldest);
      }
      const socket = createConnection({ port, host: "127.0.0.1" });
      waiting.add(socket);
      socket.on("error", () => {}).on("close", () => waiting.delete(socket));
      socket.once("data", (data) => data.toString().startsWith("SSH-") && end(resolve));
    };
    const pace = setInterval(knock, KNOCK_EVERY_MS);
    const limit = setTimeout(() => end(() => reject(new Problem("the guest never answered by SSH"))), PATIENCE_MS);
    const end = (then) => {
      clearInterval(pace);
      clearTimeout(limit);
      for (const socket of waiting) socket.destroy();
      then();
    };
  });
}

/** The template's provisioners as one command; a line `@name` is printed when each is done. */
function commands(folder) {
  const script = readFileSync(join(folder, "step3.sh"), "utf8").replace("#!/bin/sh\n", "");
  return [
    "echo @login; echo step1 > /root/step1; uname -a; echo @shell",
    "head -c 1048576 > /root/payload.bin; echo @file",
    "sha256sum /root/payload.bin; echo step2 > /root/step2; echo @shell-2",
    `${script.trim().replaceAll("\n", "; ")}; echo @shell-3`,
    "poweroff",
  ].join("; ");
}

/**
 * Boots the guest, runs the template's commands over one connection and waits for the power-off. The image's copy is
 * made before the clock starts, and nothing is made of it afterwards. Resolves to the seconds in all and per part.
 */
export async function byHand(folder, tiny) {
  const port = await freePort();
  const disk = join(folder, "by-hand.qcow2");
  copyFileSync(join(tiny, "tiny.qcow2"), disk);
  const input = readFileSync(join(folder, "payload.bin"));
  const start = performance.now();
  const passed = () => (performance.now() - start) / 1000;
  const qemu = spawn(
    "qemu-system-x86_64",
    ["-name", "by-hand", "-machine", "type=pc,accel=tcg", "-smp", "1", "-m", "512M", "-display", "none",
      "-netdev", `user,id=user.0,hostfwd=tcp:127.0.0.1:${port}-:22`, "-device", "virtio-net,netdev=user.0",
      "-drive", `file=${disk},if=virtio,cache=writeback,discard=ignore,format=qcow2`, "-boot", "c"],
    { stdio: "ignore" },
  );
  const gone = new Promise((resolve, reject) => qemu.on("error", reject).on("close", resolve));
  try {
    await banner(port);
    const before = passed();
    const options = ["-q", "-i", join(tiny, "id_ed25519"), "-p", String(port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes"];
    const { lines } = await timed("the commands by hand", "ssh", [...options, "root@127.0.0.1", commands(folder)], { input });
    await gone;
    const took = passed();
    const at = (mark) => before + (lines.find(({ text }) => text === `@${mark}`)?.at ?? Number.NaN);
    const marks = ["login", "shell", "file", "shell-2", "shell-3"];
    const parts = { boot: at("login") };
    for (const [index, mark] of marks.entries()) if (index > 0) parts[mark] = at(mark) - at(marks[index - 1]);
    parts["power-off"] = took - at("shell-3");
    return { took, parts, disk };
  } finally {
    qemu.kill("SIGKILL");
  }
}
