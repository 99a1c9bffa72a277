package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// change is what an acknowledgement costs a node: a statement of some 700
// bytes, a leaf, an index of three duties, and a place in the outbox.
type change struct {
	kept    exchange.Kept
	row     exchange.CaseRow
	duties  []exchange.IndexedDuty
	leaf    []byte
	channel exchange.Channel
}

var benchStart = time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)

// maker makes changes without end. Only its first statement is really signed:
// keeping verifies nothing.
type maker struct {
	statement  heed.Statement
	signatures []byte
}

func newMaker(t testing.TB) *maker {
	t.Helper()
	m, err := newSignedMaker()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newSignedMaker() (*maker, error) {
	var keys [2]seal.SigningKey
	for i, name := range []string{"north.example/node", "north.example/officer/anna"} {
		seed := sha256.Sum256([]byte(name))
		key, err := seal.NewSigningKey(bytes.NewReader(seed[:]), name)
		if err != nil {
			return nil, err
		}
		keys[i] = key
	}
	s, note, err := wire.SignStatement(heed.Statement{
		Kind: heed.KindAcknowledgement, Case: heed.CaseID{1}, Author: "north.example", AuthorCard: 1, Recipient: "south.example", RecipientCard: 1,
		Time: benchStart, Answers: []heed.StatementID{{1}}, TagKey: heed.Digest{2},
		Officers: []heed.OfficerStamp{{Role: heed.DutyOfficer}},
	}, keys[0], keys[1])
	if err != nil {
		return nil, err
	}
	return &maker{s, note[bytes.LastIndex(note, []byte("\n\n"))+1:]}, nil
}

// change is the i-th, with so many duties.
func (m *maker) change(i, duties int) change {
	s := m.statement
	s.Case = heed.CaseID(sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i))))
	s.Answers = []heed.StatementID{heed.StatementID(s.Case)}
	text := wire.StatementText(s)
	s.ID = wire.StatementID(text)
	id := s.Case
	c := change{
		kept: exchange.Kept{Statement: s, Note: append([]byte(text), m.signatures...), Key: ledger.Key{1}, Arrived: benchStart},
		row: exchange.CaseRow{ID: id, Code: heed.CodeOf(heed.Digest(id)), Peer: "south.example", Urgency: heed.UrgencyExpected,
			Status: heed.StatusActual, Stage: heed.StateAcknowledged, Opened: benchStart, Changed: benchStart.Add(time.Duration(i) * time.Millisecond)},
		leaf:    ledger.Leaf{Tag: sha256.Sum256(s.ID[:]), Commit: s.ID}.Bytes(),
		channel: exchange.Channel{Peer: "south.example", OurCard: 1, TheirCard: 1, Outward: true},
	}
	for j, kind := range []heed.DutyKind{heed.DutyAcknowledge, heed.DutyAssess, heed.DutyAnswer}[:duties] {
		due := benchStart.Add(time.Hour + time.Duration(i)*time.Millisecond)
		d := exchange.IndexedDuty{Case: id, Code: c.row.Code, Peer: "south.example", Status: heed.StatusActual, Next: due.Add(time.Hour),
			Duty: heed.Duty{Kind: kind, From: heed.StatementID(id), OwedBy: "north.example", OwedTo: "south.example", Due: due, Promised: due}}
		if j == 0 {
			d.Discharge, d.At, d.Next = s.ID, s.Time, time.Time{}
		}
		c.duties = append(c.duties, d)
	}
	return c
}

// changes makes n different ones.
func changes(t testing.TB, n int) []change {
	t.Helper()
	m := newMaker(t)
	all := make([]change, n)
	for i := range all {
		all[i] = m.change(i, 3)
	}
	return all
}

// apply makes the change within a transaction, and returns what it was given.
func (c *change) apply(tx exchange.Tx) (leaf int64, number uint64, err error) {
	if err := tx.Keep(c.kept); err != nil {
		return 0, 0, err
	}
	if leaf, err = tx.Append(c.leaf); err != nil {
		return 0, 0, err
	}
	if err := tx.PutIndex(c.row, c.duties); err != nil {
		return 0, 0, err
	}
	out, err := tx.Enqueue(c.channel, c.kept.Statement.CaseID(), c.kept.Statement.ID, benchStart, benchStart)
	return leaf, out.Number, err
}

