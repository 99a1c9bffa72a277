package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// Recovery says how far a restored node has come with catching up.
type Recovery struct {
	Restored bool           // it is still catching up, and signs nothing
	Answered []heed.PartyID // peers that said what they hold of us
	Silent   []heed.PartyID // peers that could not be asked
}

// LookBack asks every peer and every mirroring witness for the newest head of
// our ledger that it holds, before this node signs anything. Where one is newer
// than ours the node was put back to an older state, and marks itself restored.
// Who does not answer in time is no reason to stay down: the same comparison is
// made at every contact.
func (x *Exchange) LookBack(ctx context.Context) error {
	peers, me, err := x.peersAndSelf(ctx)
	if err != nil || me.Restored {
		return err
	}
	origin, err := ledgerOrigin(me.Card)
	if err != nil {
		return err
	}
	witnesses, err := x.mirroringWitnesses(ctx)
	if err != nil {
		return err
	}
	type shown struct {
		by      string
		note    []byte
		compare func(note []byte) error
	}
	notes := make(chan shown)
	for _, peer := range peers {
		go func() {
			note, err := x.courier.Resource(ctx, peer.Card, origin, ledger.CheckpointPath)
			if err != nil {
				note = nil
			}
			notes <- shown{string(peer.Card.Party), note, func(note []byte) error {
				return x.compareOwn(ctx, peer.Card.Party, note, x.Now())
			}}
		}()
	}
	for _, w := range witnesses {
		go func() {
			note, err := x.cosigner.Resource(ctx, w.URL, origin, ledger.CheckpointPath)
			if err != nil {
				note = nil
			}
			notes <- shown{w.Name, note, func(note []byte) error {
				_, err := x.behindWitness(ctx, w, note)
				return err
			}}
		}()
	}
	for range len(peers) + len(witnesses) {
		got := <-notes
		if got.note == nil {
			continue
		}
		if err := got.compare(got.note); err != nil {
			x.log.Error("comparing our ledger with what others hold of it", "holder", got.by, "error", err)
		}
	}
	return nil
}

// mirroringWitnesses are the witnesses that keep our leaves.
func (x *Exchange) mirroringWitnesses(ctx context.Context) (all []Witness, err error) {
	err = x.store.Read(ctx, func(v View) error {
		all, err = v.Witnesses()
		all = mirroring(all)
		return err
	})
	return all, err
}

func (x *Exchange) peersAndSelf(ctx context.Context) (peers []Peer, me Self, err error) {
	err = x.store.Read(ctx, func(v View) error {
		if me, err = v.Self(); err != nil {
			return err
		}
		peers, err = v.Peers()
		return err
	})
	return peers, me, err
}

// Recover brings a restored node up to what its peers hold of it: the leaves
// of its own ledger, from their mirrors, and the statements of its cases. Only
// when every peer has answered, those in without left out, does it sign again.
func (x *Exchange) Recover(ctx context.Context, without ...heed.PartyID) (Recovery, error) {
	x.recovery.Lock()
	defer x.recovery.Unlock()
	me, err := x.Self(ctx)
	if err != nil || !me.Restored {
		return Recovery{}, err
	}
	peers, me, err := x.peersAndSelf(ctx)
	if err != nil || !me.Restored {
		return Recovery{}, err
	}
	out := Recovery{Restored: true}
	if err := x.catchUpWithWitnesses(ctx, me); err != nil {
		return out, err
	}
	var errs []error
	peers = slices.DeleteFunc(peers, func(p Peer) bool { return slices.Contains(without, p.Card.Party) })
	// All leaves come back before any statement does: the mirror of a later
	// peer may reach further than that of an earlier one.
	for _, ask := range []func(context.Context, Peer, Self) error{x.catchUp, x.refetch} {
		out.Answered = nil
		for _, peer := range peers {
			if err := ask(ctx, peer, me); err != nil {
				errs = append(errs, fmt.Errorf("catching up with %s: %w", peer.Card.Party, err))
				out.Silent = append(out.Silent, peer.Card.Party)
				continue
			}
			out.Answered = append(out.Answered, peer.Card.Party)
		}
		if len(errs) > 0 {
			return out, errors.Join(errs...)
		}
	}
	now := x.Now()
	err = x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err != nil {
			return err
		}
		if err := x.relog(tx); err != nil {
			return err
		}
		me.Restored = false
		return tx.PutSelf(me)
	})
	if err != nil {
		return out, err
	}
	out.Restored = false
	x.log.Info("caught up with the peers; signing again", "at", heed.FormatTime(now))
	for _, peer := range peers {
		x.errands.deliver(peer.Card.Party)
	}
	return out, nil
}

