package testnet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/stats"
)

func schedule(t *testing.T, p *Party, order exchange.DrillOrder) exchange.DrillStanding {
	t.Helper()
	if order.Officer == "" {
		order.Officer = Anna
	}
	out, err := p.ScheduleDrill(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// scheduled finds a schedule.
func scheduled(t *testing.T, p *Party, name string) exchange.DrillStanding {
	t.Helper()
	all, err := p.Drills(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(d exchange.DrillStanding) bool { return d.Name == name })
	if at < 0 {
		t.Fatalf("%s has no %s", p.ID, name)
	}
	return all[at]
}

// exercises are the cases that exercises of the party's have opened, the newest first.
func exercises(t *testing.T, p *Party) (ids []heed.CaseID) {
	t.Helper()
	rows, err := p.Cases(t.Context(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b exchange.CaseRow) int { return b.Opened.Compare(a.Opened) })
	for _, r := range rows {
		if r.Ours && r.Status == heed.StatusExercise {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// ran waits and checks how often exercises have run since the beginning.
func ran(t *testing.T, p *Party, wait time.Duration, want int) {
	t.Helper()
	time.Sleep(wait)
	synctest.Wait()
	if got := len(exercises(t, p)); got != want {
		t.Fatalf("%s: %d exercises, want %d", p.ID, got, want)
	}
}

// written is an exercise that somebody wrote.
func written() *heed.Warning {
	w := Warning("EXERCISE: a parcel at the ferry terminal")
	w.Status, w.Urgency = heed.StatusExercise, heed.UrgencyExpected
	return &w
}

// An exercise runs on its schedule like a warning, and is kept apart everywhere.
func TestDrillsOnASchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{Seed: 21})
		d := schedule(t, n, exchange.DrillOrder{To: []heed.PartyID{south}, Every: time.Minute})
		if d.Name != "drill-1" || d.Gated || d.First.Sub(d.At) != time.Minute {
			t.Errorf("scheduled: %+v", d)
		}
		later := schedule(t, n, exchange.DrillOrder{To: []heed.PartyID{south}, Every: time.Hour, First: time.Now().Add(90 * time.Second), Warning: written()})
		ran(t, n, 59*time.Second, 0)
		ran(t, n, 2*time.Second, 1)
		ran(t, n, 30*time.Second, 2)
		ran(t, n, 30*time.Second, 3)
		if got := scheduled(t, n, d.Name); got.Runs != 2 || got.Next.Sub(d.First) != 2*time.Minute || got.Code != n.Case(exercises(t, n)[0]).Code || got.Last.Sub(d.First) > 2*time.Minute {
			t.Errorf("after two runs: %+v", got)
		}
		ids := exercises(t, n)
		opened, err := s.Open(t.Context(), Boris, ids[1])
		if err != nil || len(opened.Contents) != 1 || !strings.Contains(string(opened.Contents[0].Data), "a parcel at the ferry terminal") {
			t.Errorf("the one that was written: %+v, %v", opened.Contents, err)
		}
		if c := s.Case(ids[1]); c.Status != heed.StatusExercise || c.Urgency != heed.UrgencyExpected || scheduled(t, n, later.Name).Code != c.Code {
			t.Errorf("the one that was written: %+v", c)
		}
		opened, err = s.Open(t.Context(), Boris, ids[0])
		if err != nil || !strings.Contains(string(opened.Contents[0].Data), "EXERCISE EXERCISE EXERCISE") {
			t.Errorf("the built-in one: %+v, %v", opened.Contents, err)
		}
		do(t)(s.Acknowledge(t.Context(), Boris, ids[0], false))
		told := s.Notices.All()
		if len(told) == 0 || slices.ContainsFunc(told, func(n Told) bool { return !n.Exercise }) {
			t.Errorf("south's people were told %+v", told)
		}

		stopped, err := n.StopDrill(t.Context(), Boris, d.Name)
		if err != nil || stopped.Why != "stopped by boris" {
			t.Errorf("stopped: %+v, %v", stopped, err)
		}
		if _, err := n.StopDrill(t.Context(), Boris, d.Name); !isRefused(err) {
			t.Errorf("stopped again: %v", err)
		}
		if _, err := n.StopDrill(t.Context(), Boris, "drill-9"); err == nil || !strings.Contains(err.Error(), "no exercise") {
			t.Errorf("stopped what there is not: %v", err)
		}
		ran(t, n, 10*time.Minute, 3)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}

		// Both sides report the same, and count no exercise as meant.
		for _, p := range net.Parties {
			r, err := p.DrillReport(t.Context(), heed.AccordID{}, stats.Period{})
			if err != nil || len(r.Exercises) != 3 || len(r.Parties) != 1 || r.Parties[0].Party != south {
				t.Fatalf("%s reports %+v, %v", p.ID, r, err)
			}
			if f := r.Parties[0].Acknowledged; f.Done != 1 || f.Never != 2 || f.Median.State != heed.DrillNever {
				t.Errorf("%s reports %+v", p.ID, r.Parties[0])
			}
			if a := r.Exercises[0].Answers[0]; a.Notified.State != heed.DrillDone || a.Opened.State != heed.DrillDone || a.Acknowledged.State != heed.DrillDone || a.Assessed.State != heed.DrillNever {
				t.Errorf("%s reports %+v", p.ID, a)
			}
			none, err := p.DrillReport(t.Context(), heed.AccordID{1}, stats.Period{})
			if err != nil || len(none.Exercises) != 0 {
				t.Errorf("under an accord there was %+v, %v", none, err)
			}
			none, err = p.DrillReport(t.Context(), heed.AccordID{}, stats.Period{Until: d.At})
			if err != nil || len(none.Exercises) != 0 {
				t.Errorf("before there was %+v, %v", none, err)
			}
			direction := statistics(t, p, "").Relations[0].Directions[0]
			if line, ok := direction.Line(heed.StatusActual, stats.AllUrgencies); ok {
				t.Errorf("%s counts %+v as meant", p.ID, line)
			}
			if line, _ := direction.Line(heed.StatusExercise, stats.AllUrgencies); line.Warnings.Sent != 3 {
				t.Errorf("%s counts %+v as exercises", p.ID, line.Warnings)
			}
		}
		if _, err := n.DrillReport(t.Context(), heed.AccordID{}, stats.Period{Since: d.At.Add(time.Hour), Until: d.At}); err == nil {
			t.Error("a period that ends before it begins is reported on")
		}
	})
}

