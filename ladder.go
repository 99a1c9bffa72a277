package heed

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Rung is one level of a ladder: who is told when a duty has been overdue for
// that long. Both sides know it from the card.
type Rung struct {
	Role      string        // the party's own word for the function, like "duty-desk"
	After     time.Duration // past the due time
	Telephone string
	Mail      string
	Hours     string // for people: "24/7", "Mon-Fri 08:00-16:00"
	Zone      string // IANA time zone
	Languages string // BCP 47 tags, separated by spaces
}

// Ladder is who is told, in order, as a duty goes overdue. Its first rung is
// also told of what arrives.
type Ladder []Rung

// MaxRungs bounds a ladder.
const MaxRungs = 8

// Level is the highest escalation level that a duty due at that time has
// reached: 0 while it is not overdue, n once the n-th rung is to be told.
func (l Ladder) Level(due, now time.Time) int {
	level := 0
	for i, rung := range l {
		if now.After(due.Add(rung.After)) {
			level = i + 1
		}
	}
	return level
}

// Next is the first instant, in whole milliseconds, at which Level is greater
// than level; false when the top is reached.
func (l Ladder) Next(due time.Time, level int) (time.Time, bool) {
	level = max(level, 0)
	if level >= len(l) {
		return time.Time{}, false
	}
	return due.Add(l[level].After + time.Millisecond), true
}

// Rung is the rung of an escalation level; level 0, on arrival, is the first rung's too.
func (l Ladder) Rung(level int) Rung {
	if level < 1 {
		level = 1
	}
	return l[min(level, len(l))-1]
}

// Told is the rung that is told of a duty at a level. A rung that owes it for
// itself is told until the ladder has climbed beyond it.
func (l Ladder) Told(kind DutyKind, level int) Rung { return l.Rung(max(level, kind.Rung())) }

// Check reports whether the ladder can be climbed: one to eight rungs, each
// later than the one before, with a role and a way to reach it in one line each.
func (l Ladder) Check() error {
	bad := func(i int, format string, args ...any) error {
		return &Invalid{What: fmt.Sprintf("ladder, rung %d: ", i+1) + fmt.Sprintf(format, args...)}
	}
	if len(l) == 0 || len(l) > MaxRungs {
		return &Invalid{What: fmt.Sprintf("a ladder has 1 to %d rungs, not %d", MaxRungs, len(l))}
	}
	for i, r := range l {
		if !isToken(r.Role, 40) {
			return bad(i, "role %q is not one lower-case word", clip(r.Role))
		}
		if r.After < 0 || r.After > MaxResponse || r.After%time.Millisecond != 0 {
			return bad(i, "after %s is out of bounds", r.After)
		}
		if i > 0 && r.After <= l[i-1].After {
			return bad(i, "comes no later than the one before it")
		}
		for _, field := range [][2]string{{"telephone", r.Telephone}, {"mail", r.Mail}, {"hours", r.Hours}, {"zone", r.Zone}, {"languages", r.Languages}} {
			if !isLine(field[1], 120) {
				return bad(i, "%s is not one line of at most 120 bytes", field[0])
			}
		}
		if r.Telephone == "" && r.Mail == "" {
			return bad(i, "has neither telephone nor mail")
		}
	}
	return nil
}

// isToken reports whether s is a lower-case word with hyphens.
func isToken(s string, most int) bool {
	if s == "" || len(s) > most || s[0] == '-' {
		return false
	}
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// isLine reports whether s is valid text that cannot break out of one line
// or turn its direction, and has no blank at either end. The vertical bar separates fields of a rung.
func isLine(s string, most int) bool {
	if len(s) > most || !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.Contains(s, "|") {
		return false
	}
	for _, c := range s {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029' {
			return false
		}
	}
	return true
}
