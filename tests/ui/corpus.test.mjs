// Other people's templates in the real window: a disk size, a step in another place and a post-processor switched off
// are all that `git diff` shows; undone, it shows nothing. Skipped where the collection of templates is not there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Key } from "selenium-webdriver";
import { root } from "../../scripts/lib/project.mjs";
import { display, home, open, readText, until } from "./driver.mjs";

const shared = process.env.GOLDSMITH_SHARED ?? join(root, "../shared");
const corpus = join(shared, "corpus");
const missing = !existsSync(corpus);
const skip = missing && "there is no corpus folder (set GOLDSMITH_SHARED)";

let user, screen, window;
before(async () => {
  if (missing) return;
  user = home();
  screen = await display();
});
after(async () => {
  await window?.quit();
  await screen?.stop();
  await user?.remove();
});

const row = (id) => `[data-node="${id}"]`;
const enabled = (name) => window.driver.executeScript(`return document.querySelectorAll('[data-testid="${name}"]:not([disabled])').length > 0`);

/** Gives a row of the outline the keyboard, and presses keys. */
async function press(id, ...keys) {
  const element = await window.see(row(id));
  await window.driver.executeScript("arguments[0].scrollIntoView({ block: 'center' }); arguments[0].click(); arguments[0].focus()", element);
  if (keys.length > 0) await window.driver.actions().sendKeys(...keys).perform();
}

/** The text of the block that starts at the n-th line matching `start` and the comment lines above it, and where it is. */
function block(text, start, n) {
  const lines = text.split("\n");
  const first = lines.flatMap((line, at) => (start.test(line) ? [at] : []))[n];
  const indent = /^\s*/.exec(lines[first])[0];
  const last = lines.findIndex((line, at) => at > first && line === `${indent}}`);
  let from = first;
  while (lines[from - 1].trimStart().startsWith("#")) from -= 1;
  const cut = (a, b) => lines.slice(a, b + 1).join("\n");
  return { from, first, last, whole: cut(from, last), bare: cut(first, last) };
}

/** What the edits must make of HCL texts: written with no help of the program. */
const hcl = {
  sized: (text, size) => text.replace(/^(source "qemu"[^]*?\n  disk_size +=) .*$/m, `$1 ${size}`),
  /** The second step of the n-th build goes before the first one. */
  moved(text, inBuild) {
    const at = text.indexOf(inBuild);
    const rest = text.slice(at);
    const [one, two] = [block(rest, /^ {2}provisioner "/, 0), block(rest, /^ {2}provisioner "/, 1)];
    const between = rest.split("\n").slice(one.last + 1, two.from);
    const pair = (a, b) => [a, ...between, b].join("\n");
    return text.slice(0, at) + rest.replace(pair(one.whole, two.whole), () => pair(two.whole, one.whole));
  },
  off(text, start) {
    const { bare } = block(text, start, 0);
    const indent = /^ */.exec(bare)[0];
    const line = (one) => (one === "" ? `${indent}#` : `${indent}# ${one.slice(indent.length)}`);
    return text.replace(bare, () => bare.split("\n").map(line).join("\n"));
  },
};

