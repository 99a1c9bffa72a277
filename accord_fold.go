package heed

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"
)

// StandingOf computes where an accord stands at now from whatever is held of
// it: versions and acts, in any order, any of them more than once. Those of
// other accords are passed over, and so are versions that nobody signed. It
// never fails. The caller has verified every signature and checked every
// version and act by itself.
//
// The rules, each with its reason, are in docs/accords.md. Signed times
// decide, and acts signed after now wait. A party's own signed times order its
// own acts; what binds the others is never a matter of one party's clock, but
// of who has consented: a version is adopted when its quorum of its members
// has consented, and the quorum of the newest adopted version before it, of
// that version's members. As a quorum is over half, two versions that exclude
// each other can only both be adopted if somebody consents to both, and then
// that party counts for neither.
func StandingOf(id AccordID, versions []Accord, acts []AccordAct, now time.Time) Standing {
	f := &accordFold{now: now, standing: Standing{Accord: id, State: AccordDraft}, missing: map[VersionID]bool{}}
	f.plant(id, versions)
	f.take(id, acts)
	f.weigh()
	f.run()
	return f.result()
}

// accordFold is one accord being folded.
type accordFold struct {
	now      time.Time
	standing Standing
	missing  map[VersionID]bool
	ignored  []ignored

	versions []*branch // by number, then id
	byID     map[VersionID]*branch
	acts     []AccordAct // by signed time, kind and id
	void     map[voidKey]bool

	head    *branch // the newest adopted
	current *branch // in force
	bound   map[PartyID]*branch
	removed map[PartyID]Removal
	gone    map[PartyID]time.Time
	leaving map[PartyID]time.Time
	asleep  map[PartyID]time.Time // until when; zero: until resumed
	active  int                   // bound and not asleep
	ticks   []time.Time           // still to come, ascending
}

// ignored is an act without effect, and when it was signed.
type ignored struct {
	at  time.Time
	act IgnoredAct
}

type voidKey struct {
	party   PartyID
	version VersionID
}

// take sorts the acts and drops those that are held twice, or are of versions
// that are not held, or of parties that are no members.
func (f *accordFold) take(id AccordID, acts []AccordAct) {
	held := map[AccordActID]AccordAct{}
	for _, a := range acts {
		if a.Accord == id {
			held[a.ID] = a
		}
	}
	f.acts = slices.SortedFunc(maps.Values(held), func(a, b AccordAct) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(slices.Index(AccordActKinds(), a.Kind), slices.Index(AccordActKinds(), b.Kind)), bytes.Compare(a.ID[:], b.ID[:]))
	})
	f.acts = slices.DeleteFunc(f.acts, func(a AccordAct) bool {
		b, ok := f.byID[a.Version]
		switch {
		case !ok:
			f.missing[a.Version] = true
			return true
		case !b.members[a.Party]:
			f.ignore(a, string(a.Party)+" is no member of the version")
			return true
		}
		if a.Time.Before(b.known) {
			b.known = a.Time
		}
		return false
	})
	// Nobody can date a version back to before the one that it amends: it would
	// be weighed at a time at which there was nothing else to hope for.
	for _, b := range f.versions {
		if b.parent != nil && b.known.Before(b.parent.known) {
			b.known = b.parent.known
		}
	}
}

func (f *accordFold) ignore(a AccordAct, why string) {
	f.ignored = append(f.ignored, ignored{a.Time, IgnoredAct{Act: a.ID, Why: why}})
}

// run lives through the accord's time up to now.
func (f *accordFold) run() {
	f.bound, f.gone, f.removed = map[PartyID]*branch{}, map[PartyID]time.Time{}, map[PartyID]Removal{}
	f.leaving, f.asleep = map[PartyID]time.Time{}, map[PartyID]time.Time{}
	for _, b := range f.versions {
		f.ticks = append(f.ticks, b.known, b.a.From, b.a.Until)
	}
	for _, a := range f.acts {
		f.ticks = append(f.ticks, a.Time, a.Until)
	}
	slices.SortFunc(f.ticks, time.Time.Compare)
	f.ticks = slices.CompactFunc(f.ticks, time.Time.Equal)
	next := 0
	for len(f.ticks) > 0 && !f.ticks[0].After(f.now) {
		t := f.ticks[0]
		f.ticks = f.ticks[1:]
		if t.IsZero() {
			continue
		}
		f.settle(t)
		for ; next < len(f.acts) && !f.acts[next].Time.After(t); next++ {
			f.apply(f.acts[next], t)
		}
		f.settle(t)
	}
}

