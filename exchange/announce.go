package exchange

import (
	"fmt"
	"time"

	"heed"
)

// announce queues a notice to the first rung of our ladder for each statement
// that is owed a reply and was not in the index before: what has just been
// received, and what was received earlier and waited for it. Each rung that
// must acknowledge for itself is told as the first one is.
func (x *Exchange) announce(tx Tx, c heed.Case, known []IndexedDuty, now time.Time) error {
	type people struct {
		from heed.StatementID
		rung int
	}
	told := map[people]bool{}
	tells := func(d heed.Duty) { told[people{d.From, 0}], told[people{d.From, d.Kind.Rung()}] = true, true }
	for _, d := range known {
		tells(d.Duty)
	}
	for _, d := range c.OpenDuties(x.party) {
		if from, _ := c.Statement(d.From); told[people{d.From, d.Kind.Rung()}] || from.Author == x.party {
			continue
		}
		tells(d) // the duty that is due first stands for the others
		if err := x.tell(tx, c, d, 0, now); err != nil {
			return err
		}
	}
	return nil
}

// tell queues the notice about one duty at one level, to our own people.
func (x *Exchange) tell(tx Tx, c heed.Case, d heed.Duty, level int, now time.Time) error {
	ours, err := x.ladderIn(tx, c.Opening, x.party)
	if err != nil {
		return err
	}
	debtors, err := x.ladderIn(tx, c.Opening, d.OwedBy)
	if err != nil {
		return err
	}
	rung := ours.Told(d.Kind, level)
	if d.OwedBy != x.party {
		rung = ours.Rung(0) // whoever waits for a reply is the desk, at every level
	}
	return tx.AddNotice(Notice{
		ID: noticeID(c, d, level), Case: c.ID, Code: c.Code, Party: x.party, Peer: c.Other(x.party),
		Duty: d.Kind, From: d.From, OwedBy: d.OwedBy, Due: d.Due, Level: level,
		Rung: rung, Ring: debtors.Told(d.Kind, level), Exercise: c.Status != heed.StatusActual, Created: now, NextAt: atOnce,
	})
}

// noticeID is one for a duty, a level and a due time: an extension that moves
// the due time starts the ladder anew.
func noticeID(c heed.Case, d heed.Duty, level int) string {
	return fmt.Sprintf("%s-%s-%s-%d-%d", c.Code, d.From.Short(), d.Kind, d.Due.UnixMilli(), level)
}
