package cloudenv

import (
	"maps"
	"slices"
	"strings"
)

// openStack reads the OS_ variables, which openstacksdk takes for the keys of a cloud.
func openStack(env Env, r *reader) Settings {
	c := &config{r: r, env: env, variables: true, auth: fields{}, top: fields{}}
	for _, key := range slices.Concat(authKeys(), cloudKeys()) {
		name := "OS_" + strings.ToUpper(key)
		if value, ok := env.Lookup(name); ok {
			c.top[key] = &node{text: value, quoted: true, key: key}
		}
	}
	if err := c.underlayProfile(); err != nil {
		r.problem("%w", err)
	}
	if name, ok := env.Lookup("OS_CLOUD_NAME"); ok && name == "" {
		r.problem("OS_CLOUD_NAME is set to nothing, and then openstacksdk takes no notice of OS_REGION_NAME: unset it")
	}
	s := c.settings()
	s.Source = "the OS_ environment"
	return s
}

// authKeys are the keys that the auth section of a cloud may have. Others would change as whom one logs in, or be a mistake.
func authKeys() []string {
	return []string{
		"auth_url", "username", "user_name", "user_id", "userid", "password", "user_domain_id", "user_domain_name",
		"project_id", "project_name", "tenant_id", "tenant_name", "project_domain_id", "project_domain_name",
		"domain_id", "domain_name", "default_domain_id", "default_domain_name", "default_domain",
		"application_credential_id", "application_credential_name", "application_credential_secret",
		"token", "auth_token", "access_key", "secret_key", "security_token",
		"trust_id", "system_scope", "passcode",
	}
}

// cloudKeys are the keys beside auth that say where and how safely one logs in; those of other services do not matter.
func cloudKeys() []string {
	return []string{
		"auth_type", "auth_plugin", "profile", "regions", "region_name", "compute_region_name", "interface", "endpoint_type",
		"compute_interface", "compute_endpoint_type", "compute_endpoint_override", "compute_endpoint", "endpoint_override",
		"compute_service_type", "compute_service_name", "identity_api_version", "verify", "insecure", "cacert", "cert", "key",
	}
}

// refusedKeys are those that change as whom or what one logs in, and are not supported, wherever they stand.
func refusedKeys() []string {
	return []string{"trust_id", "system_scope", "passcode", "cert", "compute_service_type", "compute_service_name"}
}

// isIdentitySwitch reports whether a key belongs to those that switch to another identity after the login.
func isIdentitySwitch(key string) bool {
	return slices.ContainsFunc([]string{"agency_", "target_", "assume_role", "delegated_project"}, func(prefix string) bool {
		return strings.HasPrefix(key, prefix)
	})
}

// settings reads the configuration as openstacksdk does, and refuses what is not supported.
func (c *config) settings() Settings {
	c.refuseDashes()
	region := c.chooseRegion()
	s := Settings{FromCatalog: true}
	s.Endpoint, s.EndpointAt = c.r.first("ECS_ENDPOINT")
	for _, key := range []string{"compute_endpoint_override", "compute_endpoint"} {
		if s.Endpoint == "" && c.has(key) {
			s.Endpoint, s.EndpointAt = c.expand(c.text(key), key, region), c.at(key).where()+c.label(key)
		}
	}
	s.Region = c.text("compute_region_name")
	if n := c.top["compute_region_name"]; n != nil && n.kind == textNode && n.text == "" && region != "" {
		c.problem("compute_region_name", "has no value, which hides %s: remove it", c.label("region_name"))
	}
	if s.Region == "" {
		s.Region = region
	}
	c.r.regionName = c.label("region_name")
	s.Interfaces = c.interfaces()
	s.ProjectID = c.r.get("ECS_PROJECT_ID")
	d := c.domains()
	if s.ProjectID == "" {
		s.ProjectID = d.projectID
	}
	s.ProjectName = d.projectName
	s.Kind = c.kind()
	c.login(&s, d, region)
	if n := c.at("auth_url"); n != nil {
		s.identityAt = n.where() + c.label("auth_url")
	}
	c.refuse(s)
	c.readTLS(&s)
	return s
}

// login reads what the way to log in needs.
func (c *config) login(s *Settings, d domains, region string) {
	switch s.Kind {
	case ApplicationCredential:
		s.IdentityEndpoint = c.authURL(region, true)
		s.CredentialID = c.text("application_credential_id")
		if s.CredentialID == "" {
			s.CredentialName = c.need("application_credential_name", "application_credential_id")
			c.user(s, d)
		}
		s.CredentialSecret = c.secret("application_credential_secret")
	case AccessKey:
		s.FromCatalog = false
		s.IdentityEndpoint = c.authURL(region, false)
		s.AccessKey = c.need("access_key")
		s.SecretKey = c.need("secret_key")
		s.SecurityToken = c.text("security_token")
		if s.ProjectID == "" && s.ProjectName == "" {
			s.ProjectName = s.Region
		}
		if c.variables { // the Terraform provider reads these first
			c.r.refuse("HW_SECURITY_TOKEN", "HW_REGION_NAME", "HW_PROJECT_ID", "HW_PROJECT_NAME", "HW_AUTH_URL", "HW_CLOUD", "HW_PROFILE", "HW_SHARED_CONFIG_FILE")
		}
	case Token:
		s.Token = c.need("token", "auth_token")
		if s.ProjectID == "" {
			c.missing("ECS_PROJECT_ID", c.label("project_id"), c.label("tenant_id"))
		}
		if s.Endpoint == "" { // a token alone has no catalog
			c.missing("ECS_ENDPOINT", c.label("compute_endpoint_override"))
		}
	default:
		s.IdentityEndpoint = c.authURL(region, true)
		c.user(s, d)
		s.Password = c.secret("password")
		c.project(s, d)
	}
	if strings.HasSuffix(strings.TrimRight(s.IdentityEndpoint, "/"), "/v2.0") {
		c.problem("auth_url", "is for version 2.0 of the identity API; only version 3 is supported")
		s.IdentityEndpoint = ""
	}
}

