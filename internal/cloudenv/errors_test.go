package cloudenv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/cloudenv"
)

func TestLoad_NamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  vars
		want string
	}{
		"one half of a key": {
			vars{"HUAWEICLOUD_SDK_AK": "AK", "HW_REGION_NAME": "r-1"},
			"the HUAWEICLOUD_SDK_ environment is incomplete: found HUAWEICLOUD_SDK_AK, HW_REGION_NAME; missing HUAWEICLOUD_SDK_SK",
		},
		"the other half": {
			vars{"HW_SECRET_KEY": secret, "HW_REGION_NAME": "r-1"},
			"the HW_ environment is incomplete: found HW_REGION_NAME, HW_SECRET_KEY; missing HW_ACCESS_KEY",
		},
		"empty is not set": {
			vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "", "HW_REGION_NAME": "r-1"},
			"missing HUAWEICLOUD_SDK_SK",
		},
		"region": {
			vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret},
			"missing HW_REGION_NAME or OS_REGION_NAME",
		},
		"region, of one family only": {vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret}, "missing HW_REGION_NAME"},
		"region, for the project": {
			vars{
				"OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": secret, "OS_AUTH_URL": "https://iam.example",
				"ECS_ENDPOINT": "https://ecs.example",
			},
			"missing OS_REGION_NAME",
		},
		"user": {
			vars{"OS_AUTH_URL": "https://k.example", "OS_PASSWORD": secret},
			"the OS_ environment is incomplete: found OS_AUTH_URL, OS_PASSWORD; missing OS_USERNAME or OS_USER_ID, " +
				"OS_USER_DOMAIN_NAME or OS_USER_DOMAIN_ID, OS_PROJECT_ID or OS_PROJECT_NAME",
		},
		"only the identity service": {
			vars{"OS_AUTH_URL": "https://k.example"},
			"missing OS_USERNAME or OS_USER_ID, OS_USER_DOMAIN_NAME or OS_USER_DOMAIN_ID, OS_PASSWORD, OS_PROJECT_ID or",
		},
		"identity service": {
			vars{"OS_USER_ID": "u1", "OS_PASSWORD": secret, "OS_PROJECT_NAME": "demo"},
			"found OS_PROJECT_NAME, OS_USER_ID, OS_PASSWORD; missing OS_AUTH_URL, OS_PROJECT_DOMAIN_NAME or OS_PROJECT_DOMAIN_ID",
		},
		"secret of an application credential": {
			vars{"OS_AUTH_URL": "https://k.example", "OS_APPLICATION_CREDENTIAL_ID": "c1"},
			"missing OS_APPLICATION_CREDENTIAL_SECRET",
		},
		"where and what a token is for": {
			vars{"OS_TOKEN": secret},
			"found OS_TOKEN; missing ECS_PROJECT_ID or OS_PROJECT_ID or OS_TENANT_ID, ECS_ENDPOINT or OS_COMPUTE_ENDPOINT_OVERRIDE",
		},
		"endpoint of our own token": {
			vars{"ECS_TOKEN": secret, "ECS_PROJECT_ID": "p"}, "found ECS_TOKEN, ECS_PROJECT_ID; missing ECS_ENDPOINT",
		},
		"project of a token": {vars{"HW_AUTH_TOKEN": secret, "HW_REGION_NAME": "r-1"}, "missing ECS_PROJECT_ID or HW_PROJECT_ID"},
		"domain":             {vars{"HW_USER_NAME": "u", "HW_USER_PASSWORD": secret}, "HW_DOMAIN_NAME or HW_DOMAIN_ID"},
		"everything":         {nil, "the environment is incomplete: found nothing; missing a credential: HUAWEICLOUD_SDK_AK and"},
		"everything but the region": {
			vars{"HW_REGION_NAME": "r-1", "HW_SECURITY_TOKEN": secret}, "found HW_REGION_NAME, HW_SECURITY_TOKEN; missing a credential",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := load(tt.env, nil)
			var incomplete *cloudenv.IncompleteError
			require.ErrorAs(t, err, &incomplete)
			assert.Contains(t, err.Error(), tt.want)
			assert.NotContains(t, incomplete.Missing, "")
			assert.NotContains(t, err.Error(), secret)
			assert.Zero(t, s)
		})
	}
}

