package exchange

import (
	"context"
	"fmt"

	"heed"
)

// Assess gives the recipient's judgement of a warning. A credible one is an
// undertaking to report action and to conclude, by the times that the
// assessment itself names.
func (x *Exchange) Assess(ctx context.Context, officer heed.OfficerID, id heed.CaseID, disposition heed.Disposition, reason string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindAssessment, func(v View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if c.Warned != x.party {
			return nil, notWarned(c, "assess")
		}
		if c.Opening.Kind != heed.KindWarning {
			return nil, &heed.Refused{Detail: fmt.Sprintf("case %s is a question", c.Code.Spoken()), Hint: "`heed answer` answers it"}
		}
		me, err := v.Self()
		if err != nil {
			return nil, err
		}
		s.Disposition = disposition
		terms, err := termsFor(v, c.Opening, me.Card, s.Time)
		if err != nil {
			return nil, err
		}
		s.Duties = heed.Undertakings(disposition, c.Urgency, terms, s.Time)
		s.Answers = []heed.StatementID{c.Opening.ID}
		for _, d := range c.OpenDuties(x.party) {
			if d.Kind.Base() == heed.DutyAcknowledge || d.Kind == heed.DutyAssess {
				s.Answers = append(s.Answers, d.From)
			}
		}
		return x.optionalText(s, reason)
	})
}

// optionalText adds what the officer wrote, if anything.
func (x *Exchange) optionalText(s *heed.Statement, words string) ([]Content, error) {
	if words == "" {
		return nil, nil
	}
	return x.neededText(s, words)
}

func (x *Exchange) neededText(s *heed.Statement, words string) ([]Content, error) {
	content, err := x.text(words)
	if err != nil {
		return nil, err
	}
	s.Contents = refs([]Content{content})
	return []Content{content}, nil
}