// catchUpWithWitnesses takes back what witnesses hold. So many of them must
// have answered that no head that counted as published can have escaped all
// that are sound: n - q + 1, and f more that may be silent about it.
func (x *Exchange) catchUpWithWitnesses(ctx context.Context, me Self) error {
	origin, err := ledgerOrigin(me.Card)
	if err != nil {
		return err
	}
	witnesses, err := x.mirroringWitnesses(ctx)
	if err != nil || len(witnesses) == 0 {
		return err
	}
	quorum := ledger.DefaultQuorum(len(witnesses))
	needed := quorum.N - quorum.Q + 1 + quorum.F
	var errs []error
	for _, w := range witnesses {
		limited, cancel := context.WithTimeout(ctx, refreshTime)
		err := x.catchUpFrom(limited, heed.PartyID(w.Name), me, func(ctx context.Context, path string) ([]byte, error) {
			return x.cosigner.Resource(ctx, w.URL, origin, path)
		})
		cancel()
		if err != nil {
			errs = append(errs, fmt.Errorf("catching up with witness %s: %w", w.Name, err))
			continue
		}
		needed--
	}
	if needed > 0 {
		return fmt.Errorf("%d more witnesses must say what they hold of our ledger before it is gone on with: %w", needed, errors.Join(errs...))
	}
	return nil
}

// catchUp takes the leaves of our own ledger that a peer mirrors and we have
// lost, exactly as they were, up to a head that we signed.
func (x *Exchange) catchUp(ctx context.Context, peer Peer, me Self) error {
	origin, err := ledgerOrigin(me.Card)
	if err != nil {
		return err
	}
	return x.catchUpFrom(ctx, peer.Card.Party, me, func(ctx context.Context, path string) ([]byte, error) {
		return x.courier.Resource(ctx, peer.Card, origin, path)
	})
}

func (x *Exchange) catchUpFrom(ctx context.Context, holder heed.PartyID, me Self, fetch ledger.Fetch) error {
	note, err := fetch(ctx, ledger.CheckpointPath)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // it has seen nothing of our ledger
	}
	if err != nil {
		return err
	}
	head, err := parseHead(me.Card, note)
	if err != nil {
		return err
	}
	var tree *ledger.Tree
	var behind bool
	err = x.store.Read(ctx, func(v View) error {
		if behind, err = x.isBehind(v, holder, note); err != nil {
			return err
		}
		tree, err = v.Tree()
		return err
	})
	if err != nil || !behind {
		return err
	}
	held := tree.Head(head.Origin)
	leaves, err := fetchLeaves(ctx, fetch, tree, held, head)
	if err != nil {
		return err
	}
	return x.write(ctx, func(tx Tx) error {
		return takeBack(tx, held, leaves, Head{Size: head.Size, Note: note, At: x.Now()}, head)
	})
}

// takeBack puts lost leaves of our own ledger behind those that it has.
func takeBack(tx Tx, held ledger.Checkpoint, leaves [][]byte, head Head, signed ledger.Checkpoint) error {
	current, err := tx.Tree()
	if err != nil {
		return err
	}
	if current.Size() != held.Size {
		return fmt.Errorf("the ledger changed while it was catching up")
	}
	// The map ends with our newest head; what was appended since is in none.
	before, err := publishedHead(tx)
	if err != nil {
		return err
	}
	unmapped, err := tx.Leaves(before.Size, held.Size)
	if err != nil {
		return err
	}
	tree, err := ledger.NewTree(before.Size, tlog.HashReaderFunc(tx.Hashes))
	if err != nil {
		return err
	}
	replay := ledger.NewReplay(signed.Origin, tree, tx.Map(), before.Size-1, false)
	for _, leaf := range unmapped {
		if _, err := replay.Append(leaf); err != nil {
			return err
		}
	}
	for _, leaf := range leaves {
		if _, err := tx.Append(leaf); err != nil {
			return err
		}
		if _, err := replay.Append(leaf); err != nil {
			return err
		}
	}
	if err := replay.Agree(held, signed); err != nil {
		return err
	}
	return tx.PutHead(head)
}

