package exchange

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"heed"
	"heed/seal"
	"heed/wire"
)

// AddOfficer puts a person on the roster with a key that the node holds. An
// officer who is on it gets the new roles and keeps the key; one who was
// removed stays removed, so that one name never means two people.
func (x *Exchange) AddOfficer(ctx context.Context, by, id heed.OfficerID, roles []heed.Role) (heed.Officer, error) {
	if len(roles) == 0 {
		return heed.Officer{}, &heed.Invalid{What: "an officer needs a role", Hint: "add --role ROLE,..."}
	}
	roles = slices.Clone(roles)
	slices.SortFunc(roles, func(a, b heed.Role) int { return slices.Index(heed.Roles(), a) - slices.Index(heed.Roles(), b) })
	roles = slices.Compact(roles)
	if err := x.mayAdminister(ctx, by); err != nil {
		return heed.Officer{}, err
	}
	// The key is kept before the roster names it: a crash in between leaves a
	// key that nobody uses, and never an officer without one.
	key, err := x.keys.AddOfficer(id)
	if err != nil {
		return heed.Officer{}, err
	}
	added := heed.Officer{ID: id, Roles: roles, Key: key.Verifier().String()}
	return added, x.changeRoster(ctx, func(officers []heed.Officer) ([]heed.Officer, error) {
		for i, o := range officers {
			if o.ID != id {
				continue
			}
			if o.Removed {
				return nil, &heed.Refused{Detail: fmt.Sprintf("officer %s was removed from the roster, and a name is not given twice", id), Hint: "choose another name"}
			}
			officers[i].Roles = roles
			return officers, nil
		}
		return append(officers, added), nil
	})
}

// RemoveOfficer takes a person's powers. What the officer signed stays signed.
func (x *Exchange) RemoveOfficer(ctx context.Context, by, id heed.OfficerID) error {
	if err := x.mayAdminister(ctx, by); err != nil {
		return err
	}
	return x.changeRoster(ctx, func(officers []heed.Officer) ([]heed.Officer, error) {
		for i, o := range officers {
			if o.ID == id && !o.Removed {
				officers[i].Removed = true
				return officers, nil
			}
		}
		return nil, &heed.Invalid{What: fmt.Sprintf("there is no officer %q on the roster", id), Hint: "`heed officer list` shows them"}
	})
}

// MayAdminister checks an act of administration. Whoever holds the home may
// administer it; where an officer is named, the role must permit it.
func (x *Exchange) MayAdminister(ctx context.Context, by heed.OfficerID) error {
	return x.mayAdminister(ctx, by)
}

func (x *Exchange) mayAdminister(ctx context.Context, by heed.OfficerID) error {
	if by == "" {
		return nil
	}
	return x.store.Read(ctx, func(v View) error {
		officer, err := rosterEntry(v, by)
		if err != nil {
			return err
		}
		_, err = officer.Acting(heed.ActAdminister)
		return err
	})
}

// changeRoster signs and logs the next version of the roster.
func (x *Exchange) changeRoster(ctx context.Context, change func([]heed.Officer) ([]heed.Officer, error)) error {
	now := x.Now()
	return x.write(ctx, func(tx Tx) error {
		me, err := self(tx)
		if err != nil {
			return err
		}
		officers, err := tx.Officers()
		if err != nil {
			return err
		}
		if officers, err = change(officers); err != nil {
			return err
		}
		slices.SortFunc(officers, func(a, b heed.Officer) int { return cmp.Compare(a.ID, b.ID) })
		roster := wire.Roster{Party: x.party, Serial: me.RosterSerial + 1, Time: now, Officers: officers}
		node, err := x.keys.Node(me.Card.NodeKey)
		if err != nil {
			return err
		}
		note, err := wire.SignRoster(roster, node)
		if err != nil {
			return err
		}
		if roster, err = wire.ParseRoster(note); err != nil {
			return err
		}
		me.RosterSerial = roster.Serial
		if err := tx.PutSelf(me); err != nil {
			return err
		}
		if err := tx.PutRoster(roster, note); err != nil {
			return err
		}
		return x.logAside(tx, note)
	})
}

// Officers lists the roster.
func (x *Exchange) Officers(ctx context.Context) (officers []heed.Officer, err error) {
	err = x.store.Read(ctx, func(v View) error {
		officers, err = v.Officers()
		return err
	})
	return officers, err
}

// officerKey checks that the key ring's key is the one on the roster.
func officerKey(o heed.Officer, key seal.SigningKey) error {
	if key.Verifier().String() != o.Key {
		return fmt.Errorf("the key that this home holds for officer %s is not the one on its roster", o.ID)
	}
	return nil
}
