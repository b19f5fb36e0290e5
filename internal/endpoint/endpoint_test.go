package endpoint_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/endpoint"
)

func TestParse_Accepts(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://ecs.cn-north-4.myhuaweicloud.com": "https://ecs.cn-north-4.myhuaweicloud.com",
		"https://ecs.example.com/":                 "https://ecs.example.com",
		"https://ecs.example.com:8774/compute//":   "https://ecs.example.com:8774/compute",
		"https://ecs.example.com/a%20b":            "https://ecs.example.com/a%20b",
		"http://127.0.0.1:8774":                    "http://127.0.0.1:8774",
		"http://localhost:8774/":                   "http://localhost:8774",
		"http://[::1]:8774":                        "http://[::1]:8774",
		"http://[::1%25lo]":                        "http://[::1%25lo]",
	} {
		got, err := endpoint.Parse(raw, false)
		require.NoError(t, err, raw)
		assert.Equal(t, want, got)
	}
}

func TestParse_Refuses(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"empty":            "",
		"no scheme":        "ecs.example.com",
		"another scheme":   "ftp://ecs.example.com",
		"no host":          "https:///v2.1",
		"only a port":      "https://:443",
		"user info":        "https://user:hunter2@ecs.example.com",
		"a query":          "https://ecs.example.com?x=1",
		"an empty query":   "https://ecs.example.com?",
		"a fragment":       "https://ecs.example.com#x",
		"empty fragment":   "https://ecs.example.com#",
		"plain http":       "http://ecs.example.com",
		"not loopback":     "http://127.0.0.1.example.com",
		"control":          "https://ecs.example.com/\x7f",
		"without a scheme": "user:hunter2@ecs.example.com",
		"scheme and query": "ftp://ecs.example.com?token=hunter2",
		"query, no host":   "https:///v2.1?token=hunter2",
		"broken with pass": "https://user:hunter2@ecs.example.com:port",
		"@ behind a slash": "https://user/hunter2@ecs.example.com",
		"in braces":        "https://user:{hunter2}@ecs.example.com",
		"braces, slash":    "https://user:<hunter2>/@ecs.example.com",
		"dollar":           "https://user:$hunter2/#@ecs.example.com",
		"in the path":      "https://ecs.example.com/v2.1/?a={hunter2}",
		"two, with pass":   "https://https://user:hunter2@ecs.example.com",
		"dot segments":     "https://ecs.example.com/a/../b",
		"escaped dots":     "https://ecs.example.com/%2e%2e/b",
	} {
		_, err := endpoint.Parse(raw, false)
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "hunter2", name)
	}
}

func TestParse_AllowsInsecureOnRequest(t *testing.T) {
	t.Parallel()
	got, err := endpoint.Parse("http://ecs.example.com/", true)
	require.NoError(t, err)
	assert.Equal(t, "http://ecs.example.com", got)
}

func TestForRegion_KnowsTheExceptions(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"cn-north-4":  "https://ecs.cn-north-4.myhuaweicloud.com",
		"eu-de":       "https://ecs.eu-de.otc.t-systems.com",
		"eu-west-0":   "https://ecs.eu-west-0.prod-cloud-ocb.orange-business.com",
		"eu-west-101": "https://ecs.eu-west-101.myhuaweicloud.eu",
		"eu-ch2":      "https://ecs.eu-ch2.sc.otc.t-systems.com",
	} {
		assert.Equal(t, want, endpoint.ForRegion(region))
	}
	assert.Equal(t, "https://iam.eu-nl.otc.t-systems.com/v3", endpoint.IdentityForRegion("eu-nl"))
	assert.Equal(t, "https://iam-pub.eu-ch2.sc.otc.t-systems.com/v3", endpoint.IdentityForRegion("eu-ch2"))
}
