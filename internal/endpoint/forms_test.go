package endpoint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/endpoint"
)

const id = "0123456789abcdef0123456789abcdef"

func TestCompute_DropsVersionAndProject(t *testing.T) {
	t.Parallel()
	type want struct {
		base    string
		project bool
	}
	for raw, want := range map[string]want{
		"https://ecs.example.com":                             {"https://ecs.example.com", false},
		"https://ecs.example.com/":                            {"https://ecs.example.com", false},
		"https://ecs.example.com/v2.1":                        {"https://ecs.example.com", false},
		"https://ecs.example.com/V2.1/":                       {"https://ecs.example.com", false},
		"https://ecs.example.com/v2":                          {"https://ecs.example.com", false},
		"https://ecs.example.com/v2/v2.1":                     {"https://ecs.example.com", false},
		"https://ecs.example.com:8774/compute/v2.1//":         {"https://ecs.example.com:8774/compute", false},
		"https://ecs.example.com/a%20b":                       {"https://ecs.example.com/a%20b", false},
		"https://ecs.example.com/api/v1/nova/v2.1":            {"https://ecs.example.com/api/v1/nova", false},
		"https://ecs.example.com/v2.1/" + id:                  {"https://ecs.example.com", true},
		"https://ecs.example.com/v2/" + id + "/":              {"https://ecs.example.com", true},
		"https://x/v2.1/01234567-89ab-cdef-0123-456789abcdef": {"https://x", true},
		"https://ecs.example.com/v2.1/%(project_id)s":         {"https://ecs.example.com", true},
		"https://ecs.example.com/v2/%(tenant_id)s/":           {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/$(project_id)s":         {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/$(tenant_id)s":          {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/{project_id}":           {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/${tenant_id}":           {"https://ecs.example.com", true},
		"https://ecs.example.com/compute/$(project_id)s":      {"https://ecs.example.com/compute", true},
		"http://127.0.0.1:8774/v2.1":                          {"http://127.0.0.1:8774", false},
		"http://[::1%25lo]:8774/v2.1":                         {"http://[::1%25lo]:8774", false},
		"https://ecs.example.com//v2.1//" + id:                {"https://ecs.example.com", true},
		"https://ecs.example.com//compute//v2.1":              {"https://ecs.example.com/compute", false},
		"https://ecs.example.com/v2.1/" + strings.ToUpper(id): {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/{{ project_id }}":       {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/{{tenant_id}}/":         {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/<project_id>":           {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/$PROJECT_ID":            {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/%(PROJECT_ID)s":         {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/{project-id}":           {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/{projectId}":            {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/${OS_PROJECT_ID}":       {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/%28tenant_id%29s":       {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/%25(project_id)s":       {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/$%28tenant_id%29s":      {"https://ecs.example.com", true},
		"https://ecs.example.com/v2.1/%7Bproject_id%7D":       {"https://ecs.example.com", true},
		"https://ecs.example.com/compute/" + id:               {"https://ecs.example.com/compute", true},
		"https://ECS.example.com:443/v2.1":                    {"https://ECS.example.com:443", false},
		"https://[2001:db8::1]/v2.1":                          {"https://[2001:db8::1]", false},
		"https://[fe80::1%25eth0]:8774/v2":                    {"https://[fe80::1%25eth0]:8774", false},
	} {
		got, hasProject, err := endpoint.Compute(raw, id, false)
		require.NoError(t, err, raw)
		assert.Equal(t, want.base, got, raw)
		assert.Equal(t, want.project, hasProject, raw)
		again, _, err := endpoint.Compute(got, "", false)
		require.NoError(t, err)
		assert.Equal(t, got, again, "what it returns it takes")
	}
}

func TestCompute_KeepsThePrefixOfAGateway(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"https://x/api/v1", "https://x/api/v2/nova", "https://x/v2/" + id + "/nova", "https://x/" + id} {
		for _, version := range []string{"/v2.1", "/v2/"} {
			got, hasProject, err := endpoint.Compute(base+version, "the-project", false)
			require.NoError(t, err)
			assert.Equal(t, base, got)
			assert.False(t, hasProject)
		}
	}
}

func TestCompute_TakesThisProjectAlone(t *testing.T) {
	t.Parallel()
	const dashed, another = "01234567-89ab-cdef-0123-456789abcdef", "fedcba9876543210fedcba9876543210"
	for _, tt := range []struct{ raw, project, problem string }{
		{"https://x/v2.1/the-project", "the-project", ""},
		{"https://x/v2.1/" + id, id, ""},
		{"https://x/v2.1/" + id, dashed, ""},
		{"https://x/v2.1/" + dashed, id, ""},
		{"https://x/v2.1/" + strings.ToUpper(dashed), id, ""},
		{"https://x/v2.1/" + another, "", ""},
		{"https://x/" + id, id, ""},
		{"https://x/v2.1/" + another, id, `endpoint "https://x/v2.1/` + another + `" is for project ` + another + ", not for " + id},
		{"https://x/v2/" + id + "/", "the-project", `endpoint "https://x/v2/` + id + `" is for project ` + id + ", not for the-project"},
		{"https://x/" + another, id, "is for project " + another},
		{"https://x/v2.1/another-project", "the-project", "goes on behind the version"},
	} {
		base, hasProject, err := endpoint.Compute(tt.raw, tt.project, false)
		if tt.problem != "" {
			require.ErrorContains(t, err, tt.problem, tt.raw)
			continue
		}
		require.NoError(t, err, tt.raw)
		assert.Equal(t, "https://x", base, tt.raw)
		assert.True(t, hasProject, tt.raw)
	}
}

func TestCompute_RefusesWithTheReason(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://ecs.example.com/v2.0":                           "is for version v2.0; the compute API has version v2.1",
		"https://ecs.example.com/v2.0/" + "%(project_id)s":       "is for version v2.0",
		"https://ecs.example.com/v1":                             "is for version v1",
		"https://ecs.example.com/V1.0":                           "is for version V1.0",
		"https://ces.example.com/V1.0/" + id:                     "is for version V1.0",
		"https://ecs.example.com/v3/":                            "is for version v3",
		"https://ecs.example.com/v2.1/servers":                   "goes on behind the version",
		"https://ecs.example.com/v2.1/another":                   "goes on behind the version",
		"https://ecs.example.com/v2.1/" + id + "/servers":        "goes on behind the version",
		"https://ecs.example.com/v2.1/" + id + "/servers/detail": "goes on behind the version",
		"https://ecs.%(region)s.example.com/v2.1":                "the placeholder %(region)s",
		"https://ecs.{region}.example.com":                       "the placeholder {region}",
		"https://ecs.${REGION}.example.com":                      "the placeholder ${REGION}",
		"https://ecs.$(region)s.example.com":                     "the placeholder $(region)s",
		"https://ecs.<region>.example.com":                       "the placeholder <region>",
		"https://x/v2.1/AUTH_%(tenant_id)s":                      "the placeholder %(tenant_id)s",
		"https://x/v2.1/$(tenant_id)s/servers":                   "the placeholder $(tenant_id)s",
		"https://x/v2.1/%(project_id)s/%(user_id)s":              "the placeholder %(project_id)s",
		"https://ecs.$REGION.example.com":                        "the placeholder $REGION",
		"https://ecs.{{ region }}.example.com":                   "the placeholder {{ region }}",
		"https://ecs.{{region}}.example.com":                     "the placeholder {{region}}",
		"https://x/v2.1/${var.project}":                          "the placeholder ${var.project}",
		"https://ecs.%REGION%.example.com":                       "a percent sign that two hexadecimal digits do not follow",
		"https://x/v2.1/%s":                                      "a percent sign",
		"https://x/v1/" + id + "/cloudservers":                   "is for version v1",
		"https://x/v1.0/" + id + "/servers":                      "is for version v1.0",
		"https://x/v2.1.0":                                       "is for version v2.1.0",
		"https://x/v2.1.":                                        "is for version v2.1.; the compute API has version v2.1",
		"https://x/v2_1":                                         "is for version v2_1",
		"https://x/V2-1/":                                        "is for version V2-1",
		"https://x/v21":                                          "is for version v21",
		"https://x/v2.1,":                                        "is for version v2.1,",
		"https://x/v2.1\u3002":                                   "is for version v2.1",
		"https://x/v2%2E1":                                       "is for version v2%2E1",
		"https://x/v2.1./" + id:                                  "is for version v2.1.",
		"https://x/v2.1/" + id + "/v2.1":                         "goes on behind the version",
		"https://x/v2.1/" + id + "/v2.1/" + id:                   "goes on behind the version",
		"https://x/v2/" + id + "/v2.1":                           "goes on behind the version",
		"https://x/v2/the-project/v2.1":                          "goes on behind the version",
		"https://x/v2.1/the-project/v2/":                         "goes on behind the version",
		"https://x/v2.1/nova/v2.1":                               "goes on behind the version",
		"https://x/2.1":                                          "is for version 2.1",
		"https://x/servers":                                      "names a resource of the API",
		"https://x/nova/servers/detail":                          "names a resource of the API",
		"https://x/flavors/":                                     "names a resource of the API",
		"https://https://x":                                      "is more than one URL",
		"https://x,https://y":                                    "is more than one URL",
		"https://x:99999":                                        "a port that is not between 1 and 65535",
		"https://x:0":                                            "a port that is not between 1 and 65535",
		"https://x:port":                                         "a port that is not a number",
		"https://2001:db8::1/v2.1":                               "an IPv6 address without brackets",
		"https://[2001:db8::1/v2.1":                              "a broken IPv6 address",
		"https://[fe80::1%eth0]/v2":                              "a percent sign",
		" https://x":                                             "the character U+0020, which a URL cannot have",
		"https://x/v2.1 ":                                        "the character U+0020",
		"https://x\r":                                            "the character U+000D",
		"https://x/v2.1\n":                                       "the character U+000A",
		"https://x/v2.1\u00a0":                                   "the character U+00A0",
		"\ufeffhttps://x":                                        "the character U+FEFF",
		"https://x\u200b":                                        "the character U+200B",
		"\"https://x\"":                                          "the character U+0022",
		"'https://x'":                                            "the character U+0027",
		"https:\\\\x":                                            "the character U+005C",
		"https://x/v2.1\\":                                       "the character U+005C",
		"":                                                       "endpoint is empty",
		"ecs.example.com":                                        "must begin with https://",
	} {
		project := "the-project"
		if strings.Contains(raw, id) {
			project = id
		}
		_, _, err := endpoint.Compute(raw, project, false)
		require.ErrorContains(t, err, want, raw)
	}
}

func TestIdentity_DropsTheVersion(t *testing.T) {
	t.Parallel()
	for _, tail := range []string{
		"", "/", "/v3", "/v3/", "/V3", "/v3/v3", "/v3/v3/", "/v3/auth/tokens", "/v3/auth/tokens/", "/V3/v3/auth/tokens",
		"//v3", "/v3//", "/auth/tokens", "/V3/AUTH/TOKENS/", "/v3/auth/tokens/v3",
	} {
		for _, base := range []string{"https://iam.example.com", "https://k.example.com:5000", "https://k.example.com/identity"} {
			got, err := endpoint.Identity(base+tail, false)
			require.NoError(t, err, base+tail)
			assert.Equal(t, base, got, base+tail)
		}
	}
	for tail, want := range map[string]string{
		"/v2.0":                     "is for version v2.0 of the identity API; only v3 is supported",
		"/v2.0/":                    "is for version v2.0",
		"/v3.0":                     "is for version v3.0",
		"/v3/projects":              "goes on behind the version",
		"/v3/auth":                  "goes on behind the version",
		"/%(version)s":              "the placeholder %(version)s",
		"/v3?token=1":               "has a query",
		"/v3/auth/tokens?nocatalog": "has a query",
		"/v2.0/tokens":              "is for version v2.0",
		"/v2.0/v3":                  "is for version v2.0",
		"/v3.14/":                   "is for version v3.14",
		"/v3.0/OS-AUTH/tokens":      "is for version v3.0",
		"/v3/$(tenant_id)s":         "the placeholder $(tenant_id)s",
		"/v3/users":                 "goes on behind the version",
		"/v3.":                      "is for version v3. of the identity API",
		"/v3_0/":                    "is for version v3_0",
		"/v3 ":                      "the character U+0020",
	} {
		_, err := endpoint.Identity("https://iam.example.com"+tail, false)
		require.ErrorContains(t, err, want, tail)
	}
}

func TestForRegion_RefusesWhatIsNoRegion(t *testing.T) {
	t.Parallel()
	for _, region := range []string{
		"", " ", "CN-NORTH-4", "cn north 4", "cn-north-4/", "evil.example", "evil.example/", "cn_north_4", "-a", "a-", "a--b", "a@b", "ü",
		"a\n", strings.Repeat("a", 64),
	} {
		assert.Empty(t, endpoint.ForRegion(region), region)
		assert.Empty(t, endpoint.IdentityForRegion(region), region)
	}
}

func FuzzForms(f *testing.F) {
	f.Add("https://ecs.example.com/v2.1/%(project_id)s", "p")
	f.Add("http://[fe80::1%25ens3]/v2.1/p", "p")
	f.Add("http://[::%25\xc2]", "0")
	f.Add("http://0/(\xaf", "S")
	f.Fuzz(func(t *testing.T, raw, project string) {
		base, _, err := endpoint.Compute(raw, project, true)
		if err == nil {
			_, err := endpoint.Parse(base, true)
			require.NoError(t, err, "what it returns is an endpoint")
		}
		base, err = endpoint.Identity(raw, true)
		if err == nil {
			again, err := endpoint.Identity(base, true)
			require.NoError(t, err)
			require.Equal(t, base, again)
		}
	})
}
