package oracle_test

// samplesOfThreads are files and environments in the style of those that users show in public threads about their tools.
func samplesOfThreads() map[string]environment {
	return map[string]environment{
		"Open Telekom Cloud, openrc with a domain that is set to nothing": openrc(`
export OS_AUTH_URL=https://iam.eu-de.otc.t-systems.com:443/v3
export OS_ENDPOINT_TYPE=publicURL
export OS_IDENTITY_API_VERSION=3
export OS_IMAGE_API_VERSION=2
export OS_PASSWORD=a-password
export OS_PROJECT_DOMAIN_NAME=
export OS_PROJECT_NAME=eu-de
export OS_TENANT_NAME=eu-de
export OS_USERNAME=A-USER
export OS_USER_DOMAIN_NAME=OTC-EU-DE-00000000001000000012
export OS_VOLUME_API_VERSION=2
`),
		"regions that are logged in to one by one": cloud("mycloud", `
---
clouds:
    mycloud:
        identity_api_version: 3
        endpoint_type: public
        image_format: raw
        auth:
            user_domain_name: corp
            project_domain_name: corp
            project_name: team
            username: me
            password: a-password
        regions:
            - name: Region 1
              values:
                auth:
                  auth_url: https://one.example.com:5000/v3
            - name: Region 2
              values:
                auth:
                  auth_url: https://two.example.com:5000/v3
`),
		"everything beside auth": cloud("ci", `
clouds:
    ci:
        auth_url: https://keystone.example.com:13000/v3
        username: ci
        password: a-password
        project_name: ci
        project_domain_id: d3
        user_domain_name: example.com
`),
		"a store's endpoint beside an application credential": cloud("cloud1_region1", `
clouds:
  cloud1_region1:
    auth_type: v3applicationcredential
    auth:
      auth_url: https://keystone.example.com
      application_credential_id: 12134
      application_credential_secret: mysecret
    region_name: region1
    interface: public
    identity_api_version: 3
    object_store_endpoint_override: https://store.example.com/swift/v1/
`),
		"Charmed OpenStack, novarc": openrc(`
export OS_AUTH_PROTOCOL=https
export OS_AUTH_TYPE=password
export OS_AUTH_VERSION=3
export OS_AUTH_URL=https://192.0.2.9:5000/v3
export OS_USERNAME=admin
export OS_PASSWORD=a-password
export OS_USER_DOMAIN_NAME=admin_domain
export OS_PROJECT_NAME=admin
export OS_PROJECT_DOMAIN_NAME=admin_domain
export OS_REGION_NAME=RegionOne
export OS_IDENTITY_API_VERSION=3
export OS_GNOCCHI_ENDPOINT=https://192.0.2.10:8041
`),
		"TripleO, overcloudrc": openrc(`
export NOVA_VERSION=1.1
export COMPUTE_API_VERSION=1.1
export OS_USERNAME=admin
export OS_PROJECT_NAME=admin
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_DOMAIN_NAME=Default
export OS_NO_CACHE=True
export OS_CLOUDNAME=overcloud
export OS_PASSWORD=a-password
export OS_AUTH_TYPE=password
export OS_AUTH_URL=http://192.0.2.24:5000
export OS_IDENTITY_API_VERSION=3
export OS_COMPUTE_API_VERSION=2.latest
export OS_IMAGE_API_VERSION=2
export OS_VOLUME_API_VERSION=3
export OS_REGION_NAME=regionOne
`),
		"Kubernetes, clouds.yaml of a secret": cloud("openstack", `
clouds:
  openstack:
    verify: true
    cacert: $ROOT/cacert
    auth_type: v3applicationcredential
    region_name: 'RegionOne'
    interface: 'public'
    identity_api_version: 3
    auth: {auth_url: 'https://k.example.com:5000/v3', application_credential_id: 'a1', application_credential_secret: 's'}
`).with("cacert", "the authority"),
		"variables that are a cloud by name": {kind: "sample", env: map[string]string{
			"OS_CLOUD": "envvars", "OS_AUTH_URL": "https://k.example.com", "OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_PROJECT_NAME": "p",
			"OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_DOMAIN_NAME": "Default",
		}},
	}
}
