package heed

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// agreement plays the life of one accord. Every declaration takes a minute.
type agreement struct {
	versions []Accord
	acts     []AccordAct
	now      time.Time
	n        uint64
}

func proposed(members int, edits ...func(*Accord)) *agreement {
	a := agreed(members)
	for _, edit := range edits {
		edit(&a)
	}
	return &agreement{versions: []Accord{a}, now: accordStart, n: 1000}
}

func (g *agreement) first() Accord { return g.versions[0] }

// amend proposes another version behind parent.
func (g *agreement) amend(parent Accord, by PartyID, edits ...func(*Accord)) Accord {
	g.now, g.n = g.now.Add(time.Minute), g.n+1
	a := clone(parent)
	a.ID, a.Accord, a.Parent, a.Number = VersionID(madeUp(g.n)), parent.AccordID(), parent.ID, parent.Number+1
	a.Proposer, a.Time = by, g.now
	for _, edit := range edits {
		edit(&a)
	}
	g.versions = append(g.versions, a)
	return a
}

// says declares; by are one-letter names.
func (g *agreement) says(v Accord, kind AccordActKind, by string, edits ...func(*AccordAct)) AccordAct {
	var last AccordAct
	for _, letter := range by {
		g.now, g.n = g.now.Add(time.Minute), g.n+1
		a := AccordAct{ID: AccordActID(madeUp(g.n)), Kind: kind, Accord: v.AccordID(), Version: v.ID, Party: named(letter), Time: g.now}
		if kind == AccordReservation {
			a.Clause, a.Reason = "screening", "no law for it"
		}
		if kind == AccordDecline {
			a.Reason = "not competent"
		}
		for _, edit := range edits {
			edit(&a)
		}
		g.acts = append(g.acts, a)
		last = a
	}
	return last
}

func named(letter rune) PartyID { return PartyID(string(letter) + ".example") }

func (g *agreement) at(t time.Time) Standing {
	return StandingOf(g.first().AccordID(), g.versions, g.acts, t)
}

func (g *agreement) stands(t *testing.T, state AccordState, inForce Accord, effective string) Standing {
	t.Helper()
	s := g.at(g.now)
	var letters string
	for _, p := range s.Effective() {
		letters += string(p[0])
	}
	if s.State != state || s.InForce != inForce.ID || letters != effective {
		t.Errorf("%s under %s for %q, want %s under %s for %q", s.State, s.InForce.Short(), letters, state, inForce.ID.Short(), effective)
	}
	return s
}

var none Accord

func without(letters string) func(*Accord) {
	return func(a *Accord) {
		a.Members = slices.DeleteFunc(a.Members, func(m Member) bool { return strings.Contains(letters, string(m.Party[0])) })
		a.Quorum = OverHalf(len(a.Members))
	}
}

