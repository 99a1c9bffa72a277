package testnet

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
)

// The aims of docs/performance.md are for 1,000,000, which takes minutes to fill.
var filled = flag.Int("leaves", 4096, "leaves of each ledger in BenchmarkCertificate")

// BenchmarkCertificate makes certificates of silence, of a hundred cases in
// turn, at a node that can reach neither the debtor nor a witness: its own ledger
// and its mirror of the debtor's have so many leaves each, under heads that four
// witnesses have cosigned.
//
// make-ms is the read in which all that goes into the file is found and proven,
// and encoding the file. ns/op is all of Prove: also finding out that nobody
// answers, and the node's own verifying of the file.
func BenchmarkCertificate(b *testing.B) {
	timed := &timedReads{}
	net := New(b, Options{Wrap: func(id heed.PartyID, s exchange.Store) exchange.Store {
		if id != north {
			return s
		}
		timed.Store = s
		return timed
	}}, north, south)
	n, s := net.Parties[0], net.Parties[1]
	net.AddWitnesses(4)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	must(n.Cut(b.Context()))
	must(n.Cosign(b.Context())) // so that the warnings name a checkpoint, as usual
	var cases []heed.CaseID
	for range 100 {
		cases = append(cases, n.Warn("Possible attack on a concert", s)...)
	}
	for more := true; more; {
		var err error
		more, err = n.Deliver(b.Context(), south)
		must(err)
	}
	must(fill(n, *filled, func() error { return nil }))
	must(fill(s, *filled, func() error { return n.Follow(b.Context(), south) }))
	must(cosignHeads(n, net.Witnesses, time.Now().Add(time.Minute))) // the duties are past due by then
	net.Network.Between(north, south, Link{Down: true})
	for _, w := range net.Witnesses {
		w.Shut()
	}
	prove := func(i int) exchange.Proof {
		proof, err := n.Prove(b.Context(), exchange.ProofOrder{Case: cases[i%len(cases)], Silence: heed.DutyAcknowledge})
		must(err)
		return proof
	}
	for i := range cases { // which warms the caches, too
		if v := prove(i).Report.Verdicts; len(v) != 1 || v[0].Verdict != evidence.Silent {
			b.Fatalf("case %s: %+v", cases[i], v)
		}
	}
	b.Run(fmt.Sprintf("leaves=%d", *filled), func(b *testing.B) {
		var making time.Duration
		bytes := 0
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			file := prove(i).File
			making += time.Duration(timed.last.Load())
			bytes += len(file)
			b.StopTimer()
			bundle, err := evidence.Parse(file)
			must(err)
			begun := time.Now()
			_, err = bundle.Encode()
			must(err)
			making += time.Since(begun)
			b.StartTimer()
		}
		b.ReportMetric(milliseconds(making)/float64(b.N), "make-ms")
		b.ReportMetric(float64(bytes)/float64(b.N), "B/certificate")
	})
}

// fill logs leaves that say nothing until a ledger has that many, and publishes
// it, in portions that fit into memory.
func fill(p *Party, leaves int, published func() error) error {
	ctx := context.Background()
	for size := int64(0); size < int64(leaves); {
		err := p.Store.Write(ctx, func(tx exchange.Tx) error {
			tree, err := tx.Tree()
			if err != nil {
				return err
			}
			for size = tree.Size(); size < min(tree.Size()+100_000, int64(leaves)-1); size++ {
				leaf, err := ledger.PaddingLeaf(rand.Reader)
				if err != nil {
					return err
				}
				if _, err := tx.Append(leaf.Bytes()); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			err = p.Cut(ctx)
		}
		if err == nil {
			err = published()
		}
		if err != nil {
			return err
		}
		size++ // the map root
	}
	return nil
}

// cosignHeads has the newest heads of all ledgers that a party holds cosigned
// at one time, without the witnesses' replaying them.
func cosignHeads(p *Party, witnesses []*Witness, at time.Time) error {
	return p.Store.Write(context.Background(), func(tx exchange.Tx) error {
		own, err := tx.Head()
		if err != nil {
			return err
		}
		if own.Note, err = cosigned(own.Note, witnesses, at); err != nil {
			return err
		}
		if err := tx.PutHead(own); err != nil {
			return err
		}
		peers, err := tx.Peers()
		for _, peer := range peers {
			origin := ledger.Origin(string(peer.Card.Party), 1)
			head, err := tx.MirrorHead(origin)
			if err != nil {
				return err
			}
			if head.Note, err = cosigned(head.Note, witnesses, at); err != nil {
				return err
			}
			if err := tx.ExtendMirror(origin, nil, nil, head); err != nil {
				return err
			}
		}
		return err
	})
}

func cosigned(note []byte, witnesses []*Witness, at time.Time) ([]byte, error) {
	c, err := ledger.UnverifiedCheckpoint(note)
	if err != nil {
		return nil, err
	}
	for _, w := range witnesses {
		line, err := w.Key.Cosign(c, at)
		if err != nil {
			return nil, err
		}
		if c, err = c.AddCosignatures(line, w.Key.Public()); err != nil {
			return nil, err
		}
	}
	return ledger.RenderCheckpoint(note, c.Cosignatures)
}

// timedReads knows how long its last Read took: in Prove, the one that gathers.
type timedReads struct {
	exchange.Store
	last atomic.Int64
}

// Read implements exchange.Store.
func (t *timedReads) Read(ctx context.Context, f func(exchange.View) error) error {
	begun := time.Now()
	err := t.Store.Read(ctx, f)
	t.last.Store(int64(time.Since(begun)))
	return err
}
