// Package exchange is the flow: read file by file, it is a warning's life.
// Adapters that bring something in call its verbs; adapters that carry
// something out implement its ports. The rules are package heed's.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"heed"
	"heed/seal"
)

// Exchange is one party's node, without the machine around it.
type Exchange struct {
	*core
	signer OfficerSigner // nil: officers who hold their own keys cannot be asked
}

// core is what an exchange is to all its callers.
type core struct {
	party    heed.PartyID
	store    Store
	keys     Keys
	courier  Courier
	notifier Notifier
	mailer   Mailer
	cosigner Cosigner
	clock    func() time.Time
	random   io.Reader
	log      *slog.Logger

	changes    *Changes
	errands    *errands
	recipients *recipients
	contact    sync.Mutex // guards wanted
	wanted     map[heed.PartyID][]uint64
	recovery   sync.Mutex
	fallback   *fallback
	witnessed  *witnessed
	unmirrored *unmirrored
	lookout    *lookout
	vault      *vault
	ringing    *ringing
	signing    signing
	pulse      pulse
	verified   verified
	sealable   sealables
}

// Parts is what an exchange is built from. All of it must be given, but for
// Cosigner where no witness is ever added, and Mailer where no mail is sent to
// partners without heed.
type Parts struct {
	Party    heed.PartyID
	Store    Store
	Keys     Keys
	Courier  Courier
	Notifier Notifier
	Mailer   Mailer
	Cosigner Cosigner
	Now      func() time.Time
	Random   io.Reader
	Log      *slog.Logger
}

// New builds the exchange of a home that was initialised.
func New(p Parts) *Exchange {
	return &Exchange{core: &core{
		party: p.Party, store: p.Store, keys: p.Keys, courier: p.Courier, notifier: p.Notifier, mailer: p.Mailer, cosigner: p.Cosigner,
		clock: p.Now, random: p.Random, log: p.Log,
		changes: newChanges(), errands: newErrands(), recipients: &recipients{to: map[heed.PartyID]seal.Recipient{}}, wanted: map[heed.PartyID][]uint64{},
		fallback: newFallback(), witnessed: &witnessed{}, unmirrored: newUnmirrored(), lookout: newLookout(), vault: newVault(), ringing: newRinging(),
	}}
}

// Party is whose node this is.
func (x *Exchange) Party() heed.PartyID { return x.party }

// Now is the node's clock, cut to what signed text can say. Each verb reads it once.
func (x *Exchange) Now() time.Time { return heed.Instant(x.clock()) }

// Changes tells when something was committed.
func (x *Exchange) Changes() *Changes { return x.changes }

// ErrRestored is returned by every verb that would sign something while a
// restored node has not yet caught up with what its peers hold of it.
var ErrRestored = errors.New("this node was restored from a backup and is catching up with what its peers hold of it; it signs nothing until then")

// self reads the node's own standing for a verb that signs.
func self(v View) (Self, error) {
	me, err := v.Self()
	if err != nil {
		return me, err
	}
	if me.Restored {
		return me, &heed.Refused{Code: heed.CatchingUp, Detail: ErrRestored.Error(), Hint: "`heed peer list` shows which peers have answered; one that never will can be left out with `heed serve --proceed-without PARTY`"}
	}
	return me, nil
}

// knownPeer reads a peer that may be written to.
func knownPeer(v View, party heed.PartyID) (Peer, error) {
	peer, err := v.Peer(party)
	if errors.Is(err, ErrNotFound) || err == nil && peer.Removed {
		return peer, &heed.Invalid{What: fmt.Sprintf("%s is not a peer of this node", party), Hint: "get its card and `heed peer add` it; `heed peer list` shows those that are"}
	}
	return peer, err
}

// acting is an officer about to act: who, as what, with which key.
type acting struct {
	officer   heed.OfficerID
	role      heed.Role
	key       seal.SigningKey
	elsewhere bool // the officer holds the key: pens gets signatures by it
}

func (a acting) stamp() []heed.OfficerStamp { return []heed.OfficerStamp{{Role: a.role}} }

// act checks that the officer is on the roster and has a role that permits
// the action, and fetches the key. One that the officer holds does not sign:
// pens.act gives one that does.
func (x *Exchange) act(v View, id heed.OfficerID, action heed.Action) (acting, error) {
	return x.actAs(v, id, action, heed.Roles())
}

