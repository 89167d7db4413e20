// Builds of a real guest, seen in the real window: from Build to the image in the library and its export.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Key } from "selenium-webdriver";
import { display, home, open, until } from "./driver.mjs";
import { shell, template } from "./tiny.mjs";

/** Time for a guest to boot and be provisioned, on a slow and busy machine. */
const GUEST = 150_000;

let user, screen, window;
before(async () => {
  user = home();
  screen = await display();
});
after(async () => {
  await window?.quit();
  await screen?.stop();
  await user?.remove();
});

const json = (...args) => {
  const done = user.goldsmith(...args, "--json");
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
};
const state = (name) => window.driver.executeScript("return [...document.querySelectorAll('[data-build]')].find((row) => row.innerText.includes(arguments[0]))?.dataset.state", name);
const ends = (name, wanted, ms = GUEST) =>
  until(`${name} to be ${wanted}`, ms, async () => {
    const now = await state(name);
    if (now !== wanted && ["succeeded", "failed", "cancelled", "interrupted"].includes(now)) return Promise.reject(new Error(`it is ${now}:\n${await window.text()}`));
    return now === wanted;
  });
/** Presses Build on a template and shows the build. */
async function build(path, name) {
  window.openTemplate(path);
  await window.see('[role="treeitem"]', `qemu.${name}`);
  await window.click('[data-testid="build"]');
  await window.see(`[data-build][aria-selected="true"]`, name);
}

test("Build shows steps, log and a changing screen, goes on while the window is closed, and is cancelled", async () => {
  const path = template(user, "shown", shell("echo the guest says $((40 + 2))", "i=0; while [ $i -lt 3000 ]; do echo line $i > /dev/tty1; i=$((i+1)); sleep 0.2; done"));
  window = await open({ screen, home: user, args: [path] });
  await window.see('[role="treeitem"]', "qemu.shown");
  await window.click('[data-testid="build"]');
  await window.see('[data-step][data-state="running"]', undefined, 60_000);
  await window.see('[data-testid="log"]', "the guest says 42", GUEST);
  await window.see('[data-step][data-state="succeeded"]');

  await window.click('[data-tab="screen"]');
  const seen = new Set();
  await until("a second picture of the screen", 40_000, async () => {
    const source = await window.driver.executeScript("return document.querySelector('[data-testid=\"console\"] canvas')?.toDataURL()");
    if (source) seen.add(createHash("sha256").update(source).digest("hex"));
    return seen.size >= 2;
  });

  // Whoever closes the window while a build runs is asked, and the build goes on.
  await window.askToClose();
  await window.see("dialog", "A build is running");
  await window.press('[data-testid="quit-keep"]');
  await until("the window to close", 10_000, () => window.isClosed());
  await window.quit();
  assert.ok(user.processes().some(({ line }) => line.includes("worker")), "the build goes on");
  window = await open({ screen, home: user });
  await window.go("builds");
  await ends("shown", "running");
  await window.see('[data-testid="log"]', "the guest says 42");

  await window.click('[data-testid="cancel-build"]');
  await window.press('[data-testid="confirm-cancel"]');
  await ends("shown", "cancelled", 60_000);
  await until("the worker and its machine to end", 20_000, () => !user.processes().some(({ line }) => /worker|qemu-system/.test(line)));
  assert.ok(!existsSync(user.path("shown/out")), "a cancelled build leaves no output");
});

test("a finished build is in the library with version, size and digest, and is exported", async () => {
  await build(template(user, "golden", shell("echo done"), '  post-processor "checksum" {\n    checksum_types = ["sha256"]\n  }\n'), "golden");
  await ends("golden", "succeeded");
  const [image] = json("image", "list").images ?? json("image", "list");
  assert.equal(image.name, "golden");

  await window.go("library");
  await window.see('[data-image="golden"]');
  await window.see('[data-version="1"]', "MiB");
  const { stdout } = user.goldsmith("image", "show", "golden", "--json");
  const digest = /"content":\s*"(?:blake3:)?([0-9a-f]{64})"/.exec(stdout)?.[1];
  assert.ok(digest, stdout);
  await window.says(digest);

  // The system's own dialog asks for the place: a person types it and presses Enter.
  const target = user.path("golden-export.vmdk");
  await window.click('[data-testid="export"]');
  await window.press('[data-testid="format-vmdk"]');
  await window.press('[data-testid="export-start"]');
  await answerDialog("Export image", target);
  await until("the exported file", 60_000, () => existsSync(target));
  await window.see("dialog", "SHA-256", 60_000);
  const info = spawnSync("qemu-img", ["info", "--output=json", target], { encoding: "utf8" });
  assert.equal(JSON.parse(info.stdout).format, "vmdk");
  const sum = createHash("sha256").update(readFileSync(target)).digest("hex");
  await window.see("dialog", sum);
  await window.driver.actions().sendKeys(Key.ESCAPE).perform();
  await window.gone("dialog");
  const compared = spawnSync("qemu-img", ["compare", target, user.path("golden/out/golden")], { encoding: "utf8" });
  assert.equal(compared.status, 0, compared.stdout + compared.stderr);
});

test("a build of the command line appears, and its failing script explains itself", async () => {
  const path = template(user, "broken", shell("echo about to fail >&2", "exit 3"));
  await window.go("builds");
  const started = user.start("build", path);
  await until("the build to appear", 60_000, () => state("broken"));
  await window.click("[data-build]", "broken");
  await ends("broken", "failed");
  const failure = await window.see('[data-testid="failure"]');
  const words = await failure.getText();
  assert.match(words, /exit (code|status) 3/i);
  await window.see('[data-step][data-state="failed"]');
  await window.see('[data-testid="log"]', "about to fail");
  await until("the command to end", 20_000, () => started.exitCode !== null);
  assert.notEqual(started.exitCode, 0);
});

/** Types a path into the GTK dialog with this title and accepts it. */
async function answerDialog(title, path) {
  const env = { ...process.env, DISPLAY: screen.name };
  const xdotool = (...args) => spawnSync("xdotool", args, { env, encoding: "utf8" });
  const [id] = await until(`the dialog "${title}"`, 20_000, () => {
    const found = xdotool("search", "--onlyvisible", "--name", title).stdout.trim().split("\n").filter(Boolean);
    return found.length > 0 ? found : null;
  });
  // No window manager runs here, so the dialog is given the keyboard by hand.
  xdotool("windowfocus", "--sync", id, "key", "ctrl+a", "type", "--delay", "20", path);
  xdotool("key", "Return");
  await until("the dialog to close", 20_000, () => {
    if (xdotool("search", "--onlyvisible", "--name", title).stdout.trim() === "") return true;
    return false;
  });
}
