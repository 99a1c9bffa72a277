// Package page is the evidence reader: one HTML file that judges evidence by
// the reader's own policy, in a browser, with no server and no network. It runs
// package evidence itself, as WebAssembly.
//
// page.html is built from the other files of this folder and from Go's own, and
// is the same to the byte wherever the same Go builds it: `go generate ./page`
// writes it again, and scripts/test compares.
package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"heed/evidence"
)

//go:generate go run ./build -out page.html

//go:embed page.html
var built []byte

// Bounds of the files that a page holds inside; the page itself takes no more.
const (
	MaxFiles = 32
	MaxTotal = 2 * evidence.MaxBundle // bytes in all
	MaxName  = 255                    // bytes of a file's name
)

// ErrFiles is matched where files cannot stand inside a page.
var ErrFiles = errors.New("not to be put into a page")

// inside is the element that holds the files, as it is built: empty.
var inside = []byte(`<script type="application/json" id="inside">[]</script>`)

// A File is one evidence file, as it is.
type File struct {
	Name string `json:"name"` // shown, and where it is saved to
	Data []byte `json:"data"`
}

// HTML is the page, with these evidence files inside if there are any. A policy
// has no place in it: the reader brings their own. Errors match ErrFiles.
func HTML(files ...File) ([]byte, error) {
	if len(files) == 0 {
		return slices.Clone(built), nil
	}
	total := 0
	for _, f := range files {
		total += len(f.Data)
		switch {
		case f.Name == "" || len(f.Name) > MaxName || !utf8.ValidString(f.Name):
			return nil, fmt.Errorf("%w: a file's name has 1 to %d bytes of UTF-8", ErrFiles, MaxName)
		case len(f.Data) > evidence.MaxBundle:
			return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrFiles, f.Name, evidence.MaxBundle)
		}
	}
	if len(files) > MaxFiles || total > MaxTotal {
		return nil, fmt.Errorf("%w: at most %d files of %d bytes in all", ErrFiles, MaxFiles, MaxTotal)
	}
	// json.Marshal writes <, > and & as \u003c, \u003e and \u0026: nothing in a
	// name can end the element.
	list, err := json.Marshal(files)
	if err != nil {
		return nil, err
	}
	before, after, ok := bytes.Cut(built, inside)
	if !ok {
		return nil, errors.New("the built page has no place for files: run `go generate ./page`")
	}
	open, end := bytes.TrimSuffix(inside, []byte("[]</script>")), []byte("</script>")
	return slices.Concat(before, open, list, end, after), nil
}
