package exchange

import (
	"context"
	"fmt"

	"heed"
)

// Rate says whether a reply of the other party was of use to us, who had asked
// for it. It is told to the other party, so that both count the same, and owes
// and discharges nothing. reply may be zero where exactly one reply of theirs
// is not rated yet; one that is named may be rated again, and the last rating counts.
func (x *Exchange) Rate(ctx context.Context, officer heed.OfficerID, id heed.CaseID, reply heed.StatementID, meaningful bool, reason string) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindRating, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		target, err := x.replyMeant(c, reply)
		if err != nil {
			return nil, err
		}
		if reason == "" {
			return nil, &heed.Invalid{What: "a rating gives its reason", Hint: "add --reason TEXT: the other party reads it"}
		}
		s.Answers, s.Meaningful = []heed.StatementID{target}, meaningful
		return x.neededText(s, reason)
	})
}

func (x *Exchange) replyMeant(c heed.Case, reply heed.StatementID) (heed.StatementID, error) {
	if !reply.IsZero() {
		s, ok := c.Statement(reply)
		switch {
		case ok && s.Author == x.party:
			return reply, &heed.Refused{Detail: fmt.Sprintf("%s %s is ours: whoever asked for a reply rates it", s.Kind, reply.Short()), Hint: "`heed show` lists the statements with their authors"}
		case !ok || !s.Kind.Rateable():
			return reply, &heed.Invalid{What: fmt.Sprintf("%s is no reply in case %s that can be rated", reply.Short(), c.Code.Spoken()), Hint: "assessments, answers, reports of action, conclusions and refusals can; `heed show` lists them with their ids"}
		}
		return reply, nil
	}
	rated := c.Ratings()
	var open []heed.StatementID
	replies := 0
	for _, s := range c.Statements {
		if s.Author == x.party || !s.Kind.Rateable() {
			continue
		}
		if replies++; rated[s.ID].ID.IsZero() {
			open = append(open, s.ID)
		}
	}
	switch {
	case len(open) == 1:
		return open[0], nil
	case replies == 0:
		return reply, &heed.Refused{Detail: fmt.Sprintf("%s has given no reply in case %s that could be rated", c.Other(x.party), c.Code.Spoken()), Hint: "assessments, answers, reports of action, conclusions and refusals can be rated"}
	case len(open) == 0:
		return reply, &heed.Refused{Detail: fmt.Sprintf("every reply of %s in case %s is rated", c.Other(x.party), c.Code.Spoken()), Hint: "to rate one again, name it: `heed rate CASE STATEMENT`; `heed show` lists them"}
	}
	return reply, &heed.Invalid{What: fmt.Sprintf("%d replies in case %s are not rated", len(open), c.Code.Spoken()), Hint: "say which: `heed rate CASE STATEMENT`; `heed show` lists them with their ids"}
}
