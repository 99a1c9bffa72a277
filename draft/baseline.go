package draft

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"heed"
)

// Baseline reads what a party commits to, for its card: clocks, ladder, quotas
// and publication delay, in YAML or JSON. Whatever the file does not mention
// is as in heed.DefaultBaseline; clocks that it does not mention are those of
// the profile that it names.
func Baseline(name string, src []byte) (heed.Baseline, error) {
	r := &reading{file: name, lines: map[string]int{}}
	root := r.parse(src)
	if root == nil {
		return heed.Baseline{}, r.err()
	}
	b := heed.DefaultBaseline()
	if len(root.Content) == 1 && root.Kind == yaml.DocumentNode {
		root = root.Content[0]
	}
	form := &form{r: r}
	form.fields("", root, map[string]func(string, *yaml.Node){
		"profile":           func(path string, n *yaml.Node) { form.profile(path, n, &b) },
		"clocks":            func(path string, n *yaml.Node) { form.clocks(path, n, &b) },
		"publication-delay": func(path string, n *yaml.Node) { b.PublicationDelay = form.span(path, n) },
		"max-envelope":      func(path string, n *yaml.Node) { b.MaxEnvelope = int64(form.number(path, n)) },
		"ladder":            func(path string, n *yaml.Node) { form.ladder(path, n, &b) },
		"quotas":            func(path string, n *yaml.Node) { form.quotas(path, n, &b) },
	})
	if err := r.err(); err != nil {
		return heed.Baseline{}, err
	}
	if err := b.Check(); err != nil {
		var invalid *heed.Invalid
		if errors.As(err, &invalid) {
			r.complainAt(1, "", invalid.What, invalid.Hint)
			return heed.Baseline{}, r.err()
		}
		return heed.Baseline{}, err
	}
	return b, nil
}

// form walks a small hand-written document whose fields are known by name.
type form struct{ r *reading }

func (f *form) wrong(path string, n *yaml.Node, problem, hint string) {
	f.r.complainAt(n.Line, path, problem, hint)
}

// fields visits a mapping in the order in which names sorts: a profile is read
// before the clocks that change it.
func (f *form) fields(path string, n *yaml.Node, known map[string]func(string, *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		f.wrong(path, n, "is not a mapping", "write it as name: value lines")
		return
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, ok := known[key.Value]; !ok {
			f.wrong(under(path, key.Value), key, "is not known here", "one of "+strings.Join(names, ", "))
			continue
		}
		if values[key.Value] != nil {
			f.wrong(under(path, key.Value), key, "stands twice", "keep one of them")
			continue
		}
		values[key.Value] = n.Content[i+1]
	}
	order := append([]string{"profile"}, names...)
	for _, name := range order {
		if v := values[name]; v != nil {
			delete(values, name)
			known[name](under(path, name), v)
		}
	}
}

func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

func (f *form) text(path string, n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		f.wrong(path, n, "is not a single value", "")
		return ""
	}
	return strings.TrimSpace(n.Value)
}

func (f *form) number(path string, n *yaml.Node) uint64 {
	v, err := strconv.ParseUint(f.text(path, n), 10, 53)
	if err != nil {
		f.wrong(path, n, "is not a whole number", "")
	}
	return v
}

func (f *form) span(path string, n *yaml.Node) time.Duration {
	d, err := Span(f.text(path, n))
	if err != nil {
		f.wrong(path, n, "is not a duration", "write it like 15m, 8h, 3d or 1d12h")
	}
	return d
}

// Span reads a duration as people write it: Go's units and d for days.
func Span(s string) (time.Duration, error) {
	var days time.Duration
	if head, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(head, 10, 16)
		if err != nil {
			return 0, &heed.Invalid{What: fmt.Sprintf("%q is not a duration", s), Hint: "write it like 15m, 8h, 3d or 1d12h"}
		}
		days, s = time.Duration(n)*24*time.Hour, rest
		if s == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, &heed.Invalid{What: fmt.Sprintf("%q is not a duration", s), Hint: "write it like 15m, 8h, 3d or 1d12h"}
	}
	return days + d, nil
}

func (f *form) profile(path string, n *yaml.Node, b *heed.Baseline) {
	b.Profile = f.text(path, n)
	if p, err := heed.ProfileNamed(b.Profile); err == nil {
		b.Clock = p.Clock
	}
}

