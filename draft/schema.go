package draft

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"

	"heed"
)

//go:embed warning.schema.json
var warningSchemaText []byte

const warningSchemaURL = "https://heed.example/schema/warning/v1"

// warningSchema is the published schema, compiled once: it is constant, and
// takes longer to compile than a warning takes to read.
var warningSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(warningSchemaText))
	if err != nil {
		return nil, fmt.Errorf("reading the built-in schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.RegisterFormat(textFormat("moment", func(s string) error { _, err := heed.ParseMoment(s); return err }))
	c.RegisterFormat(textFormat("birth", func(s string) error { _, err := heed.ParseBirth(s); return err }))
	if err := c.AddResource(warningSchemaURL, document); err != nil {
		return nil, fmt.Errorf("reading the built-in schema: %w", err)
	}
	schema, err := c.Compile(warningSchemaURL)
	if err != nil {
		return nil, fmt.Errorf("compiling the built-in schema: %w", err)
	}
	return schema, nil
})

func textFormat(name string, check func(string) error) *jsonschema.Format {
	return &jsonschema.Format{Name: name, Validate: func(v any) error {
		if s, ok := v.(string); ok {
			return check(s)
		}
		return nil
	}}
}

func resolve(s *jsonschema.Schema) *jsonschema.Schema {
	for s != nil && s.Ref != nil {
		s = s.Ref
	}
	return s
}

func wants(s *jsonschema.Schema, t string) bool {
	return s.Types != nil && slices.Contains(s.Types.ToStrings(), t)
}

// convert turns the tree into the values that a schema judges, noting where
// each field stands. Where the schema wants text, a plain scalar is taken as
// it is written: a document number of digits only, or a year, is text, and
// nobody should have to know which words YAML takes for something else.
func (r *reading) convert(n *yaml.Node, schema *jsonschema.Schema, path string) any {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.complainAt(n.Line, path, "uses an anchor or an alias", "write the text out where it belongs")
		return nil
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.complainAt(n.Line, path, "has the explicit tag "+n.Tag, "remove the tag")
		return nil
	}
	schema = resolve(schema)
	switch n.Kind {
	case yaml.MappingNode:
		return r.convertMapping(n, schema, path)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		if !wants(schema, "array") {
			return list // of the wrong type: what is in it does not matter
		}
		for i, item := range n.Content {
			where := join(path, strconv.Itoa(i))
			r.lines[where] = item.Line
			list[i] = r.convert(item, schema.Items2020, where)
		}
		return list
	}
	return r.convertScalar(n, schema, path)
}

func (r *reading) convertMapping(n *yaml.Node, schema *jsonschema.Schema, path string) any {
	m := make(map[string]any)
	if path == "" {
		r.lines[""] = n.Line
	}
	if !wants(schema, "object") {
		return m
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, item := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.complainAt(key.Line, path, "has a key that is not a word", "write key: value")
			continue
		}
		where := join(path, key.Value)
		if _, ok := m[key.Value]; ok {
			r.complainAt(key.Line, where, fmt.Sprintf("stands twice, first on line %d", r.lines[where]), "keep one of them")
			continue
		}
		r.lines[where] = key.Line
		property, known := schema.Properties[key.Value]
		if !known {
			m[key.Value] = nil // the schema will say so
			continue
		}
		m[key.Value] = r.convert(item, property, where)
	}
	return m
}

