package store

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"heed"
	"heed/exchange"
)

// channelState is a channel and how far it has come.
type channelState struct {
	key     int64
	highest uint64
}

// channel finds a channel; ErrNotFound where nothing went over it.
func (v *view) channel(c exchange.Channel) (channelState, error) {
	if v.ended {
		return channelState{}, ErrEnded
	}
	if v.write != nil {
		if held, ok := v.write.channels[c]; ok {
			return held, nil
		}
	}
	numbers := `outgoing`
	if !c.Outward {
		numbers = `consumed`
	}
	held, err := find(v, func(r *row) channelState {
		return channelState{key: r.int(), highest: max(uint64(r.int()), uint64(r.int()))}
	}, `SELECT key, raised, (SELECT MAX(number) FROM `+numbers+` WHERE channel = channel.key)
		FROM channel WHERE peer = $1 AND outward = $2 AND our_card = $3 AND their_card = $4`,
		string(c.Peer), c.Outward, int64(c.OurCard), int64(c.TheirCard))
	if err == nil && v.write != nil {
		v.write.channels[c] = held
	}
	return held, err
}

// advance is the channel once number was used on it; it is made where there is
// none. Whoever calls it writes a row from which the number can be read again.
func (t *tx) advance(c exchange.Channel, number uint64) (channelState, error) {
	if number > math.MaxInt64 {
		return channelState{}, fmt.Errorf("store: number %d of a channel with %s is out of bounds", number, c.Peer)
	}
	w := t.write
	before, err := t.channel(c)
	if errors.Is(err, exchange.ErrNotFound) {
		next := channelState{key: w.nextChannel, highest: number}
		err := t.run(`INSERT INTO channel (key, peer, our_card, their_card, outward, raised) VALUES ($1, $2, $3, $4, $5, 0)`,
			next.key, string(c.Peer), int64(c.OurCard), int64(c.TheirCard), c.Outward)
		if err != nil {
			return channelState{}, err
		}
		w.nextChannel++
		w.channels[c] = next
		w.undone(func() {
			w.nextChannel--
			delete(w.channels, c)
		})
		return next, nil
	}
	if err != nil {
		return channelState{}, err
	}
	after := channelState{key: before.key, highest: max(before.highest, number)}
	w.channels[c] = after
	w.undone(func() { w.channels[c] = before })
	return after, nil
}

// Highest implements exchange.ChannelView.
func (v *view) Highest(c exchange.Channel) (uint64, error) {
	held, err := v.channel(c)
	if errors.Is(err, exchange.ErrNotFound) {
		return 0, nil
	}
	return held.highest, err
}

// Raise implements exchange.ChannelTx. A channel that is further on stays there.
func (t *tx) Raise(c exchange.Channel, number uint64) error {
	highest, err := t.Highest(c)
	if err != nil || number <= highest {
		return err
	}
	held, err := t.advance(c, number)
	if err != nil {
		return err
	}
	return t.run(`UPDATE channel SET raised = $1 WHERE key = $2`, int64(number), held.key)
}

const outgoingColumns = `channel.peer, channel.our_card, channel.their_card, outgoing.number, outgoing.statement, outgoing.case_id,
	outgoing.queued, outgoing.attempts, outgoing.next_at, outgoing.trouble, outgoing.refusal`

func readOutgoing(r *row) exchange.Outgoing {
	return exchange.Outgoing{
		Channel: exchange.Channel{Peer: heed.PartyID(r.text()), OurCard: uint64(r.int()), TheirCard: uint64(r.int()), Outward: true},
		Number:  uint64(r.int()), Statement: heed.StatementID(r.digest()), Case: heed.CaseID(r.digest()),
		Queued: r.time(), Attempts: int(r.int()), NextAt: r.time(), Trouble: r.text(), Refusal: r.bytes(),
	}
}

