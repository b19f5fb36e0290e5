package apicheck_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// source is a package's files, without tests.
type source struct {
	dir   string // below the root
	name  string
	files map[string]*ast.File
	fset  *token.FileSet
}

// parse reads the package in a folder below the root; it has no files if there is none.
func parse(t *testing.T, dir string) source {
	t.Helper()
	p := source{dir: dir, files: map[string]*ast.File{}, fset: token.NewFileSet()}
	names, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		p.name, p.files[name] = file.Name.Name, file
	}
	return p
}

// decls returns all declarations, file by file.
func (p source) decls() []ast.Decl {
	var all []ast.Decl
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		all = append(all, p.files[name].Decls...)
	}
	return all
}

// packages returns every package of the repository.
func packages(t *testing.T) []source {
	t.Helper()
	var found []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		dir, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if p := parse(t, dir); len(p.files) > 0 {
			found = append(found, p)
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

// receiver returns the name of the type that a method belongs to, and "" for a function.
func receiver(decl *ast.FuncDecl) string {
	if decl.Recv == nil {
		return ""
	}
	typ := decl.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	name, _ := typ.(*ast.Ident)
	return name.Name
}

// public reports whether a function or method can be called by other packages.
func public(decl *ast.FuncDecl) bool {
	of := receiver(decl)
	return decl.Name.IsExported() && (of == "" || ast.IsExported(of))
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
