package evidence

import (
	"fmt"

	"heed"
	"heed/ledger"
)

// judgeDuty decides about one duty of one statement: the certificate of
// silence and all that can be held against it (docs/evidence.md, section 5).
func (m *material) judgeDuty(kind heed.DutyKind, from heed.StatementID) Verdict {
	o, end := m.obligation(kind, from)
	if end.Verdict != "" {
		end.Statement, end.Duty = from.String(), kind
		return end
	}
	v := m.verdict(o)
	answer, note := m.answered(o)
	if answer != nil {
		return m.judgeAnswer(o, v, answer)
	}
	if recalled, ok := m.recalled(o, v); ok {
		return recalled
	}
	if !o.own && len(o.receipts) == 0 {
		if o.lapsed != "" {
			return v.because(sight{stranger: o.stranger}.finding(), o.lapsed)
		}
		return m.judgeDelivery(o, v)
	}
	v = m.judgeAbsence(o, v)
	if note != "" {
		v.Why = join(v.Why, note)
	}
	return v
}

// judgeAbsence decides about a promised duty for which no dated answer is shown.
func (m *material) judgeAbsence(o obligation, v Verdict) Verdict {
	tag, ok := m.tag(o)
	if !ok {
		return v.becausef(CannotTell, "the tag key of statement %s is not in the files", o.from.ID.Short())
	}
	if v, ok := m.published(o, v); !ok {
		return v
	}
	reply := m.look(o.debtor, o.ledger, tag)
	switch {
	case reply.present:
		v.AsOf, v.Late = Time{reply.at}, reply.at.After(o.due.Add(o.delay))
		return v.resting(reply.on).becausef(LoggedNotDelivered, "%s had logged something as its reply by %s; no such reply is in the files, nor a receipt or a deposit for one", o.debtor.Party, utc(reply.at))
	case !reply.absent:
		return v.because(reply.finding(), reply.why)
	case !reply.at.After(o.due.Add(o.delay)):
		return v.becausef(CannotTell, "the reply was due %s and could be logged until %s; its absence is shown as of %s, not after that", utc(o.due), utc(o.due.Add(o.delay)), utc(reply.at))
	}
	if why, finding := m.notRecalled(o); why != "" {
		return v.because(finding, why)
	}
	v.AsOf = Time{reply.at}
	return v.resting(reply.on).becausef(Silent, "due %s; the ledger of %s, which logged the receipt, has no reply as of %s", utc(o.due), o.debtor.Party, utc(reply.at))
}

// published holds that the debtor's ledger shows what binds it. ok is false
// with the verdict where it does not.
func (m *material) published(o obligation, v Verdict) (_ Verdict, ok bool) {
	if o.debtor.ledgers[o.ledger].IsZero() {
		return v.becausef(CannotTell, "the receipt names a ledger that is on no card of %s", o.debtor.Party), false
	}
	if o.own {
		for _, at := range m.slotsOf(o.from) {
			if _, ok := m.has(o.debtor, at.tag()); ok {
				return v, true
			}
		}
		return v.becausef(CannotTell, "the files do not show the assessment in the ledger of %s", o.debtor.Party), false
	}
	key, _ := m.keyOf(o.from.ID)
	tag := slot{key, ledger.SlotReceipt, o.from.ID}.tag()
	if _, ok := m.has(o.debtor, tag); ok {
		return v, true
	}
	receipt := m.look(o.debtor, o.ledger, tag)
	switch {
	case !receipt.absent:
		return v.because(receipt.finding(), join("the files do not show the receipt in the ledger of "+string(o.debtor.Party), receipt.why)), false
	case !receipt.at.After(o.publish):
		return v.becausef(CannotTell, "the receipt was to be published by %s; its absence is shown as of %s, not after that", utc(o.publish), utc(receipt.at)), false
	}
	v.AsOf = Time{receipt.at}
	return v.resting(receipt.on).becausef(PromisedNotPublished, "%s signed a receipt and promised to publish it by %s; its ledger does not have it as of %s", o.debtor.Party, utc(o.publish), utc(receipt.at)), false
}

// finding is that of a sight that shows nothing.
func (s sight) finding() Finding {
	if s.stranger {
		return UnknownSigner
	}
	return CannotTell
}

// notRecalled holds that the creditor's own ledger has no recall of the case.
// Only who opened it can recall it.
func (m *material) notRecalled(o obligation) (why string, finding Finding) {
	opening := m.statements[heed.StatementID(o.from.CaseID())]
	if opening == nil {
		return "the statement that opened the case is not in the files", CannotTell
	}
	if why := m.by(opening); why != "" {
		return why, UnknownSigner
	}
	if opening.Author != o.creditor.Party {
		return "", ""
	}
	key, ok := m.keyOf(opening.ID)
	if !ok {
		return "the tag key of the statement that opened the case is not in the files: it cannot be seen that it was not recalled", CannotTell
	}
	start := o.creditor.cardOf(opening.Statement).LedgerKey
	recall := m.look(o.creditor, start, slot{key, ledger.SlotRecalled, opening.ID}.tag())
	switch {
	case !recall.absent:
		return join("the files do not show that "+string(o.creditor.Party)+" has not recalled the case", recall.why), recall.finding()
	case !recall.at.After(o.due):
		return fmt.Sprintf("that %s has not recalled the case is shown as of %s, not after the reply was due", o.creditor.Party, utc(recall.at)), CannotTell
	}
	return "", ""
}

// recalled is the verdict where the creditor took the case back.
func (m *material) recalled(o obligation, v Verdict) (Verdict, bool) {
	opening := m.statements[heed.StatementID(o.from.CaseID())]
	if opening == nil || opening.Author != o.creditor.Party || m.by(opening) != "" {
		return v, false
	}
	for _, s := range m.order {
		if s.Kind != heed.KindRecall || s.Author != o.creditor.Party || s.CaseID() != o.from.CaseID() || m.valid(s) != "" || m.madeAfter(o.from, s) {
			continue
		}
		v.AsOf = Time{s.Time}
		return v.becausef(Recalled, "%s recalled the case by a statement signed %s", o.creditor.Party, utc(s.Time)), true
	}
	key, ok := m.keyOf(opening.ID)
	if !ok || o.from.Author == o.creditor.Party && o.from.ID != opening.ID {
		return v, false // what was asked after a recall is owed, and a tag alone does not say which came first
	}
	at, ok := m.has(o.creditor, slot{key, ledger.SlotRecalled, opening.ID}.tag())
	if !ok {
		return v, false
	}
	v.AsOf = Time{at}
	return v.becausef(Recalled, "%s has a recall of the case in its ledger, and did not show it", o.creditor.Party), true
}

// madeAfter reports whether a statement of the creditor's was asked anew, after
// its recall: a later one in its chain.
func (m *material) madeAfter(s, recall *said) bool {
	if s.Author != recall.Author {
		return false
	}
	if !s.Time.Equal(recall.Time) {
		return s.Time.After(recall.Time) // a chain's times do not go back
	}
	for at := s; at != nil; at = m.statements[at.Previous] {
		if at.Previous == recall.ID {
			return true
		}
	}
	return false
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
