package draft

import (
	"embed"
	"fmt"
	"strings"

	"heed"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

// template is one that is shipped.
type template struct {
	name    string
	bounded bool // accords drafted from it end at a time
}

// templates are in the order in which people are told of them. docs/accords.md
// has the source of each.
var templates = []template{
	{name: "bilateral-liaison"},
	{name: "major-event", bounded: true},
	{name: "urgent-police"},
	{name: "hits"},
	{name: "public-health"},
	{name: "coordinated-disclosure"},
	{name: "sector-group"},
}

// Templates lists the names of the shipped templates.
func Templates() []string {
	var names []string
	for _, t := range templates {
		names = append(names, t.name)
	}
	return names
}

func templateNamed(name string) (template, bool) {
	for _, t := range templates {
		if t.name == name {
			return t, true
		}
	}
	return template{}, false
}

// TemplateSource is a shipped template as it is written. The error is a
// *heed.Invalid that lists the templates.
func TemplateSource(name string) ([]byte, error) {
	t, ok := templateNamed(name)
	if !ok {
		return nil, &heed.Invalid{What: fmt.Sprintf("unknown template %q", clip(name)), Hint: "one of " + strings.Join(Templates(), ", ")}
	}
	return templateFiles.ReadFile("templates/" + t.name + ".yaml")
}

// Template is the terms of a shipped template: all but who the members are, and
// when it begins and ends. The error is that of TemplateSource.
func Template(name string) (heed.Accord, error) {
	src, err := TemplateSource(name)
	if err != nil {
		return heed.Accord{}, err
	}
	r, a, err := readAccord(name+".yaml", src, heed.Accord{})
	if err != nil {
		return heed.Accord{}, err
	}
	a.Template, a.Quorum = name, 0
	return a, r.err()
}

// WithMembers are terms between these parties, as their cards have them, with
// the least quorum that is over half. The error joins a *heed.Invalid for each
// party whose card is not held.
func WithMembers(a heed.Accord, parties []heed.PartyID, cards func(heed.PartyID) (heed.Card, bool)) (heed.Accord, error) {
	var missing []string
	a.Members = nil
	for _, p := range parties {
		c, ok := cards(p)
		if !ok {
			missing = append(missing, clip(string(p)))
			continue
		}
		a.Members = append(a.Members, heed.MemberOf(c))
	}
	if missing != nil {
		return a, &heed.Invalid{What: "no card is held of " + strings.Join(missing, ", "), Hint: "compare fingerprints and add each with `heed peer add`"}
	}
	a.Quorum = heed.OverHalf(len(a.Members))
	return a.Canonical(), nil
}
