package cloudenv

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// namedCloud reads one cloud of clouds.yaml, with secure.yaml laid over it.
func namedCloud(env Env, r *reader) (Settings, error) {
	name := r.get("OS_CLOUD")
	path, clouds, err := readClouds(env, "OS_CLIENT_CONFIG_FILE", "clouds")
	if err != nil {
		return Settings{}, err
	}
	if path == "" {
		return Settings{}, errors.New("OS_CLOUD is set, but there is no clouds.yaml in the current directory, in " +
			"~/.config/openstack or in /etc/openstack, and OS_CLIENT_CONFIG_FILE names no other")
	}
	cloud, ok := clouds[name]
	if !ok {
		return Settings{}, fmt.Errorf("%s has no cloud %q, only %q", path, name, slices.Sorted(maps.Keys(clouds)))
	}
	_, secure, err := readClouds(env, "OS_CLIENT_SECURE_FILE", "secure")
	if err != nil {
		return Settings{}, err
	}
	maps.Copy(cloud, secure[name]) // which has no empty values that could erase something

	r.lookup = cloudLookup(cloud, env.Lookup)
	r.label = cloudKey
	if cloud["auth_url"] == "" && cloud["profile"]+cloud["cloud"] != "" {
		r.problem("a vendor's profile is not supported: write auth_url")
	}
	if verify, ok := cloud["verify"]; ok && verify != "" && !truth(verify) {
		r.problem("verify is off, but certificates are always checked: remove it, and name the authority in cacert")
	}
	s := openStack(r)
	s.Source = fmt.Sprintf("cloud %q of %s", name, path)
	return s, nil
}

// cloudLookup presents the keys of a cloud as the OS_ variables of the same names. From the environment come only our
// own variables, and what people leave out of the file on purpose.
func cloudLookup(cloud map[string]string, outer func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if value := cloud[cloudKey(name)]; value != "" && strings.HasPrefix(name, "OS_") {
			return value, true
		}
		switch name {
		case "ECS_ENDPOINT", "ECS_PROJECT_ID", "OS_REGION_NAME", "OS_PASSWORD", "OS_APPLICATION_CREDENTIAL_SECRET", "OS_CACERT", "OS_INSECURE":
			return outer(name)
		}
		return "", false
	}
}

func cloudKey(name string) string {
	if key, ok := strings.CutPrefix(name, "OS_"); ok {
		return strings.ToLower(key)
	}
	return name
}

// readClouds reads the first of the files that is there. Each cloud comes as one flat map: the keys of its auth section
// and its own, as far as they are plain values that are not empty. A dash in a key counts as an underscore.
func readClouds(env Env, variable, file string) (path string, clouds map[string]map[string]string, err error) {
	for _, path := range cloudsPaths(env, variable, file) {
		data, err := env.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", nil, fmt.Errorf("read %s: %w", path, err)
		}
		clouds, err := parseClouds(data)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", path, err)
		}
		return path, clouds, nil
	}
	return "", nil, nil
}

func cloudsPaths(env Env, variable, file string) []string {
	var dirs, paths []string
	if path, _ := env.Lookup(variable); path != "" {
		paths = append(paths, expandHome(env, path))
	}
	dirs = append(dirs, "")
	if dir, _ := env.Lookup("XDG_CONFIG_HOME"); dir != "" {
		dirs = append(dirs, filepath.Join(dir, "openstack"))
	} else if env.Home != "" {
		dirs = append(dirs, filepath.Join(env.Home, ".config", "openstack"))
	}
	for _, dir := range append(dirs, "/etc/openstack") {
		paths = append(paths, filepath.Join(dir, file+".yaml"), filepath.Join(dir, file+".yml"))
	}
	return paths
}

func expandHome(env Env, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && env.Home != "" {
		return filepath.Join(env.Home, rest)
	}
	return path
}

// plain is a scalar as it is written, whatever type YAML would make of it: a project ID may look like a number. Of
// anything else nothing is kept.
type plain string

// UnmarshalYAML never fails, so that no value finds its way into an error.
func (p *plain) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*p = plain(node.Value)
	}
	return nil
}

func parseClouds(data []byte) (map[string]map[string]string, error) {
	var doc struct {
		Clouds map[string]struct {
			Auth map[string]plain `yaml:"auth"`
			Keys map[string]plain `yaml:",inline"`
		} `yaml:"clouds"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, errors.New("not valid YAML, or not of the form of a clouds.yaml") // the parser's error quotes values
	}
	clouds := make(map[string]map[string]string, len(doc.Clouds))
	for name, c := range doc.Clouds {
		cloud := make(map[string]string, len(c.Auth)+len(c.Keys))
		for _, part := range []map[string]plain{c.Keys, c.Auth} {
			for _, key := range slices.Sorted(maps.Keys(part)) { // an underscore comes last, and wins over a dash
				if value := part[key]; value != "" {
					cloud[strings.ReplaceAll(key, "-", "_")] = string(value)
				}
			}
		}
		clouds[name] = cloud
	}
	return clouds, nil
}