func TestLoad_RefusesWhatItWouldHaveToIgnore(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, value, want string }{
		"insecure":           {"OS_INSECURE", "true", "OS_INSECURE is set, but certificates are always checked"},
		"insecure, vendor's": {"HW_INSECURE", "1", "HW_INSECURE is set, but certificates"},
		"trust":              {"OS_TRUST_ID", "t1", "OS_TRUST_ID is set, but not supported"},
		"client certificate": {"OS_CERT", "/c.pem", "OS_CERT is set, but not supported"},
		"second factor":      {"OS_PASSCODE", secret, "OS_PASSCODE is set, but not supported"},
		"login type":         {"OS_AUTH_TYPE", "v3oidcpassword", `OS_AUTH_TYPE "v3oidcpassword" is not supported`},
		"version 2":          {"OS_IDENTITY_API_VERSION", "2.0", "only version 3 is supported"},
		"version 2 endpoint": {"OS_AUTH_URL", "https://k.example/v2.0/", "OS_AUTH_URL is for version 2.0"},
		"no certificates":    {"OS_CACERT", "/none.pem", "read the certificates that the environment names"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := vars{
				"OS_AUTH_URL": "https://k.example", "OS_USER_ID": "u1", "OS_PASSWORD": secret, "OS_PROJECT_ID": "p1",
			}
			env[tt.name] = tt.value
			_, err := load(env, nil)
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
	for _, algorithm := range []string{"SDK-HMAC-SHA256", "HmacSHA256", "hmac-sha256"} {
		t.Run("switched off, "+algorithm, func(t *testing.T) {
			t.Parallel()
			_, err := load(vars{
				"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret, "HW_REGION_NAME": "r-1", "HW_INSECURE": "false",
				"HW_SIGNING_ALGORITHM": algorithm, "OS_TRUST_ID": "of another family",
			}, nil)
			require.NoError(t, err)
		})
	}
	for name, env := range map[string]vars{
		"agency":        {"HW_ASSUME_ROLE_AGENCY_NAME": "a"},
		"algorithm":     {"HW_SIGNING_ALGORITHM": "SDK-HMAC-SM3"},
		"derived key":   {"HW_SIGNING_ALGORITHM": "V11-HMAC-SHA256"},
		"another's key": {"HW_SIGNING_ALGORITHM": "AWS4-HMAC-SHA256"},
		"region":        {"HW_REGION_NAME": "evil.example/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret, "HW_REGION_NAME": "r-1"}
			for k, v := range env {
				all[k] = v
			}
			_, err := load(all, nil)
			require.ErrorContains(t, err, "the HW_ environment: ")
		})
	}
}

// What is missing may be missing because the way to log in is one that is not supported.
func TestLoad_NamesWhatIsNotSupportedFirst(t *testing.T) {
	t.Parallel()
	_, err := load(vars{
		"OS_AUTH_TYPE": "v3oidcaccesstoken", "OS_AUTH_URL": "https://k.example/v3", "OS_ACCESS_TOKEN": secret, "OS_PROJECT_ID": "p",
		"OS_TRUST_ID": "t",
	}, nil)
	require.EqualError(t, err,
		`the OS_ environment: OS_AUTH_TYPE "v3oidcaccesstoken" is not supported; OS_TRUST_ID is set, but not supported`)
}

func TestLoad_DoesNotFallBackToAProfilePastWhatIsNotSupported(t *testing.T) {
	t.Parallel()
	files := vars{"/home/me/.huaweicloud/credentials": profileINI}
	for _, name := range []string{
		"HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE", "HW_PROFILE", "HW_SHARED_CONFIG_FILE",
		"HW_ASSUME_ROLE_AGENCY_NAME", "OS_AUTH_TYPE", "OS_TRUST_ID", "OS_PASSCODE",
	} {
		_, err := load(vars{name: secret, "HW_REGION_NAME": "r-1"}, files)
		require.ErrorContains(t, err, name, name)
	}
	_, err := load(vars{"ECS_METADATA_CREDENTIALS": "1", "HW_ASSUME_ROLE_AGENCY_NAME": "a", "HW_REGION_NAME": "r-1"}, files)
	require.ErrorContains(t, err, "HW_ASSUME_ROLE_AGENCY_NAME is set, but not supported")
}

func TestLoad_RefusesEndpointsThatItDoesNotRead(t *testing.T) {
	t.Parallel()
	login := vars{"OS_AUTH_URL": "https://k.example/v3", "OS_USER_ID": "u", "OS_PASSWORD": secret, "OS_PROJECT_ID": "p"}
	key := vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret, "HUAWEICLOUD_SDK_PROJECT_ID": "p", "HW_REGION_NAME": "r-1"}
	for _, tt := range []struct {
		env         vars
		name, value string
		want        string
	}{
		{login, "OS_ENDPOINT_OVERRIDE", "https://other.example", "use OS_COMPUTE_ENDPOINT_OVERRIDE or ECS_ENDPOINT"},
		{key, "HUAWEICLOUD_SDK_REGIONS_FILE", "/regions.yaml", "name the endpoint in ECS_ENDPOINT"},
	} {
		tt.env[tt.name] = tt.value
		_, err := load(tt.env, nil)
		require.ErrorContains(t, err, tt.want)
		tt.env["ECS_ENDPOINT"] = "https://n.example"
		_, err = load(tt.env, nil)
		require.NoError(t, err, "it would change nothing")
	}
}
