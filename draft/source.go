package draft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parse turns the source into a tree that knows its lines. It returns nil
// after a complaint.
func (r *reading) parse(src []byte) *yaml.Node {
	switch {
	case len(src) > MaxSource:
		r.complain("", fmt.Sprintf("is larger than %d bytes", MaxSource), "send long material as attachments")
		return nil
	case !utf8.Valid(src):
		r.complainAt(badLine(src), "", "is not valid UTF-8", "save the file as UTF-8")
		return nil
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	src = bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	if i := bytes.IndexAny(src, "\u0085\u2028\u2029"); i >= 0 {
		// YAML takes them for ends of lines, editors do not.
		r.complainAt(1+bytes.Count(src[:i], []byte("\n")), "", "has an invisible line separator", "remove it, or break the line with the Enter key")
		return nil
	}
	trimmed := bytes.TrimSpace(src)
	if len(trimmed) == 0 {
		r.complain("", "is empty", "write key: value, one in a line")
		return nil
	}
	if strings.HasSuffix(strings.ToLower(r.file), ".json") || trimmed[0] == '{' && json.Valid(src) {
		return r.parseJSON(src)
	}
	return r.parseYAML(src)
}

func badLine(src []byte) int {
	for i, line := range bytes.Split(src, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 1
}

func (r *reading) parseYAML(src []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		r.complain("", "is empty", "write key: value, one in a line")
		return nil
	case err != nil:
		problem := yamlProblem(err)
		r.complainAt(failingLine(src, err), "", "is not YAML: "+problem, yamlHint(problem))
		return nil
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			problem := yamlProblem(err)
			r.complainAt(failingLine(src, err), "", "is not YAML: "+problem, yamlHint(problem))
		} else {
			r.complainAt(second.Line, "", "begins a second document", "one file holds one document")
		}
		return nil
	}
	return document.Content[0]
}

var yamlPlace = regexp.MustCompile(`^yaml: (line \d+: )?`)

func yamlProblem(err error) string { return yamlPlace.ReplaceAllString(err.Error(), "") }

// failingLine finds the line at which the parser stopped. The line that it
// names itself is where the surrounding block began, and off by one at that.
// It reads from left to right, so a beginning of the text that reaches beyond
// the fault fails in the same words, and a shorter one does not.
func failingLine(src []byte, err error) int {
	lines := bytes.SplitAfter(src, []byte("\n"))
	low, high := 1, len(lines) // the answer is within
	for low < high {
		middle := (low + high) / 2
		if e := yamlError(bytes.Join(lines[:middle], nil)); e != nil && e.Error() == err.Error() {
			high = middle
		} else {
			low = middle + 1
		}
	}
	if low > 1 && len(bytes.TrimSpace(lines[low-1])) == 0 {
		return low - 1 // the end of the file: what precedes it is not finished
	}
	return low
}

func yamlError(src []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var n yaml.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func yamlHint(problem string) string {
	switch {
	case strings.Contains(problem, "cannot start any token"), strings.Contains(problem, "tab character"):
		return "indent with blanks, not with tabs, and put texts that begin with @, ` or % into quotes"
	case strings.Contains(problem, "mapping values are not allowed"):
		return `put a text that contains ": " into quotes, and check the indentation`
	case strings.Contains(problem, "expected key"), strings.Contains(problem, "'-' indicator"):
		return "check the indentation against the line above, and close every quote"
	case strings.Contains(problem, "unexpected end"), strings.Contains(problem, "end of stream"):
		return "close every quote and bracket"
	case strings.Contains(problem, "could not find expected ':'"):
		return "every line of a list of keys is written key: value"
	}
	return "look at this line and the one above it"
}

// maxDepth is far below what the schema reaches to, and far above.
const maxDepth = 32

// parseJSON builds the same tree from JSON, which YAML parsers do not read in
// full (escaped surrogates, tabs).
func (r *reading) parseJSON(src []byte) *yaml.Node {
	decoder := json.NewDecoder(bytes.NewReader(src))
	decoder.UseNumber()
	j := &jsonReader{decoder: decoder, src: src, line: 1}
	root, err := j.value(0)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return root
		}
		if err == nil {
			err = errors.New("something follows after the end of the document")
		}
	}
	var syntax *json.SyntaxError
	offset := decoder.InputOffset()
	if errors.As(err, &syntax) {
		offset = min(max(syntax.Offset-1, 0), int64(len(src)))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err, offset = errors.New("it ends too early"), int64(len(bytes.TrimSpace(src)))
	}
	r.complainAt(1+bytes.Count(src[:offset], []byte("\n")), "", "is not JSON: "+err.Error(), "check the commas, quotes and brackets here and on the line above")
	return nil
}

type jsonReader struct {
	decoder *json.Decoder
	src     []byte
	counted int64 // bytes whose line ends are in line
	line    int
}

func (j *jsonReader) token() (json.Token, int, error) {
	t, err := j.decoder.Token()
	if err != nil {
		return nil, 0, err
	}
	end := j.decoder.InputOffset()
	j.line += bytes.Count(j.src[j.counted:end], []byte("\n"))
	j.counted = end
	return t, j.line, nil
}

func (j *jsonReader) value(depth int) (*yaml.Node, error) {
	t, line, err := j.token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested deeper than %d levels", maxDepth)
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: line}
	switch v := t.(type) {
	case string:
		n.Tag, n.Value = "!!str", v
	case json.Number:
		n.Tag, n.Value = "!!float", v.String()
	case bool:
		n.Tag, n.Value = "!!bool", fmt.Sprint(v)
	case nil:
		n.Tag = "!!null"
	case json.Delim:
		n.Kind = yaml.SequenceNode
		if v == '{' {
			n.Kind = yaml.MappingNode
		}
		for j.decoder.More() {
			child, err := j.value(depth + 1) // the key of a mapping, too, is a value
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, child)
		}
		_, _, err := j.token()
		return n, err
	}
	return n, nil
}
