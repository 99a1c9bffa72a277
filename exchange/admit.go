package exchange

import (
	"errors"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// admit decides about one envelope inside the transaction. Its error is ours:
// a refusal is a decision like another, and is committed.
func (x *Exchange) admit(tx Tx, post *incoming, it *item, now time.Time) error {
	h := it.envelope.Header
	if h.Number == 0 {
		if it.refusal != nil && post.me.Restored {
			return nil // a restored node signs nothing, and owes no answer for this
		}
		if it.refusal != nil {
			return x.refuse(tx, post, it, it.refusal, now)
		}
		_, err := x.absorb(tx, post.peer.Card, it.letter, now) // what was left is noted on the peer
		return err
	}
	channel := Channel{Peer: h.Sender, OurCard: h.RecipientCard, TheirCard: h.SenderCard}
	done, err := tx.Consumed(channel, h.Number)
	switch {
	case err == nil && (done.Envelope == h.SealedDigest || it.refusal == nil && done.Statement == it.letter.statements[0].Statement.ID):
		it.answer, it.accepted = done.Answer, !done.Statement.IsZero()
		if len(h.Carries) > 0 && (it.refusal != nil || !it.accepted) && !post.me.Restored {
			// The first answer says nothing of what this header carries.
			return x.logRefusal(tx, h, wire.Refusal{Envelope: h.SealedDigest, Code: heed.BadSeal}, done.Answer)
		}
		return nil
	case err == nil:
		return x.refuse(tx, post, it, heed.Refuse(heed.NumberReused, "number %d was used for another envelope", h.Number), now)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	if it.refusal != nil {
		return x.refuse(tx, post, it, it.refusal, now)
	}
	if done, err := x.repeatReceipt(tx, it, channel); err != nil || done {
		return err
	}
	if err := keepFormerCards(tx, h.Sender, it.letter.cards); err != nil {
		return err
	}
	if err := x.mayReceive(tx, post, it, now); err != nil {
		var refused *heed.Refused
		if errors.As(err, &refused) {
			return x.refuse(tx, post, it, err, now)
		}
		return err
	}
	return x.accept(tx, it, channel, now)
}

// repeatReceipt gives the first receipt again for a statement that came under
// another number before. A restored node may have got a statement back without
// the receipt that it once gave: that one is lost, and a new one is given.
func (x *Exchange) repeatReceipt(tx Tx, it *item, channel Channel) (done bool, err error) {
	s := it.letter.statements[0].Statement
	if _, err := tx.Kept(s.ID); errors.Is(err, ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	kept, err := tx.KeptOf(s.CaseID())
	if err != nil {
		return false, err
	}
	for _, k := range kept {
		if k.Statement.Kind == heed.KindReceipt && k.Statement.Author == x.party && k.Statement.AnswersTo(s.ID) {
			it.answer, it.accepted = k.Note, true
			return true, tx.Consume(Consumed{Channel: channel, Number: it.envelope.Number, Envelope: it.envelope.Digest(), Statement: s.ID, Answer: k.Note})
		}
	}
	return false, nil
}

// mayReceive is quotas and rules.
func (x *Exchange) mayReceive(tx Tx, post *incoming, it *item, now time.Time) error {
	s := it.letter.statements[0].Statement
	card, err := signedByCard(tx, s)
	if err != nil {
		return err
	}
	if err := x.mayPending(tx, post.peer, s); err != nil {
		return err
	}
	if s.Kind.OfAccord() {
		if err := x.mayConcern(tx, s, it.letter, now); err != nil {
			return err
		}
	}
	if s.Kind == heed.KindFigures {
		if err := x.mayFigure(tx, s, it.letter.figures[s.ID].figures, now); err != nil {
			return err
		}
	}
	if err := x.mayBeUnder(tx, s, now); err != nil {
		return err
	}
	if quota, ok := post.me.Card.Quota(s.Urgency); ok && len(heed.Promises(s, post.me.Card.Baseline, now)) > 0 {
		count, err := tx.Demands(s.Author, s.Urgency, now.Add(-quota.Per))
		if err != nil {
			return err
		}
		if count >= quota.Count {
			return heed.Refuse(heed.OverQuota, "%d statements of urgency %s in %s, and our card admits %d", count, s.Urgency, quota.Per, quota.Count)
		}
	}
	c, err := tx.Case(s.CaseID())
	if errors.Is(err, ErrNotFound) {
		c, err = heed.Fold(s.CaseID(), nil), nil
	}
	if err != nil {
		return err
	}
	if err := roomFor(tx, c, s); err != nil {
		return err
	}
	if err := releasedFor(c, s, it.letter); err != nil {
		return err
	}
	if err := releasedOnce(tx, s, it.letter.releases[s.Release].Release); err != nil {
		return err
	}
	if err := releasedUnder(tx, c, s, it.letter.releases[s.Release].Release); err != nil {
		return err
	}
	terms, err := termsFor(tx, c.Opening, card, s.Time)
	if err != nil {
		return err
	}
	return c.Admit(s, terms, now) // undertakings run by the card under which they were given
}

// maxStrays bounds the statements that are kept while the statement that opens
// their case is missing: few in honest exchange, and no quota of duties counts them.
const maxStrays = 1000

// roomFor refuses for now what would fill a case, or the place for statements
// without one, beyond its bound.
func roomFor(v View, c heed.Case, s heed.Statement) error {
	if held := len(c.Statements) + len(c.Waiting) + len(c.Misfits); held >= heed.MaxCaseStatements {
		return heed.Refuse(heed.OverQuota, "case %s holds %d statements, the most that a case has", c.Code, held)
	}
	if !c.Opening.ID.IsZero() || s.Case.IsZero() {
		return nil
	}
	strays, err := v.Strays()
	if err == nil && strays >= maxStrays {
		err = heed.Refuse(heed.OverQuota, "%d statements wait here for those that open their cases", strays)
	}
	return err
}

// releasedFor refuses what an officer released for another warning than the
// one of this case. Where the warning has not arrived, the fold waits for it.
func releasedFor(c heed.Case, s heed.Statement, l letter) error {
	if !s.Kind.Released() || s.Kind == heed.KindWarning || c.Opening.ID.IsZero() {
		return nil
	}
	if l.releases[s.Release].Of != c.Opening.Release {
		return heed.Refuse(heed.NotAdmitted, "%s statement %s was released for another warning than that of its case", s.Kind, s.ID.Short())
	}
	return nil
}

// signedByCard finds the card under which a statement's author signed it,
// which need not be the present one, and holds the node key against it.
func signedByCard(v View, s heed.Statement) (heed.Card, error) {
	card, err := v.CardOf(s.Author, s.AuthorCard)
	if errors.Is(err, ErrNotFound) {
		return card, heed.Refuse(heed.StaleCard, "statement %s is under card %d of %s, which we never held", s.ID.Short(), s.AuthorCard, s.Author)
	}
	if err == nil && card.NodeKey != s.Node {
		err = heed.Refuse(heed.BadSignature, "statement %s is not signed by the key of %s", s.ID.Short(), s.Author)
	}
	return card, err
}

// accept keeps the statement and its receipt, logs the promise, and tells the
// people whom it concerns: all in the one transaction that makes them true.
func (x *Exchange) accept(tx Tx, it *item, channel Channel, now time.Time) error {
	k := it.letter.statements[0]
	s := k.Statement
	k.Arrived = now
	for _, content := range it.letter.contentsFor(s) {
		if err := tx.PutContent(content); err != nil {
			return err
		}
	}
	if s.Kind.Released() {
		if err := tx.PutRelease(s.Release, it.letter.releases[s.Release].note); err != nil {
			return err
		}
	}
	if err := tx.Keep(k); err != nil {
		return err
	}
	if err := tx.Keep(it.receipt); err != nil {
		return err
	}
	if err := errors.Join(it.letter.keepAfter(tx, s), x.keepAfter(tx, it.receipt.Statement)); err != nil {
		return err
	}
	if s.Kind.OfAccord() {
		if err := x.keepConcern(tx, s, it.letter.concerns[s.ID], now); err != nil {
			return err
		}
	}
	if s.Kind == heed.KindFigures {
		if err := x.keepFigures(tx, s, &it.letter); err != nil {
			return err
		}
	}
	if err := x.logSlot(tx, slot{key: k.Key, slot: ledger.SlotReceipt, of: s.ID}, it.receipt.Note); err != nil {
		return err
	}
	err := tx.Consume(Consumed{Channel: channel, Number: it.envelope.Number, Envelope: it.envelope.Digest(), Statement: s.ID, Answer: it.receipt.Note})
	if err != nil {
		return err
	}
	it.answer, it.accepted = it.receipt.Note, true
	c, err := tx.Case(s.CaseID())
	if err != nil {
		return err
	}
	known, err := tx.Index(c.ID)
	if err != nil {
		return err
	}
	if err := x.reindexCase(tx, c, now); err != nil {
		return err
	}
	return x.announce(tx, c, known, now)
}

// keepFormerCards keeps cards of a peer that came and went while it could not
// reach us: each is named, by its hash, by a later one that we hold, so nobody
// but the peer can have made it. The present card stays.
func keepFormerCards(tx Tx, party heed.PartyID, notes [][]byte) error {
	for _, note := range notes {
		card, err := wire.ParseCard(note)
		if err != nil || card.Party != party {
			continue // it is no card of the sender's, and nothing rests on it
		}
		if _, err := tx.Card(card.ID); !errors.Is(err, ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		peer, err := tx.Peer(party)
		if err != nil {
			return err
		}
		named, err := namedByLater(tx, peer.Card, card.ID)
		if err != nil || !named {
			return err
		}
		former := peer
		former.Card, former.CardNote = card, note
		if err := errors.Join(tx.PutPeer(former), tx.PutPeer(peer)); err != nil {
			return err
		}
	}
	return nil
}

// namedByLater follows a party's cards back from the present one.
func namedByLater(v View, present heed.Card, id heed.CardID) (bool, error) {
	const most = 16 // renewals while a peer was away
	for range most {
		if present.Previous == id {
			return true, nil
		}
		earlier, err := v.Card(present.Previous)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		present = earlier
	}
	return false, nil
}
