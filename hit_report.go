package heed

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SubjectPath names a subject of a warning by its path in the document:
// persons/0, vehicles/2, organisations/1.
type SubjectPath string

// The lists of a warning that hold subjects, in the order of the document.
const (
	SubjectPersons       = "persons"
	SubjectVehicles      = "vehicles"
	SubjectOrganisations = "organisations"
)

// PathOfSubject is the path of the n-th entry, from 0, of one of the lists of subjects.
func PathOfSubject(list string, n int) SubjectPath { return SubjectPath(at(list, n)) }

// ParseSubjectPath reads a path in its one spelling.
func ParseSubjectPath(s string) (SubjectPath, error) {
	bounds := map[string]int{SubjectPersons: MaxPersons, SubjectVehicles: MaxVehicles, SubjectOrganisations: MaxOrganisations}
	list, place, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(place)
	if err != nil || n < 0 || n >= bounds[list] || s != at(list, n) {
		return "", &Invalid{What: fmt.Sprintf("%q is not the path of a subject", clip(s)), Hint: "write it like persons/0, vehicles/1 or organisations/0"}
	}
	return SubjectPath(s), nil
}

// Score is how well a record fits a subject, in ten-thousandths from 0 to 1, so
// that it has exactly one spelling.
type Score int

// MaxScore is the score 1.
const MaxScore Score = 10_000

// ScoreOf rounds to the nearest ten-thousandth; beyond 0 and 1 it cuts, and what
// is not a number is 0.
func ScoreOf(f float64) Score {
	if !(f > 0) {
		return 0
	}
	return Score(min(f, 1)*float64(MaxScore) + 0.5)
}

// ParseScore reads what String writes.
func ParseScore(s string) (Score, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(whole + fraction)
	if err != nil || n < 0 || Score(n) > MaxScore || Score(n).String() != s {
		return 0, &Invalid{What: fmt.Sprintf("%q is not a score", clip(s)), Hint: "write four decimals, from 0.0000 to 1.0000"}
	}
	return Score(n), nil
}

// Float is the score from 0 to 1.
func (s Score) Float() float64 { return float64(s) / float64(MaxScore) }

// String writes four decimals: 0.9731.
func (s Score) String() string { return fmt.Sprintf("%d.%04d", s/MaxScore, s%MaxScore) }

// HitReport is what the warned tells the warner of a record that an officer has
// confirmed to be of a subject of the warning. It says as much of the record as
// the officer tells: of where and when the subject was, and of how the record
// spells it; nothing of anybody else who stands in the record.
type HitReport struct {
	Subject SubjectPath // in the document of the statement that the watch-hit answers
	Record  RecordType
	// Verdict is why an earlier report does not hold any more, in the report that
	// withdraws it: different-person or undecided. Empty: it is of the subject.
	Verdict   HitVerdict
	At        Moment    // of which the record is; zero: not told
	Where     string    // from where to where, with whom; may be empty
	Name      string    // as the record spells it; may be empty
	Born      Birth     // as the record has it; zero: not told
	Document  *Document // that the record names; nil: not told
	Score     Score
	Threshold Score  // on the same scale; a record that named a document exactly may score below it
	Model     string // version of the model that gave the score, one word; empty: none did
}

