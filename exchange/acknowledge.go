package exchange

import (
	"context"
	"fmt"

	"heed"
	"heed/wire"
)

// Acknowledge says that a responsible person has the warning and everything
// since that asks to be acknowledged. Without prejudice, it admits nothing.
func (x *Exchange) Acknowledge(ctx context.Context, officer heed.OfficerID, id heed.CaseID, withoutPrejudice bool) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindAcknowledgement, func(v View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if c.Warned != x.party {
			return nil, notWarned(c, "acknowledge")
		}
		for _, d := range c.OpenDuties(x.party) {
			if d.Kind == heed.DutyAcknowledge {
				s.Answers = append(s.Answers, d.From)
			}
		}
		if len(s.Answers) == 0 {
			return nil, alreadyAcknowledged(c)
		}
		s.NoPrejudice = withoutPrejudice
		return nil, x.mine(v, c, officer)
	})
}

func notWarned(c heed.Case, verb string) error {
	return &heed.Refused{Detail: fmt.Sprintf("case %s is one that we opened ourselves: it is %s who may %s it", c.Code.Spoken(), c.Warned, verb)}
}

// alreadyAcknowledged names who was first.
func alreadyAcknowledged(c heed.Case) error {
	for _, d := range c.Duties {
		if d.Kind != heed.DutyAcknowledge || d.OwedBy != c.Warned {
			continue
		}
		if s, ok := c.Statement(d.Discharge); ok {
			return &heed.Refused{Detail: fmt.Sprintf("case %s was already acknowledged by %s at %s", c.Code.Spoken(), signer(s), heed.FormatTime(s.Time))}
		}
		if !d.Ended.IsZero() {
			return &heed.Refused{Detail: fmt.Sprintf("the warning of case %s was recalled: no acknowledgement is owed", c.Code.Spoken())}
		}
	}
	return &heed.Refused{Detail: fmt.Sprintf("nothing in case %s is owed an acknowledgement", c.Code.Spoken())}
}

// signer is the officer who signed a statement, as people name them.
func signer(s heed.Statement) string {
	if len(s.Officers) == 0 {
		return string(s.Author)
	}
	id, ok := wire.OfficerOf(s.Officers[0].Key)
	if !ok {
		return string(s.Author)
	}
	return fmt.Sprintf("%s (%s, %s)", id, s.Officers[0].Role, s.Author)
}
