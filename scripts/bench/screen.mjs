// A display whose pixels can be read: Xvfb keeps its picture in a file (xwd format).
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { display } from "../../tests/ui/driver.mjs";

/** A display with `digest`, of a part of its picture; ended with `stop`. */
export async function readableDisplay() {
  const folder = mkdtempSync(join(tmpdir(), "goldsmith-screen-"));
  const screen = await display("1280x800x24", ["-fbdir", folder]);
  const file = openSync(join(folder, "Xvfb_screen0"), "r");
  const read = (length, at) => {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, at);
    return bytes;
  };
  // XWDFile.h: 25 numbers of 4 bytes, big end first; then a name and the table of colours.
  const head = read(100, 0);
  const [size, lineBytes, colours] = [0, 12, 19].map((index) => head.readUInt32BE(index * 4));
  const pixels = size + colours * 12;
  return {
    name: screen.name,
    /** A digest of the pixels of a rectangle. */
    digest: ({ x, y, width, height }) => {
      const hash = createHash("sha1");
      for (let line = y; line < y + height; line += 1) hash.update(read(width * 4, pixels + line * lineBytes + x * 4));
      return hash.digest("hex");
    },
    stop: async () => {
      closeSync(file);
      await screen.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
