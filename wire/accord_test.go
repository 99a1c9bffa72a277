package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/seal"
)

// accordVectors were made by testdata/accord-vectors.py, which shares nothing
// with this package.
type accordVectors struct {
	Accords      []struct{ Name, ID, Note string }
	Acts         []struct{ Name, ID, Note string }
	Refused      []struct{ Name, Type, Note string }
	Files        []bytesVector
	RefusedFiles []bytesVector
}

func readAccordVectors(t testing.TB) accordVectors {
	t.Helper()
	text, err := os.ReadFile("testdata/accord-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v accordVectors
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func accordParsers() map[string]func([]byte) (string, error) {
	return map[string]func([]byte) (string, error){
		"accord": func(b []byte) (string, error) { a, err := ParseAccord(b); return AccordText(a), err },
		"act":    func(b []byte) (string, error) { a, err := ParseAccordAct(b); return AccordActText(a), err },
	}
}

// accordNotes is every accord and act of the vectors.
func accordNotes(t testing.TB) []signedNote {
	t.Helper()
	v := readAccordVectors(t)
	var all []signedNote
	for _, a := range v.Accords {
		all = append(all, signedNote{"accord", "accord/" + a.Name, []byte(a.Note)})
	}
	for _, a := range v.Acts {
		all = append(all, signedNote{"act", "act/" + a.Name, []byte(a.Note)})
	}
	return all
}

const day = 24 * time.Hour

func uniformClock(acknowledge, others time.Duration, kinds ...heed.DutyKind) heed.Clock {
	c := heed.Clock{}
	for _, kind := range append(kinds, heed.DutyAcknowledge) {
		c[kind] = map[heed.Urgency]time.Duration{}
		for _, u := range heed.Urgencies() {
			if c[kind][u] = others; kind == heed.DutyAcknowledge {
				c[kind][u] = acknowledge
			}
		}
	}
	return c
}

func accordMembers() (n, s, e heed.Member) {
	n = heed.Member{Party: north, Card: heed.CardID(digestOf("card of north")), Ladder: heed.Ladder{
		{Role: "duty-desk", Telephone: "+000 0100", Mail: "desk@north.example", Hours: "24/7", Zone: "Europe/Vienna", Languages: "de en"},
		{Role: "head-of-desk", After: time.Hour, Telephone: "+000 0101"},
	}}
	s = heed.Member{Party: south, Card: heed.CardID(digestOf("card of south")), Ladder: heed.Ladder{
		{Role: "duty-desk", Mail: "desk@south.example", Hours: "24/7", Zone: "UTC"},
	}}
	e = heed.Member{Party: "east.example", Card: heed.CardID(digestOf("card of east")), Ladder: heed.Ladder{
		{Role: "duty-desk", Telephone: "+000 0300"}, {Role: "head-of-desk", After: 30 * time.Minute, Telephone: "+000 0301"},
	}}
	return n, s, e
}

func liaison() heed.Accord {
	n, s, _ := accordMembers()
	return heed.Accord{
		Number: 1, Proposer: north, Time: time.Date(2026, 5, 2, 9, 0, 0, 250e6, time.UTC), Name: "Liaison north and south",
		Purpose: "Warnings between two desks", LegalBasis: "Memorandum of 1 May 2026", Purposes: []heed.Purpose{heed.PurposePrevention},
		Members: []heed.Member{s, n}, Quorum: 2, Reply: 7 * day,
		Clocks:  []heed.NamedClock{{Name: "normal", Clock: uniformClock(time.Hour, 8*time.Hour, heed.DutyAssess, heed.DutyAnswer)}},
		Ceiling: heed.Ceiling{TLP: heed.TLPRed}, Forwarding: heed.ForwardAsk,
		Disclosure: heed.Disclosure{Counts: heed.PublishAgreed, Times: heed.PublishNobody, Fields: heed.PublishNobody},
		End:        heed.Ending{Contents: heed.ContentsKeep, Watches: heed.WatchesDecide}, Limitation: 1825 * day,
		Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
	}
}

func games(t testing.TB) heed.Accord {
	n, s, e := accordMembers()
	s.Ladder = append(s.Ladder, heed.Rung{Role: "head-of-desk", After: time.Minute, Telephone: "+000 0201"})
	e.Keys = []heed.RoleKey{{Role: "head-of-desk", Key: sealingKey(t).Recipient().String()}}
	all := []heed.DutyKind{heed.DutyAssess, heed.DutyAnswer, heed.DutyReport, heed.DutyConclude, heed.DutyReview, heed.DutyRatify, heed.DutyDecide}
	on := func(month, day, hour int) time.Time {
		return time.Date(2026, time.Month(month), day, hour, 0, 0, 0, time.UTC)
	}
	return heed.Accord{
		Number: 1, Renews: heed.AccordID(accordVectorID(t, "first")), Proposer: south, Time: on(5, 3, 0), Template: "major-event",
		Name: "Spiele 2026 (Sicherheit)", Purpose: "Sécurité des jeux: avant, pendant, après", LegalBasis: "CETS No. 218, Articles 5 and 11",
		Purposes: []heed.Purpose{heed.PurposeEventSecurity, heed.PurposeProtectionOfLife, heed.PurposePrevention},
		Members:  []heed.Member{n, s, e}, Observers: []heed.Observer{{Party: "harbour.example", Card: heed.CardID(digestOf("card of harbour"))}},
		Quorum: 2, MustRatify: []heed.PartyID{north, "east.example"}, Reply: 2 * day, Acknowledge: []string{"head-of-desk", "duty-desk"},
		Clocks: []heed.NamedClock{
			{Name: "normal", Clock: uniformClock(time.Hour, 8*time.Hour, heed.DutyAssess, heed.DutyAnswer)},
			{Name: "match-day", Clock: uniformClock(15*time.Minute, 2*time.Hour, all...)},
		},
		Ceiling:    heed.Ceiling{TLP: heed.TLPAmberStrict, PAP: heed.PAPGreen, PoliceCodes: []heed.PoliceCode{heed.H3, heed.H0, heed.H1, heed.H2}},
		Forwarding: heed.ForwardMembers, Disclosure: heed.Disclosure{Counts: heed.PublishMember, Times: heed.PublishOwn, Fields: heed.PublishAgreed},
		From: on(6, 1, 0), Until: on(7, 20, 0),
		Postures: []heed.Posture{
			{Name: "Opening", From: on(6, 11, 12), Until: on(6, 12, 4), Clock: "match-day"},
			{Name: "Group stage", From: on(6, 12, 4), Until: on(7, 19, 0), Clock: "normal"},
			{Name: "Final | Finale", From: on(7, 19, 0), Until: on(7, 20, 0), Clock: "match-day"},
		},
		End: heed.Ending{Contents: heed.ContentsErase, After: 30 * day, Watches: heed.WatchesLapse}, Limitation: 1825 * day, Notice: day,
		TwoOfficers: true, RightsCheck: true, ReportHits: heed.ReportConfirmed, SituationReport: day, Drills: 7 * day,
		Screening: heed.Screening{Types: heed.RecordTypes(), Retention: 30 * day},
		Officers:  []heed.OfficerStamp{{Role: heed.Releaser}, {Role: heed.Supervisor}},
	}
}

func accordVectorID(t testing.TB, name string) heed.Digest {
	t.Helper()
	for _, a := range readAccordVectors(t).Accords {
		if a.Name == name {
			d, err := heed.ParseDigest(a.ID)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
	}
	t.Fatalf("there is no accord %q", name)
	return heed.Digest{}
}

func TestAccordVectors(t *testing.T) {
	v := readAccordVectors(t)
	amendment := liaison()
	first := accordVectorID(t, "first")
	amendment.Accord, amendment.Parent, amendment.Number = heed.AccordID(first), heed.VersionID(first), 2
	never := liaison()
	never.ReportHits, never.LapseNotice = heed.ReportNever, 7*day
	for i, c := range []struct {
		a        heed.Accord
		node     heed.PartyID
		officers []string
	}{
		{liaison(), north, []string{anna}},
		{games(t), south, []string{cleo, dario}},
		{amendment, north, []string{anna}},
		{never, north, []string{anna}},
	} {
		want := v.Accords[i]
		var keys []seal.SigningKey
		for _, o := range c.officers {
			keys = append(keys, testKey(t, o))
		}
		signed, note, err := SignAccord(c.a, nodeOf(t, c.node), keys...)
		if err != nil || string(note) != want.Note || signed.ID.String() != want.ID {
			t.Errorf("%s: %v, got\n%s\nwant\n%s", want.Name, err, note, want.Note)
			continue
		}
		read, err := ParseAccord([]byte(want.Note))
		if err != nil || !reflect.DeepEqual(read, signed) {
			t.Errorf("%s: %v, read %+v\nsigned %+v", want.Name, err, read, signed)
		}
		if kept, err := ReadAccord(note); err != nil || !reflect.DeepEqual(kept, signed) {
			t.Errorf("%s: %v", want.Name, err)
		}
		clear := signed.Canonical()
		clear.ID = signed.ID
		if !reflect.DeepEqual(clear, signed) {
			t.Errorf("%s is read in another order", want.Name)
		}
	}
	if len(v.Accords) != 4 {
		t.Errorf("%d accords", len(v.Accords))
	}
}

func TestAccordActVectors(t *testing.T) {
	v := readAccordVectors(t)
	first, second := accordVectorID(t, "first"), accordVectorID(t, "amendment")
	on := func(year, month, day int) time.Time {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	}
	act := func(kind heed.AccordActKind, edits ...func(*heed.AccordAct)) heed.AccordAct {
		a := heed.AccordAct{Kind: kind, Accord: heed.AccordID(first), Version: heed.VersionID(second), Party: south, Time: time.Date(2026, 5, 4, 10, 0, 0, 1e6, time.UTC)}
		for _, edit := range edits {
			edit(&a)
		}
		return a
	}
	of := func(p heed.PartyID) func(*heed.AccordAct) { return func(a *heed.AccordAct) { a.Party = p } }
	because := func(reason string) func(*heed.AccordAct) { return func(a *heed.AccordAct) { a.Reason = reason } }
	samples := []struct {
		a        heed.AccordAct
		officers string
	}{
		{act(heed.AccordRatification, of(north)), "supervisor " + anna},
		{act(heed.AccordRatification), "releaser " + cleo + " supervisor " + dario},
		{act(heed.AccordReservation, because("Article 7 of our law keeps figures: none are published"), func(a *heed.AccordAct) { a.Clause = "disclosure" }), "supervisor " + dario},
		{act(heed.AccordDecline, because("nicht zuständig")), "releaser " + cleo},
		{act(heed.AccordSuspension), "supervisor " + dario},
		{act(heed.AccordSuspension, because("our network is being rebuilt"), func(a *heed.AccordAct) { a.Until = on(2026, 5, 5) }), "supervisor " + dario},
		{act(heed.AccordResumption), "supervisor " + dario},
		{act(heed.AccordWithdrawal, of(north)), "releaser " + ben},
		{act(heed.AccordWithdrawal, of(north), because("none"), func(a *heed.AccordAct) { a.From = on(2027, 1, 1) }), "releaser " + ben},
	}
	if len(samples) != len(v.Acts) {
		t.Fatalf("%d acts", len(v.Acts))
	}
	for i, c := range samples {
		want := v.Acts[i]
		words := strings.Fields(c.officers)
		var keys []seal.SigningKey
		for j := 0; j < len(words); j += 2 {
			c.a.Officers = append(c.a.Officers, heed.OfficerStamp{Role: heed.Role(words[j])})
			keys = append(keys, testKey(t, words[j+1]))
		}
		signed, note, err := SignAccordAct(c.a, nodeOf(t, c.a.Party), keys...)
		if err != nil || string(note) != want.Note || signed.ID.String() != want.ID {
			t.Errorf("%s: %v, got\n%s\nwant\n%s", want.Name, err, note, want.Note)
			continue
		}
		read, err := ParseAccordAct([]byte(want.Note))
		if err != nil || !reflect.DeepEqual(read, signed) {
			t.Errorf("%s: %v, read %+v\nsigned %+v", want.Name, err, read, signed)
		}
		if kept, err := ReadAccordAct(note); err != nil || !reflect.DeepEqual(kept, signed) {
			t.Errorf("%s: %v", want.Name, err)
		}
	}
}

func TestRefusedAccordVectors(t *testing.T) {
	v := readAccordVectors(t)
	if len(v.Refused) < 60 {
		t.Errorf("only %d", len(v.Refused))
	}
	for _, r := range v.Refused {
		_, err := accordParsers()[r.Type]([]byte(r.Note))
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
			t.Errorf("%s %q: %v", r.Type, r.Name, err)
		}
	}
}

// What is signed in the place of a text is refused, or is the one spelling of
// something else.
func TestOneSpellingOfAccords(t *testing.T) {
	free := []string{"name: ", "purpose: ", "legal-basis: ", "reason: ", "posture: ", "rung: "}
	lists := []string{
		"use: ", "must-ratify: ", "acknowledge: ", "police-code: ", "screen: ", "clock: ", "response: ", "posture: ", "member: ", "rung: ", "role-key: ",
		"observer: ", "officer: ", "template: ", "reason: ", "name: ", "purpose: ", "legal-basis: ", "version: ", "lapse-notice: ",
	}
	for _, n := range accordNotes(t) {
		text, keys := n.split(t)
		parse := accordParsers()[n.kind]
		if again, err := parse(n.note); err != nil || again != text {
			t.Fatalf("%s: %v, written again as %q", n.name, err, again)
		}
		seen := map[string]bool{}
		for _, m := range mutations(text) {
			_, line, _ := strings.Cut(m.name, `("`)
			name, _, _ := strings.Cut(line, ": ")
			if n.kind == "accord" && seen[name+m.name[strings.LastIndex(m.name, ")")+1:]] {
				continue // a clock has many alike lines
			}
			seen[name+m.name[strings.LastIndex(m.name, ")")+1:]] = true
			again, err := parse(rawNote(t, m.text, keys...))
			of := func(names []string) bool {
				return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(line, name) })
			}
			switch {
			case err == nil && again != m.text:
				t.Errorf("%s, %s: accepted, and written again differently", n.name, m.name)
			case err == nil && !of(free) && !of(lists):
				t.Errorf("%s, %s: accepted", n.name, m.name)
			case err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature):
				t.Errorf("%s, %s: %v is neither ErrMalformed nor ErrSignature", n.name, m.name, err)
			}
		}
	}
}

