// Taking part in a build of a real guest: its live screen and keyboard, a shell in it, a failed step that is put right.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Key } from "selenium-webdriver";
import { display, home, open, readText, until } from "./driver.mjs";
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

const state = (name) => window.driver.executeScript("return [...document.querySelectorAll('[data-build]')].find((row) => row.innerText.includes(arguments[0]))?.dataset.state", name);
const ends = (name, wanted) =>
  until(`${name} to be ${wanted}`, GUEST, async () => {
    const now = await state(name);
    if (now !== wanted && ["succeeded", "failed", "cancelled", "interrupted"].includes(now)) throw new Error(`it is ${now}:\n${await window.text()}`);
    return now === wanted;
  });
const pixels = () => window.driver.executeScript("return document.querySelector('[data-testid=\"console\"] canvas')?.toDataURL()");
const type = (...keys) => window.driver.actions().sendKeys(...keys).perform();

test("the screen is live; keys reach the guest only once it is taken over, and are recorded as a boot_command", async () => {
  const wait = shell("echo the guest waits", "while [ ! -e /tmp/typed ]; do sleep 0.2; done", "echo the keys arrived");
  const path = template(user, "typed", wait);
  window = await open({ screen, home: user, args: [path] });
  await window.see('[role="treeitem"]', "qemu.typed");
  await window.click('[data-testid="build"]');
  await window.see('[data-testid="log"]', "the guest waits", GUEST);

  await window.click('[data-tab="screen"]');
  await window.see('[data-testid="console"][data-state="connected"]', undefined, 30_000);
  const first = await until("a picture", 20_000, pixels);
  await type("xyz", Key.ENTER);
  assert.equal(await window.driver.executeScript("return document.querySelector('[data-testid=\"console\"]').dataset.mine"), "false");

  await window.click('[data-testid="record"]');
  await window.see('[data-testid="console"][data-mine="true"]');
  // A getty asks for the name, login for the password; no character here needs Shift.
  await type("root", Key.ENTER);
  await until("the screen to change", 20_000, async () => (await pixels()) !== first);
  const asked = await pixels();
  await until("the password to be asked for", 20_000, async () => (await pixels()) !== asked).catch(() => undefined);
  await new Promise((done) => setTimeout(done, 3000));
  await type("packer", Key.ENTER);
  await new Promise((done) => setTimeout(done, 3000));
  await type("cp /proc/uptime /tmp/typed", Key.ENTER);

  // Ctrl Alt G gives the keyboard back and ends the recording.
  await window.driver.actions().keyDown(Key.CONTROL).keyDown(Key.ALT).sendKeys("g").keyUp(Key.ALT).keyUp(Key.CONTROL).perform();
  await window.see('[data-testid="console"][data-mine="false"]');
  const recorded = await window.driver.executeScript("return document.querySelector('[data-testid=\"recorded\"]').value");
  assert.match(recorded, /^root<enter>\n<wait\d+s>\npacker<enter>\n<wait\d+s>\ncp \/proc\/uptime \/tmp\/typed<enter>$/);
  await window.press('[data-testid="recorded-put"]');
  await window.see(".cm-content", '"root<enter>"');
  await window.click('[data-testid="save"]');
  await until("the file", 10_000, () => readText(path).includes('"cp /proc/uptime /tmp/typed<enter>"'));

  await window.go("builds");
  await window.click('[data-tab="log"]');
  await window.see('[data-testid="log"]', "the keys arrived", GUEST);
  await ends("typed", "succeeded");
});

test("a failed step asks; a shell looks into the guest, the script is put right, and the build succeeds", async () => {
  const script = user.write("mended/setup.sh", "#!/bin/sh\nsleep 4\necho about to fail\nexit 3\n");
  window.openTemplate(template(user, "mended", `  provisioner "shell" {\n    script = "${script}"\n  }\n  provisioner "shell" {\n    inline = ["cat /tmp/looked"]\n  }\n`));
  await window.see('[role="treeitem"]', "qemu.mended");
  await window.click('[data-testid="build"]');
  await window.see('[data-build][aria-selected="true"]', "mended");
  await window.click('[role="switch"][aria-label="Ask when a step fails"]');
  await window.click('[data-testid="pause-shutdown"]');

  const question = await window.see('[data-testid="question"]', undefined, GUEST);
  assert.match(await question.getText(), /exit (code|status) 3/i);
  await ends("mended", "asking");

  await window.click('[data-testid="answer-shell"]');
  await window.see('[data-testid="shell"][data-state="connected"]', undefined, 30_000).catch(async (error) => {
    throw new Error(`${error.message}\nthe window says:\n${await window.text()}`);
  });
  await type("echo seen > /tmp/looked", Key.ENTER);

  await window.click('[data-testid="edit-script"]');
  const text = await window.see('[data-testid="script-file"]');
  assert.match(await text.getAttribute("value"), /exit 3/);
  await text.sendKeys(Key.chord(Key.CONTROL, "a"));
  await text.sendKeys("#!/bin/sh", Key.ENTER, "echo put right", Key.ENTER);
  await window.click('[data-testid="answer-retry"]');
  await until("the script on this computer", 10_000, () => readText(script) === "#!/bin/sh\necho put right\n" || Promise.reject(new Error(readText(script))));

  // It waits before the step that was marked.
  await window.see('[data-testid="question"][data-paused="true"]', "Go on", GUEST);
  await window.click('[data-tab="log"]');
  await window.see('[data-testid="log"]', "put right");
  await window.see('[data-testid="log"]', "seen");
  await window.click('[data-testid="answer-retry"]');
  await ends("mended", "succeeded");
});

test("commands of the template are changed for this build, and a step is skipped", async () => {
  window.openTemplate(template(user, "changed", shell("sleep 4", "echo first", "exit 4") + shell("exit 5")));
  await window.see('[role="treeitem"]', "qemu.changed");
  await window.click('[data-testid="build"]');
  await window.see('[data-build][aria-selected="true"]', "changed");
  await window.click('[role="switch"][aria-label="Ask when a step fails"]');
  await window.see('[data-testid="question"]', undefined, GUEST);
  await window.click('[data-testid="edit-script"]');
  const text = await window.see('[data-testid="script-inline"]');
  await text.sendKeys(Key.chord(Key.CONTROL, "a"));
  await text.sendKeys("echo changed by hand", Key.ENTER);
  await window.click('[data-testid="answer-retry"]');
  await window.see('[data-testid="log"]', "changed by hand", GUEST);
  await until("the second question", GUEST, async () => /5/.test((await (await window.see('[data-testid="question"]')).getText()).match(/exit (?:code|status) (\d)/i)?.[1] ?? ""));
  await window.click('[data-testid="answer-skip"]');
  await ends("changed", "succeeded");
  await window.see('[data-step="shell-2"][data-state="skipped"]');
  // What was done by hand goes with the image.
  const { stdout } = user.goldsmith("image", "show", "changed", "--json");
  assert.match(stdout, /were changed by hand/);
  assert.match(stdout, /was skipped by hand/);
});
