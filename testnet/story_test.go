package testnet

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
)

const (
	north heed.PartyID = "north.example"
	south heed.PartyID = "south.example"
)

// lossy is a bad line: it loses, repeats, delays and reorders.
var lossy = Link{LoseRequest: 0.2, LoseAnswer: 0.2, Duplicate: 0.2, Late: 0.1, MaxDelay: 200 * time.Millisecond}

func TestHeededOverALossyNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 1}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Network.Between(north, south, lossy)
		net.Start()
		ctx := context.Background()

		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, id, heed.StateSent)
		if _, err := s.Open(ctx, Anna, id); err != nil {
			t.Fatal(err)
		}
		do(t)(s.Acknowledge(ctx, Anna, id, true))
		do(t)(s.Assess(ctx, Anna, id, heed.Credible, "it fits what we have"))
		do(t)(s.Ask(ctx, Boris, id, "Is he known under another spelling?"))
		waitFor(t, n, id, heed.StateAsked)
		net.Network.Between(north, south, Link{Down: true})
		do(t)(n.Answer(ctx, Anna, id, heed.StatementID{}, "Zhushchyov."))
		time.Sleep(2 * time.Second)
		net.Network.Between(north, south, lossy)
		waitFor(t, s, id, heed.StateAnswered)
		do(t)(s.Report(ctx, Anna, id, "the hall was searched"))
		do(t)(s.Conclude(ctx, Anna, id, heed.Averted, ""))
		waitFor(t, n, id, heed.StateConcluded)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		c := n.Case(id)
		if !c.Settled() {
			t.Errorf("still owed: %+v", c.Duties)
		}
		for _, d := range c.Duties {
			if d.State(time.Now()) != heed.DutyDischarged {
				t.Errorf("%s is %s", d.Kind, d.State(time.Now()))
			}
		}
	})
}