func TestAccordsCutOrExtended(t *testing.T) {
	for _, n := range accordNotes(t) {
		parse := accordParsers()[n.kind]
		for i := 0; i < len(n.note); i += 1 + len(n.note)/300 {
			if _, err := parse(n.note[:i]); !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
				t.Fatalf("%s cut to %d bytes: %v", n.name, i, err)
			}
		}
		for _, more := range []string{"\n", " ", "x", "\x00"} {
			if _, err := parse(append(slices.Clone(n.note), more...)); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s with %q added: %v", n.name, more, err)
			}
		}
	}
}

// An accord is read as nothing else, and nothing else as an accord.
func TestAccordsAreNothingElse(t *testing.T) {
	for _, n := range accordNotes(t) {
		for kind, parse := range parsers() {
			if _, err := parse(n.note); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s read as a %s: %v", n.name, kind, err)
			}
		}
	}
	for _, n := range slices.Concat(allNotes(t), accordNotes(t)) {
		for kind, parse := range accordParsers() {
			if _, err := parse(n.note); n.kind != kind && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s read as an %s: %v", n.name, kind, err)
			}
		}
	}
}

func TestSignersOfAccords(t *testing.T) {
	a := liaison()
	if _, _, err := SignAccord(a, nodeOf(t, north)); err == nil {
		t.Error("signed without its officer")
	}
	if _, _, err := SignAccord(a, nodeOf(t, south), testKey(t, anna)); !errors.Is(err, ErrMalformed) {
		t.Errorf("signed by another node: %v", err)
	}
	a.Quorum = 1
	var field *heed.FieldError
	if _, _, err := SignAccord(a, nodeOf(t, north), testKey(t, anna)); !errors.As(err, &field) || field.Path != "quorum" {
		t.Errorf("signed with a quorum of half: %v", err)
	}
	act := heed.AccordAct{Kind: heed.AccordRatification, Accord: heed.AccordID{1}, Version: heed.VersionID{1}, Party: south, Time: at(0), Officers: []heed.OfficerStamp{{Role: heed.Supervisor}}}
	if _, _, err := SignAccordAct(act, nodeOf(t, south)); err == nil {
		t.Error("an act signed without its officer")
	}
	if _, _, err := SignAccordAct(act, nodeOf(t, north), testKey(t, dario)); !errors.Is(err, ErrMalformed) {
		t.Errorf("an act signed by another node: %v", err)
	}
	act.Reason = "x"
	if _, _, err := SignAccordAct(act, nodeOf(t, south), testKey(t, dario)); !errors.As(err, &field) || field.Path != "reason" {
		t.Errorf("an act with a reason that it has not: %v", err)
	}
}

