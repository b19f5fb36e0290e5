package cloudenv_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/cloudenv"
)

// whole is a cloud that lacks nothing; more is laid into it, one key a line.
func whole(more ...string) vars {
	return vars{homeClouds: "clouds:\n  c:\n    auth: {auth_url: https://k.example/v3, user_id: u, password: p, project_id: p1}\n    " +
		strings.Join(more, "\n    ") + "\n"}
}

func TestLoad_FollowsTheKeysOfACloud(t *testing.T) {
	t.Parallel()
	type want struct {
		region, authURL, endpoint string
		interfaces                []string
	}
	tests := map[string]struct {
		more []string
		want want
	}{
		"a region that is logged in to elsewhere": {
			[]string{"regions: [{name: north, values: {auth: {auth_url: https://north.example/v3}, interface: admin}}, south]"},
			want{"north", "https://north.example/v3", "", []string{"admin"}},
		},
		"the region is in the address":    {[]string{"region_name: south", "auth: {auth_url: 'https://{region_name}.example/v3', user_id: u, password: p, project_id: p}"}, want{"south", "https://south.example/v3", "", nil}},
		"a region of the compute service": {[]string{"region_name: a", "compute_region_name: b"}, want{"b", "https://k.example/v3", "", nil}},
		"an interface of the compute service": {
			[]string{"interface: public", "compute_interface: internal"}, want{"", "https://k.example/v3", "", []string{"internal"}},
		},
		"several interfaces":               {[]string{"interface: [internalURL, public]"}, want{"", "https://k.example/v3", "", []string{"internal", "public"}}},
		"the older name of the interface":  {[]string{"interface: public", "endpoint_type: internalURL"}, want{"", "https://k.example/v3", "", []string{"internal"}}},
		"the compute service's own place":  {[]string{"compute_endpoint: https://n.example/v2.1"}, want{"", "https://k.example/v3", "https://n.example/v2.1", nil}},
		"the same, by its longer name":     {[]string{"compute_endpoint_override: https://n.example", "compute_endpoint: https://o.example"}, want{"", "https://k.example/v3", "https://n.example", nil}},
		"more regions in one text":         {[]string{"region_name: 'a,b'"}, want{"a", "https://k.example/v3", "", nil}},
		"a key twice: the last one counts": {[]string{"region_name: a", "region_name: b"}, want{"b", "https://k.example/v3", "", nil}},
		"what other services have":         {[]string{"image_endpoint_override: https://i.example", "network_interface: admin"}, want{"", "https://k.example/v3", "", nil}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := load(vars{"OS_CLOUD": "c"}, whole(tt.more...))
			require.NoError(t, err)
			assert.Equal(t, tt.want, want{s.Region, s.IdentityEndpoint, s.Endpoint, s.Interfaces})
		})
	}
}

func TestLoad_ReadsWhatStandsBesideAuth(t *testing.T) {
	t.Parallel()
	s, err := load(vars{"OS_CLOUD": "c"}, vars{"clouds.yaml": `clouds: {c: {username: u, project_name: p, domain_name: d,
		auth: {auth_url: "https://k", password: x}, password: not this one}}`})
	require.NoError(t, err)
	assert.Equal(t, []string{"u", "x", "d", "p", "d"}, []string{s.Username, s.Password, s.DomainName, s.ProjectName, s.ProjectDomainName})
	s, err = load(vars{"OS_CLOUD": "c"}, vars{"clouds.yaml": `clouds: {c: {username: not this one, regions: [{name: r, values: {username: nor this}}],
		auth: {auth_url: "https://k", user_name: u, user_domain_id: d, password: x, project_id: p}}}`})
	require.NoError(t, err)
	assert.Equal(t, "u", s.Username, "auth comes first, by any name")
}

