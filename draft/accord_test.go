package draft

import (
	"crypto/sha256"
	"errors"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"heed"
	"heed/seal"
)

// held finds cards of north, south, east and harbour.
func held(p heed.PartyID) (heed.Card, bool) {
	if !slices.Contains([]heed.PartyID{"north.example", "south.example", "east.example", "harbour.example"}, p) {
		return heed.Card{}, false
	}
	return heed.Card{ID: heed.CardID(sha256.Sum256([]byte(p))), Party: p, Baseline: heed.DefaultBaseline()}, true
}

// terms is a valid document of thirteen lines, to which a test adds.
const terms = `name: Liaison
purpose: Warnings between two desks
purposes: [prevention]
legal-basis: Memorandum of 1 May 2026
members: [{party: south.example}, {party: north.example}]
clocks: [{name: normal, profile: urgent-police}]
reply: 7d
ceiling: {tlp: AMBER}
forwarding: ask-originator
disclosure: {counts: agreed, times: nobody, fields: nobody}
end: {contents: erase, after: 30d, watches: decide}
limitation: 5d12h
limitation-is-short: x
`

func written13(more string) string {
	return strings.Replace(terms, "limitation: 5d12h\nlimitation-is-short: x\n", "limitation: 1826d\n", 1) + more
}

