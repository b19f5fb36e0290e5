# shellcheck shell=bash
# Sourced by common.sh: which release of OpenStack runs, and where its programs are.
#
#   zed     Nova 26 (2022): Debian 12's packages, on this machine
#   epoxy   Nova 31 (2025.1): Debian 13's packages, in a root directory of their own
#   newest  Debian unstable's packages, in a root directory of their own

# set_release NAME: sets suite, root and the defaults of dir and base.
set_release() {
  release=$1
  local port
  case $release in
    zed) suite=bookworm port=18770 ;;
    epoxy) suite=trixie port=18790 ;;
    newest) suite=sid port=18810 ;;
    *) return 1 ;;
  esac
  # All that the scripts make is below this directory.
  dir=${ECS_NOVA_DIR:-${TMPDIR:-/tmp}/ecs-acceptance-$release}
  # All ports count from one number, so that several clouds can run side by side.
  base=${ECS_NOVA_PORT_BASE:-$port}
  root=
  inside=()
  [ "$release" = zed ] || {
    root=$dir/root
    inside=(unshare --mount --propagation slave "$lib/enter" "$root" "$dir")
  }
}

# started_release: the release that the scratch directory belongs to, where there is one.
started_release() {
  local name=zed
  [ ! -f "${ECS_NOVA_DIR:-}/release" ] || read -r name <"$ECS_NOVA_DIR/release"
  echo "$name"
}

# installed_release: what up says of the packages that it has found.
installed_release() {
  "${clean[@]}" dpkg-query -W -f '${Version}' python3-nova
}
