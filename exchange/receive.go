package exchange

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// Bounds of one stream of envelopes.
const (
	MaxStream      = 256       // envelopes
	MaxStreamBytes = 512 << 20 // sealed bytes in all
)

// Receive takes a stream of sealed envelopes from a peer and returns our
// signed receipts, sealed to it. A receipt is a promise: it leaves only after
// the statement, the duties that it creates and its ledger entry are committed
// together. A resend gets its first receipt back.
//
// An error is a *heed.Refused where the sender is at fault and is nobody to
// whom we could seal an answer; anything else is ours.
func (x *Exchange) Receive(ctx context.Context, in io.Reader) (Reply, error) {
	post, err := x.takeIn(ctx, in)
	now := x.Now() // once all of it is here: a slow sender must not date our promise back
	if err != nil {
		return x.turnAway(ctx, err, post, now)
	}
	if err := x.decide(ctx, post, now); err != nil {
		return Reply{}, err
	}
	x.follow(ctx, post, now)
	return x.answer(ctx, post, now)
}

// decide opens every envelope, decides about it, and commits all decisions together.
func (x *Exchange) decide(ctx context.Context, post *incoming, now time.Time) error {
	x.openAllLetters(post)
	if err := x.lookAtSeen(ctx, post, now); err != nil {
		return err
	}
	if err := x.promise(post, now); err != nil {
		return err
	}
	return x.commitPost(ctx, post, now)
}

// lookAtSeen compares our ledger with what the sender has seen of it before
// anything is logged: a leaf that was appended to an older state of the ledger
// could never be taken back.
func (x *Exchange) lookAtSeen(ctx context.Context, post *incoming, now time.Time) error {
	for _, it := range post.items {
		if it.refusal != nil || it.letter.seen == nil || post.me.Restored {
			continue
		}
		if err := x.compareOwn(ctx, post.peer.Card.Party, it.letter.seen, now); err != nil {
			x.log.Error("our ledger and what a peer shows of it do not agree", "peer", post.peer.Card.Party, "error", err)
			continue
		}
		me, err := x.Self(ctx)
		if err != nil {
			return err
		}
		post.me.Restored = me.Restored
	}
	return nil
}

// commitPost commits the decisions about every envelope.
func (x *Exchange) commitPost(ctx context.Context, post *incoming, now time.Time) error {
	for some := range slices.Chunk(post.items, commitAtOnce) {
		if err := x.commitSome(ctx, post, some, now); err != nil {
			return err
		}
	}
	return nil
}

// commitAtOnce bounds how long one peer's stream keeps everybody else from
// writing. What was committed before a failure is a resend's first receipt.
const commitAtOnce = 16

func (x *Exchange) commitSome(ctx context.Context, post *incoming, some []*item, now time.Time) error {
	return x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err != nil {
			return err
		}
		if me.Restored {
			post.catchingUp()
		}
		// A stream may take hours to arrive: whoever it began with may be no peer
		// any more, or have given up the key that signed it.
		peer, err := tx.Peer(post.peer.Card.Party)
		if err != nil {
			return err
		}
		if peer.Removed || peer.Card.NodeKey != post.peer.Card.NodeKey {
			return heed.Refuse(heed.StaleCard, "%s was removed or has another key since its stream began", post.peer.Card.Party)
		}
		for _, item := range some {
			if err := x.admit(tx, post, item, now); err != nil {
				return err
			}
		}
		return x.contacted(tx, post.peer.Card.Party, now)
	})
}

// incoming is one stream on its way through Receive.
type incoming struct {
	me    Self
	peer  Peer
	items []*item
	first wire.Header // of the first envelope that could be read
	last  wire.Header // of the last one: in a stream that was refused, the one that it was refused for
}

// item is one envelope of the stream and what becomes of it.
type item struct {
	envelope wire.Envelope
	letter   letter
	receipt  Kept   // prepared before the transaction, void if refused there
	answer   []byte // the signed receipt or refusal that the sender gets
	accepted bool   // answer is a receipt
	refusal  error  // *heed.Refused: decided before the transaction
}

