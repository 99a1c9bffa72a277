package testnet

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/stats"
)

// TestBothSidesCountTheSame plays more cases than one batch counts on a bad
// line, with some of each ending, and an exercise.
func TestBothSidesCountTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 11}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Network.Between(north, south, lossy)
		net.Start()
		ctx := context.Background()

		heeded := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, heeded, heed.StateSent)
		if _, err := s.Open(ctx, Anna, heeded); err != nil {
			t.Fatal(err)
		}
		do(t)(s.Acknowledge(ctx, Anna, heeded, true))
		do(t)(s.Assess(ctx, Anna, heeded, heed.Credible, ""))
		do(t)(s.Ask(ctx, Boris, heeded, "Which hall?"))
		waitFor(t, n, heeded, heed.StateAsked)
		do(t)(n.Answer(ctx, Anna, heeded, heed.StatementID{}, "The northern one."))
		do(t)(s.Report(ctx, Anna, heeded, "the hall was searched"))
		do(t)(s.Conclude(ctx, Anna, heeded, heed.Averted, ""))

		unanswered := n.Warn("A parcel at the ferry terminal", s)[0]
		late := s.Warn("A van in the tunnel", n)[0]
		waitFor(t, n, late, heed.StateSent)
		waitFor(t, s, unanswered, heed.StateSent)
		if _, err := n.AskParty(ctx, exchange.AskOrder{Officer: Anna, To: south, Urgency: heed.UrgencyImmediate, Status: heed.StatusExercise, Text: "EXERCISE: whose plate is NH 40 127?"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second) // everything is overdue by then
		do(t)(n.Assess(ctx, Anna, late, heed.NotCredible, ""))
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}

		ours, theirs := statistics(t, n, south), statistics(t, s, "")
		if ours.Unconfirmed != 0 || ours.Incomplete != 0 || ours.Cases != 4 || theirs.Cases != 4 {
			t.Errorf("%d and %d cases, %d unconfirmed, %d incomplete", ours.Cases, theirs.Cases, ours.Unconfirmed, ours.Incomplete)
		}
		if !reflect.DeepEqual(ours.Relations, theirs.Relations) {
			t.Errorf("the two sides differ:\n%+v\n%+v", ours.Relations, theirs.Relations)
		}
		there, _ := ours.Relations[0].Directions[0].Line(heed.StatusActual, stats.AllUrgencies)
		back, _ := ours.Relations[0].Directions[1].Line(heed.StatusActual, stats.AllUrgencies)
		drilled, _ := ours.Relations[0].Directions[0].Line(heed.StatusExercise, stats.AllUrgencies)
		if w := there.Warnings; w.Sent != 2 || w.Received != 2 || w.Opened != 1 || w.Heeded != 1 || w.Outcomes[heed.Averted] != 1 {
			t.Errorf("warnings of north's: %+v", w)
		}
		if all := there.All(); all.Owed != 6 || all.Timely != 4 || all.Overdue != 2 {
			t.Errorf("replies of south's: %+v", all)
		}
		if all := back.All(); back.Questions.Answered != 1 || all.Owed != 3 || all.Timely != 1 || all.Late != 2 {
			t.Errorf("replies of north's: %+v, %+v", back.Questions, all)
		}
		if drilled.Questions.Sent != 1 || drilled.All().Overdue != 1 {
			t.Errorf("the exercise: %+v", drilled)
		}
	})
}

// TestCountsInBatches counts more cases than one snapshot takes.
func TestCountsInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		const many = 230
		for range many {
			n.Warn("Possible attack on a concert", s)
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*Party{n, s} {
			r := statistics(t, p, "")
			if line, _ := r.Relations[0].Directions[0].Line(heed.StatusActual, stats.AllUrgencies); r.Cases != many || line.Warnings.Received != many {
				t.Errorf("%s counts %d cases, and %d received", p.ID, r.Cases, line.Warnings.Received)
			}
		}
		if _, err := n.Statistics(t.Context(), exchange.Counted{With: "west.example"}); err == nil {
			t.Error("a party that never was a peer has statistics")
		}
		if _, err := n.Statistics(t.Context(), exchange.Counted{Period: stats.Period{Since: time.Now(), Until: time.Now().Add(-time.Hour)}}); err == nil {
			t.Error("a period that ends before it begins is counted")
		}
	})
}

// Each member of an accord counts its own cases under it, and no others.
func TestStatisticsOfAnAccord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 25}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id, _ := ending(t, net)
		n.Warn("Not under it", s)
		for i, p := range []*Party{n, s} {
			for range i + 1 {
				warned, err := p.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("Under it")})
				if err != nil {
					t.Fatal(err)
				}
				for k, to := range warned.To {
					waitFor(t, net.party(to), warned.Cases[k], heed.StateSent)
					do(t)(net.party(to).Assess(t.Context(), Boris, warned.Cases[k], heed.NotCredible, ""))
				}
			}
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		relations := map[[2]heed.PartyID][]stats.Relation{}
		for p, want := range map[*Party]map[heed.PartyID][2]int{ // warned, was warned
			n: {south: {1, 2}, east: {1, 0}}, s: {north: {2, 1}, east: {2, 0}}, e: {north: {0, 1}, south: {0, 2}},
		} {
			r, err := p.Statistics(t.Context(), exchange.Counted{Accord: id})
			if err != nil {
				t.Fatal(err)
			}
			if r.Accord == nil || r.Accord.Name != "Until tonight" || len(r.Accord.Members) != 3 || r.Accord.Disclosure.Counts != heed.PublishAgreed {
				t.Errorf("%s: the accord is %+v", p.ID, r.Accord)
			}
			rows := r.Matrix()
			if len(rows) != 2 {
				t.Errorf("%s exchanges with %d others", p.ID, len(rows))
			}
			for _, row := range rows {
				if got := [2]int{row.To.Warnings, row.From.Warnings}; got != want[row.Party] || row.To.Acknowledged != got[0] {
					t.Errorf("%s and %s: %+v", p.ID, row.Party, row)
				}
			}
			for _, relation := range r.Relations {
				relations[relation.Parties] = append(relations[relation.Parties], relation)
			}
		}
		for parties, both := range relations {
			if len(both) != 2 || !reflect.DeepEqual(both[0], both[1]) {
				t.Errorf("%v count otherwise:\n%+v", parties, both)
			}
		}
		var invalid *heed.Invalid
		if _, err := n.Statistics(t.Context(), exchange.Counted{Accord: heed.AccordID{9}}); !errors.As(err, &invalid) {
			t.Errorf("an accord that is not held: %v", err)
		}
	})
}

func statistics(t *testing.T, p *Party, with heed.PartyID) stats.Report {
	t.Helper()
	r, err := p.Statistics(t.Context(), exchange.Counted{With: with})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Relations) != 1 {
		t.Fatalf("%s has %d relations", p.ID, len(r.Relations))
	}
	return r
}
