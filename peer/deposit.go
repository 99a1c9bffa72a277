package peer

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// Bounds of what goes to and comes from a depositary.
const (
	// MaxCollectCards is how many of a party's cards go with a collect: the
	// present one, and those before it for which something may still be held.
	MaxCollectCards = exchange.MaxCollectCards

	maxCollect     = 3 << 10 // a collect's text with its signature line
	maxDepositNote = wire.MaxStatementText + 1<<10
	maxCollected   = exchange.MaxStream
	// seqBytes stands before each envelope of a collection: its sequence number.
	seqBytes = 8
)

// deposit takes one envelope for somebody else.
func (h *handler) deposit(w *response, r *http.Request, from netip.Addr) {
	body, ok := h.hear(w, r, from, MediaDeposits, h.MaxBody)
	if !ok {
		return
	}
	note, err := h.takeDeposit(r.Context(), bufio.NewReaderSize(body, readAhead))
	h.heard(r, body)
	h.answerDepositor(w, r, from, body, MediaDeposit, note, err)
}

func (h *handler) takeDeposit(ctx context.Context, in *bufio.Reader) ([]byte, error) {
	sender, err := readNote(in, maxCard)
	if err != nil {
		return nil, heed.Refuse(heed.Malformed, "the sender's card: %v", err)
	}
	recipient, err := readNote(in, maxCard)
	if err != nil {
		return nil, heed.Refuse(heed.Malformed, "the recipient's card: %v", err)
	}
	return h.depositary.TakeDeposit(ctx, sender, recipient, in)
}

// collect hands over what is held for a party.
func (h *handler) collect(w *response, r *http.Request, from netip.Addr) {
	const most = MaxCollectCards*(wire.NoteLength+maxCard) + wire.NoteLength + maxCollect
	body, ok := h.hear(w, r, from, MediaCollect, most)
	if !ok {
		return
	}
	data, err := io.ReadAll(body)
	h.heard(r, body)
	var all []byte
	if err == nil {
		all, err = h.serveCollect(r.Context(), data)
	}
	h.answerDepositor(w, r, from, body, MediaCollection, all, err)
}

func (h *handler) serveCollect(ctx context.Context, data []byte) ([]byte, error) {
	notes, err := wire.SplitNotes(data, MaxCollectCards+1, maxCard)
	if err != nil {
		return nil, heed.Refuse(heed.Malformed, "%v", err)
	}
	last := len(notes) - 1
	if last < 1 {
		return nil, heed.Refuse(heed.Malformed, "%d notes, where 1 to %d cards and a collect are expected", len(notes), MaxCollectCards)
	}
	held, err := h.depositary.ServeCollect(ctx, notes[:last], notes[last])
	if err != nil {
		return nil, err
	}
	return joinCollected(held), nil
}

// answerDepositor answers with what the depositary gave, or says why not.
func (h *handler) answerDepositor(w *response, r *http.Request, from netip.Addr, body *requestBody, media string, out []byte, err error) {
	var refused *heed.Refused
	switch {
	case err == nil:
		h.sent(r, write(w, http.StatusOK, media, out))
	case body.err != nil:
		h.broken(w, r, body.err)
	case errors.As(err, &refused) && refused.Code != "":
		// Whoever is refused here is nobody's peer: all of it is counted.
		h.strangers.charge(from, h.Now())
		h.problem(w, r, problem{Status: statusOf(refused.Code), Code: string(refused.Code), Detail: refused.Detail, Hint: refused.Hint})
	default:
		h.fail(w, r, fmt.Errorf("serving %s: %w", r.URL.Path, err))
	}
}

// readNote takes a note of 1 to limit bytes, after its length, from a stream.
func readNote(in io.Reader, limit int64) ([]byte, error) {
	var length [wire.NoteLength]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return nil, err
	}
	size := int64(binary.BigEndian.Uint32(length[:]))
	if size == 0 || size > limit {
		return nil, fmt.Errorf("%w: a note of %d bytes, and 1 to %d are read", wire.ErrMalformed, size, limit)
	}
	note := make([]byte, size)
	_, err := io.ReadFull(in, note)
	return note, err
}

