package cloudenv

import (
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
	d := &document{file: path, budget: 100 + 4*len(data), line: 1}
	services, err := d.parseYAML(data)
	if err != nil {
		return "", "", err
	}
	if services.kind != mapNode && services.kind != nullNode {
		return "", "", fmt.Errorf("%s: not a mapping of services", path)
	}
	for _, service := range services.fields {
		if !strings.EqualFold(service.key, "ecs") {
			continue
		}
		if service.kind != listNode {
			return "", "", fmt.Errorf("%s%s is not a list of regions", service.where(), service.key)
		}
		for _, entry := range service.list {
			if entry.field("id") == nil || entry.field("id").text != region {
				continue
			}
			if endpoint := firstEndpoint(entry); endpoint != "" {
				found, at = endpoint, entry.where()+service.key // the last entry counts
			}
		}
	}
	return found, at, nil
}

func firstEndpoint(entry *node) string {
	if single := entry.field("endpoint"); single != nil && single.text != "" {
		return single.text
	}
	if several := entry.field("endpoints"); several != nil && len(several.list) > 0 {
		return several.list[0].text
	}
	return ""
}
