package evidence

import (
	"fmt"
	"io"
	"strings"
	"time"

	"heed"
)

// Text writes the report for people: what is proven, then who the parties are,
// then the steps of each case. Times are UTC. The words are those of the
// profession; the ones that scripts rely on are in the JSON.
func (r Report) Text(w io.Writer) error {
	t := textWriter{out: w}
	for _, v := range r.Verdicts {
		t.verdict(v)
	}
	if len(r.Verdicts) == 0 {
		t.line("Nothing is claimed but the steps below.")
	}
	t.line("")
	for _, p := range r.Parties {
		t.party(p)
	}
	for _, c := range r.Cases {
		t.line("")
		t.steps(c)
	}
	t.line("")
	if r.Holds() {
		t.line("This evidence holds.")
	} else {
		t.line("This evidence does NOT hold.")
	}
	return t.err
}

// textWriter writes lines; its first error stays.
type textWriter struct {
	out io.Writer
	err error
}

func (t *textWriter) line(format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if t.err == nil {
		_, t.err = io.WriteString(t.out, visible(text)+"\n")
	}
}

// visible keeps what a signed text says from moving the cursor or posing as a
// line of ours.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// Headline is a verdict in one sentence, as people read it.
func (v Verdict) Headline() string {
	switch v.Verdict {
	case Silent:
		return fmt.Sprintf("No answer on record as of %s: %s owes %s a reply (%s), due %s.", day(v.AsOf), v.OwedBy, v.OwedTo, v.Duty, day(v.Due))
	case Answered:
		late := "in time"
		switch {
		case v.Due.IsZero():
			late = "due time not shown"
		case v.Late:
			late = "late: due " + day(v.Due)
		}
		return fmt.Sprintf("Answered by %s (%s): %s to %s, %s.", day(v.AsOf), late, v.OwedBy, v.OwedTo, v.Duty)
	case LoggedNotDelivered:
		return fmt.Sprintf("A reply of %s was on record by %s, and its delivery is not shown (%s, due %s).", v.OwedBy, day(v.AsOf), v.Duty, day(v.Due))
	case PromisedNotPublished:
		return fmt.Sprintf("%s gave a receipt and did not put it on record as promised: not there as of %s.", v.OwedBy, day(v.AsOf))
	case NeverAccepted:
		return fmt.Sprintf("Never accepted: deposited for %s, and neither received nor refused as of %s.", v.OwedBy, day(v.AsOf))
	case DeliveryNotShown:
		return fmt.Sprintf("Delivery to %s is not shown.", v.OwedBy)
	case Recalled:
		return fmt.Sprintf("Recalled by %s: no reply is owed any more (%s).", v.OwedTo, v.Duty)
	case LedgerInconsistency:
		return fmt.Sprintf("Ledger inconsistency of %s (%s).", v.OwedBy, v.Lie)
	case UnknownSigner:
		return "Unknown signer: somebody signed whom the policy does not vouch for."
	}
	if v.Lie != "" {
		return fmt.Sprintf("Cannot tell whether the ledger or word of %s is inconsistent (%s).", v.OwedBy, v.Lie)
	}
	if v.Duty != "" {
		return fmt.Sprintf("Cannot tell whether %s replied (%s).", v.OwedBy, v.Duty)
	}
	return "Cannot tell."
}

func (t *textWriter) verdict(v Verdict) {
	t.line("%s", v.Headline())
	if v.Code != "" {
		t.line("  Case %s", v.Code.Spoken())
	}
	if v.Why != "" {
		t.line("  Because: %s", v.Why)
	}
	if len(v.Witnesses) > 0 {
		t.line("  Witnessed by: %s", strings.Join(v.Witnesses, ", "))
	}
	if len(v.Corroborations) > 0 {
		t.line("  Corroborated by: %s (not counted)", strings.Join(v.Corroborations, ", "))
	}
}

func (t *textWriter) party(p Party) {
	switch {
	case p.Card == "":
		t.line("%s: not in the policy", p.Party)
	case !p.Pinned:
		t.line("%s: the card that the policy pins is not in the evidence (%s)", p.Party, p.Fingerprint)
	default:
		t.line("%s: card %d, vouched for by the pinned one with fingerprint %s", p.Party, p.Serial, p.Fingerprint)
		t.line("  ledger watched by group %s: %d witnesses, %d may be faulty, %d publish, %d show an absence", p.Group, p.Witnesses, p.Faulty, p.Published, p.Silence)
	}
}

func (t *textWriter) steps(c Case) {
	if c.Code == "" {
		t.line("Case %s (its opening is not in the evidence)", c.Case)
	} else {
		t.line("Case %s: %s to %s%s", c.Code.Spoken(), c.Warner, c.Warned, exercise(c))
		t.line("  %s", c.Case)
	}
	for _, s := range c.Steps {
		t.step(s)
	}
}

// exercise keeps what is no real event visibly apart.
func exercise(c Case) string {
	if c.Status == "" || c.Status == heed.StatusActual {
		return ""
	}
	return ", " + strings.ToUpper(string(c.Status))
}

func (t *textWriter) step(s Step) {
	what := string(s.Kind)
	if s.Says != "" {
		what += " (" + s.Says + ")"
	}
	t.line("  %s  %s of %s  [%s]", day(s.Time), what, s.Author, s.Statement[:8])
	when := func(at Time, words string) {
		if !at.IsZero() {
			t.line("      %s %s", words, day(at))
		}
	}
	when(s.NotBefore, "not before")
	when(s.NotAfter, "on record by")
	when(s.Received, "received "+string(s.Recipient)+":")
	when(s.Deposited, "deposited for "+string(s.Recipient)+":")
	for _, o := range s.Officers {
		t.line("      by %s, %s", o.Name, o.Role)
	}
	for _, d := range s.Duties {
		t.line("      %s due %s", d.Duty, day(d.Due))
	}
	for _, c := range s.Contents {
		t.content(c)
	}
	if len(s.Missing) > 0 {
		t.line("      not shown: %s", strings.Join(s.Missing, "; "))
	}
}

func (t *textWriter) content(c Opened) {
	name := c.MediaType
	if c.Name != "" {
		name = c.Name + " (" + c.MediaType + ")"
	}
	if !c.Open {
		t.line("      %s, %d bytes: closed", name, c.Size)
		return
	}
	t.line("      %s, %d bytes:", name, c.Size)
	for _, f := range c.Fields {
		t.line("        %s: %s", f.Path, f.Value)
	}
	if c.Closed > 0 {
		t.line("        %d fields stay closed", c.Closed)
	}
	if c.Text != "" {
		for line := range strings.Lines(c.Text) {
			t.line("        %s", strings.TrimRight(line, "\r\n"))
		}
	}
}

// day is a time in UTC with seconds, which people read; the zero time is never
// asked for where one is shown.
func day(t Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Truncate(time.Second).Format("2006-01-02 15:04:05 UTC")
}