// Enqueue implements exchange.ChannelTx. A statement that waits already keeps
// its trouble and its refusal too, and the time at which it was first queued.
func (t *tx) Enqueue(c exchange.Channel, caseID heed.CaseID, s heed.StatementID, now, at time.Time) (exchange.Outgoing, error) {
	if !c.Outward {
		return exchange.Outgoing{}, fmt.Errorf("store: enqueue on the inward channel from %s", c.Peer)
	}
	highest, err := t.Highest(c)
	if err != nil {
		return exchange.Outgoing{}, err
	}
	held, err := t.advance(c, highest+1)
	if err != nil {
		return exchange.Outgoing{}, err
	}
	out := exchange.Outgoing{Channel: c, Number: held.highest, Statement: s, Case: caseID, Queued: fromMillis(millis(now)), NextAt: fromMillis(millis(at))}
	if n, err := t.insertOutgoing(held.key, out); err != nil || n == 1 {
		return out, err
	}
	earlier, err := t.Queued(s)
	if err != nil {
		return exchange.Outgoing{}, err
	}
	if err := t.Unqueue(s); err != nil {
		return exchange.Outgoing{}, err
	}
	out.Queued, out.Attempts, out.Trouble, out.Refusal = earlier.Queued, earlier.Attempts, earlier.Trouble, earlier.Refusal
	_, err = t.insertOutgoing(held.key, out)
	return out, err
}

