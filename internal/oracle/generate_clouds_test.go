package oracle_test

// clouds makes environments that differ in which clouds there are, how they are called and which file has them.
func (g generator) clouds(c *environment) {
	auth, top := g.login("password")
	if g.chance(50) {
		top.add("region_name", "RegionOne")
	}
	if g.chance(20) {
		top.add("compute_service_type", pick(g, "compute", "computev21"))
	}
	if g.chance(15) {
		top.add(pick(g, "key", "cert"), "/k.pem")
	}
	mine := append(top, pair{"auth", auth})
	other := mapping{{"auth", mapping{{"auth_url", "https://other.example"}, {"user_id", "u"}, {"password", "p"}, {"project_id", "p"}}}}
	names := pick(g, []string{"my-cloud", "my_cloud"}, []string{"my_cloud", "my-cloud"}, []string{"mine", "Mine"}, []string{"my cloud", "my-cloud"}, []string{"envvars", "mine"})
	c.env["OS_CLOUD"] = names[0]
	if g.chance(20) {
		c.env["OS_CLOUD"] = names[1]
	}
	c.names = append(keysOf(mine), "OS_CLOUD", names[0], names[1])
	clouds := mapping{{names[0], mine}, {names[1], other}}
	g.Shuffle(len(clouds), func(i, k int) { clouds[i], clouds[k] = clouds[k], clouds[i] })
	switch g.IntN(6) {
	case 0: // the secrets of both
		c.files["work/secure.yaml"] = document("clouds", mapping{
			{names[1], mapping{{"auth", mapping{{"password", "of the second"}}}}}, {names[0], mapping{{"auth", mapping{{"password", "of the first"}}}}},
		})
	case 1: // all is secret
		c.files["work/secure.yaml"] = document("clouds", clouds)
		clouds = pick(g, mapping{{"third", other}}, mapping{{names[1], other}}, nil)
	case 2:
		c.env["OS_CLOUD_NAME"] = pick(g, names[0], names[1], "elsewhere")
		c.env["OS_USERNAME"] = "of the variables"
	case 3: // profiles that differ in a dash
		c.files["home/.config/openstack/clouds-public.yaml"] = document("public-clouds", mapping{
			{"a_b", mapping{{"interface", "internal"}}}, {"a-b", mapping{{"interface", "admin"}, {"regions", []any{"first", "second"}}}},
		})
		for i := range clouds {
			clouds[i].value = append(clouds[i].value.(mapping), pair{"profile", pick(g, "a-b", "a_b")}) //nolint:forcetypeassert // they all are
		}
	case 4: // the cloud of the variables
		c.env["OS_CLOUD"] = pick(g, "envvars", "elsewhere")
		if g.chance(50) {
			c.env["OS_CLOUD_NAME"] = "elsewhere"
		}
		g.variables(c)
	}
	if clouds != nil {
		c.files["work/clouds.yaml"] = document("clouds", clouds)
	}
}
