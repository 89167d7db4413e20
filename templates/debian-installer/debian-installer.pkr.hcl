# Debian from its installer. A preseed answers it; use it where the cloud image does not fit.
#
#   goldsmith build -var "ssh_public_key=$(cat ~/.ssh/id_ed25519.pub)" templates/debian-installer
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
  default     = "13.1.0"
  description = "Number of the point release. The archive keeps every one."
}

locals {
  folder = "https://cdimage.debian.org/cdimage/archive/${var.release}/amd64/iso-cd"
}

# Random, kept out of every log, and locked at the end of the build.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

source "qemu" "debian" {
  iso_url      = "${local.folder}/debian-${var.release}-amd64-netinst.iso"
  iso_checksum = "file:${local.folder}/SHA512SUMS"
  disk_size    = "10G"

  # The installer's answers, served over HTTP.
  http_content = {
    "/preseed.cfg" = templatefile("preseed.cfg.pkrtpl", {
      user     = var.user
      password = local.password
      key      = var.ssh_public_key
    })
  }
  # Esc leaves the menu for the "boot:" prompt.
  boot_wait    = "5s"
  boot_command = ["<esc><wait2>", "auto url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/preseed.cfg hostname=debian domain=", "<enter>"]

  memory           = 1024
  cpus             = 2
  headless         = true
  ssh_username     = var.user
  ssh_password     = local.password
  ssh_timeout      = "90m" # the whole installation; generous for computers on which guests are emulated
  shutdown_command = "sudo poweroff"

  output_directory = "output-debian-installer"
  vm_name          = "debian-installer.qcow2"
}

build {
  sources = ["source.qemu.debian"]

  provisioner "shell" {
    script           = "${path.root}/setup.sh"
    execute_command  = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}"
    environment_vars = ["LOGIN_USER=${var.user}"]
  }

  # Removes what must not be in two machines, and locks the build's password. Goldsmith's own: leave it out for Packer.
  provisioner "generalize" {}

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-debian-installer/debian-installer.{{.ChecksumType}}"
  }
}