// Check reports everything that is wrong, as joined *FieldErrors.
func (r HitReport) Check() error {
	c := &checker{}
	if _, err := ParseSubjectPath(string(r.Subject)); err != nil {
		c.bad("subject", fmt.Sprintf("is %q, which is not the path of a subject", clip(string(r.Subject))), "write it like persons/0")
	}
	term(c, "record", "record type", r.Record, RecordTypes(), required)
	if r.Verdict != "" && r.Verdict != DifferentPerson && r.Verdict != Undecided {
		c.bad("verdict", fmt.Sprintf("is %q, which withdraws no report", clip(string(r.Verdict))), "different-person or undecided; a report of the same person says no verdict")
	}
	c.moment("at", r.At)
	c.text("where", r.Where, MaxLabel, optional)
	c.text("name", r.Name, MaxLabel, optional)
	if !r.Born.IsZero() {
		if parsed, err := ParseBirth(r.Born.String()); err != nil || parsed != r.Born {
			c.bad("born", "is not a date of birth", "write a day 1990-05-14, a month 1990-05 or a year 1990")
		}
	}
	if d := r.Document; d != nil {
		term(c, "document/type", "document type", d.Type, DocumentTypes(), required)
		c.country("document/country", d.Country, optional)
		c.text("document/number", d.Number, MaxLabel, required)
	}
	for _, s := range []struct {
		path  string
		score Score
	}{{"score", r.Score}, {"threshold", r.Threshold}} {
		if s.score < 0 || s.score > MaxScore {
			c.bad(s.path, "is out of bounds", "from 0.0000 to 1.0000")
		}
	}
	if r.Model != "" && !isToken(r.Model, MaxToken) {
		c.bad("model", fmt.Sprintf("is %q, which is not one lower-case word", clip(r.Model)), "")
	}
	return c.err()
}

// Text tells the report in lines, for people.
func (r HitReport) Text() string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	line("of", string(r.Subject))
	line("record", string(r.Record))
	switch r.Verdict {
	case DifferentPerson:
		line("verdict", "a different person: the report before is withdrawn")
	case Undecided:
		line("verdict", "undecided again: the report before is withdrawn")
	}
	line("at", r.At.String())
	line("where", r.Where)
	line("name in the record", r.Name)
	line("born, in the record", r.Born.String())
	if d := r.Document; d != nil {
		line("document in the record", strings.Join(slices.DeleteFunc([]string{string(d.Type), string(d.Country), d.Number}, func(s string) bool { return s == "" }), " "))
	}
	line("score", r.Score.String()+", threshold "+r.Threshold.String())
	line("model", r.Model)
	return strings.TrimSuffix(b.String(), "\n")
}

// checkWatchHit is what a watch-hit needs beyond what every statement does.
func (s Statement) checkWatchHit(bad func(string, ...any) error) error {
	switch {
	case len(s.Answers) != 1:
		return bad("it answers exactly the statement whose document names the subject, or its author's own report that it withdraws")
	case len(s.Contents) == 0 || s.Contents[0].MediaType != MediaHitReport:
		return bad("its first content is not %s", MediaHitReport)
	case s.Confirmed.IsZero() == s.Withdrawn.IsZero() || s.HitDecided().After(s.Time):
		return bad("it does not say when the hit was confirmed, or a report of it withdrawn, or says both, or a time after its own")
	case len(s.Duties) > 1 || len(s.Duties) == 1 && s.Duties[0].Kind != DutyReport:
		return bad("it names at most one duty, to report")
	}
	return nil
}

// HitDecided is when an officer decided what a watch-hit says.
func (s Statement) HitDecided() time.Time {
	if s.Confirmed.IsZero() {
		return s.Withdrawn
	}
	return s.Confirmed
}

// ReportedHit is a hit of which the warner was told, and whether in time.
type ReportedHit struct {
	Statement StatementID
	Of        StatementID // whose document names the subject
	Confirmed time.Time   // when an officer of the warned decided
	Reported  time.Time   // when the report was signed
	Due       time.Time   // by when it was owed; zero: it was not
	Withdrawn *Withdrawal // nil: it stands
}

// Withdrawal says that a hit that was reported is not held to be of the subject any
// more. Whether it is of a different person or undecided stands in its content.
type Withdrawal struct {
	Statement StatementID
	Decided   time.Time // when an officer of the warned decided anew
	Told      time.Time // when that was signed for the warner
	Due       time.Time // by when it was owed; zero: it was not
}

// Late reports whether the withdrawal was owed and signed after it was due.
func (w Withdrawal) Late() bool { return !w.Due.IsZero() && w.Told.After(w.Due) }