// tick has run stop at t, which is later than the present one.
func (f *accordFold) tick(t time.Time) {
	if i, found := slices.BinarySearchFunc(f.ticks, t, time.Time.Compare); !found {
		f.ticks = slices.Insert(f.ticks, i, t)
	}
}

func (f *accordFold) ended() bool { return !f.standing.Ended.IsZero() }

func (f *accordFold) end(t time.Time, why AccordEnd) {
	f.standing.Ended, f.standing.Why = t, why
}

// settle makes everything true that follows at t from what was said before.
func (f *accordFold) settle(t time.Time) {
	if f.ended() {
		return
	}
	f.wake(t)
	f.depart(t)
	f.start(t)
	if f.current != nil && f.current.over(t) {
		f.end(t, EndExpired)
		return
	}
	for f.adopt(t) {
		f.start(t)
	}
	switch {
	case f.current != nil && len(f.bound) < f.current.a.Quorum:
		f.end(t, EndUnderQuorum)
	case f.current == nil:
		f.hopeless(t)
	}
}

func (f *accordFold) wake(t time.Time) {
	for p, until := range f.asleep {
		if !until.IsZero() && !until.After(t) {
			f.rouse(p)
		}
	}
}

func (f *accordFold) rouse(p PartyID) {
	if _, ok := f.asleep[p]; ok {
		delete(f.asleep, p)
		if f.bound[p] != nil {
			f.active++
		}
	}
}

func (f *accordFold) depart(t time.Time) {
	for p, from := range f.leaving {
		if from.After(t) {
			continue
		}
		delete(f.leaving, p)
		f.gone[p] = from
		f.unbind(p)
		for _, b := range f.versions {
			if a := b.answers[p]; a != nil && !b.isAdopted && a.Answer != AnswerDeclined {
				b.lost.add(b, p)
				if a.Answer.Consents() {
					f.count(b, p, -1)
				}
			}
		}
	}
}

func (f *accordFold) bind(p PartyID, b *branch) {
	if _, asleep := f.asleep[p]; f.bound[p] == nil && !asleep {
		f.active++
	}
	f.bound[p] = b
}

func (f *accordFold) unbind(p PartyID) {
	if _, asleep := f.asleep[p]; f.bound[p] != nil && !asleep {
		f.active--
	}
	delete(f.bound, p)
	delete(f.asleep, p)
}

// count adds a consent to a version, or takes it away.
func (f *accordFold) count(b *branch, p PartyID, n int) {
	b.consents += n
	if base := f.base(); base != nil && base.members[p] {
		b.base += n
	}
}

// base is the version whose quorum an amendment needs as well: the newest
// adopted, or the first of all, to whose members the accord was proposed.
func (f *accordFold) base() *branch {
	if f.head != nil {
		return f.head
	}
	return f.byID[VersionID(f.standing.Accord)]
}

// adopt finds one version that has its quorum, and reports whether there is one.
func (f *accordFold) adopt(t time.Time) bool {
	base := f.base()
	for _, b := range f.versions {
		if b.isAdopted || !b.below(f.head) && f.head != nil || b.over(t) {
			continue
		}
		if b.consents < b.a.Quorum || b.base < base.a.Quorum || !f.essential(b) {
			continue
		}
		b.isAdopted, b.adopted, f.head = true, t, b
		f.recount()
		if b.a.From.After(t) {
			f.tick(b.a.From)
		}
		return true
	}
	return false
}

// essential reports whether all have consented without whom the version does
// not enter into force.
func (f *accordFold) essential(b *branch) bool {
	for _, p := range b.a.MustRatify {
		if _, gone := f.gone[p]; gone || !b.answers[p].Answer.Consents() {
			return false
		}
	}
	return true
}

// recount counts the consents of the base's members anew.
func (f *accordFold) recount() {
	for _, b := range f.versions {
		b.base = 0
		for p, a := range b.answers {
			if _, gone := f.gone[p]; !gone && a.Answer.Consents() && f.head.members[p] {
				b.base++
			}
		}
	}
}

// start brings into force what is adopted and whose time has come, in its order.
func (f *accordFold) start(t time.Time) {
	for _, b := range f.versions {
		if !b.isAdopted || b.isStarted || b.a.From.After(t) || f.current != nil && !b.below(f.current) {
			continue
		}
		if f.current != nil {
			f.leaveOut(f.current, b, t)
		}
		b.isStarted, b.started, f.current = true, t, b
		for p := range f.bound {
			if !b.members[p] {
				f.unbind(p)
			}
		}
		for p := range b.members {
			f.rebind(p)
		}
	}
}

