package draft

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"heed"
)

// document is an accord's terms as people write them. Who proposes them, when,
// and behind which version, is no part of it.
type document struct {
	Template        string               `json:"template,omitempty" yaml:"template,omitempty"`
	Name            string               `json:"name" yaml:"name"`
	Purpose         string               `json:"purpose" yaml:"purpose"`
	Purposes        []heed.Purpose       `json:"purposes" yaml:"purposes"`
	LegalBasis      string               `json:"legal-basis" yaml:"legal-basis"`
	Members         []memberDocument     `json:"members" yaml:"members"`
	Observers       []observerDocument   `json:"observers" yaml:"observers"`
	Quorum          int                  `json:"quorum" yaml:"quorum"`
	MustRatify      []heed.PartyID       `json:"must-ratify" yaml:"must-ratify"`
	Clocks          []clockDocument      `json:"clocks" yaml:"clocks"`
	Reply           span                 `json:"reply" yaml:"reply"`
	Acknowledge     []string             `json:"acknowledge" yaml:"acknowledge"`
	RoleKeys        bool                 `json:"role-keys" yaml:"role-keys"`
	Ceiling         ceilingDocument      `json:"ceiling" yaml:"ceiling"`
	Forwarding      heed.ForwardingRule  `json:"forwarding" yaml:"forwarding"`
	Disclosure      disclosureDocument   `json:"disclosure" yaml:"disclosure"`
	From            instant              `json:"from" yaml:"from"`
	Until           instant              `json:"until" yaml:"until"`
	Postures        []postureDocument    `json:"postures" yaml:"postures"`
	End             endDocument          `json:"end" yaml:"end"`
	Limitation      span                 `json:"limitation" yaml:"limitation"`
	Notice          span                 `json:"notice" yaml:"notice"`
	Release         releaseTermsDocument `json:"release" yaml:"release"`
	ReportHits      reporting            `json:"report-hits" yaml:"report-hits"`
	LapseNotice     span                 `json:"lapse-notice" yaml:"lapse-notice"`
	Screening       screeningDocument    `json:"screening" yaml:"screening"`
	SituationReport span                 `json:"situation-report" yaml:"situation-report"`
	Drills          span                 `json:"drills" yaml:"drills"`
}

type memberDocument struct {
	Party  heed.PartyID   `json:"party" yaml:"party"`
	Card   cardID         `json:"card,omitzero" yaml:"card,omitempty"`
	Ladder []rungDocument `json:"ladder,omitempty" yaml:"ladder,omitempty"`
}

type rungDocument struct {
	Role       string `json:"role" yaml:"role"`
	After      span   `json:"after,omitzero" yaml:"after,omitempty"`
	Telephone  string `json:"telephone,omitempty" yaml:"telephone,omitempty"`
	Mail       string `json:"mail,omitempty" yaml:"mail,omitempty"`
	Hours      string `json:"hours,omitempty" yaml:"hours,omitempty"`
	Zone       string `json:"time-zone,omitempty" yaml:"time-zone,omitempty"`
	Languages  string `json:"languages,omitempty" yaml:"languages,omitempty"`
	SealingKey string `json:"sealing-key,omitempty" yaml:"sealing-key,omitempty"`
}

type observerDocument struct {
	Party heed.PartyID `json:"party" yaml:"party"`
	Card  cardID       `json:"card,omitzero" yaml:"card,omitempty"`
}

type clockDocument struct {
	Name    string                   `json:"name" yaml:"name"`
	Profile string                   `json:"profile,omitempty" yaml:"profile,omitempty"`
	Times   map[string]timesDocument `json:"times,omitempty" yaml:"times,omitempty"`
}

type timesDocument map[heed.DutyKind]span

type ceilingDocument struct {
	TLP         heed.TLP          `json:"tlp" yaml:"tlp"`
	PAP         pap               `json:"pap" yaml:"pap"`
	PoliceCodes []heed.PoliceCode `json:"police-codes" yaml:"police-codes"`
}

type disclosureDocument struct {
	Counts heed.Publisher `json:"counts" yaml:"counts"`
	Times  heed.Publisher `json:"times" yaml:"times"`
	Fields heed.Publisher `json:"fields" yaml:"fields"`
}

type postureDocument struct {
	Name  string  `json:"name" yaml:"name"`
	From  instant `json:"from" yaml:"from"`
	Until instant `json:"until" yaml:"until"`
	Clock string  `json:"clock" yaml:"clock"`
}

type endDocument struct {
	Contents heed.ContentsEnd `json:"contents" yaml:"contents"`
	After    span             `json:"after" yaml:"after"`
	Watches  heed.WatchesEnd  `json:"watches" yaml:"watches"`
}

type releaseTermsDocument struct {
	TwoOfficers bool `json:"two-officers" yaml:"two-officers"`
	RightsCheck bool `json:"rights-check" yaml:"rights-check"`
}

