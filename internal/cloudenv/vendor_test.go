package cloudenv_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each of these says that somebody else logs in than the rest of the environment does.
func TestLoad_RefusesSwitchesOfIdentityByName(t *testing.T) {
	t.Parallel()
	const credentials = "/home/me/.huaweicloud/credentials"
	families := map[string]struct{ env, files vars }{
		"vendor's SDK":   {env: vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret, "HW_REGION_NAME": "r-1"}},
		"Terraform, key": {env: vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret, "HW_REGION_NAME": "r-1"}},
		"Terraform, password": {
			env: vars{"HW_USER_NAME": "u", "HW_USER_PASSWORD": secret, "HW_DOMAIN_NAME": "d", "HW_REGION_NAME": "r-1"},
		},
		"OpenStack, password": {
			env: vars{"OS_AUTH_URL": "https://k.example", "OS_USER_ID": "u", "OS_PASSWORD": secret, "OS_PROJECT_ID": "p"},
		},
		"OpenStack, key": {env: vars{"OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": secret, "OS_REGION_NAME": "r-1"}},
		"named cloud":    {env: vars{"OS_CLOUD": "c"}, files: whole()},
		"metadata":       {env: vars{"ECS_METADATA_CREDENTIALS": "1", "HW_REGION_NAME": "r-1"}},
		"profile":        {env: vars{"HW_REGION_NAME": "r-1"}, files: vars{credentials: profileINI}},
	}
	for family, tt := range families {
		_, err := load(tt.env, tt.files)
		require.NoError(t, err, family)
		for _, name := range []string{
			"OS_AGENCY_NAME", "OS_AGENCY_DOMAIN_NAME", "OS_DELEGATED_PROJECT", "OS_TARGET_AGENCY_NAME",
			"HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_ID", "HW_ASSUME_ROLE_IDP_ID", "HW_ASSUME_ROLE_ID_TOKEN_FILE",
		} {
			env := maps.Clone(tt.env)
			env[name] = "somebody"
			_, err := load(env, tt.files)
			require.ErrorContains(t, err, name+" is set, but not supported", family)
			env[name] = ""
			_, err = load(env, tt.files)
			require.NoError(t, err, "set to nothing is not set")
		}
	}
	for name, family := range map[string]string{
		"HUAWEICLOUD_SDK_IDP_ID": "vendor's SDK", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": "vendor's SDK",
		"HW_PROFILE": "Terraform, key", "HW_SHARED_CONFIG_FILE": "Terraform, password",
	} {
		env := maps.Clone(families[family].env)
		env[name] = "x"
		_, err := load(env, nil)
		require.ErrorContains(t, err, name+" is set, but not supported", family)
	}
	for _, key := range []string{"idp_id", "id_token_file"} {
		_, err := load(vars{"HW_REGION_NAME": "r-1"}, vars{credentials: "[basic]\nak = AK\nsk = hunter2\n" + key + " = i\n"})
		require.ErrorContains(t, err, credentials+":4: "+key+" is set, but not supported")
	}
}

func TestLoad_RefusesTwoCredentialsOfTerraform(t *testing.T) {
	t.Parallel()
	for _, more := range []vars{{"HW_AUTH_TOKEN": secret}, {"HW_USER_PASSWORD": secret, "HW_USER_NAME": "u", "HW_DOMAIN_NAME": "d"}} {
		env := vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret, "HW_REGION_NAME": "r-1", "HW_PROJECT_ID": "p"}
		maps.Copy(env, more)
		_, err := load(env, nil)
		require.ErrorContains(t, err, "HW_ACCESS_KEY and ")
		assert.NotContains(t, err.Error(), secret)
	}
}

func TestLoad_CompletesABareHostOfTheIdentityService(t *testing.T) {
	t.Parallel()
	env := vars{
		"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret, "HW_REGION_NAME": "r-1",
		"HUAWEICLOUD_SDK_IAM_ENDPOINT": "iam.example.com",
	}
	s, err := load(env, nil)
	require.NoError(t, err)
	assert.Equal(t, "https://iam.example.com", s.IdentityEndpoint)
	s, err = load(vars{"HW_REGION_NAME": "r-1"}, vars{
		"/home/me/.huaweicloud/credentials": "[basic]\nak = AK\nsk = hunter2\niam_endpoint = iam.example.com\n",
	})
	require.NoError(t, err)
	assert.Equal(t, "https://iam.example.com", s.IdentityEndpoint)
}

