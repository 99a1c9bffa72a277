package exchange

import (
	"context"
	"fmt"

	"heed"
	"heed/wire"
)

// PutContact puts a partner without heed on record, or a change of what is on
// record of it: an administrator's act. The node signs the version, and its
// ledger commits to it, so that by whose clock a letter was counted cannot be
// rewritten later. Cases that were opened go on under the version that they name.
// One that was removed stays removed, so that one name never means two
// organisations.
func (x *Exchange) PutContact(ctx context.Context, by heed.OfficerID, c heed.Contact) (heed.Contact, error) {
	return x.changeContact(ctx, by, c.ID, func(before heed.Contact) (heed.Contact, error) {
		if before.Removed {
			return before, &heed.Refused{Detail: fmt.Sprintf("contact %s was removed, and a name is not given twice: what is on record under it would be another organisation's", c.ID), Hint: "choose another name"}
		}
		c.Removed = false
		return c, nil
	})
}

// RemoveContact ends letters to a contact. What is on record stays, and what is
// owed stays owed.
func (x *Exchange) RemoveContact(ctx context.Context, by heed.OfficerID, id heed.ContactID) (heed.Contact, error) {
	return x.changeContact(ctx, by, id, func(before heed.Contact) (heed.Contact, error) {
		switch {
		case before.Serial == 0:
			return before, noContact(id)
		case before.Removed:
			return before, &heed.Refused{Detail: fmt.Sprintf("contact %s was removed already", id), Hint: "`heed contact list` lists those that there are"}
		}
		before.Removed = true
		return before, nil
	})
}

func (x *Exchange) changeContact(ctx context.Context, by heed.OfficerID, id heed.ContactID, change func(before heed.Contact) (heed.Contact, error)) (heed.Contact, error) {
	if err := x.mayAdminister(ctx, by); err != nil {
		return heed.Contact{}, err
	}
	now := x.Now()
	var out heed.Contact
	err := x.write(ctx, func(tx Tx) error {
		me, err := self(tx)
		if err != nil {
			return err
		}
		before, err := tx.Contact(id)
		if err != nil && !isNotFound(err) {
			return err
		}
		if isNotFound(err) {
			all, err := tx.Contacts()
			if err != nil {
				return err
			}
			if len(all) >= heed.MaxContacts {
				return &heed.Refused{Detail: fmt.Sprintf("there are %d contacts on record, and no room for more", len(all))}
			}
		}
		c, err := change(before.Contact)
		if err != nil {
			return err
		}
		c.Party, c.Serial, c.Time = x.party, before.Contact.Serial+1, now
		node, err := x.keys.Node(me.Card.NodeKey)
		if err != nil {
			return err
		}
		c, note, err := wire.SignContact(c, node)
		if err != nil {
			return err
		}
		out = c
		if err := tx.PutContact(KeptContact{Contact: c, Note: note}); err != nil {
			return err
		}
		return x.logAside(tx, note)
	})
	return out, err
}

// Contacts lists the partners without heed, by name, those that were removed last.
func (x *Exchange) Contacts(ctx context.Context) (all []heed.Contact, err error) {
	err = x.store.Read(ctx, func(v View) error {
		kept, err := v.Contacts()
		for _, removed := range []bool{false, true} {
			for _, k := range kept {
				if k.Contact.Removed == removed {
					all = append(all, k.Contact)
				}
			}
		}
		return err
	})
	return all, err
}

// Contact finds one by its name.
func (x *Exchange) Contact(ctx context.Context, id heed.ContactID) (c heed.Contact, err error) {
	err = x.store.Read(ctx, func(v View) error {
		kept, err := v.Contact(id)
		if isNotFound(err) {
			return noContact(id)
		}
		c = kept.Contact
		return err
	})
	return c, err
}

func noContact(id heed.ContactID) error {
	return &heed.Invalid{What: fmt.Sprintf("there is no contact %q on record", id), Hint: "`heed contact list` lists them, `heed contact add` adds one; who runs heed is a peer, and warned with --to"}
}

// writable is a contact that letters may be opened to, or from.
func writable(v View, id heed.ContactID) (heed.Contact, error) {
	kept, err := v.Contact(id)
	switch {
	case isNotFound(err):
		return kept.Contact, noContact(id)
	case err != nil:
		return kept.Contact, err
	case kept.Contact.Removed:
		return kept.Contact, &heed.Refused{Detail: fmt.Sprintf("contact %s was removed", id), Hint: "`heed contact list` lists those that there are; `heed contact add` puts a partner on record, under a name that was never given"}
	}
	return kept.Contact, nil
}