// takeIn reads the stream and refuses on the outer header what can be refused
// there, before anything is decrypted.
func (x *Exchange) takeIn(ctx context.Context, in io.Reader) (*incoming, error) {
	post := &incoming{}
	var total int64
	for {
		h, err := wire.ReadHeader(in)
		if errors.Is(err, wire.ErrNoEnvelope) && len(post.items) > 0 {
			return post, nil
		}
		if err != nil {
			return post, refusalOf(err)
		}
		if len(post.items) == 0 {
			post.first = h
		}
		post.last = h
		if err := x.admitHeader(ctx, post, h); err != nil {
			return post, err
		}
		if total += h.Sealed; total > MaxStreamBytes || len(post.items) == MaxStream {
			return post, heed.Refuse(heed.TooLarge, "more than %d envelopes or %d bytes at once", MaxStream, int64(MaxStreamBytes))
		}
		e, err := wire.ReadBody(in, h)
		if err != nil {
			return post, refusalOf(err)
		}
		post.items = append(post.items, &item{envelope: e})
	}
}

// admitHeader decides by the signed header alone.
func (x *Exchange) admitHeader(ctx context.Context, post *incoming, h wire.Header) error {
	if h.Recipient != x.party {
		return heed.Refuse(heed.WrongRecipient, "the envelope is for %s, and this is %s", h.Recipient, x.party)
	}
	if len(post.items) > 0 && h.Sender != post.first.Sender {
		return heed.Refuse(heed.Malformed, "one stream holds envelopes of %s and of %s", post.first.Sender, h.Sender)
	}
	if len(post.items) == 0 {
		if err := x.recognise(ctx, post, h.Sender); err != nil {
			return err
		}
	}
	switch {
	case h.SenderCard > post.peer.Card.Serial:
		// The sender has renewed its card. It cannot bring us the new one under
		// a card that we do not hold, so we fetch it.
		x.errands.card(h.Sender)
		return heed.Refuse(heed.StaleCard, "the envelope is under card %d of %s, and we hold card %d", h.SenderCard, h.Sender, post.peer.Card.Serial)
	case h.SenderCard != post.peer.Card.Serial:
		return heed.Refuse(heed.StaleCard, "the envelope is under card %d of %s, and we hold card %d", h.SenderCard, h.Sender, post.peer.Card.Serial)
	case h.Node != post.peer.Card.NodeKey:
		return heed.Refuse(heed.BadSignature, "the envelope is not signed by the key of %s", h.Sender)
	case h.RecipientCard != post.me.Card.Serial:
		return heed.Refuse(heed.StaleCard, "the envelope is for card %d of %s, and the card is now %d", h.RecipientCard, x.party, post.me.Card.Serial)
	case h.Sealed > post.me.Card.MaxEnvelope || h.Opened > post.me.Card.MaxEnvelope:
		return heed.Refuse(heed.TooLarge, "the envelope has %d bytes, and our card admits %d", max(h.Sealed, h.Opened), post.me.Card.MaxEnvelope)
	}
	return nil
}

