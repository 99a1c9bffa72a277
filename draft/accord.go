package draft

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"heed"
	"heed/seal"
)

// Terms is what a hand-written accord starts from, and what fills it in.
type Terms struct {
	// Base are the terms that hold wherever the document says nothing: those of
	// a template, or of the version that is amended. Zero: those of the template
	// that the document names, if it names one.
	Base heed.Accord
	// Cards finds the card of a party, whose id and ladder fill in what the
	// document does not say of a member or observer. May be nil.
	Cards func(heed.PartyID) (heed.Card, bool)
}

// Accord reads the terms of an accord, YAML or JSON; name is that of the file,
// for messages, and a name ending in .json demands JSON. The terms that are
// returned pass their CheckTerms and are in canonical order; who proposes them,
// when, and behind which version, is for the caller to fill in. Otherwise the
// error joins one *Error for each problem, in the order of lines, 50 at most.
func Accord(name string, src []byte, from Terms) (heed.Accord, error) {
	r, a, err := readAccord(name, src, from.Base)
	if err != nil {
		return heed.Accord{}, err
	}
	a = fill(a, from.Cards)
	r.judge(a.CheckTerms())
	r.judgeKeys(a)
	if t, ok := templateNamed(a.Template); ok && t.bounded && a.Until.IsZero() {
		r.complain("until", "is missing, and accords of the template "+a.Template+" are bounded in time", "write when it ends, like 2026-07-20T00:00:00+02:00")
	}
	if err := r.err(); err != nil {
		return heed.Accord{}, err
	}
	return a.Canonical(), nil
}

// readAccord reads the document over its base, and judges nothing but its form.
// What it complained of is in the reading; an error is returned where nothing
// else can be said.
func readAccord(name string, src []byte, base heed.Accord) (*reading, heed.Accord, error) {
	r := &reading{file: name, lines: map[string]int{}}
	root := r.parse(src)
	if root == nil {
		return nil, heed.Accord{}, r.err()
	}
	schema, err := accordSchema()
	if err != nil {
		return nil, heed.Accord{}, err
	}
	value := r.convert(root, schema, "")
	r.validate(schema, value)
	written, ok := value.(map[string]any)
	if root.Kind != yaml.MappingNode || !ok {
		return nil, heed.Accord{}, r.err()
	}
	if base, ok = r.template(written, base); !ok {
		return nil, heed.Accord{}, r.err()
	}
	r.judgeProfiles(written)
	d, err := over(documentOf(base), written)
	if err != nil {
		r.complain("", "cannot be read: "+err.Error(), "")
		return nil, heed.Accord{}, r.err()
	}
	if _, says := written["quorum"]; !says && (d.Quorum < heed.OverHalf(len(d.Members)) || d.Quorum > len(d.Members)) {
		d.Quorum = heed.OverHalf(len(d.Members))
	}
	return r, d.terms(), nil
}

// template finds what the document starts from.
func (r *reading) template(written map[string]any, base heed.Accord) (heed.Accord, bool) {
	name, ok := written["template"].(string)
	switch {
	case !ok:
		return base, true
	case base.Name != "" && base.Template != name:
		r.complain("template", fmt.Sprintf("is %s, and what is amended or renewed was drafted from %s", quoted(name), quoted(base.Template)), "leave it out")
		return base, false
	case base.Name != "":
		return base, true
	}
	base, err := Template(name)
	if err != nil {
		hint := "one of " + strings.Join(Templates(), ", ")
		if near := nearest(name, Templates()); near != "" {
			hint = "did you mean " + near + "? It is " + hint
		}
		r.complain("template", fmt.Sprintf("is %s, which is not a template", quoted(name)), hint)
		return base, false
	}
	return base, true
}

// judgeProfiles complains of clocks that start from what does not exist.
func (r *reading) judgeProfiles(written map[string]any) {
	clocks, ok := written["clocks"].([]any)
	if !ok {
		return
	}
	for i, item := range clocks {
		clock, ok := item.(map[string]any)
		if !ok {
			continue
		}
		name, ok := clock["profile"].(string)
		if _, err := heed.ProfileNamed(name); ok && err != nil {
			hint := "one of " + strings.Join(profiles(), ", ")
			if near := nearest(name, profiles()); near != "" {
				hint = "did you mean " + near + "? It is " + hint
			}
			r.complain("clocks/"+strconv.Itoa(i)+"/profile", fmt.Sprintf("is %s, which is not a shipped clock", quoted(name)), hint)
		}
	}
}

// over lays what was written over the base: keys of mappings one by one, lists
// and single values as a whole.
func over(base document, written map[string]any) (document, error) {
	var d document
	text, err := json.Marshal(base)
	if err != nil {
		return d, err
	}
	var under map[string]any
	if err := json.Unmarshal(text, &under); err != nil {
		return d, err
	}
	if text, err = json.Marshal(laid(under, written)); err != nil {
		return d, err
	}
	return d, json.Unmarshal(text, &d)
}

func laid(under, written map[string]any) map[string]any {
	for key, value := range written {
		below, isMap := under[key].(map[string]any)
		if above, ok := value.(map[string]any); ok && isMap {
			value = laid(below, above)
		}
		under[key] = value
	}
	return under
}

// fill takes from the cards what the document did not say.
func fill(a heed.Accord, cards func(heed.PartyID) (heed.Card, bool)) heed.Accord {
	if cards == nil {
		return a
	}
	for i, m := range a.Members {
		c, ok := cards(m.Party)
		if !ok {
			continue
		}
		if m.Card.IsZero() {
			a.Members[i].Card = c.ID
		}
		if len(m.Ladder) == 0 {
			a.Members[i].Ladder = heed.MemberOf(c).Ladder
		}
	}
	for i, o := range a.Observers {
		if c, ok := cards(o.Party); ok && o.Card.IsZero() {
			a.Observers[i].Card = c.ID
		}
	}
	return a
}

// judgeKeys complains of sealing keys that were damaged when they were copied.
func (r *reading) judgeKeys(a heed.Accord) {
	for i, m := range a.Members {
		for j, rung := range m.Ladder {
			key, ok := m.Key(rung.Role)
			path := "members/" + strconv.Itoa(i) + "/ladder/" + strconv.Itoa(j) + "/sealing-key"
			if _, err := seal.ParseRecipient(key); ok && err != nil && !r.complained(path) {
				r.complain(path, "cannot be used: "+err.Error(), "copy it again, whole, in one line")
			}
		}
	}
}

func (r *reading) complained(path string) bool {
	for _, e := range r.errors {
		if e.Path == path {
			return true
		}
	}
	return false
}

// AccordSource writes the terms of an accord as YAML, which Accord reads back
// to the same terms: what one edits to amend or to renew it.
func AccordSource(a heed.Accord) ([]byte, error) { return yaml.Marshal(documentOf(a)) }

// AccordJSON writes the terms of an accord as JSON, which Accord reads back to
// the same terms.
func AccordJSON(a heed.Accord) ([]byte, error) { return json.MarshalIndent(documentOf(a), "", "  ") }
