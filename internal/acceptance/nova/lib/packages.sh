# shellcheck shell=bash
# Sourced by up: installs Debian's packages.

# The daemons' own packages (nova-api, keystone ...) are not needed: they add
# debconf questions, a hypervisor and running services. The libraries hold all code.
packages=(python3-nova nova-common python3-keystone python3-placement
  uwsgi-core uwsgi-plugin-python3 rabbitmq-server mariadb-server mariadb-client)

missing() {
  local package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io "$@" \
    >>"$dir/log/apt.log" 2>&1 </dev/null 8>&- 9>&-
}

# install_packages: exit code 3 when there is no way to get them here, which a
# caller may want to tell from a failure of the cloud itself.
install_packages() {
  local need policy=/usr/sbin/policy-rc.d
  mapfile -t need < <(missing)
  [ ${#need[@]} -gt 0 ] || return 0
  say "installing ${need[*]}"
  if ! command -v apt-get >/dev/null || ! grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then
    say "packages cannot be installed: this is no Debian 12"
    exit 3
  fi
  if [ ! -e "$policy" ]; then # keeps the packages from starting daemons of their own
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    # shellcheck disable=SC2064 # the path is meant as it is now
    trap "rm -f '$policy'" EXIT
  fi
  # A fresh machine has no package lists, an old one has lists that are out of date.
  apt_install "${need[@]}" ||
    { apt-get update -q >>"$dir/log/apt.log" 2>&1 </dev/null && apt_install "${need[@]}"; } ||
    {
      tail -n 5 "$dir/log/apt.log" >&2
      say "packages cannot be installed: see $dir/log/apt.log"
      exit 3
    }
  rm -f "$policy"
  trap - EXIT
  say "packages are installed"
}