func TestLifeOfAnAccord(t *testing.T) {
	g := proposed(12)
	v1 := g.first()
	g.stands(t, AccordProposed, none, "")
	g.says(v1, AccordRatification, "abcde")
	g.says(v1, AccordReservation, "f")
	g.says(v1, AccordDecline, "g")
	s := g.stands(t, AccordProposed, none, "")
	if got := len(s.Answered(v1.ID, AnswerSilent)); got != 5 {
		t.Errorf("%d are silent", got)
	}
	g.says(v1, AccordRatification, "h")
	s = g.stands(t, AccordInForce, v1, "abcdefh")
	if !s.Since.Equal(g.now) || s.Adopted != v1.ID {
		t.Errorf("since %s, adopted %s", s.Since, s.Adopted.Short())
	}
	if r := s.Reservations("f.example"); len(r) != 1 || r[0].Clause != "screening" || r[0].Reason != "no law for it" {
		t.Errorf("reservations %v", r)
	}
	if a := s.Answer(v1.ID, "g.example"); a.Answer != AnswerDeclined || a.Reason != "not competent" {
		t.Errorf("%+v", a)
	}
	g.says(v1, AccordRatification, "i") // late, and welcome
	g.stands(t, AccordInForce, v1, "abcdefhi")

	v2 := g.amend(v1, "b.example", without("c"))
	s = g.stands(t, AccordAmending, v1, "abcdefhi")
	if open := s.Open(); len(open) != 1 || open[0] != v2.ID {
		t.Errorf("open are %v", open)
	}
	g.says(v2, AccordRatification, "abdefg") // g joins by it
	s = g.stands(t, AccordAmending, v1, "abcdefhi")
	if slices.Contains(s.Recipients(), "g.example") {
		t.Error("who declined is sent something")
	}
	g.says(v2, AccordRatification, "h")
	// Seven of eleven have ratified, and of the twelve of before, seven as well.
	s = g.stands(t, AccordInForce, v2, "abdefghi")
	if slices.Contains(s.Recipients(), "c.example") || !s.Amended() || !s.Reached(AccordInForce) {
		t.Error("the removed member is still there")
	}
	if p := s.Party("i.example"); p.Under != v1.ID || p.Presence != PresenceActive {
		t.Errorf("who is silent is bound by what it ratified: %+v", p)
	}
	if v, _ := s.Version(v1.ID); v.State != VersionSuperseded {
		t.Errorf("the first version is %s", v.State)
	}
	if s.Answered(v2.ID, AnswerSilent); len(s.Answered(v2.ID, AnswerSilent)) != 4 {
		t.Errorf("not confirmed by %v", s.Answered(v2.ID, AnswerSilent))
	}

	g.says(v2, AccordWithdrawal, "ab")
	g.stands(t, AccordInForce, v2, "defghi")
	g.says(v2, AccordWithdrawal, "d")
	s = g.stands(t, AccordEnded, v2, "efghi")
	if s.Why != EndUnderQuorum || !s.Ended.Equal(g.now) {
		t.Errorf("ended %s at %s", s.Why, s.Ended)
	}
	late := g.says(v2, AccordRatification, "j")
	s = g.stands(t, AccordEnded, v2, "efghi")
	if len(s.Ignored) != 1 || s.Ignored[0].Act != late.ID || !strings.Contains(s.Ignored[0].Why, "ended") {
		t.Errorf("ignored: %v", s.Ignored)
	}
	if s.Recipients() != nil {
		t.Error("something is sealed under what has ended")
	}
}

func TestFromAndUntil(t *testing.T) {
	from, until := accordStart.Add(24*time.Hour), accordStart.Add(48*time.Hour)
	g := proposed(2, func(a *Accord) { a.From, a.Until = from, until })
	g.says(g.first(), AccordRatification, "ab")
	for at, want := range map[time.Time]AccordState{
		accordStart.Add(-1): AccordDraft, accordStart: AccordProposed, from.Add(-time.Millisecond): AccordProposed, from: AccordInForce, until.Add(-time.Millisecond): AccordInForce, until: AccordEnded, until.Add(day): AccordEnded,
	} {
		s := g.at(at)
		if s.State != want {
			t.Errorf("at %s: %s, want %s", at, s.State, want)
		}
		if want == AccordInForce && !s.Since.Equal(from) {
			t.Errorf("in force since %s", s.Since)
		}
		if want == AccordEnded && (s.Why != EndExpired || !s.Ended.Equal(until)) {
			t.Errorf("ended %s at %s", s.Why, s.Ended)
		}
	}

	g = proposed(2, func(a *Accord) { a.Until = until })
	g.says(g.first(), AccordRatification, "a")
	if s := g.at(until); s.State != AccordEnded || s.Why != EndLapsed {
		t.Errorf("not ratified in time: %s, %s", s.State, s.Why)
	}
	g.now = until
	g.says(g.first(), AccordRatification, "b")
	g.stands(t, AccordEnded, none, "")
}

func TestAmendmentThatBeginsLater(t *testing.T) {
	g := proposed(3)
	v1 := g.first()
	g.says(v1, AccordRatification, "abc")
	later := g.now.Add(day)
	v2 := g.amend(v1, "a.example", without("c"), func(a *Accord) { a.From = later })
	g.says(v2, AccordRatification, "ab")
	s := g.stands(t, AccordAmending, v1, "abc")
	if s.Adopted != v2.ID || !slices.Contains(s.Recipients(), "c.example") {
		t.Errorf("adopted %s, recipients %v", s.Adopted.Short(), s.Recipients())
	}
	v3 := g.amend(v2, "b.example", func(a *Accord) { a.From, a.Name = time.Time{}, "Games, again" })
	g.says(v3, AccordRatification, "ab") // overtakes it
	g.stands(t, AccordInForce, v3, "ab")
	g.now = later.Add(time.Hour)
	g.stands(t, AccordInForce, v3, "ab")
}