// clocks reads response times by urgency; "default" stands for every urgency
// that is not named.
func (f *form) clocks(path string, n *yaml.Node, b *heed.Baseline) {
	clock := heed.Clock{}
	for kind, row := range b.Clock {
		clock[kind] = map[heed.Urgency]time.Duration{}
		for u, d := range row {
			clock[kind][u] = d
		}
	}
	set := func(path string, n *yaml.Node, urgencies ...heed.Urgency) {
		rows := map[string]func(string, *yaml.Node){}
		for _, kind := range heed.DutyKinds() {
			rows[string(kind)] = func(path string, n *yaml.Node) {
				d := f.span(path, n)
				if clock[kind] == nil {
					clock[kind] = map[heed.Urgency]time.Duration{}
				}
				for _, u := range urgencies {
					clock[kind][u] = d
				}
			}
		}
		f.fields(path, n, rows)
	}
	var fallback *yaml.Node
	known := map[string]func(string, *yaml.Node){"default": func(_ string, n *yaml.Node) {}}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "default" {
				fallback = n.Content[i+1]
			}
		}
	}
	if fallback != nil {
		set(under(path, "default"), fallback, heed.Urgencies()...)
	}
	for _, u := range heed.Urgencies() {
		known[string(u)] = func(path string, n *yaml.Node) { set(path, n, u) }
	}
	f.fields(path, n, known)
	b.Clock = clock
}

func (f *form) ladder(path string, n *yaml.Node, b *heed.Baseline) {
	if n.Kind != yaml.SequenceNode {
		f.wrong(path, n, "is not a list", "write each rung as an item that begins with a hyphen")
		return
	}
	b.Ladder = nil
	for i, item := range n.Content {
		var rung heed.Rung
		line := func(into *string) func(string, *yaml.Node) {
			return func(path string, n *yaml.Node) { *into = f.text(path, n) }
		}
		f.fields(under(path, strconv.Itoa(i)), item, map[string]func(string, *yaml.Node){
			"role":      line(&rung.Role),
			"after":     func(path string, n *yaml.Node) { rung.After = f.span(path, n) },
			"telephone": line(&rung.Telephone),
			"mail":      line(&rung.Mail),
			"hours":     line(&rung.Hours),
			"time-zone": func(path string, n *yaml.Node) {
				rung.Zone = f.text(path, n)
				if _, err := time.LoadLocation(rung.Zone); err != nil {
					f.wrong(path, n, "is not a time zone", "write it like Europe/Berlin")
				}
			},
			"languages": func(path string, n *yaml.Node) {
				if n.Kind != yaml.SequenceNode {
					rung.Languages = f.text(path, n)
					return
				}
				var all []string
				for _, l := range n.Content {
					all = append(all, f.text(path, l))
				}
				rung.Languages = strings.Join(all, " ")
			},
		})
		b.Ladder = append(b.Ladder, rung)
	}
	if err := b.Ladder.Check(); err != nil {
		f.wrong(path, n, "cannot be climbed: "+err.Error(), "")
	}
}

// quotas reads "COUNT per DURATION" by urgency, in place of the default.
func (f *form) quotas(path string, n *yaml.Node, b *heed.Baseline) {
	set := map[heed.Urgency]heed.Quota{}
	for _, q := range b.Quotas {
		set[q.Urgency] = q
	}
	known := map[string]func(string, *yaml.Node){}
	for _, u := range heed.Urgencies() {
		known[string(u)] = func(path string, n *yaml.Node) {
			count, per, ok := strings.Cut(f.text(path, n), " per ")
			c, err := strconv.Atoi(strings.TrimSpace(count))
			d, spanErr := Span(strings.TrimSpace(per))
			if !ok || err != nil || spanErr != nil {
				f.wrong(path, n, "is not a quota", "write it like 200 per 1h")
				return
			}
			set[u] = heed.Quota{Urgency: u, Count: c, Per: d}
		}
	}
	f.fields(path, n, known)
	b.Quotas = nil
	for _, u := range heed.Urgencies() {
		if q, ok := set[u]; ok {
			b.Quotas = append(b.Quotas, q)
		}
	}
}
