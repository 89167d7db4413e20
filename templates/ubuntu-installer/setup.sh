#!/bin/sh
# Runs in the guest as root. LOGIN_USER comes from the template. Your own steps go here.
set -eu

# cloud-init may still be at work on the first boot.
cloud-init status --wait >/dev/null || true

# Stays after generalising, which removes what cloud-init wrote for this build.
printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$LOGIN_USER" > /etc/sudoers.d/50-login
chmod 440 /etc/sudoers.d/50-login

printf 'Made with Goldsmith on %s for %s.\n' "$(date -u +%Y-%m-%d)" "$LOGIN_USER" > /etc/motd
