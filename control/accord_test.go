package control

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/draft"
	"heed/exchange"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// known finds cards of three parties, whose ladders have a desk and its head.
func known(p heed.PartyID) (heed.Card, bool) {
	id, ok := map[heed.PartyID]byte{"north.example": 1, "south.example": 2, "east.example": 3}[p]
	b := heed.DefaultBaseline()
	b.Ladder = heed.Ladder{{Role: "desk", Telephone: "+000 1"}, {Role: "head", After: time.Hour, Telephone: "+000 2"}}
	return heed.Card{Party: p, ID: heed.CardID{id}, Baseline: b}, ok
}

func (r AccordDraft) proposed() (heed.Accord, error) {
	base, err := r.template()
	if err != nil {
		return base, err
	}
	if base, err = r.members(base, "north.example", known); err != nil {
		return base, err
	}
	return r.terms(base, "north.example", known, noon)
}

func parties(a heed.Accord) (all []heed.PartyID) {
	for _, m := range a.Members {
		all = append(all, m.Party)
	}
	return all
}

// Each lies over the one before it: template, clocks, document, and what was
// said beside it.
func TestTermsAreLaidOver(t *testing.T) {
	clocks := heed.DefaultBaseline()
	clocks.Clock = maps.Clone(clocks.Clock)
	clocks.Clock[heed.DutyRatify] = map[heed.Urgency]time.Duration{heed.UrgencyExpected: 9 * time.Second}
	until := At(noon.Add(time.Hour))
	r := AccordDraft{Template: "major-event", With: []string{"south.example", "east.example", "south.example"}, Clocks: &clocks, Until: &until}
	a, err := r.proposed()
	if err != nil {
		t.Fatal(err)
	}
	if got := parties(a); !slices.Equal(got, []heed.PartyID{"east.example", "north.example", "south.example"}) || a.Quorum != 2 || a.Members[0].Card != (heed.CardID{3}) {
		t.Errorf("members %v, quorum %d", got, a.Quorum)
	}
	if a.Reply != 9*time.Second || len(a.Clocks) != 2 || a.Clocks[0].Name != "event" || !a.Until.Equal(until.Time) {
		t.Errorf("reply %s, %d clocks, first %q, until %s", a.Reply, len(a.Clocks), a.Clocks[0].Name, a.Until)
	}
	if d, _ := a.Clocks[0].Clock.Of(heed.DutyRatify, heed.UrgencyExpected); d != 9*time.Second {
		t.Errorf("the first clock was not replaced: %s", d)
	}

	r.Quorum, r.File = 3, "terms.yaml"
	r.Document = []byte("quorum: 2\nreply: 1h\nname: Games\nuntil: 2026-07-01T00:00:00Z\n")
	if a, err = r.proposed(); err != nil {
		t.Fatal(err)
	}
	if a.Quorum != 3 || a.Reply != time.Hour || a.Name != "Games" || !a.Until.Equal(until.Time) {
		t.Errorf("quorum %d, reply %s, %q until %s", a.Quorum, a.Reply, a.Name, a.Until)
	}

	// A document alone says everything, or names its template.
	source, err := draft.AccordSource(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(source), "template: major-event\nuntil: 2030-01-01T00:00:00Z\nmembers: [{party: north.example}, {party: south.example}]"} {
		if b, err := (AccordDraft{File: "all.yaml", Document: []byte(text)}).proposed(); err != nil || b.Template != "major-event" {
			t.Errorf("%q, %v", b.Template, err)
		}
	}
	b, err := AccordDraft{File: "t.yaml", Document: []byte("template: major-event"), With: []string{"south.example"}, Until: &until}.proposed()
	if err != nil || len(b.Members) != 2 {
		t.Errorf("%v, %v", parties(b), err)
	}
}