func TestDeclinedByAll(t *testing.T) {
	g := proposed(3)
	g.says(g.first(), AccordRatification, "a")
	g.says(g.first(), AccordDecline, "b")
	g.stands(t, AccordProposed, none, "")
	g.says(g.first(), AccordDecline, "c")
	if s := g.stands(t, AccordEnded, none, ""); s.Why != EndDeclined {
		t.Errorf("ended %s", s.Why)
	}
	// What is proposed after the end is another accord.
	v2 := g.amend(g.first(), "a.example")
	g.says(v2, AccordRatification, "abc")
	g.stands(t, AccordEnded, none, "")
}

func TestConsultation(t *testing.T) {
	g := proposed(3)
	v1 := g.first()
	g.says(v1, AccordRatification, "a")
	g.says(v1, AccordDecline, "b")
	v2 := g.amend(v1, "a.example", func(a *Accord) { a.Disclosure.Counts = PublishNobody })
	g.says(v2, AccordRatification, "ab")
	s := g.stands(t, AccordInForce, v2, "ab")
	if v, _ := s.Version(v1.ID); v.State != VersionSuperseded || len(s.Equivocations) != 0 {
		t.Errorf("v1 is %s; %v", v.State, s.Equivocations)
	}
}

func TestMustRatify(t *testing.T) {
	g := proposed(3, func(a *Accord) { a.MustRatify = []PartyID{"c.example"} })
	g.says(g.first(), AccordRatification, "ab")
	g.stands(t, AccordProposed, none, "")
	g.says(g.first(), AccordReservation, "c")
	g.stands(t, AccordInForce, g.first(), "abc")

	g = proposed(3, func(a *Accord) { a.MustRatify = []PartyID{"c.example"} })
	g.says(g.first(), AccordRatification, "ab")
	g.says(g.first(), AccordDecline, "c")
	if s := g.stands(t, AccordEnded, none, ""); s.Why != EndDeclined {
		t.Errorf("ended %s", s.Why)
	}
}

func TestSuspension(t *testing.T) {
	g := proposed(3)
	v1 := g.first()
	g.says(v1, AccordRatification, "abc")
	g.says(v1, AccordSuspension, "a")
	s := g.stands(t, AccordInForce, v1, "abc")
	if got := s.Recipients(); len(got) != 2 || slices.Contains(got, "a.example") {
		t.Errorf("recipients %v", got)
	}
	g.says(v1, AccordSuspension, "b", func(a *AccordAct) { a.Until = g.now.Add(time.Hour) })
	s = g.stands(t, AccordSuspended, v1, "abc")
	if s.Recipients() != nil || s.Party("b.example").Presence != PresenceSuspended || s.Party("b.example").Wakes.IsZero() {
		t.Errorf("%+v", s.Parties)
	}
	g.now = g.now.Add(time.Hour)
	g.stands(t, AccordInForce, v1, "abc")
	g.says(v1, AccordSuspension, "b")
	g.stands(t, AccordSuspended, v1, "abc")
	g.says(v1, AccordResumption, "a")
	s = g.stands(t, AccordInForce, v1, "abc")
	if !slices.Contains(s.Recipients(), "a.example") {
		t.Error("who resumed is not sent anything")
	}
}

func TestNoticeOfWithdrawal(t *testing.T) {
	g := proposed(3, func(a *Accord) { a.Notice = 30 * day })
	v1 := g.first()
	g.says(v1, AccordRatification, "abc")
	g.says(v1, AccordWithdrawal, "c")
	said := g.now
	s := g.stands(t, AccordInForce, v1, "abc")
	if p := s.Party("c.example"); p.Presence != PresenceLeaving || !p.Leaves.Equal(said.Add(30*day)) || !slices.Contains(s.Recipients(), "c.example") {
		t.Errorf("%+v", p)
	}
	g.says(v1, AccordWithdrawal, "c") // changes nothing
	g.now = said.Add(30*day - time.Millisecond)
	g.stands(t, AccordInForce, v1, "abc")
	g.now = said.Add(30 * day)
	s = g.stands(t, AccordInForce, v1, "ab")
	if s.Party("c.example").Presence != PresenceGone {
		t.Errorf("%+v", s.Party("c.example"))
	}
	// What has left does not come back, nor counts for what comes.
	v2 := g.amend(v1, "a.example")
	g.says(v2, AccordRatification, "ac")
	g.stands(t, AccordAmending, v1, "ab")

	g = proposed(3, func(a *Accord) { a.Notice = day })
	g.says(g.first(), AccordRatification, "abc")
	g.says(g.first(), AccordWithdrawal, "c", func(a *AccordAct) { a.From = g.now.Add(90 * day) })
	if got, want := g.at(g.now).Party("c.example").Leaves, g.now.Add(90*day); !got.Equal(want) {
		t.Errorf("leaves %s, want %s", got, want)
	}
}

