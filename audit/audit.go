// Package audit looks through another party's whole ledger, holds it against
// what others have seen of it, and makes of every inconsistency that it finds a
// proof that anybody can verify without it (package evidence).
package audit

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/evidence"
	"heed/ledger"
	"heed/seal"
)

// MaxLeaves bounds the ledgers that are audited. All leaves and the whole map
// are held in memory until the audit ends: some 700 bytes a leaf, 3 GB for the
// largest. Where a broken rule is to be proven, it takes as much again.
const MaxLeaves = 1 << 22

// ErrTooLarge: the ledger has more than MaxLeaves.
var ErrTooLarge = errors.New("the ledger is too large to be audited")

// An Order says what is audited.
type Order struct {
	Card     heed.Card
	CardNote []byte // Card as it was signed: it goes into every proof
	// Fetch reads the ledger. It is called concurrently.
	Fetch ledger.Fetch
	Views []View
	// Progress is told how many leaves have been replayed; it may be nil.
	Progress func(done, total int64)
}

// A View is a head of the audited ledger that somebody else holds. Take it
// before the audit begins: a head that the ledger published in between is no
// sign of anything.
type View struct {
	From       string // who holds it, for people
	Checkpoint []byte
	Fetch      ledger.Fetch // the copy behind it; nil where only the head is held
}

// A Report is what an audit found.
type Report struct {
	Party      heed.PartyID `json:"party"`
	Origin     string       `json:"origin"`
	Leaves     int64        `json:"leaves"` // that the head has
	Roots      int64        `json:"mapRoots"`
	Ended      bool         `json:"ended"`    // the ledger has an end leaf: another one follows it
	Compared   []string     `json:"compared"` // whose views
	Findings   []Finding    `json:"findings"`
	Checkpoint []byte       `json:"-"` // the head that was audited
}

// A Finding is one thing that is wrong.
//
// With a Lie it accuses the party, and Bundle is the evidence file that proves
// it by the party's own signatures; nil only where What says that the proof is
// larger than a file can be. Without a Lie it accuses nobody: what was not
// served, or was damaged on the way, or is older than what others have, is for
// people to ask about.
type Finding struct {
	What   string       `json:"what"`
	Lie    evidence.Lie `json:"lie,omitempty"`
	At     int64        `json:"at"` // as the lie has it; -1 for none
	Bundle []byte       `json:"-"`
}

// Run audits the ledger that the card names. What is wrong with the ledger
// stands in the report, whatever else is; an error says that there is none.
//
// Errors: ErrTooLarge; ledger.ErrOrigin and ledger.ErrSignature, and
// ledger.ErrCheckpoint, for a head of another ledger, not by the card's key, or
// no head at all, a view's too; those of Fetch, ledger.ErrNotFound before there
// is a head.
func Run(ctx context.Context, order Order) (Report, error) {
	a, err := begin(ctx, order)
	if err != nil {
		return Report{}, err
	}
	if err := a.read(ctx); err != nil {
		return Report{}, err
	}
	for _, v := range a.views {
		if err := a.compare(ctx, v); err != nil {
			return Report{}, err
		}
	}
	return a.report, nil
}

// auditor is an audit under way.
type auditor struct {
	order  Order
	own    copyOf
	views  []copyOf
	leaves [][]byte
	whole  bool        // all leaves are there, and lead to the head
	hashes []tlog.Hash // by stored hash index; nil until they are needed
	report Report
}

// copyOf is what somebody shows of the ledger. Nothing that is read of it is
// taken for the head's before it was checked against the head.
type copyOf struct {
	from   string
	note   []byte
	head   ledger.Checkpoint
	hashes tlog.HashReader // nil where only the head is held
	roots  map[int64]tlog.Hash
	leaf   func(ctx context.Context, index int64) ([]byte, error)
}

// begin reads all heads.
func begin(ctx context.Context, order Order) (*auditor, error) {
	if order.Progress == nil {
		order.Progress = func(int64, int64) {}
	}
	key, err := seal.ParseVerifyKey(order.Card.LedgerKey)
	if err != nil {
		return nil, err
	}
	if _, _, err := ledger.ParseOrigin(key.Name()); err != nil {
		return nil, err
	}
	a := &auditor{order: order}
	note, err := order.Fetch(ctx, ledger.CheckpointPath)
	if err != nil {
		return nil, err
	}
	if a.own, err = copyBehind(ctx, key, "the ledger itself", note, order.Fetch); err != nil {
		return nil, err
	}
	if a.own.head.Size > MaxLeaves {
		return nil, fmt.Errorf("%w: %d leaves, at most %d", ErrTooLarge, a.own.head.Size, MaxLeaves)
	}
	a.report = Report{
		Party: order.Card.Party, Origin: key.Name(), Leaves: a.own.head.Size, Checkpoint: note,
		Compared: []string{}, Findings: []Finding{},
	}
	for _, v := range order.Views {
		theirs, err := copyBehind(ctx, key, v.From, v.Checkpoint, v.Fetch)
		if err != nil {
			return nil, fmt.Errorf("what %s holds: %w", v.From, err)
		}
		a.views = append(a.views, theirs)
	}
	return a, nil
}

// copyBehind is what fetch shows of the ledger behind a signed head.
func copyBehind(ctx context.Context, key seal.VerifyKey, from string, note []byte, fetch ledger.Fetch) (copyOf, error) {
	head, err := ledger.ParseCheckpoint(note, key.Name(), key)
	if err != nil || fetch == nil {
		return copyOf{from: from, note: note, head: head}, err
	}
	return copyOf{
		from: from, note: note, head: head, hashes: ledger.Remote(ctx, fetch, head),
		leaf: func(ctx context.Context, index int64) ([]byte, error) {
			for page, err := range ledger.FetchLeaves(ctx, fetch, head.Size, index, index+1) {
				if err != nil {
					return nil, err
				}
				return page[0], nil
			}
			return nil, ledger.ErrRange
		},
	}, nil
}

// unproven adds what accuses nobody.
func (a *auditor) unproven(format string, args ...any) {
	a.report.Findings = append(a.report.Findings, Finding{What: fmt.Sprintf(format, args...), At: -1})
}
