package exchange

import (
	"context"
	"fmt"

	"heed"
)

// Ask puts a question to the other party. It is owed an answer under the same
// clock and ladder as a warning.
func (x *Exchange) Ask(ctx context.Context, officer heed.OfficerID, id heed.CaseID, question string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindQuestion, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if s.Urgency = c.Urgency; s.Urgency == "" {
			s.Urgency = heed.UrgencyExpected // a proposal has none, and what is asked about it needs one
		}
		return x.neededText(s, question)
	})
}

// Answer answers a question of the other party, or the warning that asks for
// an answer. question may be zero where exactly one answer is owed.
func (x *Exchange) Answer(ctx context.Context, officer heed.OfficerID, id heed.CaseID, question heed.StatementID, answer string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindAnswer, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		target, err := x.questionMeant(c, question)
		if err != nil {
			return nil, err
		}
		s.Answers = []heed.StatementID{target}
		return x.neededText(s, answer)
	})
}

func (x *Exchange) questionMeant(c heed.Case, question heed.StatementID) (heed.StatementID, error) {
	if !question.IsZero() {
		s, ok := c.Statement(question)
		if !ok || s.Author == x.party || s.Kind != heed.KindQuestion && !s.AsksAnswer {
			return question, &heed.Invalid{What: fmt.Sprintf("%s is not a question to us in case %s", question.Short(), c.Code.Spoken()), Hint: "`heed show` lists the statements with their ids"}
		}
		return question, nil
	}
	// A question was put for its own sake, so it is meant before the warning
	// that asks for an answer in general; among questions, the one due first.
	var owed []heed.Duty
	for _, d := range c.OpenDuties(x.party) {
		if d.Kind == heed.DutyAnswer {
			owed = append(owed, d)
		}
	}
	var questions []heed.Duty
	for _, d := range owed {
		if s, _ := c.Statement(d.From); s.Kind == heed.KindQuestion {
			questions = append(questions, d)
		}
	}
	switch {
	case len(questions) == 1:
		return questions[0].From, nil
	case len(questions) == 0 && len(owed) == 1:
		return owed[0].From, nil
	case len(owed) == 0:
		return question, &heed.Refused{Detail: fmt.Sprintf("no answer is owed in case %s", c.Code.Spoken()), Hint: "to add to an earlier answer, name what it answers with --question ID"}
	}
	return question, &heed.Invalid{What: fmt.Sprintf("%d answers are owed in case %s", len(owed), c.Code.Spoken()), Hint: "say which with --question ID; `heed show` lists them"}
}
