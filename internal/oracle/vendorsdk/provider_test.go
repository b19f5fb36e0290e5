package vendorsdk_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/provider"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/cloudenv"
)

// counts are the outcomes.
type counts struct{ agreed, refused, neither, lenient, disagreed int }

// Random environments and profiles go through the vendor's chain of providers and through ours. Both find the same
// credential, or ours refuses and names what it does not follow.
// It cannot be parallel: it changes the environment of the process.
func TestProviders_AgreeWithTheVendors(t *testing.T) {
	r := rand.New(rand.NewPCG(20261127, 3))
	chance := func(percent int) bool { return r.IntN(100) < percent }
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	home := t.TempDir()
	names := []string{
		"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID", "HUAWEICLOUD_SDK_DOMAIN_ID",
		"HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE", "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
	}
	t.Setenv("HOME", home)
	for _, name := range names {
		t.Setenv(name, "")
	}
	chain := provider.NewCredentialProviderChain([]provider.ICredentialProvider{
		provider.BasicCredentialEnvProvider(), provider.BasicCredentialProfileProvider(), // the others ask the network
	})
	var n counts
	for i := range 3000 {
		env := map[string]string{"HOME": home, "HW_REGION_NAME": "cn-north-4"}
		for _, name := range names {
			likely := 5
			switch {
			case name == "HUAWEICLOUD_SDK_AK" || name == "HUAWEICLOUD_SDK_SK":
				likely = 60
			case strings.HasSuffix(name, "_TOKEN") || strings.HasSuffix(name, "PROJECT_ID") || strings.HasSuffix(name, "DOMAIN_ID"):
				likely = 30
			}
			if chance(likely) {
				env[name] = pick("AAAA", "bB1+/==", "0123456789abcdef")
			}
		}
		profile := ""
		if chance(60) {
			profile = "[global]\nak = of-another-kind\nsk = x\n[basic]\n"
			for _, key := range profileKeys() {
				likely := map[string]int{"ak": 85, "sk": 85, "idp_id": 8, "id_token_file": 8}[key]
				if chance(max(likely, 30) - 22*btoi(likely == 8)) {
					profile += key + pick(" = ", "=", " : ", "\t=  ") + pick("value1", "a+b/c==", "va#lue", `"quoted"`, "x;y", "with \\", "%(ak)s", "'single'", "a b", "`t`") + "\n"
				}
			}
		}
		path := filepath.Join(home, ".huaweicloud", "credentials")
		delete(env, "HUAWEICLOUD_SDK_CREDENTIALS_FILE")
		if chance(20) {
			path = filepath.Join(home, fmt.Sprint(i))
			env["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = path
		}
		_ = os.RemoveAll(filepath.Join(home, ".huaweicloud"))
		if profile != "" {
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, []byte(profile), 0o600))
		}
		for _, name := range names {
			t.Setenv(name, env[name])
		}
		found, vendorsErr := chain.GetCredentials()
		settings, err := load(env)
		describe := fmt.Sprintf("%v\n%s", env, profile)
		switch {
		case err != nil && vendorsErr != nil:
			n.neither++
		case err != nil:
			n.refused++
			assert.True(t, slices.ContainsFunc(slices.Concat(slices.Collect(maps.Keys(env)), profileKeys()), func(name string) bool {
				return strings.Contains(err.Error(), name)
			}), "%v\n%s", err, describe)
		case vendorsErr != nil:
			n.lenient++
		default:
			credentials, ok := found.(*auth.BasicCredentials)
			require.True(t, ok)
			want := []string{credentials.AK, credentials.SK, credentials.SecurityToken, credentials.ProjectId, credentials.IdpId}
			got := []string{settings.AccessKey, settings.SecretKey, settings.SecurityToken, settings.ProjectID, ""}
			if credentials.IamEndpoint != "" && settings.IdentityEndpoint != "" {
				want, got = append(want, withScheme(credentials.IamEndpoint)), append(got, settings.IdentityEndpoint)
			}
			if !assert.Equal(t, want, got, describe) {
				n.disagreed++
				continue
			}
			n.agreed++
		}
	}
	t.Logf("agreed %d, refused by ours alone %d, by both %d, by the vendor's alone %d, disagreed %d", n.agreed, n.refused, n.neither, n.lenient, n.disagreed)
	assert.Zero(t, n.disagreed)
	assert.Zero(t, n.lenient)
	assert.Greater(t, n.agreed, 1000)
}

func profileKeys() []string {
	return []string{"ak", "sk", "security_token", "project_id", "iam_endpoint", "idp_id", "id_token_file", "domain_id"}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func withScheme(endpoint string) string {
	if strings.HasPrefix(endpoint, "http") {
		return endpoint
	}
	return "https://" + endpoint
}

func load(env map[string]string) (cloudenv.Settings, error) {
	return cloudenv.Load(cloudenv.Env{ //nolint:wrapcheck // for a test
		Lookup:   func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		Names:    func() []string { return slices.Collect(maps.Keys(env)) },
		ReadFile: os.ReadFile,
		Home:     env["HOME"],
	})
}

// Where a region is, the vendor's SDK takes from the environment and from a file; from its own table it takes the rest.
func TestRegions_AgreeWithTheVendors(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	file := filepath.Join(home, ".huaweicloud", "regions.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(`
ECS:
  - {id: one, endpoint: "https://one.example"}
  - id: two
    endpoints: ["https://two.example", "https://other.example"]
  - id: three
    endpoint: https://three.example
    endpoints: [https://no.example]
  - {id: five, endpoint: "https://first.example"}
  - {id: five, endpoint: "https://last.example"}
  - {id: six, endpoint: "https://file.example"}
  - {id: empty}
VPC:
  - {id: four, endpoint: "https://vpc.example"}
`), 0o600))
	t.Setenv("HUAWEICLOUD_SDK_REGION_ECS_SIX", "https://environment.example,https://second.example")
	chain := region.DefaultProviderChain("ECS")
	for _, id := range []string{"one", "two", "three", "five", "six", "four", "empty", "unknown"} {
		settings, err := load(map[string]string{
			"HOME": home, "HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK", "HW_REGION_NAME": id,
			"HUAWEICLOUD_SDK_REGION_ECS_SIX": os.Getenv("HUAWEICLOUD_SDK_REGION_ECS_SIX"),
		})
		require.NoError(t, err)
		want := ""
		if found := chain.GetRegion(id); found != nil {
			want = found.Endpoints[0]
		}
		assert.Equal(t, want, settings.Endpoint, id)
	}
}
