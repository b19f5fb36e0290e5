package cloudtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// RunInHostileEnvironment runs all tests of the calling package again, in an environment that would lead them astray: that of
// somebody who is logged in to clouds, sits behind a proxy and lives far from UTC.
func RunInHostileEnvironment(t *testing.T) {
	t.Helper()
	const marker = "ECS_TEST_IN_A_HOSTILE_ENVIRONMENT"
	if os.Getenv(marker) != "" {
		t.Skip("this is that run")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.count=1")
	cmd.Env = append(hostileEnvironment(t), marker+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func hostileEnvironment(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	for path, text := range map[string]string{
		".huaweicloud/credentials":      "[basic]\nak = hostile\nsk = hostile\n",
		".config/openstack/clouds.yaml": "clouds: {hostile: {auth: {auth_url: 'http://127.0.0.1:1/v3', password: hostile}}}\n",
	} {
		path = filepath.Join(home, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return append(os.Environ(),
		"HOME="+home, "XDG_CONFIG_HOME=", "TZ=Asia/Kathmandu",
		"ECS_TOKEN=hostile", "ECS_ENDPOINT=http://127.0.0.1:1", "ECS_PROJECT_ID=hostile", "ECS_SERVER_ID=hostile", "ECS_METADATA_CREDENTIALS=true",
		"HUAWEICLOUD_SDK_AK=hostile", "HUAWEICLOUD_SDK_SK=hostile", "HUAWEICLOUD_SDK_REGION_ECS_EU_DE=hostile",
		"HW_ACCESS_KEY=hostile", "HW_SECRET_KEY=hostile", "HW_REGION_NAME=hostile", "HW_ASSUME_ROLE_AGENCY_NAME=hostile", "HW_INSECURE=true",
		"OS_CLOUD=hostile", "OS_AUTH_URL=http://127.0.0.1:1/v3", "OS_USERNAME=hostile", "OS_PASSWORD=hostile", "OS_PROJECT_ID=hostile",
		"OS_TOKEN=hostile", "OS_REGION_NAME=hostile", "OS_CACERT=/nowhere.pem", "OS_COMPUTE_ENDPOINT_OVERRIDE=http://127.0.0.1:1",
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "ALL_PROXY=http://127.0.0.1:1", "NO_PROXY=",
		"http_proxy=http://127.0.0.1:1", "https_proxy=http://127.0.0.1:1", "no_proxy=",
	)
}
