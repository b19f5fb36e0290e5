package oracle_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

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
