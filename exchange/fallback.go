package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// When a statement goes to the peer's depositaries, too.
const (
	// fallbackAttempts is after how many failed attempts.
	fallbackAttempts = 3
	// turnedAwayFor is how long a peer may put a statement off.
	turnedAwayFor = 10 * time.Minute
	// publicationGrace is how long after its publish-by a receipt may still
	// come into what we mirror of the peer's ledger.
	publicationGrace = 30 * time.Second
	// promisedWithin is how far back receipts are looked for after a start.
	promisedWithin = 24 * time.Hour
	// fallbackScan bounds how much of the outbox one look reads.
	fallbackScan = 4096
	// longestFallback is the longest that a depositary that failed is left alone.
	longestFallback = 10 * time.Minute
)

// fallback is what the node remembers of its deposits besides the store: all of
// it can be lost, and costs time only.
type fallback struct {
	mu      sync.Mutex
	done    map[depositKey]bool      // stored deposits that were found already
	rest    map[depositKey]time.Time // when a deposit that failed may be tried again
	tries   map[depositKey]int
	alone   map[string]time.Time // when a depositary that cannot be reached may be called again, by node key
	calls   map[string]int
	collect map[string]time.Time  // when each depositary was last asked
	signed  map[string]time.Time  // time of the last collect for each depositary
	silent  map[heed.PartyID]bool // peers that were tried often enough, and have answered nothing since
	heard   map[heed.StatementID]promised
	follow  map[heed.PartyID]time.Time // when a peer's ledger was last fetched to find receipts in it
	looked  bool                       // receipts from before the start were looked for
	renewed map[renewalKey]bool        // renewals that were deposited
}

// depositKey is one statement under one number with one depositary.
type depositKey struct {
	statement  heed.StatementID
	number     uint64
	ours       uint64
	theirs     heed.CardID
	depositary string
}

// promised is a receipt whose publication is awaited.
type promised struct {
	peer heed.PartyID
	by   time.Time
}

func newFallback() *fallback {
	return &fallback{
		done: map[depositKey]bool{}, rest: map[depositKey]time.Time{}, tries: map[depositKey]int{}, alone: map[string]time.Time{},
		calls: map[string]int{}, collect: map[string]time.Time{}, heard: map[heed.StatementID]promised{},
		follow: map[heed.PartyID]time.Time{}, signed: map[string]time.Time{}, silent: map[heed.PartyID]bool{}, renewed: map[renewalKey]bool{},
	}
}

// expect notes a receipt, to see later whether the peer publishes it.
func (f *fallback) expect(receipt heed.Statement) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.heard) < fallbackScan {
		f.heard[receipt.Answers[0]] = promised{peer: receipt.Author, by: receipt.PublishBy}
	}
}

// reached notes that a peer has answered.
func (f *fallback) reached(party heed.PartyID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.silent, party)
}

// may reports whether a deposit may be tried now.
func (f *fallback) may(key depositKey, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.done[key] && !now.Before(f.rest[key]) && !now.Before(f.alone[key.depositary])
}

func (f *fallback) succeeded(key depositKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done[key] = true
	delete(f.rest, key)
	delete(f.tries, key)
	delete(f.alone, key.depositary)
	delete(f.calls, key.depositary)
}

// failed leaves alone what the depositary refused, or the depositary itself.
func (f *fallback) failed(key depositKey, err error, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var refused *heed.Refused
	if errors.As(err, &refused) {
		f.rest[key] = now.Add(min(time.Minute<<min(f.tries[key], 8), longestRetry))
		f.tries[key]++
		return
	}
	f.alone[key.depositary] = now.Add(min(time.Second<<min(f.calls[key.depositary], 10), longestFallback))
	f.calls[key.depositary]++
}

// forget drops what is not waited for any more.
func (f *fallback) forget(waiting map[heed.StatementID]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := func(key depositKey) bool { return !waiting[key.statement] }
	for key := range f.done {
		if gone(key) {
			delete(f.done, key)
		}
	}
	for key := range f.rest {
		if gone(key) {
			delete(f.rest, key)
			delete(f.tries, key)
		}
	}
}

// fallen is a statement that is to be deposited.
type fallen struct {
	Outgoing
	peer Peer
	at   heed.Depositary
}

func (f fallen) key() depositKey {
	return depositKey{f.Statement, f.Number, f.Channel.OurCard, f.peer.Card.ID, f.at.NodeKey}
}