// actAs is act where only some roles will do.
func (x *Exchange) actAs(v View, id heed.OfficerID, action heed.Action, as []heed.Role) (acting, error) {
	officer, err := rosterEntry(v, id)
	if err != nil {
		return acting{}, err
	}
	role, err := officer.ActingAs(action, as)
	if err != nil {
		return acting{}, err
	}
	if verify, elsewhere, err := heldByOfficer(officer); err != nil || elsewhere {
		refused := &SignedElsewhere{Officer: id, Key: officer.Key}
		key := seal.HeldElsewhere(verify, func([]byte) ([]byte, error) { return nil, refused })
		return acting{officer: id, role: role, key: key, elsewhere: true}, err
	}
	key, err := x.keys.Officer(id)
	if err != nil {
		return acting{}, fmt.Errorf("key of officer %s: %w", id, err)
	}
	if err := officerKey(officer, key); err != nil {
		return acting{}, err
	}
	return acting{officer: id, role: role, key: key}, nil
}

func rosterEntry(v View, id heed.OfficerID) (heed.Officer, error) {
	if id == "" {
		return heed.Officer{}, &heed.Invalid{What: "this is a person's act, and no officer is named", Hint: "add --as OFFICER, or set HEED_OFFICER"}
	}
	officers, err := v.Officers()
	if err != nil {
		return heed.Officer{}, err
	}
	for _, o := range officers {
		if o.ID == id {
			return o, nil
		}
	}
	return heed.Officer{}, &heed.Invalid{What: fmt.Sprintf("there is no officer %q on the roster", id), Hint: "`heed officer list` shows them, `heed officer add NAME --role ROLE` adds one"}
}

// Changes wakes whoever waits for something to be committed. It carries no
// news: who is woken reads the store.
type Changes struct {
	mu   sync.Mutex
	next chan struct{}
}

func newChanges() *Changes { return &Changes{next: make(chan struct{})} }

// Next is closed at the next change. Take it before reading what is waited
// for, so that no change falls in between.
func (c *Changes) Next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

func (c *Changes) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.next)
	c.next = make(chan struct{})
}

// write commits a change and, only then, wakes who waits and sends what it
// has put into the outbox.
func (x *Exchange) write(ctx context.Context, f func(Tx) error) error {
	queued, watched, agreed := map[heed.PartyID]bool{}, map[heed.CaseID]bool{}, map[heed.AccordID]bool{}
	ending := false
	err := x.store.Write(ctx, func(tx Tx) error {
		noted := noting{tx, queued, watched, agreed, &ending}
		if err := f(noted); err != nil {
			return err
		}
		for id := range agreed {
			if err := x.rewatchUnder(noted, id, x.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.changes.tell()
	if len(watched) > 0 {
		x.lookout.wish(watched)
	}
	if len(agreed) > 0 || ending {
		x.errands.erase()
	}
	for party := range queued {
		x.errands.deliver(party)
	}
	return nil
}

// noting is a transaction that notes for whom something was queued, which cases
// may have others on watch, which accords may stand otherwise, and whether it was
// said when a watch ends.
type noting struct {
	Tx
	queued  map[heed.PartyID]bool
	watched map[heed.CaseID]bool
	agreed  map[heed.AccordID]bool
	ending  *bool
}

func (n noting) Keep(k Kept) error {
	switch k.Statement.Kind {
	case heed.KindWatchLapseNotice, heed.KindRecall, heed.KindRefusal:
		*n.ending = true
	}
	return n.Tx.Keep(k)
}

func (n noting) PutWatch(row WatchRow) error {
	n.watched[row.Case] = true
	return n.Tx.PutWatch(row)
}

func (n noting) ForgetWatch(id heed.CaseID) error {
	n.watched[id] = true
	return n.Tx.ForgetWatch(id)
}

func (n noting) EraseCase(id heed.CaseID, contents []heed.Digest, at time.Time) error {
	n.watched[id] = true
	return n.Tx.EraseCase(id, contents, at)
}

func (n noting) PutVersion(k KeptVersion) error {
	n.agreed[k.Accord.AccordID()] = true
	return n.Tx.PutVersion(k)
}

func (n noting) PutAct(k KeptAct) error {
	n.agreed[k.Act.Accord] = true
	return n.Tx.PutAct(k)
}

func (n noting) Enqueue(c Channel, id heed.CaseID, s heed.StatementID, now, at time.Time) (Outgoing, error) {
	n.queued[c.Peer] = true
	return n.Tx.Enqueue(c, id, s, now, at)
}
