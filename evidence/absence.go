package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/ledger"
)

// maxLedgers bounds how many ledgers of one party are followed one after another.
const maxLedgers = 16

// A sight is what the files show of one tag in a party's ledgers.
type sight struct {
	present bool
	absent  bool      // as of at
	at      time.Time // absent: T; present: the upper bound of the head that shows it
	on      []*head   // whose times at is made of

	why       string   // neither: what is missing
	strangers []Signer // neither: heads are there, and only these signed or cosigned them
}

func unseen(format string, args ...any) sight { return sight{why: fmt.Sprintf(format, args...)} }

// look finds a tag in the ledger with this key and in those that follow it.
func (m *material) look(p *party, vkey string, tag ledger.Tag) sight {
	return m.lookOn(p, vkey, tag, maxLedgers)
}

func (m *material) lookOn(p *party, vkey string, tag ledger.Tag, most int) sight {
	at := m.ledgers[vkey]
	switch {
	case most == 0:
		return unseen("more than %d ledgers of %s follow one another", maxLedgers, p.Party)
	case at == nil || at.party != p:
		return sight{strangers: m.strangers, why: fmt.Sprintf("no head of the ledger %s, signed by the key that the card of %s names, is in the files", origin(vkey), p.Party)}
	}
	if when, on, ok := at.witnessed(tag); ok {
		return sight{present: true, at: when, on: []*head{on}}
	}
	here := at.lacked(tag)
	if !here.absent {
		here.why = fmt.Sprintf("the files do not show, under heads that enough witnesses of group %s cosigned, whether %s has the entry", p.Group, origin(vkey))
	}
	if end := at.ended(tag); end != nil {
		return m.lookBeyond(p, at, end, here, tag, most)
	}
	if next := m.successor(p, at, lostOne); next != "" {
		return m.lookAside(p, next, here, tag, most)
	}
	if next := p.after(at.key); next != "" && here.at.After(p.begun(next)) {
		return m.lookAside(p, next, here, tag, most)
	}
	return here
}

// lookBeyond goes on after an end leaf. The end itself says nothing of now: it
// stays the newest head of its ledger for ever, whatever is logged in the next.
// Heads from before the end keep their word as of their own time.
func (m *material) lookBeyond(p *party, at *log, end *provenMap, here sight, tag ledger.Tag, most int) sight {
	after := unseen("the ledger %s of %s has ended, and what follows it is not in the files", origin(at.key), p.Party)
	if next := m.successor(p, at, end.root.Succession); next != "" {
		after = m.lookOn(p, next, tag, most-1)
	}
	if after.present || after.absent && !(here.absent && here.at.After(after.at)) || !here.absent {
		return after
	}
	return here
}

// lookAside goes on in the ledger that replaces a lost one. The lost one could
// be renewed by its witnesses for ever, so its word counts no longer than until
// its successor was there.
func (m *material) lookAside(p *party, next string, here sight, tag ledger.Tag, most int) sight {
	after := m.lookOn(p, next, tag, most-1)
	switch {
	case after.present || !here.absent:
		if after.absent {
			return here // what the lost ledger had is not shown
		}
		return after
	case after.absent && after.at.Before(here.at):
		return after
	case !after.absent && p.pinnedOn(next) && here.at.After(p.begun(next)):
		return unseen("the card of %s that the policy pins is of a later ledger, and whether that has the entry is not shown", p.Party)
	case !after.absent && m.existed(next, here.at):
		return unseen("%s gave its ledger up, the next one existed by %s, and whether it has the entry is not shown", p.Party, utc(here.at))
	}
	return here
}

// existed reports whether a head of the ledger was witnessed by then.
func (m *material) existed(vkey string, then time.Time) bool {
	at := m.ledgers[vkey]
	return at != nil && slices.ContainsFunc(at.heads, func(h *head) bool {
		when, ok := h.notAfter()
		return ok && !when.After(then)
	})
}

// witnessed is the earliest witnessed time by which the ledger's map had the
// tag. A head that no witness dates could have been made yesterday, and shows
// nothing here.
func (l *log) witnessed(tag ledger.Tag) (time.Time, *head, bool) {
	var first bound
	var on *head
	for _, proven := range l.maps {
		if proven.shows[tag].present {
			if at, ok := proven.head.notAfter(); ok && (!first.ok || at.Before(first.at)) {
				first, on = bound{at, true}, proven.head
			}
		}
	}
	return first.at, on, first.ok
}

// lacking are the maps under which the tag is absent: among the ledger's end
// leaves, or among all others.
func (l *log) lacking(tag ledger.Tag, ends bool) (all []*provenMap) {
	for _, proven := range l.maps {
		if shows, ok := proven.shows[tag]; ok && !shows.present && proven.last() && proven.root.Ends() == ends {
			all = append(all, proven)
		}
	}
	return all
}

