# shellcheck shell=bash
# Sourced by up: starts the daemons, and fills their databases.

start_rabbitmq() {
  start epmd epmd -address $ip -port "$port_epmd"
  # One scheduler thread and no busy waiting: there are cores to share.
  start rabbitmq env RUNNING_UNDER_SYSTEMD=true ERL_EPMD_PORT="$port_epmd" ERL_EPMD_ADDRESS=$ip \
    RABBITMQ_NODENAME=acceptance@localhost RABBITMQ_NODE_IP_ADDRESS=$ip \
    RABBITMQ_NODE_PORT="$port_rabbit" RABBITMQ_DIST_PORT="$port_rabbit_dist" \
    RABBITMQ_MNESIA_BASE="$dir/rabbit" RABBITMQ_LOG_BASE="$dir/log" RABBITMQ_LOGS=- \
    RABBITMQ_PID_FILE="$dir/run/rabbitmq.pid" RABBITMQ_CONFIG_FILE="$dir/etc/rabbitmq" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$dir/etc/rabbitmq-plugins" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none" \
    /usr/lib/rabbitmq/bin/rabbitmq-server
}

# Durability is switched off: a database that was killed is never used again.
start_mariadb() {
  "${clean[@]}" mariadb-install-db --no-defaults --user=root --datadir="$dir/mariadb" \
    --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \
    >"$dir/log/mariadb-install.log" 2>&1 || die "mariadb-install-db: see $dir/log/mariadb-install.log"
  start mariadb mariadbd --no-defaults --user=root --datadir="$dir/mariadb" --socket="$socket" \
    --skip-networking --pid-file="$dir/run/mariadb.pid" --performance-schema=off \
    --innodb-flush-method=nosync --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 \
    --innodb-buffer-pool-size=96M --innodb-log-file-size=24M --skip-log-bin --sync-frm=0 \
    --max-connections=300 --character-set-server=utf8mb3
  wait_for 60 mariadb sql -e 'select 1'
  local name
  for name in keystone placement nova_api nova_cell0 nova_cell1; do
    echo "create database $name;"
  done | sql || die "cannot create databases"
}

fill() { # fill SERVICE: its schema
  "${clean[@]}" "$python" "$code/schema.py" "$1" "http://$ip:$port_keystone/v3" "$password" \
    "$(database nova_cell0)" >"$dir/log/schema-$1.log" 2>&1 || {
    tail -n 5 "$dir/log/schema-$1.log"
    die "schema of $1: see $dir/log/schema-$1.log"
  }
  say "schema of $1 is there"
}

# Connection: close, because uwsgi closes after each answer without saying so, and
# Nova's pooled connections would die at random. One thread for Keystone: in several, it
# has been seen to give one request the roles of another.
start_wsgi() { # start_wsgi NAME PORT [OPTION...]: zed has scripts, later releases have modules
  local name=$1 port=$2 module=$1.wsgi.api:application application
  shift 2
  [ "$name" != nova-api ] || module=nova.wsgi.osapi_compute:application
  application=(--module "$module")
  case $release/$name in
    zed/keystone) application=(--wsgi-file /usr/bin/keystone-wsgi-public) ;;
    zed/placement) application=(--wsgi-file /usr/bin/placement-api) ;;
  esac
  start "$name" uwsgi_python3 --http-socket "$ip:$port" "${application[@]}" --enable-threads \
    --need-app --die-on-term --buffer-size 65535 --disable-logging --add-header "Connection: close" "$@"
}

# Nova's daemons are forks of one process that has loaded their code, where the release runs on green threads. On native
# threads a fork would not have them, so each daemon is a process of its own, and the API is a WSGI module.
start_nova() {
  if [ "$release" != newest ]; then
    "${clean[@]}" "$python" "$code/nova_daemons.py" >"$dir/log/nova-daemons.log" 2>&1 </dev/null 8>&- 9>&- ||
      die "nova's daemons: see $dir/log/nova-daemons.log"
    return
  fi
  local daemon
  for daemon in conductor scheduler; do
    start "nova-$daemon" "$python" "$code/nova_daemon.py" "$daemon" "$dir/etc/nova-api.conf"
  done
  for daemon in 1 2; do
    start "nova-compute$daemon" "$python" "$code/nova_daemon.py" compute "$dir/etc/nova-fake$daemon.conf"
  done
  start_wsgi nova-api "$port_nova" --threads 8
}