func TestTermsThatCannotBeProposed(t *testing.T) {
	two := []string{"south.example"}
	past := At(noon)
	for name, tt := range map[string]struct {
		r    AccordDraft
		says string // what, and the hint
	}{
		"nothing said":      {AccordDraft{With: two}, "not said what.*--template"},
		"no such template":  {AccordDraft{Template: "event", With: two}, "unknown template.*major-event"},
		"nobody named":      {AccordDraft{Template: "hits"}, "members is empty|--with"},
		"no party's name":   {AccordDraft{Template: "hits", With: []string{"South"}}, "South"},
		"no peer":           {AccordDraft{Template: "hits", With: []string{"west.example"}}, "west.example|peer add"},
		"quorum too small":  {AccordDraft{Template: "hits", With: []string{"south.example", "east.example"}, Quorum: 1}, "quorum is 1 of 3|over half"},
		"quorum too large":  {AccordDraft{Template: "hits", With: two, Quorum: 3}, "quorum is 3 of 2"},
		"unbounded":         {AccordDraft{Template: "major-event", With: two}, "until is missing|--until"},
		"unbounded by file": {AccordDraft{With: two, File: "t.yaml", Document: []byte("template: major-event")}, "t.yaml:1: until is missing|write when it ends|--until"},
		"over":              {AccordDraft{Template: "hits", With: two, Until: &past}, "which is over|--until"},
		"ends first":        {AccordDraft{Template: "hits", With: two, From: &Time{noon.Add(2 * time.Hour)}, Until: &Time{noon.Add(time.Hour)}}, "until"},
		"without us":        {AccordDraft{Template: "hits", File: "t.yaml", Document: []byte("members: [{party: south.example}, {party: east.example}]")}, "lacks north.example|--with"},
		"with fewer":        {AccordDraft{Template: "hits", With: two, File: "t.yaml", Document: []byte("members: [{party: north.example}, {party: south.example}, {party: east.example}]")}, "east.example|one place"},
		"with more":         {AccordDraft{Template: "hits", With: []string{"south.example", "east.example"}, File: "t.yaml", Document: []byte("members: [{party: north.example}, {party: south.example}]")}, "east.example|one place"},
		"other template":    {AccordDraft{Template: "hits", With: two, File: "t.yaml", Document: []byte("template: public-health")}, "t.yaml:1: template"},
		"no YAML":           {AccordDraft{Template: "hits", With: two, File: "t.yaml", Document: []byte("\tname: x")}, "t.yaml:1"},
		"misspelt":          {AccordDraft{Template: "hits", With: two, File: "t.yaml", Document: []byte("nam: x")}, "t.yaml:1.*name"},
	} {
		_, err := tt.r.proposed()
		fault := faultOf(err)
		if err == nil || fault.Exit != ExitInput {
			t.Errorf("%s: %v, exit %d", name, err, fault.Exit)
			continue
		}
		said := fault.Message + " " + fault.Hint
		for _, want := range strings.Split(strings.ReplaceAll(tt.says, ".*", "|"), "|") {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q does not say %q", name, said, want)
			}
		}
	}
}

// chain is an accord of three, and an amendment of it, each ratified by two.
func chain() exchange.AccordHeld {
	first := heed.Accord{
		ID: heed.VersionID{1}, Number: 1, Proposer: "north.example", Time: noon, Quorum: 2, Node: "north.example/node+1", Name: "Games",
		From: noon.Add(time.Hour), Until: noon.Add(48 * time.Hour), Postures: []heed.Posture{{Name: "final"}}, MustRatify: []heed.PartyID{"north.example", "south.example"},
	}
	for _, p := range []heed.PartyID{"east.example", "north.example", "south.example"} {
		c, _ := known(p)
		m := heed.MemberOf(c)
		m.Keys = []heed.RoleKey{{Role: "head", Key: "age1" + string(p)}, {Role: "gone", Key: "age2" + string(p)}}
		first.Members = append(first.Members, m)
	}
	second := first
	second.ID, second.Accord, second.Parent, second.Number, second.Time = heed.VersionID{0x12, 0x34, 0x56, 0x78}, heed.AccordID{1}, first.ID, 2, noon.Add(2*time.Hour)
	held := exchange.AccordHeld{Versions: []exchange.KeptVersion{{Accord: first}, {Accord: second}}}
	for i, p := range []heed.PartyID{"north.example", "south.example"} {
		for j, v := range []heed.Accord{first, second} {
			held.Acts = append(held.Acts, exchange.KeptAct{Act: heed.AccordAct{
				ID: heed.AccordActID{byte(1 + i), byte(1 + j)}, Kind: heed.AccordRatification, Accord: heed.AccordID{1}, Version: v.ID, Party: p,
				Time: v.Time.Add(time.Duration(i) * time.Minute),
			}})
		}
	}
	return held
}

func standing(held exchange.AccordHeld, now time.Time) heed.Standing {
	var versions []heed.Accord
	var acts []heed.AccordAct
	for _, v := range held.Versions {
		versions = append(versions, v.Accord)
	}
	for _, a := range held.Acts {
		acts = append(acts, a.Act)
	}
	return heed.StandingOf(heed.AccordID{1}, versions, acts, now)
}