func TestAccordErrorsNameLineFieldAndRemedy(t *testing.T) {
	ladder := "\n    ladder: [{role: duty-desk, telephone: '1'}]"
	for name, c := range map[string]struct {
		src  string
		want []string // "line path: words of problem and hint", "..." for anything
	}{
		"valid":                    {written13(""), nil},
		"misspelt key":             {terms, []string{"12 limitation: ends before contents", "13 limitation-is-short: not a key"}},
		"nothing but a name":       {"name: x\n", []string{"1 purpose: missing", "1 legal-basis: missing", "1 purposes: missing", "1 members: is empty ... 2 to", "1 clocks: is empty", "1 reply: 7d", "1 ceiling/tlp: missing", "1 forwarding: missing ... ask-originator", "1 disclosure/counts: missing", "1 disclosure/times: missing", "1 disclosure/fields: missing", "1 end/contents: missing", "1 end/watches: missing", "1 limitation: missing"}},
		"unknown template":         {"template: major-evnt\nname: x\n", []string{"1 template: not a template ... did you mean major-event? ... bilateral-liaison"}},
		"no template at all":       {"template: dance\n", []string{"1 template: ... one of bilateral-liaison, major-event"}},
		"unbounded event":          {"template: major-event\nmembers: [{party: north.example}, {party: south.example}]\n", []string{"1 until: bounded ... 2026"}},
		"bounded event":            {"template: major-event\nmembers: [{party: north.example}, {party: south.example}]\nuntil: 2026-07-20T00:00:00+02:00\n", nil},
		"ends before it starts":    {written13("from: 2026-07-20T00:00:00Z\nuntil: 2026-07-19T23:59:59Z\n"), []string{"14 until: ends before it starts ... later"}},
		"a day":                    {written13("until: 2026-07-20\n"), []string{"13 until: a day without a time ... +02:00"}},
		"no offset":                {written13("until: 2026-07-20T00:00:00\n"), []string{"13 until: no offset"}},
		"clock of zero":            {strings.Replace(written13(""), "profile: urgent-police", "profile: urgent-police, times: {Past: {answer: 0s}}", 1), []string{"6 clocks/0/times/Past/answer: is zero ... 15m"}},
		"reply of zero":            {strings.Replace(written13(""), "reply: 7d", "reply: 0s", 1), []string{"7 reply: is 0s ... 7d"}},
		"not a duration":           {strings.Replace(written13(""), "reply: 7d", "reply: a week", 1), []string{"7 reply: not a duration ... 15m"}},
		"unknown profile":          {strings.Replace(written13(""), "urgent-police", "urgent-polcie", 1), []string{"6 clocks/0/profile: not a shipped clock ... did you mean urgent-police?", "6 clocks/0/times/Immediate/acknowledge: missing"}},
		"quorum of half":           {written13("quorum: 1\n"), []string{"13 quorum: over half ... 2 to 2"}},
		"quorum in words":          {written13("quorum: all\n"), []string{"13 quorum: ... whole number"}},
		"member twice":             {strings.Replace(written13(""), "south", "north", 1), []string{"5 members/1/party: twice"}},
		"member of no card":        {strings.Replace(written13(""), "south", "west", 1), []string{"5 members/0/card: missing ... west.example", "5 members/0/ladder: missing"}},
		"no party's name":          {strings.Replace(written13(""), "south.example", "South", 1), []string{"5 members/0/party: north.example", "5 members/0/ladder: missing"}},
		"observer who must ratify": {written13("observers:\n  - party: harbour.example\nmust-ratify:\n  - harbour.example\n"), []string{"16 must-ratify/0: observer"}},
		"observer and member":      {written13("observers:\n  - party: north.example\n"), []string{"14 observers/0/party: twice"}},
		"ladder without keys":      {strings.Replace(written13("role-keys: true\n"), "members: [{party: south.example}, {party: north.example}]", "members:\n  - party: south.example"+ladder+"\n  - party: north.example"+ladder, 1), []string{"7 members/0/ladder/0/sealing-key: role-keys ... age1pq1", "9 members/1/ladder/0/sealing-key: role-keys"}},
		"damaged key":              {strings.Replace(written13(""), "{party: south.example}", "{party: south.example, ladder: [{role: duty-desk, telephone: '1', sealing-key: age1pq1qqqq}]}", 1), []string{"5 members/0/ladder/0/sealing-key: cut ... whole"}},
		"role of nobody":           {written13("acknowledge: [chef]\n"), []string{"5 members/0/ladder: lacks the role chef", "5 members/1/ladder: lacks the role chef"}},
		"unknown word":             {strings.Replace(written13(""), "ask-originator", "ask", 1), []string{"9 forwarding: one of never, ask-originator"}},
		"kept and erased":          {strings.Replace(written13(""), "contents: erase", "contents: keep", 1), []string{"11 end/after: although"}},
		"posture of no clock":      {written13("postures:\n  - {name: Final, from: 2026-07-19T00:00:00Z, until: 2026-07-20T00:00:00Z, clock: final}\n"), []string{"14 postures/0/clock: not the name of a clock"}},
		"posture without an end":   {written13("postures:\n  - {name: Final, from: 2026-07-19T00:00:00Z, clock: normal}\n"), []string{"14 postures/0/until: missing"}},
		"card that is none":        {strings.Replace(written13(""), "{party: south.example}", "{party: south.example, card: abc}", 1), []string{"5 members/0/card: not a SHA-256 value"}},
		"a list":                   {"- a\n", []string{"1 : a list"}},
		"empty":                    {"\n", []string{"1 : is empty"}},
		"tab":                      {"name:\n\t- x\n", []string{"2 : not YAML"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Accord("accord.yaml", []byte(c.src), Terms{Cards: held})
			got := problems(t, err)
			if err == nil {
				if err := a.CheckTerms(); err != nil {
					t.Errorf("it passed, but %v", err)
				}
			}
			if name == "unknown profile" && len(got) > 2 {
				got = got[:2] // every urgency lacks its times
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d complaints, want %d: %v", len(got), len(c.want), err)
			}
			for i, e := range got {
				place, words, _ := strings.Cut(c.want[i], ": ")
				if is := strconv.Itoa(e.Line) + " " + e.Path; is != place || !mentions(e.Error(), words) {
					t.Errorf("got %v\nwant %s", e, c.want[i])
				}
			}
		})
	}
}

func TestCardsFillIn(t *testing.T) {
	a, err := Accord("x.yaml", []byte(written13("observers: [{party: harbour.example}]\n")), Terms{Cards: held})
	if err != nil {
		t.Fatal(err)
	}
	card, _ := held("north.example")
	if a.Members[0].Party != "north.example" || a.Members[0].Card != card.ID || len(a.Members[0].Ladder) != 3 || a.Quorum != 2 || a.Observers[0].Card.IsZero() {
		t.Errorf("%+v", a)
	}
	if a.Limitation != 1826*24*time.Hour || a.Clocks[0].Clock[heed.DutyAssess][heed.UrgencyImmediate] != 8*time.Hour {
		t.Errorf("%+v", a)
	}
}

