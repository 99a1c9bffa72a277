package evidence

import (
	"fmt"
	"io"
	"strings"

	"heed"
)

// Text writes the report for people: what is proven, then who the parties are,
// then the steps of each case, and at the end what is proven once more. The
// words are those of the profession; the ones that scripts rely on are in the
// JSON.
func (r Report) Text(w io.Writer, l Layout) error {
	t := textWriter{Layout: l, out: w}
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
	t.closing(r)
	return t.err
}

// aDuty is a duty in words with its article.
func aDuty(k heed.DutyKind) string {
	word := k.Words()
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an " + word
	}
	return "a " + word
}

// Headline is a verdict in one sentence, as people read it.
func (v Verdict) Headline(l Layout) string {
	return strings.ReplaceAll(v.headline(l), glued, " ")
}

func (v Verdict) headline(l Layout) string {
	switch v.Verdict {
	case Silent:
		return fmt.Sprintf("No %s on record as of %s: %s owes %s %s, due %s.", v.Duty.Words(), l.stamp(v.AsOf), v.OwedBy, v.OwedTo, aDuty(v.Duty), l.stamp(v.Due))
	case Answered:
		answered := fmt.Sprintf("Answered by %s", l.stamp(v.AsOf))
		owed := fmt.Sprintf("the %s that %s owed %s", v.Duty.Words(), v.OwedBy, v.OwedTo)
		switch {
		case v.Due.IsZero():
			return fmt.Sprintf("%s: %s, due time not shown.", answered, owed)
		case v.Late:
			return fmt.Sprintf("%s, late: %s by %s.", answered, owed, l.stamp(v.Due))
		}
		return fmt.Sprintf("%s, in time: %s by %s.", answered, owed, l.stamp(v.Due))
	case LoggedNotDelivered:
		return fmt.Sprintf("%s had something on record as its %s by %s (due %s), and its delivery to %s is not shown.", v.OwedBy, v.Duty.Words(), l.stamp(v.AsOf), l.stamp(v.Due), v.OwedTo)
	case PromisedNotPublished:
		return fmt.Sprintf("%s gave %s a receipt and did not put it on record as promised: not there as of %s.", v.OwedBy, v.OwedTo, l.stamp(v.AsOf))
	case NeverAccepted:
		return fmt.Sprintf("Never accepted: deposited for %s, and neither received nor refused as of %s.", v.OwedBy, l.stamp(v.AsOf))
	case DeliveryNotShown:
		return fmt.Sprintf("Delivery to %s is not shown: nothing shows that it owes %s %s.", v.OwedBy, v.OwedTo, aDuty(v.Duty))
	case Recalled:
		return fmt.Sprintf("Recalled by %s: no %s is owed any more.", v.OwedTo, v.Duty.Words())
	case LedgerInconsistency:
		return fmt.Sprintf("Ledger inconsistency of %s (%s).", v.OwedBy, v.Lie)
	case UnknownSigner:
		return fmt.Sprintf("Unknown signer: the policy does not vouch for %s.", v.unknownOnes())
	}
	switch {
	case v.Lie != "":
		return fmt.Sprintf("Cannot tell whether the ledger or word of %s is inconsistent (%s).", v.OwedBy, v.Lie)
	case v.NotDueYet():
		return fmt.Sprintf("Not due yet as of %s: %s owes %s %s by %s.", l.stamp(v.AsOf), v.OwedBy, v.OwedTo, aDuty(v.Duty), l.stamp(v.Due))
	case v.Duty != "" && v.OwedBy != "":
		return fmt.Sprintf("Cannot tell whether %s gave the %s.", v.OwedBy, v.Duty.Words())
	}
	return "Cannot tell."
}

// unknownOnes names the unknown signers, the first of them where they are many.
func (v Verdict) unknownOnes() string {
	const most = 4
	var all []string
	for _, s := range v.Signers[:min(len(v.Signers), most)] {
		all = append(all, s.String())
	}
	switch more := len(v.Signers) - most; {
	case len(all) == 0:
		return "whoever signed"
	case more > 0:
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, "; ")
}

func (t *textWriter) verdict(v Verdict) {
	t.line("%s", v.headline(t.Layout))
	if v.Code != "" {
		t.line("  Case %s", v.Code.Spoken())
	}
	if v.Why != "" {
		t.line("  Because: %s", t.zoned(v.Why))
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
		return
	case !p.Pinned:
		t.line("%s: the card that the policy pins is not in the evidence", p.Party)
	case p.Serial == p.PinnedCard:
		t.line("%s: card %d, which the policy pins", p.Party, p.Serial)
	default:
		t.line("%s: card %d, vouched for by card %d, which the policy pins", p.Party, p.Serial, p.PinnedCard)
	}
	t.line("  %s", p.Fingerprint)
	if p.Pinned {
		t.line("  ledger watched by %s of group %s: %d may be faulty, %d must cosign to publish, %d to show an absence",
			count(p.Witnesses, "witness", "witnesses"), p.Group, p.Faulty, p.Published, p.Silence)
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
		what += " (" + t.zoned(s.Says) + ")"
	}
	t.line("  %s  %s of %s  [%s]", t.stamp(s.Time), what, s.Author, s.Statement[:8])
	when := func(at Time, words string) {
		if !at.IsZero() {
			t.line("      %s %s", words, t.stamp(at))
		}
	}
	when(s.NotBefore, "not before")
	when(s.NotAfter, "on record by")
	when(s.Received, "received by "+string(s.Recipient))
	when(s.Deposited, "deposited for "+string(s.Recipient))
	for _, o := range s.Officers {
		t.line("      by %s, %s", o.Name, o.Role)
	}
	if s.Accord != "" {
		t.line("      version %s of accord %s", s.Version[:8], s.Accord[:8])
	}
	for _, d := range s.Duties {
		t.line("      %s due %s", d.Duty.Words(), t.stamp(d.Due))
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
	size := fmt.Sprintf("%d bytes", c.Size)
	if c.Size == 1 {
		size = "1 byte"
	}
	if !c.Open {
		t.line("      %s, %s: closed", name, size)
		return
	}
	t.line("      %s, %s:", name, size)
	for _, f := range c.Fields {
		t.line("        %s: %s", f.Path, f.Value)
	}
	if c.Closed > 0 {
		t.line("        %s closed", count(c.Closed, "field stays", "fields stay"))
	}
	if c.Text != "" {
		for line := range strings.Lines(c.Text) {
			t.line("        %s", strings.TrimRight(line, "\r\n"))
		}
	}
}

// closing says once more what is proven, and whether that is what was claimed:
// the steps of a long case are between here and the verdicts.
func (t *textWriter) closing(r Report) {
	unproven, contrary := 0, 0
	for _, v := range r.Verdicts {
		mark := ""
		switch {
		case !v.Holds():
			unproven++
			mark = " (not proven)"
		case !v.AsClaimed():
			contrary++
			mark = " (proven, and not what was claimed)"
		}
		t.line("- %s%s", v.headline(t.Layout), mark)
	}
	all := count(len(r.Verdicts), "verdict", "verdicts")
	switch {
	case unproven > 0:
		t.line("This evidence does NOT hold: %d of %s not proven.", unproven, all)
	case !r.Holds():
		t.line("This evidence does NOT hold: it shows nothing.")
	case len(r.Verdicts) == 0:
		t.line("Proven is who said what, and when. Whether a reply is owed is not claimed, and not judged.")
	case contrary > 0:
		t.line("All of this is proven: %d of %s against what was claimed.", contrary, all)
	default:
		t.line("This evidence holds: what it claims is proven.")
	}
}
