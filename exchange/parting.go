package exchange

import (
	"slices"
	"time"

	"heed"
)

// parting is what a party that has left an accord, or was left out of it, is
// still told of it: what makes that so, and what came before. What the others
// agree on afterwards, and why, is no business of its any more.
type parting struct {
	party    heed.PartyID
	gone     time.Time               // when its withdrawal took effect; zero: it has not withdrawn
	by       heed.VersionID          // the adopted version that left it out; zero: none did
	at       time.Time               // when that entered into force, or what followed it; zero: not yet, and until then it is bound
	after    map[heed.VersionID]bool // versions that descend from by
	versions map[heed.VersionID]bool // which it is told of
	stood    map[heed.VersionID]bool // in which it stands
}

// partings finds who has left an accord, with ten thousand parties in it.
type partings struct {
	held   AccordHeld
	inside map[heed.PartyID]bool // stand in the newest adopted version, or are asked into a later one
	gone   map[heed.PartyID]time.Time
	found  map[heed.PartyID]*parting
}

// partings is who has left the accord as it stands. Before any version is
// adopted nobody has but who withdrew.
func (h AccordHeld) partings() partings {
	out := partings{held: h, inside: map[heed.PartyID]bool{}, gone: map[heed.PartyID]time.Time{}, found: map[heed.PartyID]*parting{}}
	for _, p := range h.Standing.Parties {
		if p.Presence == heed.PresenceGone {
			out.gone[p.Party] = p.Leaves
		}
	}
	var texts []heed.Accord
	newest := h.Standing.Adopted
	for _, v := range h.Versions {
		s, _ := h.Standing.Version(v.Accord.ID)
		asked := (s.State == heed.VersionProposed || s.State == heed.VersionAdopted) && h.descends(v.Accord, newest)
		if newest.IsZero() || v.Accord.ID == newest || asked {
			texts = append(texts, v.Accord)
		}
	}
	for _, p := range partiesOf(texts...) {
		out.inside[p] = true
	}
	return out
}

// of is how a party has left; nil where it has not.
func (p partings) of(party heed.PartyID) *parting {
	gone, withdrew := p.gone[party]
	if p.inside[party] && !withdrew {
		return nil
	}
	if l, ok := p.found[party]; ok {
		return l
	}
	l := &parting{party: party, gone: gone, after: map[heed.VersionID]bool{}, versions: map[heed.VersionID]bool{}, stood: map[heed.VersionID]bool{}}
	p.found[party] = l
	if withdrew {
		for _, v := range p.held.Versions {
			l.versions[v.Accord.ID] = !v.Accord.Time.After(gone)
		}
		return l
	}
	l.by, l.at = p.held.leftOut(party)
	for _, v := range p.held.Versions {
		a := v.Accord
		l.after[a.ID] = a.ID != l.by && p.held.descends(a, l.by)
		l.versions[a.ID] = l.versions[a.ID] || !l.by.IsZero() && !l.after[a.ID]
		if _, stands := a.Card(party); !stands {
			continue
		}
		l.stood[a.ID] = true
		for ok := true; ok; a, ok = p.held.Version(a.Parent) {
			l.versions[a.ID] = true
		}
	}
	return l
}

// leftOut is the adopted version that last left a party out, and since when
// that is so. Zero: it never stood in what is adopted; or not in force yet.
func (h AccordHeld) leftOut(party heed.PartyID) (by heed.VersionID, at time.Time) {
	v, ok := h.Version(h.Standing.Adopted)
	for ok {
		if s, _ := h.Standing.Version(v.ID); !s.Started.IsZero() {
			at = s.Started
		}
		parent, held := h.Version(v.Parent)
		if _, stands := parent.Card(party); held && stands {
			return v.ID, at
		}
		v, ok = parent, held
	}
	return heed.VersionID{}, time.Time{}
}

// tells reports whether the party is told an act. One that was asked into a
// version that came to nothing sees from the answers to it that it did.
func (l *parting) tells(a heed.AccordAct) bool {
	switch {
	case l == nil:
		return true
	case !l.gone.IsZero():
		return !a.Time.After(l.gone)
	case l.by.IsZero() || l.after[a.Version]:
		return l.stood[a.Version] && a.Kind.Answers()
	}
	return l.at.IsZero() || !a.Time.After(l.at)
}

// seen is of an accord what the party is told.
func (l *parting) seen(h AccordHeld) AccordHeld {
	if l == nil {
		return h
	}
	return AccordHeld{
		Standing: h.Standing,
		Versions: slices.DeleteFunc(slices.Clone(h.Versions), func(k KeptVersion) bool { return !l.versions[k.Accord.ID] }),
		Acts:     slices.DeleteFunc(slices.Clone(h.Acts), func(k KeptAct) bool { return !l.tells(k.Act) }),
	}
}