func TestLoad_ReadsTheFileOfRegions(t *testing.T) {
	t.Parallel()
	const file = `
ecs:
  - id: r-1
    endpoint: ecs.one.example
  - {id: r-2, endpoints: [https://two.example, https://other.example]}
  - {id: r-3, endpoint: https://first.example}
  - {id: r-3, endpoint: https://last.example}
  - {id: r-4, endpoint: ~}
  - {id: r-5, endpoint: '', endpoints: []}
  - {id: r-6, endpoint: , endpoints: [https://six.example]}
VPC:
  - {id: r-4, endpoint: https://vpc.example}
`
	const usual = "/home/me/.huaweicloud/regions.yaml"
	env := vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret}
	for region, want := range map[string]string{
		"r-1": "https://ecs.one.example", "r-2": "https://two.example", "r-3": "https://last.example", "r-4": "", "r-5": "",
		"r-6": "https://six.example",
	} {
		env["HW_REGION_NAME"] = region
		s, err := load(env, vars{usual: file})
		require.NoError(t, err)
		assert.Equal(t, want, s.Endpoint, region)
	}
	_, err := load(env, vars{usual: "ECS:\nVPC: 5\n"})
	require.NoError(t, err, "no region")
	env["HW_REGION_NAME"], env["HUAWEICLOUD_SDK_REGIONS_FILE"] = "r-1", "/regions.yaml"
	s, err := load(env, vars{"/regions.yaml": file, usual: "ECS: [{id: r-1, endpoint: https://not.example}]"})
	require.NoError(t, err)
	assert.Equal(t, "https://ecs.one.example", s.Endpoint)
	env["HUAWEICLOUD_SDK_REGION_ECS_R_1"] = "https://environment.example"
	s, err = load(env, vars{"/regions.yaml": file})
	require.NoError(t, err)
	assert.Equal(t, "https://environment.example", s.Endpoint)
	delete(env, "HUAWEICLOUD_SDK_REGION_ECS_R_1")

	for content, want := range map[string]string{
		"ECS: 5": "/regions.yaml:1: ECS is not a list of regions",
		"ECS:\n  - {id: r-1, endpoint: [https://a]}":                                   "/regions.yaml:2: the endpoint of a region is one text",
		"ECS:\n  - {id: r-1, endpoints: https://a}":                                    "/regions.yaml:2: the endpoint of a region is one text",
		"ECS:\n  - {id: r-1, endpoints: [{a: b}]}":                                     "/regions.yaml:2: the endpoint of a region is one text",
		"ECS: [{id: r-1, endpoint: https://a}]\necs: [{id: r-1, endpoint: https://b}]": "they differ: the vendor's SDK takes one of them by chance",
		"ECS: [{id: r-1, endpoint: 'https://a,https://b'}]":                            "/regions.yaml:1: ECS: endpoint is more than one URL",
		"ECS: [":        "not valid YAML, or not of the form of a regions.yaml",
		"- ECS":         "/regions.yaml: not a mapping of services",
		"forbidden":     "name the endpoint in ECS_ENDPOINT",
		"a: &a [*a]\n":  "/regions.yaml",
		"ECS: *hunter2": "/regions.yaml",
	} {
		_, err := load(env, vars{"/regions.yaml": content})
		require.ErrorContains(t, err, want, content)
		assert.NotContains(t, err.Error(), secret)
	}
}

func TestLoad_TakesTheOlderNameOfTheUsersID(t *testing.T) {
	t.Parallel()
	s, err := load(vars{"OS_AUTH_URL": "https://k.example", "OS_USERID": "u1", "OS_PASSWORD": secret, "OS_PROJECT_ID": "p"}, nil)
	require.NoError(t, err)
	assert.Equal(t, "u1", s.UserID)
}

func TestLoad_RefusesTwoCredentialsOfOpenStack(t *testing.T) {
	t.Parallel()
	login := vars{"OS_AUTH_URL": "https://k.example", "OS_USER_ID": "u1", "OS_PASSWORD": secret, "OS_PROJECT_ID": "p"}
	for want, more := range map[string]vars{
		"OS_APPLICATION_CREDENTIAL_ID and OS_PASSWORD": {"OS_APPLICATION_CREDENTIAL_ID": "c", "OS_APPLICATION_CREDENTIAL_SECRET": secret},
		"OS_PASSWORD and OS_ACCESS_KEY":                {"OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": secret},
		"OS_PASSWORD and OS_SECRET_KEY":                {"OS_SECRET_KEY": secret},
		"OS_PASSWORD and OS_TOKEN":                     {"OS_TOKEN": secret},
		"OS_PASSWORD and OS_AUTH_TOKEN":                {"OS_AUTH_TOKEN": secret},
		"OS_ACCESS_KEY and OS_TOKEN":                   {"OS_PASSWORD": "", "OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": secret, "OS_TOKEN": secret},
		"OS_APPLICATION_CREDENTIAL_SECRET and OS_TOKEN": {
			"OS_PASSWORD": "", "OS_APPLICATION_CREDENTIAL_SECRET": secret, "OS_TOKEN": secret,
		},
		"OS_PASSWORD and OS_ACCESS_KEY and OS_TOKEN": {"OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": secret, "OS_TOKEN": secret},
	} {
		env := maps.Clone(login)
		maps.Copy(env, more)
		_, err := load(env, nil)
		require.ErrorContains(t, err, "the OS_ environment: "+want+" are there: say in OS_AUTH_TYPE which one counts")
		assert.NotContains(t, err.Error(), secret)
		if env["OS_PASSWORD"] == "" {
			continue
		}
		env["OS_AUTH_TYPE"] = "password"
		s, err := load(env, nil)
		require.NoError(t, err)
		assert.Equal(t, "u1", s.UserID)
	}
}

