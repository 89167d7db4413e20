# Alpine Linux from its live system. It is installed by setup-alpine, as a small image.
#
#   goldsmith build -var "ssh_public_key=$(cat ~/.ssh/id_ed25519.pub)" templates/alpine-installer
#
packer {
  required_plugins {
    qemu = {
      version = ">= 1.1.0"
      source  = "github.com/hashicorp/qemu"
    }
  }
}

variable "ssh_public_key" {
  type        = string
  default     = ""
  description = "Your public key (the line in ~/.ssh/id_ed25519.pub). It is let in to the result."
}

variable "user" {
  type        = string
  default     = "admin"
  description = "The user the installer makes, for the build and for you."
}

variable "release" {
  type        = string
  default     = "3.20.3"
  description = "The release."
}

locals {
  folder = "https://dl-cdn.alpinelinux.org/alpine/v${join(".", slice(split(".", var.release), 0, 2))}"
  image  = "alpine-virt-${var.release}-x86_64.iso"
}

# Random, kept out of every log, and locked at the end of the build.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

source "qemu" "alpine" {
  iso_url      = "${local.folder}/releases/x86_64/${local.image}"
  iso_checksum = "file:${local.folder}/releases/x86_64/${local.image}.sha256"
  disk_size    = "2G"

  http_content = {
    "/install.sh" = templatefile("install.sh.pkrtpl", {
      mirror   = local.folder
      user     = var.user
      password = local.password
      key      = var.ssh_public_key
    })
  }
  # Root of the live system has no password. One script does the rest.
  boot_wait = "30s"
  boot_command = [
    "root<enter><wait5>",
    "ip link set eth0 up && udhcpc -i eth0 && wget -O /tmp/install http://{{ .HTTPIP }}:{{ .HTTPPort }}/install.sh && sh /tmp/install<enter>",
  ]

  memory           = 512
  cpus             = 2
  headless         = true
  ssh_username     = var.user
  ssh_password     = local.password
  ssh_timeout      = "30m" # the whole installation; generous for computers on which guests are emulated
  shutdown_command = "sudo poweroff"

  output_directory = "output-alpine-installer"
  vm_name          = "alpine-installer.qcow2"
}

build {
  sources = ["source.qemu.alpine"]

  provisioner "shell" {
    script           = "${path.root}/setup.sh"
    execute_command  = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}"
    environment_vars = ["LOGIN_USER=${var.user}"]
  }

  # Removes what must not be in two machines, and locks the build's password. Goldsmith's own: leave it out for Packer.
  provisioner "generalize" {}

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-alpine-installer/alpine-installer.{{.ChecksumType}}"
  }
}
