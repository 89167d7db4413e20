# Arch Linux from its live system. pacstrap installs it, with systemd-networkd and GRUB.
#
#   goldsmith build -var "ssh_public_key=$(cat ~/.ssh/id_ed25519.pub)" templates/arch-installer
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

variable "snapshot" {
  type        = string
  default     = "2025.01.01"
  description = "Date of the live system in the archive. The packages are those of the day of the build."
}

locals {
  folder = "https://archive.archlinux.org/iso/${var.snapshot}"
}

# Random, kept out of every log, and locked at the end of the build.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

source "qemu" "arch" {
  iso_url      = "${local.folder}/archlinux-${var.snapshot}-x86_64.iso"
  iso_checksum = "file:${local.folder}/sha256sums.txt"
  disk_size    = "8G"

  http_content = {
    "/install.sh" = templatefile("install.sh.pkrtpl", {
      user     = var.user
      password = local.password
      key      = var.ssh_public_key
    })
  }
  # The menu's first entry, then root's shell, which asks for nothing. One script does the rest.
  boot_wait = "5s"
  boot_command = [
    "<enter><wait60s>",
    "curl -so /tmp/install http://{{ .HTTPIP }}:{{ .HTTPPort }}/install.sh && bash /tmp/install<enter>",
  ]

  memory           = 2048
  cpus             = 2
  headless         = true
  ssh_username     = var.user
  ssh_password     = local.password
  ssh_timeout      = "90m" # the whole installation; generous for computers on which guests are emulated
  shutdown_command = "sudo poweroff"

  output_directory = "output-arch-installer"
  vm_name          = "arch-installer.qcow2"
}

build {
  sources = ["source.qemu.arch"]

  provisioner "shell" {
    script           = "${path.root}/setup.sh"
    execute_command  = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}"
    environment_vars = ["LOGIN_USER=${var.user}"]
  }

  # Removes what must not be in two machines, and locks the build's password. Goldsmith's own: leave it out for Packer.
  provisioner "generalize" {}

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-arch-installer/arch-installer.{{.ChecksumType}}"
  }
}
