// What the window knows about a template's text: completion, hover, declarations and renaming, over several files.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Key } from "selenium-webdriver";
import { display, home, open, readText, until } from "./driver.mjs";

const WEB = `source "qemu" "web" {
  disk_image   = true
  iso_url      = "base.qcow2"
  iso_checksum = "none"
  disk_size    = var.size # from the other file
  ssh_username = "root"
}

build {
  sources = ["source.qemu.web"]
}
`;
const VARIABLES = 'variable "size" {\n  default     = "8G"\n  description = "How large the disk is."\n}\n';

let user, screen, window;
before(async () => {
  user = home();
  user.write("shop/web.pkr.hcl", WEB);
  user.write("shop/variables.pkr.hcl", VARIABLES);
  screen = await display();
  window = await open({ screen, home: user, args: [user.path("shop")] });
});
after(async () => {
  await window?.quit();
  await screen?.stop();
  await user?.remove();
});

const keys = (...pressed) => window.driver.actions().sendKeys(...pressed).perform();
const shownText = () => window.driver.executeScript("return [...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')");
const openFile = async (name) => {
  await window.click('[role="tab"]', name);
  await until(name, 10_000, async () => (await shownText()).length > 0);
};

test("a letter offers the options that start with it, with their help", async () => {
  await openFile("web.pkr.hcl");
  await (await window.see(".cm-line", "ssh_username")).click();
  await keys(Key.END, Key.ENTER, "m", "e", "m");
  await window.see(".cm-tooltip-autocomplete li", "memory");
  await window.see(".cm-completionInfo", "number");
  // A list that has just come up takes no Enter, so that nobody accepts what they have not seen.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await until("the list to take keys", 10_000, async () => {
    await keys(Key.ENTER);
    return (await shownText()).includes("memory = ");
  });
  await keys("1", "0", "2", "4");
  await until("the field of the form", 10_000, async () => (await window.driver.executeScript("return document.querySelector('[data-testid=\"field-memory\"]')?.value")) === "1024");
});

test("F12 goes to the declaration in the other file, F2 renames in both, one undo takes it back", async () => {
  const line = await window.see(".cm-line", "from the other file");
  await line.click();
  await keys(Key.HOME, ...Array.from("disk_size    = var.si", () => Key.ARROW_RIGHT));
  await keys(Key.F12);
  await until("the declaration", 10_000, async () => (await shownText()).includes("How large the disk is."));
  await keys(Key.F2);
  const input = await window.see('[data-testid="rename"]');
  await window.driver.executeScript("arguments[0].focus(); arguments[0].select()", input);
  await keys("room", Key.ENTER);
  await window.see('[role="treeitem"]', "room");
  await window.click('[data-testid="save"]:not([disabled])');
  await until("both files", 10_000, () => readText(user.path("shop/variables.pkr.hcl")).includes('variable "room"') && readText(user.path("shop/web.pkr.hcl")).includes("disk_size    = var.room # from"));
  await window.click('[data-testid="undo"]');
  await window.see('[role="treeitem"]', "size");
  await window.click('[data-testid="save"]:not([disabled])');
  await until("the file as it was", 10_000, () => readText(user.path("shop/variables.pkr.hcl")) === VARIABLES);
  assert.ok(readText(user.path("shop/web.pkr.hcl")).includes("var.size # from"));
});