var (
	wholeNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	decimalNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

func (r *reading) convertScalar(n *yaml.Node, schema *jsonschema.Schema, path string) any {
	// A person can be called Null. YAML's other words for nothing are not names.
	if n.ShortTag() == "!!null" && (n.Value == "" || n.Value == "~" || !wants(schema, "string")) {
		return nil
	}
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	switch {
	case quoted || wants(schema, "string"):
	case wants(schema, "boolean") && (n.Value == "true" || n.Value == "false"):
		return n.Value == "true"
	case wants(schema, "integer") && wholeNumber.MatchString(n.Value):
		return json.Number(n.Value)
	case wants(schema, "number") && decimalNumber.MatchString(n.Value):
		if strings.Contains(n.Value, ".") {
			return json.Number(strings.TrimSuffix(strings.TrimRight(n.Value, "0"), "."))
		}
		return json.Number(n.Value)
	}
	return strings.TrimSpace(strings.ReplaceAll(n.Value, "\r\n", "\n"))
}

// validate complains of everything that the schema does not allow, and takes
// it out of the value, so that the rest can be judged by the rules as well.
func (r *reading) validate(schema *jsonschema.Schema, value any) {
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(value); !errors.As(err, &invalid) {
		if err != nil {
			r.complain("", "cannot be judged: "+err.Error(), "")
		}
		return
	}
	earlier := r.errors
	verdict := leaves(invalid) // in the order of a map: the same file must always get the same answer
	slices.SortStableFunc(verdict, func(a, b *jsonschema.ValidationError) int {
		return slices.Compare(a.InstanceLocation, b.InstanceLocation)
	})
	for _, leaf := range verdict {
		path := strings.Join(leaf.InstanceLocation, "/")
		place, _ := reach(value, leaf.InstanceLocation)
		for _, f := range faults(leaf, at(schema, leaf.InstanceLocation), place) {
			where := join(path, f.key)
			if f.meant != "" {
				r.meant = append(r.meant, join(path, f.meant))
			}
			same := func(e *Error) bool { return e.Path == where }
			if !slices.ContainsFunc(earlier, same) {
				r.complain(where, f.problem, f.hint)
			}
		}
	}
	for _, leaf := range verdict {
		remove(value, leaf)
	}
}

func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

// at is the schema that judges the value at a location.
func at(s *jsonschema.Schema, location []string) *jsonschema.Schema {
	s = resolve(s)
	for _, step := range location {
		if wants(s, "array") {
			s = resolve(s.Items2020)
		} else {
			s = resolve(s.Properties[step])
		}
	}
	return s
}

func reach(value any, location []string) (any, bool) {
	for _, step := range location {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// remove makes what a leaf complains of as if it had not been written.
// Positions in lists stay, for the lines of the others.
func remove(root any, leaf *jsonschema.ValidationError) {
	if extra, ok := leaf.ErrorKind.(*kind.AdditionalProperties); ok {
		if owner, ok := reach(root, leaf.InstanceLocation); ok {
			if m, ok := owner.(map[string]any); ok {
				for _, key := range extra.Properties {
					delete(m, key)
				}
			}
		}
		return
	}
	if _, ok := leaf.ErrorKind.(*kind.Required); ok || len(leaf.InstanceLocation) == 0 {
		return
	}
	last := len(leaf.InstanceLocation) - 1
	owner, _ := reach(root, leaf.InstanceLocation[:last])
	switch v := owner.(type) {
	case map[string]any:
		delete(v, leaf.InstanceLocation[last])
	case []any:
		if i, err := strconv.Atoi(leaf.InstanceLocation[last]); err == nil && i < len(v) {
			v[i] = nil
		}
	}
}

// fault is one complaint; key is set where it is about a key of the place that
// was judged, and meant where that key is another one in a misspelling.
type fault struct{ key, problem, hint, meant string }

// faults says in people's words what a leaf of the schema's verdict means.
func faults(leaf *jsonschema.ValidationError, schema *jsonschema.Schema, value any) []fault {
	switch k := leaf.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return unknownKeys(k.Properties, schema)
	case *kind.Required:
		return missingKeys(k.Missing, schema, value)
	case *kind.Type:
		return wrongType(k, schema, value)
	case *kind.Enum:
		return []fault{{problem: fmt.Sprintf("is %s, which is not one of its words", quoted(k.Got)), hint: enumHint(k)}}
	case *kind.Format:
		var invalid *heed.Invalid
		if errors.As(k.Err, &invalid) {
			return []fault{{problem: "cannot be used: " + invalid.What, hint: invalid.Hint}}
		}
		return []fault{{problem: "cannot be used: " + k.Err.Error()}}
	case *kind.MinLength, *kind.MinItems:
		return []fault{{problem: "is empty", hint: "give it a value, or leave the key out"}}
	case *kind.MaxLength:
		return []fault{{problem: fmt.Sprintf("has %d characters, more than %d", k.Got, k.Want), hint: "shorten it, or attach it as a file"}}
	case *kind.MaxItems:
		return []fault{{problem: fmt.Sprintf("has %d entries, more than %d", k.Got, k.Want), hint: "split it over several warnings"}}
	case *kind.Pattern:
		return []fault{{problem: fmt.Sprintf("is %s", quoted(k.Got)), hint: hintOf(schema)}}
	case *kind.Minimum:
		return []fault{{problem: "is " + quoted(value), hint: "the least is " + k.Want.RatString()}}
	case *kind.Maximum:
		return []fault{{problem: "is " + quoted(value), hint: "the most is " + k.Want.RatString()}}
	case *kind.MultipleOf:
		return []fault{{problem: "has more than six decimals", hint: "six are 11 cm on the ground"}}
	}
	return []fault{{problem: strings.ReplaceAll(leaf.Error(), "\n", " "), hint: hintOf(schema)}}
}

func unknownKeys(keys []string, schema *jsonschema.Schema) []fault {
	var all []fault
	for _, key := range slices.Sorted(slices.Values(keys)) {
		hint := "the keys here are " + strings.Join(sortedKeys(schema), ", ")
		near := nearest(key, sortedKeys(schema))
		if near != "" {
			hint = "did you mean " + near + "?"
		}
		all = append(all, fault{key: key, problem: "is not a key that belongs here", hint: hint, meant: near})
	}
	return all
}

// missingKeys leaves out a key that is there in a misspelling, which is
// complained of already.
func missingKeys(keys []string, schema *jsonschema.Schema, value any) []fault {
	var all []fault
	present, _ := value.(map[string]any)
	for _, key := range keys {
		misspelt := false
		for other := range present {
			if _, known := schema.Properties[other]; !known && nearest(other, sortedKeys(schema)) == key {
				misspelt = true
			}
		}
		if misspelt {
			continue
		}
		all = append(all, fault{key: key, problem: "is missing", hint: hintOf(resolve(schema.Properties[key]))})
	}
	return all
}

func wrongType(k *kind.Type, schema *jsonschema.Schema, value any) []fault {
	if value == nil {
		return []fault{{problem: "is empty", hint: "give it a value, or leave the key out"}}
	}
	var hint string
	switch {
	case wants(schema, "array"):
		hint = "write a list, each entry on its own line after a hyphen"
	case wants(schema, "object"):
		hint = hintOf(schema)
	case wants(schema, "boolean"):
		hint = "write true or false, without quotes"
	case wants(schema, "integer"):
		hint = "write a whole number, without quotes"
	case wants(schema, "number"):
		hint = "write a decimal number, without quotes"
	case wants(schema, "string"):
		hint = "write one text: " + hintOf(schema)
	}
	got := map[string]string{"array": "a list", "object": "a set of keys", "string": "text"}[k.Got]
	if got == "" {
		got = "a " + k.Got
	}
	return []fault{{problem: "is " + got + ", which does not belong here", hint: hint}}
}

func enumHint(k *kind.Enum) string {
	words := make([]string, 0, len(k.Want))
	for _, w := range k.Want {
		words = append(words, fmt.Sprint(w))
	}
	list := "one of " + strings.Join(words, ", ")
	if got, ok := k.Got.(string); ok {
		if near := nearest(got, words); near != "" {
			return "did you mean " + near + "? It is " + list
		}
	}
	return list
}

// hintOf is what the schema itself says of a field.
func hintOf(schema *jsonschema.Schema) string {
	switch {
	case schema == nil:
		return ""
	case schema.Enum != nil:
		words := make([]string, 0, len(schema.Enum.Values))
		for _, w := range schema.Enum.Values {
			words = append(words, fmt.Sprint(w))
		}
		return "one of " + strings.Join(words, ", ")
	case wants(schema, "object"):
		return "write keys and values below it: " + strings.Join(sortedKeys(schema), ", ")
	}
	return strings.TrimSuffix(schema.Description, ".")
}

func sortedKeys(schema *jsonschema.Schema) []string {
	keys := make([]string, 0, len(schema.Properties))
	for key := range schema.Properties {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func quoted(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(clip(s))
	}
	return clip(fmt.Sprint(v))
}

// clip keeps a long text from filling the message about it.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
