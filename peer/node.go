package peer

import (
	"context"
	"io"

	"heed/exchange"
	"heed/ledger"
)

// Node is what a Handler serves. Its methods are called concurrently.
type Node interface {
	// Receive reads a stream of envelopes and answers for it. What a Reply
	// promises is durable when it is returned. The error is a *heed.Refused
	// where the sender is at fault: it is told the signed refusal of the Reply
	// or, where none could be signed, the error's code and detail. Any other
	// error stays here.
	//
	// A read of in that fails otherwise than with io.EOF says nothing about the
	// sender: the connection broke or stalled.
	Receive(ctx context.Context, in io.Reader) (exchange.Reply, error)
	Known
}

// Depositary is what a DepositaryHandler serves. Its methods are called
// concurrently. Their errors are *heed.Refused where the caller is at fault, of
// which it is told code and detail; any other error stays here.
type Depositary interface {
	// TakeDeposit keeps one envelope for its recipient and returns the signed
	// deposit, which is durable then. Both cards are signed notes. A read of
	// envelope that fails otherwise than with io.EOF is the connection's doing.
	TakeDeposit(ctx context.Context, sender, recipient []byte, envelope io.Reader) ([]byte, error)
	// ServeCollect hands over what is held for a party, oldest first. cards are
	// the party's own, the present one first.
	ServeCollect(ctx context.Context, cards [][]byte, collect []byte) ([]exchange.Collected, error)
	Known
}

// Known is what every node tells of itself. Its methods are called concurrently.
type Known interface {
	// CardNote is the node's current card.
	CardNote(ctx context.Context) ([]byte, error)
	// Pulse says how long ago the node did what nobody calls for.
	Pulse(ctx context.Context) (exchange.Pulse, error)
	Public
}

// Public is what a node serves to everybody. Its methods are called concurrently.
type Public interface {
	// Ledger is the node's own published ledger.
	Ledger() ledger.Source
	// Mirror is whatever ledger the node holds under an origin: those of
	// others that it mirrors, its own present one, its own ended ones. The
	// Source says ledger.ErrNotFound where it holds none.
	Mirror(origin string) ledger.Source
	// Cards are all cards of the node's party, oldest first.
	Cards(ctx context.Context) ([][]byte, error)
	// Successions are the signed successions of the party's ledgers, oldest first.
	Successions(ctx context.Context) ([][]byte, error)
}
