package cloudenv

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// readFirst reads the first file of that name that is there, where openstacksdk looks for it; nil if there is none.
// variable names another path that comes first; "" if there is no such variable. A file beside clouds.yaml that only somebody
// else may read is passed over, as openstacksdk does, and noted among what was found.
func readFirst(env Env, r *reader, variable, name string) (*node, error) {
	if explicit, _ := env.Lookup(variable); strings.HasPrefix(explicit, "~") {
		return nil, fmt.Errorf("%s begins with ~, which openstacksdk does not expand there: write the whole path", variable)
	}
	for _, path := range searchPaths(env, variable, name) {
		data, err := env.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if explicit, _ := env.Lookup(variable); errors.Is(err, fs.ErrPermission) && name != "clouds" && explicit == "" {
			r.found = append(r.found, path+" (which may not be read)")
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		return parse(path, data)
	}
	return nil, nil //nolint:nilnil // no file, no content
}

func searchPaths(env Env, variable, name string) []string {
	get := func(name string) string {
		value, _ := env.Lookup(name)
		return value
	}
	var paths []string
	if path := get(variable); path != "" {
		paths = append(paths, path)
	}
	dirs := []string{""}
	below := func(home string) {
		if home != "" {
			dirs = append(dirs, filepath.Join(home, ".config", "openstack"))
		}
	}
	if dir := get("XDG_CONFIG_HOME"); dir != "" {
		dirs = append(dirs, filepath.Join(dir, "openstack"))
	} else {
		below(env.Home)
	}
	below(cmp.Or(get("SNAP_REAL_HOME"), env.Home)) // a snap has a home of its own
	site := get("XDG_CONFIG_DIRS")
	if site == "" {
		site = "/etc/xdg"
	}
	if !strings.Contains(site, ":") { // of several, openstacksdk reads none
		dirs = append(dirs, filepath.Join(site, "openstack"))
	}
	for _, dir := range append(dirs, "/etc/openstack") {
		for _, suffix := range []string{".yaml", ".yml", ".json"} {
			paths = append(paths, filepath.Join(dir, name+suffix))
		}
	}
	return paths
}

func expandHome(env Env, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && env.Home != "" {
		return filepath.Join(env.Home, rest)
	}
	return path
}

// field returns a part of a mapping, or nil.
func (n *node) field(key string) *node {
	if n == nil || n.kind != mapNode {
		return nil
	}
	return n.fields[key]
}
