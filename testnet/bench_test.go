package testnet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/peer"
	"heed/seal"
	"heed/store"
	"heed/wire"
)

// What BenchmarkExchange carries: a document with a narrative, and an
// attachment that fills it up to this many bytes in all.
const contentsSize = 10_000

// BenchmarkExchange carries warnings from one node to another as two machines
// would: HTTPS on loopback with pinned certificates, the real verbs, SQLite
// with synchronous=FULL at both ends. A warning is in flight from the call of
// Warn until its receipt is verified, kept and committed at the sender.
//
// WithPeople also has the recipient run: it notifies its duty desk, and its
// signed notification of that goes back, is received and receipted; the time
// until the last of these is included in warnings/s.
func BenchmarkExchange(b *testing.B) {
	for _, c := range []struct {
		name     string
		inFlight int
		people   bool
	}{{"InFlight=1", 1, false}, {"InFlight=64", 64, false}, {"InFlight=64/WithPeople", 64, true}} {
		b.Run(c.name, func(b *testing.B) {
			p := newPair(b)
			p.run(b, p.north)
			if c.people {
				p.run(b, p.south)
			}
			order := exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{"south.example"}, Warning: Warning("Possible attack on a concert")}
			order.Attachments = []exchange.Attachment{{Name: "report.bin", MediaType: "application/octet-stream", Data: filler(b, order.Warning)}}
			took := make([]time.Duration, b.N)
			used := cpuTime(b)
			b.ReportAllocs()
			b.ResetTimer()
			together(b, c.inFlight, b.N, func(i int) error {
				begun := time.Now()
				warned, err := p.north.Warn(b.Context(), order)
				if err != nil {
					return err
				}
				<-p.receipts.of(heed.StatementID(warned.Cases[0]))
				took[i] = time.Since(begun)
				return nil
			})
			if c.people {
				p.drain(b)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "warnings/s")
			b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N), "cpu-µs/warning")
			slices.Sort(took)
			b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
			b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
		})
	}
}

// BenchmarkAcknowledge acknowledges warnings in different cases: read, decide,
// sign with the officer's and the node's key, commit to state and ledger.
// CommitOnly times the last of these alone, for the same changes.
//
// The raw fsync rate is measured on the same file system right before and right
// after; acks/fsync is the ratio that one at a time is aimed to have above 0.5.
func BenchmarkAcknowledge(b *testing.B) {
	for _, c := range []struct {
		name       string
		inFlight   int
		commitOnly bool
	}{{"InFlight=1", 1, false}, {"InFlight=1/CommitOnly", 1, true}, {"InFlight=1024", 1024, false}, {"InFlight=1024/CommitOnly", 1024, true}} {
		b.Run(c.name, func(b *testing.B) {
			p := newPair(b)
			cases := p.received(b, b.N)
			acknowledge := func(i int) error {
				_, err := p.south.Acknowledge(b.Context(), Anna, cases[i], true)
				return err
			}
			raw := fsyncRate(b)
			used := cpuTime(b)
			b.ReportAllocs()
			if c.commitOnly {
				changes := p.parking.park(b, b.N, acknowledge)
				used = cpuTime(b)
				b.ResetTimer()
				together(b, c.inFlight, len(changes), func(i int) error { return changes[i].commit() })
			} else {
				b.ResetTimer()
				together(b, c.inFlight, b.N, acknowledge)
			}
			b.StopTimer()
			rate := float64(b.N) / b.Elapsed().Seconds()
			cpu := cpuTime(b) - used
			raw = (raw + fsyncRate(b)) / 2
			b.ReportMetric(rate, "acks/s")
			b.ReportMetric(raw, "fsyncs/s")
			b.ReportMetric(rate/raw, "acks/fsync")
			b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-µs/ack")
		})
	}
}

// pair is two nodes that have each other as peers.
type pair struct {
	north, south *exchange.Exchange
	receipts     *receipts // what north keeps
	parking      *parking  // what south commits
	northKeys    *Keys
	northCard    heed.Card
	southKeys    *Keys
	southCard    heed.Card
}

func newPair(b *testing.B) *pair {
	b.Helper()
	p := &pair{receipts: &receipts{}, parking: &parking{}}
	n, s := found(b, "north.example", func(s exchange.Store) exchange.Store { p.receipts.Store = s; return p.receipts }),
		found(b, "south.example", func(s exchange.Store) exchange.Store { p.parking.Store = s; return p.parking })
	for _, add := range [][2]*node{{n, s}, {s, n}} {
		note, err := add[1].CardNote(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := add[0].AddPeer(b.Context(), note); err != nil {
			b.Fatal(err)
		}
	}
	p.north, p.northKeys, p.northCard = n.Exchange, n.keys, n.card
	p.south, p.southKeys, p.southCard = s.Exchange, s.keys, s.card
	return p
}

// run runs a node until the benchmark ends.
func (p *pair) run(b *testing.B, x *exchange.Exchange) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.Run(ctx, exchange.PaceFor(p.northCard))
	}()
	b.Cleanup(func() {
		cancel()
		<-done
	})
}

