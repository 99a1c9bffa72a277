package testnet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// opensOneIn is how many envelopes are sealed for each that is opened again.
const opensOneIn = 100

// BenchmarkMembers warns all other members of an accord of many states with fifty
// agencies each, at most: each has a card with keys of its own, all have
// ratified, and each gets an envelope sealed to its post-quantum hybrid key. A
// warning has 10,000 bytes of contents. Nobody answers: it is measured until
// the last envelope has left, so that all of them wait for their receipts.
//
// peak-MB is the most memory that the process had resident meanwhile, and
// grown-B/member by how much that rose; disk-B/member is what the database grew by.
func BenchmarkMembers(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				g := newGathering(b, n-1)
				order := exchange.WarnOrder{Officer: Anna, Accord: g.accord, Warning: Warning("Possible attack on a concert")}
				order.Attachments = []exchange.Attachment{{Name: "report.bin", MediaType: "application/octet-stream", Data: filler(b, order.Warning)}}
				debug.FreeOSMemory()
				resetPeak(b)
				disk, resident, used := g.onDisk(b), memory(b, "VmRSS"), cpuTime(b)
				begun := time.Now()
				b.StartTimer()
				warned, err := g.x.Warn(b.Context(), order)
				if err != nil {
					b.Fatal(err)
				}
				queued := time.Since(begun)
				g.deliver(b, warned.To)
				b.StopTimer()
				took, peak := time.Since(begun), memory(b, "VmHWM")
				if len(warned.To) != n-1 || int(g.sink.sealed.Load()) != n-1 {
					b.Fatalf("%d members, of whom %d are warned, with %d envelopes", n, len(warned.To), g.sink.sealed.Load())
				}
				b.ReportMetric(queued.Seconds(), "queued-s")
				b.ReportMetric(took.Seconds(), "sealed-s")
				b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(n), "cpu-µs/member")
				b.ReportMetric(float64(peak)/1e6, "peak-MB")
				b.ReportMetric(float64(peak-resident)/float64(n), "grown-B/member")
				b.ReportMetric(float64(g.onDisk(b)-disk)/float64(n), "disk-B/member")
				b.ReportMetric(float64(g.sink.bytes.Load())/float64(n), "sent-B/member")
			}
		})
	}
}

// BenchmarkIdle has a node with many peers do nothing for two seconds at a
// time: cpu-ms/s is the processor time that this takes, each second.
func BenchmarkIdle(b *testing.B) {
	for _, n := range []int{10, 1_000} {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			g := newGathering(b, n)
			pace := exchange.PaceFor(g.party.Card())
			pace.Mirror = time.Hour // fetching others' ledgers is work
			ctx, stop := context.WithCancel(b.Context())
			var wait sync.WaitGroup
			wait.Go(func() { g.x.Run(ctx, pace) })
			time.Sleep(3 * time.Second) // it has begun
			used := cpuTime(b)
			b.ResetTimer()
			for range b.N {
				time.Sleep(2 * time.Second)
			}
			b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/1000/b.Elapsed().Seconds(), "cpu-ms/s")
			b.StopTimer()
			stop()
			wait.Wait()
		})
	}
}

// gathering is a node that has an accord in force with n others, who are but
// their keys; as many of them as an accord has room for.
type gathering struct {
	party  *Party
	x      *exchange.Exchange
	sink   *sink
	accord heed.AccordID
}

// member is one of the others.
type member struct {
	card    heed.Card
	note    []byte
	node    seal.SigningKey
	officer seal.SigningKey
	sealing seal.SealingKey
}

func newMember(i int, b heed.Baseline) (m member, err error) {
	party := heed.PartyID(fmt.Sprintf("agency-%02d.state-%03d.example", i%50, i/50))
	if m.node, err = seal.NewSigningKey(rand.Reader, wire.NodeKeyName(party)); err != nil {
		return m, err
	}
	if m.officer, err = seal.NewSigningKey(rand.Reader, wire.OfficerKeyName(party, Anna)); err != nil {
		return m, err
	}
	log, err := seal.NewSigningKey(rand.Reader, ledger.Origin(string(party), 1))
	if err != nil {
		return m, err
	}
	if m.sealing, err = seal.NewSealingKey(); err != nil {
		return m, err
	}
	m.card, m.note, err = wire.SignCard(heed.Card{
		Party: party, Serial: 1, Issued: heed.Instant(time.Now()), NodeKey: m.node.Verifier().String(), SealingKey: m.sealing.Recipient().String(),
		LedgerKey: log.Verifier().String(), Endpoint: "https://127.0.0.1:7001", Baseline: b,
	}, m.node)
	return m, err
}