// refetch asks a peer for everything that was said between us, case by case.
func (x *Exchange) refetch(ctx context.Context, peer Peer, me Self) error {
	after := []byte{}
	for {
		now := x.Now()
		letters, err := x.heldAfter(ctx, peer, me, after, now)
		if err != nil {
			return err
		}
		err = x.write(ctx, func(tx Tx) error {
			for _, l := range letters {
				refused, err := x.absorb(tx, peer.Card, l, now)
				if err != nil {
					return err
				}
				if len(refused) > 0 {
					// To go on without it would be to promise things anew.
					return fmt.Errorf("%d statements that %s returned cannot be taken back: %w", len(refused), peer.Card.Party, refused[0])
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		next := lastCase(letters)
		if next == nil {
			return nil
		}
		if bytes.Compare(next, after) <= 0 {
			return fmt.Errorf("%s repeats itself", peer.Card.Party)
		}
		after = next
	}
}

// heldAfter asks a peer for what it holds of its cases with us, from the first
// after the given one, as far as one envelope goes.
func (x *Exchange) heldAfter(ctx context.Context, peer Peer, me Self, after []byte, now time.Time) ([]letter, error) {
	request, err := x.sealFor(peer.Card, me.Card, 0, []wire.Part{{Type: wire.PartRefetch, Data: after}}, now)
	if err != nil {
		return nil, err
	}
	reply, err := x.courier.Carry(ctx, peer.Card, request)
	if err != nil {
		return nil, err
	}
	if reply.Refusal != nil {
		f, err := wire.ParseRefusal(reply.Refusal)
		if err != nil {
			return nil, fmt.Errorf("%s refused to say what it holds: %w", peer.Card.Party, err)
		}
		return nil, fmt.Errorf("%s refused to say what it holds: %s: %s", peer.Card.Party, f.Code, f.Detail)
	}
	return x.openAnswer(ctx, peer, reply.Envelope)
}

// lastCase is the greatest case id in an answer: where to go on.
func lastCase(letters []letter) []byte {
	var last []byte
	for _, l := range letters {
		for _, k := range l.statements {
			id := k.Statement.CaseID()
			if bytes.Compare(id[:], last) > 0 {
				last = id[:]
			}
		}
	}
	return last
}

// refetched packs what we hold of the cases with a peer, from the first after
// the given one, as far as one envelope goes and at least one case.
func refetched(v View, peer heed.Card, after []byte) ([]wire.Part, error) {
	const most = 8 << 20
	rows, err := v.Cases(1 << 20)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b CaseRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	var parts []wire.Part
	size := 0
	for _, row := range rows {
		if row.Peer != peer.Party || bytes.Compare(row.ID[:], after) <= 0 {
			continue
		}
		kept, err := v.KeptOf(row.ID)
		if err != nil {
			return nil, err
		}
		var more []wire.Part
		for _, k := range kept {
			if k.Dropped != nil {
				continue
			}
			// What waits in our outbox comes by its channel, where it gets its
			// receipt; the peer has not lost it, as it never had it.
			if _, err := v.Queued(k.Statement.ID); err == nil {
				continue
			} else if !errors.Is(err, ErrNotFound) {
				return nil, err
			}
			p, err := partsHere(v, k)
			if err != nil {
				return nil, err
			}
			more = append(more, p...)
		}
		for _, p := range more {
			size += len(p.Data)
		}
		if len(parts) > 0 && (size > most || len(parts)+len(more) > wire.MaxParts-64) {
			return parts, nil
		}
		parts = append(parts, more...)
	}
	return parts, nil
}

// restore keeps a statement that this node has lost: it made or received it
// before, so its ledger has the leaf, and nothing is logged or promised anew.
func (x *Exchange) restore(tx Tx, peer heed.Card, l letter, k Kept, now time.Time) error {
	me, err := tx.Self()
	if err != nil {
		return err
	}
	if !me.Restored {
		return heed.Refuse(heed.NotAdmitted, "%s sent statement %s outside its channel, and we asked for nothing", peer.Party, k.Statement.ID.Short())
	}
	s := k.Statement
	if err := x.admitRestored(tx, s, now); err != nil {
		return err
	}
	for _, content := range l.contentsFor(s) {
		if err := tx.PutContent(content); err != nil {
			return err
		}
	}
	if s.Kind.Released() {
		if err := tx.PutRelease(s.Release, l.releases[s.Release].note); err != nil {
			return err
		}
		if err := x.settleDraft(tx, s); err != nil {
			return err
		}
	}
	if err := errors.Join(tx.Keep(k), l.keepAfter(tx, s)); err != nil {
		return err
	}
	if s.Kind.OfAccord() {
		if err := x.keepConcern(tx, s, l.concerns[s.ID], now); err != nil {
			return err
		}
	}
	if s.Kind == heed.KindFigures {
		if err := x.keepFigures(tx, s, &l); err != nil {
			return err
		}
	}
	if s.Kind == heed.KindReceipt {
		return tx.Consume(Consumed{Channel: Channel{Peer: peer.Party, OurCard: s.AuthorCard, TheirCard: s.RecipientCard}, Number: s.Number, Statement: s.Answers[0], Answer: k.Note})
	}
	return nil
}

// admitRestored holds what comes back of the peer's own statements against the
// rules under which they were once received. Those of ours were signed by us.
func (x *Exchange) admitRestored(tx Tx, s heed.Statement, now time.Time) error {
	if s.Author == x.party {
		return nil
	}
	card, err := signedByCard(tx, s)
	if err != nil {
		return err
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
	terms, err := termsFor(tx, c.Opening, card, s.Time)
	if isUnknownAccord(err) {
		return nil // the accord comes back with another case; our ledger has the leaf of the receipt that we gave
	}
	if err != nil {
		return err
	}
	return c.Admit(s, terms, now)
}

// relog appends the leaves of statements of ours that came back from peers
// and whose leaves did not: nobody has seen a head that covers them. It runs
// once every peer has said what it holds.
func (x *Exchange) relog(tx Tx) error {
	rows, err := tx.Cases(1 << 20)
	if err != nil {
		return err
	}
	for _, row := range rows {
		c, err := tx.Case(row.ID)
		if err != nil {
			return err
		}
		kept, err := tx.KeptOf(row.ID)
		if err != nil {
			return err
		}
		for _, k := range kept {
			if k.Statement.Author != x.party {
				continue
			}
			if err := x.relogOne(tx, c, k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *Exchange) relogOne(tx Tx, c heed.Case, k Kept) error {
	slots, err := slotsOf(tx, c, k)
	if err != nil {
		return err
	}
	for _, at := range slots {
		tag := at.tag()
		_, err := tx.LeafIndex(tag)
		if errors.Is(err, ErrNotFound) {
			_, _, err = x.loggedBefore(tx, tag)
		}
		if errors.Is(err, ErrNotFound) {
			err = x.logSlot(tx, at, k.Note)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// repeats keeps a failure that goes on from filling the log.
type repeats struct{ told map[string]time.Time }

const (
	// repeatEvery is how often the log has the same failure again.
	repeatEvery = time.Minute
	// mostRepeats bounds how many failures are told apart.
	mostRepeats = 64
)

// tell reports whether a failure is to be told at now: a new one at once, one
// that goes on once a minute. Without a failure everything is new again.
func (r *repeats) tell(err error, now time.Time) bool {
	if err == nil || len(r.told) >= mostRepeats {
		r.told = nil
	}
	if err == nil {
		return false
	}
	// Ports of our own end and times differ with each attempt.
	cause := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return -1
		}
		return c
	}, err.Error())
	if at, ok := r.told[cause]; ok && now.Sub(at) < repeatEvery && !now.Before(at) {
		return false
	}
	if r.told == nil {
		r.told = map[string]time.Time{}
	}
	r.told[cause] = now
	return true
}
