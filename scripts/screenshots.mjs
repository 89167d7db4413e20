// npm run screenshots: the views of the real window, light and dark, with a real build and a real library, as
// docs/screenshots/<view>-<theme>.png. `npm run screens -w ui` makes pictures of every state, over a double.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key } from "selenium-webdriver";
import { root } from "./lib/project.mjs";
import { Problem, entry, say } from "./lib/term.mjs";
import { display, home, open } from "../tests/ui/driver.mjs";
import { guest } from "../tests/ui/tiny.mjs";

const web = ({ disk, key }) => `source "qemu" "web-server" {
  disk_image           = true
  iso_url              = "${disk}"
  iso_checksum         = "none"
  skip_resize_disk     = true
  headless             = true
  memory               = 256
  output_directory     = "out"
  ssh_username         = "root"
  ssh_private_key_file = "${key}"
  ssh_timeout          = "5m"
  shutdown_command     = "poweroff"
}

build {
  sources = ["source.qemu.web-server"]

  provisioner "shell" {
    inline = ["uname -a", "df /", "ls -la /etc", "ps"]
  }
  provisioner "shell" {
    inline = ["echo 'the page' > /root/index.html", "cat /root/index.html"]
  }
  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "out/web-server.{{.ChecksumType}}"
  }
}
`;

await entry(async () => {
  const folder = join(root, "docs/screenshots");
  mkdirSync(folder, { recursive: true });
  const [screen, place] = [await display(), home({ hidden: true })];
  try {
    const { disk, key } = guest();
    const base = { disk: place.path("base.qcow2"), key: place.path("id_ed25519") };
    copyFileSync(disk, base.disk);
    copyFileSync(key, base.key);
    cpSync(join(root, "templates/quickstart"), place.path("quickstart"), { recursive: true });
    place.write("web-server.pkr.hcl", web(base));
    for (const flags of [[], ["-force"]]) {
      const built = place.goldsmith("build", ...flags, "web-server.pkr.hcl");
      if (built.status !== 0) throw new Problem(`the build for the pictures failed:\n${built.stdout}${built.stderr}`);
    }
    // A repository and a channel, as people have them.
    const git = (...args) => spawnSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main", ...args], { cwd: place.path("quickstart"), env: place.env });
    for (const args of [["init", "-q"], ["add", "."], ["commit", "-q", "-m", "The quick start, as it came"]]) git(...args);
    place.goldsmith("promote", "web-server@1", "staging");
    const window = await open({ screen, home: place, args: [place.path("quickstart")] });
    const script = (text, ...args) => window.driver.executeScript(text, ...args);
    const rest = () => new Promise((resolve) => setTimeout(resolve, 500)); // streams, and the colours' transition
    /** The window in light and dark, as <name>-<theme>.png. */
    const take = async (name) => {
      for (const theme of ["light", "dark"]) {
        await script("document.documentElement.dataset.theme = arguments[0]", theme);
        await rest();
        const file = join(folder, `${name}-${theme}.png`);
        writeFileSync(file, await window.picture());
        say(file);
      }
    };
    /** Runs a command of the palette. */
    const command = async (words) => {
      await script("document.activeElement.blur()");
      await window.driver.actions().keyDown(Key.CONTROL).sendKeys("k").keyUp(Key.CONTROL).perform();
      await window.see("[data-testid=palette]");
      await window.driver.actions().sendKeys(words).perform();
      await rest();
    };
    const enter = () => window.driver.actions().sendKeys(Key.ENTER).perform();
    const escape = () => window.driver.actions().sendKeys(Key.ESCAPE).perform();
    try {
      await window.click("[role=treeitem]", "quickstart");
      await take("templates");
      await window.fill('[data-testid="field-memory"]', "2048");
      await rest();
      await take("templates-changed");
      await command("web");
      await take("palette");
      await escape();
      for (const [name, words, seen] of [
        ["values", "Values for", "[data-testid=value-user]"],
        ["graph", "Graph of", "[data-testid=graph]"],
        ["compare", "Compare with", "dialog .added"],
        ["catalogue", "Add…", "dialog li button"],
        ["wizard", "New template", "[data-system]"],
        ["shortcuts", "Keyboard", "dialog kbd"],
        ["about", "About", "dialog td"],
      ]) {
        await command(words);
        await enter();
        await window.see(seen, undefined, 60_000);
        await rest();
        await take(name);
        await window.press('dialog header button[aria-label^="Close"]');
        await window.gone("dialog[open]");
      }
      await window.press('[data-testid="plan"]');
      await window.see("dialog ol details", undefined, 60_000);
      await take("plan");
      await escape();
      for (const name of ["builds", "library", "host", "settings"]) {
        await window.go(name);
        if (name === "builds") await window.click("[role=option], [role=listitem], li button", "web-server").catch(() => {});
        if (name === "host") await window.says("mmdebstrap", 90_000);
        await rest();
        await take(name);
      }
      await window.go("templates");
      await script("document.documentElement.dataset.contrast = 'more'");
      await take("templates-contrast");
      await script("delete document.documentElement.dataset.contrast");
      await command("Close template");
      await enter();
      await window.press("dialog .danger").catch(() => {});
      await window.says("Make a golden image");
      await take("start");
    } finally {
      await window.quit();
    }
  } finally {
    await screen.stop(); // the session bus that GTK started goes with the display
    await place.remove();
  }
});
