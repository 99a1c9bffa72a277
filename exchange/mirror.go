package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
	"heed/seal"
)

// compareHead holds a checkpoint of a peer's ledger against what we mirror of
// it. One that is newer is fetched by Follow; one that contradicts is trouble.
func (x *Exchange) compareHead(ctx context.Context, peer heed.Card, note []byte) error {
	offered, err := parseHead(peer, note)
	if err != nil {
		return err
	}
	return x.compareMirror(ctx, peer.Party, offered, note)
}

func (x *Exchange) compareMirror(ctx context.Context, party heed.PartyID, offered ledger.Checkpoint, note []byte) error {
	var newer, cosigned bool
	err := x.store.Read(ctx, func(v View) error {
		tree, err := v.MirrorTree(offered.Origin)
		if err != nil {
			return err
		}
		if newer = offered.Size > tree.Size(); newer || offered.Size == 0 {
			return nil
		}
		root, err := ledgerRoot(offered.Size, func(i []int64) ([]tlog.Hash, error) { return v.MirrorHashes(offered.Origin, i) })
		if err == nil && root != offered.Root {
			return &ledger.Inconsistency{Held: tree.Head(offered.Origin), Offered: offered, Reason: ledger.Forked}
		}
		if err != nil {
			return err
		}
		head, err := v.MirrorHead(offered.Origin)
		cosigned = err == nil && head.Size == offered.Size && len(note) > len(head.Note)
		return err
	})
	if newer {
		x.errands.mirror(party)
	}
	if err == nil && cosigned {
		// Only witnesses have signed meanwhile: their times are worth keeping.
		return x.store.Write(ctx, func(tx Tx) error {
			held, err := tx.MirrorHead(offered.Origin)
			if err != nil || held.Size != offered.Size {
				return err // another errand was faster
			}
			sifted, err := sift(tx, held.Note, offered)
			if err != nil {
				return err
			}
			return tx.ExtendMirror(offered.Origin, nil, nil, Head{Size: offered.Size, Note: sifted, At: x.Now()})
		})
	}
	var forked *ledger.Inconsistency
	if errors.As(err, &forked) {
		// The signed head is what an outsider will ask for.
		if err := x.store.Write(ctx, func(tx Tx) error { return tx.KeepCheckpoint(note) }); err != nil {
			return err
		}
	}
	return x.noteInconsistency(ctx, party, err)
}

// inconsistencyTrouble begins what people are shown of a proven one.
const inconsistencyTrouble = "ledger inconsistency: "

// noteInconsistency puts a proven ledger inconsistency on the peer's record.
func (x *Exchange) noteInconsistency(ctx context.Context, party heed.PartyID, err error) error {
	var broken *ledger.Inconsistency
	var violation *ledger.Violation
	if !errors.As(err, &broken) && !errors.As(err, &violation) {
		return err
	}
	return errors.Join(err, x.write(ctx, func(tx Tx) error {
		return x.trouble(tx, party, inconsistencyTrouble+err.Error())
	}))
}

func ledgerRoot(size int64, read func([]int64) ([]tlog.Hash, error)) (tlog.Hash, error) {
	tree, err := ledger.NewTree(size, tlog.HashReaderFunc(read))
	if err != nil {
		return tlog.Hash{}, err
	}
	return tree.Root(), nil
}

// mostFollowed bounds what is held in memory of a peer's ledger: some 400 MB.
const mostFollowed = 1 << 22

// Follow fetches what is new of a peer's ledger, replays it, and keeps it: so
// that the peer cannot unsay anything, and can get it back from us. Ledgers
// that it has ended are followed to their ends first. Where that fails, our
// witnesses are asked for its next cards: it may have gone where it does not
// let us follow. The error is that of following all the same.
func (x *Exchange) Follow(ctx context.Context, party heed.PartyID) error {
	err := x.followDirectly(ctx, party)
	var stranger *heed.Invalid
	if err == nil || errors.As(err, &stranger) || ctx.Err() != nil {
		return err
	}
	_, asking := x.refreshAtWitnesses(ctx, party)
	return errors.Join(err, asking)
}