func TestLoad_RefusesWithTheFileTheLineAndTheKey(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"verify: false":                                       "verify is off",
		"verify: ''":                                          "verify is off",
		"insecure: true":                                      "insecure is set, but certificates are always checked",
		"trust_id: t":                                         "trust_id is set, but not supported",
		"endpoint-type: internal":                             "endpoint-type is written with a dash, which openstacksdk does not read: write endpoint_type",
		"compute-endpoint-type: internal":                     "compute-endpoint-type is written with a dash, which openstacksdk does not read: write compute_endpoint_type",
		"target_agency_name: a":                               "target_agency_name is set, but not supported",
		"agency_name: a":                                      "agency_name is set, but not supported",
		"assume_role: {agency_name: a}":                       "assume_role is set, but not supported",
		"cert: /c.pem":                                        "cert is set, but not supported",
		"compute_service_type: other":                         "compute_service_type is set, but not supported",
		"compute_service_name: other":                         "compute_service_name is set, but not supported",
		"endpoint_override: https://n.example":                "endpoint_override does not say of which service",
		"auth_type: v3totp":                                   `auth_type "v3totp" is not supported`,
		"auth_type:":                                          "auth_type is empty",
		"auth_plugin: v3token":                                "auth_plugin is not read by openstacksdk",
		"identity_api_version: 2":                             "identity_api_version is 2",
		"region_name: 010":                                    "region_name is a number",
		"region_name: yes":                                    "region_name is the switch yes, not a text: write it in quotes",
		"region_name: 2024-01-02":                             "region_name is a date",
		"region_name: {a: b}":                                 "region_name is not a text",
		"region_name: !!binary aGVsbG8=":                      "region_name is of a type that is not read",
		"regions: []":                                         "regions is no list of regions",
		"regions: [{name: a, endpoint: x}]":                   "a region has a name and values, and nothing else",
		"auth: {secret_question: x}":                          "secret_question is set in auth, but not supported there",
		"auth: {target_agency_name: x}":                       "target_agency_name is set in auth, but not supported there",
		"auth: {passcode: x}":                                 "passcode is set, but not supported",
		"auth: {system_scope: all}":                           "system_scope is set, but not supported",
		"auth: {auth_url: 'https://{region}.k', password: p}": "auth_url has braces that are not {region_name}",
		"auth: [a]":                                           "auth is not a mapping",
		"auth: {auth_url: 'https://k', user_id: u, password: p, project_name: }":                   "project_name has no value, for which openstacksdk takes the text None",
		"auth: {auth_url: 'https://k', username: u, password: p, project_id: p, user_domain_id: }": "user_domain_id has no value, for which openstacksdk takes the text None",
		"auth: {auth_url: 'https://k', user_id: u, password: p, project_id: p, access_key: AK}":    "password and access_key are there: say in auth_type which one counts",
		"auth: {auth_url: 'https://k', user_id: u, password: p, project_id: p, token: hunter2}":    "password and token are there: say in auth_type which one counts",
		"interface: []": "interface is an empty list",
	} {
		_, err := load(vars{"OS_CLOUD": "c"}, whole(line))
		require.ErrorContains(t, err, homeClouds+":4: "+want, line)
	}
	_, err := load(vars{"OS_CLOUD": "c"}, whole("region_name: a", "regions: [b, c]"))
	require.ErrorContains(t, err, homeClouds+":4: region_name is not the first of regions")
	_, err = load(vars{"OS_CLOUD": "c"}, whole("region_name: a", "region-name: b"))
	require.ErrorContains(t, err, homeClouds+":5: region-name is there twice, once with a dash")
	_, err = load(vars{"OS_CLOUD": "c"}, whole("project-name: a", "auth: {auth_url: 'https://k', username: u, password: p, project_name: b}"))
	require.ErrorContains(t, err, homeClouds+":4: project_name is there twice, in auth and with a dash beside it")
	_, err = load(vars{"OS_CLOUD": "c"}, whole("auth: {auth_url: 'https://k', username: u, password: p, default_domain_name: a, default-domain-name: b}"))
	require.ErrorContains(t, err, "default_domain_name is there twice, once with a dash")
	_, err = load(vars{"OS_CLOUD": "c"}, vars{"clouds.yaml": whole()[homeClouds], "secure.yaml": "clouds:\n  c:\n    auth:\n      passcode: '123456'\n"})
	require.ErrorContains(t, err, "secure.yaml:4: passcode is set, but not supported")
}

