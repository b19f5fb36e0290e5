# shellcheck shell=bash
# Sourced by up: installs Debian's packages, on this machine or in a root directory of their own.

# The daemons' own packages (nova-api, keystone ...) are not needed: they add
# debconf questions, a hypervisor and running services. The libraries hold all code.
packages=(python3-nova nova-common python3-keystone python3-placement
  uwsgi-core uwsgi-plugin-python3 rabbitmq-server mariadb-server mariadb-client)

policy=/usr/sbin/policy-rc.d # Debian's way to say that a package may not start its daemons
made_policy=

undo_policy() {
  [ -z "$made_policy" ] || rm -f "$policy"
  made_policy=
}

enabled() { find /etc/systemd/system -path '*.wants/*' -printf '%f\n' 2>/dev/null | sort -u; }

# quiet BEFORE: the database's and the message bus's packages come with daemons of their
# own, and switch them on. policy-rc.d keeps them from being started by the install;
# this, at the next boot. What was on before stays on.
quiet() {
  local unit
  while read -r unit; do
    deb-systemd-helper disable "$unit" >/dev/null 2>&1
    [ ! -e "/etc/init.d/${unit%.service}" ] || update-rc.d "${unit%.service}" disable >/dev/null 2>&1
  done < <(comm -13 <(echo "$1") <(enabled))
}

missing() { # missing PACKAGE...: those on this machine
  local package
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

apt_install() {
  touch "$dir/log/apt.log"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io "$@" \
    >>"$dir/log/apt.log" 2>&1 </dev/null 8>&- 9>&-
}

# install_packages: exit code 3 when there is no way to get them here, which a
# caller may want to tell from a failure of the cloud itself.
install_packages() {
  if [ -n "$root" ]; then
    # shellcheck source=root.sh
    . "$lib/root.sh"
    make_root
  else
    install_here "${packages[@]}"
  fi
}

cannot_install() {
  tail -n 5 "$dir/log/apt.log" >&2
  say "packages cannot be installed: ${1:-see $dir/log/apt.log}"
  exit 3
}

install_here() { # install_here PACKAGE...
  local need before
  mapfile -t need < <(missing "$@")
  [ ${#need[@]} -gt 0 ] || return 0
  # Of two starts at once each would remove the other's policy: the second one waits.
  exec 7</var/lib/dpkg && flock -w 1800 7 || cannot_install "another start installs packages"
  say "installing ${need[*]}"
  if ! command -v apt-get >/dev/null || ! grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then
    cannot_install "this is no Debian 12"
  fi
  before=$(enabled)
  if [ ! -e "$policy" ]; then # one that is there says what its owner wants; up removes ours, however it ends
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  # A fresh machine has no package lists, an old one has lists that are out of date.
  apt_install "${need[@]}" ||
    { apt-get update -q >>"$dir/log/apt.log" 2>&1 </dev/null && apt_install "${need[@]}"; } ||
    cannot_install
  undo_policy
  quiet "$before"
  exec 7<&-
  say "packages are installed"
}
