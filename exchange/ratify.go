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
	p := x.pens()
	var declared KeptAct
	sign := func(tx Tx) error {
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
		if declared, err = x.signAct(p, tx, me, order.Officer, act, heed.ActRatify); err != nil {
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
	}
	err := p.run(ctx, func() error { return x.write(ctx, sign) })
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
		// What is accepted is the card that the terms name, whoever else brought
		// one of that name meanwhile.
		id, _ := terms.Card(p)
		same, err := descendsFrom(tx, peer.Card, id)
		if err != nil {
			return err
		}
		if !same {
			if peer.Card, err = tx.Card(id); err != nil {
				return err
			}
			if peer.CardNote, err = tx.CardNote(id); err != nil {
				return err
			}
			peer.Introducer, peer.Via = terms.Proposer, terms.AccordID()
		}
		peer.Pending = false
		if err := tx.PutPeer(peer); err != nil {
			return err
		}
	}
	return nil
}

// concerned are the parties that have been sent a version, or will be: those
// that stand in it, in its parent, or in one that descends from it. Whoever was
// removed before it never holds it, and could only refuse what is said about it.
func (h AccordHeld) concerned(id heed.VersionID) []heed.PartyID {
	about, ok := h.Version(id)
	if !ok {
		return nil
	}
	var texts []heed.Accord
	for _, v := range h.Versions {
		if v.Accord.ID == about.Parent || h.descends(v.Accord, id) {
			texts = append(texts, v.Accord)
		}
	}
	return partiesOf(texts...)
}

// descends reports whether a version is another one or descends from it.
func (h AccordHeld) descends(v heed.Accord, from heed.VersionID) bool {
	for ok := true; ok; v, ok = h.Version(v.Parent) {
		if v.ID == from {
			return true
		}
	}
	return false
}

// told names one telling of an act.
type told struct {
	act heed.AccordActID
	to  heed.PartyID
}

// spread tells our acts about an accord to every party of it that has not been
// told yet, and that has not left it before. It runs whenever there is a new act,
// or a new party to tell.
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
	whom := map[heed.VersionID][]heed.PartyID{}
	left := held.partings()
	// What goes with each act: who has one of them has all that we hold, as far
	// as it is told of the accord.
	files := map[*parting]Content{}
	for _, k := range held.Acts {
		if k.Act.Party != x.party {
			continue
		}
		if _, ok := contents[k.Act.ID]; !ok {
			if contents[k.Act.ID], err = x.content("", heed.MediaAccordAct, k.Note); err != nil {
				return err
			}
		}
		if _, ok := whom[k.Act.Version]; !ok {
			whom[k.Act.Version] = held.concerned(k.Act.Version)
		}
		for _, party := range whom[k.Act.Version] {
			parting := left.of(party)
			if party == x.party || done[told{k.Act.ID, party}] || !parting.tells(k.Act) {
				continue
			}
			file, ok := files[parting]
			if !ok {
				beside, err := accordFileOf(tx, parting.seen(held))
				if err != nil {
					return err
				}
				if file, err = x.content("", heed.MediaAccordFile, beside); err != nil {
					return err
				}
				files[parting] = file
			}
			err := x.tellAct(tx, k.Act, []Content{contents[k.Act.ID], file}, party, now)
			var refused *heed.Refused
			if errors.As(err, &refused) {
				// One that cannot be told must not keep us from telling the others.
				x.log.Warn("a party of an accord cannot be told of an act", "party", party, "act", k.Act.ID, "error", err)
				continue
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// tellAct says an act to one party: to whoever proposed the version in the case
// of the proposal, whose reply it is; to others in a case of its own. Whoever
// is no peer cannot be told.
func (x *Exchange) tellAct(tx Tx, act heed.AccordAct, contents []Content, party heed.PartyID, now time.Time) error {
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
		words, err = x.openCase(tx, party, contents, released{Release: heed.Release{Kind: kind, Contents: refs(contents)}}, now)
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
		words.contents = contents
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
