package cloudenv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/cloudenv"
)

const cloudsYAML = `
defaults: &defaults
  interface: internal
  cacert: ~/ca.pem
clouds:
  prod:
    <<: *defaults
    auth:
      auth_url: https://k.example:5000/v3
      username: demo
      password: "0123"
      user_domain_name: Default
      project_name: demo
      project_id: "00012"
    region_name: RegionOne
    regions: [RegionOne, RegionTwo]
    verify: true
  ci:
    auth_type: v3applicationcredential
    auth: {auth_url: "https://k.example", application_credential_id: c1, application_credential_secret: from clouds}
  bare:
    auth: {auth_url: "https://k.example", user_id: u1, project_id: p1}
  vendor: {profile: vexxhost, auth: {user_id: u1, password: hunter2, project_id: p1}}
  careless: {verify: false, auth: {auth_url: "https://k.example", user_id: u1, password: hunter2, project_id: p1}}
`

const homeClouds = "/home/me/.config/openstack/clouds.yaml"

func TestLoad_NamedCloud(t *testing.T) {
	t.Parallel()
	s, err := load(vars{"OS_CLOUD": "prod", "OS_PROJECT_ID": "of another cloud", "ECS_ENDPOINT": "https://n.example"},
		vars{homeClouds: cloudsYAML, "/home/me/ca.pem": "PEM"})
	require.NoError(t, err)
	assertSettings(t, cloudenv.Settings{
		Kind: cloudenv.Password, FromCatalog: true, Endpoint: "https://n.example", Region: "RegionOne",
		Interfaces: []string{"internal"}, IdentityEndpoint: "https://k.example:5000/v3", Username: "demo", Password: "0123",
		DomainName: "Default", ProjectID: "00012", ProjectName: "demo", CACertificates: []byte("PEM"),
	}, s, `cloud "prod" of `+homeClouds)
}

func TestLoad_SecureFileIsLaidOver(t *testing.T) {
	t.Parallel()
	s, err := load(vars{"OS_CLOUD": "ci"}, vars{
		homeClouds:                   cloudsYAML,
		"/etc/openstack/secure.yaml": "clouds: {ci: {auth: {application_credential_secret: from secure}}, other: {}}",
	})
	require.NoError(t, err)
	assert.Equal(t, cloudenv.ApplicationCredential, s.Kind)
	assert.Equal(t, "c1", s.CredentialID)
	assert.Equal(t, "from secure", s.CredentialSecret)
}

func TestLoad_AnEmptyValueOfTheSecureFileErasesNothing(t *testing.T) {
	t.Parallel()
	for _, empty := range []string{"", "null", "~", `""`} {
		s, err := load(vars{"OS_CLOUD": "ci"}, vars{
			homeClouds:    cloudsYAML,
			"secure.yaml": "clouds: {ci: {auth: {application_credential_secret: " + empty + "}}}",
		})
		require.NoError(t, err)
		assert.Equal(t, "from clouds", s.CredentialSecret, empty)
	}
}

// As openstacksdk reads them.
func TestLoad_ADashInAKeyIsAnUnderscore(t *testing.T) {
	t.Parallel()
	s, err := load(vars{"OS_CLOUD": "c"}, vars{homeClouds: `clouds: {c: {region-name: R, region_name: this one, verify: true,
		auth: {auth-url: "https://k", user-id: u, password: p, project-id: p1}}}`})
	require.NoError(t, err)
	assert.Equal(t, []string{"this one", "https://k", "u", "p1"}, []string{s.Region, s.IdentityEndpoint, s.UserID, s.ProjectID})

	_, err = load(vars{"OS_CLOUD": "c"}, vars{homeClouds: `clouds: {c: {auth-type: v3oidcpassword, auth: {auth-url: "https://k"}}}`})
	require.ErrorContains(t, err, `auth_type "v3oidcpassword" is not supported`)
}

