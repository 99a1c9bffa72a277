// Package ledger is a party's transparency log: opaque leaves in a Merkle
// tree (RFC 6962), signed checkpoints, static tiles, and the proofs that
// somebody who trusts nobody can check alone.
//
// It knows bytes only. What a leaf stands for is known to whoever holds the
// case's tag key; the ledger proves that the leaf was there, and in which
// order. Storage, clocks and networks are the caller's.
//
// The byte forms are those of docs/ledger.md and docs/witnesses.md, which
// follow C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature,
// tlog-witness and tlog-proof.
package ledger

import "errors"

// Limits on what this package writes and accepts. A peer's bytes beyond
// them are refused before they are worked on.
const (
	// MaxSize is the largest number of leaves in a tree. It keeps every tile
	// within levels 0 to 5, and all index arithmetic far from overflow: with
	// sizes above 2^62 the tree walks of golang.org/x/mod/sumdb/tlog do not end.
	MaxSize = 1<<48 - 1

	// MaxLeafBytes is the largest leaf: an entry bundle has 16 bits for its
	// length. There is no empty leaf.
	MaxLeafBytes = 1<<16 - 1

	// MaxCheckpointBytes caps a signed checkpoint with all its signature lines.
	// It holds MaxCosignatures by Ed25519 keys, or 19 by ML-DSA-44 keys with
	// names of up to 100 bytes.
	MaxCheckpointBytes = 64 << 10

	// MaxCosignatures caps the signature lines after the log's own.
	MaxCosignatures = 64

	// TileWidth is the number of hashes in a full tile and of leaves in a full
	// entry bundle (C2SP tlog-tiles, "Merkle Tree").
	TileWidth = 256
)

// Errors that callers test for. Every error of this package that blames the
// bytes or arguments it was given wraps one of these, or is an *Inconsistency,
// a *Violation or a *StatusError; errors of readers and sources pass through unchanged.
var (
	// ErrLeaf: the bytes are not a leaf, or not one of the form asked for.
	ErrLeaf = errors.New("malformed leaf")
	// ErrSlot: the name is not a slot.
	ErrSlot = errors.New("malformed slot")
	// ErrCheckpoint: the bytes are not a checkpoint in its one strict form.
	ErrCheckpoint = errors.New("malformed checkpoint")
	// ErrOrigin: a checkpoint or key belongs to another log than the one asked about.
	ErrOrigin = errors.New("wrong ledger origin")
	// ErrSignature: the log's own signature does not verify.
	ErrSignature = errors.New("invalid ledger signature")
	// ErrCosigner: the text is not the key of a cosigner, or of a type that we do not know.
	ErrCosigner = errors.New("malformed cosigner key")
	// ErrCosignature: the bytes are not cosignature lines in their one strict
	// form, hold none by the keys asked for, or no cosignature can be made.
	ErrCosignature = errors.New("invalid cosignature")
	// ErrWitnesses: two witnesses of one list share a name or a key.
	ErrWitnesses = errors.New("witnesses that cannot be told apart")
	// ErrQuorum: the numbers let two quorums meet in faulty witnesses only.
	ErrQuorum = errors.New("unsound quorum")
	// ErrAddCheckpoint: the bytes are not a request, or a size answered, of the
	// witness protocol.
	ErrAddCheckpoint = errors.New("malformed add-checkpoint message")
	// ErrTile: a tile path, or the bytes of a tile or entry bundle, are malformed.
	ErrTile = errors.New("malformed tile")
	// ErrRange: a size or index lies outside the tree that it is about.
	ErrRange = errors.New("outside the tree")
	// ErrProof: a proof does not show what it is offered for.
	ErrProof = errors.New("invalid proof")
	// ErrReader: a HashReader or Source returned another number of items than
	// it was asked for; its storage is damaged or its code is wrong.
	ErrReader = errors.New("incomplete ledger storage")
	// ErrNotFound: the log has no such resource, or not yet.
	ErrNotFound = errors.New("no such ledger resource")
)
