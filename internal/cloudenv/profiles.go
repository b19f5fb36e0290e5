package cloudenv

import (
	_ "embed"
	"strings"
)

// profilesYAML is what openstacksdk knows of public clouds, as far as it says where to log in, in the form of a
// clouds-public.yaml.
//
//go:embed profiles.yaml
var profilesYAML []byte

// underlayProfile finds the vendor's profile that the cloud names, in clouds-public.yaml or among those that openstacksdk
// brings along, and lays it below the cloud.
func (c *config) underlayProfile() error {
	c.own = c.top
	named := c.top["profile"]
	if named == nil {
		named = c.top["cloud"] // its old name
	}
	if named == nil || named.kind == nullNode {
		return nil
	}
	name, problem := named.sdkText()
	if problem != "" {
		c.r.problem("%s%s %s", named.where(), named.key, problem)
		return nil
	}
	public, err := readFirst(c.env, c.r, "", "clouds-public")
	if err != nil {
		return err
	}
	builtIn, err := parse("profiles.yaml", profilesYAML)
	if err != nil {
		return err
	}
	for _, file := range []*node{public, builtIn} {
		clouds := file.field("public_clouds")
		if clouds == nil {
			continue
		}
		if profile := clouds.exact[name]; profile != nil && profile.kind == mapNode && profile.field("profile") == nil {
			c.profile = profile
			c.underlay(profile)
			return nil
		}
	}
	if web := strings.Contains(name, "://") || name == "vexxhost"; web || c.text("auth_url") == "" && !c.variables {
		c.r.problem("%sa vendor's profile is not supported: write auth_url, or %q into a clouds-public.yaml", named.where(), name)
	}
	return nil
}
