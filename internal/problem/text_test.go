package problem_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/problem"
)

func TestCleanText_MakesOneLineOfForeignText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"empty":                  {"", ""},
		"clean":                  {"Instance x is locked", "Instance x is locked"},
		"white space":            {"\t a \r\n\n b\u00a0\u2028c\u0085 ", "a b c"},
		"control characters":     {"a\x00b\x1b[31mc\x7f\u009bd", "ab[31mcd"},
		"direction characters":   {"a\u202eb\u2066c\ufeffd\u200be", "abcde"},
		"not UTF-8":              {"a\xffb\xe4\xba", "a\uFFFDb\uFFFD\uFFFD"},
		"other scripts":          {"云 服务器 😀", "云 服务器 😀"},
		"tags":                   {"a<br />b<BR>c</p><p class=\"x\">d</p><h1>e</h1 >", "a b c d e"},
		"comments":               {"a<!-- <b> -- x -->b<!DOCTYPE html>c", "a b c"},
		"no tags":                {"a < b > c <class 'nova.exception.X'> <b", "a < b > c <class 'nova.exception.X'> <b"},
		"no ends":                {"<!-- a", "<!-- a"},
		"a tag that is too long": {"<p " + strings.Repeat("x", 600) + ">", "<p " + strings.Repeat("x", 600) + ">"},
		"entities":               {"a &amp; b &lt;c&gt; &quot;&#39;&#x4e91;&nbsp;d", "a & b <c> \"'云 d"},
		"entities once":          {"&amp;lt;", "&lt;"},
		"entities for controls":  {"a&#10;b&#27;c&#8238;d", "a bcd"},
		"no entities":            {"a & b &nope; &; AT&T", "a & b &nope; &; AT&T"},
		"ends with a space":      {"a ", "a"},
		"begins with a space":    {" a", "a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, problem.CleanText(test.text, 1000))
		})
	}
}

func TestCleanText_CutsBetweenCharacters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		limit int
		want  string
	}{
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc…"},
		{"abc    ", 3, "abc"},
		{"  abc\n", 3, "abc"},
		{"ab cdefg", 6, "ab…"},
		{"云服务器", 12, "云服务器"},
		{"云服务器", 11, "云服…"},
		{"云服务器", 9, "云服…"},
		{"云服务器", 8, "云…"},
		{"云服务器", 3, "…"},
		{"云服务器", 2, ""},
		{"a", 0, ""},
		{"a", -1, ""},
		{strings.Repeat("é", 300), 512, strings.Repeat("é", 254) + "…"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, problem.CleanText(test.text, test.limit))
		})
	}
}
