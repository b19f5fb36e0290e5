package cloudenv

import "strings"

// region is one that a cloud knows. Its values are laid over the cloud when it is chosen.
type region struct {
	name   string
	values *node
}

// chooseRegion finds the region as openstacksdk does, and lays its values over the configuration: the first of regions, or
// region_name, or what the profile has. OS_REGION_NAME counts for a cloud of a file that names none.
func (c *config) chooseRegion() string {
	outer := ""
	if !c.variables && c.own["region_name"] == nil {
		outer = c.outer("OS_REGION_NAME")
	}
	chosen := region{name: outer}
	switch list, name := c.own["regions"], c.own["region_name"]; {
	case list != nil:
		known := c.regionsOf(list)
		if list.kind != listNode || len(known) == 0 {
			c.r.problem("%sregions is no list of regions", list.where())
			return ""
		}
		chosen = known[0]
		if outer != "" {
			chosen = c.oneOf(known, outer, list)
		} else if name != nil && name.text != "" && c.scalar(name, "region_name") != chosen.name {
			c.r.problem("%sregion_name is not the first of regions, which openstacksdk takes: remove one of the two", name.where())
		}
	case name != nil && name.kind != nullNode && (name.kind != textNode || name.text != ""):
		if known := c.regionsOf(name); len(known) > 0 {
			c.found("region_name")
			chosen = known[0]
		}
	case c.profile != nil:
		known := c.regionsOf(c.profile.field("regions"))
		if name := c.profile.field("region_name"); len(known) == 0 && name != nil && name.key == "region_name" { // not with a dash
			known = c.regionsOf(name)
		}
		for i, r := range known {
			if outer == "" && i == 0 || r.name == outer {
				chosen = r
			}
		}
	}
	c.merge(chosen.values, false)
	return chosen.name
}

func (c *config) oneOf(known []region, name string, list *node) region {
	for _, r := range known {
		if r.name == name {
			return r
		}
	}
	c.r.problem("%sOS_REGION_NAME is none of the cloud's regions", list.where())
	return region{}
}

// regionsOf reads a list of regions, or one text with commas.
func (c *config) regionsOf(n *node) []region {
	if n == nil {
		return nil
	}
	if n.kind != listNode {
		var regions []region
		for name := range strings.SplitSeq(c.scalar(n, n.key), ",") {
			regions = append(regions, region{name: name})
		}
		return regions
	}
	var regions []region
	for _, item := range n.list {
		switch {
		case item.kind != mapNode:
			regions = append(regions, region{name: c.scalar(item, n.key)})
		case item.field("name") == nil || len(item.fields) > 2 || len(item.fields) == 2 && item.field("values") == nil:
			c.r.problem("%sa region has a name and values, and nothing else", item.where())
		default:
			regions = append(regions, c.regionWithValues(item))
		}
	}
	return regions
}

func (c *config) regionWithValues(item *node) region {
	values := item.field("values")
	if values != nil && values.kind == mapNode { // what is null there changes nothing
		kept := *values
		kept.fields = map[string]*node{}
		for name, field := range values.fields {
			if field.kind != nullNode {
				kept.fields[name] = field
			}
		}
		values = &kept
	} else if values != nil {
		c.r.problem("%sthe values of a region are not a mapping", values.where())
		values = nil
	}
	return region{name: c.scalar(item.field("name"), "name"), values: values}
}
