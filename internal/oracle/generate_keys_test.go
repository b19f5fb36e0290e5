package oracle_test

import (
	"slices"
	"strings"
)

func (g generator) profile(c *environment, top *mapping, auth mapping) mapping {
	name := pick(g, "otc", "ovh", "citycloud", "auro", "limestonenetworks", "ultimum", "own", "vexxhost", "rackspace", "unknown")
	top.add(pick(g, "profile", "profile", "profile", "cloud"), name)
	if name == "own" || g.chance(15) {
		own := mapping{{"auth", mapping{{"auth_url", "https://{region_name}.own.example/v3"}, {"user_domain_name", "Own"}}}}
		if g.chance(60) {
			own.add("regions", []any{pick[any](g, "one", mapping{{"name", "one"}, {"values", mapping{{"interface", "internal"}}}}), "two"})
		}
		if g.chance(40) {
			own.add("interface", pick(g, "public", "admin", "internal"))
		}
		c.files["home/.config/openstack/clouds-public.yaml"] = document("public-clouds", mapping{{name, own}})
	}
	if g.chance(80) {
		return slices.DeleteFunc(auth, func(p pair) bool { return p.key == "auth_url" })
	}
	return auth
}

func (g generator) regions(top *mapping) {
	var list []any
	for _, name := range []string{"north", "south", "west"}[:1+g.IntN(3)] {
		if g.chance(40) {
			list = append(list, name)
			continue
		}
		entry := mapping{{"name", name}}
		values := mapping{}
		if g.chance(60) {
			key := pick(g, "auth_url", "auth_url", "auth-url", "project_name", "tenant_name", "project_id", "user_domain_name", "password", "username")
			values.add("auth", mapping{{key, "https://" + name + ".example/v3"}})
		}
		if g.chance(40) {
			values.add(pick(g, "interface", "endpoint_type", "compute_endpoint_override", "compute_region_name", "region_name", "image_format", "username", "auth_type"),
				pick(g, "internal", "https://c.example/v2.1", "password"))
		}
		if g.chance(10) {
			values.add("interface", raw("null"))
		}
		if g.chance(80) {
			entry.add("values", values)
		}
		if g.chance(5) {
			entry.add("endpoint", "x")
		}
		list = append(list, entry)
	}
	top.add("regions", list)
	if g.chance(25) {
		top.add("region_name", pick(g, "north", "south"))
	}
}

func (g generator) serviceKeys(top *mapping) {
	for range 1 + g.IntN(3) {
		switch g.IntN(9) {
		case 0:
			top.add("interface", pick[any](g, "internal", "publicURL", "admin", []any{"internal", "public"}, raw("null")))
		case 1:
			top.add("endpoint_type", pick(g, "internal", "internalURL"))
		case 2:
			top.add("compute_interface", pick[any](g, "internal", "admin", []any{"admin", "internal"}))
		case 3:
			top.add("compute_region_name", "elsewhere")
		case 4:
			top.add(pick(g, "compute_endpoint_override", "compute_endpoint"),
				pick(g, "https://c.example/v2.1", "https://{region_name}.example:8774/v2.1/%(project_id)s", "https://c.example/v2.0",
					"https://c.example/v2.1/$(tenant_id)s", "https://[2001:db8::1]/nova/", "https://c.example/v2.1/servers", " https://c.example"))
		case 5:
			top.add("identity_api_version", pick[any](g, "3", raw("3"), raw("3.0")))
		case 6:
			top.add("compute_api_version", pick[any](g, "2.1", raw("2.1"), raw("2")))
		case 7:
			top.add(pick(g, "image_endpoint_override", "network_interface", "volume_region_name", "image_format"), "for others")
		case 8:
			top.add("compute_endpoint_type", "internal")
		}
	}
}

func (g generator) tls(c *environment, top *mapping) {
	c.files["ca.pem"], c.files["other.pem"] = "one authority", "another authority"
	switch g.IntN(7) {
	case 0:
		top.add("cacert", "$ROOT/ca.pem")
	case 1:
		top.add("verify", pick[any](g, raw("true"), raw("yes"), raw("false"), raw("no"), raw("null"), "false", raw("0")))
	case 2:
		top.add("verify", "$ROOT/ca.pem")
	case 3:
		top.add("verify", "$ROOT/ca.pem")
		top.add("cacert", "$ROOT/other.pem")
	case 4:
		top.add("insecure", pick[any](g, raw("true"), raw("false"), "true", "false", raw("yes"), "no"))
	case 5:
		top.add("cert", "/c.pem")
		top.add("key", "/k.pem")
	case 6:
		top.add("verify", raw("false"))
		top.add("cacert", "$ROOT/ca.pem")
	}
}

// odd replaces a value by one that readers may take for something else than a text.
func (g generator) odd(m *mapping) {
	if len(*m) == 0 {
		return
	}
	values := []raw{
		"0123", "00012", "12345", "1_000", "1e3", "0x1f", "12:30:45", "3.0", "2.10", "yes", "off", "True", "null", "~", "", `""`, "2024-01-02",
		"!!str 0123", "!!int 7", "'0123'", "-5", "+5", ".5", "1.", "=", "0b11", "123456789012345678901234567890", "y", "Null", "[a]", "{a: b}", "1e-7",
		".inf", "|\n      text\n", "\"a\\tb\"", "0o17", "08", "1:2", "1.5e+3", "99999999999999.25",
	}
	i := g.IntN(len(*m))
	if _, text := (*m)[i].value.(string); text {
		(*m)[i].value = pick(g, values...)
	}
}

// respell writes keys with dashes, twice, or in both ways.
func (g generator) respell(m *mapping) {
	for i, p := range *m {
		if !g.chance(30) {
			continue
		}
		dashed := strings.ReplaceAll(p.key, "_", "-")
		switch g.IntN(3) {
		case 0:
			(*m)[i].key = dashed
		case 1:
			m.add(p.key, "twice")
		case 2:
			m.add(dashed, "dashed")
		}
	}
}

func (g generator) switches(auth, top *mapping) {
	switch g.IntN(6) {
	case 0:
		auth.add(pick(g, "target_agency_name", "agency_name", "assume_role_arn", "mfa_code"), "a")
	case 1:
		auth.add(pick(g, "trust_id", "system_scope", "passcode"), "t")
	case 2:
		top.add(pick(g, "trust_id", "system_scope"), "t")
	case 3:
		top.add("auth_type", pick(g, "v3oidcpassword", "v3totp", "none", "v2password", "admin_token"))
	case 4:
		top.add(pick(g, "compute_service_type", "compute_service_name"), "other")
	case 5:
		top.add("auth_plugin", "v3token")
	}
}