func TestLoad_NamedCloudTakesThePasswordFromTheEnvironment(t *testing.T) {
	t.Parallel()
	s, err := load(vars{"OS_CLOUD": "bare", "OS_PASSWORD": secret, "OS_USERNAME": "not mixed in"}, vars{"clouds.yaml": cloudsYAML})
	require.NoError(t, err)
	assert.Equal(t, secret, s.Password)
	assert.Equal(t, "u1", s.UserID)
	assert.Empty(t, s.Username)
}

func TestLoad_SearchesCloudsInOrder(t *testing.T) {
	t.Parallel()
	cloud := func(region string) string {
		return "clouds: {c: {region_name: " + region + ", auth: {auth_url: https://x, user_id: u, password: p, project_id: p}}}"
	}
	files := vars{
		"/explicit.yaml":                 cloud("explicit"),
		"clouds.yaml":                    cloud("here"),
		homeClouds:                       cloud("home"),
		"/xdg/openstack/clouds.yaml":     cloud("xdg"),
		"/etc/openstack/clouds.yaml":     cloud("etc"),
		"/etc/openstack/clouds.yml":      cloud("never"),
		"/home/me/.config/openstack/xyz": "",
	}
	tests := []struct {
		env    vars
		want   string
		remove string
	}{
		{vars{"OS_CLIENT_CONFIG_FILE": "/explicit.yaml"}, "explicit", "/explicit.yaml"},
		{vars{"OS_CLIENT_CONFIG_FILE": "/gone.yaml"}, "here", "clouds.yaml"},
		{vars{"XDG_CONFIG_HOME": "/xdg"}, "xdg", ""},
		{vars{}, "home", homeClouds},
		{vars{}, "etc", ""},
	}
	for _, tt := range tests {
		tt.env["OS_CLOUD"] = "c"
		s, err := load(tt.env, files)
		require.NoError(t, err)
		assert.Equal(t, tt.want, s.Region)
		delete(files, tt.remove)
	}
}

// It would read another file.
func TestLoad_RefusesATildeThatOpenstacksdkDoesNotExpand(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE"} {
		_, err := load(vars{"OS_CLOUD": "prod", variable: "~/my.yaml"}, vars{homeClouds: cloudsYAML, "/home/me/my.yaml": cloudsYAML, "/home/me/ca.pem": "PEM"})
		require.ErrorContains(t, err, variable+" begins with ~, which openstacksdk does not expand there")
	}
}

