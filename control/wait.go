package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"heed"
	"heed/exchange"
)

// wait blocks until what is asked for is so, the time is up, or the caller goes away.
func wait(asker context.Context, x *exchange.Exchange, r WaitRequest) error {
	ctx, cancel := context.WithTimeout(asker, time.Duration(r.Seconds*float64(time.Second)))
	defer cancel()
	var lacking []string // as of the last look that was not cut short
	for {
		changed := x.Changes().Next()
		l, err := r.reached(ctx, x)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if l.done {
			return nil
		}
		if err == nil {
			lacking = l.lacking
		}
		timer := time.NewTimer(l.again)
		select {
		case <-ctx.Done():
			timer.Stop()
			hint, err := r.hint(asker, x, lacking)
			if err != nil {
				return err
			}
			return &Fault{Exit: ExitTimeout, Message: r.what() + ": not so in time", Hint: hint}
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
		return "case " + spoken(r.Case) + ", " + r.Overdue + " overdue"
	}
	return "case " + spoken(r.Case) + " " + r.State
}

// spoken is what a person calls a case, with its code as it is read aloud.
func spoken(name string) string {
	called, party, one := strings.Cut(strings.TrimSpace(name), "@")
	code, err := heed.ParseCode(called)
	if err != nil {
		return name
	}
	if one {
		return code.Spoken() + "@" + party
	}
	return code.Spoken()
}

// hint says why it was not so, or where people see that. lacking are the cases
// that are not so far yet.
func (r WaitRequest) hint(ctx context.Context, x *exchange.Exchange, lacking []string) (string, error) {
	if r.Drained {
		return drainedHint(ctx, x)
	}
	if _, ofAccord := r.accordState(); ofAccord {
		found, err := x.AccordsNamed(ctx, r.Case)
		if err == nil && len(found) == 0 {
			return "no such accord has arrived here: is the id right? `heed accord list` lists those that have", nil
		}
		return "`heed accord show " + r.Case + "` shows who has answered what; --timeout waits longer", err
	}
	const longer = " how far it has come; --timeout waits longer"
	switch len(lacking) {
	case 0:
		_, err := x.Find(ctx, r.Case)
		if one := (*exchange.OneSidedCase)(nil); errors.As(err, &one) {
			return "`heed letter show " + one.Code.Spoken() + "` shows" + longer, nil
		}
		var missing *heed.Invalid
		if errors.As(err, &missing) {
			return missing.What + ": " + missing.Hint, nil
		}
		return "`heed show " + spoken(r.Case) + "` shows" + longer, err
	case 1:
		return "`heed show " + lacking[0] + "` shows" + longer, nil
	}
	return fmt.Sprintf("%d cases are not so far: %s; `heed show %s` shows%s", len(lacking), strings.Join(lacking, ", "), lacking[0], longer), nil
}

// drainedHint names the peers that have not confirmed what they were sent.
func drainedHint(ctx context.Context, x *exchange.Exchange) (string, error) {
	board, err := x.Board(ctx, 10_000)
	if err != nil {
		return "", err
	}
	waiting, attempts, trouble := map[heed.PartyID]int{}, map[heed.PartyID]int{}, map[heed.PartyID]string{}
	for _, o := range board.Outbox {
		peer := o.Channel.Peer
		waiting[peer]++
		attempts[peer] = max(attempts[peer], o.Attempts)
		trouble[peer] = cmp.Or(o.Trouble, trouble[peer])
	}
	var told []string
	for _, p := range board.Peers {
		party := p.Card.Party
		if p.Removed || waiting[party] == 0 {
			continue
		}
		line := fmt.Sprintf("%s has not confirmed %d of what it was sent, attempts: %d", party, waiting[party], attempts[party])
		if trouble[party] != "" {
			line += ": " + trouble[party]
		}
		told = append(told, line)
	}
	if told == nil {
		return "by now nothing is: wait once more", nil
	}
	return strings.Join(told, "; ") + "; what waits is sent when they answer, and `heed peer list` shows since when each has not", nil
}

// looked is what one look at what is waited for has found.
type looked struct {
	done    bool
	again   time.Duration // how long nothing but a change can make it so
	lacking []string      // the cases that are not so far, as people name them
}

const idle = time.Second

// reached looks once.
func (r WaitRequest) reached(ctx context.Context, x *exchange.Exchange) (looked, error) {
	l := looked{again: idle}
	if r.Drained {
		count, err := x.InFlight(ctx)
		l.done = count == 0
		return l, err
	}
	if r.Case == "" {
		l.done = true
		return l, nil
	}
	if state, ok := r.accordState(); ok {
		var err error
		l.done, l.again, err = r.accordReached(ctx, x, state)
		return l, err
	}
	ids, err := x.Find(ctx, r.Case)
	if one := (*exchange.OneSidedCase)(nil); errors.As(err, &one) {
		l, _, err := r.oneSidedReached(ctx, x)
		return l, err
	}
	var missing *heed.Invalid
	if errors.As(err, &missing) && validCase(r.Case) {
		return l, r.neverComes(ctx, x)
	}
	if err != nil {
		return l, err
	}
	for _, id := range ids {
		file, err := x.Look(ctx, id)
		if err != nil {
			return l, err
		}
		ok, due, err := r.holds(file)
		if err != nil {
			return l, err
		}
		if ok {
			continue
		}
		name := file.Code.Spoken()
		if len(ids) > 1 {
			name += "@" + string(file.Other(x.Party()))
		}
		l.lacking = append(l.lacking, name)
		if !due.IsZero() {
			l.again = min(l.again, max(due.Sub(file.At)+2*time.Millisecond, time.Millisecond))
		}
	}
	l.done = len(l.lacking) == 0
	return l, nil
}

// neverComes refuses to wait for a party's case where a warning is here and did
// not go to that party. Any other case may still arrive.
func (r WaitRequest) neverComes(ctx context.Context, x *exchange.Exchange) error {
	called, party, one := strings.Cut(r.Case, "@")
	if !one {
		return nil
	}
	if _, err := heed.ParsePartyID(party); err != nil {
		return err
	}
	ids, err := x.Find(ctx, called)
	var missing *heed.Invalid
	if errors.As(err, &missing) {
		return nil
	}
	var with []string
	for i := 0; err == nil && i < len(ids); i++ {
		var file exchange.CaseFile
		file, err = x.Look(ctx, ids[i])
		with = append(with, string(file.Other(x.Party())))
	}
	if err != nil {
		return err
	}
	return &heed.Invalid{What: fmt.Sprintf("case %s is not with %s", spoken(called), party), Hint: "it is with " + strings.Join(with, ", ")}
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
		if d.Kind != kind && d.Kind.Base() != kind {
			continue
		}
		switch d.State(f.At) {
		case heed.DutyOverdue, heed.DutyDischargedLate:
			return true, due, nil
		case heed.DutyOpen:
			if due.IsZero() || d.Due.Before(due) {
				due = d.Due
			}
		}
	}
	return false, due, nil
}
