package apicheck_test

import (
	"go/ast"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocumentation_OfEveryExportedName, and of every package, commands and internal ones included.
func TestDocumentation_OfEveryExportedName(t *testing.T) {
	t.Parallel()
	found := packages(t)
	require.Greater(t, len(found), 15)
	for _, p := range found {
		assert.True(t, p.hasDoc(), "package %s has no comment", p.dir)
		if p.name != "main" {
			assert.Empty(t, p.undocumented(), "exported names of package %s without a comment", p.dir)
		}
	}
}

func (p source) hasDoc() bool {
	for _, file := range p.files {
		if file.Doc != nil && strings.HasPrefix(file.Doc.Text(), "Package ") || p.name == "main" && file.Doc != nil {
			return true
		}
	}
	return false
}

func (p source) undocumented() []string {
	var bare []string
	for _, decl := range p.decls() {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if public(decl) && decl.Doc == nil {
				bare = append(bare, receiver(decl)+"."+decl.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				bare = append(bare, undocumentedIn(spec, decl.Doc != nil)...)
			}
		}
	}
	return bare
}

// undocumentedIn returns the bare names of one line of a declaration. A comment on the whole group serves its constants and
// variables, but not its types.
func undocumentedIn(spec ast.Spec, group bool) []string {
	var bare []string
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && spec.Doc == nil && spec.Comment == nil && !group {
				bare = append(bare, name.Name)
			}
		}
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return nil
		}
		if spec.Doc == nil && !group {
			bare = append(bare, spec.Name.Name)
		}
		if members, ok := spec.Type.(*ast.InterfaceType); ok && len(members.Methods.List) > 1 {
			for _, method := range members.Methods.List {
				if method.Doc == nil && method.Comment == nil {
					bare = append(bare, spec.Name.Name+"."+method.Names[0].Name)
				}
			}
		}
	}
	return bare
}
