#!/bin/sh
# Runs in the guest as root. LOGIN_USER comes from the template. Your own steps go here.
set -eu

printf 'Made with Goldsmith on %s for %s.\n' "$(date -u +%Y-%m-%d)" "$LOGIN_USER" > /etc/motd
