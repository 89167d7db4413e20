// A template in the real window: outline, form and text show one file, and an edit changes only its line.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Key } from "selenium-webdriver";
import { display, home, open, readText, until } from "./driver.mjs";

const TEMPLATE = `# Kept: written by hand.
variable "greeting" {
  default = "hello"
}

source "null" "first" {
  communicator = "none"
}

source "qemu" "web" {
  disk_image   = true
  iso_url      = "base.qcow2" # kept as well
  iso_checksum = "none"
  memory       = 512   // odd spacing stays
    cpus       = 1
  ssh_username = "root"
}

build {
  sources = ["source.qemu.web"]
  provisioner "shell" {
    inline = ["echo \${var.greeting}"]
  }
}
`;

let user, screen, window, path;
before(async () => {
  user = home();
  path = user.write("shop/web.pkr.hcl", TEMPLATE);
  user.write("shop/variables.pkr.hcl", 'variable "size" {\n  default = "8G"\n}\n');
  screen = await display();
  window = await open({ screen, home: user, args: [user.path("shop")] });
});
after(async () => {
  await window?.quit();
  await screen?.stop();
  await user?.remove();
});

const value = (name) => window.driver.executeScript(`return document.querySelector('[data-testid="field-${name}"]')?.value`);
const shownText = () => window.driver.executeScript("return [...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')");
const fieldIs = (name, wanted) => until(`${name} to be ${wanted}`, 10_000, async () => (await value(name)) === wanted);

test("a folder opens: outline, form and text show it", async () => {
  for (const part of ["greeting", "size", "qemu.web", "shell"]) await window.see('[role="treeitem"]', part);
  await window.click('[role="treeitem"]', "qemu.web");
  await fieldIs("memory", "512");
  await until("the source's text", 10_000, async () => (await shownText()).includes("512   // odd spacing stays"));
  assert.match(await window.driver.getTitle(), /Goldsmith/);
});

test("a value changed in the form changes its line alone, on disk after Save", async () => {
  await window.fill('[data-testid="field-memory"]', "2048");
  await until("the text to change", 10_000, async () => (await shownText()).includes("  memory       = 2048   // odd spacing stays"));
  assert.equal(readText(path), TEMPLATE, "nothing is written before Save");
  await window.click('[data-testid="save"]');
  await until("the file", 10_000, () => readText(path) !== TEMPLATE);
  assert.equal(readText(path), TEMPLATE.replace("= 512 ", "= 2048 "));
});

test("undo takes it back in form and text, redo brings it again", async () => {
  await window.click('[data-testid="undo"]');
  await fieldIs("memory", "512");
  assert.ok((await shownText()).includes("= 512   // odd spacing stays"));
  await window.click('[data-testid="redo"]');
  await fieldIs("memory", "2048");
  await window.click('[data-testid="undo"]');
  await fieldIs("memory", "512");
  await window.click('[data-testid="save"]');
  await until("the file as it was", 10_000, () => readText(path) === TEMPLATE);
});

test("text typed beside the form reaches the form", async () => {
  const line = await window.see(".cm-line", "cpus");
  await line.click();
  await window.driver.actions().keyDown(Key.END).keyUp(Key.END).sendKeys(Key.BACK_SPACE, "4").perform();
  await fieldIs("cpus", "4");
});

test("an unknown key is a problem with its name, its place and what was meant", async () => {
  const line = await window.see(".cm-line", "cpus");
  await line.click();
  await window.driver.actions().sendKeys(Key.END, Key.ENTER, "memroy = 1").perform();
  await window.see('[data-testid="problems"]', "1 error");
  await window.click('[data-testid="problems"]');
  await window.says("memroy");
  await window.says("memory");
  await window.says("web.pkr.hcl");
});
