package evidence

import (
	"slices"

	"heed"
	"heed/ledger"
)

// depositFor reports whether r, a deposit, is of an envelope that carries s, by a
// depositary that the recipient's own card names.
func (m *material) depositFor(r, s *said) bool {
	key, ok := m.keyOf(s.ID)
	if !ok || r.Number == 0 || !s.Kind.OwedReceipt() || r.Party != s.Recipient || r.Recipient != s.Author || m.depositary(r) == nil {
		return false
	}
	carried := slot{key: key, slot: ledger.SlotCarried, of: s.ID}.tag()
	return slices.Contains(r.Carries, heed.Digest(carried)) && m.headed(r)
}

// depositary is the card of the recipient's that names who signed the deposit;
// nil where none does.
func (m *material) depositary(r *said) *heed.Card {
	p, _ := m.known(r.Party)
	if p == nil {
		return nil
	}
	card := p.card(r.Terms)
	if card == nil || !slices.ContainsFunc(card.Depositaries, func(d heed.Depositary) bool { return d.Party == r.Author && d.NodeKey == r.Node }) {
		return nil
	}
	return card
}

// headed reports whether the header of the deposited envelope is in the files:
// its sender's word for what the envelope carries.
func (m *material) headed(r *said) bool {
	sender, _ := m.known(r.Recipient)
	if sender == nil {
		return false
	}
	for _, h := range m.headers {
		signed := slices.ContainsFunc(sender.cards, func(c heed.Card) bool { return c.Serial == h.SenderCard && c.NodeKey == h.Node })
		if signed && h.Sender == r.Recipient && h.Recipient == r.Party && h.SealedDigest == r.Envelope && h.Number == r.Number && slices.Equal(h.Carries, r.Carries) {
			return true
		}
	}
	return false
}

// judgeDelivery decides about a statement for which its recipient gave no
// receipt (docs/evidence.md, section 6).
func (m *material) judgeDelivery(to *party, s *said, v Verdict) Verdict {
	why := "no receipt of " + string(to.Party) + " for the statement is in the files, and no deposit of a depositary that its card names"
	for _, r := range m.deposits {
		if !m.depositFor(r, s) {
			continue
		}
		accepted, ok := m.neverAccepted(to, s, v, r)
		if ok {
			return accepted
		}
		why = accepted.Why
	}
	return v.because(DeliveryNotShown, why)
}

// deposited reports whether any depositary of its recipient's took a statement.
func (m *material) deposited(s *said) bool {
	return slices.ContainsFunc(m.deposits, func(r *said) bool { return m.depositFor(r, s) })
}

// neverAccepted decides about one deposit.
func (m *material) neverAccepted(to *party, s *said, v Verdict, r *said) (Verdict, bool) {
	card := m.depositary(r)
	key, _ := m.keyOf(s.ID)
	envelope := ledger.Key(r.Envelope)
	receipt := m.look(to, card.LedgerKey, slot{key: key, slot: ledger.SlotReceipt, of: s.ID}.tag())
	refused := m.look(to, card.LedgerKey, slot{key: envelope, slot: ledger.SlotBadSeal, of: r.Envelope}.tag())
	until := r.Received.Add(card.CollectEvery + card.PublicationDelay)
	at, on := receipt.at, receipt.on
	if refused.at.Before(at) {
		at, on = refused.at, refused.on
	}
	switch {
	case receipt.present:
		return v.becausef(DeliveryNotShown, "the ledger of %s has a receipt for the statement, which is not in the files", to.Party), false
	case refused.present:
		return v.becausef(DeliveryNotShown, "%s logged that the deposited envelope did not open", to.Party), false
	case !receipt.absent:
		return v.because(DeliveryNotShown, join("a deposit is shown, and not that no receipt was given", receipt.why)), false
	case !refused.absent:
		return v.because(DeliveryNotShown, join("a deposit is shown, and not that the envelope opened", refused.why)), false
	case !at.After(until):
		return v.becausef(DeliveryNotShown, "the envelope lay at %s from %s; %s collects and publishes by %s, and its ledger is shown as of %s, not after that", r.Author, utc(r.Received), to.Party, utc(until), utc(at)), false
	}
	v.AsOf, v.Due, v.Late = Time{at}, Time{until}, true
	return v.resting(on...).becausef(NeverAccepted, "the envelope lay at %s from %s, where %s says that it collects every %s; its ledger was to show a receipt or a refusal by %s", r.Author, utc(r.Received), to.Party, span(card.CollectEvery), utc(until)), true
}

// refusedSeal reports whether the recipient's ledger says that the deposited
// envelope did not open, or not to what its header carries.
func (m *material) refusedSeal(r *said) bool {
	_, ok := m.has(m.parties[r.Party], slot{key: ledger.Key(r.Envelope), slot: ledger.SlotBadSeal, of: r.Envelope}.tag())
	return ok
}
