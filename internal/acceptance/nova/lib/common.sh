# shellcheck shell=bash
# Sourced by up, down and knob: where everything is, and how daemons are started,
# found again and stopped.

# Whoever sources this may set release before; else it is that of the scratch directory.

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=release.sh
. "$lib/release.sh"
set_release "${release:-$(started_release)}" || {
  echo "no such release: $release (zed, epoxy, newest)" >&2
  exit 2
}

ip=127.0.0.1
port_keystone=$base
port_stub=$((base + 2))
port_nova=$((base + 4))
port_rabbit=$((base + 5))
port_rabbit_dist=$((base + 6))
port_epmd=$((base + 7))
port_placement=$((base + 8))

socket=$dir/run/mariadb.sock
python=/usr/bin/python3 # Debian's own: the packages' modules belong to it
code=$dir/lib           # a copy of lib, which a daemon in another root directory sees, too

# A daemon sees nothing of the caller's environment: no proxy, no OS_* variable.
clean=("${inside[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "HOME=$dir/home"
  "ECS_NOVA_DIR=$dir" PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
  "OS_KEYSTONE_CONFIG_FILES=$dir/etc/keystone.conf"
  "OS_PLACEMENT_CONFIG_DIR=$dir/etc/placement"
  "OS_NOVA_CONFIG_FILES=/usr/share/nova-common/api-paste.ini;$dir/etc/nova-api.conf")

say() { printf '[%3ss] %s\n' "$SECONDS" "$*" >&2; }
die() {
  say "failed: $*"
  exit 1
}

# own: makes the scratch directory, and sees that it is nobody else's: its name is no
# secret, and root works in it.
own() {
  [ -e "$dir" ] || [ -L "$dir" ] || mkdir -p -m 755 "$dir" || die "cannot make $dir"
  [ -d "$dir" ] && [ ! -L "$dir" ] && [ -O "$dir" ] || die "$dir is not a directory of our own; set ECS_NOVA_DIR"
  [ -z "$(find "$dir" -maxdepth 0 -perm /022)" ] || die "others may write to $dir; set ECS_NOVA_DIR"
}

# lock: one up or down at a time. What is locked is the scratch directory itself, so
# that there is no file in a place where others may put one. Descriptor 9 holds it.
lock() {
  while own; do
    exec 9<"$dir" && flock -w 600 9 || die "another start or stop is under way"
    [ ! "$dir" -ef /proc/self/fd/9 ] || return 0 # else it has been removed while we waited
  done
}

# began PID: sets birth to the moment when that process began, in clock ticks. A pid
# alone may belong to somebody else after a while; together with this it cannot.
began() {
  local stat fields
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  # The fields behind the command's name, which may itself hold blanks.
  read -ra fields <<<"${stat##*) }"
  birth=${fields[19]}
  [ "${fields[0]}" != Z ]
}

# alive NAME: does the process that was recorded under this name still live?
# Sets pid. Called several times a second, hence without a subshell.
alive() {
  local recorded birth
  pid=
  [ -f "$dir/pids/$1" ] && read -r pid recorded <"$dir/pids/$1" &&
    began "$pid" && [ "$birth" = "$recorded" ]
}

daemons() { # the names of all that was started here
  local file
  for file in "$dir"/pids/*; do
    [ ! -f "$file" ] || echo "${file##*/}"
  done
}

# start NAME COMMAND...: a daemon in a session of its own, output in log/NAME.log.
# "env" and "setsid" exec, so $! is the daemon's pid. It must not hold up's real
# output (8) or its lock (9).
start() {
  local name=$1 birth
  shift
  "${clean[@]}" setsid "$@" >>"$dir/log/$name.log" 2>&1 </dev/null 8>&- 9>&- &
  began $! && echo "$! $birth" >"$dir/pids/.$name" && mv "$dir/pids/.$name" "$dir/pids/$name" # whole or not at all
}

# stop NAME...: TERM to all of them, KILL to what is left after 15 s. CONT, because
# a frozen process takes no TERM.
stop() {
  local name pid
  for name; do
    alive "$name" && kill -TERM "$pid" && kill -CONT "$pid" 2>/dev/null
  done
  for name; do
    for _ in $(seq 75); do alive "$name" || break; sleep 0.2; done
    ! alive "$name" || kill -KILL "$pid"
    rm -f "$dir/pids/$name"
  done
}

# The daemons that use others come first, so that they end in order.
stop_all() {
  local first=() last=() name
  for name in $(daemons); do
    case $name in
      epmd | mariadb | rabbitmq) last+=("$name") ;;
      *) first+=("$name") ;;
    esac
  done
  stop "${first[@]}"
  stop "${last[@]}"
}

# wipe [PATH]: empties the scratch directory, if it is ours, but for that path in it.
wipe() {
  [ -e "$dir" ] || return 0
  [ -f "$dir/.ecs-nova" ] || [ -z "$(ls -A "$dir")" ] ||
    die "$dir holds something else; set ECS_NOVA_DIR to a directory of its own"
  find "$dir" -mindepth 1 -maxdepth 1 ! -path "${1:-}" -exec rm -rf --one-file-system {} +
}

signal() { # signal SIGNAL NAME
  local pid
  alive "$2" || die "no living daemon $2"
  kill "-$1" "$pid"
}

# reset: every knob as it was at the start.
reset() {
  local name
  rm -f "$dir"/knobs/*
  echo '{}' >"$dir/etc/nova-policy.yaml"
  for name in $(daemons); do signal CONT "$name"; done
}

listens() { (exec 3<>"/dev/tcp/$ip/$1") 2>/dev/null; }

# wait_for SECONDS WHAT COMMAND...: until the command succeeds. A daemon that died
# meanwhile is told at once.
wait_for() {
  local end=$((SECONDS + $1)) what=$2 name
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || die "no $what in time; logs are in $dir/log"
    for name in $(daemons); do
      alive "$name" || {
        tail -n 5 "$dir/log/$name.log" >&2
        die "$name died; its log is $dir/log/$name.log"
      }
    done
    sleep 0.3
  done
}

sql() { "${clean[@]}" mariadb --no-defaults --socket "$socket" --user root "$@"; }