// A withdrawal whose time has not come binds nobody: who has never ratified, or
// is removed meanwhile, is no recipient until then.
func TestLeavingWithoutBeingBound(t *testing.T) {
	g := proposed(3, func(a *Accord) { a.Notice = 30 * day })
	v1 := g.first()
	g.says(v1, AccordRatification, "abc")
	g.says(v1, AccordWithdrawal, "c")
	v2 := g.amend(v1, "a.example", without("c"))
	g.says(v2, AccordRatification, "ab")
	s := g.stands(t, AccordInForce, v2, "ab")
	if p := s.Party("c.example"); p.Bound() || !p.Under.IsZero() || slices.Contains(s.Recipients(), "c.example") {
		t.Errorf("removed, and still a recipient: %+v", p)
	}

	g = proposed(3)
	g.says(g.first(), AccordWithdrawal, "c", func(a *AccordAct) { a.From = g.now.Add(90 * day) })
	g.stands(t, AccordProposed, none, "")
	g.says(g.first(), AccordRatification, "ab")
	s = g.stands(t, AccordInForce, g.first(), "ab")
	if slices.Contains(s.Recipients(), "c.example") {
		t.Error("who has ratified nothing is a recipient")
	}
	g.says(g.first(), AccordRatification, "c")
	g.stands(t, AccordInForce, g.first(), "abc")
}

func TestWithdrawalBeforeForce(t *testing.T) {
	g := proposed(3)
	g.says(g.first(), AccordRatification, "a")
	g.says(g.first(), AccordWithdrawal, "a")
	g.says(g.first(), AccordRatification, "b")
	g.stands(t, AccordProposed, none, "")
	g.says(g.first(), AccordRatification, "c")
	g.stands(t, AccordInForce, g.first(), "bc")
}

func TestDeclineOfWhatIsAdoptedLeaves(t *testing.T) {
	g := proposed(3)
	v1 := g.first()
	g.says(v1, AccordRatification, "abc")
	v2 := g.amend(v1, "a.example")
	g.says(v2, AccordDecline, "c")
	g.stands(t, AccordAmending, v1, "abc")
	g.says(v2, AccordRatification, "ab")
	g.stands(t, AccordInForce, v2, "ab")
}

func TestEquivocationCountsForNeither(t *testing.T) {
	g := proposed(5)
	v1 := g.first()
	g.says(v1, AccordRatification, "abcde")
	left := g.amend(v1, "a.example", func(a *Accord) { a.Name = "left" })
	right := g.amend(v1, "b.example", func(a *Accord) { a.Name = "right" })
	g.says(left, AccordRatification, "ab")
	g.says(right, AccordRatification, "de")
	g.stands(t, AccordAmending, v1, "abcde")
	x := g.says(left, AccordRatification, "c")
	g.stands(t, AccordInForce, left, "abcde")
	y := g.says(right, AccordRatification, "c")
	s := g.stands(t, AccordAmending, v1, "abcde")
	pair := []AccordActID{x.ID, y.ID}
	if len(s.Equivocations) != 1 || s.Equivocations[0].Party != "c.example" || !slices.Contains(pair, s.Equivocations[0].First) || !slices.Contains(pair, s.Equivocations[0].Second) {
		t.Errorf("%+v", s.Equivocations)
	}
	for _, v := range []Accord{left, right} {
		if a := s.Answer(v.ID, "c.example").Answer; a != AnswerEquivocated {
			t.Errorf("c is counted as %s for %s", a, v.Name)
		}
	}
	// Once one of the two can never be adopted, nobody is harmed by c's word for it.
	g.acts = slices.DeleteFunc(g.acts, func(a AccordAct) bool { return a.Version == right.ID && a.Party == "e.example" })
	g.says(right, AccordDecline, "abe")
	if s := g.stands(t, AccordInForce, left, "abcde"); len(s.Equivocations) != 0 {
		t.Errorf("a version that has fallen still convicts: %v", s.Equivocations)
	}
}