// An amendment says what changes.
func TestAccordOverItsBase(t *testing.T) {
	base, err := Accord("x.yaml", []byte(written13("notice: 7d\nfrom: 2026-06-01T00:00:00Z\nrelease: {two-officers: true, rights-check: true}\nacknowledge: [duty-desk]\n")), Terms{Cards: held})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Accord("y.yaml", []byte("notice: 0s\nfrom: none\nacknowledge: []\nrelease: {two-officers: false}\nmembers: [{party: north.example}, {party: south.example}, {party: east.example}]\n"), Terms{Base: base, Cards: held})
	if err != nil {
		t.Fatal(err)
	}
	if a.Name != "Liaison" || a.Notice != 0 || !a.From.IsZero() || a.Acknowledge != nil || a.TwoOfficers || !a.RightsCheck || len(a.Members) != 3 || a.Quorum != 2 || len(a.Members[2].Ladder) != 3 {
		t.Errorf("%+v", a)
	}
	if _, err := Accord("y.yaml", []byte("template: hits\n"), Terms{Base: base, Cards: held}); err == nil || !strings.Contains(err.Error(), "leave it out") {
		t.Errorf("another template for what is amended: %v", err)
	}
}

// Each template passes once its members, and its end where it has one, are
// filled in; and reads back from what is written of it.
func TestTemplates(t *testing.T) {
	if len(Templates()) != 7 {
		t.Errorf("%v", Templates())
	}
	for _, name := range Templates() {
		a, err := Template(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a.Template != name || len(a.Members) != 0 {
			t.Errorf("%s: template %q, %d members", name, a.Template, len(a.Members))
		}
		a, err = WithMembers(a, []heed.PartyID{"south.example", "north.example", "east.example"}, held)
		if err != nil {
			t.Fatal(err)
		}
		if templateBounded := name == "major-event"; templateBounded {
			a.From, a.Until = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 20, 0, 0, 0, 5e6, time.UTC)
		}
		if err := a.CheckTerms(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		same(t, name, a)
		short, err := Accord("z.yaml", []byte("template: "+name+"\nuntil: 2030-01-01T00:00:00Z\nmembers: [{party: north.example}, {party: south.example}]\n"), Terms{Cards: held})
		if err != nil || short.Template != name || short.Name != a.Name {
			t.Errorf("%s by name: %+v, %v", name, short, err)
		}
	}
	var invalid *heed.Invalid
	if _, err := Template("../accord"); !errors.As(err, &invalid) || !strings.Contains(invalid.Hint, "major-event") {
		t.Errorf("%v", err)
	}
	if _, err := WithMembers(heed.Accord{}, []heed.PartyID{"west.example"}, held); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "west.example") {
		t.Errorf("%v", err)
	}
}

// The clocks of the templates are those of their sources.
func TestClocksOfTemplates(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    heed.DutyKind
		urgency heed.Urgency
		want    time.Duration
	}{
		{"major-event", heed.DutyAcknowledge, heed.UrgencyFuture, 15 * time.Minute},
		{"major-event", heed.DutyAssess, heed.UrgencyFuture, 2 * time.Hour},
		{"urgent-police", heed.DutyAnswer, heed.UrgencyImmediate, 8 * time.Hour},
		{"urgent-police", heed.DutyAnswer, heed.UrgencyExpected, 72 * time.Hour},
		{"urgent-police", heed.DutyAnswer, heed.UrgencyUnknown, 7 * 24 * time.Hour},
		{"hits", heed.DutyReview, heed.UrgencyImmediate, 12 * time.Hour},
		{"public-health", heed.DutyAnswer, heed.UrgencyImmediate, 24 * time.Hour},
		{"coordinated-disclosure", heed.DutyAcknowledge, heed.UrgencyImmediate, 7 * 24 * time.Hour},
		{"coordinated-disclosure", heed.DutyReport, heed.UrgencyImmediate, 90 * 24 * time.Hour},
	} {
		a, err := Template(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := a.Clocks[0].Clock.Of(c.kind, c.urgency); got != c.want {
			t.Errorf("%s: %s/%s is %s, want %s", c.name, c.kind, c.urgency, got, c.want)
		}
	}
	event, err := Template("major-event")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(event.Screening.Types, heed.RecordAccreditation) || event.SituationReport != 24*time.Hour || event.ReportHits != heed.ReportConfirmed {
		t.Errorf("%+v", event)
	}
}

