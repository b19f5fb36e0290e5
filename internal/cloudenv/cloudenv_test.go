package cloudenv_test

import (
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/cloudenv"
)

// secret is in every value that must not show up in an error.
const secret = "hunter2"

// vars is an environment; files are at its keys that begin with a slash, the others are relative paths.
type vars map[string]string

func load(env, files vars) (cloudenv.Settings, error) {
	return cloudenv.Load(cloudenv.Env{
		Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			content, ok := files[path]
			switch {
			case !ok:
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			case content == "forbidden":
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
			}
			return []byte(content), nil
		},
		Names: func() []string { return slices.Collect(maps.Keys(env)) },
		Home:  "/home/me",
	})
}

func TestLoad_VendorSDK(t *testing.T) {
	t.Parallel()
	s, err := load(vars{
		"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "ST",
		"HUAWEICLOUD_SDK_PROJECT_ID": "p1", "HW_REGION_NAME": "cn-north-4", "HW_ACCESS_KEY": "another", "OS_CLOUD": "x",
	}, nil)
	require.NoError(t, err)
	assert.Equal(t, cloudenv.AccessKey, s.Kind)
	assert.Equal(t, []string{"AK", secret, "ST"}, []string{s.AccessKey, s.SecretKey, s.SecurityToken})
	assert.Equal(t, "p1", s.ProjectID)
	assert.Equal(t, "cn-north-4", s.Region)
	assert.Empty(t, s.Endpoint, "the region tells it")
	assert.Equal(t, []string{
		"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID",
		"HW_REGION_NAME",
	}, s.Found)
}

func TestLoad_VendorSDKEndpoints(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  vars
		want string
	}{
		"of the region": {vars{"HUAWEICLOUD_SDK_REGION_ECS_CN_NORTH_4": "https://a.example,https://b.example"}, "https://a.example"},
		"a bare host":   {vars{"HUAWEICLOUD_SDK_REGION_ECS_CN_NORTH_4": " a.example "}, "https://a.example"},
		"our own wins": {
			vars{"HUAWEICLOUD_SDK_REGION_ECS_CN_NORTH_4": "https://a.example", "ECS_ENDPOINT": "https://c.example"},
			"https://c.example",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.env["HUAWEICLOUD_SDK_AK"], tt.env["HUAWEICLOUD_SDK_SK"] = "AK", secret
			tt.env["OS_REGION_NAME"] = "cn-north-4"
			s, err := load(tt.env, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, s.Endpoint)
			assert.Equal(t, "cn-north-4", s.ProjectName, "every region has a project of its name")
		})
	}
}

func TestLoad_Terraform(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  vars
		want cloudenv.Settings
	}{
		"access key": {
			vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret, "HW_SECURITY_TOKEN": "ST", "HW_REGION_NAME": "eu-west-101"},
			cloudenv.Settings{
				Kind: cloudenv.AccessKey, AccessKey: "AK", SecretKey: secret, SecurityToken: "ST", Region: "eu-west-101",
				ProjectName: "eu-west-101",
			},
		},
		"password": {
			vars{
				"HW_USER_NAME": "me", "HW_USER_PASSWORD": secret, "HW_DOMAIN_NAME": "org", "HW_REGION_NAME": "cn-north-4",
				"HW_PROJECT_NAME": "cn-north-4_sub", "HW_AUTH_URL": "https://iam.example/v3",
			},
			cloudenv.Settings{
				Kind: cloudenv.Password, Username: "me", Password: secret, DomainName: "org", Region: "cn-north-4",
				ProjectName: "cn-north-4_sub", IdentityEndpoint: "https://iam.example/v3",
			},
		},
		"user and project by ID need no domain": {
			vars{"HW_USER_ID": "u1", "HW_USER_PASSWORD": secret, "HW_PROJECT_ID": "p1", "HW_REGION_NAME": "r-1"},
			cloudenv.Settings{
				Kind: cloudenv.Password, UserID: "u1", Password: secret, Region: "r-1", ProjectID: "p1", ProjectName: "r-1",
			},
		},
		"token, another cloud": {
			vars{"HW_AUTH_TOKEN": secret, "HW_PROJECT_ID": "p1", "HW_REGION_NAME": "r-1", "HW_CLOUD": "cloud.example"},
			cloudenv.Settings{
				Kind: cloudenv.Token, Token: secret, Region: "r-1", ProjectID: "p1", ProjectName: "r-1",
				Endpoint: "https://ecs.r-1.cloud.example", IdentityEndpoint: "https://iam.r-1.cloud.example",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := load(tt.env, nil)
			require.NoError(t, err)
			assertSettings(t, tt.want, s, "the HW_ environment")
		})
	}
}

// assertSettings compares everything but what was found, which must not be empty.
func assertSettings(t *testing.T, want, got cloudenv.Settings, source string) {
	t.Helper()
	assert.NotEmpty(t, got.Found)
	assert.Equal(t, source, got.Source)
	got.Found, got.Source, got.CACertificatesAt, got.EndpointAt = nil, "", "", ""
	assert.Equal(t, want, got)
}

