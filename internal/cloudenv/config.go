package cloudenv

import (
	"fmt"
	"slices"
	"strings"
)

// label is what the user knows a key as.
func (c *config) label(key string) string {
	if c.variables {
		return "OS_" + strings.ToUpper(key)
	}
	return key
}

// at returns the node of a key; auth comes first, unless it has nothing there.
func (c *config) at(key string) *node {
	if n := c.auth[key]; n != nil && (n.kind != textNode || n.text != "") {
		return n
	}
	return c.top[key]
}

// problem notes a problem with a key, and where it stands.
func (c *config) problem(key, format string, args ...any) {
	where := ""
	if n := c.at(key); n != nil {
		where = n.where()
	}
	c.r.problem("%s%s %s", where, c.label(key), fmt.Sprintf(format, args...))
}

// found notes that a key has a value.
func (c *config) found(key string) {
	if label := c.label(key); !slices.Contains(c.r.found, label) {
		c.r.found = append(c.r.found, label)
	}
}

// has reports whether one of the keys has a value.
func (c *config) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		n := c.at(key)
		return n != nil && n.kind != nullNode && (n.kind != textNode || n.text != "")
	})
}

// text returns the first value that is set, in auth by any of the names, or else beside it.
func (c *config) text(keys ...string) string {
	for _, inAuth := range []bool{true, false} {
		for _, key := range keys {
			if n := c.at(key); c.has(key) && (!inAuth || n == c.auth[key]) {
				c.found(key)
				return c.scalar(n, key)
			}
		}
	}
	return ""
}

// scalar returns a text, or notes why it is none.
func (c *config) scalar(n *node, key string) string {
	text, problem := n.sdkText()
	if n.unclear {
		problem = "is there twice, once with a dash: remove one of the two"
	}
	if problem != "" {
		c.r.problem("%s%s %s", n.where(), c.label(key), problem)
	}
	return text
}

// need is text for what must be there.
func (c *config) need(keys ...string) string {
	value := c.text(keys...)
	if value == "" {
		labels := make([]string, len(keys))
		for i, key := range keys {
			labels[i] = c.label(key)
		}
		c.missing(labels...)
	}
	return value
}

func (c *config) missing(labels ...string) {
	c.r.missing = append(c.r.missing, strings.Join(labels, " or "))
}

// secret is need for what people leave out of a file on purpose, and have in the environment.
func (c *config) secret(key string) string {
	if !c.has(key) && !c.variables {
		if value := c.outer("OS_" + strings.ToUpper(key)); value != "" {
			return value
		}
	}
	return c.need(key)
}

// outer returns the value of a variable for a cloud of a file.
func (c *config) outer(name string) string {
	value, _ := c.env.Lookup(name)
	if value != "" && !slices.Contains(c.r.found, name) {
		c.r.found = append(c.r.found, name)
	}
	return value
}

// authURL reads the address of the identity service. In auth it may name the region.
func (c *config) authURL(region string, needed bool) string {
	text := ""
	if needed {
		text = c.need("auth_url")
	} else {
		text = c.text("auth_url")
	}
	if c.auth["auth_url"] == nil {
		return text
	}
	return c.expand(text, "auth_url", region)
}

// expand replaces {region_name}, as openstacksdk does. It knows more names, which nobody uses in an address.
func (c *config) expand(text, key, region string) string {
	text = strings.ReplaceAll(text, "{region_name}", region)
	if strings.ContainsAny(text, "{}") && !strings.HasSuffix(text, "{project_id}") && !strings.HasSuffix(text, "{tenant_id}") {
		c.problem(key, "has braces that are not {region_name}")
	}
	return text
}

// domains are a project and the domains, as openstacksdk sorts them out.
type domains struct {
	projectID, projectName             string
	userDomainID, userDomainName       string
	projectDomainID, projectDomainName string
}

