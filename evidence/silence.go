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
		// What somebody else signed as a receipt does not undo a deposit.
		delivery := m.judgeDelivery(o.debtor, o.from, v)
		if o.lapsed == "" || delivery.Verdict == NeverAccepted {
			return delivery
		}
		return v.beyond(sight{strangers: o.posing}, o.lapsed)
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
	reply, until := m.lookAny(o, tag), o.due.Add(o.delay)
	published, ok := m.published(o, v)
	switch {
	case published.Verdict == PromisedNotPublished:
		return published
	case !o.lead.shown() && !reply.present:
		return m.judgeWithheld(o, v)
	case reply.absent && !reply.at.After(until):
		return m.tooEarly(o, v, reply)
	case !ok:
		return published
	case reply.present:
		v.AsOf, v.Late = Time{reply.at}, o.overdue(reply.at)
		v = v.resting(reply.on...).becausef(LoggedNotDelivered, "its ledger has an entry in the place of that %s; no such statement to which the entry opens is in the files, nor a receipt or a deposit for one", o.kind.Words())
		return o.unsure(v)
	case !reply.absent:
		return v.beyond(reply, reply.why)
	}
	if missing := m.notRecalled(o); missing.why != "" {
		return v.beyond(missing, missing.why)
	}
	v.AsOf, v.Late = Time{reply.at}, true
	bound := "receipt"
	if o.own {
		bound = "assessment, which undertakes it,"
	}
	v = v.resting(reply.on...).becausef(Silent, "the ledger of %s has its %s and nothing in the place of that %s, under a head that was witnessed after the due time and the publication delay of %s; no recall ends the duty",
		o.debtor.Party, bound, o.kind.Words(), span(o.delay))
	if len(reply.on) > 1 {
		v.Why = join(v.Why, "no one head of it is that of enough witnesses: each counts with the last that it has cosigned")
	}
	if o.lead.at.After(o.received) {
		v.Why = join(v.Why, "its time runs from "+utc(o.lead.at)+", when "+string(o.debtor.Party)+" had received all that the statement follows")
	}
	return v
}

// judgeWithheld decides about a promised duty where it is not shown since when
// the debtor could read what it owes a reply to. It is never accepted, too,
// where something that this follows lay where the debtor collects.
func (m *material) judgeWithheld(o obligation, v Verdict) Verdict {
	if p := o.lead.unreceived; p != nil {
		delivery := m.judgeDelivery(o.debtor, p, v)
		if delivery.Verdict == NeverAccepted {
			delivery.Why = join(fmt.Sprintf("%s statement %s follows %s statement %s", o.from.Kind, o.from.ID.Short(), p.Kind, p.ID.Short()), delivery.Why)
			return delivery
		}
		if m.deposited(p) {
			return v.beyond(sight{strangers: o.lead.strangers}, join(o.lead.why, delivery.Why))
		}
	}
	return v.beyond(sight{strangers: o.lead.strangers}, o.lead.why)
}

// unsure says of a reply that it is not shown whether it was late.
func (o obligation) unsure(v Verdict) Verdict {
	if o.promised && !o.lead.shown() {
		v.Why = join(v.Why, "whether that was in time is not shown: "+o.lead.why)
	}
	return v
}

// tooEarly is the verdict where the absence is shown as of a time at which the
// reply was not due yet, or could still be logged.
func (m *material) tooEarly(o obligation, v Verdict, reply sight) Verdict {
	until := utc(o.due.Add(o.delay))
	v.AsOf = Time{reply.at}
	v = v.resting(reply.on...)
	if !reply.at.After(o.due) {
		return v.becausef(CannotTell, "the reply is not due yet: it is due %s, and its absence can be shown after %s; the ledger is shown as of %s", utc(o.due), until, utc(reply.at))
	}
	return v.becausef(CannotTell, "the reply was due %s and could be logged until %s; its absence is shown as of %s, not after that", utc(o.due), until, utc(reply.at))
}

// published holds that the debtor's ledger shows what binds it. ok is false
// with the verdict where it does not.
func (m *material) published(o obligation, v Verdict) (_ Verdict, ok bool) {
	if len(o.ledgers) == 0 {
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
	tag := slot{key: key, slot: ledger.SlotReceipt, of: o.from.ID}.tag()
	if _, ok := m.has(o.debtor, tag); ok {
		return v, true
	}
	receipt := m.lookAny(o, tag)
	switch {
	case !receipt.absent:
		return v.beyond(receipt, join("the files do not show the receipt in the ledger of "+string(o.debtor.Party), receipt.why)), false
	case !receipt.at.After(o.publish):
		return v.becausef(CannotTell, "the receipt was to be published by %s; its absence is shown as of %s, not after that", utc(o.publish), utc(receipt.at)), false
	}
	v.AsOf, v.Late = Time{receipt.at}, o.overdue(receipt.at)
	return v.resting(receipt.on...).becausef(PromisedNotPublished, "the receipt says that %s received the statement %s, and that its ledger has this by %s", o.debtor.Party, utc(o.received), utc(o.publish)), false
}

// notRecalled holds that the creditor's own ledger has no recall of the case.
// Only who opened it can recall it. What is missing for that is why; empty for
// nothing.
func (m *material) notRecalled(o obligation) sight {
	opening := m.statements[heed.StatementID(o.from.CaseID())]
	if opening == nil {
		return unseen("the statement that opened the case is not in the files")
	}
	if why := m.by(opening); why != "" {
		return sight{why: why, strangers: m.signer(opening)}
	}
	if opening.Author != o.creditor.Party {
		return sight{}
	}
	key, ok := m.keyOf(opening.ID)
	if !ok {
		return unseen("the tag key of the statement that opened the case is not in the files: it cannot be seen that it was not recalled")
	}
	start := o.creditor.cardOf(opening.Statement).LedgerKey
	recall := m.look(o.creditor, start, slot{key: key, slot: ledger.SlotRecalled, of: opening.ID}.tag())
	switch {
	case !recall.absent:
		return sight{strangers: recall.strangers, why: join("the files do not show that "+string(o.creditor.Party)+" has not recalled the case", recall.why)}
	case !recall.at.After(o.due):
		return unseen("that %s has not recalled the case is shown as of %s, not after the reply was due", o.creditor.Party, utc(recall.at))
	}
	return sight{}
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
		return v.becausef(Recalled, "its recall, signed %s, is in the files", utc(s.Time)), true
	}
	key, ok := m.keyOf(opening.ID)
	if !ok || o.from.Author == o.creditor.Party && o.from.ID != opening.ID {
		return v, false // what was asked after a recall is owed, and a tag alone does not say which came first
	}
	at, ok := m.has(o.creditor, slot{key: key, slot: ledger.SlotRecalled, of: opening.ID}.tag())
	if !ok {
		return v, false
	}
	v.AsOf = Time{at}
	return v.becausef(Recalled, "its ledger has a recall of the case, which is not in the files"), true
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

// lookAny finds a tag from each ledger that the debtor's promises name: where
// any has it, it is there; else the latest absence counts.
func (m *material) lookAny(o obligation, tag ledger.Tag) (best sight) {
	for i, vkey := range o.ledgers {
		at := m.look(o.debtor, vkey, tag)
		if i == 0 || at.present && !best.present || !best.present && at.absent && (!best.absent || at.at.After(best.at)) {
			best = at
		}
	}
	return best
}