func newGathering(b *testing.B, n int) *gathering {
	b.Helper()
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	p := New(b, Options{}, host).Parties[0]
	g := &gathering{party: p, sink: &sink{Courier: courier{p.net.Network, p.ID}, keys: map[heed.PartyID]seal.SealingKey{}}}
	g.x = exchange.New(exchange.Parts{
		Party: p.ID, Store: p.Store, Keys: p.Keys, Courier: g.sink, Notifier: p.Notices, Cosigner: cosigner{p.net.Network, p.ID},
		Now: time.Now, Random: rand.Reader, Log: logger(nil, p.ID),
	})
	members := make([]member, n)
	errs := make([]error, n)
	var wait sync.WaitGroup
	const workers = 2
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				members[i], errs[i] = newMember(i, Seconds())
			}
		})
	}
	wait.Wait()
	check(errors.Join(errs...))

	officer, err := p.Keys.Officer(Anna)
	check(err)
	stamp := []heed.OfficerStamp{{Role: heed.Supervisor}}
	terms := Terms("All agencies of all states", p)
	for i, m := range members {
		if i%opensOneIn == 0 {
			g.sink.keys[m.card.Party] = m.sealing
		}
		if len(terms.Members) < heed.MaxMembers {
			terms.Members = append(terms.Members, heed.MemberOf(m.card))
		}
	}
	now := heed.Instant(time.Now().Add(-time.Minute))
	terms.Quorum, terms.Proposer, terms.Time, terms.Number, terms.Officers = heed.OverHalf(len(terms.Members)), p.ID, now, 1, stamp
	version, note, err := wire.SignAccord(terms.Canonical(), p.Keys.nodes[0], officer)
	check(err)
	g.accord = version.AccordID()
	check(p.Store.Write(b.Context(), func(tx exchange.Tx) error {
		return tx.PutVersion(exchange.KeptVersion{Accord: version, Note: note})
	}))
	ratify := func(tx exchange.Tx, party heed.PartyID, node, officer seal.SigningKey) error {
		act, note, err := wire.SignAccordAct(heed.AccordAct{
			Kind: heed.AccordRatification, Accord: g.accord, Version: version.ID, Party: party, Time: now, Officers: stamp,
		}, node, officer)
		if err != nil {
			return err
		}
		return tx.PutAct(exchange.KeptAct{Act: act, Note: note})
	}
	check(p.Store.Write(b.Context(), func(tx exchange.Tx) error { return ratify(tx, p.ID, p.Keys.nodes[0], officer) }))
	for from := 0; from < n; from += 500 {
		check(p.Store.Write(b.Context(), func(tx exchange.Tx) error {
			for _, m := range members[from:min(from+500, n)] {
				if err := tx.PutPeer(exchange.Peer{Card: m.card, CardNote: m.note, Added: now}); err != nil {
					return err
				}
				if err := ratify(tx, m.card.Party, m.node, m.officer); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return g
}

// deliver sends each member what waits for it, as the couriers of Run would.
func (g *gathering) deliver(b *testing.B, to []heed.PartyID) {
	turns := make(chan heed.PartyID)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for party := range turns {
				if _, err := g.x.Deliver(b.Context(), party); !errors.Is(err, errNobody) {
					b.Errorf("%s: %v", party, err)
				}
			}
		})
	}
	for _, party := range to {
		turns <- party
	}
	close(turns)
	wait.Wait()
}

// onDisk is how large the database is, with its log.
func (g *gathering) onDisk(b *testing.B) (size int64) {
	b.Helper()
	for _, end := range []string{"", "-wal"} {
		info, err := os.Stat(g.party.Path + end)
		if err != nil {
			b.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

// sink takes envelopes and gives no answer. Of some it looks whether whom
// they are for can open them.
type sink struct {
	exchange.Courier
	keys          map[heed.PartyID]seal.SealingKey
	sealed, bytes atomic.Int64
}

var errNobody = errors.New("nobody answers")

func (s *sink) Carry(_ context.Context, to heed.Card, envelopes []byte) (exchange.Reply, error) {
	s.sealed.Add(1)
	s.bytes.Add(int64(len(envelopes)))
	if key, ok := s.keys[to.Party]; ok {
		in := bytes.NewReader(envelopes)
		h, err := wire.ReadHeader(in)
		if err != nil {
			return exchange.Reply{}, err
		}
		e, err := wire.ReadBody(in, h)
		if err != nil {
			return exchange.Reply{}, err
		}
		if _, err := e.Open(key); err != nil {
			return exchange.Reply{}, err
		}
	}
	return exchange.Reply{}, errNobody
}

// memory is one of the lines of /proc/self/status, in bytes.
func memory(b *testing.B, name string) int64 {
	b.Helper()
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib << 10
		}
	}
	b.Fatalf("/proc/self/status has no %s", name)
	return 0
}

// resetPeak begins anew what VmHWM counts.
func resetPeak(b *testing.B) {
	b.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Fatal(err)
	}
}
