//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package journal

import (
	"errors"
	"fmt"
	"os"
)

// A journal that two processes can write at once is none.
func open(path string) (*os.File, error) {
	return nil, fmt.Errorf("open %s: lock: %w", path, errors.ErrUnsupported)
}

func lock(*os.File) error { return errors.ErrUnsupported }

func syncDir(string) error { return errors.ErrUnsupported }