// Two amendments proposed at once, one of which loses, do not lock anybody out.
func TestWhoVotedForTheLoserGoesOn(t *testing.T) {
	g := proposed(3)
	v1 := g.first()
	g.says(v1, AccordRatification, "abc")
	left, right := g.amend(v1, "a.example"), g.amend(v1, "b.example")
	g.says(left, AccordRatification, "ac")
	g.says(right, AccordRatification, "b")
	s := g.stands(t, AccordInForce, left, "abc")
	if v, _ := s.Version(right.ID); v.State != VersionExcluded {
		t.Errorf("right is %s", v.State)
	}
	vote := AccordAct{Kind: AccordRatification, Accord: v1.AccordID(), Version: left.ID, Party: "b.example"}
	if err := s.Permits(vote); err == nil || !strings.Contains(err.Error(), "decline the other version") {
		t.Errorf("b is let into equivocation: %v", err)
	}
	g.says(right, AccordDecline, "ac")
	if err := g.at(g.now).Permits(vote); err != nil {
		t.Error(err)
	}
	g.says(left, AccordRatification, "b")
	if s := g.stands(t, AccordInForce, left, "abc"); len(s.Equivocations) != 0 || s.Party("b.example").Under != left.ID {
		t.Errorf("%v", s.Equivocations)
	}
}

// A removal that one member's second signature undoes stays a removal for
// whoever seals.
func TestRemovedStaysCut(t *testing.T) {
	g := proposed(4)
	v1 := g.first()
	g.says(v1, AccordRatification, "abcd")
	v2 := g.amend(v1, "a.example", without("d"))
	g.says(v2, AccordRatification, "abc")
	s := g.stands(t, AccordInForce, v2, "abc")
	other := g.amend(v1, "c.example")
	g.says(other, AccordRatification, "c")
	s = g.stands(t, AccordAmending, v1, "abcd")
	if len(s.Cut) != 1 || s.Cut[0] != "d.example" || slices.Contains(s.Recipients(), "d.example") {
		t.Errorf("cut %v, recipients %v", s.Cut, s.Recipients())
	}
}

func TestAmendmentNeedsTheOldQuorumToo(t *testing.T) {
	g := proposed(5)
	v1 := g.first()
	g.says(v1, AccordRatification, "abcde")
	left, right := g.amend(v1, "a.example", without("de")), g.amend(v1, "d.example", without("abc"), func(a *Accord) { a.Quorum = 2 })
	g.says(left, AccordRatification, "ab") // its own quorum, and not v1's
	g.says(right, AccordRatification, "de")
	g.stands(t, AccordAmending, v1, "abcde")
	g.says(left, AccordRatification, "c")
	g.stands(t, AccordInForce, left, "abc")
}

func TestWhatIsMissingAndIgnored(t *testing.T) {
	g := proposed(3)
	v1 := g.first()
	v2 := g.amend(v1, "a.example")
	v3 := g.amend(v2, "a.example")
	g.says(v1, AccordRatification, "ab")
	g.says(v3, AccordRatification, "ab")
	whole := g.at(g.now)
	g.versions = []Accord{v1, v3}
	s := g.stands(t, AccordInForce, v1, "ab")
	if !slices.Equal(s.Missing, sortedVersions(v2.ID, v3.ID)) && !slices.Contains(s.Missing, v2.ID) {
		t.Errorf("missing %v", s.Missing)
	}
	g.versions = []Accord{v3, v2, v1}
	if again := g.at(g.now); !reflect.DeepEqual(again, whole) || again.InForce != v3.ID || len(again.Missing) != 0 {
		t.Errorf("%+v", again)
	}
	if s := StandingOf(AccordID(madeUp(77)), g.versions, g.acts, g.now); s.State != AccordDraft {
		t.Errorf("another accord is %s", s.State)
	}
	g.says(v1, AccordRatification, "z")
	stranger := g.amend(v3, "z.example")
	s = g.at(g.now)
	if len(s.Ignored) != 1 || !strings.Contains(s.Ignored[0].Why, "no member") {
		t.Errorf("%v", s.Ignored)
	}
	if _, ok := s.Version(stranger.ID); ok {
		t.Error("a stranger amends")
	}
	draft := agreed(2)
	draft.Node = ""
	if s := StandingOf(AccordID(draft.ID), []Accord{draft}, nil, g.now); s.State != AccordDraft {
		t.Errorf("what nobody signed is %s", s.State)
	}
}

