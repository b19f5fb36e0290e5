package journal

import (
	"encoding/json"
	"fmt"
)

const (
	format  = "ecs-revert-journal"
	version = 1
	header  = `{"format":"ecs-revert-journal","version":1}`
)

// checkHeader refuses what is no journal, or one of a later version: what that means is not known here.
func checkHeader(line []byte) error {
	var h struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	switch err := json.Unmarshal(line, &h); {
	case err != nil || h.Format != format || h.Version < 1:
		return fmt.Errorf("line 1: %w: it does not begin with %s", ErrUnusable, header)
	case h.Version > version:
		return fmt.Errorf("line 1: %w: its version is %d, and this program knows no later one than %d", ErrUnusable, h.Version, version)
	}
	return nil
}