const CASES = [
  {
    name: "chef+bento",
    open: "packer_templates",
    source: "source.qemu.vm",
    size: ["expression-disk_size", "98304"],
    step: "build[0]/provisioner[1]",
    post: "build[0]/post-processor[0]",
    off: "build[0]/disabled[0]",
    expected: (read) => ({
      "packer_templates/pkr-sources.pkr.hcl": hcl.sized(read("packer_templates/pkr-sources.pkr.hcl"), "98304"),
      "packer_templates/pkr-builder.pkr.hcl": hcl.off(hcl.moved(read("packer_templates/pkr-builder.pkr.hcl"), "\nbuild {"), /^ {2}post-processor "/),
    }),
  },
  {
    name: "gusztavvargadr+packer",
    open: "src/ubuntu",
    source: "source.qemu.iso",
    size: ["expression-disk_size", "98304"],
    step: "build[1]/provisioner[1]",
    post: "build[1]/post-processor[0]",
    off: "build[1]/disabled[0]",
    expected: (read) => ({
      "src/ubuntu/source.qemu.pkr.hcl": hcl.sized(read("src/ubuntu/source.qemu.pkr.hcl"), "98304"),
      "src/ubuntu/build.native.pkr.hcl": hcl.off(hcl.moved(read("src/ubuntu/build.native.pkr.hcl"), '\n  name = "native-build"'), /^ {2}post-processor "/),
    }),
  },
  {
    // JSON: no comments, so what is switched off is left out of every build. Its templates have one provisioner each;
    // a builder moves instead.
    name: "kaorimatz+packer-templates",
    open: "debian-9.4-amd64.json",
    source: "source.qemu.qemu",
    size: ["field-disk_size", "98304"],
    step: "source.virtualbox-iso.virtualbox-iso",
    post: "build[0]/post-processor[0]",
    off: "build[0]/post-processor[0]",
    expected(read) {
      const text = read("debian-9.4-amd64.json");
      const sized = text.replace('"disk_size": "{{user `disk_size`}}"', '"disk_size": "98304"');
      const from = sized.indexOf("{", sized.indexOf('"builders"'));
      const to = sized.indexOf("}],", from) + 1;
      const [one, two, three] = sized.slice(from, to).split("}, {");
      const moved = `${sized.slice(0, from)}{${two}}, ${one}}, {${three}${sized.slice(to)}`;
      const output = '"output": "debian-9.4-amd64-{{.Provider}}.box"';
      return { [this.open]: moved.replace(output, `${output},\n    "except": ["virtualbox-iso", "qemu", "vmware-iso"]`) };
    },
  },
];

for (const one of CASES) {
  test(`${one.name}: what is changed in the window is what git shows, and nothing after undo`, { skip }, async () => {
    const folder = user.path(one.name);
    cpSync(join(corpus, one.name), folder, { recursive: true });
    const git = (...args) => {
      const run = spawnSync("git", ["-C", folder, "-c", "user.name=test", "-c", "user.email=test@localhost", ...args], { env: user.env, encoding: "utf8" });
      assert.equal(run.status, 0, `git ${args.join(" ")}: ${run.stderr}`);
      return run.stdout;
    };
    git("init", "-q");
    // Line endings stay as they are.
    git("config", "core.autocrlf", "false");
    git("add", "-A");
    git("commit", "-q", "-m", "as it was");
    const expected = one.expected((name) => readText(join(folder, name)));

    const path = join(folder, one.open);
    if (window) window.openTemplate(path);
    else window = await open({ screen, home: user, args: [path] });
    await window.see(row(one.source), undefined, 30_000);
    await press(one.source);
    await window.see(".heading h2", one.source.replace("source.", ""));
    await window.fill(`[data-testid="${one.size[0]}"]`, one.size[1]);
    await until("the change to be taken", 10_000, () => enabled("undo"));

    const rows = () => window.driver.executeScript("return [...document.querySelectorAll('[data-node]')].map((row) => row.dataset.node + row.innerText).join('|')");
    const before = await rows();
    await press(one.step);
    await window.driver.actions().keyDown(Key.ALT).sendKeys(Key.ARROW_UP).keyUp(Key.ALT).perform();
    await until(`${one.step} to move`, 15_000, async () => (await rows()) !== before);
    await press(one.post, Key.SPACE);
    await window.see(`${row(one.off)} .word`);
    const unsaved = '[data-testid="save"]:not([disabled])';
    await window.click(unsaved);
    await window.gone(unsaved);
    for (const [name, text] of Object.entries(expected)) assert.equal(readText(join(folder, name)), text, name);
    const changed = git("diff", "--name-only").trim().split("\n");
    assert.deepEqual(changed.sort(), Object.keys(expected).sort());

    for (let step = 0; await enabled("undo"); step += 1) {
      assert.ok(step < 4, "three edits are three steps back");
      await window.click('[data-testid="undo"]');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await window.click(unsaved);
    await window.gone(unsaved);
    assert.equal(git("status", "--porcelain"), "");
    assert.equal(git("diff"), "");
  });
}
