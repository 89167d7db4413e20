//! The script itself.

use std::fmt::Write as _;

use super::{After, BUILD_SUDOERS, Credentials, Generalize};
use crate::bootstrap::rootfs::HOST_KEYS_UNIT;

/// Helpers, and stopping what would write things back. `set -u` but not `-e`: cleaning goes on past what fails, and
/// what must not fail says so itself.
const HEAD: &str = r#"#!/bin/sh
# Makes this machine an image: removes what must not be in two machines. Runs as root, last before power-off.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022
trouble=0
fail() { echo "generalize: $*" >&2; trouble=1; }
have() { command -v "$1" >/dev/null 2>&1; }
empty() { for f in "$@"; do if [ -f "$f" ] && [ ! -L "$f" ]; then : > "$f" || fail "cannot empty $f"; fi; done; }
clear_dir() { for d in "$@"; do [ -d "$d" ] && find "$d" -xdev -mindepth 1 -delete 2>/dev/null; done; :; }
stop() { if have systemctl && [ -d /run/systemd/system ]; then systemctl stop "$@" 2>/dev/null; fi; :; }
homes() { { echo /root; awk -F: '$3 >= 1000 && $3 < 65534 && $6 ~ /^\// { print $6 }' /etc/passwd; } | sort -u; }
if [ "$(id -u)" != 0 ]; then
  if [ "${GOLDSMITH_SUDO:-}" = "" ] && have sudo; then GOLDSMITH_SUDO=1 exec sudo -n -E sh "$0" "$@"; fi
  echo "generalize: this must run as root (log in as root, or give the user sudo without password)" >&2
  exit 1
fi
"#;

