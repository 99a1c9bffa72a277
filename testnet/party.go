package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/store"
	"heed/wire"
)

// Party is one organisation with its node.
type Party struct {
	ID      heed.PartyID
	Keys    *Keys
	Notices *Notices
	Mails   *Mails
	// Recovery is the key that is kept offline; the zero value where the net has none.
	Recovery seal.SigningKey
	// Path is where the database is.
	Path string

	// Exchange is the node; Store what it keeps.
	*exchange.Exchange
	Store *store.Store
	// Depositary is set where the party is one.
	Depositary *exchange.Depositary

	net    *Net
	bounds exchange.DepositBounds
	age    int // how often the home was opened
	ahead  atomic.Int64
	up     atomic.Bool
	node   atomic.Pointer[exchange.Exchange]
	cancel context.CancelFunc
	done   chan struct{}
	closed bool
}

func (p *Party) exchange() *exchange.Exchange { return p.node.Load() }

// blank is an empty database of the present schema. Homes begin with a copy: to
// bring each to that schema would take most of the time of founding a party.
var blank = sync.OnceValues(func() (data []byte, err error) {
	home, err := os.MkdirTemp("", "heed-blank-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	path := filepath.Join(home, "heed.db")
	db, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// found makes a home with keys and a first card.
func (n *Net) found(id heed.PartyID, place int) (*Party, error) {
	home, err := os.MkdirTemp("", "heed-"+string(id)+"-")
	if err != nil {
		return nil, err
	}
	n.T.Cleanup(func() {
		if err := os.RemoveAll(home); err != nil {
			n.T.Errorf("%v", err)
		}
	})
	p := &Party{ID: id, net: n, Notices: &Notices{}, Mails: &Mails{}, Path: filepath.Join(home, "heed.db")}
	random := newBytesOf(n.options.Seed, id, 0)
	if p.Keys, err = newKeys(id, random); err != nil {
		return nil, err
	}
	card := heed.Card{
		Party: id, Serial: 1, Issued: heed.Instant(time.Now()),
		NodeKey: p.Keys.nodes[0].Verifier().String(), SealingKey: p.Keys.sealing[0].Recipient().String(), LedgerKey: p.Keys.ledgers[0].Verifier().String(),
		Endpoint: fmt.Sprintf("https://127.0.0.1:%d", 7001+place), Baseline: n.options.Baseline,
	}
	if n.options.Recovery {
		if p.Recovery, err = seal.NewSigningKey(random, wire.RecoveryKeyName(id)); err != nil {
			return nil, err
		}
		card.RecoveryKey = p.Recovery.Verifier().String()
	}
	card, note, err := wire.SignCard(card, p.Keys.nodes[0])
	if err != nil {
		return nil, err
	}
	empty, err := blank()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.Path, empty, 0o600); err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	n.T.Cleanup(func() {
		p.Stop()
		p.close(n.T)
	})
	if err := p.Found(n.T.Context(), card, note); err != nil {
		return nil, err
	}
	for _, officer := range []heed.OfficerID{Anna, Boris} {
		if _, err := p.AddOfficer(n.T.Context(), "", officer, heed.Roles()); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// open opens the home and builds the node on it.
func (p *Party) open() error {
	db, err := store.Open(context.Background(), p.Path, store.Options{})
	if err != nil {
		return err
	}
	p.age++
	p.Store, p.closed = db, false
	var kept exchange.Store = db
	if p.net.options.Wrap != nil {
		kept = p.net.options.Wrap(p.ID, db)
	}
	p.Exchange = exchange.New(exchange.Parts{
		Party: p.ID, Store: kept, Keys: p.Keys, Courier: courier{p.net.Network, p.ID}, Notifier: p.Notices, Mailer: p.Mails,
		Cosigner: cosigner{p.net.Network, p.ID}, Now: p.now, Random: newBytesOf(p.net.options.Seed, p.ID, p.age), Log: logger(p.net.options.Log, p.ID),
	})
	if p.Depositary != nil {
		p.Depositary = exchange.NewDepositary(p.Exchange, p.bounds)
	}
	p.node.Store(p.Exchange)
	p.net.Network.mu.Lock()
	p.net.Network.nodes[p.ID] = p
	p.net.Network.mu.Unlock()
	p.up.Store(true)
	return nil
}

func (p *Party) close(t TB) {
	p.up.Store(false)
	p.net.Network.late.Wait()
	if p.closed {
		return
	}
	p.closed = true
	if err := p.Store.Close(); err != nil {
		t.Errorf("%s closes its home: %v", p.ID, err)
	}
}

func (p *Party) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }

// StepClock sets the party's clock that much further ahead of the others', or back.
func (p *Party) StepClock(by time.Duration) { p.ahead.Add(int64(by)) }

// Start looks back at what the peers hold, as a node does before it signs
// anything, and runs.
func (p *Party) Start() {
	p.net.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	if err := p.LookBack(ctx); err != nil {
		p.net.T.Errorf("%s looks back: %v", p.ID, err)
	}
	me, err := p.Self(ctx)
	if err != nil {
		p.net.T.Errorf("%s: %v", p.ID, err)
	}
	p.cancel, p.done = cancel, make(chan struct{})
	x := p.Exchange
	go func(done chan struct{}) {
		defer close(done)
		x.Run(ctx, exchange.PaceFor(me.Card))
	}(p.done)
}

// Stop ends Run; the home stays open and can be called.
func (p *Party) Stop() {
	if p.cancel != nil {
		p.cancel()
		<-p.done
		p.cancel = nil
	}
}

// Shut stops the node and closes its home: it cannot be reached.
func (p *Party) Shut() {
	p.Stop()
	p.close(p.net.T)
}

// Reopen opens a home that was shut. It does not run yet.
func (p *Party) Reopen() {
	p.net.T.Helper()
	if err := p.open(); err != nil {
		p.net.T.Fatalf("%s opens its home again: %v", p.ID, err)
	}
}

// Backup copies the home's database, consistently, to a file beside it, and
// returns its path.
func (p *Party) Backup() string {
	p.net.T.Helper()
	path := fmt.Sprintf("%s.backup-%d", p.Path, p.age)
	if err := p.Store.Backup(context.Background(), path); err != nil {
		p.net.T.Fatalf("%s makes a backup: %v", p.ID, err)
	}
	return path
}

// Restore shuts the node and puts its database back to a backup. Where it is
// marked the node knows that it was restored, as after `heed restore`; else it
// is as if somebody had copied the disk. It does not run yet.
func (p *Party) Restore(backup string, marked bool) {
	p.net.T.Helper()
	p.Shut()
	data, err := os.ReadFile(backup)
	if err == nil {
		err = os.WriteFile(p.Path, data, 0o600)
	}
	if err != nil {
		p.net.T.Fatalf("%s is restored: %v", p.ID, err)
	}
	p.Reopen()
	if !marked {
		return
	}
	err = p.Store.Write(context.Background(), func(tx exchange.Tx) error {
		me, err := tx.Self()
		if err != nil {
			return err
		}
		me.Restored = true
		return tx.PutSelf(me)
	})
	if err != nil {
		p.net.T.Fatalf("%s is marked as restored: %v", p.ID, err)
	}
}

// NextCard makes the next card, with fresh keys, and has the node renew. It is
// signed by the recovery key too, where the party has one and recovery is true.
func (p *Party) NextCard(recovery bool, change func(*heed.Card)) {
	p.net.T.Helper()
	if err := p.Keys.Rotate(); err != nil {
		p.net.T.Fatalf("%s rotates its keys: %v", p.ID, err)
	}
	card := p.Card()
	card.Previous, card.Serial, card.Issued = card.ID, card.Serial+1, heed.Instant(p.now())
	card.NodeKey, card.SealingKey = p.Keys.nodes[0].Verifier().String(), p.Keys.sealing[0].Recipient().String()
	if change != nil {
		change(&card)
	}
	keys := []seal.SigningKey{p.Keys.nodes[0]}
	if recovery {
		keys = append(keys, p.Recovery)
	}
	card, note, err := wire.SignCard(card, keys...)
	if err == nil {
		err = p.Renew(context.Background(), card, note, false)
	}
	if err != nil {
		p.net.T.Fatalf("%s renews its card: %v", p.ID, err)
	}
}

// CardNote is the party's present card.
func (p *Party) CardNote() []byte {
	note, err := p.Exchange.CardNote(context.Background())
	if err != nil {
		p.net.T.Fatalf("card of %s: %v", p.ID, err)
	}
	return note
}

// Card is the party's present card, read.
func (p *Party) Card() heed.Card {
	card, err := wire.ParseCard(p.CardNote())
	if err != nil {
		p.net.T.Fatalf("card of %s: %v", p.ID, err)
	}
	return card
}

// Warn has Anna warn others, and returns the cases in their order.
func (p *Party) Warn(headline string, to ...*Party) []heed.CaseID {
	p.net.T.Helper()
	var ids []heed.PartyID
	for _, other := range to {
		ids = append(ids, other.ID)
	}
	warned, err := p.Exchange.Warn(context.Background(), exchange.WarnOrder{Officer: Anna, To: ids, Warning: Warning(headline)})
	if err != nil {
		p.net.T.Fatalf("%s warns: %v", p.ID, err)
	}
	return warned.Cases
}

// Case is the case as the party has it.
func (p *Party) Case(id heed.CaseID) heed.Case {
	p.net.T.Helper()
	file, err := p.Look(context.Background(), id)
	if err != nil {
		p.net.T.Fatalf("%s looks at case %s: %v", p.ID, id, err)
	}
	return file.Case
}

// Keys is a key ring in memory.
type Keys struct {
	party   heed.PartyID
	random  *bytesOf
	mu      sync.Mutex
	nodes   []seal.SigningKey // newest first
	ledgers []seal.SigningKey // newest first
	sealing []seal.SealingKey
	officer map[heed.OfficerID]seal.SigningKey
}

var _ exchange.Keys = (*Keys)(nil)

func newKeys(party heed.PartyID, random *bytesOf) (*Keys, error) {
	k := &Keys{party: party, random: random, officer: map[heed.OfficerID]seal.SigningKey{}}
	node, err := seal.NewSigningKey(random, wire.NodeKeyName(party))
	if err != nil {
		return nil, err
	}
	k.nodes = []seal.SigningKey{node}
	if err := k.RotateLedger(); err != nil {
		return nil, err
	}
	sealing, err := seal.NewSealingKey()
	k.sealing = []seal.SealingKey{sealing}
	return k, err
}

// Node implements exchange.Keys.
func (k *Keys) Node(vkey string) (seal.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range k.nodes {
		if key.Verifier().String() == vkey {
			return key, nil
		}
	}
	return seal.SigningKey{}, fmt.Errorf("testnet: %s has no node key %s", k.party, vkey)
}

// Ledger implements exchange.Keys.
func (k *Keys) Ledger(vkey string) (seal.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range k.ledgers {
		if key.Verifier().String() == vkey {
			return key, nil
		}
	}
	return seal.SigningKey{}, fmt.Errorf("testnet: %s has no ledger key %s", k.party, vkey)
}

// RotateLedger gives the ring a ledger key for the next card.
func (k *Keys) RotateLedger() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, err := seal.NewSigningKey(k.random, ledger.Origin(string(k.party), len(k.ledgers)+1))
	if err == nil {
		k.ledgers = append([]seal.SigningKey{key}, k.ledgers...)
	}
	return err
}

// Sealing implements exchange.Keys.
func (k *Keys) Sealing() []seal.SealingKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sealing
}

// Officer implements exchange.Keys.
func (k *Keys) Officer(id heed.OfficerID) (seal.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.officer[id]
	if !ok {
		return key, fmt.Errorf("testnet: %s has no key of officer %s", k.party, id)
	}
	return key, nil
}

// AddOfficer implements exchange.Keys.
func (k *Keys) AddOfficer(id heed.OfficerID) (seal.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.officer[id]; ok {
		return key, nil
	}
	key, err := seal.NewSigningKey(k.random, wire.OfficerKeyName(k.party, id))
	if err == nil {
		k.officer[id] = key
	}
	return key, err
}

// Rotate gives the ring a new node key and a new sealing key for the next card;
// the old ones still sign and open what was begun under the cards before.
func (k *Keys) Rotate() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	node, err := seal.NewSigningKey(k.random, wire.NodeKeyName(k.party))
	if err != nil {
		return err
	}
	sealing, err := seal.NewSealingKey()
	if err != nil {
		return err
	}
	k.nodes, k.sealing = append([]seal.SigningKey{node}, k.nodes...), append([]seal.SealingKey{sealing}, k.sealing...)
	return nil
}