// DepositAll hands what peers cannot be given, or do not publish, to every
// depositary that their cards name, once under each number. Direct delivery
// goes on: only a receipt ends it. It reports whether something was deposited;
// an error is a failed attempt.
func (x *Exchange) DepositAll(ctx context.Context) (some bool, err error) {
	now := x.Now()
	x.followPromises(ctx, now)
	me, due, err := x.fallen(ctx, now)
	if err != nil {
		return false, err
	}
	var errs []error
	for _, f := range due {
		if ctx.Err() != nil {
			break
		}
		if !x.fallback.may(f.key(), x.Now()) {
			continue // its depositary failed a moment ago
		}
		err := x.depositOne(ctx, me, f, x.Now())
		if errors.Is(err, errCutOff) {
			continue // since it was listed; the delivery sees to it
		}
		if err != nil {
			x.fallback.failed(f.key(), err, x.Now())
			errs = append(errs, fmt.Errorf("depositing statement %s for %s with %s: %w", f.Statement.Short(), f.peer.Card.Party, f.at.Party, err))
			continue
		}
		x.fallback.succeeded(f.key())
		some = true
	}
	return some, errors.Join(errs...)
}

// fallen lists what is to be deposited now.
func (x *Exchange) fallen(ctx context.Context, now time.Time) (me Self, due []fallen, err error) {
	err = x.store.Read(ctx, func(v View) error {
		if me, err = v.Self(); err != nil || me.Restored {
			return err
		}
		peers, err := v.Peers()
		if err != nil {
			return err
		}
		named := map[heed.PartyID]Peer{}
		for _, p := range peers {
			if len(p.Card.Depositaries) > 0 {
				named[p.Card.Party] = p
			}
		}
		if len(named) == 0 {
			return nil
		}
		waiting, err := x.waitingTooLong(v, named, now)
		if err != nil {
			return err
		}
		unpublished, err := x.unpublished(v, me, named, now)
		if err != nil {
			return err
		}
		due, err = x.undeposited(v, append(waiting, unpublished...), named, now)
		return err
	})
	return me, due, err
}

// waitingTooLong is what failed often enough, or was put off for long. Once one
// statement has shown that a peer cannot be reached, one failure is enough for
// all others until the peer answers.
func (x *Exchange) waitingTooLong(v View, named map[heed.PartyID]Peer, now time.Time) ([]Outgoing, error) {
	all, err := v.Outbox(fallbackScan)
	if err != nil {
		return nil, err
	}
	silent := map[heed.PartyID]bool{}
	waiting := map[heed.StatementID]bool{}
	x.fallback.mu.Lock()
	for _, o := range all {
		waiting[o.Statement] = true
		if o.Attempts >= fallbackAttempts {
			x.fallback.silent[o.Channel.Peer] = true
		}
		silent[o.Channel.Peer] = x.fallback.silent[o.Channel.Peer]
	}
	for id := range x.fallback.heard {
		waiting[id] = true
	}
	x.fallback.mu.Unlock()
	x.fallback.forget(waiting)
	return slices.DeleteFunc(all, func(o Outgoing) bool {
		_, has := named[o.Channel.Peer]
		putOff := len(o.Refusal) > 0 && now.Sub(o.Queued) > turnedAwayFor
		return !has || o.Attempts < 1 || !silent[o.Channel.Peer] && !putOff
	}), nil
}

// unpublished is what peers gave receipts for that their ledgers, as we mirror
// them, do not show although they promised to by now.
func (x *Exchange) unpublished(v View, me Self, named map[heed.PartyID]Peer, now time.Time) ([]Outgoing, error) {
	if err := x.rememberPromises(v, now); err != nil {
		return nil, err
	}
	x.fallback.mu.Lock()
	due := map[heed.StatementID]heed.PartyID{}
	for id, p := range x.fallback.heard {
		switch {
		case now.After(p.by.Add(promisedWithin)):
			delete(x.fallback.heard, id) // it has been deposited, or nobody takes it
		case now.After(p.by.Add(publicationGrace)):
			due[id] = p.peer
		}
	}
	x.fallback.mu.Unlock()
	var out []Outgoing
	for id, party := range due {
		peer, has := named[party]
		shown, number, err := x.isPublished(v, me, id, party)
		if err != nil {
			return nil, err
		}
		if shown || !has || number == 0 {
			x.fallback.mu.Lock()
			delete(x.fallback.heard, id)
			x.fallback.mu.Unlock()
			continue
		}
		channel := Channel{Peer: party, OurCard: me.Card.Serial, TheirCard: peer.Card.Serial, Outward: true}
		out = append(out, Outgoing{Channel: channel, Number: number, Statement: id})
	}
	return out, nil
}

