package wire

import (
	"fmt"
	"time"

	"heed"
	"heed/seal"
)

// Refusal is a node's signed refusal of one envelope. It consumes the
// envelope's number and discharges nothing.
type Refusal struct {
	Author     heed.PartyID
	AuthorCard uint64
	Sender     heed.PartyID // whose envelope it is
	SenderCard uint64
	Number     uint64
	Envelope   heed.Digest
	Time       time.Time
	Code       heed.RefusalCode
	RetryAfter time.Duration // 0: not said
	Detail     string        // one line for people, at most 300 bytes
	Node       string
}

// maxRefusal bounds a signed refusal in bytes.
const maxRefusal = 4 << 10

const refusalFirst = "heed-refusal/v1"

// RefusalText is the text that the refusing node signs.
func RefusalText(f Refusal) string {
	w := &writer{}
	w.first(refusalFirst)
	w.line("author", string(f.Author))
	w.number("author-card", f.AuthorCard)
	w.line("sender", string(f.Sender))
	w.number("sender-card", f.SenderCard)
	w.number("number", f.Number)
	w.digest("envelope", f.Envelope)
	w.time("time", f.Time)
	w.line("code", string(f.Code))
	w.span("retry-after", f.RetryAfter)
	w.line("detail", f.Detail)
	w.line("node", f.Node)
	return w.text()
}

// SignRefusal signs a refusal and returns it as it will be read. Its detail is
// cut to one line of 300 bytes. What ParseRefusal would refuse is not signed;
// the error then matches ErrMalformed.
func SignRefusal(f Refusal, node seal.SigningKey) (Refusal, []byte, error) {
	f.Node = node.Verifier().String()
	f.Detail = oneLine(f.Detail, 300)
	text := RefusalText(f)
	read, err := parseRefusalText(text)
	if err != nil {
		return f, nil, fmt.Errorf("sign refusal: %w", err)
	}
	note, err := seal.SignNote(text, node)
	if err != nil {
		return f, nil, fmt.Errorf("sign refusal: %w", err)
	}
	return read, note, nil
}

// ParseRefusal reads a refusal and verifies its signature with the key that it lists.
func ParseRefusal(note []byte) (Refusal, error) {
	text, _, err := splitNote(note, maxRefusal, 1)
	if err != nil {
		return Refusal{}, fmt.Errorf("refusal: %w", err)
	}
	f, err := parseRefusalText(text)
	if err != nil {
		return Refusal{}, fmt.Errorf("refusal: %w", err)
	}
	if err := openNote(note, f.Author, f.Node, nil); err != nil {
		return Refusal{}, fmt.Errorf("refusal of %s: %w", f.Author, err)
	}
	return f, nil
}

func parseRefusalText(text string) (Refusal, error) {
	var f Refusal
	r := newReader(text, refusalFirst)
	f.Author = r.party("author")
	f.AuthorCard = r.serial("author-card")
	f.Sender = r.party("sender")
	f.SenderCard = r.serial("sender-card")
	f.Number = r.number("number")
	f.Envelope = r.named("envelope")
	f.Time = r.time("time")
	f.Code = get(r, r.need("code"), heed.ParseEnvelopeRefusal)
	f.RetryAfter = r.span("retry-after")
	f.Detail = r.need("detail")
	f.Node = get(r, r.need("node"), parseKey)
	if err := r.end(); err != nil {
		return Refusal{}, err
	}
	if err := checkAuthorKeys(f.Author, f.Node, nil); err != nil {
		return Refusal{}, err
	}
	if RefusalText(f) != text || f.Detail != oneLine(f.Detail, 300) {
		return Refusal{}, malformed("not in its canonical form")
	}
	return f, nil
}
