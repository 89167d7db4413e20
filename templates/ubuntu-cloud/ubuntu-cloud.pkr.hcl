# Ubuntu's own cloud image, configured by cloud-init and provisioned over SSH.
#
#   goldsmith build -var "ssh_public_key=$(cat ~/.ssh/id_ed25519.pub)" templates/ubuntu-cloud
#
# Packer builds it too when the `generalize` provisioner is left out.

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
  description = "Your public key (the line in ~/.ssh/id_ed25519.pub). Without it nobody can log in to the result except through cloud-init."
}

variable "user" {
  type        = string
  default     = "admin"
  description = "The user cloud-init makes for the build, and for you."
}

variable "release" {
  type        = string
  default     = "noble"
  description = "Code name of the Ubuntu release."
}

locals {
  folder = "https://cloud-images.ubuntu.com/${var.release}/current"
  image  = "${var.release}-server-cloudimg-amd64.img"

  # What cloud-init does at the first boot. The password is made for this build and locked at its end.
  user_data = {
    ssh_pwauth = true
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

# Random, and kept out of every log.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

source "qemu" "ubuntu" {
  # The disk to start from. The list of checksums lies beside it; a file that does not fit is never used.
  disk_image   = true
  iso_url      = "${local.folder}/${local.image}"
  iso_checksum = "file:${local.folder}/SHA256SUMS"
  disk_size    = "10G"
  format       = "qcow2"

  # cloud-init reads this CD: its label makes it a NoCloud seed.
  cd_label = "cidata"
  cd_content = {
    "meta-data" = "instance-id: build\nlocal-hostname: ubuntu\n"
    "user-data" = "#cloud-config\n${jsonencode(local.user_data)}\n" # JSON is YAML
  }

  memory           = 1024
  headless         = true
  ssh_username     = var.user
  ssh_password     = local.password
  ssh_timeout      = "20m" # generous for computers on which guests are emulated
  shutdown_command = "sudo poweroff"

  output_directory = "output-ubuntu-cloud"
  vm_name          = "ubuntu-cloud.qcow2"
}

build {
  sources = ["source.qemu.ubuntu"]

  provisioner "shell" {
    script           = "${path.root}/setup.sh"
    execute_command  = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}"
    environment_vars = ["LOGIN_USER=${var.user}"]
  }

  # Removes what must not be in two machines, locks the build's password, and lets cloud-init run as on a first boot.
  # Goldsmith's own: leave it out for Packer.
  provisioner "generalize" {}

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-ubuntu-cloud/ubuntu-cloud.{{.ChecksumType}}"
  }
}
