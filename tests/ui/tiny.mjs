// The tests' tiny guest (see tests/src/tiny.rs) and templates that build it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, targetDir } from "../../scripts/lib/project.mjs";

/** The guest's folder; made once (about 30 s), below cargo's target folder. */
export function guest() {
  const fixture = join(root, "tests/fixtures/tiny-guest");
  const script = join(fixture, "build-tiny.sh");
  const digest = createHash("sha256");
  for (const name of ["build-tiny.sh", "install.sh"]) digest.update(readFileSync(join(fixture, name)));
  const folder = join(targetDir, "guests", `window-${digest.digest("hex").slice(0, 16)}`);
  mkdirSync(folder, { recursive: true });
  // One run at a time makes it; the lock goes with its holder.
  const made = spawnSync("flock", [join(folder, "lock"), "sh", "-c", 'test -e "$1/done" || { bash "$0" "$1" && touch "$1/done"; }', script, folder], { encoding: "utf8" });
  if (made.status !== 0 || !existsSync(join(folder, "done"))) throw new Error(`the tiny guest could not be made:\n${made.stdout}${made.stderr}`);
  return { disk: join(folder, "tiny.qcow2"), key: join(folder, "id_ed25519") };
}

/** A template of the tiny guest with these provisioners, in a folder of its own. */
export function template(user, name, provisioners, more = "") {
  const { disk, key } = guest();
  return user.write(
    `${name}/${name}.pkr.hcl`,
    `variable "greeting" {
  default = "hello"
}

source "qemu" "${name}" {
  disk_image           = true
  iso_url              = "${disk}"
  iso_checksum         = "none"
  skip_resize_disk     = true
  headless             = true
  memory               = 256
  vm_name              = "${name}"
  output_directory     = "${user.path(name)}/out"
  ssh_username         = "root"
  ssh_private_key_file = "${key}"
  ssh_timeout          = "2m"
  shutdown_command     = "poweroff"
}

build {
  sources = ["source.qemu.${name}"]
${provisioners}
${more}}
`,
  );
}

/** A shell provisioner of these commands. */
export const shell = (...commands) => `  provisioner "shell" {\n    inline = ${JSON.stringify(commands)}\n  }\n`;