// kind tells how to log in: as auth_type says, or by the credential that is there.
func (c *config) kind() Kind {
	auth := c.top["auth_type"]
	name := ""
	if auth != nil {
		name = c.scalar(auth, "auth_type")
		if name == "" && !c.variables {
			c.problem("auth_type", "is empty, which turns the login off")
		}
	}
	password := []string{"", "password", "v3password"}
	if plugin := c.top["auth_plugin"]; plugin != nil && plugin.text != "" && plugin.text != name &&
		!(slices.Contains(password, plugin.text) && slices.Contains(password, name)) {
		c.problem("auth_plugin", "is not read by openstacksdk: write auth_type")
	}
	switch strings.ToLower(name) {
	case "password", "v3password":
		return Password
	case "v3applicationcredential":
		return ApplicationCredential
	case "token", "v3token":
		return Token
	case "":
	default:
		c.problem("auth_type", "%q is not supported", name)
		return Password
	}
	return c.onlyKind()
}

// onlyKind tells how to log in by the credential that is there. Of several ones none is better than another.
func (c *config) onlyKind() Kind {
	var kinds []Kind
	var found []string // a key of each
	for _, credential := range []struct {
		kind Kind
		keys []string
	}{
		{ApplicationCredential, []string{"application_credential_id", "application_credential_name", "application_credential_secret"}},
		{Password, []string{"password"}},
		{AccessKey, []string{"access_key", "secret_key"}},
		{Token, []string{"token", "auth_token"}},
	} {
		if i := slices.IndexFunc(credential.keys, func(key string) bool { return c.has(key) }); i >= 0 {
			kinds, found = append(kinds, credential.kind), append(found, credential.keys[i])
		}
	}
	if len(kinds) == 0 {
		return Password
	}
	if len(kinds) > 1 {
		names := make([]string, 0, len(found))
		for _, key := range found {
			names = append(names, c.label(key))
		}
		c.r.problem("%s%s are there: say in %s which one counts, or remove the others",
			c.at(found[0]).where(), strings.Join(names, " and "), c.label("auth_type"))
	}
	return kinds[0]
}

// refuse notes a problem for each key that is not supported and may not be dropped in silence.
func (c *config) refuse(s Settings) {
	if strings.HasPrefix(c.text("identity_api_version"), "2") {
		c.problem("identity_api_version", "is 2; only version 3 is supported")
	}
	if s.Endpoint == "" && c.has("endpoint_override") {
		c.problem("endpoint_override", "does not say of which service: use %s or ECS_ENDPOINT", c.label("compute_endpoint_override"))
	}
	for _, key := range slices.Sorted(maps.Keys(c.auth)) {
		if !slices.Contains(authKeys(), key) {
			c.problem(key, "is set in auth, but not supported there")
		}
	}
	switches := slices.DeleteFunc(slices.Sorted(maps.Keys(c.top)), func(key string) bool { return !isIdentitySwitch(key) })
	for _, key := range slices.Concat(refusedKeys(), switches) {
		if c.has(key) && (key != "compute_service_type" || c.text(key) != "compute") { // the type that it is anyway
			c.problem(key, "is set, but not supported")
		}
	}
}

// interfaces returns the interfaces of the catalog in the order in which they are tried.
func (c *config) interfaces() []string {
	emptied := ""
	for _, key := range []string{"compute_endpoint_type", "compute_interface", "endpoint_type", "interface"} {
		n := c.top[key]
		if n == nil || n.kind == nullNode {
			continue
		}
		if n.kind == textNode && n.text == "" {
			emptied = key
			continue
		}
		if emptied != "" {
			c.problem(emptied, "has no value, which hides %s: remove it", c.label(key))
		}
		if other := c.top["compute_interface"]; key == "compute_endpoint_type" && other != nil && other.text != n.text {
			c.problem(key, "and %s differ: remove one of the two", c.label("compute_interface"))
		}
		items := []*node{n}
		if n.kind == listNode {
			items = n.list
		}
		if len(items) == 0 {
			c.problem(key, "is an empty list, for which openstacksdk takes any interface")
		}
		c.found(key)
		var interfaces []string
		for _, item := range items {
			interfaces = append(interfaces, strings.TrimSuffix(c.scalar(item, key), "URL"))
		}
		return interfaces
	}
	return nil
}

// refuseDashes refuses keys with a dash that openstacksdk does not read, and keys that stand there twice, once with a dash, where it
// decides by rules that nobody would guess.
func (c *config) refuseDashes() {
	for _, key := range []string{"compute_endpoint_type", "endpoint_type"} {
		if n := c.top[key]; n != nil && strings.Contains(n.key, "-") {
			c.r.problem("%s%s is written with a dash, which openstacksdk does not read: write %s", n.where(), n.key, key)
		}
	}
	for _, key := range authKeys() {
		inAuth, beside := c.auth[key], c.top[key]
		switch {
		case inAuth == nil:
		case beside != nil && strings.Contains(beside.key, "-") && beside.text != inAuth.text:
			c.r.problem("%s%s is there twice, in auth and with a dash beside it: remove one of the two", beside.where(), c.label(key))
		case inAuth.twice && strings.HasPrefix(key, "default_domain"):
			c.r.problem("%s%s is there twice, once with a dash: remove one of the two", inAuth.where(), c.label(key))
		}
	}
}