// However long a node was down, one run stands for those that it missed.
func TestDrillsAfterDowntime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, _ := quiet(t, Options{Seed: 22})
		d := schedule(t, n, exchange.DrillOrder{To: []heed.PartyID{south}, Every: time.Minute})
		ran(t, n, 61*time.Second, 1)
		n.Shut()
		time.Sleep(10*time.Minute + 10*time.Second)
		n.Reopen()
		n.Start()
		ran(t, n, 5*time.Second, 2)
		if got := scheduled(t, n, d.Name); got.Next.Sub(d.First) != 11*time.Minute {
			t.Errorf("it runs next at %s, first at %s", got.Next, d.First)
		}
		n.Shut() // at once after a run
		n.Reopen()
		n.Start()
		ran(t, n, 5*time.Second, 2)
		ran(t, n, time.Minute, 3)

		// A node that has not caught up after a restore signs nothing.
		backup := n.Backup()
		net.Parties[1].Shut()
		n.Restore(backup, true)
		n.Start()
		ran(t, n, 5*time.Minute, 3)
		net.Parties[1].Reopen()
		net.Parties[1].Start()
		ran(t, n, 20*time.Second, 4)

		// A clock that was years ahead does not silence the schedule.
		n.StepClock(3650 * 24 * time.Hour)
		ran(t, n, 5*time.Second, 5)
		n.StepClock(-3650 * 24 * time.Hour)
		ran(t, n, 5*time.Second, 5)
		next := scheduled(t, n, d.Name).Next
		if off := time.Until(next); off <= 0 || off > 90*time.Second {
			t.Errorf("it runs next at %s", next)
		}
		ran(t, n, time.Until(next)+time.Second, 6)
	})
}

// refusing is a store whose changes fail where they would reschedule an exercise.
type refusing struct {
	exchange.Store
	fails *atomic.Bool
	tried *atomic.Int64
}

func (r refusing) Write(ctx context.Context, f func(exchange.Tx) error) error {
	return r.Store.Write(ctx, func(tx exchange.Tx) error { return f(refusingTx{tx, r}) })
}

type refusingTx struct {
	exchange.Tx
	by refusing
}

func (t refusingTx) PutDrill(d exchange.Drill) error {
	if t.by.fails.Load() {
		t.by.tried.Add(1)
		return errors.New("the power went")
	}
	return t.Tx.PutDrill(d)
}

