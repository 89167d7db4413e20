// Drives the real window: the desktop program in WebKitGTK, by WebDriver, on a display of its own.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Builder, By, Capabilities, Key } from "selenium-webdriver";
import { program } from "../../scripts/lib/project.mjs";
import { which } from "../../scripts/lib/system.mjs";
import { wishClosed } from "./wish.mjs";

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

const ended = (child) => (child.exitCode !== null || child.signalCode !== null ? null : new Promise((resolve) => child.once("close", resolve)));

/** A display of its own (Xvfb), ended with `stop`. Resolves when it takes connections. */
export async function display(size = "1280x800x24", more = []) {
  const xvfb = spawn(which("Xvfb"), ["-displayfd", "3", "-screen", "0", size, "-nolisten", "tcp", ...more], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const number = await new Promise((resolve, reject) => {
    xvfb.on("error", reject).on("close", () => reject(new Error("Xvfb ended at once")));
    xvfb.stdio[3].on("data", (data) => resolve(data.toString().trim()));
  });
  return {
    name: `:${number}`,
    stop: async () => {
      xvfb.kill();
      await ended(xvfb);
    },
  };
}

/** A user's folders for one test file: everything that Goldsmith and the templates write goes there. `hidden` puts what
 * Goldsmith keeps into the user's own folder, as it is on a real computer. */
export function home({ hidden = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "gs-ui-"));
  const kept = hidden ? "work/.goldsmith" : "home";
  for (const name of ["work", kept, "tmp"]) mkdirSync(join(folder, name));
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  const goldsmithHome = join(folder, kept);
  const env = {
    ...process.env,
    GOLDSMITH_HOME: goldsmithHome,
    HOME: join(folder, "work"),
    TMPDIR: join(folder, "tmp"),
    XDG_RUNTIME_DIR: join(folder, "run"),
    WAYLAND_DISPLAY: "",
    NO_AT_BRIDGE: "1",
  };
  const mark = `GOLDSMITH_HOME=${goldsmithHome}`;
  /** Processes of this home: number and command line. */
  const processes = () =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark)) return [];
          return [{ pid: Number(pid), line: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim() }];
        } catch {
          return []; // it has ended
        }
      });
  return {
    folder,
    env,
    processes,
    /** Writes a file in the working folder; its path. */
    write: (name, text) => {
      const path = join(folder, "work", name);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    path: (name) => join(folder, "work", name),
    /** Runs the command line program to its end. */
    goldsmith: (...args) => spawnSync(program("goldsmith"), args, { env, cwd: join(folder, "work"), encoding: "utf8" }),
    /** Starts the command line program. */
    start: (...args) => spawn(program("goldsmith"), args, { env, cwd: join(folder, "work"), stdio: "ignore" }),
    /** Fails when a process of this home is left, and removes the folder. */
    remove: async () => {
      try {
        await until("all processes to end", 40_000, () => processes().length === 0);
      } catch {
        const left = processes();
        for (const { pid } of left) process.kill(pid, "SIGKILL");
        throw new Error(`processes are left: ${left.map(({ line }) => line).join("; ")}`);
      } finally {
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}

/**
 * The real window, started with `args`. `quit()` closes it; what else the returned object has speaks of what is
 * seen: texts, roles and names, and the marks the front end gives its parts (`data-testid` and the like).
 */
export async function open({ screen, home: { folder, env, processes }, args = [], desktop = program("goldsmith-desktop") }) {
  if (!existsSync(desktop)) throw new Error(`${desktop} is not built: npm test -- window builds it`);
  const port = await freePort();
  // The WebDriver server starts a program by its path with no arguments of our choice: a launcher carries them.
  const launcher = join(folder, "goldsmith-window");
  const quote = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;
  writeFileSync(launcher, `#!/bin/sh\nexec ${quote(desktop)} ${args.map(quote).join(" ")}\n`, { mode: 0o755 });
  const windowEnv = { ...env, DISPLAY: screen.name, TAURI_AUTOMATION: "true", TAURI_WEBVIEW_AUTOMATION: "true" };
  const server = spawn(which("WebKitWebDriver"), [`--port=${port}`], {
    stdio: process.env.GOLDSMITH_TEST_OUTPUT ? "inherit" : "ignore",
    env: windowEnv,
    // What a template writes beside the working folder stays in this home.
    cwd: join(folder, "work"),
  });
  const address = `http://127.0.0.1:${port}`;
  let driver;
  try {
    await until("the WebDriver server", 20_000, async () => (await fetch(`${address}/status`)).ok);
    driver = await new Builder()
      .usingServer(address)
      .withCapabilities(new Capabilities({ browserName: "wry", "webkitgtk:browserOptions": { binary: launcher, args: [] } }))
      .build();
  } catch (error) {
    server.kill();
    throw error;
  }
  /** The first element of a selector that takes up space, with a text in it when one is given. */
  const visible = (selector, text) =>
    driver.executeScript(
      `const [selector, text] = arguments;
       const said = (element) => (element.innerText || element.textContent || "") + (element.getAttribute("aria-label") || "");
       return [...document.querySelectorAll(selector)].find((element) => element.getClientRects().length > 0 && (text === null || said(element).includes(text))) ?? null;`,
      selector,
      text ?? null,
    );
  const window = {
    driver,
    /** The first visible element of a selector, with a text in it when one is given. */
    see: (selector, text, ms = 15_000) => until(`${selector}${text === undefined ? "" : ` with "${text}"`}`, ms, () => visible(selector, text)),
    /** Waits until no element of the selector is visible. */
    gone: (selector, text, ms = 15_000) => until(`${selector} to go`, ms, async () => !(await visible(selector, text))),
    click: (selector, text, ms = 15_000) =>
      until(`a click on ${selector}`, ms, async () => {
        const element = await visible(selector, text);
        await element?.click();
        return element;
      }),
    /** Reaches a control of a modal dialog by keyboard: WebKit's driver cannot click in the top layer. */
    press: async (selector, text) => {
      const element = await window.see(selector, text);
      await driver.executeScript("arguments[0].focus()", element);
      await driver.actions().sendKeys(Key.SPACE).perform();
    },
    /** Replaces what an input holds and leaves it, as Enter does. */
    fill: async (selector, text) => {
      const input = await window.see(selector);
      // WebKit's driver takes a pixel at the edge of a pane for a control in view.
      await driver.executeScript("arguments[0].scrollIntoView({ block: 'center' })", input);
      await input.click();
      // In one call WebKit would keep Control down for what follows.
      await input.sendKeys(Key.chord(Key.CONTROL, "a"));
      await input.sendKeys(text, Key.ENTER);
    },
    /** The text of the whole window. */
    text: () => driver.executeScript("return document.body.innerText"),
    /** Waits for words anywhere in the window. */
    says: (words, ms = 15_000) =>
      until(`the words "${words}"`, ms, async () => (await window.text()).includes(words)).catch(async (error) => {
        throw new Error(`${error.message}\nthe window says:\n${await window.text()}`);
      }),
    go: (place) => window.click(`[data-testid="place-${place}"]`),
    picture: () => driver.takeScreenshot().then((data) => Buffer.from(data, "base64")),
    /** Starts the program once more: the window that is open takes the template. */
    openTemplate: (path) => {
      const later = spawnSync(desktop, [path], { env: { ...env, DISPLAY: screen.name }, encoding: "utf8" });
      if (later.status !== 0) throw new Error(`the second start failed: ${later.stderr}`);
    },
    /** Wants to close the window as its frame does; whether there was one. */
    /** The user's wish to close the window; whether there is one that could be told. */
    askToClose: async () => {
      const found = spawnSync("xdotool", ["search", "--onlyvisible", "--name", "Goldsmith"], { env: windowEnv, encoding: "utf8" }).stdout.trim();
      if (found) await wishClosed(screen.name, Number(found.split("\n")[0]));
      return found !== "";
    },
    isClosed: () => !processes().some(({ line }) => /\/goldsmith-desktop( |$)/.test(line)),
    /** Closes the window as its frame does; the driver's own way would kill the program. */
    quit: async () => {
      // A window that asks because of a build closes at the second wish.
      if (await window.askToClose()) {
        await until("the window to close", 10_000, async () => {
          if (window.isClosed()) return true;
          await new Promise((resolve) => setTimeout(resolve, 500));
          await window.askToClose();
          return false;
        });
      }
      await driver.quit().catch(() => {});
      server.kill();
      await ended(server);
    },
  };
  return window;
}

export const readText = (path) => readFileSync(path, "utf8");