// do is for acts that must succeed.
func do(t *testing.T) func(heed.Statement, error) heed.Statement {
	t.Helper()
	return func(s heed.Statement, err error) heed.Statement {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// waitFor waits until a party's case has reached a state.
func waitFor(t *testing.T, p *Party, id heed.CaseID, state heed.State) {
	t.Helper()
	for range 1200 {
		file, err := p.Look(context.Background(), id)
		if err == nil {
			if _, ok := file.Reached()[state]; ok {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never had case %s %s", p.ID, id, state)
}

// quiet is two parties on a sound network, running.
func quiet(t *testing.T, options Options) (*Net, *Party, *Party) {
	t.Helper()
	net := New(t, options, north, south)
	net.Start()
	return net, net.Parties[0], net.Parties[1]
}

// duty waits until a party knows when a duty of the case's opening is due.
func duty(t *testing.T, p *Party, id heed.CaseID, kind heed.DutyKind) heed.Duty {
	t.Helper()
	for range 1200 {
		file, err := p.Look(context.Background(), id)
		if err == nil {
			for _, d := range file.Duties {
				if d.Kind == kind {
					return d
				}
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never knew of a duty to %s", p.ID, kind)
	return heed.Duty{}
}

// until lets time pass up to an instant.
func until(at time.Time) {
	time.Sleep(time.Until(at))
	synctest.Wait()
}

// levels are the escalation levels at which a party's people were told about a
// duty, with how long past due each notice was made.
func levels(p *Party, id heed.CaseID, d heed.Duty) map[int]time.Duration {
	out := map[int]time.Duration{}
	for _, told := range p.Notices.About(id, d.Kind, d.From) {
		if told.Level > 0 {
			out[told.Level] = told.Created.Sub(d.Due)
		}
	}
	return out
}

func TestUnanswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		ctx := t.Context()
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		do(t)(s.Acknowledge(ctx, Anna, id, false))
		do(t)(s.Ask(ctx, Anna, id, "Which hall?"))
		assess, answer := duty(t, s, id, heed.DutyAssess), duty(t, s, id, heed.DutyAnswer)
		time.Sleep(time.Until(assess.Due.Add(20 * time.Second)))
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		climbed := map[int]time.Duration{1: time.Millisecond, 2: 2*time.Second + time.Millisecond, 3: 5*time.Second + time.Millisecond}
		for _, d := range []heed.Duty{assess, answer} {
			if d.Kind == heed.DutyAnswer && d.OwedBy != north {
				t.Fatalf("the answer is owed by %s", d.OwedBy)
			}
			for _, p := range net.Parties {
				if got := levels(p, id, d); !equal(got, climbed) {
					t.Errorf("%s was told about %s at %v past due, want %v", p.ID, d.Kind, got, climbed)
				}
			}
			reminded, notified := map[int]time.Duration{}, map[int]time.Duration{}
			for _, st := range n.Case(id).Statements {
				if !st.AnswersTo(d.From) || len(st.Duties) != 1 || st.Duties[0].Kind != d.Kind || st.Level == 0 {
					continue
				}
				switch st.Kind {
				case heed.KindReminder:
					if st.Author != d.OwedTo || st.Role != Seconds().Ladder[st.Level-1].Role {
						t.Errorf("a reminder by %s to %s at level %d", st.Author, st.Role, st.Level)
					}
					reminded[st.Level] = st.Time.Sub(d.Due)
				case heed.KindNotification:
					if st.Author != d.OwedBy {
						t.Errorf("a notification by %s", st.Author)
					}
					notified[st.Level] = st.Time.Sub(d.Due)
				}
			}
			if !equal(reminded, climbed) {
				t.Errorf("%s: reminded at %v past due, want %v", d.Kind, reminded, climbed)
			}
			if len(notified) != 3 {
				t.Errorf("%s: notified at %v past due, want 3 levels", d.Kind, notified)
			}
			now, _ := s.Case(id).Duty(d.Kind, d.From)
			if now.State(time.Now()) != heed.DutyOverdue || now.Level != 3 {
				t.Errorf("%s is %s at level %d", d.Kind, now.State(time.Now()), now.Level)
			}
		}
	})
}

func equal(a, b map[int]time.Duration) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}

func TestExactlyAtTheDueTimeIsOnTime(t *testing.T) {
	t.Parallel()
	for late, want := range map[time.Duration]heed.DutyState{0: heed.DutyDischarged, time.Millisecond: heed.DutyDischargedLate} {
		synctest.Test(t, func(t *testing.T) {
			net, n, s := quiet(t, Options{})
			id := n.Warn("Possible attack on a concert", s)[0]
			d := duty(t, s, id, heed.DutyAcknowledge)
			time.Sleep(time.Until(d.Due.Add(late)))
			do(t)(s.Acknowledge(t.Context(), Anna, id, false))
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
			for _, p := range net.Parties {
				if got, _ := p.Case(id).Duty(d.Kind, d.From); got.State(time.Now()) != want || !got.At.Equal(d.Due.Add(late)) {
					t.Errorf("%s: acknowledged %s after due at %s: %s", p.ID, late, got.At, got.State(time.Now()))
				}
			}
			if late == 0 {
				for _, p := range net.Parties {
					if told := levels(p, id, d); len(told) != 0 {
						t.Errorf("%s climbed although it was on time: %v", p.ID, told)
					}
				}
			}
		})
	}
}

func TestRestartLosesNoDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		id := n.Warn("Possible attack on a concert", s)[0]
		d := duty(t, n, id, heed.DutyAcknowledge)
		until(d.Due.Add(time.Second))
		if got := levels(s, id, d); len(got) != 1 {
			t.Fatalf("before the restart: %v", got)
		}
		s.Shut()
		until(d.Due.Add(3 * time.Second))
		n.Shut()
		until(d.Due.Add(6 * time.Second))
		for _, p := range net.Parties {
			p.Reopen()
			p.Start()
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		for _, p := range net.Parties {
			got := levels(p, id, d)
			if len(got) != 3 {
				t.Errorf("%s: after the restart: %v", p.ID, got)
			}
			if told := p.Notices.About(id, d.Kind, d.From); len(told) != len(got)+map[*Party]int{s: 1}[p] {
				t.Errorf("%s was told %d times, at levels %v", p.ID, len(told), got)
			}
		}
	})
}

func TestClockSteps(t *testing.T) {
	t.Parallel()
	t.Run("forward", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			net, n, s := quiet(t, Options{})
			id := n.Warn("Possible attack on a concert", s)[0]
			d := duty(t, n, id, heed.DutyAcknowledge)
			s.StepClock(2 * time.Minute)
			time.Sleep(1100 * time.Millisecond)
			if got := levels(s, id, d); len(got) != 3 {
				t.Errorf("a second after the clock was set forward past all levels: %v", got)
			}
			if got := levels(n, id, d); len(got) != 0 {
				t.Errorf("the other side's clock was not set: %v", got)
			}
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			net, n, s := quiet(t, Options{})
			id := n.Warn("Possible attack on a concert", s)[0]
			d := duty(t, n, id, heed.DutyAcknowledge)
			until(d.Due.Add(time.Second))
			s.StepClock(-4 * time.Minute)
			until(d.Due.Add(10 * time.Second))
			if got := levels(n, id, d); len(got) != 3 {
				t.Errorf("the other side's deadlines: %v", got)
			}
			// It says something although its clock is behind what it signed already.
			do(t)(s.Acknowledge(t.Context(), Anna, id, false))
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
			if got, _ := n.Case(id).Duty(d.Kind, d.From); got.Open() {
				t.Error("the acknowledgement did not count")
			}
			id = n.Warn("Another one", s)[0]
			e := duty(t, s, id, heed.DutyAcknowledge)
			until(time.Now().Add(11 * time.Second))
			if got := levels(s, id, e); len(got) != 3 {
				t.Errorf("deadlines by the clock that was set back: %v", got)
			}
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
		})
	})
}

func TestThousandsDueAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		many := 3000
		if raced {
			many = 500
		}
		baseline := Seconds()
		baseline.Ladder = baseline.Ladder[:1]
		net := New(t, Options{Baseline: baseline}, north, south)
		n := net.Parties[0]
		var wait sync.WaitGroup
		for range 50 { // desks of one party, so that many questions share a commit
			wait.Go(func() {
				for range many / 50 {
					if _, err := n.AskParty(t.Context(), exchange.AskOrder{Officer: Anna, To: south, Urgency: heed.UrgencyImmediate, Status: heed.StatusActual, Text: "Where is he?"}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		for more := true; more; {
			var err error
			if more, err = n.Deliver(t.Context(), south); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		for _, p := range net.Parties {
			for more := true; more; {
				var err error
				if more, err = p.Remind(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			board, err := p.Board(t.Context(), 2*many)
			if err != nil {
				t.Fatal(err)
			}
			lines := append(board.Ours, board.Theirs...)
			if len(lines) != many {
				t.Errorf("%s: %d of %d duties on the board", p.ID, len(lines), many)
			}
			for _, line := range lines {
				if line.Told != 1 {
					t.Fatalf("%s: a duty due %s stands at level %d", p.ID, line.Due, line.Told)
				}
			}
		}
		if board, err := n.Board(t.Context(), 1); err != nil || len(board.Outbox) != 1 {
			t.Errorf("no reminder is on its way: %v", err)
		}
	})
}