func TestLoad_TakesAnAuthorityFromVerify(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]string{
		"verify: /ca.pem":                       "from verify",
		"verify: /ca.pem\n    cacert: ~/ca.pem": "from cacert",
		"verify: true":                          "",
		"verify:":                               "",
		"verify: yes\n    insecure: no":         "",
	} {
		files := whole(more)
		files["/ca.pem"], files["/home/me/ca.pem"] = "from verify", "from cacert"
		s, err := load(vars{"OS_CLOUD": "c"}, files)
		require.NoError(t, err, more)
		assert.Equal(t, want, string(s.CACertificates), more)
	}
}

func TestLoad_ABrokenOtherCloudDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, other := range []string{"null", "5", "[a]", "{auth: null}", "{auth: [x], regions: 7}"} {
		files := whole()
		files[homeClouds] += "  other: " + other + "\n"
		_, err := load(vars{"OS_CLOUD": "c"}, files)
		require.NoError(t, err, other)
	}
}

func TestLoad_NamesTheLineOfBrokenYAML(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"clouds:\n  c:\n   - a\n  b: [\n":           homeClouds + ":",
		"clouds: {}\n---\nclouds: {c: {}}\n":        homeClouds + ":2: not valid YAML, or not of the form of a clouds.yaml: a second document begins",
		"a: &a [*a]\nclouds: {c: *a}\n":             "too deep, or blown up by aliases",
		"clouds:\n  c: {auth: {password: hunter2\n": "not valid YAML",
	} {
		_, err := load(vars{"OS_CLOUD": "c"}, vars{homeClouds: content})
		require.ErrorContains(t, err, want, content)
		assert.NotContains(t, err.Error(), secret)
	}
}

func TestLoad_ReadsProfiles(t *testing.T) {
	t.Parallel()
	load := func(cloud string, files vars) (cloudenv.Settings, error) {
		files["clouds.yaml"] = "clouds: {c: " + cloud + "}"
		return load(vars{"OS_CLOUD": "c"}, files)
	}
	const login = "auth: {username: u, password: p, project_name: q, user_domain_name: d}"
	s, err := load("{profile: otc, "+login+"}", vars{})
	require.NoError(t, err)
	assert.Equal(t, []string{"https://iam.eu-de.otc.t-systems.com/v3", "eu-de"}, []string{s.IdentityEndpoint, s.Region})
	s, err = load("{profile: otc, region_name: eu-nl, "+login+"}", vars{})
	require.NoError(t, err)
	assert.Equal(t, "https://iam.eu-nl.otc.t-systems.com/v3", s.IdentityEndpoint)
	public := vars{homeDir("clouds-public.yaml"): "public-clouds: {mine: {interface: internal, auth: {auth_url: 'https://mine.example'}}}"}
	s, err = load("{cloud: mine, "+login+"}", public)
	require.NoError(t, err)
	assert.Equal(t, "https://mine.example", s.IdentityEndpoint)
	assert.Equal(t, []string{"internal"}, s.Interfaces)
	_, err = load("{profile: rackspace, "+login+"}", vars{})
	require.ErrorContains(t, err, "compute_service_name is set, but not supported")
	_, err = load("{profile: 'https://vendor.example', auth: {auth_url: 'https://k', user_id: u, password: p, project_id: p}}", vars{})
	require.ErrorContains(t, err, "a vendor's profile is not supported")
}

func homeDir(name string) string { return "/home/me/.config/openstack/" + name }