// ended is the end of the ledger that enough witnesses have, where the tag is
// absent under it: of several the one that they had latest.
func (l *log) ended(tag ledger.Tag) (best *provenMap) {
	var latest time.Time
	for _, proven := range l.lacking(tag, true) {
		if at, ok := proven.head.silence(); ok && (best == nil || at.After(latest)) {
			best, latest = proven, at
		}
	}
	return best
}

// lacked is the absence of a tag before the ledger's end, if the files show it:
// each witness counts with the last head of its own that has not the tag, so a
// party gains nothing by showing its witnesses different ones
// (docs/witnesses.md, section 4).
func (l *log) lacked(tag ledger.Tag) (s sight) {
	without := l.lacking(tag, false)
	last := l.lastWithout(tag, without)
	quorum := l.party.group.Quorum
	if s.at, s.absent = quorum.Silence(slices.Collect(maps.Values(last))); !s.absent {
		for _, proven := range without {
			s.strangers = append(s.strangers, proven.head.strangers()...)
		}
		return s
	}
	for _, proven := range without {
		var counted []ledger.WitnessTime
		for _, t := range proven.head.times() {
			if _, counts := last[t.Witness]; counts {
				counted = append(counted, t)
			}
		}
		if at, ok := quorum.Silence(counted); ok && at.Equal(s.at) {
			s.on = []*head{proven.head} // it says so alone
			return s
		}
		if !slices.Contains(s.on, proven.head) && slices.ContainsFunc(counted, func(t ledger.WitnessTime) bool { return last[t.Witness] == t && !t.At.Before(s.at) }) {
			s.on = append(s.on, proven.head)
		}
	}
	return s
}

// lastWithout is the latest time of each witness on a head without the tag.
// Whoever had cosigned one with the tag before that has lied, since no ledger
// loses a tag, and does not count.
func (l *log) lastWithout(tag ledger.Tag, lacking []*provenMap) map[string]ledger.WitnessTime {
	last := map[string]ledger.WitnessTime{}
	for _, proven := range lacking {
		for _, t := range proven.head.times() {
			if t.At.After(last[t.Witness].At) {
				last[t.Witness] = t
			}
		}
	}
	for _, proven := range l.maps {
		if !proven.shows[tag].present {
			continue
		}
		for _, t := range proven.head.times() {
			if t.At.Before(last[t.Witness].At) {
				delete(last, t.Witness)
			}
		}
	}
	return last
}

// lostOne stands for the succession of a ledger that has no end leaf.
var lostOne = [32]byte{}

// successor is the key of the ledger to which a succession hands this one over,
// empty where none does: the one that the end leaf names, or, for a lost ledger,
// one that says so.
func (m *material) successor(p *party, at *log, named [32]byte) (vkey string) {
	for _, s := range m.order {
		if s.Kind != heed.KindSuccession || s.Author != p.Party || s.Ledger != at.key || m.by(s) != "" {
			continue
		}
		card := p.card(s.Card)
		if card == nil || card.LedgerKey != s.Successor {
			continue
		}
		if named == lostOne && s.Lost || slices.Contains(s.digests, named) {
			return s.Successor
		}
	}
	return ""
}

// has reports whether any map that the party's own key signed has the tag,
// witnessed or not: it binds the party.
func (m *material) has(p *party, tag ledger.Tag) (at time.Time, ok bool) {
	var first bound
	for _, l := range m.logs(p) {
		for _, proven := range l.maps {
			if proven.shows[tag].present {
				ok = true
				first.take(proven.head.notAfter())
			}
		}
	}
	return first.at, ok
}

// origin is the ledger's name, for people.
func origin(vkey string) string {
	name, _, _ := strings.Cut(vkey, "+")
	return clip(name)
}

// after is the ledger that the pinned card, or one before it, names next to
// this one: whatever the files leave out, the verifier knows that it is not the last.
func (p *party) after(vkey string) (next string) {
	for _, c := range slices.Backward(p.cards) {
		if c.LedgerKey == vkey {
			return next
		}
		if p.pinnedOn(c.LedgerKey) {
			next = c.LedgerKey
		}
	}
	return ""
}

// begun is when the party says that it issued the first card which names the
// ledger: what was witnessed by then owes nothing to it.
func (p *party) begun(vkey string) (at time.Time) {
	for _, c := range p.cards {
		if c.LedgerKey == vkey && (at.IsZero() || c.Issued.Before(at)) {
			at = c.Issued
		}
	}
	return at
}

// pinnedOn reports whether the pinned card, or one before it, names the ledger.
func (p *party) pinnedOn(vkey string) bool {
	pinned := p.card(p.Card)
	return pinned != nil && slices.ContainsFunc(p.cards, func(c heed.Card) bool { return c.Serial <= pinned.Serial && c.LedgerKey == vkey })
}
