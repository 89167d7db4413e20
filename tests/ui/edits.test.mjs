// Edits of a template of several files in the real window: what reaches the disk is exactly what was meant, and undo
// gives the bytes back.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { Key } from "selenium-webdriver";
import { display, home, open, readText, until } from "./driver.mjs";

const SOURCES = `# Where it starts.\r
source "qemu" "web" {\r
  disk_image   = true\r
  iso_url      = "base.qcow2"\r
  iso_checksum = "none"\r
  disk_size    = "8G"   // odd spacing stays\r
  ssh_username = "root"\r
}\r
`;
const BUILD = `build {
  sources = ["source.qemu.web"]

  # First.
  provisioner "shell" {
    inline = ["echo \${var.greeting}"]
  }

  # Second: moves.
  provisioner "file" {
    source      = "app.tar" # kept
    destination = "/tmp/app.tar"
  }

  post-processor "checksum" {
    checksum_types = ["sha256"]

    # Inside.
    output = <<EOT
web.sha256
EOT
  }
}
`;
const VARIABLES = 'variable "greeting" {\n  default = "hello"\n}\n';
const VALUES = '# Values.\ngreeting = "hi"\n';

let user, screen, window;
const file = (name) => user.path(`shop/${name}`);
before(async () => {
  user = home();
  user.write("shop/build.pkr.hcl", BUILD);
  user.write("shop/sources.pkr.hcl", SOURCES);
  user.write("shop/variables.pkr.hcl", VARIABLES);
  user.write("shop/values.auto.pkrvars.hcl", VALUES);
  for (const name of ["build.pkr.hcl", "sources.pkr.hcl", "variables.pkr.hcl", "values.auto.pkrvars.hcl"]) user.write(`original/${name}`, readText(file(name)));
  screen = await display();
  window = await open({ screen, home: user, args: [user.path("shop")] });
});
after(async () => {
  await window?.quit();
  await screen?.stop();
  await user?.remove();
});

