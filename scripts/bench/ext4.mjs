// Whether a guest powered off cleanly: its ext4 file system asks for no replay of its journal.
import { mkdtempSync, openSync, readSync, closeSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "../lib/project.mjs";
import { Problem } from "../lib/term.mjs";

const EXT4_MAGIC = 0xef53;
/** `incompat_feature_recover` (kernel documentation, ext4 super block): set while a journal waits for its replay. */
const NEEDS_RECOVERY = 0x4;

/** The first bytes of every partition's super block, from the table of a raw disk with an MBR. */
function superBlocks(path) {
  const file = openSync(path, "r");
  try {
    const read = (at, length) => {
      const bytes = Buffer.alloc(length);
      readSync(file, bytes, 0, length, at);
      return bytes;
    };
    const table = read(446, 64);
    const starts = [0, 16, 32, 48].map((entry) => table.readUInt32LE(entry + 8) * 512).filter((start) => start > 0);
    return starts.map((start) => read(start + 1024, 256)).filter((block) => block.readUInt16LE(56) === EXT4_MAGIC);
  } finally {
    closeSync(file);
  }
}

/** Fails unless every ext4 file system on the disk was unmounted, and there is one. */
export async function assertPoweredOff(what, disk) {
  const folder = mkdtempSync(join(tmpdir(), "goldsmith-bench-disk-"));
  try {
    const raw = join(folder, "raw");
    await must("qemu-img", "qemu-img", ["convert", "-O", "raw", disk, raw], { quiet: true });
    const blocks = superBlocks(raw);
    if (blocks.length === 0) throw new Problem(`${what}: no ext4 file system on the disk`);
    if (blocks.some((block) => (block.readUInt32LE(96) & NEEDS_RECOVERY) !== 0)) {
      throw new Problem(`${what}: the guest did not power off cleanly: its journal waits for a replay`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