// joinCollected writes a collection.
func joinCollected(held []exchange.Collected) []byte {
	out := []byte{}
	for _, c := range held {
		out = binary.BigEndian.AppendUint64(out, uint64(c.Seq))
		for _, part := range [][]byte{c.Deposit, c.Envelope} {
			out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
			out = append(out, part...)
		}
	}
	return out
}

// splitCollected takes a collection apart: sequence numbers that rise, of
// envelopes that are whole. They are parts of data.
func splitCollected(data []byte) ([]exchange.Collected, error) {
	var all []exchange.Collected
	var before uint64
	for len(data) > 0 {
		if len(all) == maxCollected {
			return nil, fmt.Errorf("more than %d envelopes", maxCollected)
		}
		if len(data) < seqBytes {
			return nil, fmt.Errorf("envelope %d: cut short before its number", len(all)+1)
		}
		seq := binary.BigEndian.Uint64(data)
		if seq <= before || seq > math.MaxInt64 {
			return nil, fmt.Errorf("envelope %d: its number %d does not rise", len(all)+1, seq)
		}
		before = seq
		deposit, rest, err := wire.CutNote(data[seqBytes:], maxDepositNote)
		if err != nil {
			return nil, fmt.Errorf("deposit of envelope %d: %w", len(all)+1, err)
		}
		envelope, rest, err := wire.CutNote(rest, heed.LargestEnvelope+wire.NoteLength+wire.MaxHeader)
		if err != nil {
			return nil, fmt.Errorf("envelope %d: %w", len(all)+1, err)
		}
		all, data = append(all, exchange.Collected{Seq: int64(seq), Deposit: deposit, Envelope: envelope}), rest
	}
	return all, nil
}

// Deposit hands one envelope to a depositary, with the cards of its sender and
// its recipient, and returns the deposit: a signed note that has not been
// verified. An error that matches *heed.Refused is what the depositary says,
// unsigned.
func (c *Client) Deposit(ctx context.Context, at heed.Depositary, sender, recipient, envelope []byte) ([]byte, error) {
	body := append(wire.JoinNotes([][]byte{sender, recipient}), envelope...)
	var note []byte
	err := c.call(ctx, cardOf(at), request{method: http.MethodPost, path: DepositsPath, media: MediaDeposits, body: body}, func(a *answer) (err error) {
		if a.Status() != http.StatusOK || !hasMedia(a.Header, MediaDeposit) {
			return refusedBy(a.rejected())
		}
		note, err = a.read(maxDepositNote)
		return err
	})
	return note, err
}

// Collect asks a depositary for what it holds for us. The deposits and the
// envelopes have not been verified. Errors as Deposit.
func (c *Client) Collect(ctx context.Context, at heed.Depositary, cards [][]byte, collect []byte) ([]exchange.Collected, error) {
	body := wire.JoinNotes(append(cards[:len(cards):len(cards)], collect))
	var held []exchange.Collected
	err := c.call(ctx, cardOf(at), request{method: http.MethodPost, path: CollectPath, media: MediaCollect, body: body}, func(a *answer) error {
		if a.Status() != http.StatusOK || !hasMedia(a.Header, MediaCollection) {
			return refusedBy(a.rejected())
		}
		if a.ContentLength == 0 {
			return nil // nothing is held
		}
		data, err := a.read(c.opts.MaxAnswer)
		if err != nil {
			return err
		}
		if held, err = splitCollected(data); err != nil {
			return a.bad(err.Error())
		}
		return nil
	})
	return held, err
}

// cardOf is as much of a depositary's card as a call needs.
func cardOf(d heed.Depositary) heed.Card {
	return heed.Card{Party: d.Party, Endpoint: d.Endpoint, Pin: d.Pin}
}

// refusedBy makes a problem that will not pass by itself one that a program
// can tell from a lost connection.
func refusedBy(err error) error {
	var rejected *Rejected
	if !errors.As(err, &rejected) || rejected.Passing() || rejected.Code == "" || rejected.Code == CodeBadAnswer || rejected.Code == string(heed.CatchingUp) {
		return err
	}
	return errors.Join(err, &heed.Refused{Code: heed.RefusalCode(rejected.Code), Detail: rejected.Detail, Hint: rejected.Hint})
}