/** The lines that differ from the original, as `diff` shows them. */
const difference = () => {
  const run = spawnSync("diff", ["-r", "-U0", user.path("original"), user.path("shop")], { encoding: "utf8" });
  return run.stdout.split("\n").filter((line) => /^[-+](?![-+]{2} )/.test(line) || line.startsWith("Only in"));
};
/** Saves, and waits until nothing is unsaved. */
const save = async () => {
  const unsaved = '[data-testid="save"]:not([disabled])';
  await window.click(unsaved);
  await window.gone(unsaved);
};
const row = (id) => `[data-node="${id}"]`;
const keys = (...pressed) => window.driver.actions().sendKeys(...pressed).perform();
/** Gives a row of the outline the keyboard. */
const onRow = async (id) => {
  const element = await window.see(row(id));
  await window.driver.executeScript("arguments[0].scrollIntoView({ block: 'center' }); arguments[0].click(); arguments[0].focus()", element);
};
const press = async (id, ...pressed) => {
  await onRow(id);
  await keys(...pressed);
};
/** Presses a key together with Alt or Control. */
const chord = async (id, modifier, key) => {
  await onRow(id);
  await window.driver.actions().keyDown(modifier).sendKeys(key).keyUp(modifier).perform();
};
/** Types into a dialog, in which WebKit's driver cannot click, and takes it with Enter. */
const answer = async (selector, text) => {
  const input = await window.see(selector);
  await window.driver.executeScript("arguments[0].focus(); arguments[0].select()", input);
  await keys(text, Key.ENTER);
  await window.gone(selector);
};
const undoAll = async (steps) => {
  for (let step = 0; step < steps; step += 1) {
    const before = await window.driver.executeScript("return document.querySelectorAll('[data-testid=\"undo\"]:not([disabled])').length");
    assert.equal(before, 1, `there is a step ${step + 1} to undo`);
    await window.click('[data-testid="undo"]');
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  await until("nothing to be left to undo", 10_000, () => window.driver.executeScript("return document.querySelector('[data-testid=\"undo\"]').disabled"));
};

test("a disk size, a provisioner moved and a post-processor disabled are exactly that on disk; undone, nothing", async () => {
  await window.click(row("source.qemu.web"));
  await window.fill('[data-testid="field-disk_size"]', "20G");
  // Alt and the arrow: the file provisioner goes before the shell.
  await chord("build[0]/provisioner[1]", Key.ALT, Key.ARROW_UP);
  await window.see(row("build[0]/provisioner[0]"), "file");
  await press("build[0]/post-processor[0]", Key.SPACE);
  await window.see(row("build[0]/disabled[0]"), "disabled");
  await save();
  assert.equal(readText(file("sources.pkr.hcl")), SOURCES.replace('"8G"', '"20G"'));
  const [first, second] = [BUILD.slice(BUILD.indexOf("  # First."), BUILD.indexOf("\n  # Second")), BUILD.slice(BUILD.indexOf("  # Second"), BUILD.indexOf("\n  post-processor"))];
  const post = BUILD.slice(BUILD.indexOf("  post-processor"), BUILD.length - 2);
  const off = '  # post-processor "checksum" {\n  #   checksum_types = ["sha256"]\n  #\n  #   # Inside.\n  #   output = <<EOT\n# web.sha256\n# EOT\n  # }\n';
  assert.equal(readText(file("build.pkr.hcl")), BUILD.replace(`${first}\n${second}`, `${second}\n${first}`).replace(post, off));
  assert.equal(readText(file("variables.pkr.hcl")), VARIABLES);
  await undoAll(3);
  await save();
  assert.deepEqual(difference(), []);
});

test("a renamed variable is renamed in every file, from the outline's menu", async () => {
  await press("variable.greeting", Key.F2);
  await answer('[data-testid="name"]', "salute");
  await save();
  assert.equal(readText(file("values.auto.pkrvars.hcl")), VALUES.replace("greeting", "salute"));
  assert.equal(readText(file("build.pkr.hcl")), BUILD.replace("var.greeting", "var.salute"));
  await undoAll(1);
  await save();
  assert.deepEqual(difference(), []);
});

test("a block is dragged to another place among its kind", async () => {
  const from = await window.see(row("build[0]/provisioner[0]"));
  const to = await window.see(row("build[0]/provisioner[1]"));
  const { height } = await to.getRect();
  const pointer = window.driver.actions({ async: true });
  await pointer.move({ origin: from }).press().move({ origin: from, y: 8 }).move({ origin: to, y: Math.floor(height / 2) - 3 }).release().perform();
  await window.see(row("build[0]/provisioner[1]"), "shell");
  await undoAll(1);
});

test("a copy of a block gets a name of its own", async () => {
  await chord("source.qemu.web", Key.CONTROL, "d");
  await window.see(row("source.qemu.web_2"));
  await undoAll(1);
});

test("another program's change is taken in; in the same line it is asked about", async () => {
  await window.click(row("source.qemu.web"));
  await window.fill('[data-testid="field-disk_size"]', "30G");
  user.write("shop/sources.pkr.hcl", SOURCES.replace("Where it starts", "Where it begins"));
  await window.says("the changes were taken in");
  await save();
  assert.equal(readText(file("sources.pkr.hcl")), SOURCES.replace('"8G"', '"30G"').replace("Where it starts", "Where it begins"));
  await window.fill('[data-testid="field-disk_size"]', "40G");
  user.write("shop/sources.pkr.hcl", SOURCES.replace('"8G"', '"50G"'));
  await window.see('[data-testid="conflict"]', "sources.pkr.hcl");
  await window.click('[data-testid="save"]');
  assert.equal(readText(file("sources.pkr.hcl")), SOURCES.replace('"8G"', '"50G"'), "it is not written over");
  await window.click('[data-testid="theirs"]');
  await window.gone('[data-testid="conflict"]');
  await until("the form to show it", 10_000, async () => (await window.driver.executeScript("return document.querySelector('[data-testid=\"field-disk_size\"]')?.value")) === "50G");
  user.write("shop/sources.pkr.hcl", SOURCES);
  await until("it to be taken in", 10_000, async () => (await window.driver.executeScript("return document.querySelector('[data-testid=\"field-disk_size\"]')?.value")) === "8G");
});

test("a folder whose files are templates of their own offers each of them", async () => {
  const template = (name) => `variable "size" {\n  default = "8G"\n}\nsource "null" "${name}" {\n  communicator = "none"\n}\nbuild {\n  sources = ["null.${name}"]\n}\n`;
  user.write("apart/one.pkr.hcl", template("one"));
  user.write("apart/two.pkr.hcl", template("two"));
  window.openTemplate(user.path("apart"));
  await window.see('[data-testid="apart"]', "templates of their own");
  await window.click('[data-testid="open-apart"]', "two.pkr.hcl");
  await window.see(row("source.null.two"));
  await window.gone('[data-testid="apart"]');
  await window.gone(row("source.null.one"));
});
