package heed

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Clock is a table of response times: by what is owed and how urgent the
// statement is that it follows from. A pair that is not in the table gives no
// duty.
type Clock map[DutyKind]map[Urgency]time.Duration

// MaxResponse bounds a clock: no response time is longer than two years or
// shorter than 100 ms (the latter for tests and demonstrations).
const (
	MaxResponse = 2 * 366 * 24 * time.Hour
	MinResponse = 100 * time.Millisecond
)

// Of is the response time for a duty of that urgency.
func (c Clock) Of(kind DutyKind, urgency Urgency) (time.Duration, bool) {
	d, ok := c[kind][urgency]
	return d, ok
}

// Check reports whether all response times are within bounds and in whole
// milliseconds, and none is for a duty or an urgency that does not exist.
func (c Clock) Check() error {
	for _, kind := range slices.Sorted(maps.Keys(c)) {
		if _, err := oneOf("duty", kind, DutyKinds()); err != nil {
			return err
		}
		for _, urgency := range slices.Sorted(maps.Keys(c[kind])) {
			if _, err := ParseUrgency(string(urgency)); err != nil {
				return err
			}
		}
	}
	for _, kind := range DutyKinds() {
		for _, urgency := range Urgencies() {
			d, ok := c.Of(kind, urgency)
			if ok && (d < MinResponse || d > MaxResponse || d%time.Millisecond != 0) {
				return &Invalid{What: fmt.Sprintf("response time %s for %s/%s is out of bounds", d, kind, urgency), Hint: "from 100ms to two years, in whole milliseconds"}
			}
		}
	}
	return nil
}

// Profile is a named clock with the source of its figures.
type Profile struct {
	Name   string
	Source string
	Clock  Clock
}

const day = 24 * time.Hour

// uniform fills a clock by urgency class: Immediate, Expected, and all others.
func uniform(kind DutyKind, immediate, expected, other time.Duration, into Clock) {
	into[kind] = map[Urgency]time.Duration{}
	for _, u := range Urgencies() {
		switch u {
		case UrgencyImmediate:
			into[kind][u] = immediate
		case UrgencyExpected:
			into[kind][u] = expected
		default:
			into[kind][u] = other
		}
	}
}

// profile builds a clock from the time in which it must be acknowledged and
// the time in which a substantive reply is due. Where the source sets only
// one figure, the rest is the practice that heed ships: a report of action and
// a conclusion take as long again.
func profile(name, source string, acknowledge, reply [3]time.Duration) Profile {
	c := Clock{}
	uniform(DutyAcknowledge, acknowledge[0], acknowledge[1], acknowledge[2], c)
	for _, kind := range []DutyKind{DutyAssess, DutyAnswer, DutyReport, DutyReview, DutyRatify, DutyDecide} {
		uniform(kind, reply[0], reply[1], reply[2], c)
	}
	uniform(DutyConclude, 2*reply[0], 2*reply[1], 2*reply[2], c)
	return Profile{Name: name, Source: source, Clock: c}
}

// DefaultProfile is what a card commits to unless its party chooses otherwise.
const DefaultProfile = "urgent-police"

// Profiles lists the clocks that law or practice has.
func Profiles() []Profile {
	all := func(d time.Duration) [3]time.Duration { return [3]time.Duration{d, d, d} }
	return []Profile{
		profile("urgent-police", "Directive (EU) 2023/977, Article 5(1): 8 hours, 3 days, 7 days from receipt; acknowledged within 1 hour, 8 hours, 1 day as practice has it",
			[3]time.Duration{time.Hour, 8 * time.Hour, day}, [3]time.Duration{8 * time.Hour, 3 * day, 7 * day}),
		profile("sirene", "Regulation (EU) 2018/1862 and the SIRENE Manual: replies within 12 hours; acknowledged at once as practice has it",
			[3]time.Duration{time.Hour, 2 * time.Hour, 12 * time.Hour}, all(12*time.Hour)),
		profile("public-health", "International Health Regulations (2005), Articles 6 and 10: 24 hours",
			[3]time.Duration{4 * time.Hour, 24 * time.Hour, 24 * time.Hour}, all(24*time.Hour)),
		profile("whistle-blowing", "Directive (EU) 2019/1937, Article 9(1): acknowledged within 7 days, feedback within 3 months (kept as 90 days)",
			all(7*day), all(90*day)),
		profile("major-event", "practice of event security centres: acknowledged within 15 minutes, assessed within 2 hours",
			all(15*time.Minute), all(2*time.Hour)),
		profile("coordinated-disclosure", "practice of coordinated vulnerability disclosure (ISO/IEC 29147): acknowledged within 7 days, resolved within 90 days",
			all(7*day), all(90*day)),
	}
}

// ProfileNamed finds a shipped profile.
func ProfileNamed(name string) (Profile, error) {
	var names []string
	for _, p := range Profiles() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	_, err := oneOf("clock profile", name, names)
	return Profile{}, err
}