// same checks that the terms read back from YAML and from JSON.
func same(t *testing.T, name string, a heed.Accord) {
	t.Helper()
	for suffix, write := range map[string]func(heed.Accord) ([]byte, error){".yaml": AccordSource, ".json": AccordJSON} {
		src, err := write(a)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Accord(name+suffix, src, Terms{})
		if err != nil || !reflect.DeepEqual(again, a) {
			t.Errorf("%s%s reads back as\n%+v, %v\nand was\n%+v\n%s", name, suffix, again, err, a, src)
		}
	}
}

func TestFullAccordReadsBack(t *testing.T) {
	key, err := seal.ParseSealingKey("AGE-SECRET-KEY-PQ-1M8JVM4L7UXMHHL9RND6X9VRSFPJPEJ9MV4Y6T9380WSX44GZYVJQDDDF84")
	if err != nil {
		t.Fatal(err)
	}
	a := fullAccord(t)
	a.Members[0].Keys = []heed.RoleKey{{Role: "head-of-desk", Key: key.Recipient().String()}}
	same(t, "full", a)
	a.ReportHits, a.LapseNotice = heed.ReportConfirmed, 0
	a.Template, a.Drills, a.Notice, a.SituationReport, a.Acknowledge, a.Ceiling.PAP, a.Screening = "major-event", 0, 0, 0, nil, "", heed.Screening{}
	a.Postures, a.TwoOfficers = nil, false
	same(t, "without what its template has", a)
}

func fullAccord(t testing.TB) heed.Accord {
	t.Helper()
	a, err := Accord("full.yaml", []byte(written13(`observers: [{party: harbour.example}]
must-ratify: [south.example]
acknowledge: [head-of-desk, duty-desk]
from: 2026-06-01T00:00:00+02:00
until: 2026-07-20T00:00:00.005Z
postures:
  - {name: "Final: the 'last' #1", from: 2026-07-19T00:00:00Z, until: 2026-07-20T00:00:00Z, clock: normal}
notice: 1d12h30m
release: {two-officers: true}
report-hits: never
lapse-notice: 14d
screening: {types: [visa, accreditation], retention: 36h}
situation-report: 1d
drills: 90m
`)), Terms{Cards: held})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSpanText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 15 * time.Minute: "15m", 36 * time.Hour: "1d12h", 90 * 24 * time.Hour: "90d", 1500 * time.Millisecond: "1s500ms", 100 * time.Millisecond: "100ms", heed.MaxLimitation: "10980d",
	} {
		if got := SpanText(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(heed.MaxLimitation)).Draw(t, "span"))
		if got, err := Span(SpanText(d)); err != nil || got != d {
			t.Fatalf("%s is written %s and read %s, %v", d, SpanText(d), got, err)
		}
	})
}