// leaveOut notes who stood in the version before and does not stand in the next.
func (f *accordFold) leaveOut(before, next *branch, t time.Time) {
	for p := range before.members {
		if _, gone := f.gone[p]; !gone && !next.members[p] {
			f.removed[p] = Removal{Party: p, Version: next.a.ID, At: t}
		}
	}
	for p := range next.members {
		delete(f.removed, p)
	}
}

// rebind binds a party by what it has said to the version in force, or frees it.
func (f *accordFold) rebind(p PartyID) {
	_, gone := f.gone[p]
	switch answer := f.current.answers[p].Answer; {
	case answer.Consents() && !gone:
		f.bind(p, f.current)
	case answer == AnswerDeclined:
		f.unbind(p)
	}
}

// hopeless ends an accord of which no version can enter into force any more.
func (f *accordFold) hopeless(t time.Time) {
	declined, proposed := false, false
	for _, b := range f.versions {
		switch {
		case b.known.After(t):
		case b.isAdopted && !b.over(t):
			return
		case b.lost.total(b):
			declined, proposed = true, true
		case !b.over(t):
			return
		default:
			proposed = true
		}
	}
	switch {
	case declined:
		f.end(t, EndDeclined)
	case proposed:
		f.end(t, EndLapsed)
	}
}

// apply lets one act take effect, or ignores it.
func (f *accordFold) apply(a AccordAct, t time.Time) {
	b := f.byID[a.Version]
	answer := b.answers[a.Party]
	after, err := legal(f.state(t), f.presence(a.Party), answer.said(), a.Kind)
	if err != nil {
		f.ignore(a, err.Error())
		return
	}
	switch a.Kind {
	case AccordSuspension:
		if _, asleep := f.asleep[a.Party]; !asleep && f.bound[a.Party] != nil {
			f.active--
		}
		f.asleep[a.Party] = a.Until
	case AccordResumption:
		f.rouse(a.Party)
	case AccordWithdrawal:
		f.leave(a, t)
	default:
		f.answer(b, answer, a, after)
	}
}

// leave lets a withdrawal take effect when the terms that bind the party permit.
func (f *accordFold) leave(a AccordAct, t time.Time) {
	from := t
	if under := f.bound[a.Party]; under != nil {
		from = t.Add(under.a.Notice)
	}
	if a.From.After(from) {
		from = a.From
	}
	f.leaving[a.Party] = from
	if from.After(t) {
		f.tick(from)
	}
}

func (f *accordFold) answer(b *branch, answer *PartyAnswer, a AccordAct, after Answer) {
	first := answer.Answer == AnswerSilent
	answer.Act, answer.At = a.ID, a.Time
	switch after {
	case AnswerReserved:
		answer.Reservations = append(answer.Reservations, Reservation{Clause: a.Clause, Reason: a.Reason, Act: a.ID})
	case AnswerRatified:
		answer.Reservations = nil
	case AnswerDeclined:
		answer.Reason = a.Reason
		b.declines.add(b, a.Party)
		b.lost.add(b, a.Party)
	}
	if after.Consents() && f.void[voidKey{a.Party, b.a.ID}] {
		after = AnswerEquivocated
	}
	answer.Answer = after
	if first && after.Consents() {
		f.count(b, a.Party, 1)
	}
	if b == f.current {
		f.rebind(a.Party)
	}
}

func (f *accordFold) presence(p PartyID) Presence {
	if _, ok := f.gone[p]; ok {
		return PresenceGone
	}
	if _, ok := f.leaving[p]; ok {
		return PresenceLeaving
	}
	if f.bound[p] == nil {
		return PresenceOutside
	}
	if _, ok := f.asleep[p]; ok {
		return PresenceSuspended
	}
	return PresenceActive
}

func (f *accordFold) state(t time.Time) AccordState {
	switch {
	case f.ended():
		return AccordEnded
	case f.current != nil && f.active < f.current.a.Quorum:
		return AccordSuspended
	case f.current != nil && slices.ContainsFunc(f.versions, func(b *branch) bool { return f.open(b, t) }):
		return AccordAmending
	case f.current != nil:
		return AccordInForce
	case slices.ContainsFunc(f.versions, func(b *branch) bool { return !b.known.After(t) }):
		return AccordProposed
	}
	return AccordDraft
}