// What was reached stays reached, whatever the accord has become since.
func TestAccordReached(t *testing.T) {
	held := chain()
	for _, tt := range []struct {
		at      time.Duration
		state   heed.AccordState
		reached []heed.AccordState
	}{
		{0, heed.AccordProposed, []heed.AccordState{heed.AccordProposed}},
		{time.Hour, heed.AccordInForce, []heed.AccordState{heed.AccordProposed, heed.AccordInForce}},
		{2 * time.Hour, heed.AccordAmending, []heed.AccordState{heed.AccordProposed, heed.AccordInForce, heed.AccordAmending}},
		{3 * time.Hour, heed.AccordInForce, []heed.AccordState{heed.AccordProposed, heed.AccordInForce, heed.AccordAmending, accordAmended}},
		{48 * time.Hour, heed.AccordEnded, []heed.AccordState{heed.AccordProposed, heed.AccordInForce, heed.AccordAmending, accordAmended, heed.AccordEnded}},
	} {
		s := standing(held, noon.Add(tt.at))
		if s.State != tt.state {
			t.Fatalf("after %s it is %s", tt.at, s.State)
		}
		for _, state := range AccordStates() {
			if got := accordReached(s, state); got != slices.Contains(tt.reached, state) {
				t.Errorf("after %s: %s reached: %t", tt.at, state, got)
			}
		}
	}
	for _, name := range []string{"in-force", "In-Force", "amended", "ENDED"} {
		if _, err := AccordStateNamed(name); err != nil || CanWaitFor(name) != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := AccordStateNamed("draft"); err == nil || CanWaitFor("asleep") == nil || !strings.Contains(faultOf(CanWaitFor("asleep")).Hint, "amended") || CanWaitFor("acknowledged") != nil {
		t.Error("it can be waited for what never comes")
	}
}

// Time alone may change how an accord stands: somebody who waits looks again then.
func TestWhenToLookAgain(t *testing.T) {
	held := chain()
	held.Standing.Parties = []heed.PartyStanding{{Party: "east.example", Leaves: noon.Add(5 * time.Hour), Wakes: noon.Add(4 * time.Hour)}}
	at := noon.Add(-time.Second)
	var seen []time.Duration
	for next := held.Next(at); !next.IsZero(); next = held.Next(next) {
		seen = append(seen, next.Sub(noon))
	}
	if want := []time.Duration{0, time.Minute, time.Hour, 2 * time.Hour, 2*time.Hour + time.Minute, 4 * time.Hour, 5 * time.Hour, 48 * time.Hour}; !slices.Equal(seen, want) {
		t.Errorf("it is looked at again after %v, want %v", seen, want)
	}
}

func TestVersionMeant(t *testing.T) {
	held := chain()
	for name, want := range map[string]heed.VersionID{"1": {1}, "2": held.Versions[1].Accord.ID, "12345678": held.Versions[1].Accord.ID, held.Versions[0].Accord.ID.String(): {1}} {
		if got, err := versionMeant(held, name); err != nil || got != want {
			t.Errorf("%s: %s, %v", name, got.Short(), err)
		}
	}
	for _, name := range []string{"0", "3", "1234567", "ffffffff", "", "x"} {
		var invalid *heed.Invalid
		if _, err := versionMeant(held, name); !errors.As(err, &invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A renewal is between those who have not left, with their cards and ladders of
// today, and without the dates of the old one.
func TestRenewed(t *testing.T) {
	held := chain()
	held.Acts = append(held.Acts, exchange.KeptAct{Act: heed.AccordAct{ID: heed.AccordActID{9}, Kind: heed.AccordWithdrawal, Accord: heed.AccordID{1}, Version: held.Versions[1].Accord.ID, Party: "south.example", Time: noon.Add(3 * time.Hour)}})
	held.Standing = standing(held, noon.Add(3*time.Hour))
	base, err := AccordDraft{}.renewed(held, "north.example", known)
	if err != nil {
		t.Fatal(err)
	}
	if got := parties(base); !slices.Equal(got, []heed.PartyID{"east.example", "north.example"}) || base.Quorum != 2 || base.Name != "Games" {
		t.Errorf("members %v, quorum %d, %q", got, base.Quorum, base.Name)
	}
	if !base.From.IsZero() || !base.Until.IsZero() || base.Postures != nil || !slices.Equal(base.MustRatify, []heed.PartyID{"north.example"}) {
		t.Errorf("from %s until %s, %d postures, must ratify %v", base.From, base.Until, len(base.Postures), base.MustRatify)
	}
	if keys := base.Members[0].Keys; len(keys) != 1 || keys[0].Role != "head" {
		t.Errorf("role keys %v", keys)
	}
	if old := held.Versions[1].Accord; len(old.Members) != 3 || len(old.MustRatify) != 2 || len(old.Members[0].Keys) != 2 {
		t.Error("the old version was changed")
	}
	base, err = AccordDraft{With: []string{"south.example", "east.example"}}.renewed(held, "north.example", known)
	if err != nil || len(base.Members) != 3 || len(base.MustRatify) != 2 {
		t.Errorf("%v, %v", parties(base), err)
	}
	if _, err := (AccordDraft{With: []string{"west.example"}}).renewed(held, "north.example", known); err == nil {
		t.Error("a party without a card is a member")
	}
	held.Standing.Parties = slices.Clone(held.Standing.Parties)
	for i := range held.Standing.Parties {
		held.Standing.Parties[i].Presence = heed.PresenceGone
	}
	if _, err := (AccordDraft{}).renewed(held, "north.example", known); err == nil {
		t.Error("an accord of one is renewed")
	}
	if base, err := (AccordDraft{Only: true}).renewed(held, "north.example", known); err != nil || len(base.Members) != 1 {
		t.Errorf("%v, %v", parties(base), err)
	}
}

func TestAmendmentsChangeSomething(t *testing.T) {
	a := chain().Versions[0].Accord
	if changes(a, a) == nil {
		t.Error("an amendment that changes nothing is proposed")
	}
	b := a
	b.Name = "Other games"
	if err := changes(a, b); err != nil {
		t.Error(err)
	}
}