func (c *change) commit(s exchange.Store) error {
	return s.Write(context.Background(), func(tx exchange.Tx) error {
		_, _, err := c.apply(tx)
		return err
	})
}

func openBench(b *testing.B) *Store {
	b.Helper()
	s, err := Open(context.Background(), filepath.Join(b.TempDir(), "heed.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// fsyncRate is how often the disk under the benchmark can append 4 KiB and
// make it durable, in a second.
func fsyncRate(b *testing.B) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "fsync"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	start, n := time.Now(), 0
	for time.Since(start) < time.Second {
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

// cpuTime is what this process has used; on a shared machine it says more than
// the clock on the wall.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// One change at a time: each waits for its own commit. The aim is half of the
// raw fsync rate.
func BenchmarkCommitOneAtATime(b *testing.B) {
	raw := fsyncRate(b)
	s, all := openBench(b), changes(b, b.N)
	b.ReportAllocs()
	used := cpuTime(b)
	b.ResetTimer()
	for i := range all {
		if err := all[i].commit(s); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N), "cpu-µs/commit")
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "commits/s")
	b.ReportMetric(raw, "fsyncs/s")
	b.ReportMetric(rate/raw, "commits/fsync")
}

// 1,024 changes in flight share commits. The aim is 20,000 changes a second.
func BenchmarkCommit1024InFlight(b *testing.B) {
	s, all := openBench(b), changes(b, b.N)
	var next atomic.Int64
	var done sync.WaitGroup
	b.ReportAllocs()
	used := cpuTime(b)
	b.ResetTimer()
	for range 1024 {
		done.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(all) {
					return
				}
				if err := all[i].commit(s); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N), "cpu-µs/commit")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// A cut of the own ledger: the map takes in the tags that were logged since
// the last one, beside their leaves, the root leaf and the head. The aim is
// 2,000 tags a second in cuts of 1,024 at a million keys.
func BenchmarkCut(b *testing.B) {
	for _, keys := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			s := openBench(b)
			logged := 0
			// As many at once as fit into memory: this is not what is measured.
			for logged < keys {
				n := min(keys-logged, 100_000)
				if err := s.Write(context.Background(), func(tx exchange.Tx) error { return logs(tx, "north.example/v1", logged, logged+n) }); err != nil {
					b.Fatal(err)
				}
				logged += n
			}
			b.ReportMetric(mapBytes(b, s)/1e6, "MB")
			for _, tags := range []int{1, 64, 1024} {
				b.Run(fmt.Sprintf("tags=%d", tags), func(b *testing.B) {
					used := cpuTime(b)
					b.ReportAllocs()
					for b.Loop() {
						from := logged
						logged += tags
						if err := s.Write(context.Background(), func(tx exchange.Tx) error { return logs(tx, "north.example/v1", from, logged) }); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N*tags), "cpu-µs/tag")
					b.ReportMetric(float64(b.N*tags)/b.Elapsed().Seconds(), "tags/s")
				})
			}
			b.Run("prove", func(b *testing.B) {
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					err := s.Read(context.Background(), func(v exchange.View) error {
						head, err := v.Head()
						if err != nil {
							return err
						}
						_, err = v.Map().Prove(ledger.Tag(testLeaf(n % keys)[:32]), head.Size-1)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func mapBytes(b *testing.B, s *Store) float64 {
	b.Helper()
	var n float64
	if err := s.db.QueryRow(`SELECT SUM(pgsize) FROM dbstat WHERE name = 'map_page'`).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// Ending a ledger copies it.
func BenchmarkEndLedger(b *testing.B) {
	const keys = 100_000
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		s := openBench(b)
		if err := s.Write(context.Background(), func(tx exchange.Tx) error { return logs(tx, "north.example/v1", 0, keys) }); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := s.Write(context.Background(), func(tx exchange.Tx) error { return tx.EndLedger("north.example/v1") }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*keys/b.Elapsed().Seconds(), "leaves/s")
}