// drain waits until the recipient has nothing left to tell or to say.
func (p *pair) drain(b *testing.B) {
	b.Helper()
	for {
		changed := p.south.Changes().Next()
		count, err := p.south.InFlight(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if count == 0 {
			return
		}
		<-changed
	}
}

type node struct {
	*exchange.Exchange
	keys *Keys
	card heed.Card
}

// found makes a home and serves it on loopback, wired as `heed serve` does.
func found(b *testing.B, id heed.PartyID, wrap func(exchange.Store) exchange.Store) *node {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	keys, err := newKeys(id, newBytesOf(1, id, 0))
	must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	identity, err := seal.NewTLSIdentity(rand.Reader, "127.0.0.1", time.Now().Add(-time.Hour))
	must(err)
	db, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "heed.db"), store.Options{})
	must(err)
	client := peer.NewClient(peer.ClientOptions{Now: time.Now})
	n := &node{keys: keys, Exchange: exchange.New(exchange.Parts{
		Party: id, Store: wrap(db), Keys: keys, Courier: client, Notifier: &Notices{},
		Now: time.Now, Random: rand.Reader, Log: slog.New(slog.NewTextHandler(complaints{b}, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})}
	options := peer.Options{Now: time.Now, Report: func(_ *http.Request, err error) { b.Logf("%s serves: %v", id, err) }}
	server := peer.Server(peer.Handler(n, options), identity.ServerTLS(), options)
	served := make(chan error, 1)
	go func() { served <- server.ServeTLS(listener, "", "") }()
	b.Cleanup(func() {
		client.Close()
		if err := errors.Join(server.Close(), <-served); !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	baseline := Seconds()
	for _, clock := range baseline.Clock {
		for urgency := range clock {
			clock[urgency] = time.Hour // nothing becomes due meanwhile
		}
	}
	card, note, err := wire.SignCard(heed.Card{
		Party: id, Serial: 1, Issued: heed.Instant(time.Now()),
		NodeKey: keys.nodes[0].Verifier().String(), SealingKey: keys.sealing[0].Recipient().String(), LedgerKey: keys.ledgers[0].Verifier().String(),
		Endpoint: "https://" + listener.Addr().String(), Pin: identity.Pin(), Baseline: baseline,
	}, keys.nodes[0])
	must(err)
	n.card = card
	must(n.Found(b.Context(), card, note))
	_, err = n.AddOfficer(b.Context(), "", Anna, heed.Roles())
	must(err)
	return n
}

// complaints shows what nodes warn of: a benchmark of failures measures nothing.
type complaints struct{ b *testing.B }

// Write implements io.Writer.
func (c complaints) Write(line []byte) (int, error) {
	c.b.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}

// received gives south warnings of north, each in its case, as Receive leaves
// them: kept, receipted, and owed an acknowledgement.
func (p *pair) received(b *testing.B, count int) []heed.CaseID {
	b.Helper()
	now := p.south.Now()
	officer, err := p.northKeys.Officer(Anna)
	if err != nil {
		b.Fatal(err)
	}
	contents := []heed.ContentRef{{Digest: heed.Digest{1}, Size: contentsSize, MediaType: heed.MediaWarning}}
	release, releaseNote, err := wire.SignRelease(heed.Release{Author: "north.example", Kind: heed.KindWarning, Time: now, Nonce: heed.Digest{1}, Contents: contents,
		Officers: []heed.OfficerStamp{{Role: heed.Supervisor}}}, officer)
	if err != nil {
		b.Fatal(err)
	}
	cases := make([]heed.CaseID, count)
	together(b, 256, count, func(i int) error {
		key, err := ledger.NewKey(rand.Reader)
		if err != nil {
			return err
		}
		warning, note, err := wire.SignStatement(heed.Statement{
			Kind: heed.KindWarning, Author: "north.example", AuthorCard: 1, Recipient: "south.example", RecipientCard: 1, Time: now,
			Contents: contents, Release: release.ID, TagKey: ledger.KeyDigest(key), Urgency: heed.UrgencyImmediate, Status: heed.StatusActual,
		}, p.northKeys.nodes[0])
		if err != nil {
			return err
		}
		receipt, receiptNote, err := wire.SignStatement(heed.Statement{
			Kind: heed.KindReceipt, Case: warning.CaseID(), Author: "south.example", AuthorCard: 1, Recipient: "north.example", RecipientCard: 1, Time: now,
			Answers: []heed.StatementID{warning.ID}, TagKey: warning.TagKey, Number: uint64(i + 1), Received: now, Ledger: p.southCard.LedgerKey,
			Terms: p.southCard.ID, PublishBy: now.Add(p.southCard.PublicationDelay), Duties: heed.Promises(warning, p.southCard.Baseline, now),
		}, p.southKeys.nodes[0])
		if err != nil {
			return err
		}
		cases[i] = warning.CaseID()
		c := heed.Fold(warning.CaseID(), []heed.Statement{warning, receipt})
		return p.parking.Store.Write(b.Context(), func(tx exchange.Tx) error {
			if err := tx.PutRelease(release.ID, releaseNote); err != nil {
				return err
			}
			if err := tx.Keep(exchange.Kept{Statement: warning, Note: note, Key: key, Arrived: now}); err != nil {
				return err
			}
			if err := tx.Keep(exchange.Kept{Statement: receipt, Note: receiptNote, Arrived: now}); err != nil {
				return err
			}
			tag := ledger.SlotTag(key, ledger.SlotReceipt, 0, warning.ID)
			if _, err := tx.Append(ledger.StatementLeaf(key, tag, wire.SignedDigest(receiptNote)).Bytes()); err != nil {
				return err
			}
			var index []exchange.IndexedDuty
			for _, d := range c.Duties {
				index = append(index, exchange.IndexedDuty{Case: c.ID, Code: c.Code, Peer: "north.example", Status: c.Status, Duty: d, Next: d.Due})
			}
			return tx.PutIndex(exchange.CaseRow{ID: c.ID, Code: c.Code, Peer: "north.example", Urgency: c.Urgency, Status: c.Status,
				Stage: c.Stage(), Opened: now, Changed: now}, index)
		})
	})
	return cases
}

// receipts is a store that tells when a receipt has been committed.
type receipts struct {
	exchange.Store
	committed sync.Map // of heed.StatementID: chan struct{}, closed
}

// of is closed once the receipt for a statement is committed. It is asked for
// once for each, by the sender of the warning.
func (r *receipts) of(id heed.StatementID) chan struct{} {
	c, _ := r.committed.LoadOrStore(id, make(chan struct{}))
	return c.(chan struct{})
}

// Write implements exchange.Store.
func (r *receipts) Write(ctx context.Context, f func(exchange.Tx) error) error {
	var kept []heed.StatementID
	err := r.Store.Write(ctx, func(tx exchange.Tx) error { return f(noting{tx, &kept}) })
	if err == nil {
		for _, id := range kept {
			close(r.of(id))
		}
	}
	return err
}

type noting struct {
	exchange.Tx
	kept *[]heed.StatementID
}

// Keep implements exchange.CaseTx.
func (n noting) Keep(k exchange.Kept) error {
	if k.Statement.Kind == heed.KindReceipt && k.Statement.Author == "south.example" {
		*n.kept = append(*n.kept, k.Statement.Answers[0])
	}
	return n.Tx.Keep(k)
}

// parking is a store that can hold back changes that are ready to be
// committed, so that committing them is timed alone.
type parking struct {
	exchange.Store
	lot atomic.Pointer[lot]
}

type lot struct {
	changes chan *change
}

type change struct {
	store exchange.Store
	f     func(exchange.Tx) error
	done  chan error
}

// park begins work for 0 to count-1 and returns once each has come as far as to
// have its change committed.
func (p *parking) park(b *testing.B, count int, work func(i int) error) []*change {
	b.Helper()
	l := &lot{make(chan *change)}
	p.lot.Store(l)
	failed := make(chan error, count)
	for i := range count {
		go func() { failed <- work(i) }()
	}
	changes := make([]*change, count)
	for i := range changes {
		select {
		case changes[i] = <-l.changes:
		case err := <-failed:
			b.Fatalf("ended before it was committed: %v", err)
		}
	}
	b.Cleanup(func() {
		for range count {
			if err := <-failed; err != nil {
				b.Error(err)
			}
		}
	})
	return changes
}

// commit lets one go on, and ends when it is committed.
func (c *change) commit() error {
	err := c.store.Write(context.Background(), c.f)
	c.done <- err
	return err
}

// Write implements exchange.Store.
func (p *parking) Write(ctx context.Context, f func(exchange.Tx) error) error {
	l := p.lot.Load()
	if l == nil {
		return p.Store.Write(ctx, f)
	}
	c := &change{store: p.Store, f: f, done: make(chan error, 1)}
	l.changes <- c
	return <-c.done
}

// together does work for 0 to count-1, that many at once.
func together(b *testing.B, atOnce, count int, work func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var done sync.WaitGroup
	for range min(atOnce, count) {
		done.Go(func() {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				if err := work(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

// filler is an attachment that fills a warning's contents up to contentsSize.
func filler(b *testing.B, w heed.Warning) []byte {
	b.Helper()
	w.Attachments = []heed.Attachment{{Name: "report.bin", MediaType: "application/octet-stream"}}
	document, err := wire.EncodeWarning(w, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return bytes.Repeat([]byte{'x'}, contentsSize-len(document))
}

// fsyncRate is how often the disk under the benchmark can append 4 KiB and make
// it durable, in a second.
func fsyncRate(b *testing.B) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "fsync"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	start, n := time.Now(), 0
	for time.Since(start) < 500*time.Millisecond {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		n++
	}
	return float64(n) / time.Since(start).Seconds()
}

// cpuTime is what this process, and so both nodes, have used: on a shared
// machine it says more than the clock on the wall.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
