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
VPC:
  - {id: r-4, endpoint: https://vpc.example}
`
	const usual = "/home/me/.huaweicloud/regions.yaml"
	env := vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret}
	for region, want := range map[string]string{
		"r-1": "https://ecs.one.example", "r-2": "https://two.example", "r-3": "https://last.example", "r-4": "", "r-5": "",
	} {
		env["HW_REGION_NAME"] = region
		s, err := load(env, vars{usual: file})
		require.NoError(t, err)
		assert.Equal(t, want, s.Endpoint, region)
	}
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
		"ECS: 5":        "/regions.yaml:1: ECS is not a list of regions",
		"ECS: [":        "/regions.yaml:",
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
	env := vars{
		"OS_AUTH_URL": "https://k.example", "OS_USER_ID": "u1", "OS_PASSWORD": secret, "OS_PROJECT_ID": "p",
		"OS_APPLICATION_CREDENTIAL_ID": "c", "OS_APPLICATION_CREDENTIAL_SECRET": secret,
	}
	_, err := load(env, nil)
	require.ErrorContains(t, err, "say in OS_AUTH_TYPE which one counts")
	assert.NotContains(t, err.Error(), secret)
	env["OS_AUTH_TYPE"] = "password"
	s, err := load(env, nil)
	require.NoError(t, err)
	assert.Equal(t, "u1", s.UserID)
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