// What is lost between a run and its rescheduling takes the run with it, and it
// is run again, once.
func TestDrillsThatCrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fails atomic.Bool
		var tried atomic.Int64
		_, n, _ := quiet(t, Options{Seed: 23, Wrap: func(p heed.PartyID, s exchange.Store) exchange.Store { return refusing{s, &fails, &tried} }})
		schedule(t, n, exchange.DrillOrder{To: []heed.PartyID{south}, Every: 5 * time.Minute})
		fails.Store(true)
		time.Sleep(4 * time.Minute)
		before := leaves(t, n)
		ran(t, n, 2*time.Minute, 0)
		if len(outbox(t, n)) != 0 || leaves(t, n) != before {
			t.Errorf("%d statements wait, %d leaves more", len(outbox(t, n)), leaves(t, n)-before)
		}
		if count := tried.Load(); count < 2 || count > 120 {
			t.Errorf("tried %d times in a minute", count)
		}
		fails.Store(false)
		ran(t, n, 5*time.Second, 1)
		ran(t, n, 3*time.Minute, 1)
		ran(t, n, time.Minute, 2)
	})
}

// Whoever stops a schedule while a run is being signed has stopped that run.
func TestDrillStoppedWhileItRuns(t *testing.T) {
	t.Parallel()
	gated(t, func(t *testing.T, net *Net, n, s *Party, gates map[heed.PartyID]*gate) {
		d := schedule(t, n, exchange.DrillOrder{To: []heed.PartyID{south}, Every: time.Minute})
		time.Sleep(time.Minute)
		once := true
		gates[north].set(func() {
			if once {
				once = false
				if _, err := n.StopDrill(t.Context(), Boris, d.Name); err != nil {
					t.Error(err)
				}
			}
		}, nil)
		if _, err := n.RunDrills(t.Context()); err != nil || once {
			t.Errorf("run: %v", err)
		}
		ran(t, n, 0, 0)

		d = schedule(t, n, exchange.DrillOrder{To: []heed.PartyID{south}, Every: time.Minute})
		time.Sleep(time.Minute)
		once = true
		gates[north].set(func() {
			if once {
				once = false
				if err := n.RemoveOfficer(t.Context(), "", Anna); err != nil {
					t.Error(err)
				}
			}
		}, nil)
		for range 2 {
			if _, err := n.RunDrills(t.Context()); err != nil || once {
				t.Errorf("run: %v", err)
			}
		}
		ran(t, n, 0, 0)
		if got := scheduled(t, n, d.Name); !strings.Contains(got.Why, "anna was removed") {
			t.Errorf("stopped: %+v", got.Drill)
		}
	})
}

