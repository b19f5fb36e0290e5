package wire

import "strings"

// blockSize is how much an arena allocates at once: about the identifiers of one server. It is also what a caller who keeps
// a single short string keeps with it.
const blockSize = 256

// arena copies short texts into strings that share an allocation with their neighbors.
type arena struct {
	block strings.Builder
}

// save returns a copy of text.
func (a *arena) save(text []byte) string {
	if len(text) > blockSize/2 {
		return string(text)
	}
	if a.block.Cap()-a.block.Len() < len(text) {
		a.block = strings.Builder{}
		a.block.Grow(blockSize)
	}
	start := a.block.Len()
	a.block.Write(text)
	return a.block.String()[start:]
}
