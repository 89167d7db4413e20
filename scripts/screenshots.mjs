// npm run screenshots: the four places of the real window, light and dark, with a real build and a real library,
// as docs/screenshots/<place>-<theme>.png.
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  const [screen, place] = [await display(), home()];
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
    const window = await open({ screen, home: place, args: [place.path("quickstart")] });
    try {
      await window.click("[role=treeitem]", "quickstart");
      for (const name of ["templates", "builds", "library", "host"]) {
        await window.go(name);
        if (name === "builds") await window.click("[role=option], [role=listitem], li button", "web-server").catch(() => {});
        if (name === "host") await window.says("mmdebstrap", 60_000);
        for (const theme of ["light", "dark"]) {
          await window.driver.executeScript("document.documentElement.dataset.theme = arguments[0]", theme);
          await new Promise((resolve) => setTimeout(resolve, 400)); // the colours' transition
          const file = join(folder, `${name}-${theme}.png`);
          writeFileSync(file, await window.picture());
          say(file);
        }
      }
    } finally {
      await window.quit();
    }
  } finally {
    await screen.stop(); // the session bus that GTK started goes with the display
    await place.remove();
  }
});
