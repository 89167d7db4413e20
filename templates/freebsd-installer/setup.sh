#!/bin/sh
# Runs in the guest as root. LOGIN_USER comes from the template. Your own steps go here.
set -eu

printf 'Made with Goldsmith on %s for %s.\n' "$(date -u +%Y-%m-%d)" "$LOGIN_USER" > /etc/motd.template

# Last: what must not be in two machines. Host keys, host id and random seeds are made anew at the next boot, and the
# password of the build lets nobody in any more.
rm -f /etc/ssh/ssh_host_*_key* /etc/hostid /etc/machine-id /entropy /boot/entropy
pkg clean -ay >/dev/null
pw usermod "$LOGIN_USER" -h -