func TestLoad_SearchesAsOpenstacksdkDoes(t *testing.T) {
	t.Parallel()
	cloud := func(region string) string {
		return whole("region_name: " + region)[homeClouds]
	}
	json := `{"clouds": {"c": {"region_name": "json", "auth": {"auth_url": "https://k", "user_id": "u", "password": "p", "project_id": "p"}}}}`
	for name, tt := range map[string]struct {
		env, files vars
		want       string
	}{
		"XDG_CONFIG_HOME without a file": {vars{"XDG_CONFIG_HOME": "/xdg"}, vars{homeClouds: cloud("home")}, "home"},
		"XDG_CONFIG_HOME first":          {vars{"XDG_CONFIG_HOME": "/xdg"}, vars{homeClouds: cloud("home"), "/xdg/openstack/clouds.yml": cloud("xdg")}, "xdg"},
		"JSON":                           {vars{}, vars{homeDir("clouds.json"): json}, "json"},
		"YAML before JSON":               {vars{}, vars{homeDir("clouds.json"): json, homeDir("clouds.yml"): cloud("yml")}, "yml"},
		"a site's":                       {vars{}, vars{"/etc/xdg/openstack/clouds.yaml": cloud("site"), "/etc/openstack/clouds.yaml": cloud("etc")}, "site"},
		"a snap's":                       {vars{"SNAP_REAL_HOME": "/real"}, vars{"/real/.config/openstack/clouds.yaml": cloud("real")}, "real"},
	} {
		tt.env["OS_CLOUD"] = "c"
		s, err := load(tt.env, tt.files)
		require.NoError(t, err, name)
		assert.Equal(t, tt.want, s.Region, name)
	}
}

func TestLoad_ARegionOfTheEnvironment(t *testing.T) {
	t.Parallel()
	env := vars{"OS_CLOUD": "c", "OS_REGION_NAME": "south"}
	s, err := load(env, whole("regions: [north, {name: south, values: {interface: admin}}]"))
	require.NoError(t, err)
	assert.Equal(t, "south", s.Region)
	assert.Equal(t, []string{"admin"}, s.Interfaces)
	_, err = load(env, whole("regions: [north]"))
	require.ErrorContains(t, err, "OS_REGION_NAME is none of the cloud's regions")
	s, err = load(env, whole("region_name: north"))
	require.NoError(t, err)
	assert.Equal(t, "north", s.Region)
}

// Reading must end, soon and without much memory, whatever a file holds.
func TestLoad_IsQuickWithHostileFiles(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		bomb += strings.NewReplacer("N", string(rune('1'+i)), "P", string(rune('0'+i))).Replace("aN: &aN [*aP,*aP,*aP,*aP,*aP,*aP,*aP,*aP,*aP]\n")
	}
	for name, content := range map[string]string{
		"aliases of aliases": bomb + "clouds: {c: {auth: *a9}}\n",
		"merges of merges":   strings.ReplaceAll(bomb, "[x,x,x,x,x,x,x,x,x]", "{x: y}") + "clouds: {c: {<<: *a9}}\n",
		"deep":               strings.Repeat("[", 5000),
		"deep mappings":      "clouds: " + strings.Repeat("{a: ", 5000),
		"wide":               "clouds: {c: {" + strings.Repeat("a: b, ", 20000) + "}}",
		"deep JSON":          strings.Repeat(`{"a":`, 5000),
		"wide JSON":          `{"clouds": {"c": {` + strings.Repeat(`"a": "b", `, 20000) + `"z": 1}}}`,
	} {
		began := time.Now()
		_, err := load(vars{"OS_CLOUD": "c"}, vars{"clouds.yaml": content})
		require.Error(t, err, name)
		_, err = load(vars{"OS_CLOUD": "c"}, vars{"clouds.json": content})
		require.Error(t, err, name)
		t.Logf("%s: %d KB in %s", name, len(content)/1024, time.Since(began))
	}
}

func FuzzClouds(f *testing.F) {
	f.Add(cloudsYAML, "")
	f.Add("a: &a [*a]\nclouds: {prod: *a}", "clouds: {prod: {auth: {password: x}}}")
	f.Add(`{"clouds": {"prod": {"auth": {"auth_url": "https:\/\/k", "user_id": 1e3}}}}`, "{}")
	f.Add("x: &x {auth: {password: p}}\nclouds: {prod: {<<: [*x, *x], profile: otc, regions: [{name: a, values: {auth: {user_id: u}}}]}}", "clouds: [prod]")
	f.Fuzz(func(t *testing.T, clouds, secure string) {
		for _, suffix := range []string{".yaml", ".json"} {
			s, err := load(vars{"OS_CLOUD": "prod"}, vars{"clouds" + suffix: clouds, "secure" + suffix: secure, "clouds-public" + suffix: secure})
			if err != nil {
				require.Zero(t, s)
				require.NotContains(t, err.Error(), "\n")
			}
		}
	})
}

