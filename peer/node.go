package peer

import (
	"context"
	"io"

	"heed"
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
	// CardNote is the node's current card.
	CardNote(ctx context.Context) ([]byte, error)
	// Ledger is the node's own published ledger.
	Ledger() ledger.Source
	// Mirror is what the node keeps of another party's ledger; the Source says
	// ledger.ErrNotFound where it keeps none.
	Mirror(of heed.PartyID) ledger.Source
}
