package cloudenv

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// endpointFromFile looks a region's ECS endpoint up in the file of regions of the vendor's SDKs; "" if it is not there. Of
// several endpoints the first one counts. It also returns where it stands.
func endpointFromFile(env Env, r *reader, region string) (found, at string, err error) {
	const variable = "HUAWEICLOUD_SDK_REGIONS_FILE"
	path := r.get(variable)
	chosen := path != ""
	if !chosen {
		if env.Home == "" {
			return "", "", nil
		}
		path = filepath.Join(env.Home, ".huaweicloud", "regions.yaml")
	}
	data, err := env.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !chosen:
		return "", "", nil
	case err != nil && chosen:
		return "", "", fmt.Errorf("%s: read %s: %w; name the endpoint in ECS_ENDPOINT", variable, path, err)
	case err != nil:
		return "", "", fmt.Errorf("read %s: %w", path, err)
	}
	d := &document{file: path, form: "regions.yaml", budget: 100 + 4*len(data), line: 1}
	services, err := d.parseYAML(data)
	if err != nil {
		return "", "", err
	}
	if services.kind != mapNode && services.kind != nullNode {
		return "", "", fmt.Errorf("%s: not a mapping of services", path)
	}
	for _, service := range services.fields {
		if !strings.EqualFold(service.key, "ecs") || service.kind == nullNode {
			continue
		}
		if service.kind != listNode {
			return "", "", fmt.Errorf("%s%s is not a list of regions", service.where(), service.key)
		}
		own := ""
		for _, entry := range service.list {
			if entry.field("id") == nil || entry.field("id").text != region {
				continue
			}
			endpoint, err := firstEndpoint(entry)
			if err != nil {
				return "", "", err
			}
			if endpoint != "" {
				own, at = endpoint, entry.where()+service.key // the last entry counts
			}
		}
		if found != "" && own != "" && found != own {
			return "", "", fmt.Errorf("%s is there in upper case and in lower case, and they differ: the vendor's SDK takes one of them by chance", at)
		}
		found = cmp.Or(own, found)
	}
	return found, at, nil
}

// firstEndpoint returns the endpoint of a region, or the first one of several.
func firstEndpoint(entry *node) (string, error) {
	single, several := entry.field("endpoint"), entry.field("endpoints")
	if several != nil && several.kind == listNode && len(several.list) > 0 {
		several = several.list[0]
	} else if several != nil && several.kind == listNode {
		several = nil
	}
	for _, n := range []*node{single, several} {
		switch {
		case n == nil || n.kind == nullNode:
		case n.kind != textNode || n == entry.field("endpoints"):
			return "", fmt.Errorf("%sthe endpoint of a region is one text, and its endpoints are a list of texts", n.where())
		case n.text != "":
			return n.text, nil
		}
	}
	return "", nil
}
