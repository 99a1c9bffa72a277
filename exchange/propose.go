package exchange

import (
	"context"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/seal"
	"heed/wire"
)

// Proposed is what came of a proposal: the version, and a case with each other
// party to whom it was sent.
type Proposed struct {
	Accord  heed.AccordID
	Version heed.VersionID
	To      []heed.PartyID
	Cases   []heed.CaseID // in the order of To
}

// Propose signs the first version of an accord, consents to it, and sends it to
// all whom it names, with the cards of all: whoever proposes vouches for them. Each owes a reply in the time that
// the terms give. When it returns, all of it is committed and queued, or nothing.
func (x *Exchange) Propose(ctx context.Context, officer heed.OfficerID, terms heed.Accord) (Proposed, error) {
	return x.propose(ctx, officer, func(View, time.Time) (heed.Accord, AccordHeld, error) {
		terms.Accord, terms.Parent, terms.Number = heed.AccordID{}, heed.VersionID{}, 1
		return terms, AccordHeld{}, nil
	})
}

// Amend proposes the next version of an accord: its terms as change makes them
// of those of the version that now stands, without whoever has withdrawn from it:
// that is final, and no business of theirs any more. A party that is no member of
// it any more is told of its removal too.
func (x *Exchange) Amend(ctx context.Context, officer heed.OfficerID, id heed.AccordID, change func(heed.Accord) (heed.Accord, error)) (Proposed, error) {
	return x.amendTerms(ctx, officer, id, func(a heed.Accord, _ []heed.PartyID) (heed.Accord, error) { return change(a) })
}

func (x *Exchange) amendTerms(ctx context.Context, officer heed.OfficerID, id heed.AccordID, change func(a heed.Accord, gone []heed.PartyID) (heed.Accord, error)) (Proposed, error) {
	return x.propose(ctx, officer, func(v View, now time.Time) (heed.Accord, AccordHeld, error) {
		held, err := accordHeld(v, id, now)
		if err != nil {
			return heed.Accord{}, held, err
		}
		parent, _ := held.Version(held.Standing.Current())
		gone := held.Standing.Gone()
		base := parent
		for _, p := range gone {
			base = without(base, p)
		}
		terms, err := change(base, gone)
		if err != nil {
			return terms, held, err
		}
		terms.Accord, terms.Parent, terms.Number = id, parent.ID, parent.Number+1
		// A clock that is behind must not sign before what it amends.
		if terms.Proposer, terms.Time = x.party, now; parent.Time.After(now) {
			terms.Time = parent.Time
		}
		if err := mayAmend(held.Standing, terms, parent); err != nil {
			return terms, held, err
		}
		return terms, held, nil
	})
}

// RemoveMember proposes the accord as it stands without one of its parties. It
// takes effect once a quorum of those who remain has ratified it.
func (x *Exchange) RemoveMember(ctx context.Context, officer heed.OfficerID, id heed.AccordID, party heed.PartyID) (Proposed, error) {
	return x.amendTerms(ctx, officer, id, func(a heed.Accord, gone []heed.PartyID) (heed.Accord, error) {
		if slices.Contains(gone, party) {
			return a, nil // it is left out anyway
		}
		if _, ok := a.Card(party); !ok {
			return a, &heed.Invalid{What: fmt.Sprintf("%s stands in no version %s of the accord", party, a.ID.Short()), Hint: "`heed accord show` lists the members"}
		}
		if party == x.party {
			return a, &heed.Refused{Detail: "a party does not remove itself", Hint: "`heed accord withdraw` leaves"}
		}
		return without(a, party), nil
	})
}

// without are the terms without one of their parties.
func without(a heed.Accord, party heed.PartyID) heed.Accord {
	if _, member := a.Member(party); member {
		a.Quorum = remainingQuorum(a.Quorum, len(a.Members))
	}
	a.Members = slices.DeleteFunc(slices.Clone(a.Members), func(m heed.Member) bool { return m.Party == party })
	a.Observers = slices.DeleteFunc(slices.Clone(a.Observers), func(o heed.Observer) bool { return o.Party == party })
	a.MustRatify = slices.DeleteFunc(slices.Clone(a.MustRatify), func(p heed.PartyID) bool { return p == party })
	return a
}

// remainingQuorum is the quorum of what is left of so many members once one has
// gone: the least that is over half if it was that, else the same number.
func remainingQuorum(quorum, members int) int {
	if quorum == heed.OverHalf(members) {
		return heed.OverHalf(members - 1)
	}
	return min(quorum, members-1)
}

