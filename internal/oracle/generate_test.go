package oracle_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// raw is a scalar as it stands in a YAML file, whatever a reader takes it for; other texts are written in quotes where they
// need them.
type raw string

// pair is one key of a mapping, in the order in which it is written. Its value is a string, a raw, a []any or a mapping.
type pair struct {
	key   string
	value any
}

type mapping []pair

func (m *mapping) add(key string, value any) { *m = append(*m, pair{key, value}) }

// A generator makes one random case after the other.
type generator struct{ *rand.Rand }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, values ...T) T { return values[g.IntN(len(values))] }

// kinds are what the cases are about; each is counted by itself.
func kinds() []string {
	return []string{
		"password", "credential", "environment", "profile", "regions", "secure", "service keys", "TLS", "scalars", "spelling", "JSON", "places",
		"switches", "clouds", "all at once",
	}
}

func (g generator) environment(kind string) environment {
	c := environment{kind: kind, env: map[string]string{}, files: map[string]string{}}
	if kind == "environment" || kind == "all at once" && g.chance(30) {
		g.variables(&c)
		return c
	}
	if kind == "clouds" {
		g.clouds(&c)
		return c
	}
	c.env["OS_CLOUD"] = "mine"
	m := mapping{}
	auth, top := g.login(kind)
	secure := mapping{}
	is := func(name string, percent int) bool { return kind == name || kind == "all at once" && g.chance(percent) }
	if is("profile", 25) {
		auth = g.profile(&c, &top, auth)
	}
	if is("regions", 25) {
		g.regions(&top)
	} else if g.chance(70) {
		top.add("region_name", pick(g, "RegionOne", "eu-de", "north,south"))
	}
	if is("service keys", 30) {
		g.serviceKeys(&top)
	}
	if is("TLS", 20) {
		g.tls(&c, &top)
	}
	if is("scalars", 15) {
		g.odd(pick(g, &auth, &auth, &top))
	}
	if is("spelling", 15) {
		g.respell(&auth)
		g.respell(&top)
	}
	if is("switches", 5) {
		g.switches(&auth, &top)
	}
	if is("secure", 25) {
		g.secure(&auth, &secure)
	}
	g.Shuffle(len(top), func(i, k int) { top[i], top[k] = top[k], top[i] })
	m = append(m, top...)
	if len(auth) > 0 {
		m.add("auth", auth)
	}
	g.place(&c, kind, m, secure)
	c.names = slices.Concat(keysOf(auth), keysOf(top), keysOf(secure))
	return c
}

// keysOf returns the keys of the mapping and of the mappings in it.
func keysOf(m mapping) (keys []string) {
	for _, p := range m {
		keys = append(keys, p.key)
		if inner, ok := p.value.(mapping); ok {
			keys = append(keys, keysOf(inner)...)
		}
	}
	return keys
}

// login makes what most people write.
func (g generator) login(kind string) (auth, top mapping) {
	auth.add("auth_url", pick(g, "https://k.example:5000/v3", "https://k.example:5000", "https://k.example/identity/v3/", "http://192.0.2.1:5000/v3"))
	if kind == "credential" || g.chance(15) {
		top.add("auth_type", pick(g, "v3applicationcredential", "v3applicationcredential", "v3applicationcredential", "password"))
		auth.add("application_credential_secret", "the-secret")
		if g.chance(70) {
			auth.add("application_credential_id", "0123456789abcdef0123456789abcdef")
		} else {
			auth.add("application_credential_name", "ci")
			g.user(&auth, &top)
		}
		return auth, top
	}
	if g.chance(20) {
		top.add("auth_type", pick(g, "password", "v3password"))
	}
	g.user(&auth, &top)
	if g.chance(97) {
		g.beside(&auth, &top, "password", pick(g, "secret", "p: #ss", "it's", `say "x"`, "12 34", "ü"))
	}
	switch {
	case g.chance(25):
		g.beside(&auth, &top, pick(g, "project_id", "project_id", "tenant_id"), "d4a3448ce2bb448a8c4fbae7ec3c7ed3")
	case g.chance(97):
		g.beside(&auth, &top, pick(g, "project_name", "project_name", "tenant_name"), "demo")
		if g.chance(60) {
			g.beside(&auth, &top, pick(g, "project_domain_name", "project_domain_id"), pick(g, "Default", "default"))
		}
	}
	if g.chance(10) {
		g.beside(&auth, &top, pick(g, "domain_name", "domain_id"), "shared")
	}
	if g.chance(8) {
		g.beside(&auth, &top, pick(g, "default_domain_name", "default_domain_id"), "fallback")
	}
	if g.chance(10) {
		auth.add(pick(g, "project_id", "tenant_id", "project_name"), "another")
	}
	if g.chance(8) { // left over from a template
		auth.add(pick(g, "project_name", "tenant_name", "user_domain_id", "user_domain_name", "project_domain_id"), pick[any](g, raw("null"), raw(""), raw(`""`)))
	}
	return auth, top
}

