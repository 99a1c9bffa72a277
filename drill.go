package heed

import (
	"fmt"
	"time"
)

// Drill is an exercise on a schedule: an ordinary warning with the status
// Exercise that goes out once every span, in the name of the officer who
// scheduled it.
type Drill struct {
	Name    string    // by which people call it; it is given once
	Officer OfficerID // who scheduled it
	At      time.Time // when it was scheduled
	To      []PartyID // under an accord, none: to all whom it binds
	Accord  AccordID  // under whose terms; zero: by the recipients' cards

	Every time.Duration // from one run to the next
	First time.Time     // all runs lie whole spans after it
	Next  time.Time     // when it is to run

	Runs    int       // how often it ran
	Last    time.Time // when it ran last; zero: never
	Code    Code      // of what the last run made: a case, or a draft
	Drafted bool      // the last run made a draft, which an officer must release
	Passed  string    // why it did not run when it was last due; empty: it did

	Stopped time.Time // zero: it goes on
	Why     string    // why it was stopped
}

// Bounds of schedules. The span of a drill is that of an accord's.
const (
	MinDrillSpan = time.Second
	MaxDrillSpan = MaxResponse
	MaxDrills    = 100 // that go on at the same time at one node
)

// drillRetry is after how long one that could not run is tried again, where its
// next run is not earlier: what stood in its way may be over soon.
const drillRetry = time.Hour

// Check reports whether a drill that is scheduled at its At can run: its span
// is in whole milliseconds and from MinDrillSpan to MaxDrillSpan, and it begins
// within MaxDrillSpan and not before it is scheduled. The error is an *Invalid.
func (d Drill) Check() error {
	switch {
	case d.Every == 0:
		return &Invalid{What: "it is not said how often the exercise runs", Hint: "add --every SPAN, like --every 30d"}
	case d.Every < MinDrillSpan || d.Every > MaxDrillSpan || d.Every%time.Millisecond != 0:
		return &Invalid{What: fmt.Sprintf("an exercise every %s is out of bounds", d.Every), Hint: "from 1s to 732d, in whole milliseconds"}
	case d.First.Before(d.At):
		return &Invalid{What: "the first run would be in the past, at " + FormatTime(d.First), Hint: "leave --first out, and it runs one span from now; `heed drill run` runs one at once"}
	case d.First.Sub(d.At) > MaxDrillSpan:
		return &Invalid{What: "the first run would be only at " + FormatTime(d.First), Hint: "let it begin within 732d"}
	}
	return nil
}

// Due reports whether the drill is to run at now.
func (d Drill) Due(now time.Time) bool { return d.Stopped.IsZero() && !now.Before(d.Next) }

// Ran is the drill after it ran at now, and made the case or the draft of that
// code. However many runs were missed, one stands for all of them.
func (d Drill) Ran(now time.Time, code Code, drafted bool) Drill {
	d.Runs++
	d.Last, d.Code, d.Drafted, d.Passed = now, code, drafted, ""
	d.Next = d.following(now)
	return d
}

// PassedOver is the drill after it was due at now and left out: it runs next
// when it would have if it had run.
func (d Drill) PassedOver(now time.Time, why string) Drill {
	d.Passed, d.Next = why, d.following(now)
	return d
}

// Failed is the drill after it was due at now and could not run. It is tried
// again before its next run where that is far off.
func (d Drill) Failed(now time.Time, why string) Drill {
	d = d.PassedOver(now, why)
	if again := now.Add(drillRetry); again.Before(d.Next) {
		d.Next = again
	}
	return d
}

// Stop is the drill stopped for good at now.
func (d Drill) Stop(now time.Time, why string) Drill {
	d.Stopped, d.Why = now, why
	return d
}

// Settled is the drill with its next run where now puts it: a run at a time at
// which the clock was ahead must not put the next ones off until that time
// comes. Else it is d as it is.
func (d Drill) Settled(now time.Time) Drill {
	if d.Next.After(d.First) && d.Next.Sub(now) > 2*d.Every {
		d.Next = d.following(now)
	}
	return d
}

// following is the first time of the schedule that is at least half a span
// after now: who has caught up late is not called again at once.
func (d Drill) following(now time.Time) time.Time {
	earliest := now.Add(d.Every / 2)
	if !earliest.After(d.First) {
		return d.First
	}
	next := d.First.Add(earliest.Sub(d.First) / d.Every * d.Every)
	if next.Before(earliest) {
		next = next.Add(d.Every)
	}
	return next
}
