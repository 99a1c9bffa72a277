package evidence

import (
	"fmt"
	"slices"
	"time"

	"heed"
)

// A lead is what the files show of the time since when the recipient of a
// statement has all that its author had said before it.
type lead struct {
	at time.Time // the latest receipt of these; zero where there is nothing before it

	why        string   // not shown: what is missing; empty where it is
	strangers  []Signer // not shown, because these signed what is missing
	unreceived *said    // not shown: the first of them for which there is no receipt
}

func (l lead) shown() bool { return l.why == "" }

// leadOf is the rule of heed.Case.Given, for what a statement follows. What is
// withheld of that cannot be answered, and starts no clock.
func (m *material) leadOf(s *said) lead {
	if s.lead != nil {
		return *s.lead
	}
	l := m.ownBefore(s)
	if l.shown() && s.ID != heed.StatementID(s.CaseID()) {
		l = m.placed(s, l)
	}
	s.lead = &l
	return l
}

// ownBefore goes along what a statement follows and answers of its author's own.
func (m *material) ownBefore(s *said) (l lead) {
	for _, id := range before(s) {
		p := m.statements[id]
		if p == nil {
			return lead{why: fmt.Sprintf("statement %s, which %s statement %s follows or answers, is not in the files: it is not shown since when the clock runs", id.Short(), s.Kind, s.ID.Short())}
		}
		if p.Author != s.Author {
			continue // the recipient's own word, which it has: placed looks at it
		}
		if why := m.by(p); why != "" {
			return lead{why: why, strangers: m.signer(p)}
		}
		at, ok := m.receivedAt(p)
		if !ok {
			return m.unreceived(p, s)
		}
		further := m.leadOf(p)
		if !further.shown() {
			return further
		}
		for _, t := range []time.Time{at, further.at} {
			if t.After(l.at) {
				l.at = t
			}
		}
	}
	return l
}

// before lists what a statement follows and answers, the opening first.
func before(s *said) []heed.StatementID {
	opening := heed.StatementID(s.CaseID())
	if s.ID == opening {
		return nil
	}
	all := append([]heed.StatementID{opening}, s.Answers...)
	if !s.Previous.IsZero() {
		all = append(all, s.Previous)
	}
	return all
}

// receivedAt is when the recipient says that it received a statement: the
// earliest time of its receipts.
func (m *material) receivedAt(s *said) (time.Time, bool) {
	var first bound
	for _, r := range m.receipts[s.ID] {
		if m.receiptFor(r, s) {
			first.take(r.Received, true)
		}
	}
	return first.at, first.ok
}

// unreceived says that p, on which s rests, has no receipt.
func (m *material) unreceived(p, s *said) lead {
	const most = 3 // anybody can forge any number of them
	forged := 0
	l := lead{unreceived: p, why: fmt.Sprintf("no receipt of %s for %s statement %s, which %s statement %s follows or answers, is in the files: no clock is shown to run before it was received",
		p.Recipient, p.Kind, p.ID.Short(), s.Kind, s.ID.Short())}
	for _, r := range m.receipts[p.ID] {
		if r.Author != p.Recipient {
			continue
		}
		why := m.valid(r)
		if why == "" {
			continue
		}
		if forged++; forged > most {
			l.why = join(l.why, "and more")
			break
		}
		l.why = join(l.why, why)
		if m.by(r) != "" {
			l.strangers = m.signer(r)
		}
	}
	return l
}

// placed holds that whoever has all of this finds a place for the statement by
// the rules of cases: what follows something that has none is never read.
func (m *material) placed(s *said, l lead) lead {
	c := m.fold(side{s.CaseID(), s.Author})
	if _, ok := c.Statement(s.ID); ok {
		return l
	}
	return lead{why: fmt.Sprintf("%s statement %s has no place in its case, as far as the files show it: something that it rests on is missing, breaks a rule of the case, or binds nobody", s.Kind, s.ID.Short())}
}

// side is one party of a case; with no author it is nobody's side.
type side struct {
	id     heed.CaseID
	author heed.PartyID
}

func (m *material) fold(of side) heed.Case {
	c, ok := m.folds[of]
	if !ok {
		c = heed.Fold(of.id, m.standing(of))
		m.folds[of] = c
	}
	return c
}

// misfit reports whether a statement breaks a rule of its case against what it
// follows and answers, or rests on one that does: neither is ever read. What
// merely waits for something that is not in the files is none.
func (m *material) misfit(s *said) bool {
	bad, ok := m.misfits[s.CaseID()]
	if !ok {
		bad = m.misfitsOf(s.CaseID())
		m.misfits[s.CaseID()] = bad
	}
	return bad[s.ID]
}

// misfitsOf are the misfits of a case, by what binds either side, and all that
// rests on them.
func (m *material) misfitsOf(id heed.CaseID) map[heed.StatementID]bool {
	c := m.fold(side{id: id})
	resting := map[heed.StatementID][]heed.StatementID{}
	for _, waits := range c.Waiting {
		for _, parent := range before(m.statements[waits]) {
			resting[parent] = append(resting[parent], waits)
		}
	}
	bad := map[heed.StatementID]bool{}
	next := slices.Clone(c.Misfits)
	for len(next) > 0 {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		if !bad[at] {
			bad[at] = true
			next = append(next, resting[at]...)
		}
	}
	return bad
}

// standing are the statements of a case that count for what one side has
// said: its own, and those by which the other is bound. On nobody's side they
// are those that bind their authors.
func (m *material) standing(of side) []heed.Statement {
	var all []heed.Statement
	for _, s := range m.order {
		if !s.Kind.InCase() || s.CaseID() != of.id {
			continue
		}
		if s.Author == of.author && m.by(s) == "" || s.Author != of.author && m.valid(s) == "" {
			all = append(all, s.Statement)
		}
	}
	return all
}