func (g generator) user(auth, top *mapping) {
	if g.chance(20) {
		g.beside(auth, top, "user_id", "u1")
		return
	}
	g.beside(auth, top, pick(g, "username", "username", "username", "user_name"), pick(g, "demo", "demo@example.com", "Änne"))
	if g.chance(85) {
		g.beside(auth, top, pick(g, "user_domain_name", "user_domain_id"), pick(g, "Default", "default", "OTC00000000001000000001"))
	}
}

// beside puts most keys into auth, and some beside it.
func (g generator) beside(auth, top *mapping, key, value string) {
	if g.chance(12) {
		top.add(key, value)
		return
	}
	auth.add(key, value)
}

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

// secure moves secrets into secure.yaml, or says there what differs.
func (g generator) secure(auth, secure *mapping) {
	inner := mapping{}
	for i := len(*auth) - 1; i >= 0; i-- {
		p := (*auth)[i]
		switch secret := strings.Contains(p.key, "password") || strings.Contains(p.key, "secret"); {
		case secret && g.chance(70):
			*auth = slices.Delete(*auth, i, i+1)
			inner = append(inner, p)
		case g.chance(10):
			inner.add(p.key, pick[any](g, "from-secure", raw(`""`), raw("null")))
		}
	}
	*secure = mapping{{"auth", inner}}
}

// place writes the files where one of the two finds them first.
func (g generator) place(c *environment, kind string, cloud, secure mapping) {
	clouds := mapping{{"mine", cloud}}
	if g.chance(30) {
		clouds.add("other", pick[any](g, mapping{{"region_name", "x"}}, raw("null"), raw("[broken]"), raw("5")))
	}
	dirs := []string{"work/", "home/.config/openstack/"}
	dir := pick(g, dirs...)
	suffix := ".yaml"
	if kind == "places" || kind == "all at once" && g.chance(20) {
		suffix = pick(g, ".yaml", ".yml")
		switch g.IntN(5) {
		case 0:
			c.env["XDG_CONFIG_HOME"] = "$ROOT/xdg"
			dir = pick(g, "xdg/openstack/", dir)
		case 1:
			c.env["OS_CLIENT_CONFIG_FILE"] = pick(g, "$ROOT/elsewhere.yaml", "$ROOT/missing.yaml")
			c.files["elsewhere.yaml"] = document("clouds", mapping{{"mine", append(mapping{{"compute_region_name", "elsewhere"}}, cloud...)}})
		case 2:
			c.env["XDG_CONFIG_DIRS"] = pick(g, "$ROOT/site", "$ROOT/site:$ROOT/other")
			c.files["site/openstack/clouds.yaml"] = document("clouds", mapping{{"mine", append(mapping{{"compute_region_name", "site"}}, cloud...)}})
		case 3: // another file, which comes first or second
			c.files["work/clouds.json"] = `{"clouds": {"mine": {"region_name": "json", "auth": {"auth_url": "https://j.example", "user_id": "u", "password": "p", "project_id": "p"}}}}`
		case 4:
			c.env["SNAP_REAL_HOME"] = "$ROOT/snap"
			dir = pick(g, "snap/.config/openstack/", dir)
		}
	}
	content := document("clouds", clouds)
	if kind == "JSON" || kind == "all at once" && g.chance(10) {
		suffix, content = ".json", asJSON(mapping{{"clouds", clouds}})
	} else if g.chance(20) {
		content = g.anchored(clouds)
	}
	c.files[dir+"clouds"+suffix] = content
	if len(secure) > 0 {
		c.files[pick(g, dirs...)+"secure.yaml"] = document("clouds", mapping{{"mine", secure}, {"third", mapping{{"auth", mapping{{"password", "x"}}}}}})
	}
}

