package evidence

import (
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/ledger"
)

// obligation is one duty as the files show it.
type obligation struct {
	kind     heed.DutyKind
	from     *said
	debtor   *party
	creditor *party

	receipts []*said   // the debtor's, for from; none for what follows from its own statement
	own      bool      // follows from the debtor's own statement
	promised bool      // a due time stands in a receipt, or in from
	due      time.Time // with every extension; while lead is not shown, the earliest that it can be
	received time.Time
	lead     lead // to from; nothing for what follows from the debtor's own statement
	delay    time.Duration
	publish  time.Time // when the receipt's ledger shows it at the latest
	ledgers  []string  // where the debtor logs, as of its promises: whoever gives a second one gains nothing by it
	lapsed   string    // why a receipt that is in the files does not count
	posing   []Signer  // who signed it, if not the debtor
}

// ownDuty reports whether a duty follows from the debtor's own statement.
func ownDuty(kind heed.DutyKind) bool {
	return kind == heed.DutyReport || kind == heed.DutyConclude
}

// obligation finds who owes a duty that follows from a statement, to whom, and
// by when. A verdict other than the zero one ends the matter.
func (m *material) obligation(kind heed.DutyKind, id heed.StatementID) (o obligation, end Verdict) {
	o = obligation{kind: kind, from: m.statements[id], own: ownDuty(kind)}
	if o.from == nil {
		return o, Verdict{}.because(CannotTell, "the statement from which the duty follows is not in the files")
	}
	owedBy, owedTo := o.from.Recipient, o.from.Author
	if o.own {
		owedBy, owedTo = owedTo, owedBy
	}
	end = Verdict{OwedBy: owedBy, OwedTo: owedTo, Case: o.from.CaseID().String()}
	var why string
	if o.debtor, why = m.known(owedBy); o.debtor == nil {
		return o, end.unknown(m.posing(owedBy), why)
	}
	if o.creditor, why = m.known(owedTo); o.creditor == nil {
		return o, end.unknown(m.posing(owedTo), why)
	}
	if why = m.by(o.from); why != "" {
		return o, end.unknown(m.signer(o.from), why)
	}
	if o.own {
		why = m.undertaking(&o)
	} else {
		why = m.promise(&o)
	}
	if why != "" {
		return o, end.because(CannotTell, why)
	}
	m.extend(&o)
	return o, Verdict{}
}

// undertaking reads a due time from the debtor's own assessment.
func (m *material) undertaking(o *obligation) (why string) {
	if o.from.Kind != heed.KindAssessment {
		return fmt.Sprintf("no duty to %s follows from a %s", o.kind, o.from.Kind)
	}
	if why := m.stands(o.from); why != "" {
		return why
	}
	if o.due, o.promised = o.from.Promised(o.kind); !o.promised {
		return fmt.Sprintf("the assessment does not undertake to %s", o.kind)
	}
	card := o.debtor.cardOf(o.from.Statement)
	o.delay, o.ledgers = card.PublicationDelay, []string{card.LedgerKey}
	return ""
}

