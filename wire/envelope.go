package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"heed"
	"heed/seal"
)

// Header is the signed outside of an envelope: enough for the recipient to
// refuse a stranger or a flood before it decrypts anything.
type Header struct {
	Sender        heed.PartyID
	SenderCard    uint64
	Recipient     heed.PartyID
	RecipientCard uint64
	Number        uint64 // in the channel of these two cards, from 1; 0 outside it: receipts and requests, which are owed no receipt
	Time          time.Time
	Sealed        int64       // bytes of the age file that follows
	SealedDigest  heed.Digest // its SHA-256
	Opened        int64       // bytes that it decrypts to
	// Carries has the carried tag of each statement inside that has a tag key,
	// in the order of their parts, or nothing at all: who holds K can show by it
	// which envelope a statement travelled in, and to nobody else does it say
	// anything. At most heed.MaxCarries. That it is true, only the recipient sees.
	Carries []heed.Digest
	Node    string // the sender's node key
}

// MaxHeader bounds an envelope's signed header in bytes.
const MaxHeader = 8 << 10

const headerFirst = "heed-envelope/v1"

// HeaderText is the text that the sender's node signs.
func HeaderText(h Header) string {
	w := &writer{}
	w.first(headerFirst)
	w.line("sender", string(h.Sender))
	w.number("sender-card", h.SenderCard)
	w.line("recipient", string(h.Recipient))
	w.number("recipient-card", h.RecipientCard)
	w.number("number", h.Number)
	w.time("time", h.Time)
	w.number("sealed", uint64(h.Sealed))
	w.digest("sealed-digest", h.SealedDigest)
	w.number("opened", uint64(h.Opened))
	writeCarries(w, h.Carries)
	w.line("node", h.Node)
	return w.text()
}

// Envelope is a header and what it seals.
type Envelope struct {
	Header
	Body []byte
}

// Digest names the envelope in refusals: it is that of what is sealed.
func (e Envelope) Digest() heed.Digest { return e.SealedDigest }

// SealEnvelope seals the parts to the recipient, and to keys of its roles beside
// it, and signs the header. Sealed, SealedDigest, Opened and Node of h are
// filled in. What the other side could not read is not sealed; the error then
// matches ErrMalformed.
func SealEnvelope(h Header, parts []Part, to seal.Recipient, node seal.SigningKey, roles ...seal.Recipient) ([]byte, error) {
	plain, err := encodeParts(parts)
	if err != nil {
		return nil, err
	}
	body, err := seal.Seal(plain, append([]seal.Recipient{to}, roles...)...)
	if err != nil {
		return nil, fmt.Errorf("seal envelope: %w", err)
	}
	h.Sealed, h.SealedDigest, h.Opened = int64(len(body)), sha256.Sum256(body), int64(len(plain))
	h.Node = node.Verifier().String()
	text := HeaderText(h)
	if _, err := parseHeaderText(text); err != nil {
		return nil, fmt.Errorf("sign envelope: %w", err)
	}
	note, err := seal.SignNote(text, node)
	if err != nil {
		return nil, fmt.Errorf("sign envelope: %w", err)
	}
	out := make([]byte, 0, 4+len(note)+len(body))
	out = binary.BigEndian.AppendUint32(out, uint32(len(note)))
	out = append(out, note...)
	return append(out, body...), nil
}

// ErrNoEnvelope is returned by ReadHeader where the stream ends before a header begins.
var ErrNoEnvelope = errors.New("no more envelopes")

// ReadHeader takes the next envelope's header from a stream and verifies its
// signature with the key that it lists. What it seals is still to be read;
// nothing beyond MaxHeader bytes has been.
func ReadHeader(in io.Reader) (Header, error) {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		if err == io.EOF {
			return Header{}, ErrNoEnvelope
		}
		return Header{}, cutShort(err, "envelope: cut short before its header")
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > MaxHeader {
		return Header{}, malformed("envelope: a header of %d bytes, and at most %d are read", n, MaxHeader)
	}
	note := make([]byte, n)
	if _, err := io.ReadFull(in, note); err != nil {
		return Header{}, cutShort(err, "envelope: cut short within its header")
	}
	return parseHeader(note)
}

func parseHeader(note []byte) (Header, error) {
	text, _, err := splitNote(note, MaxHeader, 1)
	if err != nil {
		return Header{}, fmt.Errorf("envelope: %w", err)
	}
	h, err := parseHeaderText(text)
	if err != nil {
		return Header{}, fmt.Errorf("envelope: %w", err)
	}
	if err := openNote(note, h.Sender, h.Node, nil); err != nil {
		return Header{}, fmt.Errorf("envelope of %s: %w", h.Sender, err)
	}
	return h, nil
}

func parseHeaderText(text string) (Header, error) {
	var h Header
	r := newReader(text, headerFirst)
	h.Sender = r.party("sender")
	h.SenderCard = r.serial("sender-card")
	h.Recipient = r.party("recipient")
	h.RecipientCard = r.serial("recipient-card")
	h.Number = r.number("number")
	h.Time = r.time("time")
	h.Sealed = r.size("sealed")
	h.SealedDigest = r.named("sealed-digest")
	h.Opened = r.size("opened")
	h.Carries = readCarries(r)
	h.Node = get(r, r.need("node"), parseKey)
	if err := r.end(); err != nil {
		return Header{}, err
	}
	switch {
	case h.Sender == h.Recipient:
		return Header{}, malformed("sender and recipient are the same party")
	case h.Opened >= h.Sealed:
		return Header{}, malformed("%d sealed bytes cannot hold %d", h.Sealed, h.Opened)
	case h.Opened < int64(len(partsFirst)):
		return Header{}, malformed("%d opened bytes cannot hold parts", h.Opened)
	}
	if err := checkAuthorKeys(h.Sender, h.Node, nil); err != nil {
		return Header{}, err
	}
	if HeaderText(h) != text {
		return Header{}, malformed("not in its canonical form")
	}
	return h, nil
}

// ReadBody takes what the header says is sealed. The caller has compared the
// size with its bound. Memory grows with what comes, not with what was said.
func ReadBody(in io.Reader, h Header) (Envelope, error) {
	body := make([]byte, 0, min(h.Sealed, 1<<20))
	limited := io.LimitReader(in, h.Sealed)
	for int64(len(body)) < h.Sealed {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := limited.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if err != nil && int64(len(body)) < h.Sealed {
			return Envelope{}, cutShort(err, "envelope %d of %s: cut short: %d of %d bytes came", h.Number, h.Sender, len(body), h.Sealed)
		}
	}
	if sha256.Sum256(body) != h.SealedDigest {
		return Envelope{}, malformed("envelope %d of %s: what is sealed is not what its header names", h.Number, h.Sender)
	}
	return Envelope{Header: h, Body: body}, nil
}

// Open decrypts the envelope and reads its parts. Errors match seal.ErrBadSeal
// or seal.ErrSize where it does not open, and ErrMalformed where it does, and
// what it holds are no parts.
func (e Envelope) Open(keys ...seal.SealingKey) ([]Part, error) {
	plain, err := seal.Open(e.Body, e.Opened, keys...)
	if err != nil {
		return nil, fmt.Errorf("envelope %d of %s: %w", e.Number, e.Sender, err)
	}
	return decodeParts(plain)
}
