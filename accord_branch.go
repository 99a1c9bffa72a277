package heed

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"
)

// branch is one version in the tree.
type branch struct {
	a       Accord
	parent  *branch
	known   time.Time // when it was proposed: not later than the first act about it
	members map[PartyID]bool
	answers map[PartyID]*PartyAnswer

	consents int  // members who consent, and have not gone
	base     int  // of these, members of the newest version adopted before it
	declines loss // members who declined
	lost     loss // members who declined, or have gone

	adopted, started time.Time
	isAdopted        bool
	isStarted        bool
}

func (b *branch) below(above *branch) bool {
	for b != nil && b != above {
		b = b.parent
	}
	return b == above
}

func inLine(a, b *branch) bool { return a.below(b) || b.below(a) }

// loss counts members who will not consent to a version.
type loss struct {
	members int
	barred  bool // one of them is a member without whom it cannot enter into force
}

func (l *loss) add(b *branch, p PartyID) {
	l.members++
	l.barred = l.barred || slices.Contains(b.a.MustRatify, p)
}

// total reports whether those who are left are no quorum.
func (l loss) total(b *branch) bool { return l.barred || l.members > len(b.a.Members)-b.a.Quorum }

func (b *branch) over(t time.Time) bool { return !b.a.Until.IsZero() && !t.Before(b.a.Until) }

func compareVersions(a, b *branch) int {
	return cmp.Or(cmp.Compare(a.a.Number, b.a.Number), bytes.Compare(a.a.ID[:], b.a.ID[:]))
}

// plant builds the tree of versions.
func (f *accordFold) plant(id AccordID, versions []Accord) {
	f.byID = map[VersionID]*branch{}
	held := map[VersionID]Accord{}
	for _, a := range versions {
		if a.AccordID() == id && a.Node != "" {
			held[a.ID] = a
		}
	}
	sorted := slices.SortedFunc(maps.Values(held), func(a, b Accord) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), bytes.Compare(a.ID[:], b.ID[:]))
	})
	for _, a := range sorted {
		b := &branch{a: a, known: a.Time, members: map[PartyID]bool{}, answers: map[PartyID]*PartyAnswer{}}
		if VersionID(id) != a.ID {
			parent, ok := f.byID[a.Parent]
			if _, waits := held[a.Parent]; !ok && !waits {
				f.missing[a.Parent] = true
			}
			if !ok || a.Amends(parent.a) != nil {
				continue
			}
			b.parent = parent
		}
		for _, m := range a.Members {
			b.members[m.Party] = true
			b.answers[m.Party] = &PartyAnswer{Party: m.Party, Answer: AnswerSilent}
		}
		f.byID[a.ID], f.versions = b, append(f.versions, b)
	}
}
