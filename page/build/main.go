// Command build writes page.html from its parts: the program of page/wasm, Go's
// wasm_exec.js, and the files of page/parts. With the same Go it writes the same
// bytes everywhere. It runs in the folder of package page.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func main() {
	out := flag.String("out", "page.html", "`FILE` to write")
	flag.Parse()
	if err := build(*out); err != nil {
		fmt.Fprintln(os.Stderr, "building the page:", err)
		os.Exit(1)
	}
}

func build(out string) error {
	program, err := compile()
	if err != nil {
		return err
	}
	root, err := goCommand("env", "GOROOT")
	if err != nil {
		return err
	}
	goroot := strings.TrimSpace(string(root))
	runner, err := os.ReadFile(filepath.Join(goroot, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	licences, err := licences(goroot)
	if err != nil {
		return err
	}
	page, err := assemble(program, string(runner), licences)
	if err != nil {
		return err
	}
	return os.WriteFile(out, page, 0o644)
}

// compile is the program of page/wasm without anything that another machine
// would have otherwise.
func compile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "heed-page-*")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "heed.wasm")
	_, err = goCommand("build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", program, "./wasm")
	var data []byte
	if err == nil {
		data, err = os.ReadFile(program)
	}
	return data, errors.Join(err, os.RemoveAll(dir))
}

// goCommand runs the Go that runs this, for the browser and with none of the
// settings that a machine may have.
func goCommand(args ...string) ([]byte, error) {
	c := exec.Command("go", args...)
	c.Env = append(c.Environ(), "GOOS=js", "GOARCH=wasm", "GOWASM=", "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOFIPS140=off", "GODEBUG=", "GOWORK=off")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}

// licences are the texts that whoever passes the page on passes on with it: of
// Go, whose runtime and library are inside, and of each module.
func licences(goroot string) (string, error) {
	list, err := goCommand("list", "-deps", "-f", `{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{"\t"}}{{.Dir}}{{end}}{{end}}`, "./wasm")
	if err != nil {
		return "", err
	}
	modules := strings.Split(strings.TrimSpace(string(list)), "\n")
	slices.Sort(modules)
	var b strings.Builder
	add := func(name, dir string) error {
		text, err := os.ReadFile(filepath.Join(dir, "LICENSE"))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "== %s\n\n%s\n\n", name, strings.TrimSpace(string(text)))
		return nil
	}
	if err := add("Go, "+runtime.Version(), goroot); err != nil {
		return "", err
	}
	for _, module := range slices.Compact(modules) {
		name, dir, _ := strings.Cut(module, "\t")
		if err := add(name, dir); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// assemble puts the parts into their places in parts/page.html.
func assemble(program []byte, runner, licences string) ([]byte, error) {
	texts := map[string]string{}
	for _, name := range []string{"page.html", "page.css", "page.js", "words.json"} {
		data, err := os.ReadFile(filepath.Join("parts", name))
		if err != nil {
			return nil, err
		}
		texts[name] = string(data)
	}
	words, err := dataBlock([]byte(texts["words.json"]))
	if err != nil {
		return nil, fmt.Errorf("parts/words.json: %w", err)
	}
	quoted, err := json.Marshal(licences)
	if err != nil {
		return nil, err
	}
	packed, err := pack(program)
	if err != nil {
		return nil, err
	}
	style, script := texts["page.css"], texts["page.js"]
	for name, text := range map[string]string{"page.css": style, "page.js": script, "wasm_exec.js": runner} {
		// The browser hashes what it has read, in which a carriage return is a
		// line feed; and an element ends at its end tag, whatever it quotes.
		if strings.Contains(text, "\r") || strings.Contains(strings.ToLower(text), "</s") || strings.Contains(text, "<!--") {
			return nil, fmt.Errorf("%s cannot stand inside a page", name)
		}
	}
	policy := strings.Join([]string{
		"default-src 'none'",
		"script-src " + hashOf(runner) + " " + hashOf(script) + " 'wasm-unsafe-eval'",
		"style-src " + hashOf(style),
		"connect-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'",
	}, "; ")
	return place(texts["page.html"], map[string]string{
		"csp": policy, "css": style, "runner": runner, "js": script, "words": words,
		"licences": string(quoted), "go": runtime.Version(), "program": packed,
	})
}

// place fills {{name}} with values, each exactly once.
func place(template string, values map[string]string) ([]byte, error) {
	var pairs []string
	for name, value := range values {
		mark := "{{" + name + "}}"
		if strings.Count(template, mark) != 1 {
			return nil, fmt.Errorf("parts/page.html has not one place for %s", mark)
		}
		pairs = append(pairs, mark, value)
	}
	return []byte(strings.NewReplacer(pairs...).Replace(template)), nil
}

// dataBlock is JSON without blanks that can stand inside a script element.
func dataBlock(data []byte) (string, error) {
	var small, escaped bytes.Buffer
	if err := json.Compact(&small, data); err != nil {
		return "", err
	}
	json.HTMLEscape(&escaped, small.Bytes())
	return escaped.String(), nil
}

// pack is gzip without a name and a time, in base64.
func pack(program []byte) (string, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(program); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "program: %d bytes, compressed %d\n", len(program), b.Len())
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
