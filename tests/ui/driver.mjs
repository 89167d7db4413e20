// Drives the real window: the desktop program in WebKitGTK, by WebDriver, on a display of its own.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Builder, By, Capabilities } from "selenium-webdriver";
import { program, root } from "../../scripts/lib/project.mjs";
import { which } from "../../scripts/lib/system.mjs";

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Polls until `probe` gives something true, or fails with `what` and the last error after `ms` milliseconds. */
export async function until(what, ms, probe) {
  const deadline = performance.now() + ms;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${ms / 1000} s for ${what}${last ? `; last: ${last.message}` : ""}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A display of its own (Xvfb), ended with `stop`. Resolves when it takes connections. */
export async function display(size = "1280x800x24") {
  const xvfb = spawn(which("Xvfb"), ["-displayfd", "3", "-screen", "0", size, "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const number = await new Promise((resolve, reject) => {
    xvfb.on("error", reject).on("close", () => reject(new Error("Xvfb ended at once")));
    xvfb.stdio[3].on("data", (data) => resolve(data.toString().trim()));
  });
  return { name: `:${number}`, stop: () => xvfb.kill() };
}

/** A home folder for one test: everything Goldsmith writes goes there. */
export function home() {
  const folder = mkdtempSync(join(tmpdir(), "gs-ui-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * The real window on a template. `session.quit()` closes it; the returned object has the WebDriver and a few
 * verbs that speak of roles and names, as a person or a screen reader would.
 */
export async function open({ screen, homeFolder, args = [], env = {} }) {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), "gs-driver-"))];
  // WebKit starts the program by one path with no arguments of its own choice: a launcher carries them.
  const launcher = join(folder, "goldsmith-window");
  const quote = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;
  writeFileSync(launcher, `#!/bin/sh\nexec ${quote(program("goldsmith-desktop"))} ${args.map(quote).join(" ")}\n`, { mode: 0o755 });
  mkdirSync(join(folder, "runtime"), { mode: 0o700 });
  const driverProcess = spawn(which("WebKitWebDriver"), [`--port=${port}`], {
    stdio: process.env.GOLDSMITH_TEST_OUTPUT ? "inherit" : "ignore",
    env: {
      ...process.env,
      DISPLAY: screen.name,
      WAYLAND_DISPLAY: "",
      GOLDSMITH_HOME: homeFolder,
      XDG_RUNTIME_DIR: join(folder, "runtime"),
      TAURI_AUTOMATION: "true",
      TAURI_WEBVIEW_AUTOMATION: "true",
      NO_AT_BRIDGE: "1",
      ...env,
    },
  });
  const server = `http://127.0.0.1:${port}`;
  await until("the WebDriver server", 20_000, async () => (await fetch(`${server}/status`)).ok);
  const driver = await until("the window", 60_000, () =>
    new Builder()
      .usingServer(server)
      .withCapabilities(new Capabilities({ browserName: "wry", "webkitgtk:browserOptions": { binary: launcher, args: [] } }))
      .build(),
  );
  return {
    driver,
    /** The first visible element of a role with this accessible name (a string or a pattern). */
    find: (role, name, ms = 10_000) => until(`${role} "${name}"`, ms, () => byRole(driver, role, name)),
    /** All visible elements of a role. */
    all: (role) => driver.findElements(By.css(selectors[role] ?? `[role="${role}"]`)),
    /** The text of the whole window. */
    text: () => driver.executeScript("return document.body.innerText"),
    screenshot: async (name) => {
      const file = join(root, "target", "screenshots", `${name}.png`);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, Buffer.from(await driver.takeScreenshot(), "base64"));
      return file;
    },
    quit: async () => {
      await driver.quit().catch(() => {});
      driverProcess.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const selectors = {
  button: 'button, [role="button"]',
  link: 'a[href], [role="link"]',
  textbox: 'input:not([type]), input[type="text"], input[type="number"], input[type="search"], textarea, [role="textbox"]',
  tab: '[role="tab"]',
  treeitem: '[role="treeitem"]',
  row: 'tr, [role="row"]',
  heading: "h1, h2, h3",
};

async function byRole(driver, role, name) {
  const matches = name instanceof RegExp ? (text) => name.test(text) : (text) => text.trim() === name;
  for (const element of await driver.findElements(By.css(selectors[role] ?? `[role="${role}"]`))) {
    if ((await element.isDisplayed()) && (matches(await element.getAccessibleName()) || matches(await element.getText()))) return element;
  }
  return null;
}

export const readText = (path) => readFileSync(path, "utf8");
