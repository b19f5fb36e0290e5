package apicheck_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the listings of the API anew")

func TestAPI_IsAsListed(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{".", "ecstest"} {
		p := parse(t, dir)
		list := strings.Join(p.api(t), "\n") + "\n"
		golden := filepath.Join("testdata", p.name+".txt")
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(list), 0o600))
		}
		was, is := strings.Split(read(t, golden), "\n"), strings.Split(list, "\n")
		assert.Empty(t, without(was, is), "package %s: gone or changed, which breaks the programs of users", p.name)
		assert.Empty(t, without(is, was), "package %s: new; if it shall stay, run go test ./internal/apicheck -update", p.name)
	}
}

func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(line string) bool { return slices.Contains(other, line) })
}

// api returns a line for each exported declaration, field and method.
func (p source) api(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, decl := range p.decls() {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if public(decl) {
				bare := *decl
				bare.Doc, bare.Body = nil, nil
				lines = append(lines, p.text(t, &bare))
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				lines = append(lines, p.apiOf(t, decl.Tok, spec)...)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func (p source) apiOf(t *testing.T, kind token.Token, spec ast.Spec) []string {
	t.Helper()
	var lines []string
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for i, name := range spec.Names {
			if !name.IsExported() {
				continue
			}
			line := kind.String() + " " + name.Name
			if kind == token.CONST && name.Name != "Version" && i < len(spec.Values) {
				line += " = " + p.text(t, spec.Values[i])
			}
			lines = append(lines, line)
		}
	case *ast.TypeSpec:
		if spec.Name.IsExported() {
			lines = p.apiOfType(t, "type "+spec.Name.Name, spec.Type)
		}
	}
	return lines
}

func (p source) apiOfType(t *testing.T, name string, typ ast.Expr) []string {
	t.Helper()
	var members *ast.FieldList
	switch typ := typ.(type) {
	case *ast.StructType:
		members = typ.Fields
		name += " struct"
	case *ast.InterfaceType:
		members = typ.Methods
		name += " interface"
	default:
		return []string{name + " " + p.text(t, typ)}
	}
	lines := []string{name}
	for _, member := range members.List {
		for _, ident := range member.Names {
			if !ident.IsExported() {
				continue
			}
			line := fmt.Sprintf("%s: %s %s", name, ident.Name, p.text(t, member.Type))
			if member.Tag != nil { // another process may hold the JSON
				line += " " + member.Tag.Value
			}
			lines = append(lines, line)
		}
	}
	return lines
}

var space = regexp.MustCompile(`\s+`)

// text prints a piece of source in one line.
func (p source) text(t *testing.T, node any) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, printer.Fprint(&b, p.fset, node))
	return space.ReplaceAllString(b.String(), " ")
}