// followDirectly is Follow without the witnesses.
func (x *Exchange) followDirectly(ctx context.Context, party heed.PartyID) error {
	err := x.followAll(ctx, party)
	if errors.Is(err, ledger.ErrOrigin) {
		// It has begun its next ledger, and we have not seen the card yet.
		if err := x.RefreshCard(ctx, party); err != nil {
			return err
		}
		return x.followAll(ctx, party)
	}
	return err
}

func (x *Exchange) followAll(ctx context.Context, party heed.PartyID) error {
	if err := x.learnSuccessions(ctx, party); err != nil {
		return err
	}
	var peer Peer
	var ended []heed.Statement
	err := x.store.Read(ctx, func(v View) error {
		var err error
		if peer, err = knownPeer(v, party); err != nil {
			return err
		}
		ended, err = openEnds(v, party)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range ended {
		if err := x.followLedger(ctx, peer, s.Ledger); err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		if err := x.checkEnd(ctx, party, s); err != nil {
			return err
		}
	}
	return x.followLedger(ctx, peer, peer.Card.LedgerKey)
}

// followLedger brings our mirror of one ledger of a peer up to its newest head.
func (x *Exchange) followLedger(ctx context.Context, peer Peer, vkey string) error {
	party := peer.Card.Party
	key, err := seal.ParseVerifyKey(vkey)
	if err != nil {
		return fmt.Errorf("ledger key of %s: %w", party, err)
	}
	if _, _, err := ledger.ParseOrigin(key.Name()); err != nil {
		return fmt.Errorf("ledger of %s: %w", party, err)
	}
	var tree *ledger.Tree
	err = x.store.Read(ctx, func(v View) error {
		tree, err = v.MirrorTree(key.Name())
		return err
	})
	if err != nil {
		return err
	}
	held := tree.Head(key.Name())
	origin := ""
	if vkey != peer.Card.LedgerKey {
		origin = key.Name() // one that it has ended
	}
	fetch := func(ctx context.Context, path string) ([]byte, error) {
		return x.courier.Resource(ctx, peer.Card, origin, path)
	}
	note, err := fetch(ctx, ledger.CheckpointPath)
	if err != nil {
		return err
	}
	head, err := ledger.ParseCheckpoint(note, key.Name(), key)
	if err != nil {
		return err
	}
	if head.Size <= held.Size {
		return x.compareMirror(ctx, party, head, note)
	}
	if grown := head.Size - held.Size; grown > mostFollowed {
		return fmt.Errorf("ledger of %s: it grew by %d leaves at once, and at most %d are followed", party, grown, mostFollowed)
	}
	if err := x.store.Read(ctx, func(v View) (err error) {
		bare, err := ledger.RenderCheckpoint(note, nil)
		if err == nil {
			note, err = sift(v, bare, head)
		}
		return err
	}); err != nil {
		return err
	}
	leaves, err := fetchLeaves(ctx, fetch, tree, held, head)
	if err != nil {
		return x.noteInconsistency(ctx, party, fmt.Errorf("ledger of %s: %w", party, err))
	}
	err = x.keepMirror(ctx, held.Size, leaves, Head{Size: head.Size, Note: note, At: x.Now()}, head)
	return x.noteInconsistency(ctx, party, err)
}

// fetchLeaves fetches the leaves between two heads page by page and checks that
// they lead from the one to the other. tree stands at held and is moved.
func fetchLeaves(ctx context.Context, fetch ledger.Fetch, tree *ledger.Tree, held, head ledger.Checkpoint) (leaves [][]byte, err error) {
	for page, err := range ledger.FetchLeaves(ctx, fetch, head.Size, held.Size, head.Size) {
		if err != nil {
			return nil, err
		}
		for _, leaf := range page {
			if _, _, err := tree.Append(leaf); err != nil {
				return nil, err
			}
			leaves = append(leaves, leaf)
		}
	}
	return leaves, tree.Agree(held, head)
}

// dateMirror has our witnesses cosign what we have newly mirrored of a peer's
// ledger, so that its leaves are dated by a time near to when they came.
func (x *Exchange) dateMirror(ctx context.Context, party heed.PartyID) error {
	var undated []string
	err := x.store.Read(ctx, func(v View) error {
		origins, err := x.originsOf(v, party)
		if err != nil {
			return err
		}
		all, err := v.Witnesses()
		if err != nil || len(mirroring(all)) == 0 {
			return err
		}
		for _, origin := range origins {
			tree, err := v.MirrorTree(origin)
			if err != nil {
				return err
			}
			_, err = v.Witnessed(origin, tree.Size()-1)
			if errors.Is(err, ErrNotFound) {
				undated = append(undated, origin)
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	for _, origin := range undated {
		dated, failed := x.datedAlready(ctx, origin)
		if failed == nil && !dated {
			failed = x.Refresh(ctx, origin)
		}
		err = errors.Join(err, failed)
	}
	return err
}

// datedAlready keeps the head that we mirror of a ledger as one that enough of
// our witnesses have cosigned, where it has come with their lines: its party has
// mostly asked them by then. Else each of many parties that follow one another
// would ask every witness about each head of every other.
func (x *Exchange) datedAlready(ctx context.Context, origin string) (dated bool, err error) {
	var head Head
	var c ledger.Checkpoint
	var by cosigners
	err = x.store.Read(ctx, func(v View) error {
		if head, err = v.MirrorHead(origin); err != nil {
			return err
		}
		if c, err = ledger.UnverifiedCheckpoint(head.Note); err != nil {
			return err
		}
		by, err = cosignersOf(v, c)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil // only leaves are held so far
	}
	if err != nil || !by.published() {
		return false, err
	}
	return true, x.store.Write(ctx, func(tx Tx) error { return by.keep(tx, c, head.Note, head.At) })
}

// mirrorPiece is how many leaves of a ledger are replayed in one transaction,
// and a little more: a piece ends with a map root.
const mirrorPiece = 4096

// keepMirror replays leaves that lead from the mirror's size to a head, and
// keeps them, piece by piece, so that a long way back keeps nobody waiting.
func (x *Exchange) keepMirror(ctx context.Context, from int64, leaves [][]byte, head Head, signed ledger.Checkpoint) error {
	for len(leaves) > 0 {
		n := pieceOf(leaves)
		var last Head
		if n == len(leaves) {
			last = head
		}
		faster := false
		err := x.write(ctx, func(tx Tx) error {
			tree, err := tx.MirrorTree(signed.Origin)
			if err != nil {
				return err
			}
			if faster = tree.Size() != from; faster {
				return nil
			}
			return ExtendMirror(tx, signed, leaves[:n], last)
		})
		if err != nil || faster {
			return err // another errand was faster
		}
		from += int64(n)
		leaves = leaves[n:]
	}
	return nil
}

// pieceOf is where a piece of leaves may end.
func pieceOf(leaves [][]byte) int {
	for n := mirrorPiece; n < len(leaves); n++ {
		if ledger.IsMapRoot(leaves[n-1]) {
			return n
		}
	}
	return len(leaves)
}

// ExtendMirror replays leaves, which must end with a map root, on top of a
// mirror and keeps them. With a head (else it is zero) they must lead to it.
// Errors: *ledger.Violation where the log breaks the rules of a ledger,
// *ledger.Inconsistency where it contradicts the head; nothing is then to be
// committed.
func ExtendMirror(tx Tx, signed ledger.Checkpoint, leaves [][]byte, head Head) error {
	tree, err := tx.MirrorTree(signed.Origin)
	if err != nil {
		return err
	}
	held := tree.Head(signed.Origin)
	marks, err := tx.MirrorMap(signed.Origin)
	if err != nil {
		return err
	}
	last, err := lastRoot(tx, signed.Origin)
	if err != nil {
		return err
	}
	// Damage of our own must not be taken for the ledger's fault.
	if root, err := marks.Root(last.Covers); err != nil || held.Size > 0 && root != last.Root {
		return errors.Join(err, fmt.Errorf("our copy of %s: its map does not give the root of its last leaf", signed.Origin))
	}
	replay := ledger.NewReplay(signed.Origin, tree, marks, held.Size-1, last.Ends())
	var hashes []ledger.StoredHash
	for _, leaf := range leaves {
		made, err := replay.Append(leaf)
		if err != nil {
			return err
		}
		hashes = append(hashes, made...)
	}
	if head.Size == 0 {
		signed = tree.Head(signed.Origin) // a piece is held to its rules alone
	}
	if err := replay.Agree(held, signed); err != nil {
		return err
	}
	return tx.ExtendMirror(signed.Origin, leaves, hashes, head)
}

// hasEnded reports whether what we hold of a ledger ends with an end leaf.
func hasEnded(v View, origin string) (bool, error) {
	end, err := lastRoot(v, origin)
	return end.Ends(), err
}

// lastRoot is the map root that a mirror ends with; one that covers nothing
// where nothing is mirrored.
func lastRoot(v View, origin string) (ledger.MapRoot, error) {
	tree, err := v.MirrorTree(origin)
	if err != nil || tree.Size() == 0 {
		return ledger.MapRoot{Previous: -1}, err
	}
	leaves, err := v.MirrorLeaves(origin, tree.Size()-1, tree.Size())
	if err != nil {
		return ledger.MapRoot{}, err
	}
	return ledger.ParseMapRoot(leaves[0])
}

// compareOwn holds what a peer has seen of our ledger against the ledger. A
// head of ours that we do not know means that this node was put back to an
// older state: it stops signing and catches up.
func (x *Exchange) compareOwn(ctx context.Context, party heed.PartyID, note []byte, now time.Time) error {
	var behind bool
	err := x.store.Read(ctx, func(v View) error {
		var err error
		behind, err = x.isBehind(v, party, note)
		return err
	})
	var forked *ledger.Inconsistency
	if errors.As(err, &forked) {
		// People have to look: a copy of this node went on beside it.
		return errors.Join(err, x.write(ctx, func(tx Tx) error { return x.trouble(tx, party, err.Error()) }))
	}
	if err != nil || !behind {
		return err
	}
	x.log.Error("a peer holds a newer head of our ledger than we do: this node was put back to an older state; it signs nothing until it has caught up", "peer", party)
	err = x.write(ctx, func(tx Tx) error {
		me, err := tx.Self()
		if err != nil {
			return err
		}
		me.Restored = true
		return tx.PutSelf(me)
	})
	x.errands.recover()
	return err
}

// isBehind decides whether a checkpoint of ours, held by a peer, is from later
// than what we have. One of the same age that differs is an error: somebody
// else signs with our ledger key.
func (x *Exchange) isBehind(v View, party heed.PartyID, note []byte) (bool, error) {
	me, err := v.Self()
	if err != nil {
		return false, err
	}
	former, err := formerOrigins(v, x.party)
	if err != nil {
		return false, err
	}
	if origin, _, _ := strings.Cut(string(note), "\n"); slices.Contains(former, origin) {
		return false, nil // it has yet to hear of our next card
	}
	theirs, err := parseHead(me.Card, note)
	if err != nil {
		return false, fmt.Errorf("what %s shows as ours: %w", party, err)
	}
	tree, err := v.Tree()
	if err != nil {
		return false, err
	}
	if theirs.Size > tree.Size() {
		return true, nil
	}
	if theirs.Size == 0 {
		return false, nil
	}
	root, err := ledgerRoot(theirs.Size, v.Hashes)
	if err != nil {
		return false, err
	}
	if root != theirs.Root {
		return false, fmt.Errorf("%s holds a head of our ledger with %d leaves that contradicts ours: %w", party, theirs.Size, &ledger.Inconsistency{Held: tree.Head(theirs.Origin), Offered: theirs, Reason: ledger.Forked})
	}
	return false, nil
}

// sift adds to a note those of a head's cosignatures that our own witnesses
// gave: whatever else stands there would leave no room for theirs.
func sift(v View, note []byte, offered ledger.Checkpoint) ([]byte, error) {
	all, err := v.Witnesses()
	if err != nil {
		return nil, err
	}
	listed, err := listWitnesses(all)
	if err != nil {
		return nil, err
	}
	var keys []ledger.CosignerKey
	for _, w := range listed {
		keys = append(keys, w.Keys...)
	}
	c, err := ledger.UnverifiedCheckpoint(note)
	if err != nil {
		return nil, err
	}
	if lines := offered.Verified(keys...).Cosignatures; len(lines) > 0 {
		if c, err = c.Verified(keys...).AddCosignatures(lines, keys...); err != nil {
			return nil, err
		}
	}
	return ledger.RenderCheckpoint(note, c.Cosignatures)
}