func mayAmend(s heed.Standing, terms, parent heed.Accord) error {
	if s.State == heed.AccordEnded {
		return &heed.Refused{Detail: fmt.Sprintf("accord %s has ended: %s", s.Accord.Short(), s.Why), Hint: "`heed accord renew` drafts a new one from it"}
	}
	if p := s.Party(terms.Proposer); !p.Bound() && !s.InForce.IsZero() {
		return &heed.Refused{Detail: fmt.Sprintf("%s is %s in accord %s, and cannot amend it", terms.Proposer, p.Presence, s.Accord.Short()), Hint: "ratify the version in force first"}
	}
	for _, p := range s.Gone() {
		if _, stands := terms.Card(p); stands {
			return &heed.Refused{Detail: fmt.Sprintf("%s has withdrawn from accord %s, and stands in the amendment", p, s.Accord.Short()), Hint: "leave it out of `members`, `observers` and `must-ratify`; a withdrawal is final, and whoever comes back is asked into another accord"}
		}
	}
	if err := terms.Amends(parent); err != nil {
		return &heed.Refused{Detail: "the amendment does not follow from version " + parent.ID.Short() + ": " + err.Error()}
	}
	return nil
}

// propose signs a version, consents to it, keeps both and tells them.
func (x *Exchange) propose(ctx context.Context, officer heed.OfficerID, prepare func(View, time.Time) (heed.Accord, AccordHeld, error)) (Proposed, error) {
	now := x.Now()
	p := x.pens()
	var out Proposed
	sign := func(tx Tx) error {
		out = Proposed{} // a pass that lacked a signature came to nothing
		me, err := self(tx)
		if err != nil {
			return err
		}
		terms, held, err := prepare(tx, now)
		if err != nil {
			return err
		}
		a, err := p.act(tx, officer, heed.ActPropose)
		if err != nil {
			return err
		}
		if err := x.knowsCards(tx, terms); err != nil {
			return err
		}
		node, err := x.keys.Node(me.Card.NodeKey)
		if err != nil {
			return err
		}
		if terms.Proposer, terms.Officers = x.party, a.stamp(); terms.Number == 1 {
			terms.Time = now
		}
		version, note, err := wire.SignAccord(terms.Canonical(), node, a.key)
		if err != nil {
			return err
		}
		before := held
		kept := KeptVersion{Accord: version, Note: note}
		held.Versions = append(slices.Clone(held.Versions), kept)
		if err := tx.PutVersion(kept); err != nil {
			return err
		}
		held.Acts = slices.Clone(held.Acts)
		for _, act := range x.consents(version, before.Standing) {
			consent, err := x.signAct(p, tx, me, officer, act, heed.ActPropose)
			if err != nil {
				return err
			}
			if err := standingOf(version.AccordID(), held.Versions, held.Acts, now).Permits(consent.Act); err != nil {
				return err
			}
			held.Acts = append(held.Acts, consent)
			if err := tx.PutAct(consent); err != nil {
				return err
			}
		}
		if err := x.acceptCards(tx, version); err != nil {
			return err
		}
		out.Accord, out.Version = version.AccordID(), version.ID
		if out.To, out.Cases, err = x.tellVersion(tx, kept, before, held, now); err != nil {
			return err
		}
		return x.spread(tx, version.AccordID(), now)
	}
	err := p.run(ctx, func() error { return x.write(ctx, sign) })
	return out, err
}

// consents are the acts by which a proposer binds itself to its own version:
// with the reservations under which it was bound before, which amending
// something else does not give up.
func (x *Exchange) consents(v heed.Accord, before heed.Standing) []heed.AccordAct {
	act := heed.AccordAct{Kind: heed.AccordRatification, Accord: v.AccordID(), Version: v.ID, Time: v.Time}
	var all []heed.AccordAct
	for _, r := range before.Reservations(x.party) {
		act.Kind, act.Clause, act.Reason = heed.AccordReservation, r.Clause, r.Reason
		all = append(all, act)
	}
	if all == nil {
		all = append(all, act)
	}
	return all
}

// knowsCards refuses terms that name a card which we never held: whoever signs
// an accord vouches for the cards in it.
func (x *Exchange) knowsCards(v View, terms heed.Accord) error {
	check := func(p heed.PartyID, id heed.CardID) error {
		card, err := v.Card(id)
		if err == nil && card.Party == p {
			return nil
		}
		if err != nil && !isNotFound(err) {
			return err
		}
		return &heed.Refused{Detail: fmt.Sprintf("the accord names card %s of %s, which is not held here", id.String()[:8], p), Hint: "compare that party's fingerprint and `heed peer add` its card first"}
	}
	for _, m := range terms.Members {
		if err := check(m.Party, m.Card); err != nil {
			return err
		}
	}
	for _, o := range terms.Observers {
		if err := check(o.Party, o.Card); err != nil {
			return err
		}
	}
	return nil
}

