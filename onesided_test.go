package heed

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A contact's name can be no party's, and a party's no contact's.
func TestNamesOfContactsAndParties(t *testing.T) {
	for _, name := range []string{"harbour-ops", "a", "112", strings.Repeat("a", 40)} {
		if _, err := ParseContactID(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := ParsePartyID(name); err == nil {
			t.Errorf("%q is a party's name, too", name)
		}
	}
	for _, name := range []string{"", "north.example", "Harbour", "-ops", "ops-", "harbour ops", strings.Repeat("a", 41), "ops/x"} {
		if _, err := ParseContactID(name); !errors.As(err, new(*Invalid)) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func sampleContact() Contact {
	return Contact{
		Party: "north.example", ID: "harbour-ops", Serial: 1, Time: t0, Name: "Harbour Operations Centre", Mail: "ops@harbour.example",
		Language: []Language{"fr", "en"}, Profile: "major-event", Clock: Profiles()[4].Clock, Basis: ClockAssumed,
	}
}

var t0 = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func TestContactCheck(t *testing.T) {
	if err := sampleContact().Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Contact){
		"no name":                   func(c *Contact) { c.Name = "" },
		"two lines of a name":       func(c *Contact) { c.Name = "a\nb" },
		"turned":                    func(c *Contact) { c.Name = "a\u202eb" },
		"no way to reach it":        func(c *Contact) { c.Mail = "" },
		"two recipients":            func(c *Contact) { c.Mail = "a@b.example, c@d.example" },
		"a header in the address":   func(c *Contact) { c.Mail = "a@b.example\r\nBcc: c@d.example" },
		"a display name":            func(c *Contact) { c.Mail = "Ops <ops@b.example>" },
		"no language":               func(c *Contact) { c.Language = nil },
		"a language twice":          func(c *Contact) { c.Language = []Language{"en", "en"} },
		"no such language":          func(c *Contact) { c.Language = []Language{"english"} },
		"no clock":                  func(c *Contact) { c.Clock = nil },
		"a clock of zero":           func(c *Contact) { c.Clock = Clock{DutyAssess: {UrgencyPast: 0}} },
		"agreed in nothing":         func(c *Contact) { c.Basis = ClockAgreed },
		"assumed in something":      func(c *Contact) { c.Agreement = "minutes" },
		"neither agreed nor not":    func(c *Contact) { c.Basis = "hoped" },
		"a party's name":            func(c *Contact) { c.ID = "south.example" },
		"nobody's contact":          func(c *Contact) { c.Party = "north" },
		"no serial":                 func(c *Contact) { c.Serial = 0 },
		"an empty line of address":  func(c *Contact) { c.Post = []string{"1 Quay", ""} },
		"too many lines of address": func(c *Contact) { c.Post = slices.Repeat([]string{"x"}, MaxPostLines+1) },
	} {
		c := sampleContact()
		change(&c)
		if err := c.Check(); err == nil {
			t.Errorf("%s: admitted", name)
		}
	}
}

func TestNoMail(t *testing.T) {
	for _, c := range []struct {
		h    Handling
		want string
	}{
		{Handling{TLP: TLPClear}, ""}, {Handling{TLP: TLPGreen}, ""}, {Handling{TLP: TLPGreen, PAP: PAPGreen, PoliceCodes: []PoliceCode{H0, H1}}, ""},
		{Handling{TLP: TLPAmber}, "TLP:AMBER"}, {Handling{TLP: TLPAmberStrict}, "TLP:AMBER+STRICT"}, {Handling{TLP: TLPRed}, "TLP:RED"}, {Handling{}, "TLP:"},
		{Handling{TLP: TLPClear, PAP: PAPAmber}, "PAP:AMBER"}, {Handling{TLP: TLPClear, PAP: PAPRed}, "PAP:RED"},
		{Handling{TLP: TLPClear, OriginatorControl: true}, "originator-control"},
		{Handling{TLP: TLPClear, PoliceCodes: []PoliceCode{H2}}, "H2"}, {Handling{TLP: TLPClear, PoliceCodes: []PoliceCode{H0, H3}}, "H3"},
	} {
		if got := c.h.NoMail(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.h, got, c.want)
		}
	}
}

// book builds the entries of a one-sided case.
type book struct {
	id  CaseID
	all []Entry
}

func openBook(kind EntryKind) *book {
	e := Entry{ID: EntryID{1}, Kind: kind, Author: "north.example", Contact: "harbour-ops", Side: Us, Time: t0, Contents: []ContentRef{{Digest: Digest{9}}}}
	if kind == EntryArrival {
		e.Side, e.At, e.Duties = Them, t0, []Promise{{DutyAcknowledge, t0.Add(time.Hour)}, {DutyAssess, t0.Add(2 * time.Hour)}}
	}
	return &book{CaseID(e.ID), []Entry{e}}
}

func (b *book) add(kind EntryKind, after time.Duration, more ...func(*Entry)) *book {
	e := Entry{
		ID: EntryID{byte(len(b.all) + 1)}, Case: b.id, Kind: kind, Author: "north.example", Contact: "harbour-ops", Side: Us,
		Time: t0.Add(after), At: t0.Add(after), Previous: b.all[len(b.all)-1].ID,
	}
	switch kind {
	case EntrySent, EntryDelivered:
		e.Duties = []Promise{{DutyAcknowledge, e.At.Add(time.Hour)}, {DutyAssess, e.At.Add(2 * time.Hour)}}
	case EntryAcknowledged, EntryAssessed, EntryRefused, EntryConcluded, EntryActed:
		e.Side = b.all[0].Side.Other()
	}
	for _, f := range more {
		f(&e)
	}
	b.all = append(b.all, e)
	return b
}

func strikes(n int) func(*Entry) {
	return func(e *Entry) { e.Strikes, e.At = EntryID{byte(n)}, time.Time{} }
}

func obliges(e *Entry) {
	e.Disposition = Credible
	e.Duties = []Promise{{DutyReport, e.At.Add(time.Hour)}, {DutyConclude, e.At.Add(2 * time.Hour)}}
}

func states(c OneSided, now time.Time) string {
	var all []string
	for _, d := range c.Duties {
		all = append(all, fmt.Sprintf("%s:%s", d.Kind, d.State(now)))
	}
	return strings.Join(all, " ")
}

func TestFoldOneSided(t *testing.T) {
	for _, c := range []struct {
		name  string
		book  *book
		now   time.Duration
		want  string
		stage State
	}{
		{"nothing has left", openBook(EntryLetter), 99 * time.Hour, "", StatePrepared},
		{"sent", openBook(EntryLetter).add(EntrySent, 0), time.Minute, "acknowledge:open assess:open", StateSent},
		{"exactly at the due time", openBook(EntryLetter).add(EntrySent, 0), time.Hour, "acknowledge:open assess:open", StateSent},
		{"overdue", openBook(EntryLetter).add(EntrySent, 0), time.Hour + 1, "acknowledge:overdue assess:open", StateSent},
		{"delivered later", openBook(EntryLetter).add(EntrySent, 0).add(EntryDelivered, 30*time.Minute), 80 * time.Minute, "acknowledge:open assess:open", StateDelivered},
		{"a second delivery counts for nothing", openBook(EntryLetter).add(EntryDelivered, 0).add(EntryDelivered, 30*time.Minute), 80 * time.Minute, "acknowledge:overdue assess:open", StateDelivered},
		{"acknowledged", openBook(EntryLetter).add(EntrySent, 0).add(EntryAcknowledged, 10*time.Minute), 9 * time.Hour, "acknowledge:discharged assess:overdue", StateAcknowledged},
		{"recorded late, given on time", openBook(EntryLetter).add(EntrySent, 0).add(EntryAcknowledged, 9*time.Hour, func(e *Entry) { e.At = t0.Add(time.Minute) }), 9 * time.Hour, "acknowledge:discharged assess:overdue", StateAcknowledged},
		{"recorded second, given first", openBook(EntryLetter).add(EntrySent, 0).add(EntryAssessed, 3*time.Hour).add(EntryAcknowledged, 4*time.Hour, func(e *Entry) { e.At = t0.Add(time.Minute) }), 9 * time.Hour, "acknowledge:discharged assess:discharged-late", StateAssessed},
		{"given late", openBook(EntryLetter).add(EntrySent, 0).add(EntryAcknowledged, 3*time.Hour), 9 * time.Hour, "acknowledge:discharged-late assess:overdue", StateAcknowledged},
		{"assessed", openBook(EntryLetter).add(EntrySent, 0).add(EntryAssessed, 30*time.Minute, obliges), time.Hour, "acknowledge:discharged report:open assess:discharged conclude:open", StateAssessed},
		{"concluded", openBook(EntryLetter).add(EntrySent, 0).add(EntryAssessed, 30*time.Minute, obliges).add(EntryConcluded, time.Hour), time.Hour, "acknowledge:discharged report:discharged assess:discharged conclude:discharged", StateConcluded},
		{"refused", openBook(EntryLetter).add(EntrySent, 0).add(EntryRefused, 30*time.Minute), 9 * time.Hour, "acknowledge:refused assess:refused", StateRefused},
		{"recalled", openBook(EntryLetter).add(EntrySent, 0).add(EntryAcknowledged, time.Minute).add(EntryRecalled, 30*time.Minute), 9 * time.Hour, "acknowledge:discharged assess:ended", StateRecalled},
		{"a reply struck", openBook(EntryLetter).add(EntrySent, 0).add(EntryAcknowledged, time.Minute).add(EntryStruck, 2*time.Minute, strikes(3)), 90 * time.Minute, "acknowledge:overdue assess:open", StateSent},
		{"the sending struck", openBook(EntryLetter).add(EntrySent, 0).add(EntryStruck, time.Minute, strikes(2)), 90 * time.Minute, "", StatePrepared},
		{"sent again", openBook(EntryLetter).add(EntrySent, 0).add(EntryStruck, time.Minute, strikes(2)).add(EntrySent, time.Hour), 90 * time.Minute, "acknowledge:open assess:open", StateSent},
		{"we owe", openBook(EntryArrival).add(EntryAcknowledged, time.Minute), 9 * time.Hour, "acknowledge:discharged assess:overdue", StateAcknowledged},
		{"they take it back", openBook(EntryArrival).add(EntryRecalled, time.Minute, func(e *Entry) { e.Side = Them }), 9 * time.Hour, "acknowledge:ended assess:ended", StateRecalled},
	} {
		folded := FoldOneSided(c.book.id, c.book.all)
		if got := states(folded, t0.Add(c.now)); got != c.want || folded.Stage() != c.stage || len(folded.Misfits) != 0 {
			t.Errorf("%s: %q at stage %s, misfits %v; want %q at %s", c.name, got, folded.Stage(), folded.Misfits, c.want, c.stage)
		}
		for _, d := range folded.Duties {
			if d.OwedBy != folded.Warned {
				t.Errorf("%s: %s is owed by %s", c.name, d.Kind, d.OwedBy)
			}
		}
	}
}

// What does not stand in the chain, or breaks a rule, counts for nothing.
func TestMisfitsOfOneSidedCases(t *testing.T) {
	for name, b := range map[string]*book{
		"before the case":           openBook(EntryLetter).add(EntrySent, -time.Hour),
		"by another party":          openBook(EntryLetter).add(EntrySent, 0, func(e *Entry) { e.Author = "south.example" }),
		"about another contact":     openBook(EntryLetter).add(EntrySent, 0, func(e *Entry) { e.Contact = "lighthouse" }),
		"of the wrong side":         openBook(EntryLetter).add(EntryAcknowledged, 0, func(e *Entry) { e.Side = Us }),
		"sent in a case of theirs":  openBook(EntryArrival).add(EntrySent, 0),
		"reminded in one of theirs": openBook(EntryArrival).add(EntryReminded, 0),
		"recalled by the warned":    openBook(EntryArrival).add(EntryRecalled, 0),
		"the opening struck":        openBook(EntryLetter).add(EntryStruck, 0, strikes(1)),
		"nothing struck":            openBook(EntryLetter).add(EntryStruck, 0, strikes(77)),
		"out of the chain":          openBook(EntryLetter).add(EntrySent, 0, func(e *Entry) { e.Previous = EntryID{88} }),
	} {
		c := FoldOneSided(b.id, b.all)
		if len(c.Misfits) != 1 || len(c.Entries) != 1 {
			t.Errorf("%s: %d entries, misfits %v", name, len(c.Entries), c.Misfits)
		}
	}
	b := openBook(EntryLetter).add(EntrySent, 0)
	if c := FoldOneSided(b.id, b.all[1:]); len(c.Entries) != 0 || len(c.Misfits) != 1 {
		t.Errorf("without its opening: %+v", c)
	}
	twice := openBook(EntryLetter).add(EntrySent, time.Minute)
	again := twice.all[1]
	again.ID, again.Time = EntryID{44}, again.Time.Add(time.Second)
	if c := FoldOneSided(twice.id, append(twice.all, again)); len(c.Entries) != 2 || c.Entries[1].ID != twice.all[1].ID || !slices.Equal(c.Misfits, []EntryID{again.ID}) {
		t.Errorf("two after one: %+v, misfits %v", c.Entries, c.Misfits)
	}
}

// The fold depends neither on the order in which entries are held nor on how often.
func TestFoldOneSidedDependsOnNoOrder(t *testing.T) {
	b := openBook(EntryLetter).add(EntrySent, 0).add(EntryDelivered, time.Minute).add(EntryAcknowledged, 2*time.Minute).add(EntryStruck, 3*time.Minute, strikes(4)).
		add(EntryAssessed, 4*time.Minute, obliges).add(EntryReminded, time.Hour, func(e *Entry) { e.Duties = []Promise{{DutyReport, t0}} }).add(EntryActed, 2*time.Hour)
	want := fmt.Sprintf("%+v", FoldOneSided(b.id, b.all))
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		held := append(slices.Clone(b.all), b.all[rng.IntN(len(b.all))])
		rng.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
		if got := fmt.Sprintf("%+v", FoldOneSided(b.id, held)); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// Every kind of entry is the act of some side, and says so in its check.
func TestEntryKinds(t *testing.T) {
	for _, kind := range EntryKinds() {
		if kind.Action(Us) == "" && kind.Action(Them) == "" {
			t.Errorf("%s is nobody's act", kind)
		}
		if got, err := ParseEntryKind(string(kind)); err != nil || got != kind {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, bad := range []struct {
		side Side
		kind EntryKind
	}{{Them, EntryLetter}, {Us, EntryArrival}, {Them, EntrySent}, {Them, EntryDelivered}, {Them, EntryReminded}, {Them, EntryStruck}} {
		if action := bad.kind.Action(bad.side); action != "" {
			t.Errorf("%s by %s takes %s", bad.kind, bad.side, action)
		}
	}
}
