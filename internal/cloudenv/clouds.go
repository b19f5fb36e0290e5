package cloudenv

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// namedCloud reads one cloud of clouds.yaml, with secure.yaml laid over it and a vendor's profile below it.
func namedCloud(env Env, r *reader) (Settings, error) {
	name := r.get("OS_CLOUD")
	clouds, err := readFirst(env, "OS_CLIENT_CONFIG_FILE", "clouds")
	switch {
	case err != nil:
		return Settings{}, err
	case clouds == nil:
		return Settings{}, errors.New("OS_CLOUD is set, but there is no clouds.yaml in the current directory, in " +
			"~/.config/openstack or in /etc/openstack, and OS_CLIENT_CONFIG_FILE names no other")
	case clouds.kind != nullNode && (clouds.kind != mapNode || clouds.field("clouds") != nil && clouds.field("clouds").kind != mapNode):
		return Settings{}, fmt.Errorf("%s: not valid YAML, or not of the form of a clouds.yaml", clouds.file)
	}
	all := map[string]*node{}
	if list := clouds.field("clouds"); list != nil {
		for _, cloud := range list.fields {
			all[cloud.key] = cloud
		}
	}
	cloud := all[name]
	if cloud == nil {
		return Settings{}, fmt.Errorf("%s has no cloud %q, only %q", clouds.file, name, slices.Sorted(maps.Keys(all)))
	}
	if cloud.kind != mapNode {
		return Settings{}, fmt.Errorf("%s:%d: cloud %q is not a mapping", cloud.file, cloud.line, name)
	}
	secure, err := secureCloud(env, name)
	if err != nil {
		return Settings{}, err
	}
	source := fmt.Sprintf("cloud %q of %s", name, clouds.file)
	c := &config{r: r, env: env}
	c.merge(cloud, false)
	c.merge(secure, true)
	if err := c.underlayProfile(); err != nil {
		return Settings{}, err
	}
	s := c.settings()
	s.Source = source
	return s, nil
}

// secureCloud returns what secure.yaml has for a cloud, or nil.
func secureCloud(env Env, name string) (*node, error) {
	secure, err := readFirst(env, "OS_CLIENT_SECURE_FILE", "secure")
	if err != nil || secure == nil {
		return nil, err
	}
	list := secure.field("clouds")
	if secure.kind == textNode || secure.kind == listNode || list != nil && list.kind != mapNode && list.kind != nullNode {
		return nil, fmt.Errorf("%s: not valid YAML, or not of the form of a clouds.yaml", secure.file)
	}
	if list == nil {
		return nil, nil //nolint:nilnil // nothing for any cloud
	}
	for _, cloud := range list.fields {
		if cloud.key == name && cloud.kind == mapNode {
			return cloud, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing for this cloud
}

// config is one cloud as openstacksdk puts it together: the keys of auth, and those beside it. A key is in lower case,
// with underscores.
type config struct {
	r         *reader
	env       Env
	variables bool // it is the OS_ environment, not a cloud of a file
	auth, top fields
	own       fields // top without the profile
	profile   *node  // below the cloud, or nil
}

type fields map[string]*node

// merge lays a mapping over the configuration: auth key by key, everything else as a whole. In a secure file an empty secret
// erases nothing: people leave the key there as a reminder.
func (c *config) merge(cloud *node, secure bool) {
	if cloud == nil {
		return
	}
	if c.top == nil {
		c.top, c.auth = fields{}, fields{}
	}
	for name, field := range cloud.fields {
		if name != "auth" {
			c.top.set(name, field, secure)
			continue
		}
		switch field.kind {
		case mapNode:
			for name, field := range field.fields {
				c.auth.set(name, field, secure)
			}
		case nullNode:
		default:
			c.r.problem("%sauth is not a mapping", field.where())
		}
	}
}

func (f fields) set(name string, field *node, secure bool) {
	old := f[name]
	if secure && old != nil && slices.Contains(secrets(), name) && (field.kind == nullNode || field.kind == textNode && field.text == "") {
		return
	}
	f[name] = field.instead(old)
}

func secrets() []string {
	return []string{"password", "application_credential_secret", "token", "auth_token", "secret_key", "security_token"}
}

// underlay lays a mapping below the configuration.
func (c *config) underlay(below *node) {
	over := *c
	c.own = maps.Clone(c.top)
	c.auth, c.top = nil, nil
	c.merge(below, false)
	for name, field := range over.top {
		c.top.set(name, field, false)
	}
	for name, field := range over.auth {
		c.auth.set(name, field, false)
	}
}
