package readme_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is where the READMEs are.
const root = "../.."

var (
	readmeCode  = regexp.MustCompile("(?s)```go\n(.*?)```")
	readmeRuns  = regexp.MustCompile(`(?m)(?:go (?:run|test) |cd |\$\(|^)((?:\./)?(?:examples|internal)/[\w./-]+)`)
	readmeLink  = regexp.MustCompile(`\]\(([^)#:]+)\)`)
	readmeBlock = regexp.MustCompile("(?s)```(?:go|sh|mermaid)\n.*?```")
)

// readmeImports are the packages that fragments use, by the name in front of the dot.
var readmeImports = map[string]string{
	"ecs": "github.com/revert-resize/ecs", "ecstest": "github.com/revert-resize/ecs/ecstest", "httpmock": "github.com/jarcoal/httpmock",
	"context": "context", "errors": "errors", "json": "encoding/json", "log": "log", "slog": "log/slog", "http": "net/http", "time": "time",
}

// TestREADME_EverySnippetCompiles compiles each block of Go: programs as they are, fragments as functions of one program
// that are given what the text around them speaks of.
func TestREADME_EverySnippetCompiles(t *testing.T) {
	t.Parallel()
	blocks := readmeCode.FindAllStringSubmatch(readmeText(t, "README.md"), -1)
	require.Greater(t, len(blocks), 8)
	dir := t.TempDir()
	write := func(name, source string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
		return path
	}
	fragments := []string{write("given.go", readmeGiven)}
	for i, block := range blocks {
		name := fmt.Sprintf("snippet%02d", i)
		if strings.Contains(block[1], "promhttp.") {
			continue // needs modules that the SDK does not: examples/service compiles it
		}
		if strings.HasPrefix(block[1], "package ") {
			readmeVet(t, write(name+".go", block[1]))
			continue
		}
		fragments = append(fragments, write(name+".go", readmeFunction(name, block[1])))
	}
	readmeVet(t, fragments...)
}

func readmeVet(t *testing.T, files ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"vet"}, files...)...).CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

const readmeGiven = `package main

import (
	"context"

	"github.com/revert-resize/ecs"
)

var (
	ctx       context.Context
	client    *ecs.Client
	auth      ecs.Authenticator
	serverIDs []string

	endpoint, projectID, serverID, token, password, id, secret string
)

func main() {}
`

// readmeFunction makes a function of a fragment, with the imports that it needs, and with a use of whatever it leaves
// unused.
func readmeFunction(name, fragment string) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	var used []string
	for name := range readmeImports {
		if regexp.MustCompile(`\b` + name + `\.`).MatchString(fragment) {
			used = append(used, name)
		}
	}
	slices.Sort(used)
	for _, name := range used {
		fmt.Fprintf(&b, "\t%q\n", readmeImports[name])
	}
	b.WriteString(")\n\nfunc " + name + "() error {\n" + fragment)
	for _, name := range []string{"client", "projectID", "server", "auth", "err"} {
		if regexp.MustCompile(`(?m)^[\w, ]*\b` + name + `\b.*:=`).MatchString(fragment) {
			fmt.Fprintf(&b, "\t_ = %s\n", name)
		}
	}
	b.WriteString("\treturn nil\n}\n")
	return b.String()
}

func TestREADME_EveryCommandHasItsProgram(t *testing.T) {
	t.Parallel()
	for _, name := range readmes() {
		text := readmeText(t, name)
		commands := readmeRuns.FindAllStringSubmatch(text, -1)
		require.Greater(t, len(commands), 4)
		for _, command := range commands {
			_, err := os.Stat(filepath.Join(root, command[1]))
			require.NoError(t, err, "in %s", name)
		}
	}
}

func TestREADME_EveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, name := range append(readmes(), "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md") {
		for _, link := range readmeLink.FindAllStringSubmatch(readmeText(t, name), -1) {
			assert.FileExists(t, filepath.Join(root, link[1]), "in %s", name)
		}
	}
}

// TestREADME_TheTranslationSaysTheSame, as far as a machine can tell: the same code and diagrams but for words, and headings,
// tables and lists of the same length in the same order.
func TestREADME_TheTranslationSaysTheSame(t *testing.T) {
	t.Parallel()
	original, translation := readmeText(t, "README.md"), readmeText(t, "README_CN.md")
	assert.Equal(t, readmeBlocks(original), readmeBlocks(translation))
	assert.Equal(t, readmeOutline(original), readmeOutline(translation))
}

// readmeBlocks returns the blocks of code without their comments, and the diagrams without their labels.
func readmeBlocks(text string) []string {
	blocks := readmeBlock.FindAllString(text, -1)
	for i, block := range blocks {
		words := regexp.MustCompile(` +(//|#) .*`)
		if strings.HasPrefix(block, "```mermaid") {
			words = regexp.MustCompile(`".*"|: .*`)
		}
		blocks[i] = words.ReplaceAllString(block, "")
	}
	return blocks
}

// TestREADME_IsShort: a reader who has to look for the beginning does not begin.
func TestREADME_IsShort(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, len(strings.Fields(readmeText(t, "README.md"))), 1800)
}

// TestREADME_NoCommandTouchesARealCloudUnasked: where a line names a cloud, the line before the block says so.
func TestREADME_NoCommandTouchesARealCloudUnasked(t *testing.T) {
	t.Parallel()
	for _, name := range readmes() {
		for _, block := range regexp.MustCompile("(?s)```sh\n.*?```").FindAllString(readmeText(t, name), -1) {
			assert.NotRegexp(t, `-cloud|-endpoint|-yes`, block, "in %s", name)
		}
	}
}

// readmeOutline tells of each line what it is: the level of a heading, the columns of a table's row, a list's item.
func readmeOutline(text string) (outline []string) {
	for line := range strings.Lines(readmeBlock.ReplaceAllString(text, "code")) {
		switch {
		case strings.HasPrefix(line, "|"):
			outline = append(outline, fmt.Sprint("row of ", strings.Count(line, "|")-1))
		case strings.HasPrefix(line, "#"):
			outline = append(outline, strings.Fields(line)[0])
		case strings.HasPrefix(line, "* "), strings.HasPrefix(line, "code"):
			outline = append(outline, strings.Fields(line)[0])
		}
	}
	return outline
}

func readmes() []string { return []string{"README.md", "README_CN.md"} }

func readmeText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(text)
}