// tellVersion opens a case about a version with each other party of it, and
// with those that stood in its parent and do not stand in it, unless they have
// withdrawn.
func (x *Exchange) tellVersion(tx Tx, v KeptVersion, before, held AccordHeld, now time.Time) (to []heed.PartyID, cases []heed.CaseID, err error) {
	kind := heed.KindAccordAmendment
	if v.Accord.Number == 1 {
		kind = heed.KindAccordProposal
	}
	document, err := x.content("", heed.MediaAccord, v.Note)
	if err != nil {
		return nil, nil, err
	}
	file, err := accordFile(tx, v.Accord, before, held)
	if err != nil {
		return nil, nil, err
	}
	beside, err := x.content("", heed.MediaAccordFile, file)
	if err != nil {
		return nil, nil, err
	}
	contents := []Content{document, beside}
	parent, _ := before.Version(v.Accord.Parent)
	for _, party := range partiesOf(v.Accord, parent) {
		if party == x.party || before.Standing.Party(party).Presence == heed.PresenceGone {
			continue
		}
		words, err := x.openCase(tx, party, contents, released{Release: heed.Release{Kind: kind, Contents: refs(contents)}}, now)
		if err != nil {
			return nil, nil, err
		}
		s := &words.statement
		s.Status, s.Accord, s.Version = heed.StatusActual, v.Accord.AccordID(), v.Accord.ID
		if _, member := v.Accord.Member(party); member {
			s.Reply = v.Accord.Reply
		}
		if words, err = x.sign(words); err != nil {
			return nil, nil, err
		}
		if err := x.commitOwn(tx, words, now); err != nil {
			return nil, nil, err
		}
		to, cases = append(to, party), append(cases, words.statement.CaseID())
	}
	return to, cases, nil
}

// accordFile is what goes with a version: what was said of the accord before
// it, and the cards of its parties, from those that it names to the present ones.
func accordFile(v View, terms heed.Accord, before, held AccordHeld) ([]byte, error) {
	return accordFileOf(v, AccordHeld{Versions: before.Versions, Acts: held.Acts}, terms)
}

// accordFileOf is all that is held of an accord, with the cards of its parties
// and of those of a further version that goes beside it.
func accordFileOf(v View, held AccordHeld, beside ...heed.Accord) ([]byte, error) {
	var file wire.AccordFile
	for _, k := range held.Versions {
		file.Versions = append(file.Versions, k.Note)
		beside = append(beside, k.Accord)
	}
	for _, k := range held.Acts {
		file.Acts = append(file.Acts, k.Note)
	}
	listed := map[heed.CardID]bool{}
	for _, a := range beside {
		for _, p := range partiesOf(a) {
			id, _ := a.Card(p)
			if listed[id] {
				continue
			}
			listed[id] = true
			notes, err := cardsSince(v, p, id)
			if err != nil {
				return nil, err
			}
			file.Cards = append(file.Cards, notes...)
		}
	}
	return file.Bytes()
}

// cardsSince are the notes of a party's cards from one of them on, as far as
// they are held, oldest first.
func cardsSince(v View, p heed.PartyID, first heed.CardID) ([][]byte, error) {
	card, err := v.Card(first)
	if isNotFound(err) {
		return nil, nil
	}
	var notes [][]byte
	for err == nil {
		var note []byte
		if note, err = v.CardNote(card.ID); err != nil {
			return nil, err
		}
		notes = append(notes, note)
		card, err = v.CardOf(p, card.Serial+1)
	}
	if !isNotFound(err) {
		return nil, err
	}
	return notes, nil
}

// signAct signs an act of this party about an accord.
func (x *Exchange) signAct(p *pens, v View, me Self, officer heed.OfficerID, act heed.AccordAct, action heed.Action) (KeptAct, error) {
	a, err := p.act(v, officer, action)
	if err != nil {
		return KeptAct{}, err
	}
	node, err := x.keys.Node(me.Card.NodeKey)
	if err != nil {
		return KeptAct{}, err
	}
	act.Party, act.Officers = x.party, a.stamp()
	signed, note, err := wire.SignAccordAct(act, node, []seal.SigningKey{a.key}...)
	return KeptAct{Act: signed, Note: note}, err
}