const CREDENTIALS: &str = r#"
# drop_key KEY: removes every line holding this key from every authorized_keys.
drop_key() {
  for f in $(homes | sed 's,$,/.ssh/authorized_keys,') /etc/ssh/authorized_keys/* /etc/ssh/authorized_keys.d/*; do
    [ -f "$f" ] && grep -qF -- "$1" "$f" || continue
    grep -vF -- "$1" "$f" > "$f.new"
    if [ -s "$f.new" ]; then cat "$f.new" > "$f"; else rm -f "$f"; fi
    rm -f "$f.new"
    if [ -f "$f" ] && grep -qF -- "$1" "$f"; then fail "the build's key is still in $f"; fi
    rmdir "$(dirname "$f")" 2>/dev/null
  done
  :
}
# lock_password USER: no password fits afterwards; keys still do.
lock_password() {
  grep -q "^$1:" /etc/shadow 2>/dev/null || return 0
  if have usermod; then usermod -p '*' "$1"; else sed -i "s|^\($1\):[^:]*:|\1:*:|" /etc/shadow; fi
  grep -q "^$1:\*:" /etc/shadow || fail "the password of $1 is still set"
}
remove_user() {
  home=$(awk -F: -v user="$1" '$1 == user { print $6 }' /etc/passwd)
  [ -n "$home" ] || return 0
  if have userdel; then userdel -f "$1" >/dev/null 2>&1; else deluser "$1" >/dev/null 2>&1; fi
  ! grep -q "^$1:" /etc/passwd || fail "the user $1 is still there"
  case $home in /home/?*) rm -rf "$home" ;; esac
  rm -f "/var/mail/$1" "/var/spool/mail/$1" "/var/spool/cron/crontabs/$1"
}
"#;

const HOST_KEYS: &str = r#"
if [ -d /etc/ssh ]; then
  rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
  # A clone needs keys of its own before sshd starts. Fedora's family makes them itself (sshd-keygen.target).
  if [ -d /run/systemd/system ] && [ -x /usr/bin/ssh-keygen ] && [ ! -e /usr/lib/systemd/system/sshd-keygen.target ] &&
     [ ! -e /etc/systemd/system/ssh-host-keys.service ]; then
    cat > /etc/systemd/system/ssh-host-keys.service <<'UNIT'
@UNIT@UNIT
    systemctl --quiet enable ssh-host-keys.service 2>/dev/null || fail "cannot enable ssh-host-keys.service"
  fi
  rm -f /etc/dropbear/dropbear_*_host_key
fi
"#;

const CLOUD_INIT: &str = r#"
if [ -d /var/lib/cloud ]; then
  if have cloud-init; then cloud-init clean --logs --seed >/dev/null 2>&1 || cloud-init clean --logs >/dev/null 2>&1; fi
  clear_dir /var/lib/cloud
  rm -f /var/log/cloud-init*.log /run/cloud-init/.instance-id
  # Rendered for this machine's cards and addresses; written anew at the next boot.
  rm -f /etc/netplan/50-cloud-init.yaml /etc/network/interfaces.d/50-cloud-init* \
    /etc/systemd/network/10-cloud-init-*.network /etc/NetworkManager/system-connections/cloud-init-*.nmconnection \
    /etc/ssh/sshd_config.d/50-cloud-init.conf /etc/sudoers.d/90-cloud-init-users
fi
"#;

const PACKAGES: &str = r#"
have apt-get && apt-get -qq clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin /var/cache/debconf/*-old /var/lib/dpkg/*-old
have dnf && dnf -q clean all >/dev/null 2>&1
have yum && ! have dnf && yum -q clean all >/dev/null 2>&1
have zypper && zypper -q clean --all >/dev/null 2>&1
[ -d /var/cache/pacman/pkg ] && clear_dir /var/cache/pacman/pkg
[ -d /var/cache/apk ] && clear_dir /var/cache/apk
clear_dir /var/cache/dnf /var/cache/yum /var/cache/PackageKit
"#;

const HISTORY: &str = r#"
for home in $(homes); do
  rm -f "$home"/.bash_history "$home"/.zsh_history "$home"/.ash_history "$home"/.sh_history "$home"/.python_history \
    "$home"/.lesshst "$home"/.viminfo "$home"/.wget-hsts "$home"/.sudo_as_admin_successful "$home"/.node_repl_history \
    "$home"/.mysql_history "$home"/.psql_history "$home"/.ssh/known_hosts "$home"/.ssh/known_hosts.old
  rm -rf "$home"/.cache "$home"/.ansible "$home"/.local/share/recently-used.xbel
done
"#;

const LOGS: &str = r#"
if have journalctl && [ -d /var/log/journal ]; then
  journalctl --relinquish-var >/dev/null 2>&1
  clear_dir /var/log/journal
fi
stop rsyslog.service syslog.socket syslog-ng.service
find /var/log -xdev -type f \( -name '*.gz' -o -name '*.xz' -o -name '*.zst' -o -name '*.old' -o -name '*.[0-9]' \) -delete 2>/dev/null
find /var/log -xdev -type f ! -path '/var/log/journal/*' ! -name README | while IFS= read -r f; do : > "$f"; done
rm -f /var/lib/lastlog/lastlog2.db /var/lib/wtmpdb/wtmp.db
empty /run/utmp
clear_dir /var/crash /var/lib/systemd/coredump /var/lib/systemd/pstore /var/spool/mail /var/mail
"#;

const IDENTITY: &str = r#"
# systemd saves the seed when this service is stopped: first stop it, then remove what it saved.
stop systemd-random-seed.service urandom.service
rm -f /var/lib/systemd/random-seed /var/lib/urandom/random-seed /var/lib/random-seed /boot/loader/random-seed \
  /boot/efi/loader/random-seed /efi/loader/random-seed /var/lib/systemd/credential.secret /etc/hostid
# An empty file, not none: the first boot of a clone fills it without asking and without its first-boot questions.
if [ -e /etc/machine-id ] || [ -d /run/systemd/system ]; then
  : > /etc/machine-id || fail "cannot reset /etc/machine-id"
  chmod 444 /etc/machine-id
fi
if [ -f /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ]; then
  rm -f /var/lib/dbus/machine-id
  [ ! -e /etc/machine-id ] || ln -s /etc/machine-id /var/lib/dbus/machine-id
fi
rm -f /etc/udev/rules.d/70-persistent-net.rules /etc/udev/rules.d/75-persistent-net-generator.rules
if [ -f /etc/iscsi/initiatorname.iscsi ]; then
  printf '## Made anew at the next start of open-iscsi.\nGenerateName=yes\n' > /etc/iscsi/initiatorname.iscsi
fi
rm -f /var/lib/NetworkManager/secret_key /var/lib/NetworkManager/seen-bssids /var/lib/NetworkManager/timestamps
"#;

const ALWAYS: &str = r#"
rm -f /var/lib/dhcp/*.lease* /var/lib/dhclient/*.lease* /var/lib/NetworkManager/*.lease /var/lib/dhcpcd/*.lease* \
  /var/lib/dhcpcd/duid /var/lib/dhcpcd/secret /etc/dhcpcd.duid /var/lib/dhcpcd5/*.lease /var/lib/misc/dnsmasq.leases
clear_dir /var/lib/systemd/network
# Names a DHCP client wrote down; the next one writes its own.
if [ -f /etc/resolv.conf ] && [ ! -L /etc/resolv.conf ] && grep -qi -e 'generated by' -e 'dhclient' -e dhcpcd /etc/resolv.conf; then
  : > /etc/resolv.conf
fi
rm -rf /var/lib/systemd/timers/stamp-* /var/lib/logrotate/status /var/lib/logrotate/logrotate.status
find /tmp /var/tmp -xdev -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' ! -name "$(basename "$0")" -exec rm -rf {} + 2>/dev/null
"#;

const TAIL: &str = r#"
case $0 in /tmp/*|/var/tmp/*) rm -f "$0" ;; esac
have fstrim && fstrim -a >/dev/null 2>&1
sync
[ "$trouble" = 0 ] || exit 1
"#;

/// Switches off a moment later, so that this script's own end is still reported.
const POWER_OFF: &str = r#"
( trap '' HUP; exec </dev/null >/dev/null 2>&1; sleep 1; poweroff || halt -p || busybox poweroff -f ) &
"#;

/// The script for the guest. It holds public keys and user names, nothing secret.
#[must_use]
pub fn script(what: &Generalize, credentials: &Credentials, after: After) -> String {
    let mut text = String::from(HEAD);
    if what.cloud_init {
        text.push_str(CLOUD_INIT);
    }
    if what.package_caches {
        text.push_str(PACKAGES);
    }
    if what.history {
        text.push_str(HISTORY);
    }
    if what.ssh_host_keys {
        text.push_str(&HOST_KEYS.replace("@UNIT@", HOST_KEYS_UNIT));
    }
    if what.build_credentials {
        text.push_str(CREDENTIALS);
        for key in &credentials.public_keys {
            // Type and key without the comment: that is what gives access.
            let bare: Vec<&str> = key.split_whitespace().take(2).collect();
            let _ = writeln!(text, "drop_key {}", quoted(&bare.join(" ")));
        }
        for user in &credentials.lock_passwords {
            let _ = writeln!(text, "lock_password {}", quoted(user));
        }
        if let Some(user) = &credentials.remove_user {
            let _ = writeln!(text, "remove_user {}", quoted(user));
        }
        let _ = writeln!(text, "rm -f {BUILD_SUDOERS}");
    }
    if what.logs {
        text.push_str(LOGS);
    }
    if what.machine_id {
        text.push_str(IDENTITY);
    }
    text.push_str(ALWAYS);
    text.push_str(TAIL);
    if after == After::PowerOff {
        text.push_str(POWER_OFF);
    }
    text
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
