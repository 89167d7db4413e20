# Fedora Server from its installer. A kickstart answers Anaconda.
#
#   goldsmith build -var "ssh_public_key=$(cat ~/.ssh/id_ed25519.pub)" templates/fedora-installer
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
  default     = "41"
  description = "The release, one that the archive keeps."
}

variable "compose" {
  type        = string
  default     = "1.4"
  description = "Number of the release's final compose: it is part of the file's name."
}

locals {
  folder = "https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/${var.release}/Server/x86_64/iso"
}

# Random, kept out of every log, and locked at the end of the build.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

source "qemu" "fedora" {
  iso_url      = "${local.folder}/Fedora-Server-dvd-x86_64-${var.release}-${var.compose}.iso"
  iso_checksum = "file:${local.folder}/Fedora-Server-${var.release}-${var.compose}-x86_64-CHECKSUM"
  disk_size    = "12G"

  # Anaconda takes ks.cfg from a disk with this label, without a word on the kernel's command line.
  cd_label = "OEMDRV"
  cd_content = {
    "ks.cfg" = templatefile("ks.cfg.pkrtpl", {
      user     = var.user
      password = local.password
      key      = var.ssh_public_key
    })
  }

  # Past the check of the medium, which has been checked already.
  boot_wait    = "5s"
  boot_command = ["<up><wait><enter>"]

  # These systems need x86-64-v2 or later, which QEMU's default processor is not.
  cpu_model = "max"

  memory           = 3072
  cpus             = 2
  headless         = true
  ssh_username     = var.user
  ssh_password     = local.password
  ssh_timeout      = "90m" # the whole installation; generous for computers on which guests are emulated
  shutdown_command = "sudo poweroff"

  output_directory = "output-fedora-installer"
  vm_name          = "fedora-installer.qcow2"
}

build {
  sources = ["source.qemu.fedora"]

  provisioner "shell" {
    script           = "${path.root}/setup.sh"
    execute_command  = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}"
    environment_vars = ["LOGIN_USER=${var.user}"]
  }

  # Removes what must not be in two machines, and locks the build's password. Goldsmith's own: leave it out for Packer.
  provisioner "generalize" {}

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-fedora-installer/fedora-installer.{{.ChecksumType}}"
  }
}
