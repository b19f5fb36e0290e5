package wire

import (
	"encoding/binary"
	"math/bits"
)

// Eight equal bytes in one word.
const (
	ones        = 0x0101010101010101
	highBits    = 0x80 * ones
	quotes      = '"' * ones
	backslashes = '\\' * ones
	blanks      = ' ' * ones
)

// ordinary returns how many bytes at the start of text stand for themselves in a JSON string and need no second look: ASCII
// but for control characters, quote and backslash. It looks at eight bytes at once, since most of an answer is such text.
func ordinary(text []byte) int {
	n := 0
	for ; n+8 <= len(text); n += 8 {
		word := binary.LittleEndian.Uint64(text[n:])
		// A byte's high bit ends up set if the byte is below ' ', equal to a quote or a backslash, or had it set before. A borrow
		// can only spoil the bytes behind such a one, and the first is all that counts.
		special := (word - blanks) | ((word ^ quotes) - ones) | ((word ^ backslashes) - ones) | word
		if special &= highBits; special != 0 {
			return n + bits.TrailingZeros64(special)/8
		}
	}
	for ; n < len(text); n++ {
		if c := text[n]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			break
		}
	}
	return n
}
