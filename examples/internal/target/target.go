// Package target decides which cloud a command of examples works on. A real cloud has to be named on the command line; the
// environment alone names none, so that a shell in which somebody has logged in is no reason to change that cloud.
package target

import (
	"errors"
	"flag"
	"os"
	"strings"

	"github.com/revert-resize/ecs"
)

// Env as the name of the cloud means the one that the environment describes.
const Env = "env"

// Help is the paragraph about clouds of a command's help.
const Help = `Which cloud:
  (none of these)   a fake cloud in this process
  -cloud env        the cloud of the environment: ECS_TOKEN with ECS_ENDPOINT and ECS_PROJECT_ID, else HUAWEICLOUD_SDK_*,
                    HW_*, OS_CLOUD, OS_*, ECS_METADATA_CREDENTIALS or ~/.huaweicloud/credentials
  -cloud NAME       the cloud NAME of clouds.yaml; ECS_*, HW_* and HUAWEICLOUD_* are ignored
  -endpoint URL     that ECS or Nova API, with the credential of the environment
`

// Flags name the cloud.
type Flags struct {
	Cloud, Endpoint, Project, Token string

	InsecureHTTP bool
}

// Register defines the flags.
func (f *Flags) Register(flags *flag.FlagSet) {
	flags.StringVar(&f.Cloud, "cloud", "", `"env" for the cloud of the environment, or the name of a cloud of clouds.yaml`)
	flags.StringVar(&f.Endpoint, "endpoint", "", "URL of the ECS or Nova API (with -cloud env also: ECS_ENDPOINT)")
	flags.StringVar(&f.Project, "project", "", "project ID (environment: ECS_PROJECT_ID)")
	flags.StringVar(&f.Token, "token", "", "token of the project (environment: ECS_TOKEN; prefer that, arguments are visible to others)")
	flags.BoolVar(&f.InsecureHTTP, "insecure-http", false, "allow http:// to hosts other than this one; the credential can be read on the way")
}

// Named reports whether the command line names a cloud.
func (f *Flags) Named() bool { return f.Cloud != "" || f.Endpoint != "" }

// Check reports flags that make no sense together.
func (f *Flags) Check() error {
	if !f.Named() && (f.Project != "" || f.Token != "" || f.InsecureHTTP) {
		return errors.New("which cloud? -project, -token and -insecure-http need -cloud or -endpoint")
	}
	return nil
}

// Connect makes a client for the cloud that is named, and returns it with the project's ID. Call it once, before anything
// else reads the environment: it sets the variables that the flags replace.
func (f *Flags) Connect(opts ...ecs.Option) (*ecs.Client, string, error) {
	if !f.Named() {
		return nil, "", errors.New("no cloud is named")
	}
	if f.Cloud != "" && f.Cloud != Env {
		if err := onlyCloud(f.Cloud); err != nil {
			return nil, "", err
		}
	}
	for name, value := range map[string]string{"ECS_ENDPOINT": f.Endpoint, "ECS_PROJECT_ID": f.Project, "ECS_TOKEN": f.Token} {
		if value == "" {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return nil, "", err
		}
	}
	if f.InsecureHTTP {
		opts = append(opts, ecs.WithInsecureHTTP())
	}
	return ecs.NewClientFromEnv(opts...)
}

// onlyCloud removes what would win over the name of a cloud.
func onlyCloud(name string) error {
	for _, variable := range os.Environ() {
		key, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(key, "ECS_") || strings.HasPrefix(key, "HW_") || strings.HasPrefix(key, "HUAWEICLOUD_") {
			if err := os.Unsetenv(key); err != nil {
				return err
			}
		}
	}
	return os.Setenv("OS_CLOUD", name)
}