// domains reads them: what stands in auth wins, a project over a tenant, and one domain may be for both.
func (c *config) domains() domains {
	user := c.has("user_id")
	d := domains{projectID: c.mapped("tenant_id", "project_id"), userDomainID: c.optional(user, "user_domain_id"), userDomainName: c.optional(user, "user_domain_name")}
	project := d.projectID != ""
	d.projectName = c.optional(project, "tenant_name", "project_name")
	d.projectDomainID, d.projectDomainName = c.optional(project, "project_domain_id"), c.optional(project, "project_domain_name")
	c.mapped("auth_token", "token") // for its problems
	orElse := func(value *string, other string) {
		if *value == "" {
			*value = other
		}
	}
	if d.projectID+d.projectName != "" {
		id, name := c.mapped("domain_id"), c.mapped("domain_name")
		orElse(&d.userDomainID, id)
		orElse(&d.projectDomainID, id)
		orElse(&d.userDomainName, name)
		orElse(&d.projectDomainName, name)
	}
	if kind := strings.ToLower(c.text("auth_type")); kind == "" || kind == "password" || kind == "token" {
		id, name := c.text("default_domain_id"), c.text("default_domain_name")
		orElse(&d.userDomainID, id)
		orElse(&d.projectDomainID, id)
		orElse(&d.userDomainName, name)
		orElse(&d.projectDomainName, name)
	}
	if fallback := c.text("default_domain"); d.userDomainID+d.userDomainName == "" { // of the openstack command
		d.userDomainID = fallback
	}
	if d.projectDomainID+d.projectDomainName == "" {
		d.projectDomainID, d.projectDomainName = d.userDomainID, d.userDomainName
	}
	return d
}

// mapped returns the value of the last of the keys that is there, be it empty: openstacksdk drops the others then.
func (c *config) mapped(keys ...string) string { return c.optional(false, keys...) }

// optional is mapped for keys whose value does not matter if hasID is set: an ID wins over a name and its domain.
func (c *config) optional(hasID bool, keys ...string) string {
	var last *node
	set, lastKey := 0, ""
	for _, key := range keys {
		for _, fields := range []fields{c.top, c.auth} {
			n := fields[key]
			if n == nil {
				continue
			}
			if n.kind != textNode || n.text != "" {
				set++
			}
			last, lastKey = n, key
		}
	}
	switch {
	case last == nil, hasID && (last.kind == nullNode || last.kind == textNode && last.text == ""):
		return ""
	case last.kind == nullNode:
		c.r.problem("%s%s has no value, for which openstacksdk takes the text None: remove it", last.where(), c.label(lastKey))
		return ""
	case last.twice && !last.unclear:
		c.r.problem("%s%s is there twice, once with a dash: remove one of the two", last.where(), c.label(lastKey))
	case last.kind == textNode && last.text == "" && set > 0:
		c.r.problem("%s%s has no value, for which openstacksdk drops the others like it: remove it", last.where(), c.label(lastKey))
	}
	if last.text != "" || last.kind != textNode {
		c.found(lastKey)
	}
	return c.scalar(last, lastKey)
}

func (c *config) user(s *Settings, d domains) {
	keys := []string{"user_id"}
	if c.variables {
		keys = append(keys, "userid") // of older tools
	}
	if s.UserID = c.text(keys...); s.UserID != "" {
		return
	}
	if s.Username = c.text("username", "user_name"); s.Username == "" {
		c.missing(c.label("username"), c.label("user_id"))
	}
	if s.DomainID = d.userDomainID; s.DomainID == "" {
		s.DomainName = d.userDomainName
	}
	if s.DomainID+s.DomainName == "" {
		c.missing(c.label("user_domain_name"), c.label("user_domain_id"))
	}
}

func (c *config) project(s *Settings, d domains) {
	if s.ProjectID != "" {
		return
	}
	if s.ProjectName == "" {
		c.missing(c.label("project_id"), c.label("project_name"))
		return
	}
	if s.ProjectDomainID = d.projectDomainID; s.ProjectDomainID == "" {
		s.ProjectDomainName = d.projectDomainName
	}
	if s.ProjectDomainID+s.ProjectDomainName == "" {
		c.missing(c.label("project_domain_name"), c.label("project_domain_id"))
	}
}
