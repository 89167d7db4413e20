# openSUSE Leap from its installer. AutoYaST answers YaST; packages come from the network.
#
#   goldsmith build -var "ssh_public_key=$(cat ~/.ssh/id_ed25519.pub)" templates/opensuse-installer
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
  default     = "15.6"
  description = "The release."
}

locals {
  folder = "https://download.opensuse.org/distribution/leap/${var.release}"
  image  = "openSUSE-Leap-${var.release}-NET-x86_64-Media.iso"
}

# Random, kept out of every log, and locked at the end of the build.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

source "qemu" "opensuse" {
  iso_url      = "${local.folder}/iso/${local.image}"
  iso_checksum = "file:${local.folder}/iso/${local.image}.sha256"
  disk_size    = "12G"

  http_content = {
    "/autoinst.xml" = templatefile("autoinst.xml.pkrtpl", {
      user     = var.user
      password = local.password
      key      = var.ssh_public_key
    })
  }
  # Esc leaves the graphical menu, Enter confirms that; then the boot loader's prompt. The packages come from the network.
  boot_wait = "5s"
  boot_command = [
    "<esc><enter><wait2>",
    "linux netsetup=dhcp lang=en_US textmode=1 install=${local.folder}/repo/oss",
    " autoyast=http://{{ .HTTPIP }}:{{ .HTTPPort }}/autoinst.xml<enter>",
  ]

  memory           = 2048
  cpus             = 2
  headless         = true
  ssh_username     = var.user
  ssh_password     = local.password
  ssh_timeout      = "90m" # the whole installation; generous for computers on which guests are emulated
  shutdown_command = "sudo poweroff"

  output_directory = "output-opensuse-installer"
  vm_name          = "opensuse-installer.qcow2"
}

build {
  sources = ["source.qemu.opensuse"]

  provisioner "shell" {
    script           = "${path.root}/setup.sh"
    execute_command  = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}"
    environment_vars = ["LOGIN_USER=${var.user}"]
  }

  # Removes what must not be in two machines, and locks the build's password. Goldsmith's own: leave it out for Packer.
  provisioner "generalize" {}

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-opensuse-installer/opensuse-installer.{{.ChecksumType}}"
  }
}
