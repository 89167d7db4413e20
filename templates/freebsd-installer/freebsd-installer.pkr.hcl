# FreeBSD from its installer. An installerconfig answers bsdinstall.
#
#   goldsmith build -var "ssh_public_key=$(cat ~/.ssh/id_ed25519.pub)" templates/freebsd-installer
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
  default     = "14.3"
  description = "The release."
}

locals {
  image   = "FreeBSD-${var.release}-RELEASE-amd64-disc1.iso"
  current = "https://download.freebsd.org/releases/amd64/amd64/ISO-IMAGES/${var.release}"
  # Where a release goes when it is over.
  archive = "https://archive.freebsd.org/old-releases/amd64/amd64/ISO-IMAGES/${var.release}"
}

# Random, kept out of every log, and locked at the end of the build.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

source "qemu" "freebsd" {
  iso_urls     = ["${local.current}/${local.image}", "${local.archive}/${local.image}"]
  iso_checksum = "file:${local.current}/CHECKSUM.SHA256-FreeBSD-${var.release}-RELEASE-amd64"
  disk_size    = "8G"

  http_content = {
    "/installerconfig" = templatefile("installerconfig.pkrtpl", {
      user     = var.user
      password = local.password
      key      = var.ssh_public_key
    })
  }
  # Single user: a shell on the medium. The installer runs from there with its answers.
  boot_wait = "3s"
  boot_command = [
    "<esc><wait>boot -s<enter><wait60s>",
    "/bin/sh<enter><wait2>",
    "mdmfs -s 100m md /tmp<enter><wait2>",
    "dhclient -l /tmp/leases -p /tmp/dhclient.pid vtnet0<enter><wait10s>",
    "fetch -o /tmp/installerconfig http://{{ .HTTPIP }}:{{ .HTTPPort }}/installerconfig<enter><wait3>",
    "bsdinstall script /tmp/installerconfig && reboot<enter>",
  ]

  memory           = 1024
  cpus             = 2
  headless         = true
  ssh_username     = var.user
  ssh_password     = local.password
  ssh_timeout      = "90m" # the whole installation; generous for computers on which guests are emulated
  shutdown_command = "sudo shutdown -p now"

  output_directory = "output-freebsd-installer"
  vm_name          = "freebsd-installer.qcow2"
}

build {
  sources = ["source.qemu.freebsd"]

  provisioner "shell" {
    script           = "${path.root}/setup.sh"
    execute_command  = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}"
    environment_vars = ["LOGIN_USER=${var.user}"]
  }

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-freebsd-installer/freebsd-installer.{{.ChecksumType}}"
  }
}