func sortedVersions(ids ...VersionID) []VersionID {
	slices.SortFunc(ids, func(a, b VersionID) int { return strings.Compare(a.String(), b.String()) })
	return ids
}

func TestPermits(t *testing.T) {
	g := proposed(3)
	v1 := g.first()
	act := func(kind AccordActKind, v Accord, p PartyID) AccordAct {
		return AccordAct{Kind: kind, Accord: v.AccordID(), Version: v.ID, Party: p}
	}
	for _, c := range []struct {
		a    AccordAct
		want string // empty: permitted
	}{
		{act(AccordRatification, v1, "a.example"), ""},
		{act(AccordSuspension, v1, "a.example"), "proposed"},
		{act(AccordRatification, v1, "z.example"), "no member"},
		{act(AccordRatification, agreed(2), "a.example"), ""},
		{AccordAct{Kind: AccordDecline, Accord: v1.AccordID(), Version: VersionID{9}, Party: "a.example"}, "not known"},
	} {
		err := g.at(g.now).Permits(c.a)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s by %s: %v, want %q", c.a.Kind, c.a.Party, err, c.want)
		}
	}
	g.says(v1, AccordRatification, "ab")
	v2 := g.amend(v1, "a.example")
	g.says(v2, AccordRatification, "ab")
	if err := g.at(g.now).Permits(act(AccordRatification, v1, "c.example")); err == nil || !strings.Contains(err.Error(), "superseded") {
		t.Errorf("%v", err)
	}
	if err := g.at(g.now).Permits(act(AccordRatification, v2, "c.example")); err != nil {
		t.Error(err)
	}
}

// anyAgreement is a tree of versions with whatever acts; honest parties only
// where it says so: they consent to nothing that excludes what they consented to.
func anyAgreement(t *rapid.T, honest bool) *agreement {
	members := rapid.IntRange(2, 6).Draw(t, "members")
	g := proposed(members, func(a *Accord) {
		a.Quorum = rapid.IntRange(OverHalf(members), members).Draw(t, "quorum")
		a.Notice = time.Duration(rapid.IntRange(0, 3).Draw(t, "notice")) * time.Minute
		if rapid.Bool().Draw(t, "bounded") {
			a.Until = accordStart.Add(time.Duration(rapid.IntRange(5, 60).Draw(t, "until")) * time.Minute)
		}
	})
	for i := range rapid.IntRange(1, 30).Draw(t, "steps") {
		parent := rapid.SampledFrom(g.versions).Draw(t, "version")
		p := parent.Members[rapid.IntRange(0, len(parent.Members)-1).Draw(t, "party")].Party
		if rapid.IntRange(0, 4).Draw(t, "amends") == 0 {
			g.amend(parent, p, func(a *Accord) {
				if n := len(a.Members); n > 2 && rapid.Bool().Draw(t, "removes") {
					out := a.Members[rapid.IntRange(0, n-1).Draw(t, "out")].Party
					if out != a.Proposer {
						without(string(out[0]))(a)
					}
				}
				if rapid.IntRange(0, 3).Draw(t, "later") == 0 {
					a.From = g.now.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "from")) * time.Minute)
				}
				if !a.Until.IsZero() && !a.Until.After(a.From) {
					a.From = time.Time{}
				}
			})
			continue
		}
		kind := rapid.SampledFrom(append(slices.Repeat([]AccordActKind{AccordRatification}, 6), AccordActKinds()...)).Draw(t, "kind")
		act := AccordAct{Kind: kind, Accord: parent.AccordID(), Version: parent.ID, Party: p}
		if honest && g.at(g.now).Permits(act) != nil {
			continue
		}
		g.says(parent, kind, string(p[0]), func(a *AccordAct) {
			if !honest {
				a.Time = a.Time.Add(-time.Duration(rapid.IntRange(0, i+1).Draw(t, "backdated")) * time.Minute)
			}
		})
	}
	return g
}

// Whoever holds the same computes the same, in whatever order it arrived and
// however often.
func TestAnyInterleavingGivesTheSameStanding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyAgreement(t, rapid.Bool().Draw(t, "honest"))
		now := g.now.Add(time.Duration(rapid.IntRange(-20, 20).Draw(t, "now")) * time.Minute)
		want := g.at(now)
		versions := rapid.Permutation(append(slices.Clone(g.versions), g.versions[len(g.versions)/2:]...)).Draw(t, "versions")
		acts := rapid.Permutation(append(slices.Clone(g.acts), g.acts[len(g.acts)/2:]...)).Draw(t, "acts")
		if got := StandingOf(g.first().AccordID(), versions, acts, now); !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