// Names of clouds are not keys: a dash in them is a dash.
func TestLoad_TellsCloudsApartThatDifferInADash(t *testing.T) {
	t.Parallel()
	const clouds = `
both: &both
  my-cloud: {profile: a-b, auth: {username: dash, password: x, project_id: p, user_domain_id: d}}
  my_cloud: {profile: a_b, auth: {username: underscore, password: x, project_id: p, user_domain_id: d}}
clouds: {<<: *both}
`
	for name, want := range map[string][]string{
		"my-cloud": {"dash", "secret of dash", "https://dash"}, "my_cloud": {"underscore", "secret of underscore", "https://underscore"},
	} {
		s, err := load(vars{"OS_CLOUD": name}, vars{
			"clouds.yaml":        clouds,
			"secure.json":        `{"clouds": {"my-cloud": {"auth": {"password": "secret of dash"}}, "my_cloud": {"auth": {"password": "secret of underscore"}}}}`,
			"clouds-public.yaml": "public-clouds: {a-b: {auth: {auth_url: 'https://dash'}}, a_b: {auth: {auth_url: 'https://underscore'}}}",
		})
		require.NoError(t, err)
		assert.Equal(t, want, []string{s.Username, s.Password, s.IdentityEndpoint})
	}
}

func TestLoad_TakesTheCloudOfTheVariables(t *testing.T) {
	t.Parallel()
	openrc := vars{"OS_AUTH_URL": "https://k.example", "OS_USER_ID": "u", "OS_PASSWORD": "p", "OS_PROJECT_ID": "p", "OS_CLOUD": "envvars"}
	for _, files := range []vars{nil, whole()} {
		s, err := load(openrc, files)
		require.NoError(t, err)
		assert.Equal(t, "the OS_ environment", s.Source)
	}
	openrc["OS_CLOUD_NAME"], openrc["OS_CLOUD"] = "mine", "mine"
	_, err := load(openrc, whole())
	require.NoError(t, err)
	openrc["OS_CLOUD_NAME"], openrc["OS_CLOUD"] = "c", "c"
	_, err = load(openrc, whole())
	require.ErrorContains(t, err, homeClouds+`:2: cloud "c" has the name of the cloud of the OS_ variables: rename it`)
	openrc["OS_CLOUD_NAME"], openrc["OS_CLOUD"] = "mine", "envvars"
	_, err = load(openrc, whole())
	require.ErrorContains(t, err, `has no cloud "envvars", only ["c"]`)
	openrc["OS_CLOUD_NAME"], openrc["OS_CLOUD"] = "", ""
	_, err = load(openrc, whole())
	require.ErrorContains(t, err, "OS_CLOUD_NAME is set to nothing")
	_, err = load(vars{"OS_CLOUD": "envvars", "OS_REGION_NAME": "r"}, nil)
	require.ErrorContains(t, err, "the OS_ environment is incomplete: ")
}

func TestLoad_TakesWhatChangesNothing(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"compute_service_type: compute", "key: /k.pem", "cert: ''", "system_scope:", "trust_id: ''", "verify: 'True'", "insecure: 'no'",
		"project_name:", "tenant_name: ''", "project_domain_id: null", "user_domain_id: ~",
	} {
		_, err := load(vars{"OS_CLOUD": "c"}, whole(line))
		require.NoError(t, err, line)
	}
	_, err := load(vars{"OS_CLOUD": "c"}, vars{homeClouds: "clouds:\n\tc: {}\n"})
	require.ErrorContains(t, err, homeClouds+":2: not valid YAML, or not of the form of a clouds.yaml: a line is indented by a tab")
	_, err = load(vars{"OS_CLOUD": "c"}, whole("auth: {cacert: /none.pem}"))
	require.ErrorContains(t, err, "cacert is set in auth, but not supported there", "what is not supported comes before what cannot be read")
}
