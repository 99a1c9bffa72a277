package evidence

import (
	"slices"
	"time"

	"heed"
	"heed/ledger"
)

// head is a checkpoint that a party's ledger key signed.
type head struct {
	ledger.Checkpoint
	party *party
	log   *log

	looked bool // times are known: verifying cosignatures is most of the cost
	cached []ledger.WitnessTime
}

// times are those of the group's witnesses, one each.
func (h *head) times() []ledger.WitnessTime {
	if !h.looked {
		h.looked, h.cached = true, ledger.WitnessTimes(h.Checkpoint, h.party.witnesses)
	}
	return h.cached
}

func (h *head) silence() (time.Time, bool)   { return h.party.group.Quorum.Silence(h.times()) }
func (h *head) notBefore() (time.Time, bool) { return h.party.group.Quorum.NotBefore(h.times()) }
func (h *head) notAfter() (time.Time, bool)  { return h.party.group.Quorum.NotAfter(h.times()) }

// strange reports whether the head has cosignatures, and none of them counts.
func (h *head) strange() bool { return len(h.Cosignatures) > 0 && len(h.times()) == 0 }

// names are the witnesses' names, sorted.
func names(times []ledger.WitnessTime) []string {
	var all []string
	for _, t := range times {
		all = append(all, t.Witness)
	}
	slices.Sort(all)
	return all
}

// bound is a time, if there is one.
type bound struct {
	at time.Time
	ok bool
}

// notAfter is the upper bound of a statement: the earliest time by which a
// leaf of its own was witnessed in its author's ledger.
func (m *material) notAfter(s *said) (time.Time, bool) {
	if s.upper == nil {
		b := bound{}
		for _, at := range m.leavesOf(s) {
			b.take(at.head.notAfter())
		}
		s.upper = &b
	}
	return s.upper.at, s.upper.ok
}

// take keeps the earlier of two times.
func (b *bound) take(at time.Time, ok bool) {
	if ok && (!b.ok || at.Before(b.at)) {
		b.at, b.ok = at, true
	}
}

// notBefore is the lower bound of a statement: it names a checkpoint that
// existed before it.
func (m *material) notBefore(s *said) (time.Time, bool) {
	h := m.heads[[32]byte(s.After)]
	if s.After.IsZero() || h == nil {
		return time.Time{}, false
	}
	return h.notBefore()
}

// leavesOf are the proven leaves, in its author's ledgers, that commit to the statement.
func (m *material) leavesOf(s *said) []provenLeaf {
	var all []provenLeaf
	for _, at := range m.slotsOf(s) {
		all = append(all, m.leavesAt(s, at)...)
	}
	return all
}

// leavesAt are those in one slot.
func (m *material) leavesAt(s *said, at slot) []provenLeaf {
	var all []provenLeaf
	tag := at.tag()
	for _, l := range m.logs(m.parties[s.Author]) {
		for _, proven := range l.tags[tag] {
			leaf, err := ledger.ParseLeaf(proven.leaf)
			if err != nil {
				continue // it is indexed by its tag, so it is one
			}
			for _, digest := range s.digests {
				if leaf.Opens(at.key, digest) {
					all = append(all, proven)
					break
				}
			}
		}
	}
	return all
}

// slot is a place in a ledger that a statement can take.
type slot struct {
	key  ledger.Key
	slot ledger.Slot
	of   [32]byte
	rung int // that owes what the slot is of; 0 for none
}

func (s slot) tag() ledger.Tag { return ledger.SlotTag(s.key, s.slot, uint8(s.rung), s.of) }

// slotOfDuty is the place of the first statement that discharges a duty; false
// where the absence of such a one cannot be shown.
func slotOfDuty(key ledger.Key, kind heed.DutyKind, from heed.StatementID) (slot, bool) {
	name, ok := slotNames[kind.Base()]
	return slot{key, name, from, kind.Rung()}, ok
}

// slotsOf are all the places that a statement can take in its author's ledger,
// as far as the files show the tag keys. Which of them it did take depends on
// the case; a leaf that opens to it says so.
func (m *material) slotsOf(s *said) []slot {
	var all []slot
	add := func(id heed.StatementID, name ledger.Slot) {
		if key, ok := m.keyOf(id); ok {
			all = append(all, slot{key: key, slot: name, of: id})
		}
	}
	switch s.Kind {
	case heed.KindReceipt:
		if key, ok := m.keys[s.TagKey]; ok {
			all = append(all, slot{key: key, slot: ledger.SlotReceipt, of: s.Answers[0]})
		}
	case heed.KindDeposit:
		all = append(all, slot{key: ledger.Key(s.Envelope), slot: ledger.SlotDeposit, of: s.Envelope})
	case heed.KindRecall:
		add(heed.StatementID(s.CaseID()), ledger.SlotRecalled)
		add(s.ID, ledger.SlotSent)
	default:
		add(s.ID, ledger.SlotSent)
		for _, of := range s.Answers {
			key, shown := m.keyOf(of)
			for _, duty := range heed.DutyNames() {
				if at, ok := slotOfDuty(key, duty, of); shown && ok && heed.Discharges(s.Statement, heed.Duty{Kind: duty, From: of, OwedBy: s.Author}) {
					all = append(all, at)
				}
			}
		}
	}
	return all
}
