package ecstest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The parameters that a list knows, in any microversion. The fake follows a few
// of them.
const (
	listParameters = "access_ip_v4 access_ip_v6 all_tenants auto_disk_config availability_zone block_device_mapping changes-before changes-since" +
		" config_drive created_at deleted description display_description display_name flavor host hostname image image_ref info_cache ip ip6" +
		" kernel_id key_name launch_index launched_at limit locked locked_by marker metadata name node not-tags not-tags-any pci_devices" +
		" power_state progress project_id ramdisk_id reservation_id root_device_name security_groups services soft_deleted sort_dir sort_key" +
		" status system_metadata tags tags-any task_state tenant_id terminated_at user_id uuid vm_state"
	actionParameters = "changes-before changes-since limit marker"
)

// unknownParameters refuses a read whose query names something that Nova does
// not know. The lists of servers do so from microversion 2.75 on, those of
// action records from 2.58 on, and a single server or record from 2.102 on.
func (in *inbound) unknownParameters() *refusal {
	if in.query == "" || in.method != http.MethodGet && in.method != http.MethodHead {
		return nil
	}
	known, since := "", 102
	switch in.route.what {
	case "servers", "detail":
		known, since = listParameters, 75
	case "actions":
		known, since = actionParameters, 58
	case "server", "actionRecord":
	default:
		return nil
	}
	if in.minor < since {
		return nil
	}
	query, err := url.ParseQuery(in.query)
	if err != nil {
		return badRequest("Malformed request URL")
	}
	forList := known == listParameters
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		internal := forList && strings.HasPrefix(name, "_")
		if !internal && !slices.Contains(strings.Fields(known), name) {
			unknown = append(unknown, "'"+name+"'")
		}
	}
	return unknownNames(unknown, forList)
}

// unknownNames is Nova's text, which is that of its schema: the one of lists
// has a pattern, too.
func unknownNames(unknown []string, pattern bool) *refusal {
	names, one := strings.Join(unknown, ", "), len(unknown) == 1
	switch {
	case len(unknown) == 0:
		return nil
	case pattern && one:
		return badRequest(names + " does not match any of the regexes: '^_'")
	case pattern:
		return badRequest(names + " do not match any of the regexes: '^_'")
	case one:
		return badRequest("Additional properties are not allowed (" + names + " was unexpected)")
	}
	return badRequest("Additional properties are not allowed (" + names + " were unexpected)")
}