// Two parties that each hold a part never take versions for in force that
// exclude each other, unless somebody equivocated.
func TestHonestMembersNeverDisagree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyAgreement(t, true)
		whole := g.at(g.now)
		if len(whole.Equivocations) > 0 {
			t.Fatalf("the honest equivocate: %v", whole.Equivocations)
		}
		part := func(label string) Standing {
			var acts []AccordAct
			for _, a := range g.acts {
				if rapid.Bool().Draw(t, label) {
					acts = append(acts, a)
				}
			}
			return StandingOf(g.first().AccordID(), g.versions, acts, g.now)
		}
		one, two := part("one"), part("two")
		for _, pair := range [][2]Standing{{one, two}, {one, whole}, {two, whole}} {
			a, aok := whole.Version(pair[0].Adopted)
			b, bok := whole.Version(pair[1].Adopted)
			if aok && bok && !whole.inLine(a, b) && !whole.inLine(b, a) {
				t.Fatalf("%s and %s are both adopted", a.ID.Short(), b.ID.Short())
			}
		}
	})
}

// What has ended stays ended, and every standing holds together.
func TestEndedIsForGood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyAgreement(t, rapid.Bool().Draw(t, "honest"))
		ended := false
		for i := range 60 {
			s := g.at(accordStart.Add(time.Duration(i) * time.Minute))
			if ended && s.State != AccordEnded {
				t.Fatalf("it is %s again after %d minutes", s.State, i)
			}
			ended = s.State == AccordEnded
			if problem := consistent(s); problem != "" {
				t.Fatalf("after %d minutes: %s: %+v", i, problem, s)
			}
		}
	})
}

func consistent(s Standing) string {
	v, inForce := s.Version(s.InForce)
	effective := s.Effective()
	switch {
	case inForce && v.State != VersionInForce:
		return "the version in force is " + string(v.State)
	case !inForce && len(effective) > 0:
		return "bound by nothing"
	case (s.State == AccordEnded) == s.Ended.IsZero(), (s.State == AccordEnded) == (s.Why == ""):
		return "ended without time or reason"
	case (s.State == AccordInForce || s.State == AccordAmending || s.State == AccordSuspended) != (inForce && s.State != AccordEnded):
		return "the state does not fit the version in force"
	case s.State == AccordAmending && len(s.Open()) == 0:
		return "amending without an amendment"
	case s.State == AccordInForce && len(s.Open()) != 0:
		return "in force with an open version"
	}
	for _, p := range s.Parties {
		under := p.Presence == PresenceActive || p.Presence == PresenceSuspended
		if p.Presence != PresenceLeaving && under == p.Under.IsZero() {
			return fmt.Sprintf("%s is %s under %s", p.Party, p.Presence, p.Under.Short())
		}
	}
	for _, p := range effective {
		if !slices.ContainsFunc(v.Answers, func(a PartyAnswer) bool { return a.Party == p }) {
			return string(p) + " is bound, and no member"
		}
	}
	for _, p := range s.Recipients() {
		if !slices.Contains(effective, p) {
			return "a recipient that is not bound"
		}
	}
	return ""
}

// Standings of large accords are computed in time that grows with their acts.
func TestLargeAccord(t *testing.T) {
	a := agreed(2)
	a.Members, a.Quorum = nil, OverHalf(MaxMembers)
	g := &agreement{now: accordStart}
	for i := range MaxMembers {
		p := PartyID(fmt.Sprintf("m%04d.example", i))
		a.Members = append(a.Members, memberNamed(p, uint64(i)))
		g.acts = append(g.acts, AccordAct{ID: AccordActID(madeUp(uint64(i))), Kind: AccordRatification, Accord: AccordID(a.ID), Version: a.ID, Party: p, Time: accordStart.Add(time.Duration(i) * time.Second)})
	}
	a.Proposer = a.Members[0].Party
	g.versions = []Accord{a}
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	s := g.at(accordStart.Add(day))
	if s.State != AccordInForce || len(s.Effective()) != MaxMembers {
		t.Errorf("%s for %d", s.State, len(s.Effective()))
	}
}
