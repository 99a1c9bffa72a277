package draft

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"heed"
)

//go:embed accord.schema.json
var accordSchemaText []byte

const accordSchemaURL = "https://heed.example/schema/accord/v1"

// AccordSchema is the JSON Schema of hand-written accords, as it is published.
func AccordSchema() []byte { return bytes.Clone(accordSchemaText) }

// accordSchema is the published schema, compiled once: it is constant.
var accordSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(accordSchemaText))
	if err != nil {
		return nil, fmt.Errorf("reading the built-in schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.RegisterFormat(textFormat("span", func(s string) error { _, err := parseSpan(s); return err }))
	c.RegisterFormat(textFormat("instant", func(s string) error { _, err := parseInstant(s); return err }))
	c.RegisterFormat(textFormat("party", func(s string) error { _, err := heed.ParsePartyID(s); return err }))
	c.RegisterFormat(textFormat("card", func(s string) error { _, err := heed.ParseDigest(s); return err }))
	if err := c.AddResource(accordSchemaURL, document); err != nil {
		return nil, fmt.Errorf("reading the built-in schema: %w", err)
	}
	schema, err := c.Compile(accordSchemaURL)
	if err != nil {
		return nil, fmt.Errorf("compiling the built-in schema: %w", err)
	}
	return schema, nil
})

// parseSpan reads a duration that a signed text can say.
func parseSpan(s string) (time.Duration, error) {
	d, err := Span(s)
	if err == nil && d%time.Millisecond != 0 {
		err = &heed.Invalid{What: fmt.Sprintf("%q is not in whole milliseconds", clip(s)), Hint: "write it like 15m, 8h, 3d or 1d12h"}
	}
	return d, err
}

// parseInstant reads a point in time with its offset. A day alone is refused:
// members in two zones would begin at two times. "none" leaves it open.
func parseInstant(s string) (time.Time, error) {
	if s == "none" {
		return time.Time{}, nil
	}
	m, err := heed.ParseMoment(s)
	if err == nil && m.Day {
		return time.Time{}, &heed.Invalid{What: fmt.Sprintf("%q is a day without a time", clip(s)), Hint: "write it like " + m.Time.Format("2006-01-02") + "T00:00:00+02:00: it holds in several time zones"}
	}
	if err == nil {
		return m.Time, nil
	}
	if t, fine := heed.ParseTime(strings.ToUpper(s)); fine == nil {
		return t, nil
	}
	return time.Time{}, err
}
