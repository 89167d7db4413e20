# Goldsmith's quick start: a small Debian image with a web server, made from distribution packages.
#
#   goldsmith plan  templates/quickstart      what will be done
#   goldsmith build templates/quickstart      do it
#
# Nothing here has to be changed to try it. The README beside this file says how to log in to the result.

variable "ssh_public_key" {
  type        = string
  default     = ""
  description = "Your public key (the line in ~/.ssh/id_ed25519.pub). With it the image accepts your key and no password. Without it the build makes a random password, shows it once, and the first login has to change it."
}

variable "user" {
  type        = string
  default     = "gold"
  description = "Name of the user who may log in to the image."

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_-]{0,30}$", var.user))
    error_message = "The user name must start with a lower-case letter or _ and hold only a-z, 0-9, - and _."
  }
}

variable "greeting" {
  type        = string
  default     = "It works: this image was made by Goldsmith."
  description = "Shown on the web page and at every login. Change it in the form and watch the text change."
}

# What the machine is made from. There is no installer and no download of an image: the packages are installed into
# a disk on this computer, then the disk boots and is provisioned like any other machine.
source "bootstrap" "quickstart" {
  distribution = "debian"
  suite        = "trixie"
  packages     = ["nginx-light"] # installed on this computer, which is much faster than apt inside the guest
  hostname     = "quickstart"
  disk_size    = "8G"

  memory       = 1024
  ssh_username = "root" # only for the build: the key is made for it and removed again at the end
  ssh_timeout  = "15m"  # generous for computers on which guests are emulated

  output_directory = "output-quickstart"
  vm_name          = "quickstart.qcow2"
}

build {
  sources = ["source.bootstrap.quickstart"]

  # A file for the guest. Paths start at the current folder; path.root is the folder of this template.
  provisioner "file" {
    source      = "${path.root}/files/index.html"
    destination = "/var/www/html/index.html"
  }

  # A script in the guest, with values from here.
  provisioner "shell" {
    script = "${path.root}/scripts/setup.sh"
    environment_vars = [
      "GREETING=${var.greeting}",
      "LOGIN_USER=${var.user}",
      "LOGIN_KEY=${var.ssh_public_key}",
    ]
  }

  # The bootstrap source then removes identity and build credentials (generalize = true is its default).

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output-quickstart/quickstart.{{.ChecksumType}}"
  }

  post-processor "manifest" {
    output     = "output-quickstart/manifest.json"
    strip_path = true
    custom_data = {
      greeting = var.greeting
    }
  }
}
