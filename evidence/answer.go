package evidence

import (
	"fmt"
	"time"

	"heed"
	"heed/ledger"
)

// A dated answer is a statement that discharges a duty, with what dates it.
type dated struct {
	*said
	at        time.Time
	delivered string // in words, by what it is shown that the creditor had it; empty: it is not
	on        *head  // by which witnesses it is dated; nil: by somebody's receipt
	leaves    []provenLeaf
}

// answered finds the answer to a duty that is dated earliest. note says, where
// there is none, that a reply is shown which nothing dates, or which is none by
// the rules of cases.
func (m *material) answered(o obligation) (best *dated, note string) {
	duty := heed.Duty{Kind: o.kind, From: o.from.ID, OwedBy: o.debtor.Party, OwedTo: o.creditor.Party}
	for _, s := range m.order {
		if s.CaseID() != o.from.CaseID() || !heed.Discharges(s.Statement, duty) || s.Recipient != o.creditor.Party || m.valid(s) != "" {
			continue
		}
		if m.misfit(s) {
			note = fmt.Sprintf("%s %s of %s is in the files, and counts for nothing: it, or something that it follows, breaks a rule of the case", s.Kind, s.ID.Short(), o.debtor.Party)
			continue
		}
		d := m.date(o, s)
		switch {
		case d == nil:
			note = fmt.Sprintf("%s %s of %s is in the files, and nothing but its own signed time dates it", s.Kind, s.ID.Short(), o.debtor.Party)
		case best == nil || d.at.Before(best.at):
			best = d
		}
	}
	return best, note
}

// date finds what shows that an answer existed, and was given: its leaf in the
// duty's slot, the creditor's receipt, the deposit of its depositary.
func (m *material) date(o obligation, s *said) *dated {
	d := &dated{said: s}
	var first bound
	if key, ok := m.keyOf(o.from.ID); ok {
		at, _ := slotOfDuty(key, o.kind, o.from.ID)
		d.leaves = m.leavesAt(s, at)
	}
	for _, at := range d.leaves {
		if t, ok := at.head.notAfter(); ok && (!first.ok || t.Before(first.at)) {
			first, d.on = bound{t, true}, at.head
		}
	}
	for _, r := range m.received(s) {
		if !first.ok || r.Received.Before(first.at) {
			first, d.on = bound{r.Received, true}, nil
		}
		if d.delivered == "" {
			d.delivered = "the " + string(r.Kind) + " of " + string(r.Author)
		}
	}
	if !first.ok {
		return nil
	}
	d.at = first.at
	return d
}

// received are the receipts of the other party for a statement, and the
// deposits of its depositaries.
func (m *material) received(s *said) []*said {
	if s.got != nil {
		return *s.got
	}
	var all []*said
	defer func() { s.got = &all }()
	for _, r := range m.receipts[s.ID] {
		if m.receiptFor(r, s) {
			all = append(all, r)
		}
	}
	if key, ok := m.keyOf(s.ID); ok {
		for _, r := range m.carried[heed.Digest(slot{key: key, slot: ledger.SlotCarried, of: s.ID}.tag())] {
			if m.depositFor(r, s) && !m.refusedSeal(r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// receiptFor reports whether r, a receipt, is the other party's for s.
func (m *material) receiptFor(r, s *said) bool {
	return r.Author == s.Recipient && r.Recipient == s.Author &&
		r.TagKey == s.TagKey && r.CaseID() == s.CaseID() && m.valid(r) == ""
}

// judgeAnswer decides about an answer that is shown: in time, or late. A map
// that denies the very leaf that commits to it is a lie of the debtor's.
func (m *material) judgeAnswer(o obligation, v Verdict, d *dated) Verdict {
	if tag, ok := m.tag(o); ok {
		for _, at := range d.leaves {
			if denied := at.head.log.denies(tag, at.index); denied != nil {
				v.Lie, v.OwedBy = LeftOut, o.debtor.Party
				return v.becausef(LedgerInconsistency, "leaf %d of %s is the reply of %s, and the map root at %d says that there is none", at.index, at.head.Origin, o.debtor.Party, denied.index)
			}
		}
	}
	v.AsOf, v.Answer = Time{d.at}, d.ID.String()
	v.Late = o.promised && o.lead.shown() && d.Time.After(o.due) || o.overdue(d.at)
	shown := "it was in the ledger of " + string(o.debtor.Party) + " by " + utc(d.at) + "; that " + string(o.creditor.Party) + " received it is not shown"
	if d.delivered != "" {
		shown = "shown by " + d.delivered
	}
	if d.on != nil {
		v = v.resting(d.on)
	}
	v = v.becausef(Answered, "%s %s of %s, signed %s; %s", d.Kind, d.ID.Short(), o.debtor.Party, utc(d.Time), shown)
	if d.Time.After(o.due) || d.at.After(o.due.Add(o.delay)) { // else it was in time, since when ever the clock runs
		return o.unsure(v)
	}
	return v
}

// denies finds a map of the ledger that covers the leaf and has not its tag, or
// has it elsewhere.
func (l *log) denies(tag ledger.Tag, index int64) *provenMap {
	for _, proven := range l.maps {
		shows, ok := proven.shows[tag]
		if ok && proven.root.Covers == proven.index && index < proven.root.Covers && (!shows.present || shows.index != index) {
			return proven
		}
	}
	return nil
}
