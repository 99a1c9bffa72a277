package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/wire"
)

func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// AccordOrder is what an officer asks to be declared about an accord.
type AccordOrder struct {
	Officer heed.OfficerID
	Accord  heed.AccordID
	Version heed.VersionID // zero: the newest that waits for an answer of ours; for what answers nothing, the one in force
	Kind    heed.AccordActKind
	Clause  heed.Clause // reservation
	Reason  string
	From    time.Time // withdrawal
	Until   time.Time // suspension
}

// Declare signs an act about an accord and tells it to everybody who stands in
// any version that is held. Consenting accepts the cards of the others, as
// introduced by whoever proposed it. When it returns, all is committed and queued.
func (x *Exchange) Declare(ctx context.Context, order AccordOrder) (heed.AccordAct, error) {
	now := x.Now()
	var declared KeptAct
	err := x.write(ctx, func(tx Tx) error {
		me, err := self(tx)
		if err != nil {
			return err
		}
		held, err := accordHeld(tx, order.Accord, now)
		if err != nil {
			return err
		}
		act := heed.AccordAct{
			Kind: order.Kind, Accord: order.Accord, Version: order.Version, Party: x.party, Time: now,
			Clause: order.Clause, Reason: order.Reason, From: order.From, Until: order.Until,
		}
		if act.Version.IsZero() {
			act.Version = x.meant(held.Standing, act)
		}
		if err := held.Standing.Permits(act); err != nil {
			return err
		}
		terms, ok := held.Version(act.Version)
		if !ok {
			return &heed.Invalid{What: fmt.Sprintf("version %s of the accord is not held here", act.Version.Short()), Hint: "`heed accord show` lists them"}
		}
		if act.Kind.Consents() {
			if err := x.knowsCards(tx, terms); err != nil {
				return err
			}
		}
		if declared, err = x.signAct(tx, me, order.Officer, act, heed.ActRatify); err != nil {
			return err
		}
		if err := tx.PutAct(declared); err != nil {
			return err
		}
		if act.Kind.Consents() {
			if err := x.acceptCards(tx, terms); err != nil {
				return err
			}
		}
		return x.spread(tx, order.Accord, now)
	})
	return declared.Act, err
}

// meant is the version that an act without one is about.
func (x *Exchange) meant(s heed.Standing, act heed.AccordAct) heed.VersionID {
	if !act.Kind.Answers() {
		return s.Current()
	}
	open := s.Open()
	for i := len(open) - 1; i >= 0; i-- {
		act.Version = open[i]
		if s.Permits(act) == nil {
			return open[i]
		}
	}
	return s.Current()
}

// acceptCards makes the parties of a version peers like others: who ratifies
// accepts their cards, shown as introduced.
func (x *Exchange) acceptCards(tx Tx, terms heed.Accord) error {
	for _, p := range partiesOf(terms) {
		peer, err := tx.Peer(p)
		if isNotFound(err) || err == nil && !peer.Pending {
			continue
		}
		if err != nil {
			return err
		}
		peer.Pending = false
		if err := tx.PutPeer(peer); err != nil {
			return err
		}
	}
	return nil
}

// told names one telling of an act.
type told struct {
	act heed.AccordActID
	to  heed.PartyID
}

// spread tells our acts about an accord to every party of it that has not been
// told yet. It runs whenever there is a new act, or a new party to tell.
func (x *Exchange) spread(tx Tx, id heed.AccordID, now time.Time) error {
	me, err := tx.Self()
	if err != nil || me.Restored {
		return err
	}
	held, err := accordHeld(tx, id, now)
	if err != nil {
		return err
	}
	contents := map[heed.AccordActID]Content{}
	done := map[told]bool{}
	err = x.tellings(tx, id, func(s heed.Statement, _ heed.Case) error {
		if s.Kind.Proposes() {
			return nil
		}
		content, err := tx.Content(s.Contents[0].Digest)
		if err != nil {
			return err
		}
		act, err := wire.ReadAccordAct(content.Data)
		if err != nil {
			return err
		}
		contents[act.ID], done[told{act.ID, s.Recipient}] = content, true
		return nil
	})
	if err != nil {
		return err
	}
	parties := held.parties()
	for _, k := range held.Acts {
		if k.Act.Party != x.party {
			continue
		}
		if _, ok := contents[k.Act.ID]; !ok {
			if contents[k.Act.ID], err = x.content("", heed.MediaAccordAct, k.Note); err != nil {
				return err
			}
		}
		for _, party := range parties {
			if party == x.party || done[told{k.Act.ID, party}] {
				continue
			}
			if err := x.tellAct(tx, held, k.Act, contents[k.Act.ID], party, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellAct says an act to one party: to whoever proposed the version in the case
// of the proposal, whose reply it is; to others in a case of its own. Whoever
// is no peer cannot be told.
func (x *Exchange) tellAct(tx Tx, held AccordHeld, act heed.AccordAct, content Content, party heed.PartyID, now time.Time) error {
	peer, err := tx.Peer(party)
	if isNotFound(err) || err == nil && peer.Removed {
		return nil
	}
	if err != nil {
		return err
	}
	kind := act.Kind.Statement()
	var words spoken
	proposal, err := x.proposalOf(tx, act.Version, party)
	switch {
	case isNotFound(err):
		words, err = x.openCase(tx, party, []Content{content}, released{Release: heed.Release{Kind: kind, Contents: refs([]Content{content})}}, now)
		if err != nil {
			return err
		}
		words.statement.Status = heed.StatusActual
	case err != nil:
		return err
	default:
		if words.statement, err = x.begin(tx, proposal, kind, now); err != nil {
			return err
		}
		words.statement.Answers = []heed.StatementID{proposal.Opening.ID}
		words.contents = []Content{content}
		words.statement.Contents = refs(words.contents)
	}
	words.statement.Accord, words.statement.Version = act.Accord, act.Version
	if words, err = x.sign(words); err != nil {
		return err
	}
	return x.commitOwn(tx, words, now)
}

// proposalOf finds the case in which a party proposed a version to us.
func (x *Exchange) proposalOf(v View, version heed.VersionID, proposer heed.PartyID) (heed.Case, error) {
	k, err := v.AccordVersion(version)
	if err != nil {
		return heed.Case{}, err
	}
	if k.Accord.Proposer != proposer {
		return heed.Case{}, ErrNotFound
	}
	cases, err := v.AccordCases(k.Accord.AccordID())
	if err != nil {
		return heed.Case{}, err
	}
	for _, id := range cases {
		c, err := v.Case(id)
		if err != nil {
			return heed.Case{}, err
		}
		if c.Opening.Kind.Proposes() && c.Opening.Version == version && c.Warner == proposer && c.Warned == x.party {
			return c, nil
		}
	}
	return heed.Case{}, ErrNotFound
}
