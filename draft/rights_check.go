package draft

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"heed"
)

//go:embed rights_check.schema.json
var rightsCheckSchemaText []byte

const rightsCheckSchemaURL = "https://heed.example/schema/rights-check/v1"

// RightsCheckSchema is the JSON Schema of the form, as it is published.
func RightsCheckSchema() []byte { return bytes.Clone(rightsCheckSchemaText) }

// rightsCheckSchema is the published schema, compiled once: it is constant.
var rightsCheckSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(rightsCheckSchemaText))
	if err != nil {
		return nil, fmt.Errorf("reading the built-in schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(rightsCheckSchemaURL, document); err != nil {
		return nil, fmt.Errorf("reading the built-in schema: %w", err)
	}
	schema, err := c.Compile(rightsCheckSchemaURL)
	if err != nil {
		return nil, fmt.Errorf("compiling the built-in schema: %w", err)
	}
	return schema, nil
})

// RightsCheck reads a form that an officer has filled in, YAML or JSON; name is
// that of the file, for messages, and a name ending in .json demands JSON. The
// form that is returned passes its Check. Otherwise the error joins one *Error
// for each problem, in the order of lines, 50 at most.
func RightsCheck(name string, src []byte) (heed.RightsCheck, error) {
	r := &reading{file: name, lines: map[string]int{}}
	root := r.parse(src)
	if root == nil {
		return heed.RightsCheck{}, r.err()
	}
	schema, err := rightsCheckSchema()
	if err != nil {
		return heed.RightsCheck{}, err
	}
	value := r.convert(root, schema, "")
	r.validate(schema, value)
	if root.Kind != yaml.MappingNode {
		return heed.RightsCheck{}, r.err()
	}
	var f heed.RightsCheck
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		r.complain("", "cannot be read: "+err.Error(), "")
		return heed.RightsCheck{}, r.err()
	}
	r.judge(f.Check())
	if err := r.err(); err != nil {
		return heed.RightsCheck{}, err
	}
	return f, nil
}
