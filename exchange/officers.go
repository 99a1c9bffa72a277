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
	return x.addOfficer(ctx, by, heed.Officer{ID: id, Roles: roles})
}

// AddSSHOfficer is AddOfficer for a person who holds the key, an SSH key or one on
// a FIDO token: the node cannot sign as that person, and asks for each signature.
// A name keeps the key that it was given first.
func (x *Exchange) AddSSHOfficer(ctx context.Context, by, id heed.OfficerID, roles []heed.Role, key seal.SSHKey) (heed.Officer, error) {
	verify, err := key.Named(wire.OfficerKeyName(x.party, id))
	if err != nil {
		return heed.Officer{}, err
	}
	return x.addOfficer(ctx, by, heed.Officer{ID: id, Roles: roles, Key: verify.String()})
}

// addOfficer adds an officer; one without a key gets one that the node holds.
func (x *Exchange) addOfficer(ctx context.Context, by heed.OfficerID, added heed.Officer) (heed.Officer, error) {
	if len(added.Roles) == 0 {
		return heed.Officer{}, &heed.Invalid{What: "an officer needs a role", Hint: "add --role ROLE,..."}
	}
	added.Roles = slices.Clone(added.Roles)
	slices.SortFunc(added.Roles, func(a, b heed.Role) int { return slices.Index(heed.Roles(), a) - slices.Index(heed.Roles(), b) })
	added.Roles = slices.Compact(added.Roles)
	if err := x.mayAdminister(ctx, by); err != nil {
		return heed.Officer{}, err
	}
	if added.Key == "" {
		var err error
		if added.Key, err = x.keyFor(ctx, added.ID); err != nil {
			return heed.Officer{}, err
		}
	}
	return added, x.changeRoster(ctx, func(officers []heed.Officer) ([]heed.Officer, error) {
		for i, o := range officers {
			if o.ID != added.ID {
				continue
			}
			if o.Removed {
				return nil, &heed.Refused{Detail: fmt.Sprintf("officer %s was removed from the roster, and a name is not given twice", o.ID), Hint: "choose another name"}
			}
			if o.Key != added.Key {
				return nil, &heed.Refused{Detail: fmt.Sprintf("officer %s has another key, and a name keeps the key that it was given", o.ID), Hint: "add the person under another name with the new key, and remove this one"}
			}
			officers[i].Roles = added.Roles
			return officers, nil
		}
		return append(officers, added), oneHolder(officers, added)
	})
}

// keyFor is the key of an officer who brings none: the one on the roster, or one
// that is made. It is kept before the roster names it: a crash in between leaves a
// key that nobody uses, and never an officer without one.
func (x *Exchange) keyFor(ctx context.Context, id heed.OfficerID) (string, error) {
	officers, err := x.Officers(ctx)
	if err != nil {
		return "", err
	}
	for _, o := range officers {
		if o.ID == id {
			if _, elsewhere, err := heldByOfficer(o); err != nil || elsewhere {
				return o.Key, err
			}
		}
	}
	key, err := x.keys.AddOfficer(id)
	return key.Verifier().String(), err
}

// oneHolder refuses a key that is another officer's, removed or not: it would be
// signed with by whoever has it, under both names.
func oneHolder(officers []heed.Officer, added heed.Officer) error {
	key, err := seal.ParsePersonKey(added.Key)
	if err != nil {
		return err
	}
	for _, o := range officers {
		other, err := seal.ParsePersonKey(o.Key)
		if err != nil {
			return err
		}
		if other.Material() == key.Material() {
			return &heed.Refused{Detail: fmt.Sprintf("this is the key of officer %s", o.ID), Hint: "each officer has a key alone: make one with `ssh-keygen -t ed25519-sk`, or ed25519 without a token"}
		}
	}
	return nil
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

// heldByOfficer is the key of an officer who holds it; false where the node does.
func heldByOfficer(o heed.Officer) (seal.VerifyKey, bool, error) {
	key, err := seal.ParsePersonKey(o.Key)
	if err != nil {
		return key, false, fmt.Errorf("officer %s on the roster: %w", o.ID, err)
	}
	_, elsewhere := key.SSH()
	return key, elsewhere, nil
}

// officerKey checks that the key ring's key is the one on the roster.
func officerKey(o heed.Officer, key seal.SigningKey) error {
	if key.Verifier().String() != o.Key {
		return fmt.Errorf("the key that this home holds for officer %s is not the one on its roster", o.ID)
	}
	return nil
}
