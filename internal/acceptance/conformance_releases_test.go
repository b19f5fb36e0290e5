package acceptance_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// release is how one release of Nova answers where others differ.
type release struct {
	name         string
	newest       int    // minor number of its newest microversion: it tells the release
	unexpected   string // what follows "Unexpected API Error. " where it has not caught an exception
	legacyStatus string // what its version document says of /v2
	legacySince  string
}

// releases are those that were seen, from the oldest on.
func releases() []release {
	const report = "Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible."
	return []release{
		{"Nova 26 (zed)", 93, report, "SUPPORTED", "2011-01-21T11:33:21Z"},
		{"Nova 31 (epoxy)", 100, report, "SUPPORTED", "2011-01-21T11:33:21Z"},
		{"Nova 34 (hibiscus)", 104, "Please contact the administrator", "DEPRECATED", "2025-07-04T12:00:00Z"},
	}
}

// releaseOf asks a cloud for its versions. One between two releases that were seen answers as the older one.
func releaseOf(t *testing.T, s *session) release {
	t.Helper()
	r, err := s.send(t.Context(), http.MethodGet, s.endpoint+"/", "")
	require.NoError(t, err)
	var answer struct {
		Versions []struct{ ID, Version string }
	}
	require.NoError(t, json.Unmarshal(r.body, &answer), "%s", r.body)
	found := releases()[0]
	for _, version := range answer.Versions {
		minor, err := strconv.Atoi(strings.TrimPrefix(version.Version, "2."))
		if version.ID != "v2.1" || err != nil {
			continue
		}
		for _, one := range releases() {
			if one.newest <= minor {
				found = one
			}
		}
	}
	return found
}

// placeholders are what stands in the table for texts of the release's own.
func (r release) placeholders() []string {
	return []string{"{unexpected}", r.unexpected, "{legacy}", r.legacyStatus, "{legacySince}", r.legacySince}
}

// addedKeys are the keys that newer microversions add to the details of a server, by the minor number of the version.
func addedKeys() map[int]string {
	return map[int]string{
		9: "locked", 19: "description", 26: "tags", 63: "trusted_image_certificates", 71: "server_groups", 73: "locked_reason",
		90: "OS-EXT-SRV-ATTR:hostname", 96: "pinned_availability_zone", 100: "scheduler_hints",
	}
}

// keysIn returns the keys of the details in a microversion.
func keysIn(minor int) string {
	keys := detailKeys + " progress"
	for since, key := range addedKeys() {
		if since <= minor {
			keys += " " + key
		}
	}
	return keys
}
