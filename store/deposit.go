package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/exchange"
)

// Deposits implements exchange.DepositView.
func (v *view) Deposits(statement heed.StatementID) ([]exchange.Deposited, error) {
	return list(v, func(r *row) exchange.Deposited {
		return exchange.Deposited{Statement: statement, Depositary: heed.PartyID(r.text()), Header: r.bytes(), Note: r.bytes(), At: r.time()}
	}, `SELECT depositary, header, note, at FROM deposit WHERE statement = $1 ORDER BY at, seq`, statement[:])
}

// PutDeposit implements exchange.DepositTx.
func (t *tx) PutDeposit(d exchange.Deposited) error {
	digest := sha256.Sum256(d.Note)
	return t.run(`INSERT INTO deposit (statement, depositary, digest, header, note, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (statement, depositary, digest) DO NOTHING`,
		d.Statement[:], string(d.Depositary), digest[:], whole(d.Header), whole(d.Note), d.At)
}

// heldColumns leaves out the bytes, which may be large.
const heldColumns = `seq, recipient, sender, envelope, bytes, note, at, asked`

func readHeld(r *row) exchange.Held {
	return exchange.Held{Seq: r.int(), For: r.text(), Sender: r.text(), Envelope: r.digest(), Bytes: r.bytes(), Note: r.bytes(), At: r.time(), Asked: r.time()}
}

// HeldFor implements exchange.DepositView.
func (v *view) HeldFor(keys []string, after int64, limit int, size int64) ([]exchange.Held, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	// What to read is decided before anything large is: an envelope may have megabytes.
	condition, args := anyOf("recipient", keys)
	type sized struct{ seq, size int64 }
	waiting, err := list(v, func(r *row) sized { return sized{r.int(), r.int()} }, fmt.Sprintf(`SELECT seq, size FROM held
		WHERE %s AND waiting = 1 AND seq > $%d ORDER BY seq LIMIT $%d`, condition, len(args)+1, len(args)+2), append(args, after, max(limit, 1))...)
	if err != nil {
		return nil, err
	}
	var all []exchange.Held
	for _, next := range waiting {
		if size -= next.size; size < 0 && len(all) > 0 {
			break
		}
		h, err := find(v, readHeld, `SELECT `+heldColumns+` FROM held WHERE seq = $1`, next.seq)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}

// anyOf is the condition that column is one of some values, one at least, and
// its arguments. Their number is filled up to a power of two, so that few
// statements serve all.
func anyOf(column string, values []string) (condition string, args []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	places := make([]string, n)
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
		args = append(args, values[min(i, len(values)-1)])
	}
	return column + " IN (" + strings.Join(places, ", ") + ")", args
}

// HeldEnvelope implements exchange.DepositView.
func (v *view) HeldEnvelope(envelope heed.Digest) (exchange.Held, error) {
	return find(v, readHeld, `SELECT `+heldColumns+` FROM held WHERE envelope = $1`, envelope[:])
}

// Holding implements exchange.DepositView.
func (v *view) Holding(recipient, sender string) (count int, bytes int64, err error) {
	query, args := `SELECT COUNT(*), SUM(size) FROM held WHERE waiting = 1`, []any{}
	switch {
	case recipient != "" && sender != "":
		query, args = query+` AND recipient = $1 AND sender = $2`, append(args, recipient, sender)
	case recipient != "":
		query, args = query+` AND recipient = $1`, append(args, recipient)
	case sender != "":
		query, args = query+` AND sender = $1`, append(args, sender)
	}
	err = v.one(query, func(r *row) error {
		count, bytes = int(r.int()), r.int()
		return nil
	}, args...)
	return count, bytes, err
}

// HasDeposited implements exchange.DepositView.
func (v *view) HasDeposited(sender, recipient string) (bool, error) {
	return find(v, (*row).bool, `SELECT EXISTS (SELECT 1 FROM held WHERE sender = $1 AND recipient = $2)`, sender, recipient)
}

// LastHeld implements exchange.DepositView.
func (v *view) LastHeld() (int64, error) {
	return find(v, (*row).int, `SELECT COALESCE(MAX(seq), 0) FROM held`)
}

// CollectedUpTo implements exchange.DepositView.
func (v *view) CollectedUpTo(depositary string) (int64, error) {
	upTo, err := find(v, (*row).int, `SELECT up_to FROM collected WHERE depositary = $1`, depositary)
	if errors.Is(err, exchange.ErrNotFound) {
		return 0, nil
	}
	return upTo, err
}

// Hold implements exchange.DepositTx. The Seq and the Asked that h has are not looked at.
func (t *tx) Hold(h exchange.Held) (int64, error) {
	err := t.run(`INSERT INTO held (recipient, sender, envelope, waiting, size, at, asked, note, bytes) VALUES ($1, $2, $3, 1, $4, $5, 0, $6, $7)
		ON CONFLICT (envelope) DO NOTHING`,
		h.For, h.Sender, h.Envelope[:], len(h.Bytes), h.At, bytesOrNull(h.Note), whole(h.Bytes))
	if err != nil {
		return 0, err
	}
	return find(&t.view, (*row).int, `SELECT seq FROM held WHERE envelope = $1`, h.Envelope[:])
}

// GiveUp implements exchange.DepositTx. What was given up before keeps its time.
func (t *tx) GiveUp(keys []string, upTo int64, at time.Time) error {
	for _, key := range keys {
		err := t.run(`UPDATE held SET waiting = 0, bytes = NULL, asked = $1 WHERE recipient = $2 AND seq <= $3 AND waiting = 1`, at, key, upTo)
		if err != nil {
			return err
		}
	}
	return nil
}

// SetCollected implements exchange.DepositTx.
func (t *tx) SetCollected(depositary string, upTo int64) error {
	return t.run(`INSERT INTO collected (depositary, up_to) VALUES ($1, $2) ON CONFLICT (depositary) DO UPDATE SET up_to = excluded.up_to`,
		depositary, upTo)
}
