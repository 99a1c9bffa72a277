package heed

import (
	"slices"
	"time"
)

// ClockSkew is how far ahead of ours another party's clock may be. A statement
// or a receipt from further ahead is not admitted: it would move due times.
const ClockSkew = 5 * time.Minute

// fits is the rule of who may say what in a case, and in answer to what. Its
// parents are placed. It reads only signed text, so both sides decide alike.
func (c Case) fits(s Statement) error {
	if err := s.Check(); err != nil {
		return Refuse(Malformed, "%v", err)
	}
	no := func(why string) error {
		return Refuse(NotAdmitted, "%s statement %s: %s", s.Kind, s.ID.Short(), why)
	}
	m, _ := s.Kind.manner()
	switch {
	case !s.Kind.InCase():
		return no("its kind stands in no case")
	case !(s.Author == c.Warner && s.Recipient == c.Warned) && !(s.Author == c.Warned && s.Recipient == c.Warner):
		return no("its parties are not those of the case")
	case m.side == byWarner && s.Author != c.Warner:
		return no("only the party that warned may make it")
	case m.side == byWarned && s.Author != c.Warned:
		return no("only the party that was warned may make it")
	}
	if why := c.mayBeUnder(s); why != "" {
		return no(why)
	}
	if previous, ok := c.byID[s.Previous]; ok {
		switch {
		case previous.Author != s.Author || previous.Kind == KindReceipt:
			return no("its previous statement is not its author's")
		case s.Time.Before(previous.Time):
			return no("it is signed before its author's previous statement")
		}
	} else if s.ID != StatementID(c.ID) && s.Kind != KindReceipt && s.Author == c.Warner {
		return no("it names no previous statement, but its author has made one")
	}
	for _, id := range s.Answers {
		if why := c.mayAnswer(s, c.byID[id]); why != "" {
			return no(why)
		}
	}
	return nil
}

// mayBeUnder says why s may not name the accord that it names, or none;
// empty where it may. Everything that is asked in a case is asked under the
// accord under which the case was opened, though it may be another version. In
// a case that a proposal or an act opened, what is asked runs by the recipient's
// card: the terms that it speaks of may bind nobody yet, or no more.
func (c Case) mayBeUnder(s Statement) string {
	opening := c.Opening
	switch {
	case s.ID == opening.ID:
	case s.Kind.OfAccord():
		if !opening.Kind.Proposes() {
			return "only a proposal is replied to in its case"
		}
		if s.Accord != opening.Accord || s.Version != opening.Version {
			return "it is about another version than the one that opened the case"
		}
	case len(s.asks()) == 0:
	case opening.Kind.OfAccord():
		if !s.Accord.IsZero() {
			return "in a case that a proposal or an act opened nothing is asked under terms"
		}
	case s.Accord != opening.Accord:
		return "it is not under the accord of its case"
	}
	return ""
}

// mayAnswer says why s may not answer a; empty where it may.
func (c Case) mayAnswer(s, a Statement) string {
	theirs := a.Author != s.Author
	switch s.Kind {
	case KindReceipt:
		if !theirs || !a.Kind.OwedReceipt() {
			return "a receipt is for a statement of the other party"
		}
		if s.TagKey != a.TagKey {
			return "a receipt names the tag key of what it receipts"
		}
		for _, p := range s.Duties {
			if !slices.Contains(a.asks(), p.Kind.Base()) {
				return "a receipt promises only what follows from what it receipts"
			}
		}
	case KindAcknowledgement:
		if !theirs || !slices.Contains([]Kind{KindWarning, KindSupplement, KindCorrection, KindReminder}, a.Kind) {
			return "it may acknowledge only what the other party sent to be acknowledged"
		}
	case KindAssessment:
		if !theirs || !slices.Contains([]Kind{KindWarning, KindSupplement, KindCorrection}, a.Kind) {
			return "it may assess only a warning, a supplement or a correction"
		}
	case KindAnswer:
		if !theirs || a.Kind != KindQuestion && !(a.Kind == KindWarning && a.AsksAnswer) {
			return "it may answer only a question, or a warning that asks for an answer"
		}
	case KindRefusal:
		if !theirs || len(a.asks()) == 0 {
			return "it may refuse only what the other party asks"
		}
		if a.Kind.Proposes() {
			return "a proposal is declined, not refused"
		}
	case KindOpening:
		if !theirs {
			return "it opens only what the other party sent"
		}
	case KindSupplement, KindCorrection, KindRecall:
		if a.ID != StatementID(c.ID) {
			return "it must refer to the statement that opened the case"
		}
		if a.Kind.OfAccord() {
			return "what concerns an accord is amended or withdrawn from, not supplemented, corrected or recalled"
		}
		if a.Kind == KindFigures {
			return "figures are answered with figures, not supplemented, corrected or recalled"
		}
	case KindAction, KindOutcome:
		if a.ID != StatementID(c.ID) && (theirs || a.Kind != KindAssessment) || a.Kind.OfAccord() || a.Kind == KindFigures {
			return "it must refer to the warning or to its author's own assessment"
		}
	case KindAccordRatification, KindAccordReservation, KindAccordDecline, KindAccordSuspension, KindAccordResumption, KindAccordWithdrawal:
		if a.ID != StatementID(c.ID) || !theirs {
			return "it must answer the other party's proposal that opened the case"
		}
	case KindForwardRequest:
		if a.ID != StatementID(c.ID) || a.Kind != KindWarning {
			return "it must refer to the warning that opened the case"
		}
		if s.Party == c.Warner || s.Party == c.Warned {
			return "it names no third party"
		}
	case KindForwardConsent:
		if !theirs || a.Kind != KindForwardRequest || a.Party != s.Party {
			return "it must answer the other party's request to forward to that third party"
		}
	case KindRating:
		if !theirs || !a.Kind.Rateable() {
			return "it rates only a reply of the other party"
		}
	case KindWatchHit, KindWatchLapseNotice:
		if !s.Withdrawn.IsZero() {
			if theirs || a.Kind != KindWatchHit || a.Confirmed.IsZero() {
				return "it must refer to its author's own report of a hit, which it withdraws"
			}
			return ""
		}
		if !theirs || !slices.Contains([]Kind{KindWarning, KindSupplement, KindCorrection}, a.Kind) {
			return "it must refer to a warning, a supplement or a correction, whose subjects are on watch"
		}
	case KindFigures:
		if !theirs || a.Kind != KindFigures {
			return "it must answer figures of the other party"
		}
	case KindExtension, KindReminder:
		if debtor(s.Duties[0].Kind, a) == s.Author {
			return "only the party that is owed may make it"
		}
	}
	return ""
}

