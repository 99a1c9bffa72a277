package testnet

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// figuresOf is a statement by which north tells south figures with an empty list,
// signed past north's own node.
func figuresOf(t *testing.T, n, s *Party, f heed.Figures, said heed.Statement) (heed.Statement, []wire.Part, exchange.KeptFigures) {
	t.Helper()
	key, err := n.Keys.Officer(Anna)
	if err != nil {
		t.Fatal(err)
	}
	signed, text, err := wire.SignFigures(f, n.Keys.nodes[0], key)
	if err != nil {
		t.Fatal(err)
	}
	first, one, _ := salted(t, heed.MediaFigures, text)
	second, two, _ := salted(t, heed.MediaFiguresCases, wire.FiguresCasesText(nil))
	said.Kind, said.Author, said.AuthorCard, said.Recipient, said.RecipientCard = heed.KindFigures, north, n.Card().Serial, south, s.Card().Serial
	said.Time, said.Contents = heed.Instant(n.now()), []heed.ContentRef{first, second}
	out, parts := spokenBy(t, n, said)
	return out, append(parts, one, two), exchange.KeptFigures{Figures: signed, Note: text, Peer: north, Statement: out.ID}
}

func figuresAt(n *Party, asOf time.Time) heed.Figures {
	return heed.Figures{
		Author: north, AuthorCard: n.Card().Serial, Time: heed.Instant(n.now()), Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
		FiguresBody: heed.FiguresBody{Reading: heed.ReadExact, Pair: [2]heed.PartyID{north, south}, AsOf: asOf},
	}
}

// Figures in a case that figures did not open are refused; and what was kept of
// such takes nobody's list from anybody.
func TestStrayFigures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		warned := n.Warn("Possible attack on a concert", s)[0]
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		f := figuresAt(n, heed.Instant(n.now()))
		for i, in := range []heed.CaseID{{9}, warned} {
			_, parts, _ := figuresOf(t, n, s, f, heed.Statement{Case: in, Previous: heed.StatementID{8}, Answers: []heed.StatementID{{7}}})
			got := hand(t, n, s, sealed(t, n, s, uint64(100+i), parts...))
			if len(got.receipts) != 0 || len(got.refusals) != 1 || got.refusals[0].Code != heed.NotAdmitted {
				t.Errorf("figures in case %s: %d receipts, %+v", in, len(got.receipts), got.refusals)
			}
		}
		_, _, kept := figuresOf(t, n, s, f, heed.Statement{Status: heed.StatusActual})
		kept.Case = warned
		if err := s.Store.Write(t.Context(), func(tx exchange.Tx) error { return tx.PutFigures(kept) }); err != nil {
			t.Fatal(err)
		}
		said, err := s.Reconcile(t.Context(), exchange.FiguresOrder{Officer: Anna, With: north})
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.Reconciliations(t.Context(), "")
		if err != nil || len(all) != 1 || all[0].Case != said.Case {
			t.Errorf("listed are %d: %v", len(all), err)
		}
		if _, err := s.Statistics(t.Context(), exchange.Counted{}); err != nil {
			t.Errorf("there are no statistics: %v", err)
		}
	})
}

// Answers in one case are bounded, those of one party in a row and all of them.
func TestFiguresInOneCase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		n.Warn("Possible attack on a concert", s)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		said, err := s.Reconcile(t.Context(), exchange.FiguresOrder{Officer: Anna, With: north})
		if err != nil {
			t.Fatal(err)
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		net.Network.Between(north, south, Link{Down: true})
		number, previous, theirs := uint64(1000), heed.StatementID{}, heed.FiguresID{}
		answer := func() answered {
			t.Helper()
			f := figuresAt(n, said.Ours.Figures.AsOf)
			f.FiguresBody = said.Ours.Figures.FiguresBody
			f.Lines = slices.Clone(f.Lines)
			f.Lines[0].Value = number // it differs from ours
			number++
			made, parts, kept := figuresOf(t, n, s, f, heed.Statement{Case: said.Case, Previous: previous, Answers: []heed.StatementID{said.Ours.Statement}})
			got := hand(t, n, s, sealed(t, n, s, number, parts...))
			if len(got.receipts) == 1 {
				previous, theirs = made.ID, kept.Figures.ID
			}
			return got
		}
		total := 1
		for range 5 {
			for i := range 10 {
				if got := answer(); len(got.receipts) != 1 {
					t.Fatalf("answer %d of %d: %+v", i+1, total, got.refusals)
				}
				total++
			}
			if got := answer(); len(got.refusals) != 1 || got.refusals[0].Code != heed.OverQuota {
				t.Fatalf("the 11th answer in a row: %d receipts, %+v", len(got.receipts), got.refusals)
			}
			time.Sleep(time.Second) // of one millisecond the same figures are said once
			if _, err := s.AnswerFigures(t.Context(), Anna, theirs, true); err != nil {
				t.Fatal(err)
			}
			total++
		}
		for total < 64 {
			if got := answer(); len(got.receipts) != 1 {
				t.Fatalf("answer %d in all: %+v", total+1, got.refusals)
			}
			total++
		}
		if got := answer(); len(got.refusals) != 1 || got.refusals[0].Code != heed.OverQuota {
			t.Errorf("the 65th text: %d receipts, %+v", len(got.receipts), got.refusals)
		}
		time.Sleep(time.Second)
		if _, err := s.AnswerFigures(t.Context(), Anna, theirs, true); !isRefused(err) {
			t.Errorf("south says a 65th: %v", err)
		}
		all, err := s.Reconciliations(t.Context(), "")
		if err != nil || len(all) != 1 || all[0].Theirs == nil || all[0].Theirs.Figures.ID != theirs || all[0].Difference == nil {
			t.Errorf("listed are %d: %v", len(all), err)
		}
	})
}