// recognise finds out who is writing.
func (x *Exchange) recognise(ctx context.Context, post *incoming, sender heed.PartyID) error {
	err := x.store.Read(ctx, func(v View) error {
		var err error
		if post.me, err = v.Self(); err != nil {
			return err
		}
		post.peer, err = v.Peer(sender)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && post.peer.Removed {
		return heed.Refuse(heed.UnknownSender, "%s is not a peer of %s", sender, x.party)
	}
	return err
}

// turnAway answers a stream that was refused as a whole with a bare signed
// refusal; it is not sealed, so it says nothing but the code and the reason.
func (x *Exchange) turnAway(ctx context.Context, cause error, post *incoming, now time.Time) (Reply, error) {
	var refused *heed.Refused
	if !errors.As(cause, &refused) || post.first.Sender == "" || post.me.Restored {
		return Reply{}, cause
	}
	if post.me.Card.Serial == 0 {
		// It was refused before it was clear who is writing.
		var err error
		if post.me, err = x.Self(ctx); err != nil || post.me.Restored {
			return Reply{}, errors.Join(err, cause)
		}
	}
	node, err := x.keys.Node(post.me.Card.NodeKey)
	if err != nil {
		return Reply{}, err
	}
	_, note, err := wire.SignRefusal(wire.Refusal{
		Author: x.party, AuthorCard: post.me.Card.Serial, Sender: post.last.Sender, SenderCard: post.last.SenderCard,
		Number: post.last.Number, Envelope: post.last.SealedDigest, Time: now, Code: refused.Code, Detail: refused.Detail,
	}, node)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Refusal: note}, cause
}

// openAllLetters decrypts and verifies on all processors.
func (x *Exchange) openAllLetters(post *incoming) {
	abreast(4, len(post.items), func(i int) {
		it := post.items[i]
		it.letter, it.refusal = x.openLetter(it.envelope)
		if it.refusal == nil {
			it.refusal = checkAuthors(it.letter, post)
		}
	})
}

// checkAuthors refuses statements that the sender did not make for us. In an
// answer to a refetch the sender returns our own.
func checkAuthors(l letter, post *incoming) error {
	for _, k := range l.statements {
		s := k.Statement
		switch {
		case s.Author == post.peer.Card.Party && s.Recipient == post.me.Card.Party:
		case l.header.Number == 0 && s.Author == post.me.Card.Party && s.Recipient == post.peer.Card.Party:
		default:
			return heed.Refuse(heed.WrongRecipient, "statement %s is from %s to %s", s.ID.Short(), s.Author, s.Recipient)
		}
	}
	for _, f := range l.refusals {
		if f.Author != post.peer.Card.Party || f.Sender != post.me.Card.Party || f.Node != post.peer.Card.NodeKey {
			return heed.Refuse(heed.BadSignature, "a refusal is not the sender's, or not for us")
		}
	}
	return nil
}

// promise prepares the receipts, outside the transaction: signing is slow.
func (x *Exchange) promise(post *incoming, now time.Time) error {
	if post.me.Restored {
		post.catchingUp()
		return nil
	}
	for _, it := range post.items {
		if it.refusal != nil || it.envelope.Number == 0 {
			continue
		}
		receipt, err := x.receiptFor(it.letter.statements[0].Statement, it.envelope.Header, post.me.Card, now)
		if err != nil {
			return err
		}
		it.receipt = receipt
	}
	return nil
}

// catchingUp refuses every numbered envelope, whatever is wrong with it: a
// refusal that is logged or that consumes its number has to wait until the
// ledger is whole again.
func (post *incoming) catchingUp() {
	post.me.Restored = true
	for _, it := range post.items {
		if it.envelope.Number > 0 {
			it.refusal = heed.Refuse(heed.CatchingUp, "%v", ErrRestored)
		}
	}
}

func (x *Exchange) receiptFor(s heed.Statement, h wire.Header, card heed.Card, now time.Time) (Kept, error) {
	node, err := x.keys.Node(card.NodeKey)
	if err != nil {
		return Kept{}, err
	}
	receipt, note, err := wire.SignStatement(heed.Statement{
		Kind: heed.KindReceipt, Case: s.CaseID(), Author: x.party, AuthorCard: card.Serial, Recipient: s.Author, RecipientCard: h.SenderCard,
		Time: now, Answers: []heed.StatementID{s.ID}, TagKey: s.TagKey,
		Number: h.Number, Received: now, Ledger: card.LedgerKey, Terms: card.ID, PublishBy: now.Add(card.PublicationDelay),
		Duties: heed.Promises(s, card.Baseline, now),
	}, node)
	return Kept{Statement: receipt, Note: note, Arrived: now}, err
}

// admit decides about one envelope inside the transaction. Its error is ours:
// a refusal is a decision like another, and is committed.
func (x *Exchange) admit(tx Tx, post *incoming, it *item, now time.Time) error {
	h := it.envelope.Header
	if h.Number == 0 {
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
	return c.Admit(s, card.Baseline, now) // undertakings run by the card under which they were given
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
	if err := x.logSlot(tx, slot{k.Key, ledger.SlotReceipt, s.ID}, it.receipt.Note); err != nil {
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

// refuse commits a signed refusal of one envelope: it consumes the number.
func (x *Exchange) refuse(tx Tx, post *incoming, it *item, cause error, now time.Time) error {
	var refused *heed.Refused
	if !errors.As(cause, &refused) {
		return cause
	}
	h := it.envelope.Header
	f := wire.Refusal{
		Author: x.party, AuthorCard: post.me.Card.Serial, Sender: h.Sender, SenderCard: h.SenderCard,
		Number: h.Number, Envelope: h.SealedDigest, Time: now, Code: refused.Code, Detail: refused.Detail,
	}
	if refused.Code == heed.OverQuota {
		f.RetryAfter = quotaRelief(post.me.Card, it.letter)
	}
	node, err := x.keys.Node(post.me.Card.NodeKey)
	if err != nil {
		return err
	}
	_, note, err := wire.SignRefusal(f, node)
	if err != nil {
		return err
	}
	it.answer = note
	if refused.Code == heed.NumberReused || refused.Code == heed.CatchingUp || h.Number == 0 {
		return nil // the number keeps its first answer, or has none yet
	}
	if err := x.logRefusal(tx, f, note); err != nil {
		return err
	}
	return tx.Consume(Consumed{Channel: Channel{Peer: h.Sender, OurCard: h.RecipientCard, TheirCard: h.SenderCard}, Number: h.Number, Envelope: h.SealedDigest, Answer: note})
}

// logRefusal logs a bad-seal refusal under a tag that the sender can compute:
// there is no tag key, so the envelope's digest stands in for it. Every other
// refusal is logged aside.
func (x *Exchange) logRefusal(tx Tx, f wire.Refusal, note []byte) error {
	if f.Code != heed.BadSeal {
		return x.logAside(tx, note)
	}
	return x.logSlot(tx, slot{ledger.Key(f.Envelope), ledger.SlotBadSeal, heed.StatementID(f.Envelope)}, note)
}

// quotaRelief is how long the sender should wait: a tenth of the quota's
// period, so that a waiting sender is let in soon after there is room.
func quotaRelief(card heed.Card, l letter) time.Duration {
	if len(l.statements) == 0 {
		return 0
	}
	quota, ok := card.Quota(l.statements[0].Statement.Urgency)
	if !ok {
		return 0
	}
	return min(quota.Per/10, time.Hour).Truncate(time.Millisecond)
}

// contacted notes that the peer is alive.
func (x *Exchange) contacted(tx Tx, party heed.PartyID, now time.Time) error {
	peer, err := tx.Peer(party)
	if err != nil {
		return err
	}
	if now.Sub(peer.LastContact) < time.Second {
		return nil
	}
	peer.LastContact = now
	return tx.PutPeer(peer)
}

// follow does what a stream asks for besides being received: it is done after
// the commit, and what fails of it is tried again at the next contact.
func (x *Exchange) follow(ctx context.Context, post *incoming, now time.Time) {
	party := post.peer.Card.Party
	x.errands.deliver(party) // who writes can be written to
	for _, it := range post.items {
		if it.refusal == nil {
			x.notice(ctx, post.peer.Card, it.letter, now)
		}
	}
}

// answer seals the receipts and refusals to the sender, with what else it
// should know: gaps, our newest checkpoint, the newest of its own that we hold.
func (x *Exchange) answer(ctx context.Context, post *incoming, now time.Time) (Reply, error) {
	var parts []wire.Part
	for _, it := range post.items {
		switch {
		case it.answer == nil:
		case it.accepted:
			parts = append(parts, wire.Part{Type: wire.PartStatement, Data: it.answer})
		default:
			parts = append(parts, wire.Part{Type: wire.PartRefusal, Data: it.answer})
		}
	}
	parts = append(parts, wire.Part{Type: wire.PartAnswered, Data: post.first.SealedDigest[:]})
	err := x.store.Read(ctx, func(v View) error {
		channel := Channel{Peer: post.first.Sender, OurCard: post.first.RecipientCard, TheirCard: post.first.SenderCard}
		missing, err := v.Missing(channel, wire.MaxGap)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			parts = append(parts, wire.Part{Type: wire.PartGap, Data: wire.EncodeGap(missing)})
		}
		for _, it := range post.items {
			if it.refusal == nil && it.letter.refetch != nil {
				more, err := refetched(v, post.peer.Card, it.letter.refetch)
				if err != nil {
					return err
				}
				parts = append(parts, more...)
				break // one for each request, or it would cost the sender nothing and us all that we hold
			}
		}
		heads, err := x.headParts(v, post.peer.Card)
		parts = append(parts, heads...)
		return err
	})
	if err != nil {
		return Reply{}, err
	}
	var stream []byte
	for len(parts) > 0 {
		n := oneEnvelope(parts)
		sealed, err := x.sealFor(post.peer.Card, post.me.Card, 0, parts[:n], now)
		if err != nil {
			return Reply{}, err
		}
		stream, parts = append(stream, sealed...), parts[n:]
	}
	return Reply{Envelope: stream}, nil
}

// oneEnvelope is how many of the parts go into one envelope. It is cut before a
// statement, behind which stands all that belongs to it.
func oneEnvelope(parts []wire.Part) int {
	size, end := 0, 0
	for i, p := range parts {
		if p.Type == wire.PartStatement {
			end = i
		}
		if size += len(p.Data); end > 0 && (i >= wire.MaxParts || size > batchBytes) {
			return end
		}
	}
	return len(parts)
}