// A schedule ends with the officer in whose name it runs, or his role, and with
// the peer.
func TestDrillsEndWithTheirOfficer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		net := New(t, Options{Seed: 24, Log: &log}, north, south, east)
		n := net.Parties[0]
		for _, name := range []heed.OfficerID{"ruth", "otto"} {
			if _, err := n.AddOfficer(t.Context(), "", name, []heed.Role{heed.Releaser}); err != nil {
				t.Fatal(err)
			}
		}
		n.Start()
		for _, d := range []struct {
			officer heed.OfficerID
			to      heed.PartyID
		}{{"ruth", south}, {"otto", south}, {Anna, east}, {Anna, south}} {
			schedule(t, n, exchange.DrillOrder{Officer: d.officer, To: []heed.PartyID{d.to}, Every: time.Minute, Warning: written()})
		}
		ran(t, n, 61*time.Second, 4)
		if err := n.RemoveOfficer(t.Context(), "", "ruth"); err != nil {
			t.Fatal(err)
		}
		if _, err := n.AddOfficer(t.Context(), "", "otto", []heed.Role{heed.Drafter}); err != nil {
			t.Fatal(err)
		}
		if err := n.RemovePeer(t.Context(), east); err != nil {
			t.Fatal(err)
		}
		ran(t, n, time.Minute, 5)
		for name, want := range map[string]string{"drill-1": "officer ruth was removed", "drill-2": `no role that permits "drill"`, "drill-3": "east.example is not a peer", "drill-4": ""} {
			d := scheduled(t, n, name)
			if d.Stopped.IsZero() != (want == "") || !strings.Contains(d.Why, want) {
				t.Errorf("%s: %+v", name, d)
			}
		}
		n.Stop() // nobody writes to the log any more
		if got := strings.Count(log.String(), "a scheduled exercise was stopped"); got != 3 || !strings.Contains(log.String(), "officer=ruth") {
			t.Errorf("it was logged %d times:\n%s", got, log.String())
		}
		err := n.Store.Read(t.Context(), func(v exchange.View) error {
			for i, want := range []bool{false, false, false, true} {
				d, err := v.Drill(fmt.Sprintf("drill-%d", i+1))
				if err != nil || len(d.Document) > 0 != want {
					t.Errorf("%s has %d bytes of text, %v", d.Name, len(d.Document), err)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Under an accord an exercise goes to all that its clause on drills binds, by
// its span, and ends with it.
func TestDrillsUnderAnAccord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 25}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		terms := Terms("Drilled", net.Parties...)
		terms.Drills, terms.Until = 2*time.Minute, heed.Instant(time.Now().Add(10*time.Minute))
		id := propose(t, n, terms).Accord
		order := exchange.DrillOrder{Officer: Anna, Accord: id}
		if _, err := n.ScheduleDrill(t.Context(), order); !isRefused(err) {
			t.Errorf("scheduled before it is in force: %v", err)
		}
		reach(t, s, id, heed.AccordProposed)
		reach(t, e, id, heed.AccordProposed)
		declare(t, s, id, heed.AccordRatification)
		declare(t, e, id, heed.AccordReservation, func(o *exchange.AccordOrder) { o.Clause, o.Reason = "drills", "no staff" })
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		for _, p := range net.Parties {
			reach(t, p, id, heed.AccordInForce)
		}

		out, err := n.Drill(t.Context(), order)
		if err != nil || !slices.Equal(out.To, []heed.PartyID{south}) || !slices.Equal(out.LeftOut, []heed.PartyID{east}) || out.Drafted {
			t.Fatalf("run: %+v, %v", out, err)
		}
		waitFor(t, s, out.Cases[0], heed.StateReceived)
		if c := s.Case(out.Cases[0]); c.Opening.Accord != id || c.Status != heed.StatusExercise {
			t.Errorf("south has %+v", c.Opening)
		}
		named, err := n.Drill(t.Context(), exchange.DrillOrder{Officer: Anna, Accord: id, To: []heed.PartyID{east}})
		if err != nil || !slices.Equal(named.To, []heed.PartyID{east}) || len(named.LeftOut) != 0 {
			t.Errorf("one who is named is drilled: %+v, %v", named, err)
		}

		d := schedule(t, n, order)
		if d.Every != 2*time.Minute || d.Gated {
			t.Errorf("scheduled: %+v", d)
		}
		ran(t, n, 2*time.Minute+time.Second, 3)
		// While north has suspended it, it is not run, and says why.
		declare(t, n, id, heed.AccordSuspension)
		ran(t, n, 2*time.Minute, 3)
		if got := scheduled(t, n, d.Name); !got.Stopped.IsZero() || !strings.Contains(got.Passed, "suspended") {
			t.Errorf("while it is suspended: %+v", got)
		}
		declare(t, n, id, heed.AccordResumption)
		ran(t, n, 2*time.Minute, 4)
		time.Sleep(time.Until(terms.Until))
		ran(t, n, 0, len(exercises(t, n)))
		before := len(exercises(t, n))
		ran(t, n, 5*time.Minute, before)
		if got := scheduled(t, n, d.Name); got.Stopped.IsZero() || !strings.Contains(got.Why, "accord "+id.Short()+" ended at") {
			t.Errorf("after its end: %+v", got)
		}
		r, err := n.DrillReport(t.Context(), id, stats.Period{})
		if err != nil || len(r.Exercises) != before || len(r.Parties) != 2 {
			t.Errorf("reported: %+v, %v", r, err)
		}
	})
}

// Where the accord asks for two officers, every run is a draft, and there is
// never more than one that waits.
func TestDrillsThatWaitForRelease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 26}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := guarded(t, net, true, true)
		order := exchange.DrillOrder{Officer: Anna, Accord: id, Every: time.Minute}
		if out, err := n.Drill(t.Context(), exchange.DrillOrder{Officer: Anna, Accord: id}); err != nil || !out.Drafted || waits(t, n) != 1 {
			t.Errorf("run: %+v, %v", out, err)
		} else if _, err := n.DropDraft(t.Context(), Anna, string(out.Code)); err != nil {
			t.Error(err)
		}
		if _, err := n.ScheduleDrill(t.Context(), exchange.DrillOrder{Officer: Anna, Accord: id}); err == nil || !strings.Contains(err.Error(), "how often") {
			t.Errorf("an accord that says nothing of drills: %v", err)
		}
		d := schedule(t, n, order)
		if !d.Gated {
			t.Errorf("scheduled: %+v", d)
		}
		ran(t, n, 61*time.Second, 0)
		if got := scheduled(t, n, d.Name); waits(t, n) != 1 || !got.Waits || !got.Drafted || got.Runs != 1 || got.Passed != "" {
			t.Errorf("after the first: %d wait, %+v", waits(t, n), got)
		}
		ran(t, n, 10*time.Minute, 0)
		got := scheduled(t, n, d.Name)
		if waits(t, n) != 1 || got.Runs != 1 || !strings.Contains(got.Passed, "still waits for release") || !got.Stopped.IsZero() {
			t.Errorf("while nobody releases: %d wait, %+v", waits(t, n), got)
		}
		out := release(t, n, Boris, got.Code, form())
		waitFor(t, s, out.Cases[0], heed.StateReceived)
		if c := s.Case(out.Cases[0]); c.Status != heed.StatusExercise {
			t.Errorf("what was released has status %s", c.Status)
		}
		ran(t, n, time.Minute, 1)
		if got := scheduled(t, n, d.Name); waits(t, n) != 1 || got.Runs != 2 || got.Passed != "" {
			t.Errorf("after the release: %d wait, %+v", waits(t, n), got)
		}
		if err := net.Settle(); err != nil {
			t.Error(err)
		}
	})
}

