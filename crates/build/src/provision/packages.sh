# What is installed in a guest, for any POSIX shell: the kind of the package database after "##", a line for each
# package with its fields separated by tabs (state, name, version, architecture, licence, vendor), then /etc/os-release.
if command -v dpkg-query >/dev/null 2>&1; then
  echo "##deb"
  dpkg-query -W -f='${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\t\t${Maintainer}\n'
elif command -v rpm >/dev/null 2>&1; then
  echo "##rpm"
  rpm -qa --qf 'ii\t%{NAME}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\t%{ARCH}\t%{LICENSE}\t%{VENDOR}\n'
elif [ -r /lib/apk/db/installed ]; then
  echo "##apk"
  awk 'function tell() { if (p != "") printf "ii\t%s\t%s\t%s\t%s\t\n", p, v, a, l; p = v = a = l = "" }
    /^P:/ { p = substr($0, 3) } /^V:/ { v = substr($0, 3) } /^A:/ { a = substr($0, 3) } /^L:/ { l = substr($0, 3) }
    /^$/ { tell() } END { tell() }' /lib/apk/db/installed
elif command -v pacman >/dev/null 2>&1; then
  echo "##alpm"
  pacman -Q | while read -r n v; do printf 'ii\t%s\t%s\t\t\t\n' "$n" "$v"; done
fi
echo "##os"
cat /etc/os-release
