package testnet

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"heed"
	"heed/exchange"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Each check is a whole story of two nodes; whoever wants more says so.
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "12"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}

// move is one thing that happens in a random story.
type move struct {
	Side    int // whose
	Officer heed.OfficerID
	Act     string
	Case    int
	Pause   time.Duration
	Line    Link // what the line does from then on
}

var acts = []string{"warn", "ask-party", "open", "acknowledge", "assess", "doubt", "ask", "answer", "interim", "extend", "refuse", "report", "conclude", "call", "supplement", "correct", "recall", "rate", "nothing", "restart", "down"}

func moves() *rapid.Generator[[]move] {
	one := rapid.Custom(func(t *rapid.T) move {
		chance := rapid.SampledFrom([]float64{0, 0.1, 0.4})
		return move{
			Side:    rapid.IntRange(0, 1).Draw(t, "side"),
			Officer: rapid.SampledFrom([]heed.OfficerID{Anna, Boris}).Draw(t, "officer"),
			Act:     rapid.SampledFrom(acts).Draw(t, "act"),
			Case:    rapid.IntRange(0, 5).Draw(t, "case"),
			Pause:   time.Duration(rapid.IntRange(0, 3000).Draw(t, "pause")) * time.Millisecond,
			Line: Link{
				LoseRequest: chance.Draw(t, "lose request"), LoseAnswer: chance.Draw(t, "lose answer"),
				Duplicate: chance.Draw(t, "duplicate"), Late: chance.Draw(t, "late"),
				MaxDelay: time.Duration(rapid.SampledFrom([]int{0, 50, 700}).Draw(t, "delay")) * time.Millisecond,
			},
		}
	})
	return rapid.SliceOfN(one, 1, 30)
}

// TestAnyOrderGivesTheSameCases: whatever officers of both sides do, and
// whatever the network does to it, once it has healed both sides have the same
// cases and the same duties, everything is receipted exactly once, numbers have
// no gaps, and both ledgers hold.
func TestAnyOrderGivesTheSameCases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed, story := rapid.Uint64().Draw(rt, "seed"), moves().Draw(rt, "moves")
		rapid.SyncTest(rt, func(rt *rapid.T) {
			net := New(rt, Options{Seed: seed}, north, south)
			net.Start()
			var cases []heed.CaseID
			for i, m := range story {
				net.Network.Between(north, south, m.Line)
				var err error
				cases, err = play(net, m, cases)
				var refused *heed.Refused
				var invalid *heed.Invalid
				if err != nil && !errors.As(err, &refused) && !errors.As(err, &invalid) && !errors.Is(err, exchange.ErrNotFound) {
					rt.Fatalf("move %d, %s: %v", i, m.Act, err)
				}
				time.Sleep(m.Pause)
			}
			if err := net.Settle(); err != nil {
				rt.Fatalf("%v", err)
			}
		})
	})
}

func play(net *Net, m move, cases []heed.CaseID) ([]heed.CaseID, error) {
	ctx := context.Background()
	p, other := net.Parties[m.Side], net.Parties[1-m.Side]
	switch m.Act {
	case "warn":
		warned, err := p.Exchange.Warn(ctx, exchange.WarnOrder{Officer: m.Officer, To: []heed.PartyID{other.ID}, Warning: Warning("Something")})
		return append(cases, warned.Cases...), err
	case "ask-party":
		asked, err := p.AskParty(ctx, exchange.AskOrder{Officer: m.Officer, To: other.ID, Urgency: heed.UrgencyExpected, Status: heed.StatusActual, Text: "Do you know him?"})
		return append(cases, asked.Cases...), err
	case "restart":
		p.Shut()
		time.Sleep(m.Pause)
		p.Reopen()
		p.Start()
		return cases, nil
	case "down":
		net.Network.Between(north, south, Link{Down: true})
		return cases, nil
	}
	if len(cases) == 0 || m.Act == "nothing" {
		return cases, nil
	}
	id := cases[m.Case%len(cases)]
	return cases, actOn(ctx, p, m, id)
}

func actOn(ctx context.Context, p *Party, m move, id heed.CaseID) (err error) {
	switch m.Act {
	case "open":
		_, err = p.Open(ctx, m.Officer, id)
	case "acknowledge":
		_, err = p.Acknowledge(ctx, m.Officer, id, m.Case%2 == 0)
	case "assess":
		_, err = p.Assess(ctx, m.Officer, id, heed.Credible, "")
	case "doubt":
		_, err = p.Assess(ctx, m.Officer, id, heed.NotCredible, "nothing fits")
	case "ask":
		_, err = p.Ask(ctx, m.Officer, id, "Where?")
	case "answer":
		_, err = p.Answer(ctx, m.Officer, id, heed.StatementID{}, "There.")
	case "interim":
		_, err = p.Interim(ctx, m.Officer, id, p.Now().Add(time.Minute), "soon")
	case "extend":
		_, err = p.Extend(ctx, m.Officer, id, heed.DutyAssess, p.Now().Add(time.Hour))
	case "refuse":
		_, err = p.Refuse(ctx, m.Officer, id, heed.NotCompetent, "not ours")
	case "report":
		_, err = p.Report(ctx, m.Officer, id, "searched")
	case "conclude":
		_, err = p.Conclude(ctx, m.Officer, id, heed.Unfounded, "")
	case "call":
		_, err = p.Call(ctx, m.Officer, id, "their desk", "agreed to wait")
	case "supplement":
		_, err = p.Supplement(ctx, m.Officer, []heed.CaseID{id}, Warning("More"), nil)
	case "correct":
		_, err = p.Correct(ctx, m.Officer, []heed.CaseID{id}, Warning("Other"), nil)
	case "rate":
		_, err = p.Rate(ctx, m.Officer, id, heed.StatementID{}, m.Case%2 == 0, "it said what we asked")
	case "recall":
		_, err = p.Recall(ctx, m.Officer, []heed.CaseID{id}, "it was a mistake")
	}
	return err
}