// What cannot be an exercise, and who may not call one.
func TestDrillsThatAreRefused(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		if _, err := n.AddOfficer(t.Context(), "", "dora", []heed.Role{heed.Drafter, heed.DutyOfficer, heed.Assessor, heed.Auditor, heed.Administrator}); err != nil {
			t.Fatal(err)
		}
		meant, pictured, empty := Warning("This is meant"), written(), written()
		pictured.Attachments = []heed.Attachment{{Name: "plan.pdf", MediaType: "application/pdf"}}
		empty.Headline = ""
		to := []heed.PartyID{south}
		for name, c := range map[string]struct {
			order exchange.DrillOrder
			want  string
		}{
			"to nobody":             {exchange.DrillOrder{Officer: Anna}, "nobody is named"},
			"to one twice":          {exchange.DrillOrder{Officer: Anna, To: []heed.PartyID{south, south}}, "named twice"},
			"to a stranger":         {exchange.DrillOrder{Officer: Anna, To: []heed.PartyID{west}}, "not a peer"},
			"under no such accord":  {exchange.DrillOrder{Officer: Anna, Accord: heed.AccordID{1}}, "no accord"},
			"that is meant":         {exchange.DrillOrder{Officer: Anna, To: to, Warning: &meant}, "status Actual"},
			"that is no warning":    {exchange.DrillOrder{Officer: Anna, To: to, Warning: &heed.Warning{}}, "status none"},
			"with attachments":      {exchange.DrillOrder{Officer: Anna, To: to, Warning: pictured}, "attachments"},
			"without a headline":    {exchange.DrillOrder{Officer: Anna, To: to, Warning: empty}, "headline is missing"},
			"by whoever only acts":  {exchange.DrillOrder{Officer: "dora", To: to}, `permits "drill"`},
			"by nobody on the list": {exchange.DrillOrder{Officer: "otto", To: to}, "no officer"},
			"by nobody":             {exchange.DrillOrder{To: to}, "no officer is named"},
		} {
			c.order.Every = time.Minute
			_, now := n.Drill(t.Context(), c.order)
			_, then := n.ScheduleDrill(t.Context(), c.order)
			for _, err := range []error{now, then} {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: %v, want %q", name, err, c.want)
				}
			}
		}
		if _, err := n.ScheduleDrill(t.Context(), exchange.DrillOrder{Officer: Anna, To: to}); err == nil || !strings.Contains(err.Error(), "how often") {
			t.Errorf("it is not said how often: %v", err)
		}
		if all, err := n.Drills(t.Context()); err != nil || len(all) != 0 || len(exercises(t, n)) != 0 {
			t.Errorf("scheduled: %v, %v", all, err)
		}
		d := schedule(t, n, exchange.DrillOrder{To: to, Every: time.Minute})
		if _, err := n.StopDrill(t.Context(), "dora", d.Name); !isRefused(err) {
			t.Errorf("stopped by whoever may not: %v", err)
		}
		for range heed.MaxDrills - 1 {
			schedule(t, n, exchange.DrillOrder{To: to, Every: time.Minute})
		}
		if _, err := n.ScheduleDrill(t.Context(), exchange.DrillOrder{Officer: Anna, To: to, Every: time.Minute}); !isRefused(err) {
			t.Errorf("one more than there may be: %v", err)
		}
		if _, err := n.StopDrill(t.Context(), Anna, d.Name); err != nil {
			t.Error(err)
		}
		if next := schedule(t, n, exchange.DrillOrder{To: to, Every: time.Minute}); next.Name != fmt.Sprintf("drill-%d", heed.MaxDrills+1) {
			t.Errorf("the next one is %s", next.Name)
		}
	})
}
