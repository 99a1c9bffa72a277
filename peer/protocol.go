package peer

import (
	"mime"
	"net/http"
)

// Paths of a node's HTTPS endpoint (docs/protocol.md, section 2).
const (
	EnvelopesPath   = "/heed/v1/envelopes"
	CardPath        = "/heed/v1/card"
	PulsePath       = "/heed/v1/pulse"
	CardsPath       = "/heed/v1/cards"
	SuccessionsPath = "/heed/v1/successions"
	DepositsPath    = "/heed/v1/deposits" // of a depositary
	CollectPath     = "/heed/v1/collect"  // of a depositary
	LedgerPath      = "/ledger/"          // followed by a path of C2SP tlog-tiles
	MirrorPath      = "/heed/v1/mirror/"  // followed by an origin, a slash and a path of C2SP tlog-tiles
)

// Paths at a card's tiles address besides those of C2SP tlog-tiles at its root.
const (
	TilesMirrorPath      = "/mirror/" // as MirrorPath
	TilesCardsPath       = "/cards"
	TilesSuccessionsPath = "/successions"
)

// Media types.
const (
	MediaEnvelopes = "application/vnd.heed.envelopes" // envelopes one after the other
	MediaRefusal   = "application/vnd.heed.refusal"   // one bare signed refusal
	MediaNotes     = "application/vnd.heed.notes"     // signed notes, each after its length

	MediaDeposits   = "application/vnd.heed.deposits"   // two cards, each after its length, and one envelope
	MediaDeposit    = "application/vnd.heed.deposit"    // one signed deposit
	MediaCollect    = "application/vnd.heed.collect"    // cards and a signed collect, each after its length
	MediaCollection = "application/vnd.heed.collection" // envelopes with their deposits
	MediaProblem    = "application/problem+json"        // RFC 9457
)

// Codes of problems that are not refusals of an envelope by the exchange.
const (
	CodeNotFound     = "not-found"
	CodeMethod       = "method-not-allowed"
	CodeMediaType    = "unsupported-media-type"
	CodeBodyTooLarge = "body-too-large"
	CodeTimeout      = "timeout"
	CodeCutShort     = "cut-short"
	CodeTooMany      = "too-many-requests"
	CodeBusy         = "busy"
	CodeInternal     = "internal-error"
	CodeBadAnswer    = "bad-answer" // never sent: a Client says so of an answer that is outside the protocol
)

// hasMedia reports whether the header names exactly this media type. Ours have
// no parameters; text types may have a charset.
func hasMedia(h http.Header, media string) bool {
	got, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && got == media
}
