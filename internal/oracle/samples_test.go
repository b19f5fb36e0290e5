package oracle_test

// samples are files and environments in the style of what real clouds and tools have their users write.
func samples() map[string]environment {
	file := func(name, content string) map[string]string { return map[string]string{name: content} }
	return map[string]environment{
		"openstacksdk, a cloud of one's own and a vendor's": cloud("private", `
clouds:
  rack:
    profile: citycloud
    auth: {username: one@example.com, password: one, project_name: "1", project_domain_id: d, user_domain_id: d}
    region_name: Lon1
  private:
    region_name: RegionOne
    auth:
      auth_url: https://identity.example.com:5000/v3
      username: two
      password: the-password
      project_name: web
      project_domain_name: Default
      user_domain_name: Default
    identity_api_version: 3
    volume_api_version: 3
    image_format: raw
    networks:
      - {name: outside, routes_externally: true, nat_source: true}
      - {name: inside, routes_externally: false, default_interface: true}
`),
		"openstacksdk, secrets in another file": {
			kind: "sample", env: map[string]string{"OS_CLOUD": "internap"},
			files: map[string]string{
				"work/clouds.yaml": `
clouds:
  internap:
    profile: internap
    auth:
      username: api-user
      project_name: my-project
      user_domain_id: default
      project_domain_id: default
    regions: [ams01, nyj01]
cache: {expiration_time: 3600}
client: {force_ipv4: true}
`,
				"work/secure.yaml": "clouds:\n  internap:\n    auth:\n      password: kept-apart\n",
			},
		},
		"openstacksdk, an authority and a client's timeout": cloud("devstack", `
clouds:
  devstack:
    auth: {auth_url: "https://192.0.2.10/identity", username: demo, password: nomoresecret, project_name: demo, domain_id: default}
    cacert: $ROOT/home/ca.pem
    api_timeout: 30
    interface: public
`).with("home/ca.pem", "the authority"),
		"openstacksdk, one region in another way": cloud("two", `
clouds:
  two:
    auth: {auth_url: "https://id.example.com/v3", user_id: 6d8c, password: x, project_id: 6f70656e737461636b20342065766572}
    regions:
      - name: site-a
        values: {networks: [{name: a-public, routes_externally: true}], interface: internal}
      - name: site-b
`),
		"openstacksdk, settings of services": cloud("services", `
clouds:
  services:
    auth: {auth_url: "https://id.example.com/v3", username: u, password: x, project_name: p, user_domain_name: Default, project_domain_name: Default}
    region_name: one
    interface: internal
    compute_interface: public
    compute_api_version: "2.1"
    compute_default_microversion: "2.88"
    image_endpoint_override: https://images.example.com
    block_storage_api_version: 3
    floating_ip_source: neutron
    status_code_retries: 5
`),
		"openstacksdk, an application credential": cloud("ci", `
clouds:
  ci:
    auth_type: v3applicationcredential
    auth:
      auth_url: https://keystone.example.com:5000/v3
      application_credential_id: 21dced0fd20347869b93710d2b98aae0
      application_credential_secret: the-secret
    region_name: RegionOne
    interface: public
    identity_api_version: 3
`),
		"horizon, a file to download": cloud("openstack", `
# This is a clouds.yaml file, which can be used by OpenStack tools as a source
# of configuration on how to connect to a cloud.
clouds:
  openstack:
    auth:
      auth_url: https://cloud.example.org:5000
      username: "someone@example.org"
      password: the-password
      project_id: 3f0f2a1c3de04e25b2e8e2a1d6a8a8f1
      project_name: "team-a"
      user_domain_name: "Default"
    regions:
      - RegionOne
      - RegionTwo
    interface: "public"
    identity_api_version: 3
`),
		"kolla, the admin's cloud": cloud("kolla-admin", `
---
clouds:
  kolla-admin:
    auth:
      auth_url: http://192.0.2.100:5000
      project_domain_name: Default
      user_domain_name: Default
      project_name: admin
      username: admin
      password: kolla-secret-0
    region_name: RegionOne
  kolla-admin-internal:
    auth:
      auth_url: http://192.0.2.100:5000
      project_domain_name: Default
      user_domain_name: Default
      project_name: admin
      username: admin
      password: kolla-secret-0
    interface: internal
    region_name: RegionOne
  kolla-admin-system:
    auth: {auth_url: "http://192.0.2.100:5000", system_scope: all, user_domain_name: Default, username: admin, password: kolla-secret-0}
`),
		"kolla, the same from inside": cloud("kolla-admin-internal", `
clouds:
  kolla-admin-internal:
    auth: {auth_url: "https://internal.example:5000", project_domain_name: Default, user_domain_name: Default, project_name: admin, username: admin, password: k}
    cacert: $ROOT/ca-certificates.crt
    interface: internal
    region_name: RegionOne
`).with("ca-certificates.crt", "kolla's authority"),
		"kolla, admin-openrc.sh": openrc(`
# Ansible managed
export OS_PROJECT_DOMAIN_NAME='Default'
export OS_USER_DOMAIN_NAME='Default'
export OS_PROJECT_NAME='admin'
export OS_TENANT_NAME='admin'
export OS_USERNAME='admin'
export OS_PASSWORD='kolla-secret-0'
export OS_AUTH_URL='http://192.0.2.100:5000'
export OS_INTERFACE='internal'
export OS_ENDPOINT_TYPE='internalURL'
export OS_IDENTITY_API_VERSION='3'
export OS_REGION_NAME='RegionOne'
export OS_AUTH_PLUGIN='password'
`),
		"Open Telekom Cloud, its profile": cloud("otc", `
clouds:
  otc:
    profile: otc
    auth:
      username: 'A-USER'
      password: 'a-password'
      project_name: 'eu-de_development'
      user_domain_name: 'OTC00000000001000000012'
`),
		"Open Telekom Cloud, everything written out": cloud("otc", `
clouds:
  otc:
    auth:
      username: 'A-USER'
      password: 'a-password'
      project_name: 'eu-de'
      auth_url: 'https://iam.eu-de.otc.t-systems.com:443/v3'
      user_domain_name: 'OTC00000000001000000012'
    interface: 'public'
    identity_api_version: '3'
`),
		"Open Telekom Cloud, the Netherlands, with keys of its storage": cloud("otc-nl", `
clouds:
  otc-nl:
    profile: otc
    region_name: eu-nl
    auth: {username: u, password: p, project_name: eu-nl_x, user_domain_name: OTC00000000001000000012}
    ak: AKOFTHESTORAGE
    sk: SKOFTHESTORAGE
`),
		"Open Telekom Cloud, openrc": openrc(`
export OS_AUTH_URL=https://iam.eu-de.otc.t-systems.com/v3
export OS_PROJECT_NAME=eu-de_development
export OS_TENANT_NAME=eu-de_development
export OS_USER_DOMAIN_NAME=OTC00000000001000000012
export OS_USERNAME=A-USER
export OS_PASSWORD=a-password
export OS_IDENTITY_API_VERSION=3
export OS_IMAGE_API_VERSION=2
export OS_VOLUME_API_VERSION=2
export OS_ENDPOINT_TYPE=publicURL
export NOVA_ENDPOINT_TYPE=publicURL
export CINDER_ENDPOINT_TYPE=publicURL
`),
		"OVH, openrc.sh of a region": openrc(`
# To use an OpenStack cloud you need to authenticate against the Identity service
export OS_AUTH_URL=https://auth.cloud.ovh.net/v3
export OS_IDENTITY_API_VERSION=3
export OS_USER_DOMAIN_NAME="Default"
export OS_PROJECT_DOMAIN_NAME="Default"
export OS_TENANT_ID=5a5d9f6e7c0b4b2b8a1d2c3e4f506172
export OS_TENANT_NAME="7436712345678901"
export OS_USERNAME="user-AbCdEfGhIjKl"
export OS_PASSWORD="a-password"
export OS_REGION_NAME="GRA11"
`),
		"OVH, clouds.yaml": cloud("ovhcloud", `
clouds:
  ovhcloud:
    auth:
      auth_url: https://auth.cloud.ovh.net/v3
      username: user-AbCdEfGhIjKl
      password: a-password
      project_id: 5a5d9f6e7c0b4b2b8a1d2c3e4f506172
      project_name: 7436712345678901
      user_domain_name: Default
      project_domain_name: Default
    region_name: SBG5
    interface: public
    identity_api_version: 3
`),
		"OVH, its profile": cloud("ovh", `
clouds:
  ovh:
    profile: ovh
    auth: {username: user-AbCdEfGhIjKl, password: a-password, project_id: 5a5d9f6e7c0b4b2b8a1d2c3e4f506172}
    region_name: UK1
`),
		"devstack, openrc": openrc(`
export OS_REGION_NAME=RegionOne
export OS_PROJECT_DOMAIN_ID=default
export OS_CACERT=
export OS_AUTH_URL=http://192.0.2.5/identity
export OS_TENANT_NAME=demo
export OS_USER_DOMAIN_ID=default
export OS_USERNAME=demo
export OS_VOLUME_API_VERSION=3
export OS_AUTH_TYPE=password
export OS_PROJECT_NAME=demo
export OS_PASSWORD=nomoresecret
export OS_IDENTITY_API_VERSION=3
`),
		"an openrc of an application credential": openrc(`
export OS_AUTH_TYPE=v3applicationcredential
export OS_AUTH_URL=https://keystone.example.com:5000/v3
export OS_IDENTITY_API_VERSION=3
export OS_REGION_NAME="RegionOne"
export OS_INTERFACE=public
export OS_APPLICATION_CREDENTIAL_ID=21dced0fd20347869b93710d2b98aae0
export OS_APPLICATION_CREDENTIAL_SECRET=the-secret
`),
		"clouds that share what they have in common": cloud("prod", `
common: &common
  identity_api_version: 3
  interface: public
  region_name: RegionOne
clouds:
  test:
    <<: *common
    auth: {auth_url: "https://test.example.com:5000/v3", username: u, password: p, project_name: t, user_domain_name: Default, project_domain_name: Default}
  prod:
    <<: *common
    auth: {auth_url: "https://prod.example.com:5000/v3", username: u, password: p, project_name: t, user_domain_name: Default, project_domain_name: Default}
`),
		"a cloud in JSON": {
			kind: "sample", env: map[string]string{"OS_CLOUD": "j"},
			files: file("work/clouds.json", `{"clouds": {"j": {"region_name": "one", "verify": true, "auth": {"auth_url": "https:\/\/k.example.com",
				"username": "\u00c4nne \ud83d\ude00", "password": "p", "project_name": "p", "user_domain_id": "default", "project_domain_id": "default"}}}}`),
		},
		"a provider's own list of public clouds": {
			kind: "sample", env: map[string]string{"OS_CLOUD": "mine"},
			files: map[string]string{
				"home/.config/openstack/clouds-public.yaml": `
public-clouds:
  provider:
    auth: {auth_url: "https://{region_name}.provider.example/v3", user_domain_name: Customers}
    regions: [east, west]
    interface: internal
`,
				"home/.config/openstack/clouds.yaml": `
clouds:
  mine:
    profile: provider
    auth: {username: u, password: p, project_name: p}
    region_name: west
`,
			},
		},
	}
}

// cloud is a sample that a clouds.yaml in its usual place has.
func cloud(name, content string) environment {
	return environment{
		kind: "sample", env: map[string]string{"OS_CLOUD": name},
		files: map[string]string{"home/.config/openstack/clouds.yaml": content},
	}
}

// openrc is a sample of variables.
func openrc(lines string) environment { return environment{kind: "sample", env: export(lines)} }

// with adds a file.
func (c environment) with(name, content string) environment {
	c.files[name] = content
	return c
}
