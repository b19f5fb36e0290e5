package cloudenv

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/ini.v1"
)

// profile reads the profile file of Huawei Cloud's SDKs. Without one, nothing at all is there to log in with.
func profile(env Env, r *reader) (Settings, error) {
	path := r.get("HUAWEICLOUD_SDK_CREDENTIALS_FILE")
	chosen := path != ""
	if !chosen {
		if env.Home == "" {
			return Settings{}, nothing(r)
		}
		path = filepath.Join(env.Home, ".huaweicloud", "credentials")
	}
	data, err := env.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !chosen:
		return Settings{}, nothing(r)
	case err != nil:
		return Settings{}, fmt.Errorf("read %s: %w", path, err)
	}
	plain, err := ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true, IgnoreContinuation: true}, data)
	if err != nil {
		return Settings{}, fmt.Errorf("%s is not a valid profile file", path) // the parser's error quotes lines
	}
	vendors, err := ini.Load(data)
	if err != nil {
		return Settings{}, fmt.Errorf("%s is not a valid profile file", path)
	}
	line := func(name string) string { return fmt.Sprintf("%s:%d: ", path, lineOf(data, name)) }
	key := func(name string) string {
		if !plain.Section("basic").HasKey(name) {
			return ""
		}
		value := plain.Section("basic").Key(name).Value()
		if vendors.Section("basic").Key(name).String() != value && !slices.Contains(r.found, name) {
			r.found = append(r.found, name)
			r.problem("%s%s has a character with a meaning of its own in this file, such as a number sign, a quote or a backslash at the end", line(name), name)
		}
		return value
	}
	s := Settings{
		Kind:             AccessKey,
		Source:           "profile basic of " + path,
		AccessKey:        key("ak"),
		SecretKey:        key("sk"),
		SecurityToken:    key("security_token"),
		ProjectID:        cmp.Or(r.get("ECS_PROJECT_ID"), key("project_id")),
		IdentityEndpoint: withScheme(key("iam_endpoint")),
	}
	s.identityAt = line("iam_endpoint") + "iam_endpoint"
	for _, name := range []string{"idp_id", "id_token_file"} {
		if key(name) != "" {
			r.problem("%s%s is set, but not supported", line(name), name)
		}
	}
	for _, name := range []string{"ak", "sk"} {
		if key(name) == "" {
			r.missing = append(r.missing, name)
		}
	}
	for _, name := range []string{"ak", "sk", "security_token", "project_id", "iam_endpoint"} {
		if key(name) != "" && !slices.Contains(r.found, name) {
			r.found = append(r.found, name)
		}
	}
	err = s.fromTerraform(env, r)
	return s, err
}

// lineOf returns the line of a key in the section "basic".
func lineOf(data []byte, name string) int {
	section := ""
	found := 0
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
		}
		rest, ok := strings.CutPrefix(line, name)
		if rest = strings.TrimSpace(rest); ok && section == "[basic]" && (strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ":")) {
			found = number // the last one counts
		}
	}
	return found
}

// nothing is the error of an environment without any credential. It names what is there nevertheless.
func nothing(r *reader) error {
	for _, name := range []string{
		"ECS_ENDPOINT", "ECS_PROJECT_ID", "HW_REGION_NAME", "HW_PROJECT_ID", "HW_PROJECT_NAME", "HW_AUTH_URL", "HUAWEICLOUD_SDK_PROJECT_ID",
		"HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN", "OS_REGION_NAME", "OS_PROJECT_ID", "OS_PROJECT_NAME",
	} {
		r.get(name)
	}
	return &IncompleteError{
		Source: "the environment",
		Found:  r.found,
		Missing: []string{"a credential: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or HW_ACCESS_KEY and HW_SECRET_KEY, or " +
			"HW_USER_NAME and HW_USER_PASSWORD, or HW_AUTH_TOKEN, or OS_CLOUD, or OS_AUTH_URL with OS_USERNAME and OS_PASSWORD " +
			"or with OS_APPLICATION_CREDENTIAL_ID and its SECRET, or OS_ACCESS_KEY and OS_SECRET_KEY, or OS_TOKEN, " +
			"or ECS_METADATA_CREDENTIALS=true, or the file ~/.huaweicloud/credentials"},
	}
}