// The largest accord can be signed and read, and its text grows by its members.
func TestLargestAccord(t *testing.T) {
	a := liaison()
	n, _, _ := accordMembers()
	a.Members = []heed.Member{n}
	for i := 1; i < heed.MaxMembers; i++ {
		n.Party = heed.PartyID(fmt.Sprintf("agency-%04d.state-%03d.example", i%50, i))
		a.Members = append(a.Members, n)
	}
	a.Quorum = heed.OverHalf(len(a.Members))
	signed, note, err := SignAccord(a, nodeOf(t, north), testKey(t, anna))
	if err != nil {
		t.Fatal(err)
	}
	if len(note) > MaxAccord/4 {
		t.Errorf("%d bytes", len(note))
	}
	if read, err := ParseAccord(note); err != nil || read.ID != signed.ID {
		t.Error(err)
	}
	a.Members = append(a.Members, heed.Member{Party: "z.example", Card: n.Card, Ladder: n.Ladder})
	a.Quorum++
	if _, _, err := SignAccord(a, nodeOf(t, north), testKey(t, anna)); err == nil {
		t.Error("one too many")
	}
}

func fuzzAccords(f *testing.F, kind string) {
	for _, n := range accordNotes(f) {
		if n.kind == kind {
			f.Add(n.note)
		}
	}
	for _, r := range readAccordVectors(f).Refused {
		if r.Type == kind {
			f.Add([]byte(r.Note))
		}
	}
	parse := accordParsers()[kind]
	f.Fuzz(func(t *testing.T, note []byte) {
		text, err := parse(note)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrSignature) {
				t.Fatalf("neither ErrMalformed nor ErrSignature: %v", err)
			}
			return
		}
		signed, lines, err := seal.SplitNote(note, len(note), MaxSignatures)
		if err != nil || signed != text {
			t.Fatalf("written again as %q, %v", text, err)
		}
		if again, err := seal.JoinNote(text, lines); err != nil || !bytes.Equal(again, note) {
			t.Fatalf("joined again as %q, %v", again, err)
		}
	})
}

func FuzzParseAccord(f *testing.F)    { fuzzAccords(f, "accord") }
func FuzzParseAccordAct(f *testing.F) { fuzzAccords(f, "act") }

// FuzzAccordTexts goes past the signatures, which no fuzzer can make.
func FuzzAccordTexts(f *testing.F) {
	for _, n := range accordNotes(f) {
		text, _ := n.split(f)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAccordText(text)
		if err == nil && (AccordText(a) != text || a.Check() != nil) {
			t.Fatalf("written again as %q, %v", AccordText(a), a.Check())
		}
		if err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatalf("not ErrMalformed: %v", err)
		}
		act, actErr := parseAccordActText(text)
		if actErr == nil && (AccordActText(act) != text || act.Check() != nil) {
			t.Fatalf("written again as %q, %v", AccordActText(act), act.Check())
		}
		if actErr != nil && !errors.Is(actErr, ErrMalformed) {
			t.Fatalf("not ErrMalformed: %v", actErr)
		}
		if err == nil && actErr == nil {
			t.Fatal("read as two things")
		}
	})
}