// Admit decides whether a statement of the other party may be received into
// the case at now. c is the case without it; terms are those of its author's
// undertakings (an assessment's, a hit's, the notice of a lapse). What it follows or answers may be missing:
// that delays the fold, and never the receipt.
func (c Case) Admit(s Statement, terms Baseline, now time.Time) error {
	if err := s.Check(); err != nil {
		return Refuse(Malformed, "%v", err)
	}
	if !s.Kind.InCase() {
		return Refuse(NotAdmitted, "%s statement %s: its kind stands in no case", s.Kind, s.ID.Short())
	}
	if s.Time.After(now.Add(ClockSkew)) {
		return Refuse(ClockAhead, "the statement is signed %s, which is ahead of our clock (%s)", FormatTime(s.Time), FormatTime(now))
	}
	if c.Opening.ID.IsZero() && !s.Case.IsZero() {
		return nil // the opening is under way; the fold decides
	}
	for _, other := range c.Statements {
		if other.Author == s.Author && other.ID != s.ID && s.Kind != KindReceipt && other.Kind != KindReceipt && other.Previous == s.Previous {
			return Refuse(Equivocation, "statements %s and %s of %s follow the same one", other.ID.Short(), s.ID.Short(), s.Author)
		}
	}
	if c.Opening.ID.IsZero() {
		return nil
	}
	if s.Kind == KindAssessment && !slices.Equal(s.Duties, Undertakings(s.Disposition, c.Urgency, terms, s.Time)) {
		return Refuse(NotAdmitted, "the assessment's due times are not those that its author's terms give")
	}
	if s.Kind == KindWatchHit && len(s.Duties) > 0 && !slices.Equal(s.Duties, HitPromises(c.Urgency, terms, s.HitDecided())) {
		return Refuse(NotAdmitted, "the due time of the report of a hit is not the one that its author's terms give")
	}
	if s.Kind == KindWatchLapseNotice && !s.Effective.IsZero() && s.Effective.Before(s.Time.Add(terms.LapseNotice)) {
		return Refuse(NotAdmitted, "the lapse is announced %s beforehand, and its author's terms give %s", s.Effective.Sub(s.Time), terms.LapseNotice)
	}
	if !c.parentsPlaced(s) {
		return nil
	}
	return c.fits(s)
}

// CheckReceipt decides whether the other party's receipt keeps to its terms,
// so that nobody gains time by it. sent is our statement, terms the baseline
// of the card that the receipt names.
func CheckReceipt(receipt, sent Statement, terms Baseline, now time.Time) error {
	bad := func(why string) error {
		return Refuse(NotAdmitted, "receipt for %s statement %s: %s", sent.Kind, sent.ID.Short(), why)
	}
	switch {
	case receipt.Kind != KindReceipt || !receipt.AnswersTo(sent.ID) || receipt.CaseID() != sent.CaseID():
		return bad("it is not for this statement")
	case receipt.Author != sent.Recipient || receipt.Recipient != sent.Author:
		return bad("its parties are not those of the statement")
	case receipt.TagKey != sent.TagKey:
		return bad("it names another tag key")
	case receipt.Received.After(now.Add(ClockSkew)):
		return bad("it says that it was received at " + FormatTime(receipt.Received) + ", which is ahead of our clock")
	case !receipt.PublishBy.Equal(receipt.Received.Add(terms.PublicationDelay)):
		return bad("its publish-by is not received + the publication delay")
	case !slices.Equal(receipt.Duties, Promises(sent, terms, receipt.Received)):
		return bad("its due times are not those that the terms give")
	}
	return nil
}