// anchored writes a part of the cloud as an anchor that is merged.
func (g generator) anchored(clouds mapping) string {
	cloud, _ := clouds[0].value.(mapping)
	n := g.IntN(len(cloud) + 1)
	base := append(mapping{{"region_name", "of-the-base"}}, cloud[:n]...)
	rest := clouds[1:]
	return "base: &base\n" + block(base, 1) + "clouds:\n  mine:\n    <<: *base\n" + block(cloud[n:], 2) + block(rest, 1)
}

// variables makes an OS_ environment.
func (g generator) variables(c *environment) {
	auth, top := g.login(pick(g, "password", "credential"))
	if g.chance(30) {
		g.serviceKeys(&top)
	}
	if g.chance(15) {
		g.tls(c, &top)
	}
	if g.chance(8) {
		g.switches(&auth, &top)
	}
	if g.chance(60) {
		top.add("region_name", "RegionOne")
	}
	for _, p := range append(auth, top...) {
		value, text := p.value.(string)
		if odd, ok := p.value.(raw); ok {
			value, text = strings.Trim(string(odd), `"'`), true
		}
		if text {
			c.env["OS_"+strings.ToUpper(p.key)] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.env)) {
		if g.chance(3) {
			c.env[name] = ""
		}
		c.names = append(c.names, name)
	}
	if g.chance(5) {
		c.env["OS_PROFILE"] = pick(g, "otc", "a-profilers-key")
	}
}

func document(key string, m mapping) string { return key + ":\n" + block(m, 1) }

// block writes a mapping in YAML.
func block(m mapping, depth int) string {
	var b strings.Builder
	indent := strings.Repeat("  ", depth)
	for _, p := range m {
		switch value := p.value.(type) {
		case mapping:
			if len(value) == 0 {
				fmt.Fprintf(&b, "%s%s: {}\n", indent, p.key)
				continue
			}
			fmt.Fprintf(&b, "%s%s:\n%s", indent, p.key, block(value, depth+1))
		default:
			fmt.Fprintf(&b, "%s%s: %s\n", indent, p.key, flow(value))
		}
	}
	return b.String()
}

// flow writes a value in one line.
func flow(value any) string {
	switch value := value.(type) {
	case raw:
		return string(value)
	case string:
		if strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_./") == "" && value != "" && value[0] > '9' {
			return value
		}
		text, _ := json.Marshal(value)
		return string(text)
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			parts[i] = flow(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapping:
		parts := make([]string, len(value))
		for i, p := range value {
			parts[i] = p.key + ": " + flow(p.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "null"
}

// asJSON writes a value in JSON; a scalar of YAML's own becomes a number or a text.
func asJSON(value any) string {
	switch value := value.(type) {
	case raw:
		if json.Valid([]byte(value)) {
			return string(value)
		}
		return asJSON(string(value))
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			parts[i] = asJSON(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapping:
		parts := make([]string, len(value))
		for i, p := range value {
			parts[i] = asJSON(p.key) + ":\n" + asJSON(p.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, _ := json.Marshal(value)
	return string(text)
}
