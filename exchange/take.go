package exchange

import (
	"context"
	"errors"
	"fmt"

	"heed"
)

// Take gives a case to one officer, so that two do not work on it and none
// thinks that the other does. A supervisor may take it over.
func (x *Exchange) Take(ctx context.Context, officer heed.OfficerID, id heed.CaseID) (Taking, error) {
	now := x.Now()
	taking := Taking{Officer: officer, At: now}
	err := x.write(ctx, func(tx Tx) error {
		entry, err := rosterEntry(tx, officer)
		if err != nil {
			return err
		}
		role, err := entry.Acting(heed.ActTake)
		if err != nil {
			return err
		}
		c, err := tx.Case(id)
		if err != nil {
			return err
		}
		held, err := tx.Taking(id)
		switch {
		case err == nil && held.Officer == officer:
			taking = held
			return nil
		case err == nil && role != heed.Supervisor && !hasRole(entry, heed.Supervisor):
			return takenBy(c, held)
		case err != nil && !errors.Is(err, ErrNotFound):
			return err
		}
		return tx.Take(id, taking)
	})
	return taking, err
}

func hasRole(o heed.Officer, role heed.Role) bool {
	for _, r := range o.Roles {
		if r == role {
			return true
		}
	}
	return false
}

func takenBy(c heed.Case, held Taking) error {
	return &heed.Refused{Detail: fmt.Sprintf("case %s was taken by %s at %s", c.Code.Spoken(), held.Officer, heed.FormatTime(held.At)), Hint: "speak to that officer; a supervisor takes it over with `heed take " + c.Code.Spoken() + "`"}
}

// mine refuses an acknowledgement in a case that another officer has taken. An
// assessment, an answer or an action is often another person's work, and is not
// held up by it.
func (x *Exchange) mine(v View, c heed.Case, officer heed.OfficerID) error {
	held, err := v.Taking(c.ID)
	if errors.Is(err, ErrNotFound) || err == nil && held.Officer == officer {
		return nil
	}
	if err != nil {
		return err
	}
	return takenBy(c, held)
}