func TestLoad_OpenStack(t *testing.T) {
	t.Parallel()
	const url = "http://127.0.0.1:5000/v3"
	tests := map[string]struct {
		env  vars
		want cloudenv.Settings
	}{
		"an openrc file": {
			vars{
				"OS_USERNAME": "demo", "OS_PASSWORD": secret, "OS_USER_DOMAIN_ID": "default", "OS_PROJECT_DOMAIN_ID": "d2",
				"OS_PROJECT_ID": "p1", "OS_PROJECT_NAME": "demo", "OS_REGION_NAME": "RegionOne",
				"OS_IDENTITY_API_VERSION": "3", "OS_INTERFACE": "internalURL",
			},
			cloudenv.Settings{
				Kind: cloudenv.Password, FromCatalog: true, Region: "RegionOne", Interfaces: []string{"internal"}, ProjectID: "p1",
				ProjectName: "demo", Username: "demo", Password: secret, DomainID: "default",
			},
		},
		"names and one domain for both": {
			vars{"OS_USERNAME": "demo", "OS_PASSWORD": secret, "OS_DOMAIN_NAME": "Default", "OS_TENANT_NAME": "demo"},
			cloudenv.Settings{
				Kind: cloudenv.Password, FromCatalog: true, ProjectName: "demo", ProjectDomainName: "Default",
				Username: "demo", Password: secret, DomainName: "Default",
			},
		},
		"another domain for the project": {
			vars{
				"OS_USERNAME": "demo", "OS_PASSWORD": secret, "OS_USER_DOMAIN_NAME": "people", "OS_PROJECT_NAME": "demo",
				"OS_PROJECT_DOMAIN_NAME": "things",
			},
			cloudenv.Settings{
				Kind: cloudenv.Password, FromCatalog: true, ProjectName: "demo", ProjectDomainName: "things",
				Username: "demo", Password: secret, DomainName: "people",
			},
		},
		"a user by ID, whose domain is the project's": {
			vars{"OS_USER_ID": "u1", "OS_PASSWORD": secret, "OS_DOMAIN_NAME": "Default", "OS_PROJECT_NAME": "demo"},
			cloudenv.Settings{
				Kind: cloudenv.Password, FromCatalog: true, ProjectName: "demo", ProjectDomainName: "Default",
				UserID: "u1", Password: secret,
			},
		},
		"application credential": {
			vars{
				"OS_AUTH_TYPE": "v3applicationcredential", "OS_APPLICATION_CREDENTIAL_ID": "c1",
				"OS_APPLICATION_CREDENTIAL_SECRET": secret,
			},
			cloudenv.Settings{
				Kind: cloudenv.ApplicationCredential, FromCatalog: true, CredentialID: "c1", CredentialSecret: secret,
			},
		},
		"application credential by name": {
			vars{
				"OS_APPLICATION_CREDENTIAL_NAME": "ci", "OS_APPLICATION_CREDENTIAL_SECRET": secret, "OS_USER_ID": "u1",
				"OS_PASSWORD": "also there", "OS_AUTH_TYPE": "v3applicationcredential",
			},
			cloudenv.Settings{
				Kind: cloudenv.ApplicationCredential, FromCatalog: true, UserID: "u1", CredentialName: "ci",
				CredentialSecret: secret,
			},
		},
		"access key": {
			vars{"OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": secret, "OS_REGION_NAME": "eu-de"},
			cloudenv.Settings{
				Kind: cloudenv.AccessKey, Region: "eu-de", ProjectName: "eu-de", AccessKey: "AK", SecretKey: secret,
			},
		},
		"token": {
			vars{
				"OS_AUTH_TYPE": "token", "OS_TOKEN": secret, "OS_PASSWORD": "also there", "OS_TENANT_ID": "p1",
				"OS_COMPUTE_ENDPOINT_OVERRIDE": "http://127.0.0.1:8774",
			},
			cloudenv.Settings{
				Kind: cloudenv.Token, FromCatalog: true, Token: secret, ProjectID: "p1", Endpoint: "http://127.0.0.1:8774",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.env["OS_AUTH_URL"] = url
			s, err := load(tt.env, nil)
			require.NoError(t, err)
			if tt.want.Kind != cloudenv.Token {
				tt.want.IdentityEndpoint = url
			}
			assertSettings(t, tt.want, s, "the OS_ environment")
		})
	}
}

func TestLoad_Metadata(t *testing.T) {
	t.Parallel()
	env := vars{"ECS_METADATA_CREDENTIALS": "true", "HW_REGION_NAME": "cn-north-4", "HW_PROJECT_ID": "p1"}
	s, err := load(env, nil)
	require.NoError(t, err)
	assert.Equal(t, cloudenv.Metadata, s.Kind)
	assert.Equal(t, "p1", s.ProjectID)
	assert.Empty(t, s.MetadataEndpoint)

	env["ECS_METADATA_ENDPOINT"] = "http://127.0.0.1:1"
	s, err = load(env, nil)
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:1", s.MetadataEndpoint)
}

func TestLoad_ReadsCertificates(t *testing.T) {
	t.Parallel()
	files := vars{"/home/me/ca.pem": "PEM"}
	for _, name := range []string{"OS_CACERT", "HW_CACERT"} {
		s, err := load(vars{
			"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret, "HW_REGION_NAME": "r-1", name: "~/ca.pem",
		}, files)
		require.NoError(t, err)
		assert.Equal(t, []byte("PEM"), s.CACertificates)
	}
}

func TestLoad_AnOwnTokenComesFirst(t *testing.T) {
	t.Parallel()
	env := vars{
		"ECS_TOKEN": "t", "ECS_ENDPOINT": "https://ecs.example.com", "ECS_PROJECT_ID": "p1",
		"OS_AUTH_URL": "https://keystone.example.com/v3", "OS_USERNAME": "u", "HW_ACCESS_KEY": "a",
	}
	s, err := load(env, nil)
	require.NoError(t, err)
	assert.Equal(t, cloudenv.Token, s.Kind)
	assert.Equal(t, "t", s.Token)
	assert.Equal(t, "https://ecs.example.com", s.Endpoint)
	assert.Equal(t, "p1", s.ProjectID)

	delete(env, "ECS_PROJECT_ID")
	_, err = load(env, nil)
	require.ErrorContains(t, err, "ECS_PROJECT_ID", "another family's project is not the token's")
}
