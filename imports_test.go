package heed

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// floors is the layout of the module: imports point to a strictly lower floor.
// A package that is not here has no place yet, and the test says so. A folder
// that ends in "/" stands for all that is right inside it.
var floors = map[string]int{
	".":      1, // the vocabulary and the rules
	"seal":   1,
	"ledger": 1,
	"names":  1,

	"seal/sshtest": 0, // SSH keys for tests, below what they test

	"testdata": 1, // files for tests and the demonstration, embedded

	"wire":        2,
	"watch":       2,
	"draft":       2,
	"stats":       2,
	"post":        2, // letters to partners without heed
	"interop/":    2,
	"watch/sheet": 2, // tables that other programs wrote

	"evidence":    3,
	"watch/lists": 3, // watch lists that others publish
	"names/fit":   3, // fits the weights of names and watch

	"exchange":        4,
	"names/fit/weigh": 4, // the program that does so: go generate ./names
	"names/bench":     4, // measures how well they do

	"exchange/storetest": 5, // the suite that every store of exchange's port runs
	"store":              5,
	"peer":               5,
	"witness":            5,
	"audit":              5,
	"api":                5,
	"desk":               5,
	"page":               5, // the evidence reader, one HTML file
	"page/":              5, // what it is built by and of
	"notify":             5,
	"taxii":              5,
	"feed":               5,
	"control":            5,

	"cmd/heed": 6,
	"testnet":  6,
}

// barred imports go down, and are wrong all the same: the flow knows one form
// of a warning, and how people write it or others spell it is the edge's.
var barred = map[string][]string{
	"exchange": {"draft", "interop/"},
}

func floorOf(dir string) (int, bool) {
	if floor, ok := floors[dir]; ok {
		return floor, true
	}
	floor, ok := floors[path.Dir(dir)+"/"]
	return floor, ok
}

// sources are the module's Go files that are not tests, parsed, by package folder.
func sources(t *testing.T, mode parser.Mode) map[string][]*ast.File {
	t.Helper()
	found := map[string][]*ast.File{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || nested(t, name)):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, mode)
		dir := filepath.ToSlash(filepath.Dir(name))
		found[dir] = append(found[dir], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found["."]) == 0 {
		t.Fatal("no sources found")
	}
	return found
}

// nested reports whether the folder is a module of its own.
func nested(t *testing.T, dir string) bool {
	found, err := filepath.Glob(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found) > 0
}

func imported(spec *ast.ImportSpec) string { return strings.Trim(spec.Path.Value, `"`) }

func TestImportsPointDown(t *testing.T) {
	for dir, files := range sources(t, parser.ImportsOnly) {
		floor, ok := floorOf(dir)
		if !ok {
			t.Errorf("%s has no floor: give it one in STYLE's layout and in this test", dir)
			continue
		}
		for _, file := range files {
			for _, spec := range file.Imports {
				target, ours := strings.CutPrefix(imported(spec), "heed/")
				if imported(spec) == "heed" {
					target, ours = ".", true
				}
				if !ours {
					continue
				}
				below, ok := floorOf(target)
				if !ok || below >= floor {
					t.Errorf("%s (floor %d) imports %s (floor %d)", dir, floor, target, below)
				}
				for _, bar := range barred[dir] {
					if target == bar || strings.HasSuffix(bar, "/") && strings.HasPrefix(target, bar) {
						t.Errorf("%s imports %s, which is barred", dir, target)
					}
				}
			}
		}
	}
}

// wired is what only the wiring may do: read the clock or the environment, and
// end the process. Everything below gets time, settings and errors as values.
var wired = map[string][]string{
	"time": {"Now", "Since", "Until"},
	"os":   {"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Exit"},
	"log":  {"Fatal", "Fatalf", "Fatalln"},
}

func TestOnlyTheWiringReadsClockAndEnvironment(t *testing.T) {
	for dir, files := range sources(t, parser.SkipObjectResolution) {
		if dir == "cmd/heed" || dir == "testnet" || dir == "page/build" || dir == "names/fit/weigh" {
			continue
		}
		for _, file := range files {
			names := map[string]string{} // in this file, of the packages above
			for _, spec := range file.Imports {
				if _, ok := wired[imported(spec)]; !ok {
					continue
				}
				name := imported(spec)
				if spec.Name != nil {
					name = spec.Name.Name
				}
				if name == "." {
					t.Errorf("%s imports all of %s into itself", dir, imported(spec))
				}
				names[name] = imported(spec)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if of, ok := selector.X.(*ast.Ident); ok {
					for _, name := range wired[names[of.Name]] {
						if selector.Sel.Name == name {
							t.Errorf("%s uses %s.%s: take it as an argument", dir, names[of.Name], name)
						}
					}
				}
				return true
			})
		}
	}
}