// Told is a notice that was delivered, and when.
type Told struct {
	exchange.Notice
	At time.Time
}

// Notices is a Notifier that remembers.
type Notices struct {
	mu   sync.Mutex
	told []Told
	fail error
}

var _ exchange.Notifier = (*Notices)(nil)

// Notify implements exchange.Notifier.
func (n *Notices) Notify(_ context.Context, notice exchange.Notice, now time.Time) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != nil {
		return "", n.fail
	}
	n.told = append(n.told, Told{notice, now})
	return "pager", nil
}

// Of lists the notices that a case has some news.
func (n *Notices) Of(id heed.CaseID, news exchange.News) []Told {
	return slices.DeleteFunc(n.All(), func(told Told) bool { return told.Case != id || told.News != news })
}

// Fail makes every further notice fail with err; nil: no more.
func (n *Notices) Fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fail = err
}

// All lists what was told, in the order of telling.
func (n *Notices) All() []Told {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Told(nil), n.told...)
}

// About lists what was told about one duty, in the order of telling.
func (n *Notices) About(id heed.CaseID, kind heed.DutyKind, from heed.StatementID) []Told {
	var out []Told
	for _, t := range n.All() {
		if t.Case == id && t.Duty == kind && t.From == from {
			out = append(out, t)
		}
	}
	return out
}
