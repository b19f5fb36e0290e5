# shellcheck shell=bash
# Sourced by packages.sh: makes a root directory with another Debian in it, below the scratch directory. Nothing of the
# machine changes but that debootstrap is installed.

# mirror: where this machine gets its own packages from.
mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' | head -n 1
}

# make_root: one that is whole is kept for the next start.
make_root() {
  [ ! -f "$root/.whole" ] || return 0
  install_here debootstrap
  rm -rf --one-file-system "$root"
  say "making a Debian $suite in $root"
  debootstrap --variant=minbase "$suite" "$root" "$(mirror)" >>"$dir/log/apt.log" 2>&1 </dev/null 8>&- 9>&- ||
    cannot_install
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  { apt-config dump | grep -iE '^Acquire::.*(proxy|verify|cainfo)' || true; } >"$root/etc/apt/apt.conf.d/90machine"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no package starts its daemons
  chmod +x "$root/usr/sbin/policy-rc.d"
  say "installing ${packages[*]}"
  "${inside[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io "${packages[@]}" \
    >>"$dir/log/apt.log" 2>&1 </dev/null 8>&- 9>&- || cannot_install
  rm -f "$root"/var/cache/apt/archives/*.deb
  touch "$root/.whole"
  say "packages are installed"
}