// Late reports whether the report was owed and signed after it was due.
func (h ReportedHit) Late() bool { return !h.Due.IsZero() && h.Reported.After(h.Due) }

// ReportedHits are the hits that the warned has reported, in the order of its chain,
// each with what has withdrawn it first. A hit that is confirmed again after that is
// reported again.
// The warner cannot know of a hit until it is told: what it sees of the duty to
// report is what its debtor signs, when the hit was confirmed and by when it was
// to be reported, which its terms give.
func (c Case) ReportedHits() []ReportedHit {
	var said []Statement
	for _, s := range c.Statements {
		if s.Kind == KindWatchHit {
			said = append(said, s)
		}
	}
	c.inChain(said)
	var all []ReportedHit
	for _, s := range said {
		due, _ := s.Promised(DutyReport)
		if !s.Withdrawn.IsZero() {
			i := slices.IndexFunc(all, func(h ReportedHit) bool { return h.Statement == s.Answers[0] })
			if i >= 0 && all[i].Withdrawn == nil {
				all[i].Withdrawn = &Withdrawal{Statement: s.ID, Decided: s.Withdrawn, Told: s.Time, Due: due}
			}
			continue
		}
		all = append(all, ReportedHit{Statement: s.ID, Of: s.Answers[0], Confirmed: s.Confirmed, Reported: s.Time, Due: due})
	}
	return all
}

// ReportNeed is what the terms say about reporting a confirmed hit.
type ReportNeed string

// What they say.
const (
	ReportOwed    ReportNeed = "owed"    // it is to be reported
	ReportAllowed ReportNeed = "allowed" // it may be
	ReportBarred  ReportNeed = "barred"  // it must not be
)

// travels and meets are the record types that say that their subject travels, or
// was met by somebody of the party that made the record.
var (
	travels = []RecordType{RecordPassenger, RecordBorder, RecordVisa}
	meets   = []RecordType{RecordBorder, RecordVisitor, RecordAccreditation}
)

// asksFor reports whether a standing ask is about such a record of that time.
// The ask ends with the last instant that its until can mean.
func (a Ask) asksFor(record RecordType, at time.Time) bool {
	if !a.Standing || !a.Until.IsZero() && at.After(a.Until.Latest()) {
		return false
	}
	switch a.Code {
	case AskReportHit:
		return true
	case AskReportTravel:
		return slices.Contains(travels, record)
	case AskReportContact:
		return slices.Contains(meets, record)
	}
	return false
}

// NeedToReport says what a warning's asks and the terms under which it is watched
// for say about reporting a hit in a record of that type and time. terms are the
// version of an accord that is in force, nil where there is none: then what is
// asked is owed, and anything may be told. reserved are the clauses to which the
// party that watches has made a reservation: by what these say it is not bound.
// because names the clause or the ask, for people.
func NeedToReport(terms *Accord, reserved []Clause, asks []Ask, record RecordType, at time.Time) (need ReportNeed, because string) {
	i := slices.IndexFunc(asks, func(a Ask) bool { return a.asksFor(record, at) })
	if terms == nil {
		if i >= 0 {
			return ReportOwed, fmt.Sprintf("the warning has the standing ask %s", asks[i].Code)
		}
		return ReportAllowed, "no standing ask of the warning is about such a record, and no accord is in force"
	}
	clause := "accord " + terms.Name + ", clause report-hits: " + terms.ReportHits.String()
	switch {
	case slices.Contains(reserved, "report-hits"):
		return ReportAllowed, clause + ", to which a reservation was made"
	case terms.ReportHits == ReportNever:
		return ReportBarred, clause
	case terms.ReportHits == ReportConfirmed:
		return ReportOwed, clause
	case i >= 0:
		return ReportOwed, fmt.Sprintf("%s, and the warning has the standing ask %s", clause, asks[i].Code)
	}
	return ReportAllowed, clause + ", and no standing ask of the warning is about such a record"
}