type screeningDocument struct {
	Types     []heed.RecordType `json:"types" yaml:"types"`
	Retention span              `json:"retention" yaml:"retention"`
}

// span is a duration as people write it.
type span time.Duration

// MarshalText writes what Span reads.
func (d span) MarshalText() ([]byte, error) { return []byte(SpanText(time.Duration(d))), nil }

// UnmarshalText reads what Span reads.
func (d *span) UnmarshalText(text []byte) error {
	v, err := parseSpan(string(text))
	*d = span(v)
	return err
}

// SpanText writes a duration as Span reads it and people write it: days first,
// and no unit that is zero.
func SpanText(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	if days := d / (24 * time.Hour); days > 0 && days < 1<<16 {
		b.WriteString(strconv.FormatInt(int64(days), 10) + "d")
		d -= days * 24 * time.Hour
	}
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}, {"ns", 1}} {
		if n := d / unit.size; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + unit.name)
			d -= n * unit.size
		}
	}
	return b.String()
}

// instant is a point in time as people write it; the zero instant is "none".
type instant struct{ at time.Time }

// MarshalText writes whole seconds in UTC, or milliseconds where there are any.
func (i instant) MarshalText() ([]byte, error) {
	switch {
	case i.at.IsZero():
		return []byte("none"), nil
	case i.at.Nanosecond() != 0:
		return []byte(heed.FormatTime(i.at)), nil
	}
	return []byte(i.at.UTC().Format("2006-01-02T15:04:05Z")), nil
}

// UnmarshalText reads a time with its offset.
func (i *instant) UnmarshalText(text []byte) (err error) {
	i.at, err = parseInstant(string(text))
	return err
}

// reporting says which hits are reported; before there were words for it, true
// and false said confirmed and asked, and still do.
type reporting heed.Reporting

// MarshalText writes the word.
func (r reporting) MarshalText() ([]byte, error) { return []byte(heed.Reporting(r).String()), nil }

// UnmarshalText reads the word, or what said it before.
func (r *reporting) UnmarshalText(text []byte) error {
	switch string(text) {
	case "true":
		*r = reporting(heed.ReportConfirmed)
		return nil
	case "false":
		*r = reporting(heed.ReportAsked)
		return nil
	}
	v, err := heed.ParseReporting(string(text))
	*r = reporting(v)
	return err
}

// pap is a PAP label; the empty one is "none".
type pap heed.PAP

// MarshalText writes the label.
func (p pap) MarshalText() ([]byte, error) {
	if p == "" {
		return []byte("none"), nil
	}
	return []byte(p), nil
}

// UnmarshalText reads a label; the schema has judged it.
func (p *pap) UnmarshalText(text []byte) error {
	*p = pap(text)
	if *p == "none" {
		*p = ""
	}
	return nil
}

// cardID is the id of a card; empty where it is none.
type cardID heed.CardID

// IsZero reports whether it names no card.
func (c cardID) IsZero() bool { return heed.CardID(c).IsZero() }

