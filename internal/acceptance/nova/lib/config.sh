# shellcheck shell=bash
# Sourced by up: writes the daemons' configuration. No secret is worth keeping
# here: everything listens on loopback and lives as long as a test run.

password=acceptance
# Seconds. Below 120 or so OpenStack's own services ask for a new one each time.
token_ttl=${ECS_NOVA_TOKEN_TTL:-3600}

database() { echo "mysql+pymysql://root@localhost/$1?unix_socket=$socket&charset=utf8"; }

service_auth="auth_type = password
auth_url = http://$ip:$port_keystone/v3
username = service
password = $password
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne
connect_retries = 3
status_code_retries = 3"

token_check="[keystone_authtoken]
www_authenticate_uri = http://$ip:$port_keystone/v3
service_token_roles_required = true
http_request_max_retries = 5
$service_auth"

# Policy is the code's defaults, whatever /etc holds.
no_policy="[oslo_policy]
policy_file = $dir/etc/no-policy.yaml
policy_dirs = $dir/etc/no-policy.d"

write_config() {
  mkdir -p "$dir/etc/placement" "$dir/etc/no-policy.d"
  echo '{}' >"$dir/etc/no-policy.yaml"
  echo '{}' >"$dir/etc/nova-policy.yaml"
  keystone_config >"$dir/etc/keystone.conf"
  placement_config >"$dir/etc/placement/placement.conf"
  local host
  for host in api fake1 fake2; do
    mkdir -p "$dir/nova/$host/instances"
    nova_config "$host" >"$dir/etc/nova-$host.conf"
  done
}

keystone_config() {
  cat <<EOT
[DEFAULT]
log_file = $dir/log/keystone-app.log
public_endpoint = http://$ip:$port_keystone/
[database]
connection = $(database keystone)
max_pool_size = 5
[token]
provider = fernet
expiration = $token_ttl
[fernet_tokens]
key_repository = $dir/etc/fernet-keys/
[fernet_receipts]
key_repository = $dir/etc/fernet-keys/
[credential]
key_repository = $dir/etc/credential-keys/
[identity]
# The cheapest bcrypt: hashing is not what is tested.
password_hash_rounds = 4
$no_policy
EOT
}

placement_config() {
  cat <<EOT
[DEFAULT]
log_file = $dir/log/placement-app.log
[placement_database]
connection = $(database placement)
max_pool_size = 5
[api]
auth_strategy = keystone
$token_check
$no_policy
EOT
}

# nova_config HOST: all of Nova's daemons read the same but for their host's name.
nova_config() {
  cat <<EOT
[DEFAULT]
host = $1
my_ip = $ip
state_path = $dir/nova/$1
instances_path = $dir/nova/$1/instances
transport_url = rabbit://guest:guest@$ip:$port_rabbit/
# A machine with other work to do is slow.
rpc_response_timeout = 120
compute_driver = knobs.KnobDriver
use_cow_images = false
# A resize goes from one host to the other, as in a cloud of any size.
allow_resize_to_same_host = false
# Nobody confirms a resize behind the tests' back.
resize_confirm_window = 0
sync_power_state_interval = -1
# The first run of a periodic task is not put off by up to a minute.
periodic_fuzzy_delay = 0
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
enabled_apis = osapi_compute
osapi_compute_listen = $ip
osapi_compute_listen_port = $port_nova
osapi_compute_workers = 1
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = /usr/share/nova-common/api-paste.ini
[api_database]
connection = $(database nova_api)
max_pool_size = 5
[database]
connection = $(database nova_cell1)
max_pool_size = 5
[conductor]
workers = 1
[scheduler]
workers = 1
# Finds the compute hosts by itself, once they are there.
discover_hosts_in_cells_interval = 2
[filter_scheduler]
track_instance_changes = false
[quota]
instances = -1
cores = -1
ram = -1
[oslo_concurrency]
lock_path = $dir/run
[oslo_messaging_rabbit]
heartbeat_in_pthread = false
[oslo_policy]
policy_file = $dir/etc/nova-policy.yaml
policy_dirs = $dir/etc/no-policy.d
[vnc]
enabled = false
[placement]
$service_auth
[neutron]
$service_auth
endpoint_override = http://$ip:$port_stub
[glance]
$service_auth
endpoint_override = http://$ip:$port_stub
[cinder]
$service_auth
$token_check
EOT
}
