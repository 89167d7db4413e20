#!/bin/sh
# Runs in the guest as root. GREETING, LOGIN_USER and LOGIN_KEY come from the template.
set -eu

# The web page: the uploaded file with its blanks filled in.
fill() {
  value=$(printf '%s' "$2" | sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/[\\&|]/\\&/g')
  sed -i "s|@$1@|$value|g" /var/www/html/index.html
}
fill GREETING "$GREETING"
fill VERSION "$(cat /etc/debian_version)"
fill DATE "$(date -u +%Y-%m-%d)"
chmod 644 /var/www/html/index.html
nginx -t

# The same greeting at every login.
printf '%s\n' "$GREETING" > /etc/motd

# Who may log in: somebody with a key, or with a random password that the first login has to change. Never a
# password that stands in a template.
id "$LOGIN_USER" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash --groups sudo "$LOGIN_USER"
if [ -n "$LOGIN_KEY" ]; then
  home=$(getent passwd "$LOGIN_USER" | cut -d: -f6)
  install -d -m 700 -o "$LOGIN_USER" -g "$LOGIN_USER" "$home/.ssh"
  printf '%s\n' "$LOGIN_KEY" > "$home/.ssh/authorized_keys"
  chown "$LOGIN_USER:$LOGIN_USER" "$home/.ssh/authorized_keys"
  chmod 600 "$home/.ssh/authorized_keys"
  # Without a password there is nothing sudo could ask for.
  printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$LOGIN_USER" > "/etc/sudoers.d/50-$LOGIN_USER"
  chmod 440 "/etc/sudoers.d/50-$LOGIN_USER"
  echo "Log in as $LOGIN_USER with your key."
else
  password=$(tr -dc 'a-km-z2-9' < /dev/urandom | head -c 16)
  printf '%s:%s\n' "$LOGIN_USER" "$password" | chpasswd
  chage --lastday 0 "$LOGIN_USER"
  echo "Log in as $LOGIN_USER with the password $password (shown this once; the first login has to change it)."
fi