// followPromises fetches the ledgers of peers that should by now show receipts
// which they gave us, so that nobody is suspected for what we have not looked
// at. One that cannot be fetched shows nothing.
func (x *Exchange) followPromises(ctx context.Context, now time.Time) {
	x.fallback.mu.Lock()
	var due []heed.PartyID
	for _, p := range x.fallback.heard {
		if now.After(p.by.Add(publicationGrace)) && now.Sub(x.fallback.follow[p.peer]) > publicationGrace {
			x.fallback.follow[p.peer] = now
			due = append(due, p.peer)
		}
	}
	x.fallback.mu.Unlock()
	for _, party := range due {
		x.report(ctx, "mirror of "+string(party), x.Follow(ctx, party))
	}
}

// isPublished reports whether a receipt stands in what we mirror of its
// author's ledgers, and under which number of the present channel the
// statement goes; 0: it was given under earlier cards.
func (x *Exchange) isPublished(v View, me Self, id heed.StatementID, party heed.PartyID) (shown bool, number uint64, err error) {
	kept, err := v.Kept(id)
	if err != nil {
		return false, 0, err
	}
	c, err := v.Case(kept.Statement.CaseID())
	if err != nil {
		return false, 0, err
	}
	receipt, ok := c.Receipt(id)
	if !ok {
		return false, 0, nil
	}
	key, err := seal.ParseVerifyKey(receipt.Ledger)
	if err != nil {
		return false, 0, err
	}
	marks, err := v.MirrorMap(key.Name())
	if err != nil {
		return false, 0, err
	}
	_, shown, err = marks.Lookup(ledger.SlotTag(kept.Key, ledger.SlotReceipt, 0, id))
	if err != nil || shown {
		return shown, 0, err
	}
	peer, err := v.Peer(party)
	if err != nil {
		return false, 0, err
	}
	number, err = numberOf(v, c, kept.Statement, Channel{Peer: party, OurCard: me.Card.Serial, TheirCard: peer.Card.Serial, Outward: true})
	return false, number, err
}

// rememberPromises looks, once, for receipts from before this node started.
func (x *Exchange) rememberPromises(v View, now time.Time) error {
	x.fallback.mu.Lock()
	looked := x.fallback.looked
	x.fallback.looked = true
	x.fallback.mu.Unlock()
	if looked {
		return nil
	}
	rows, err := v.Cases(fallbackScan)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Changed.Before(now.Add(-promisedWithin)) {
			break // newest first
		}
		c, err := v.Case(row.ID)
		if err != nil {
			return err
		}
		for _, s := range c.Statements {
			if s.Kind == heed.KindReceipt && s.Author != x.party && s.PublishBy.After(now.Add(-promisedWithin)) {
				x.fallback.expect(s)
			}
		}
	}
	return nil
}

// undeposited leaves out what each depositary has taken already, and what is
// sealed to the peer no more.
func (x *Exchange) undeposited(v View, all []Outgoing, named map[heed.PartyID]Peer, now time.Time) ([]fallen, error) {
	var due []fallen
	for _, o := range all {
		peer := named[o.Channel.Peer]
		var taken []Deposited
		read := false
		for _, at := range peer.Card.Depositaries {
			f := fallen{o, peer, at}
			if !x.fallback.may(f.key(), now) {
				continue
			}
			if !read {
				kept, err := v.Kept(o.Statement)
				if err != nil {
					return nil, err
				}
				if err := x.cutOff(v, kept.Statement, now); errors.Is(err, errCutOff) {
					break
				} else if err != nil {
					return nil, err
				}
				if taken, err = v.Deposits(o.Statement); err != nil {
					return nil, err
				}
				read = true
			}
			has, err := hasTaken(taken, f)
			if err != nil {
				return nil, err
			}
			if has {
				x.fallback.succeeded(f.key())
				continue
			}
			due = append(due, f)
		}
	}
	return due, nil
}

func hasTaken(taken []Deposited, f fallen) (bool, error) {
	for _, d := range taken {
		s, err := wire.ReadStatement(d.Note)
		if err != nil {
			return false, err
		}
		if s.Node == f.at.NodeKey && s.Number == f.Number && s.RecipientCard == f.Channel.OurCard && s.Terms == f.peer.Card.ID {
			return true, nil
		}
	}
	return false, nil
}

