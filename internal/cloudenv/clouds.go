package cloudenv

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// namedCloud reads one cloud of clouds.yaml, with secure.yaml laid over it and a vendor's profile below it.
func namedCloud(env Env, r *reader) (Settings, error) {
	name := r.get("OS_CLOUD")
	clouds, file, err := cloudsOf(env, r, "OS_CLIENT_CONFIG_FILE", "clouds")
	if err != nil {
		return Settings{}, err
	}
	secrets, secureFile, err := cloudsOf(env, r, "OS_CLIENT_SECURE_FILE", "secure")
	if err != nil {
		return Settings{}, err
	}
	cloud, secure := clouds[name], secrets[name]
	variables := name == cmp.Or(r.get("OS_CLOUD_NAME"), "envvars") // what openstacksdk calls the cloud of the OS_ variables
	switch {
	case cloud == nil && secure == nil && variables:
		return openStack(env, r), nil
	case cloud == nil && secure == nil && file+secureFile == "":
		return Settings{}, errors.New("OS_CLOUD is set, but there is no clouds.yaml in the current directory, in " +
			"~/.config/openstack or in /etc/openstack, and OS_CLIENT_CONFIG_FILE names no other")
	case cloud == nil && secure == nil:
		return Settings{}, fmt.Errorf("%s has no cloud %q, only %q", cmp.Or(file, secureFile), name, slices.Sorted(maps.Keys(clouds)))
	case variables:
		return Settings{}, fmt.Errorf("%scloud %q has the name of the cloud of the OS_ variables: rename it, or set OS_CLOUD_NAME to another name",
			cmp.Or(cloud, secure).where(), name)
	case cloud == nil:
		cloud, file = secure, secureFile
	case cloud.kind != mapNode:
		return Settings{}, fmt.Errorf("%s:%d: cloud %q is not a mapping", cloud.file, cloud.line, name)
	}
	c := &config{r: r, env: env}
	c.merge(cloud, false)
	if secure != nil && secure.kind == mapNode {
		c.merge(secure, true)
	}
	if err := c.underlayProfile(); err != nil {
		return Settings{}, err
	}
	s := c.settings()
	s.Source = fmt.Sprintf("cloud %q of %s", name, file)
	return s, nil
}

// cloudsOf returns the clouds of the first file of that name that is there, and which file it is.
func cloudsOf(env Env, r *reader, variable, name string) (clouds map[string]*node, file string, err error) {
	document, err := readFirst(env, r, variable, name)
	if err != nil || document == nil {
		return nil, "", err
	}
	list := document.field("clouds")
	if document.kind != nullNode && document.kind != mapNode || list != nil && list.kind != mapNode && list.kind != nullNode {
		return nil, "", fmt.Errorf("%s: not valid YAML, or not of the form of a clouds.yaml", document.file)
	}
	if list != nil {
		clouds = list.exact
	}
	return clouds, document.file, nil
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
