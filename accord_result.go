package heed

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"
)

// open reports whether a version may still enter into force.
func (f *accordFold) open(b *branch, t time.Time) bool {
	s := f.versionState(b, t)
	return !b.known.After(t) && (s == VersionProposed || s == VersionAdopted)
}

func (f *accordFold) versionState(b *branch, t time.Time) VersionState {
	switch {
	case b == f.current:
		return VersionInForce
	case f.current != nil && f.current.below(b), f.head != nil && f.head.below(b) && b != f.head && !b.isAdopted:
		return VersionSuperseded
	case b.isAdopted:
		return VersionAdopted
	case b.declines.total(b):
		return VersionFallen
	case f.head != nil && !inLine(b, f.head):
		return VersionExcluded
	case b.over(t), f.ended():
		return VersionLapsed
	}
	return VersionProposed
}

// result is what people and programs ask for, in one order.
func (f *accordFold) result() Standing {
	s := f.standing
	s.State = f.state(f.now)
	if f.current != nil {
		s.InForce, s.Since = f.current.a.ID, f.current.started
	}
	if f.head != nil {
		s.Adopted = f.head.a.ID
	}
	for _, b := range f.versions {
		if !b.known.After(f.now) {
			s.Versions = append(s.Versions, f.versionStanding(b))
		}
	}
	s.Parties = f.parties(s.Current())
	s.Cut = f.cut()
	for _, p := range slices.Sorted(maps.Keys(f.removed)) {
		s.Removed = append(s.Removed, f.removed[p])
	}
	slices.SortStableFunc(f.ignored, func(a, b ignored) int {
		return cmp.Or(a.at.Compare(b.at), bytes.Compare(a.act.Act[:], b.act.Act[:]))
	})
	for _, i := range f.ignored {
		s.Ignored = append(s.Ignored, i.act)
	}
	s.Missing = slices.SortedFunc(maps.Keys(f.missing), func(a, b VersionID) int { return bytes.Compare(a[:], b[:]) })
	return s
}

func (f *accordFold) versionStanding(b *branch) VersionStanding {
	v := VersionStanding{
		ID: b.a.ID, Parent: b.a.Parent, Number: b.a.Number, State: f.versionState(b, f.now),
		Adopted: b.adopted, Started: b.started, Answers: make([]PartyAnswer, 0, len(b.answers)),
	}
	for _, p := range slices.Sorted(maps.Keys(b.answers)) {
		v.Answers = append(v.Answers, *b.answers[p])
	}
	return v
}

// parties are the members of a version, and whoever leaves or has left.
func (f *accordFold) parties(of VersionID) []PartyStanding {
	listed := map[PartyID]bool{}
	if b := f.byID[of]; b != nil {
		maps.Copy(listed, b.members)
	}
	for _, left := range []map[PartyID]time.Time{f.leaving, f.gone} {
		for p := range left {
			listed[p] = true
		}
	}
	var all []PartyStanding
	for _, p := range slices.Sorted(maps.Keys(listed)) {
		m := PartyStanding{Party: p, Presence: f.presence(p)}
		if b := f.bound[p]; b != nil {
			m.Under = b.a.ID
		}
		m.Leaves = f.leaving[p]
		if at, gone := f.gone[p]; gone {
			m.Leaves = at
		}
		m.Wakes, m.Asleep = f.asleep[p]
		all = append(all, m)
	}
	return all
}

// cut are the members of the version in force whom a later one had removed by
// its quorum and by the present one's, counting those whose consent was voided since.
func (f *accordFold) cut() []PartyID {
	if f.current == nil {
		return nil
	}
	var all []PartyID
	for _, b := range f.versions {
		if b == f.current || !b.below(f.current) || b.isAdopted || b.known.After(f.now) {
			continue
		}
		consents, base := 0, 0
		for p, a := range b.answers {
			if a.Answer.Consents() || a.Answer == AnswerEquivocated {
				consents++
				if f.current.members[p] {
					base++
				}
			}
		}
		if consents < b.a.Quorum || base < f.current.a.Quorum {
			continue
		}
		for p := range f.current.members {
			if !b.members[p] {
				all = append(all, p)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