// The vendor's reader would take another text for the secret.
func TestLoad_RefusesSpecialCharactersInAProfile(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"hunter2#x", "hunter2 ;x", "%(ak)s"} {
		_, err := load(vars{"HW_REGION_NAME": "r-1"}, vars{"/home/me/.huaweicloud/credentials": "[basic]\nak = AK\nsk = " + value + "\n"})
		require.ErrorContains(t, err, "sk has a character with a meaning of its own in this file", value)
		assert.NotContains(t, err.Error(), secret)
	}
}

// As Huawei Cloud's Terraform provider does.
func TestLoad_TakesFromOpenStackWhatTerraformLacks(t *testing.T) {
	t.Parallel()
	s, err := load(vars{
		"HW_USER_PASSWORD": secret, "OS_USERNAME": "u", "OS_USER_DOMAIN_NAME": "d", "OS_REGION_NAME": "r-1", "OS_TENANT_NAME": "team",
		"OS_AUTH_URL": "https://iam.example/v3",
	}, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"u", "d", "r-1", "team", "https://iam.example/v3"},
		[]string{s.Username, s.DomainName, s.Region, s.ProjectName, s.IdentityEndpoint})
	key := vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret, "HW_REGION_NAME": "r-1", "OS_REGION_NAME": "r-2", "OS_PROJECT_ID": "p1", "OS_TENANT_ID": "p2"}
	s, err = load(key, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"r-1", "p1"}, []string{s.Region, s.ProjectID})
	key["HW_PROJECT_ID"] = "p0"
	s, err = load(key, nil)
	require.NoError(t, err)
	assert.Equal(t, "p0", s.ProjectID)
	key["OS_CERT"] = "/c.pem"
	_, err = load(key, nil)
	require.ErrorContains(t, err, "OS_CERT is set, but not supported")
}

func TestLoad_MetadataIsOfTheCloudThatTerraformIsToldOf(t *testing.T) {
	t.Parallel()
	env := vars{"ECS_METADATA_CREDENTIALS": "1", "HW_REGION_NAME": "r-1", "HW_CLOUD": "cloud.example", "OS_PROJECT_NAME": "team"}
	s, err := load(env, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"https://ecs.r-1.cloud.example", "https://iam.r-1.cloud.example", "team"}, []string{s.Endpoint, s.IdentityEndpoint, s.ProjectName})
	env["ECS_ENDPOINT"], env["HW_AUTH_URL"] = "https://n.example", "https://iam.example"
	s, err = load(env, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"https://n.example", "https://iam.example"}, []string{s.Endpoint, s.IdentityEndpoint})
}

func TestLoad_RefusesTheVariablesOfTerraformBesideAKeyOfOpenStack(t *testing.T) {
	t.Parallel()
	env := vars{"OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": secret, "OS_REGION_NAME": "r-1"}
	_, err := load(env, nil)
	require.NoError(t, err)
	for _, name := range []string{"HW_REGION_NAME", "HW_PROJECT_ID", "HW_PROJECT_NAME", "HW_SECURITY_TOKEN", "HW_AUTH_URL", "HW_CLOUD", "HW_PROFILE"} {
		more := maps.Clone(env)
		more[name] = "x"
		_, err := load(more, nil)
		require.ErrorContains(t, err, name+" is set, but not supported")
	}
}

// They are somebody else's than the profile that happens to be there.
func TestLoad_RefusesTheKeysOfOtherTools(t *testing.T) {
	t.Parallel()
	profile := vars{"/home/me/.huaweicloud/credentials": profileINI, "/p": profileINI}
	for _, name := range []string{
		"SBC_ACCESS_KEY", "SBC_SECRET_KEY", "HCSO_ACCESS_KEY", "HCSO_USER_PASSWORD", "HWCLOUD_ACCESS_KEY", "CLOUD_SDK_AK", "CLOUD_SDK_SK", "HUAWEICLOUD_AK",
		"HUAWEICLOUD_ACCESS_KEY_ID", "HUAWEICLOUD_SECRET_ACCESS_KEY", "HUAWEI_ACCESS_KEY",
	} {
		env := vars{name: secret, "HW_REGION_NAME": "r-1"}
		for _, files := range []vars{profile, nil} {
			_, err := load(env, files)
			require.ErrorContains(t, err, "the environment: "+name+" is set, but not supported")
			assert.NotContains(t, err.Error(), secret)
		}
		env["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = "/p"
		_, err := load(env, profile)
		require.NoError(t, err, "this profile was chosen")
	}
	for _, name := range []string{"SBC_REGION_NAME", "HUAWEICLOUD_REGION", "CLOUD_SDK_VERSION"} {
		_, err := load(vars{name: "x", "HW_REGION_NAME": "r-1"}, profile)
		require.NoError(t, err, name)
	}
}
