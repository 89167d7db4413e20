# Ubuntu Server from its installer. Autoinstall answers it; use it where the cloud image does not fit.
#
#   goldsmith build -var "ssh_public_key=$(cat ~/.ssh/id_ed25519.pub)" templates/ubuntu-installer
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
  default     = "24.04.2"
  description = "Number of the point release, one that old-releases.ubuntu.com keeps."
}

locals {
  folder = "https://old-releases.ubuntu.com/releases/${var.release}"

  # Answers for the installer: https://canonical-subiquity.readthedocs-hosted.com/en/latest/reference/autoinstall-reference.html
  autoinstall = {
    version  = 1
    locale   = "en_US.UTF-8"
    keyboard = { layout = "us" }
    storage  = { layout = { name = "direct" } }
    ssh      = { install-server = true, allow-pw = true }
    packages = ["qemu-guest-agent"]
    user-data = {
      users = [{
        name                = var.user
        shell               = "/bin/bash"
        sudo                = "ALL=(ALL) NOPASSWD:ALL"
        lock_passwd         = false
        plain_text_passwd   = local.password
        ssh_authorized_keys = compact([var.ssh_public_key])
      }]
    }
  }
}

# Random, kept out of every log, and locked at the end of the build.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

source "qemu" "ubuntu" {
  iso_url      = "${local.folder}/ubuntu-${var.release}-live-server-amd64.iso"
  iso_checksum = "file:${local.folder}/SHA256SUMS"
  disk_size    = "12G"

  # The installer reads this CD: its label makes it a NoCloud seed.
  cd_label = "cidata"
  cd_content = {
    "meta-data" = ""
    "user-data" = "#cloud-config\n${jsonencode({ autoinstall = local.autoinstall })}\n" # JSON is YAML
  }

  # GRUB's command line. The word "autoinstall" answers the question whether the disk may be overwritten.
  boot_wait = "5s"
  boot_command = [
    "c<wait2>",
    "linux /casper/vmlinuz autoinstall ---<enter><wait2>",
    "initrd /casper/initrd<enter><wait2>",
    "boot<enter>",
  ]

  memory           = 4096
  cpus             = 2
  headless         = true
  ssh_username     = var.user
  ssh_password     = local.password
  ssh_timeout      = "90m" # the whole installation; generous for computers on which guests are emulated
  shutdown_command = "sudo poweroff"

  output_directory = "output-ubuntu-installer"
  vm_name          = "ubuntu-installer.qcow2"
}

build {
  sources = ["source.qemu.ubuntu"]

  provisioner "shell" {
    script           = "${path.root}/setup.sh"
    execute_command  = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}"
    environment_vars = ["LOGIN_USER=${var.user}"]
  }

  # Removes what must not be in two machines, and locks the build's password. Goldsmith's own: leave it out for Packer.
  provisioner "generalize" {}

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-ubuntu-installer/ubuntu-installer.{{.ChecksumType}}"
  }
}