// MarshalText writes 64 hexadecimal digits.
func (c cardID) MarshalText() ([]byte, error) { return []byte(heed.CardID(c).String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (c *cardID) UnmarshalText(text []byte) error {
	d, err := heed.ParseDigest(string(text))
	*c = cardID(d)
	return err
}

// full is a list that is written even where it is empty, so that what is read
// back does not take up what stands in a template.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func slim[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// documentOf is the terms of an accord, to be written down.
func documentOf(a heed.Accord) document {
	d := document{
		Template: a.Template, Name: a.Name, Purpose: a.Purpose, Purposes: full(a.Purposes), LegalBasis: a.LegalBasis, Quorum: a.Quorum, MustRatify: full(a.MustRatify),
		Reply: span(a.Reply), Acknowledge: full(a.Acknowledge), RoleKeys: a.RoleKeys,
		Ceiling:    ceilingDocument{a.Ceiling.TLP, pap(a.Ceiling.PAP), full(a.Ceiling.PoliceCodes)},
		Forwarding: a.Forwarding, Disclosure: disclosureDocument(a.Disclosure),
		From: instant{a.From}, Until: instant{a.Until}, End: endDocument{a.End.Contents, span(a.End.After), a.End.Watches},
		Limitation: span(a.Limitation), Notice: span(a.Notice), Release: releaseTermsDocument{a.TwoOfficers, a.RightsCheck}, ReportHits: reporting(a.ReportHits),
		LapseNotice: span(a.LapseNotice),
		Screening:   screeningDocument{full(a.Screening.Types), span(a.Screening.Retention)}, SituationReport: span(a.SituationReport), Drills: span(a.Drills),
	}
	d.Members, d.Observers, d.Clocks, d.Postures = []memberDocument{}, []observerDocument{}, []clockDocument{}, []postureDocument{}
	for _, m := range a.Members {
		d.Members = append(d.Members, memberDocumentOf(m))
	}
	for _, o := range a.Observers {
		d.Observers = append(d.Observers, observerDocument{o.Party, cardID(o.Card)})
	}
	for _, c := range a.Clocks {
		d.Clocks = append(d.Clocks, clockDocument{Name: c.Name, Times: timesOf(c.Clock)})
	}
	for _, p := range a.Postures {
		d.Postures = append(d.Postures, postureDocument{p.Name, instant{p.From}, instant{p.Until}, p.Clock})
	}
	return d
}

func memberDocumentOf(m heed.Member) memberDocument {
	d := memberDocument{Party: m.Party, Card: cardID(m.Card)}
	for _, r := range m.Ladder {
		key, _ := m.Key(r.Role)
		d.Ladder = append(d.Ladder, rungDocument{r.Role, span(r.After), r.Telephone, r.Mail, r.Hours, r.Zone, r.Languages, key})
	}
	return d
}

// timesOf writes what all urgencies share under "default".
func timesOf(c heed.Clock) map[string]timesDocument {
	all := map[string]timesDocument{}
	for _, u := range heed.Urgencies() {
		all[string(u)] = timesDocument{}
		for _, kind := range heed.DutyKinds() {
			if t, ok := c.Of(kind, u); ok {
				all[string(u)][kind] = span(t)
			}
		}
	}
	first := all[string(heed.UrgencyImmediate)]
	for _, times := range all {
		if !maps.Equal(times, first) {
			return all
		}
	}
	return map[string]timesDocument{"default": first}
}

// terms is the accord that the document describes, without who proposes it.
func (d document) terms() heed.Accord {
	a := heed.Accord{
		Template: d.Template, Name: d.Name, Purpose: d.Purpose, Purposes: slim(d.Purposes), LegalBasis: d.LegalBasis, Quorum: d.Quorum, MustRatify: slim(d.MustRatify),
		Reply: time.Duration(d.Reply), Acknowledge: slim(d.Acknowledge), RoleKeys: d.RoleKeys,
		Ceiling:    heed.Ceiling{TLP: d.Ceiling.TLP, PAP: heed.PAP(d.Ceiling.PAP), PoliceCodes: slim(d.Ceiling.PoliceCodes)},
		Forwarding: d.Forwarding, Disclosure: heed.Disclosure(d.Disclosure),
		From: d.From.at, Until: d.Until.at, End: heed.Ending{Contents: d.End.Contents, After: time.Duration(d.End.After), Watches: d.End.Watches},
		Limitation: time.Duration(d.Limitation), Notice: time.Duration(d.Notice), TwoOfficers: d.Release.TwoOfficers, RightsCheck: d.Release.RightsCheck,
		ReportHits: heed.Reporting(d.ReportHits), LapseNotice: time.Duration(d.LapseNotice), Screening: heed.Screening{Types: slim(d.Screening.Types), Retention: time.Duration(d.Screening.Retention)},
		SituationReport: time.Duration(d.SituationReport), Drills: time.Duration(d.Drills),
	}
	for _, m := range d.Members {
		a.Members = append(a.Members, m.member())
	}
	for _, o := range d.Observers {
		a.Observers = append(a.Observers, heed.Observer{Party: o.Party, Card: heed.CardID(o.Card)})
	}
	for _, c := range d.Clocks {
		a.Clocks = append(a.Clocks, c.clock())
	}
	for _, p := range d.Postures {
		a.Postures = append(a.Postures, heed.Posture{Name: p.Name, From: p.From.at, Until: p.Until.at, Clock: p.Clock})
	}
	return a
}

func (d memberDocument) member() heed.Member {
	m := heed.Member{Party: d.Party, Card: heed.CardID(d.Card)}
	for _, r := range d.Ladder {
		m.Ladder = append(m.Ladder, heed.Rung{Role: r.Role, After: time.Duration(r.After), Telephone: r.Telephone, Mail: r.Mail, Hours: r.Hours, Zone: r.Zone, Languages: r.Languages})
		if r.SealingKey != "" {
			m.Keys = append(m.Keys, heed.RoleKey{Role: r.Role, Key: r.SealingKey})
		}
	}
	return m
}

// clock begins with the shipped profile that it names, goes on with what it
// says for every urgency, and then for each.
func (d clockDocument) clock() heed.NamedClock {
	c := heed.Clock{}
	if p, err := heed.ProfileNamed(d.Profile); err == nil {
		c = p.Clock
	}
	set := func(times timesDocument, urgencies ...heed.Urgency) {
		for kind, t := range times {
			if c[kind] == nil {
				c[kind] = map[heed.Urgency]time.Duration{}
			}
			for _, u := range urgencies {
				c[kind][u] = time.Duration(t)
			}
		}
	}
	set(d.Times["default"], heed.Urgencies()...)
	for _, u := range heed.Urgencies() {
		set(d.Times[string(u)], u)
	}
	return heed.NamedClock{Name: d.Name, Clock: c}
}

// profiles lists the names of the shipped clocks.
func profiles() []string {
	var names []string
	for _, p := range heed.Profiles() {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}
