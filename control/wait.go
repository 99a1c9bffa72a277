package control

import (
	"context"
	"errors"
	"strings"
	"time"

	"heed"
	"heed/exchange"
)

// wait blocks until what is asked for is so, the time is up, or the caller goes away.
func wait(ctx context.Context, x *exchange.Exchange, r WaitRequest) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.Seconds*float64(time.Second)))
	defer cancel()
	for {
		changed := x.Changes().Next()
		done, again, err := r.reached(ctx, x)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if done {
			return nil
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
			timer.Stop()
			return &Fault{Exit: ExitTimeout, Message: r.what() + ": not so in time", Hint: r.hint()}
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (r WaitRequest) what() string {
	_, ofAccord := r.accordState()
	switch {
	case r.Drained:
		return "nothing in flight"
	case ofAccord:
		return "accord " + r.Case + " " + r.State
	case r.Overdue != "":
		return "case " + r.Case + ", " + r.Overdue + " overdue"
	}
	return "case " + r.Case + " " + r.State
}

// hint is where people see why it was not so.
func (r WaitRequest) hint() string {
	if r.Drained {
		return "`heed peer list` shows which peer is in trouble; what waits is sent when it answers"
	}
	if _, ofAccord := r.accordState(); ofAccord {
		return "`heed accord show " + r.Case + "` shows who has answered what; --timeout waits longer"
	}
	return "`heed show " + r.Case + "` shows how far it has come; --timeout waits longer"
}

// reached looks once; again is how long nothing but a change can make it so.
func (r WaitRequest) reached(ctx context.Context, x *exchange.Exchange) (done bool, again time.Duration, err error) {
	const idle = time.Second
	if r.Drained {
		count, err := x.InFlight(ctx)
		return count == 0, idle, err
	}
	if r.Case == "" {
		return true, idle, nil
	}
	if state, ok := r.accordState(); ok {
		return r.accordReached(ctx, x, state)
	}
	ids, err := x.Find(ctx, r.Case)
	var missing *heed.Invalid
	if errors.As(err, &missing) && validCase(r.Case) {
		return false, idle, nil // it may still arrive
	}
	if err != nil {
		return false, idle, err
	}
	again = idle
	for _, id := range ids {
		file, err := x.Look(ctx, id)
		if err != nil {
			return false, idle, err
		}
		ok, due, err := r.holds(file)
		if err != nil || !ok {
			if !due.IsZero() {
				again = min(again, max(due.Sub(file.At)+2*time.Millisecond, time.Millisecond))
			}
			return false, again, err
		}
	}
	return true, again, nil
}

func validCase(name string) bool {
	spoken, _, _ := strings.Cut(name, "@")
	_, err := heed.ParseCode(spoken)
	return err == nil || exchange.IsAccordName(spoken)
}

// accordState is the state of an accord that is waited for; false where it is
// one of a case.
func (r WaitRequest) accordState() (heed.AccordState, bool) {
	if r.Overdue != "" {
		return "", false
	}
	state, err := AccordStateNamed(r.State)
	return state, err == nil
}

// accordReached is reached for an accord.
func (r WaitRequest) accordReached(ctx context.Context, x *exchange.Exchange, state heed.AccordState) (done bool, again time.Duration, err error) {
	const idle = time.Second
	ids, err := x.AccordsNamed(ctx, r.Case)
	if err != nil || len(ids) == 0 {
		return false, idle, err // it may still arrive
	}
	id, err := x.FindAccord(ctx, r.Case)
	if err != nil {
		return false, idle, err
	}
	now := x.Now()
	held, err := x.Accord(ctx, id)
	if err != nil || accordReached(held.Standing, state) {
		return err == nil, idle, err
	}
	if next := held.Next(now); !next.IsZero() {
		return false, min(idle, max(next.Sub(now), time.Millisecond)), nil
	}
	return false, idle, nil
}

// holds decides for one case; due is when time alone may change the answer.
func (r WaitRequest) holds(f exchange.CaseFile) (ok bool, due time.Time, err error) {
	if r.Overdue == "" {
		state, err := StateNamed(r.State)
		if err != nil {
			return false, due, err
		}
		_, ok := f.Reached()[state]
		return ok, due, nil
	}
	kind, err := DutyNamed(r.Overdue)
	if err != nil {
		return false, due, err
	}
	for _, d := range f.Duties {
		if d.Kind != kind {
			continue
		}
		switch d.State(f.At) {
		case heed.DutyOverdue, heed.DutyDischargedLate:
			return true, due, nil
		case heed.DutyOpen:
			due = d.Due
		}
	}
	return false, due, nil
}