func TestAccordForPeople(t *testing.T) {
	a := fullAccord(t)
	a.ID, a.Number, a.Proposer, a.Time, a.Node = heed.VersionID{1}, 1, "north.example", time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), "key"
	text := AccordText(a)
	for _, want := range []string{
		"Accord             Liaison\n", "a reply owed within 7d", "2 of 2 members, south.example among them", "head-of-desk, duty-desk, each for itself",
		"Observer           harbour.example", "duty-desk after 0s: +000 0000, 24/7, UTC, en", "acknowledge: Immediate 1h, Expected 8h, Future 1d", "Posture            Final: the 'last' #1: normal, 2026-07-19T00:00:00Z to",
		"TLP:AMBER, PAP:any, police codes none", "with the originator's consent only", "counts: what both sides have signed", "by a second officer", "accreditation, visa; records kept for 1d12h",
		"erased after 30d", "with notice of 1d12h30m", "2026-05-31T22:00:00Z", "2026-07-20T00:00:00.005Z",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	a.Clocks[0].Clock[heed.DutyAcknowledge] = map[heed.Urgency]time.Duration{}
	for _, u := range heed.Urgencies() {
		a.Clocks[0].Clock[heed.DutyAcknowledge][u] = time.Hour
	}
	if text := AccordText(a); !strings.Contains(text, "acknowledge: 1h, whatever the urgency\n") {
		t.Errorf("five times the same:\n%s", text)
	}
	act := func(n byte, kind heed.AccordActKind, p heed.PartyID, clause heed.Clause, reason string) heed.AccordAct {
		return heed.AccordAct{ID: heed.AccordActID{n}, Kind: kind, Accord: a.AccordID(), Version: a.ID, Party: p, Clause: clause, Reason: reason, Time: a.Time.Add(time.Duration(n) * time.Hour)}
	}
	acts := []heed.AccordAct{
		act(1, heed.AccordRatification, "north.example", "", ""), act(2, heed.AccordReservation, "south.example", "drills", "no staff"),
		act(3, heed.AccordDecline, "south.example", "", "changed our mind"), act(4, heed.AccordRatification, "west.example", "", ""),
	}
	now := a.From.Add(time.Hour)
	standing := StandingText(heed.StandingOf(a.AccordID(), []heed.Accord{a}, acts, now))
	for _, want := range []string{
		"State              in-force\n", "since 2026-05-31T22:00:00Z", "ratified (1): north.example", "reserved (1): south.example", "south.example is not bound by drills: no staff",
		"Bound              north.example, south.example", "03000000: the party has reserved this version", "04000000: west.example is no member",
	} {
		if !strings.Contains(standing, want) {
			t.Errorf("lacks %q:\n%s", want, standing)
		}
	}
	later := a
	later.ID, later.Accord, later.Parent, later.Number, later.Members = heed.VersionID{2}, a.AccordID(), a.ID, 2, a.Members
	gone := act(5, heed.AccordWithdrawal, "south.example", "", "")
	gone.Time = now
	standing = StandingText(heed.StandingOf(a.AccordID(), []heed.Accord{a, later}, append(acts, gone), now.Add(time.Hour)))
	for _, want := range []string{"State              amending", "Leaves             south.example, 2026-06-02T11:30:00Z", "silent (2)"} {
		if !strings.Contains(standing, want) {
			t.Errorf("lacks %q:\n%s", want, standing)
		}
	}
	standing = StandingText(heed.StandingOf(a.AccordID(), []heed.Accord{a}, append(acts, gone), now.Add(48*time.Hour)))
	if !strings.Contains(standing, "as so many left that no quorum remains") || !strings.Contains(standing, "Withdrawn          south.example") {
		t.Errorf("%s", standing)
	}
}

// The schema, the document, the lists and the page say the same.
func TestAccordSchemaFits(t *testing.T) {
	schema, err := accordSchema()
	if err != nil {
		t.Fatal(err)
	}
	fitsDocument(t, "", schema, reflect.TypeFor[document]())
	for path, want := range map[string]any{
		"purposes/0": heed.Purposes(), "ceiling/tlp": heed.TLPs(), "ceiling/pap": append(heed.PAPs(), "none"), "ceiling/police-codes/0": heed.PoliceCodes(),
		"forwarding": heed.ForwardingRules(), "disclosure/counts": heed.Publishers(), "disclosure/times": heed.Publishers(), "disclosure/fields": heed.Publishers(),
		"end/contents": heed.ContentsEnds(), "end/watches": heed.WatchesEnds(), "screening/types/0": heed.RecordTypes(),
	} {
		s, list := at(schema, strings.Split(path, "/")), reflect.ValueOf(want)
		if s.Enum == nil || len(s.Enum.Values) != list.Len() {
			t.Errorf("%s: the words differ", path)
			continue
		}
		for i, v := range s.Enum.Values {
			if v != list.Index(i).String() {
				t.Errorf("%s: %v, want %v", path, v, list.Index(i))
			}
		}
	}
	times := at(schema, []string{"clocks", "0", "times"})
	if len(times.Properties) != len(heed.Urgencies())+1 {
		t.Error("the urgencies differ")
	}
	for _, column := range append([]string{"default"}, strings.Fields(listedUrgencies())...) {
		for _, kind := range heed.DutyKinds() {
			if p, ok := times.Properties[column]; !ok || resolve(p).Properties[string(kind)] == nil {
				t.Errorf("%s/%s is not in the schema", column, kind)
			}
		}
	}
	page, err := os.ReadFile("../docs/accords.md")
	if err != nil {
		t.Fatal(err)
	}
	for key := range schema.Properties {
		if !strings.Contains(string(page), "`"+key) {
			t.Errorf("docs/accords.md lacks the key %s", key)
		}
	}
	for _, name := range Templates() {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/accords.md lacks the template %s", name)
		}
	}
	for _, clause := range heed.Clauses() {
		if schema.Properties[string(clause)] == nil {
			t.Errorf("the clause %s is no key", clause)
		}
	}
	if !slices.Equal(AccordSchema(), accordSchemaText) {
		t.Error("the published schema differs")
	}
}