func TestLoad_NamedCloudProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cloud string
		files vars
		want  string
	}{
		"no file":      {"prod", nil, "there is no clouds.yaml in the current directory"},
		"no cloud":     {"prdo", vars{homeClouds: cloudsYAML}, `has no cloud "prdo", only ["bare" "careless" "ci" "prod" "vendor"]`},
		"unreadable":   {"prod", vars{homeClouds: "forbidden"}, "read " + homeClouds},
		"not YAML":     {"prod", vars{homeClouds: "clouds: {prod: {auth: {password: *hunter2}}}"}, "not valid YAML"},
		"another form": {"prod", vars{homeClouds: "clouds: hunter2"}, "not valid YAML, or not of the form"},
		"bad secure":   {"prod", vars{homeClouds: cloudsYAML, "secure.yaml": "clouds: hunter2"}, "secure.yaml: not valid YAML"},
		"incomplete": {"bare", vars{homeClouds: cloudsYAML}, `cloud "bare" of ` + homeClouds +
			" is incomplete: found OS_CLOUD, project_id, auth_url, user_id; missing password"},
		"vendor defaults": {"vendor", vars{homeClouds: cloudsYAML}, "a vendor's profile is not supported: write auth_url"},
		"unchecked":       {"careless", vars{homeClouds: cloudsYAML}, "verify is off, but certificates are always checked"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(vars{"OS_CLOUD": tt.cloud}, tt.files)
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

const profileINI = "[basic]\nak = AK\nsk = a/b+c==\nsecurity_token = ST\nproject_id = p1\niam_endpoint = https://iam.example\n" +
	"[global]\nak = another\n"

func TestLoad_Profile(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  vars
		path string
	}{
		"in the home directory": {vars{}, "/home/me/.huaweicloud/credentials"},
		"elsewhere":             {vars{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/p"}, "/p"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.env["HW_REGION_NAME"] = "cn-north-4"
			s, err := load(tt.env, vars{tt.path: profileINI})
			require.NoError(t, err)
			assertSettings(t, cloudenv.Settings{
				Kind: cloudenv.AccessKey, AccessKey: "AK", SecretKey: `a/b+c==`, SecurityToken: "ST", ProjectID: "p1",
				IdentityEndpoint: "https://iam.example", Region: "cn-north-4",
			}, s, "profile basic of "+tt.path)
		})
	}
}

func TestLoad_ProfileProblems(t *testing.T) {
	t.Parallel()
	const path = "/home/me/.huaweicloud/credentials"
	tests := map[string]struct {
		env, files vars
		want       string
	}{
		"half a key":   {nil, vars{path: "[basic]\nsk = hunter2"}, "profile basic of " + path + " is incomplete: found sk; missing ak"},
		"no section":   {nil, vars{path: "[global]\nsk = hunter2"}, "found nothing; missing ak, sk"},
		"federation":   {nil, vars{path: "[basic]\nidp_id = i"}, "idp_id is set, but not supported"},
		"not INI":      {nil, vars{path: "[basic]\nhunter2"}, "not a valid profile file"},
		"unreadable":   {nil, vars{path: "forbidden"}, "read " + path},
		"not there":    {vars{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/p"}, nil, "read /p"},
		"no home file": {nil, nil, "or the file ~/.huaweicloud/credentials"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(tt.env, tt.files)
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func TestLoad_TakesACloudThatOnlyTheSecureFileHas(t *testing.T) {
	t.Parallel()
	secure := vars{"secure.yaml": whole()[homeClouds]}
	for _, clouds := range []string{"", "clouds:", "clouds: {other: {}}"} {
		if clouds != "" {
			secure[homeClouds] = clouds
		}
		s, err := load(vars{"OS_CLOUD": "c"}, secure)
		require.NoError(t, err)
		assert.Equal(t, `cloud "c" of secure.yaml`, s.Source)
	}
}

func TestLoad_PassesOverAFileOfSecretsThatItMayNotRead(t *testing.T) {
	t.Parallel()
	files := whole()
	files["/etc/openstack/secure.yaml"], files["/etc/openstack/clouds-public.yaml"] = "forbidden", "forbidden"
	_, err := load(vars{"OS_CLOUD": "c"}, files)
	require.NoError(t, err)
	files[homeClouds] = "clouds: {c: {auth: {auth_url: https://k, user_id: u, project_id: p}}}"
	_, err = load(vars{"OS_CLOUD": "c"}, files)
	require.ErrorContains(t, err, "found OS_CLOUD, /etc/openstack/secure.yaml (which may not be read), ")
	_, err = load(vars{"OS_CLOUD": "c", "OS_CLIENT_SECURE_FILE": "/etc/openstack/secure.yaml"}, files)
	require.ErrorContains(t, err, "read /etc/openstack/secure.yaml: ")
}

func FuzzLoadFiles(f *testing.F) {
	f.Add(cloudsYAML, profileINI)
	f.Add("clouds: {prod: {auth: {password: *hunter2}}}", "[basic]\n\"\"\"x")
	f.Fuzz(func(t *testing.T, clouds, profile string) {
		_, _ = load(vars{"OS_CLOUD": "prod"}, vars{"clouds.yaml": clouds, "secure.yaml": clouds})
		s, err := load(vars{"HW_REGION_NAME": "r-1"}, vars{"/home/me/.huaweicloud/credentials": profile})
		require.Equal(t, err == nil, s.SecretKey != "" && s.Kind == cloudenv.AccessKey)
	})
}