func (t *tx) insertOutgoing(channel int64, o exchange.Outgoing) (int64, error) {
	return t.exec(`INSERT INTO outgoing (channel, number, statement, case_id, waiting, queued, attempts, next_at, trouble, refusal)
		VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		channel, int64(o.Number), o.Statement[:], o.Case[:], o.Queued, o.Attempts, o.NextAt, o.Trouble, bytesOrNull(o.Refusal))
}

// Pending implements exchange.ChannelView. Channels under older cards come first.
func (v *view) Pending(peer heed.PartyID, now time.Time, limit int) ([]exchange.Outgoing, error) {
	return list(v, readOutgoing, `SELECT `+outgoingColumns+` FROM channel JOIN outgoing ON outgoing.channel = channel.key
		WHERE channel.peer = $1 AND channel.outward = 1 AND outgoing.waiting = 1 AND outgoing.next_at <= $2
		ORDER BY channel.our_card, channel.their_card, outgoing.number LIMIT $3`, string(peer), now, atLeastNone(limit))
}

// PeersPending implements exchange.ChannelView. One look at what waits, however
// many peers there are.
func (v *view) PeersPending(now time.Time) ([]heed.PartyID, error) {
	return list(v, func(r *row) heed.PartyID { return heed.PartyID(r.text()) }, `SELECT DISTINCT channel.peer FROM outgoing CROSS JOIN channel ON channel.key = outgoing.channel
		WHERE outgoing.waiting = 1 AND outgoing.next_at <= $1 AND channel.outward = 1 ORDER BY channel.peer`, now)
}

// Outbox implements exchange.ChannelView: by peer, then in the order of Pending.
func (v *view) Outbox(limit int) ([]exchange.Outgoing, error) {
	return list(v, readOutgoing, `SELECT `+outgoingColumns+` FROM channel JOIN outgoing ON outgoing.channel = channel.key
		WHERE channel.outward = 1 AND outgoing.waiting = 1
		ORDER BY channel.peer, channel.our_card, channel.their_card, outgoing.number LIMIT $1`, atLeastNone(limit))
}

// Queued implements exchange.ChannelView.
func (v *view) Queued(s heed.StatementID) (exchange.Outgoing, error) {
	return find(v, readOutgoing, `SELECT `+outgoingColumns+` FROM outgoing JOIN channel ON channel.key = outgoing.channel
		WHERE outgoing.statement = $1 AND outgoing.waiting = 1`, s[:])
}

// Tried implements exchange.ChannelTx. What no longer waits is left alone: its
// receipt came by another way. A nil refusal leaves the latest one standing.
func (t *tx) Tried(s heed.StatementID, next time.Time, trouble string, refusal []byte) error {
	return t.run(`UPDATE outgoing SET attempts = attempts + 1, next_at = $1, trouble = $2, refusal = COALESCE($3, refusal)
		WHERE statement = $4 AND waiting = 1`, next, trouble, bytesOrNull(refusal), s[:])
}

// Unqueue implements exchange.ChannelTx. What does not wait is left alone.
func (t *tx) Unqueue(s heed.StatementID) error {
	return t.run(`UPDATE outgoing SET waiting = 0 WHERE statement = $1 AND waiting = 1`, s[:])
}

// Sent implements exchange.ChannelView.
func (v *view) Sent(c exchange.Channel, number uint64) (heed.StatementID, error) {
	held, err := v.channel(c)
	if err != nil {
		return heed.StatementID{}, err
	}
	if number > math.MaxInt64 {
		return heed.StatementID{}, exchange.ErrNotFound
	}
	return find(v, func(r *row) heed.StatementID { return heed.StatementID(r.digest()) },
		`SELECT statement FROM outgoing WHERE channel = $1 AND number = $2`, held.key, int64(number))
}

// Consumed implements exchange.ChannelView.
func (v *view) Consumed(c exchange.Channel, number uint64) (exchange.Consumed, error) {
	held, err := v.channel(c)
	if err != nil {
		return exchange.Consumed{}, err
	}
	if number > math.MaxInt64 {
		return exchange.Consumed{}, exchange.ErrNotFound
	}
	return find(v, func(r *row) exchange.Consumed {
		return exchange.Consumed{Channel: c, Number: number, Envelope: r.digest(), Statement: heed.StatementID(r.digest()), Answer: r.bytes()}
	}, `SELECT envelope, statement, answer FROM consumed WHERE channel = $1 AND number = $2`, held.key, int64(number))
}

// Consume implements exchange.ChannelTx. The same again changes nothing; another
// answer for a number that was answered for is an error.
func (t *tx) Consume(c exchange.Consumed) error {
	if c.Channel.Outward || c.Number == 0 {
		return fmt.Errorf("store: consume number %d of a channel with %s, outward %t", c.Number, c.Channel.Peer, c.Channel.Outward)
	}
	held, err := t.channel(c.Channel)
	if err != nil && !errors.Is(err, exchange.ErrNotFound) {
		return err
	}
	if c.Number > held.highest {
		before := held.highest
		if held, err = t.advance(c.Channel, c.Number); err != nil {
			return err
		}
		if before+1 < c.Number {
			if err := t.putGap(held.key, before+1, c.Number-1); err != nil {
				return err
			}
		}
	} else {
		earlier, err := t.Consumed(c.Channel, c.Number)
		if err == nil {
			if earlier.Envelope == c.Envelope && earlier.Statement == c.Statement && bytes.Equal(earlier.Answer, c.Answer) {
				return nil
			}
			return fmt.Errorf("store: number %d of %s was answered for already", c.Number, c.Channel.Peer)
		}
		if !errors.Is(err, exchange.ErrNotFound) {
			return err
		}
		if err := t.fillGap(held.key, c.Number); err != nil {
			return err
		}
	}
	return t.run(`INSERT INTO consumed (channel, number, envelope, statement, answer) VALUES ($1, $2, $3, $4, $5)`,
		held.key, int64(c.Number), c.Envelope[:], orNull(c.Statement), whole(c.Answer))
}

func (t *tx) putGap(channel int64, first, last uint64) error {
	return t.run(`INSERT INTO gap (channel, first, last) VALUES ($1, $2, $3)`, channel, int64(first), int64(last))
}

// fillGap takes one number out of the gap that it lies in.
func (t *tx) fillGap(channel int64, number uint64) error {
	var first, last uint64
	err := t.one(`SELECT first, last FROM gap WHERE channel = $1 AND first <= $2 ORDER BY first DESC LIMIT 1`, func(r *row) error {
		first, last = uint64(r.int()), uint64(r.int())
		return nil
	}, channel, int64(number))
	if err == nil && number > last {
		err = exchange.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: number %d is neither consumed nor missing: %w", number, err)
	}
	if err := t.run(`DELETE FROM gap WHERE channel = $1 AND first = $2`, channel, int64(first)); err != nil {
		return err
	}
	if first < number {
		if err := t.putGap(channel, first, number-1); err != nil {
			return err
		}
	}
	if number < last {
		return t.putGap(channel, number+1, last)
	}
	return nil
}

// Missing implements exchange.ChannelView.
func (v *view) Missing(c exchange.Channel, limit int) ([]uint64, error) {
	held, err := v.channel(c)
	if errors.Is(err, exchange.ErrNotFound) || limit <= 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var missing []uint64
	err = v.query(`SELECT first, last FROM gap WHERE channel = $1 ORDER BY first LIMIT $2`, func(r *row) error {
		first, last := uint64(r.int()), uint64(r.int())
		for n := first; n <= last && len(missing) < limit; n++ {
			missing = append(missing, n)
		}
		return nil
	}, held.key, limit)
	return missing, err
}
