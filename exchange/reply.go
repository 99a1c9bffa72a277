package exchange

import (
	"context"
	"fmt"
	"time"

	"heed"
)

// Interim says when a reply will come. It discharges nothing.
func (x *Exchange) Interim(ctx context.Context, officer heed.OfficerID, id heed.CaseID, by time.Time, words string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindInterim, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if !by.After(s.Time) {
			return nil, &heed.Invalid{What: fmt.Sprintf("%s is not in the future", heed.FormatTime(by)), Hint: "--by says when the reply will come"}
		}
		s.By = heed.Instant(by)
		for _, d := range c.OpenDuties(x.party) {
			s.Answers = append(s.Answers, d.From)
		}
		if len(s.Answers) == 0 {
			return nil, nothingOwed(c)
		}
		return x.optionalText(s, words)
	})
}

func nothingOwed(c heed.Case) error {
	return &heed.Refused{Detail: fmt.Sprintf("we owe no reply in case %s", c.Code.Spoken())}
}

// Extend gives the other party more time for a duty that it owes us.
func (x *Exchange) Extend(ctx context.Context, officer heed.OfficerID, id heed.CaseID, kind heed.DutyKind, until time.Time) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindExtension, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		for _, d := range c.OpenDuties(c.Other(x.party)) {
			if d.Kind != kind {
				continue
			}
			if until = heed.Instant(until); !until.After(d.Due) {
				return nil, &heed.Invalid{What: fmt.Sprintf("the %s is due %s as it is, and %s is no later", kind.Words(), heed.FormatTime(d.Due), heed.FormatTime(until)), Hint: "an extension gives more time"}
			}
			s.Answers = []heed.StatementID{d.From}
			s.Duties = []heed.Promise{{Kind: kind, Due: until}}
			return nil, nil
		}
		for _, d := range c.OpenDuties(x.party) {
			if d.Kind == kind {
				return nil, &heed.Refused{Detail: fmt.Sprintf("the %s is what we owe ourselves in case %s: only %s may extend it", kind.Words(), c.Code.Spoken(), d.OwedTo), Hint: "`heed interim` says when our reply will come"}
			}
		}
		return nil, &heed.Refused{Detail: fmt.Sprintf("%s owes no %s in case %s", c.Other(x.party), kind.Words(), c.Code.Spoken())}
	})
}

// Refuse answers with a refusal of content, for a reason that has a code. It
// takes the place of every reply that we owe for what the other party sent.
func (x *Exchange) Refuse(ctx context.Context, officer heed.OfficerID, id heed.CaseID, code heed.RefusalCode, reason string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindRefusal, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if _, err := heed.ParseContentRefusal(string(code)); err != nil {
			return nil, err
		}
		s.Code = code
		for _, d := range c.OpenDuties(x.party) {
			if from, ok := c.Statement(d.From); ok && from.Author != x.party && !from.Kind.Proposes() {
				s.Answers = append(s.Answers, d.From)
			}
		}
		if len(s.Answers) == 0 {
			return nil, nothingOwed(c)
		}
		return x.neededText(s, reason)
	})
}

// Report says what was done about a warning.
func (x *Exchange) Report(ctx context.Context, officer heed.OfficerID, id heed.CaseID, action string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindAction, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if c.Warned != x.party {
			return nil, notWarned(c, "act on")
		}
		s.Answers = x.undertaken(c)
		return x.neededText(s, action)
	})
}

// Conclude says how the matter ended, as the recipient states it.
func (x *Exchange) Conclude(ctx context.Context, officer heed.OfficerID, id heed.CaseID, outcome heed.Outcome, words string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindOutcome, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if c.Warned != x.party {
			return nil, notWarned(c, "conclude")
		}
		if _, concluded := c.Reached()[heed.StateConcluded]; concluded && len(c.OpenDuties(x.party)) == 0 {
			return nil, &heed.Refused{Detail: fmt.Sprintf("case %s was concluded already", c.Code.Spoken())}
		}
		s.Outcome = outcome
		s.Answers = x.undertaken(c)
		return x.optionalText(s, words)
	})
}

// undertaken is what an action or an outcome refers to: our assessments that
// oblige us, or the warning itself where there is none.
func (x *Exchange) undertaken(c heed.Case) []heed.StatementID {
	var ids []heed.StatementID
	for _, s := range c.Statements {
		if s.Author == x.party && s.Kind == heed.KindAssessment && s.Disposition.Obliges() {
			ids = append(ids, s.ID)
		}
	}
	if len(ids) == 0 {
		return []heed.StatementID{c.Opening.ID}
	}
	return ids
}

// Call puts a telephone call on record.
func (x *Exchange) Call(ctx context.Context, officer heed.OfficerID, id heed.CaseID, with, words string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindCall, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if with == "" || words == "" {
			return nil, &heed.Invalid{What: "a call's record says with whom it was and what was said", Hint: "heed call CASE --with NAME TEXT"}
		}
		return x.neededText(s, "Call with "+with+": "+words)
	})
}