func listedUrgencies() string { return strings.ReplaceAll(listed(heed.Urgencies()), ",", "") }

func fitsDocument(t *testing.T, path string, s *jsonschema.Schema, typ reflect.Type) {
	t.Helper()
	s = resolve(s)
	switch {
	case s == nil:
		t.Errorf("%s: not in the schema", path)
	case typ.Kind() == reflect.Slice:
		fitsDocument(t, path+"/0", s.Items2020, typ.Elem())
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[instant]():
		if s.AdditionalProperties != false || len(s.Properties) != typ.NumField() {
			t.Errorf("%s: %d keys, want %d and no other", path, len(s.Properties), typ.NumField())
		}
		for f := range typ.Fields() {
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if other, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); other != key {
				t.Errorf("%s is %s in YAML", key, other)
			}
			fitsDocument(t, path+"/"+key, s.Properties[key], f.Type)
		}
	case typ.Kind() == reflect.Bool && !wants(s, "boolean"), typ.Kind() == reflect.Int && !wants(s, "integer"), typ == reflect.TypeFor[span]() && (s.Format == nil || s.Format.Name != "span"), typ == reflect.TypeFor[instant]() && (s.Format == nil || s.Format.Name != "instant"):
		t.Errorf("%s: another type", path)
	}
}

func FuzzAccord(f *testing.F) {
	f.Add("x.yaml", []byte(terms))
	f.Add("x.yaml", []byte(written13("")))
	for _, name := range Templates() {
		src, err := TemplateSource(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name+".yaml", append(src, "members: [{party: north.example}, {party: south.example}]\nuntil: 2030-01-01T00:00:00Z\n"...))
		f.Add("x.yaml", []byte("template: "+name+"\nmembers: [{party: north.example}, {party: south.example}]\nuntil: 2030-01-01T00:00:00Z\n"))
	}
	src, err := AccordJSON(fullAccord(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("x.json", src)
	f.Add("x.yaml", []byte("clocks: [{name: a, times: {default: {answer: null}}}]\nmembers: [null, {party: }]\n"))
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		a, err := Accord(name, src, Terms{Cards: held})
		if err != nil {
			for _, e := range problems(t, err) {
				if e.Line < 1 || e.Problem == "" {
					t.Fatalf("complaint without a place: %v", e)
				}
			}
			return
		}
		if err := a.CheckTerms(); err != nil {
			t.Fatalf("it passed, but %v", err)
		}
		again, err := AccordSource(a)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := Accord("again.yaml", again, Terms{}); err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("reads back as %+v, %v\nand was %+v\n%s", b, err, a, again)
		}
		if AccordText(a) == "" {
			t.Fatal("nothing to read")
		}
	})
}

// Which hits are reported has words; true and false, which there were before them,
// still say the same, and nothing else does.
func TestWordsForReportingHits(t *testing.T) {
	for word, want := range map[string]heed.Reporting{
		"confirmed": heed.ReportConfirmed, "asked": heed.ReportAsked, "never": heed.ReportNever,
		"true": heed.ReportConfirmed, "false": heed.ReportAsked, `"never"`: heed.ReportNever,
	} {
		a, err := Accord("terms.yaml", []byte(written13("report-hits: "+word+"\n")), Terms{Cards: held})
		if err != nil || a.ReportHits != want {
			t.Errorf("%s: %s, %v", word, a.ReportHits, err)
		}
	}
	for _, wrong := range []string{"report-hits: yes\n", "report-hits: sometimes\n", "report-hits: 1\n", "lapse-notice: 733d\n", "lapse-notice: -1d\n", "lapse-notice: soon\n"} {
		if _, err := Accord("terms.yaml", []byte(written13(wrong)), Terms{Cards: held}); !errors.As(err, new(*Error)) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