// depositOne seals one statement in an envelope of its number, hands it over
// and keeps the deposit. Our card goes before it, where the peer may not have it.
// The error matches errCutOff where the statement is sealed to the peer no more.
func (x *Exchange) depositOne(ctx context.Context, me Self, f fallen, now time.Time) error {
	var out outgoingEnvelope
	var carries []heed.Digest
	err := x.store.Read(ctx, func(v View) error {
		kept, err := v.Kept(f.Statement)
		if err != nil {
			return err
		}
		if out, err = x.inEnvelope(v, me.Card, f.Outgoing, kept, now); err != nil {
			return err
		}
		heads, err := x.headParts(v, f.peer.Card)
		if err != nil {
			return err
		}
		out.parts = append(out.parts, heads...)
		carries = []heed.Digest{carriedTag(kept)}
		return nil
	})
	if err != nil {
		return err
	}
	if err := x.depositRenewals(ctx, f.peer.Card.Party, f.at); err != nil {
		return err
	}
	envelope, err := x.sealCarrying(f.peer.Card, me.Card, f.Number, out.parts, carries, now, out.roles...)
	if err != nil {
		return err
	}
	note, err := x.courier.Deposit(ctx, f.at, me.CardNote, f.peer.CardNote, envelope)
	if err != nil {
		return err
	}
	header, e, err := splitEnvelope(envelope)
	if err != nil {
		return err
	}
	if err := checkDeposit(note, f.at, f.peer.Card, e.Header, x.Now()); err != nil {
		return err
	}
	err = x.write(ctx, func(tx Tx) error {
		return tx.PutDeposit(Deposited{Statement: f.Statement, Depositary: f.at.Party, Header: header, Note: note, At: x.Now()})
	})
	if err == nil {
		x.log.Info("a depositary has it", "statement", f.Statement.Short(), "for", f.peer.Card.Party, "depositary", f.at.Party)
	}
	return err
}

// carriedTag names a statement on the outside of its envelope.
func carriedTag(k Kept) heed.Digest {
	return heed.Digest(ledger.SlotTag(k.Key, ledger.SlotCarried, 0, k.Statement.ID))
}

// checkDeposit holds a deposit against what was handed over: it must be made
// by the key that the recipient's card names, of this envelope, for this
// recipient under this card, to us, with all that the envelope's header carries.
func checkDeposit(note []byte, by heed.Depositary, recipient heed.Card, h wire.Header, now time.Time) error {
	s, err := wire.ParseStatement(note)
	if err != nil {
		return fmt.Errorf("deposit of %s: %w", by.Party, err)
	}
	bad := func(why string) error {
		return fmt.Errorf("deposit of %s for envelope %d to %s does not hold: %s", by.Party, h.Number, h.Recipient, why)
	}
	switch {
	case s.Kind != heed.KindDeposit || s.Author != by.Party || s.Node != by.NodeKey:
		return bad("it is not signed by the key that the recipient's card names")
	case s.Envelope != h.SealedDigest || s.Number != h.Number || !slices.Equal(s.Carries, h.Carries):
		return bad("it is of another envelope")
	case s.Recipient != h.Sender || s.RecipientCard != h.SenderCard:
		return bad("it is for another depositor")
	case s.Party != h.Recipient || s.Terms != recipient.ID:
		return bad("it is for another party, or under another card of it")
	case s.Received.After(now.Add(heed.ClockSkew)) || s.PublishBy.Sub(s.Received) > 24*time.Hour:
		return bad("its times cannot be")
	}
	return nil
}

// sealCarrying seals parts to a peer, and to roles of it, in an envelope of ours
// that names on its outside what it carries.
func (x *Exchange) sealCarrying(peer, me heed.Card, number uint64, parts []wire.Part, carries []heed.Digest, now time.Time, roles ...seal.Recipient) ([]byte, error) {
	to, err := x.recipients.of(peer)
	if err != nil {
		return nil, err
	}
	node, err := x.keys.Node(me.NodeKey)
	if err != nil {
		return nil, err
	}
	return wire.SealEnvelope(wire.Header{
		Sender: x.party, SenderCard: me.Serial, Recipient: peer.Party, RecipientCard: peer.Serial, Number: number, Time: now, Carries: carries,
	}, parts, to, node, roles...)
}
