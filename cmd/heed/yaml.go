package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlText writes a value in the form in which people write it.
func yamlText(v any) string {
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	var node yaml.Node
	if err := enc.Encode(yamlOf(v, &node)); err != nil {
		return err.Error()
	}
	return b.String()
}

// yamlOf turns a value into YAML by way of its JSON form, which has the keys
// that people write, and keeps their order.
func yamlOf(v any, into *yaml.Node) *yaml.Node {
	data, err := json.Marshal(v)
	if err != nil {
		into.SetString(err.Error())
		return into
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	*into = *yamlValue(dec)
	return into
}

// yamlValue reads one JSON value that json.Marshal wrote.
func yamlValue(dec *json.Decoder) *yaml.Node {
	token, err := dec.Token()
	if err != nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: err.Error()}
	}
	n := &yaml.Node{}
	switch t := token.(type) {
	case json.Delim:
		n.Kind = yaml.SequenceNode
		if t == '{' {
			n.Kind = yaml.MappingNode
		}
		for dec.More() {
			n.Content = append(n.Content, yamlValue(dec))
		}
		if _, err := dec.Token(); err != nil {
			n.SetString(err.Error())
		}
	case json.Number:
		n.Kind, n.Value = yaml.ScalarNode, t.String()
	case string:
		n.SetString(t)
	case bool:
		n.Kind, n.Value = yaml.ScalarNode, "false"
		if t {
			n.Value = "true"
		}
	default:
		n.Kind, n.Value = yaml.ScalarNode, "null"
	}
	return n
}
