package testnet

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
)

// heeded is a case that went its whole way.
func heeded(t *testing.T, n, s *Party) heed.CaseID {
	t.Helper()
	ctx := t.Context()
	id := n.Warn("Possible attack on a concert", s)[0]
	waitFor(t, s, id, heed.StateReceived)
	do(t)(s.Acknowledge(ctx, Anna, id, false))
	time.Sleep(time.Second)
	do(t)(s.Ask(ctx, Anna, id, "Which hall?"))
	waitFor(t, n, id, heed.StateAsked)
	do(t)(n.Answer(ctx, Boris, id, heed.StatementID{}, "North Harbour Hall."))
	waitFor(t, s, id, heed.StateAnswered)
	do(t)(s.Assess(ctx, Boris, id, heed.Credible, "we take it seriously"))
	time.Sleep(time.Second)
	do(t)(s.Report(ctx, Anna, id, "The hall is guarded."))
	do(t)(s.Conclude(ctx, Anna, id, heed.Averted, "Two persons were arrested."))
	waitFor(t, n, id, heed.StateConcluded)
	time.Sleep(3 * time.Second)
	return id
}

// TestStepsOpenedToTwoFields: an outsider learns who said what and when, and of
// the warning no more than two fields.
func TestStepsOpenedToTwoFields(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 91}, 4, func(t *testing.T, net *Net, n, s *Party) {
		id := heeded(t, n, s)
		net.Stop()
		net.Witnesses[0].Shut()
		for _, p := range net.Parties {
			file := prove(t, p, exchange.ProofOrder{Case: id, Open: []string{"headline", "urgency"}})
			report := verified(t, present(t, net), file)
			if !report.Holds() || len(report.Cases) != 1 || len(report.Verdicts) != 5 {
				t.Fatalf("%s: %+v", p.ID, report.Verdicts)
			}
			for _, v := range report.Verdicts {
				if v.Verdict != evidence.Answered || v.Late {
					t.Errorf("%s: %s: %s %s", p.ID, v.Duty, v.Verdict, v.Why)
				}
			}
			fields, closed := 0, 0
			for _, step := range report.Cases[0].Steps {
				for _, c := range step.Contents {
					fields, closed = fields+len(c.Fields), closed+c.Closed
					if c.MediaType == heed.MediaText && c.Open {
						t.Errorf("the text of the %s is opened", step.Kind)
					}
				}
				bounded(t, step)
			}
			if fields != 2 || closed == 0 {
				t.Errorf("%s: %d fields are opened, and %d are closed", p.ID, fields, closed)
			}
		}
	})
}

// bounded checks the times between which a step must have been made.
func bounded(t *testing.T, step evidence.Step) {
	t.Helper()
	const second, publication = time.Second, 4 * time.Second // whole seconds of witnesses; a beat, and the way there
	switch {
	case len(step.Missing) > 0:
		t.Errorf("the %s at %s lacks %v", step.Kind, step.Time, step.Missing)
	case step.NotBefore.After(step.Time.Time) || step.NotAfter.Add(second).Before(step.Time.Time):
		t.Errorf("the %s was signed %s, and made between %s and %s", step.Kind, step.Time, step.NotBefore, step.NotAfter)
	case step.NotAfter.Sub(step.Time.Time) > publication:
		t.Errorf("the %s was signed %s, and is shown to have been there by %s only", step.Kind, step.Time, step.NotAfter)
	}
}

// TestStepsShownLate: what was witnessed then counts as of then, also in
// evidence that is made when all witnesses have looked again since.
func TestStepsShownLate(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 92}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := heeded(t, n, s)
		time.Sleep(6 * time.Minute)
		for _, p := range net.Parties {
			for _, step := range verified(t, present(t, net), everything(t, p, id)).Cases[0].Steps {
				if step.Author == p.ID {
					bounded(t, step)
				}
			}
		}
	})
}

func TestSomeSteps(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 93}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := heeded(t, n, s)
		policy := present(t, net)
		for _, words := range [][]string{{"acknowledged"}, {"acknowledgement"}, {"assessed", "concluded"}, {"received"}, {"asked", "answered"}} {
			report := verified(t, policy, prove(t, n, exchange.ProofOrder{Case: id, Steps: words}))
			var kinds []heed.Kind
			for _, step := range report.Cases[0].Steps {
				kinds = append(kinds, step.Kind)
			}
			if !report.Holds() || !slices.Contains(kinds, heed.KindWarning) {
				t.Errorf("%v shows %v: %+v", words, kinds, report.Verdicts)
			}
		}
		whole := verified(t, policy, prove(t, n, exchange.ProofOrder{Case: id, Open: []string{exchange.OpenAll}}))
		for _, step := range whole.Cases[0].Steps {
			for _, c := range step.Contents {
				if !c.Open || c.Closed > 0 {
					t.Errorf("of the %s, %s is not open", step.Kind, c.MediaType)
				}
			}
		}
		for _, order := range []exchange.ProofOrder{
			{Case: id, Steps: []string{"forgotten"}}, {Case: id, Steps: []string{"recalled"}}, {Case: id, Open: []string{"headline", "subjects/7"}},
			{Case: id, Silence: "review"}, {Case: id, Silence: "nothing"},
		} {
			_, err := n.Prove(t.Context(), order)
			var invalid *heed.Invalid
			if !errors.As(err, &invalid) || invalid.Hint == "" {
				t.Errorf("%+v: %v", order, err)
			}
		}
		if _, err := n.Prove(t.Context(), exchange.ProofOrder{Case: heed.CaseID{1}}); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("of no case: %v", err)
		}
	})
}

// TestNoWitness: without a witness there is no certificate, and the error says so.
func TestNoWitness(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 94}, 0, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(time.Minute)
		_, err := n.Prove(t.Context(), exchange.ProofOrder{Case: id, Silence: heed.DutyAcknowledge})
		var invalid *heed.Invalid
		if !errors.As(err, &invalid) || invalid.Hint == "" {
			t.Errorf("%v", err)
		}
		everything(t, n, id) // what was signed is signed
	})
}

// TestProvingTakesNoLongTime: nobody waits for what does not answer.
func TestProvingTakesNoLongTime(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 95, Recovery: true}, 4, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		rotate(n)
		rotate(s)
		time.Sleep(time.Minute)
		n.Stop()
		net.Network.Set(north, south, Link{Hangs: true})
		net.Network.Set(north, heed.PartyID(net.Witnesses[0].Name), Link{Hangs: true})
		for _, silence := range []heed.DutyKind{"", heed.DutyAcknowledge} {
			begun := time.Now()
			file := prove(t, n, exchange.ProofOrder{Case: id, Silence: silence, Until: time.Now().Add(time.Hour)})
			if took := time.Since(begun); took > 45*time.Second {
				t.Errorf("it took %s", took)
			}
			if silence != "" {
				says(t, evidence.Silent, present(t, net), file)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.Prove(ctx, exchange.ProofOrder{Case: id}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("given up: %v", err)
		}
	})
}
