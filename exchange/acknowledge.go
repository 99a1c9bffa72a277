package exchange

import (
	"context"
	"fmt"
	"strings"

	"heed"
	"heed/wire"
)

// Acknowledge says that a responsible person has the warning and everything
// since that asks to be acknowledged. Without prejudice, it admits nothing.
func (x *Exchange) Acknowledge(ctx context.Context, officer heed.OfficerID, id heed.CaseID, withoutPrejudice bool) (heed.Statement, error) {
	return x.AcknowledgeFor(ctx, officer, id, "", withoutPrejudice)
}

// AcknowledgeFor acknowledges for the rung of our ladder that has the role, where
// an accord has each of several do so for itself. With no role it is for the
// first of them, and for that one only: nobody speaks for another rung by
// leaving out a word.
func (x *Exchange) AcknowledgeFor(ctx context.Context, officer heed.OfficerID, id heed.CaseID, role string, withoutPrejudice bool) (heed.Statement, error) {
	return x.say(ctx, id, officer, heed.KindAcknowledgement, func(v View, c heed.Case, s *heed.Statement) ([]Content, error) {
		if c.Warned != x.party {
			return nil, notWarned(c, "acknowledge")
		}
		ladder, err := x.ladderIn(v, c.Opening, x.party)
		if err != nil {
			return nil, err
		}
		kind, err := acknowledgement(c, ladder, role)
		if err != nil {
			return nil, err
		}
		for _, d := range c.OpenDuties(x.party) {
			if d.Kind == kind {
				s.Answers = append(s.Answers, d.From)
			}
		}
		if len(s.Answers) == 0 {
			return nil, alreadyAcknowledged(c, kind, ladder)
		}
		if s.NoPrejudice = withoutPrejudice; kind.Rung() > 0 {
			s.Level, s.Role = kind.Rung(), ladder.Told(kind, 0).Role
		}
		if role != "" {
			return nil, nil // whoever took the case is not the one whose word is asked for
		}
		return nil, x.mine(v, c, officer)
	})
}

// acknowledgement is which acknowledgement of ours is meant by a role.
func acknowledgement(c heed.Case, ladder heed.Ladder, role string) (heed.DutyKind, error) {
	rungs := map[int]bool{}
	first := 0
	for _, d := range c.Duties {
		if n := d.Kind.Rung(); n > 0 && d.OwedBy == c.Warned {
			rungs[n] = true
			if first == 0 || n < first {
				first = n
			}
		}
	}
	if role == "" {
		if first == 0 {
			return heed.DutyAcknowledge, nil
		}
		return heed.OfRung(first), nil
	}
	var roles []string
	for i, rung := range ladder {
		if !rungs[i+1] {
			continue
		}
		if rung.Role == role {
			return heed.OfRung(i + 1), nil
		}
		roles = append(roles, rung.Role)
	}
	hint := "leave --role out: whoever acknowledges does so for the party"
	if len(roles) > 0 {
		hint = "it is owed by " + strings.Join(roles, ", ")
	}
	return "", &heed.Refused{Detail: fmt.Sprintf("in case %s %q owes no acknowledgement of its own", c.Code.Spoken(), role), Hint: hint}
}

func notWarned(c heed.Case, verb string) error {
	return &heed.Refused{Detail: fmt.Sprintf("case %s is one that we opened ourselves: it is %s who may %s it", c.Code.Spoken(), c.Warned, verb)}
}

// alreadyAcknowledged names who was first, and who has not.
func alreadyAcknowledged(c heed.Case, kind heed.DutyKind, ladder heed.Ladder) error {
	for _, d := range c.Duties {
		if d.Kind != kind || d.OwedBy != c.Warned {
			continue
		}
		if s, ok := c.Statement(d.Discharge); ok {
			said := &heed.Refused{Detail: fmt.Sprintf("case %s was already acknowledged by %s at %s", c.Code.Spoken(), signer(s), heed.FormatTime(s.Time))}
			if kind.Rung() > 0 {
				said.Detail = fmt.Sprintf("case %s was already acknowledged for %s by %s at %s", c.Code.Spoken(), s.Role, signer(s), heed.FormatTime(s.Time))
			}
			for _, open := range c.OpenDuties(c.Warned) {
				if open.Kind.Rung() > 0 {
					said.Hint = fmt.Sprintf("%s has not: add --role %[1]s", ladder.Told(open.Kind, 0).Role)
					break
				}
			}
			return said
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
