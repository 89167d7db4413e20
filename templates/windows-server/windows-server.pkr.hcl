# Windows Server 2022. Installed unattended on virtio devices, provisioned over WinRM, handed over by sysprep.
#
#   goldsmith build -var virtio_iso=/path/to/virtio-win.iso templates/windows-server
#
# The README says where the drivers come from.

packer {
  required_plugins {
    qemu = {
      version = ">= 1.1.0"
      source  = "github.com/hashicorp/qemu"
    }
  }
}

variable "virtio_iso" {
  type        = string
  default     = "virtio-win.iso"
  description = "The virtio drivers: a CD image on this computer. The README names the source."
}

variable "iso_url" {
  type        = string
  default     = "https://software-static.download.prss.microsoft.com/sg/download/888969d5-f34g-4e03-ac9d-1f9786c66749/SERVER_EVAL_x64FRE_en-us.iso"
  description = "The installation medium: Microsoft's evaluation edition, 180 days for servers and 90 for Windows 11."
}

variable "iso_checksum" {
  type        = string
  default     = "sha256:3e4fa6d8507b554856fc9ca6079cc402df11a8b79344871669f0251535255325"
  description = "What it must be. Microsoft shows the digest of its other media in the Volume Licensing Service Center and to subscribers."
}

variable "image" {
  type        = string
  default     = "Windows Server 2022 SERVERSTANDARD"
  description = "Which edition of the medium is installed: its name in install.wim."
}

# Random, and kept out of every log. Windows asks for several kinds of characters.
local "password" {
  expression = "G-${uuidv4()}"
  sensitive  = true
}

source "qemu" "server" {
  iso_url      = var.iso_url
  iso_checksum = var.iso_checksum
  disk_size    = "64G"
  format       = "qcow2"

  # Setup looks for its answers on every CD.
  cd_label = "ANSWERS"
  cd_content = {
    "Autounattend.xml" = templatefile("Autounattend.xml.pkrtpl", {
      image    = var.image
      password = local.password
      driver   = "2k22"
    })
    "winrm.ps1" = file("winrm.ps1")
  }
  # The drivers, as one more CD. Rows of qemuargs_append replace nothing.
  qemuargs_append = [["-drive", "file=${var.virtio_iso},media=cdrom,readonly=on"]]

  memory   = 4096
  cpus     = 2
  headless = true

  # With an empty disk the medium starts by itself.
  boot_wait = "1s"

  # NTLM, so that passwords and commands are encrypted; the guest's settings stay as Windows has them.
  communicator   = "winrm"
  winrm_username = "Administrator"
  winrm_password = local.password
  winrm_use_ntlm = true
  winrm_timeout  = "4h" # the whole installation; generous for computers on which guests are emulated

  # Makes the image nobody's: at its next start Windows makes another computer of itself, and asks who will own it.
  shutdown_command = "C:/Windows/System32/Sysprep/sysprep.exe /generalize /oobe /shutdown /quiet /mode:vm"
  shutdown_timeout = "30m"

  output_directory = "output-windows-server"
  vm_name          = "windows-server.qcow2"
}

build {
  sources = ["source.qemu.server"]

  provisioner "powershell" {
    script = "${path.root}/setup.ps1"
  }

  # What setup.ps1 installed may want one.
  provisioner "windows-restart" {
    restart_timeout = "30m"
  }

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-windows-server/windows-server.{{.ChecksumType}}"
  }
}