// promise reads the due time from the debtor's receipts: the earliest of all
// that it gave, counted from when it had all that the statement follows, too.
// Without one, nothing is promised, and that is no error yet.
func (m *material) promise(o *obligation) (why string) {
	o.lead = m.leadOf(o.from)
	for _, s := range m.receipts[o.from.ID] {
		if s.Author != o.debtor.Party || s.TagKey != o.from.TagKey ||
			s.Recipient != o.creditor.Party || s.CaseID() != o.from.CaseID() {
			continue
		}
		if why := m.valid(s); why != "" {
			o.lapsed, o.posing = why, nil
			if m.by(s) != "" {
				o.posing = m.signer(s)
			}
			continue
		}
		o.receipts = append(o.receipts, s)
		if !o.debtor.ledgers[s.Ledger].IsZero() && !slices.Contains(o.ledgers, s.Ledger) {
			o.ledgers = append(o.ledgers, s.Ledger)
		}
		due, promised := s.Promised(o.kind)
		delay, publish := s.PublishBy.Sub(s.Received), s.PublishBy
		if card := o.terms(s); card != nil {
			terms := card.Baseline
			if from := o.from.Statement; !from.Version.IsZero() && !from.Kind.OfAccord() {
				terms.Clock = nil // the clock is an accord's, which is not in a bundle: the receipt alone says when
			}
			// Its own card binds it, whatever its receipt says beside that.
			for _, p := range heed.Promises(o.from.Statement, terms, s.Received) {
				if p.Kind == o.kind && (!promised || p.Due.Before(due)) {
					due, promised = p.Due, true
				}
			}
			if card.PublicationDelay < delay {
				delay, publish = card.PublicationDelay, s.Received.Add(card.PublicationDelay)
			}
		}
		if len(o.receipts) == 1 || delay < o.delay {
			o.delay = delay
		}
		if o.publish.IsZero() || publish.Before(o.publish) {
			o.publish = publish
		}
		due = heed.CountedFrom(due, s.Received, o.lead.at)
		if promised && (!o.promised || due.Before(o.due)) {
			o.promised, o.due = true, due
		}
		if o.received.IsZero() || s.Received.Before(o.received) {
			o.received = s.Received
		}
	}
	if len(o.receipts) > 0 && !o.promised {
		return fmt.Sprintf("the receipt of %s promises no %q: under its terms it is not owed", o.debtor.Party, o.kind)
	}
	return ""
}

// extend moves the due time as the creditor, and nobody else, may.
func (m *material) extend(o *obligation) {
	for _, s := range m.order {
		if s.Kind == heed.KindExtension && s.Author == o.creditor.Party && s.AnswersTo(o.from.ID) && s.CaseID() == o.from.CaseID() &&
			len(s.Duties) == 1 && s.Duties[0].Kind == o.kind && s.Duties[0].Due.After(o.due) && o.promised && m.valid(s) == "" {
			o.due = s.Duties[0].Due
		}
	}
}

// overdue reports whether it is shown that the reply was due, and could have
// been logged, before a time.
func (o obligation) overdue(at time.Time) bool {
	return o.promised && o.lead.shown() && at.After(o.due.Add(o.delay))
}

// tag is the one under which the debtor logs what discharges the duty.
func (m *material) tag(o obligation) (ledger.Tag, bool) {
	key, ok := m.keyOf(o.from.ID)
	if !ok {
		return ledger.Tag{}, false
	}
	at, ok := slotOfDuty(key, o.kind, o.from.ID)
	return at.tag(), ok
}

// verdict is the beginning of each verdict about the duty.
func (m *material) verdict(o obligation) Verdict {
	v := Verdict{Case: o.from.CaseID().String(), Statement: o.from.ID.String(), Duty: o.kind,
		OwedBy: o.debtor.Party, OwedTo: o.creditor.Party, Due: Time{o.due}, Received: Time{o.received}}
	if !o.lead.shown() {
		v.Due = Time{}
	}
	if opening := m.statements[heed.StatementID(o.from.CaseID())]; opening != nil {
		v.Code = opening.CaseCode()
	}
	return v
}

func (v Verdict) because(finding Finding, why string) Verdict {
	v.Verdict, v.Why = finding, why
	return v
}

func (v Verdict) becausef(finding Finding, format string, args ...any) Verdict {
	return v.because(finding, fmt.Sprintf(format, args...))
}

// resting names the witnesses of the heads on which the verdict rests.
func (v Verdict) resting(on ...*head) Verdict {
	var witnesses, others []string
	for _, h := range on {
		witnesses = append(witnesses, names(h.times())...)
		others = append(others, names(ledger.WitnessTimes(h.Checkpoint, h.party.others))...)
	}
	if len(on) > 0 {
		v.Witnesses, v.Corroborations = once(witnesses), once(others)
	}
	return v
}

func once(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// terms is the card whose clock a receipt runs by: the one that it names, or,
// where that is none or older, the one for which the statement was made.
func (o obligation) terms(receipt *said) *heed.Card {
	if card := o.debtor.card(receipt.Terms); card != nil && card.Serial >= o.from.RecipientCard {
		return card
	}
	for i := range o.debtor.cards {
		if o.debtor.cards[i].Serial == o.from.RecipientCard {
			return &o.debtor.cards[i]
		}
	}
	return nil
}
