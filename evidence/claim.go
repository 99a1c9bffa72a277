package evidence

import (
	"strconv"
	"strings"

	"heed"
	"heed/seal"
)

// ClaimKind says what a claim is about.
type ClaimKind string

// The kinds of claims.
const (
	ClaimSteps        ClaimKind = "steps"        // what was said in a case
	ClaimSilence      ClaimKind = "silence"      // that a duty has no answer
	ClaimMisbehaviour ClaimKind = "misbehaviour" // that a party's ledger or word is not straight
)

// A Claim is what an evidence file says that it proves. Which fields it has
// depends on its kind (docs/evidence.md, section 2).
type Claim struct {
	Kind ClaimKind

	Case heed.CaseID // steps

	Statement heed.StatementID // silence: from which the duty follows; misbehaviour: the first statement, or zero
	Duty      heed.DutyKind    // silence

	Party  heed.PartyID     // misbehaviour
	Lie    Lie              // misbehaviour
	Ledger string           // misbehaviour: the ledger's verification key, or empty
	At     int64            // misbehaviour: an index or a size; -1: none
	Other  heed.StatementID // misbehaviour: the second statement, or zero
}

const (
	claimFirst = "heed-claim/v1"
	maxClaim   = 2048
)

func (c Claim) text() string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + ": " + value + "\n") }
	b.WriteString(claimFirst + "\n")
	line("claim", string(c.Kind))
	switch c.Kind {
	case ClaimSteps:
		line("case", c.Case.String())
	case ClaimSilence:
		line("statement", c.Statement.String())
		line("duty", string(c.Duty))
	case ClaimMisbehaviour:
		line("party", string(c.Party))
		line("lie", string(c.Lie))
		line("ledger", orNone(c.Ledger))
		if c.At < 0 {
			line("at", "none")
		} else {
			line("at", strconv.FormatInt(c.At, 10))
		}
		line("statement", idOrNone(c.Statement))
		line("other", idOrNone(c.Other))
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func idOrNone(id heed.StatementID) string {
	if id.IsZero() {
		return "none"
	}
	return id.String()
}

// encode writes the claim and holds that it is read back as it is.
func (c Claim) encode() ([]byte, error) {
	text := c.text()
	read, err := parseClaim([]byte(text))
	if err != nil {
		return nil, err
	}
	if c.Kind != ClaimMisbehaviour {
		c.At = -1
	}
	if read != c {
		return nil, damaged("a %s claim has a field that its kind has not", c.Kind)
	}
	return []byte(text), nil
}

func parseClaim(data []byte) (Claim, error) {
	if len(data) > maxClaim {
		return Claim{}, damaged("a claim of %d bytes", len(data))
	}
	r := claimReader{rest: string(data)}
	if line := r.line(); line != claimFirst {
		return Claim{}, damaged("a claim begins with %q", clip(line))
	}
	c := Claim{Kind: ClaimKind(r.value("claim")), At: -1}
	switch c.Kind {
	case ClaimSteps:
		c.Case = heed.CaseID(r.id("case", false))
	case ClaimSilence:
		c.Statement = heed.StatementID(r.id("statement", false))
		c.Duty = heed.DutyKind(r.value("duty"))
	case ClaimMisbehaviour:
		c.Party = heed.PartyID(r.value("party"))
		c.Lie = Lie(r.value("lie"))
		if c.Ledger = r.value("ledger"); c.Ledger == "none" {
			c.Ledger = ""
		}
		c.At = r.number("at")
		c.Statement = heed.StatementID(r.id("statement", true))
		c.Other = heed.StatementID(r.id("other", true))
	default:
		return Claim{}, damaged("a claim of the unknown kind %q", clip(string(c.Kind)))
	}
	if r.bad != "" {
		return Claim{}, damaged("%s claim: line %q", c.Kind, clip(r.bad))
	}
	if err := c.check(); err != nil {
		return Claim{}, err
	}
	if c.text() != string(data) {
		return Claim{}, damaged("%s claim: not in its canonical form", c.Kind)
	}
	return c, nil
}

func (c Claim) check() error {
	switch c.Kind {
	case ClaimSilence:
		if _, ok := slotNames[c.Duty.Base()]; !ok {
			return damaged("silence claim: %q is no duty whose absence can be shown", clip(string(c.Duty)))
		}
	case ClaimMisbehaviour:
		if _, ok := lies[c.Lie]; !ok {
			return damaged("misbehaviour claim: unknown lie %q", clip(string(c.Lie)))
		}
		if _, err := heed.ParsePartyID(string(c.Party)); err != nil {
			return damaged("misbehaviour claim: %v", err)
		}
		if c.Ledger != "" {
			if _, err := seal.ParseVerifyKey(c.Ledger); err != nil {
				return damaged("misbehaviour claim: %v", err)
			}
		}
	}
	return nil
}

// claimReader takes lines one by one; the first that is not as it should be stays.
type claimReader struct {
	rest string
	bad  string
}

func (r *claimReader) line() string {
	line, rest, ok := strings.Cut(r.rest, "\n")
	if !ok && r.bad == "" {
		r.bad = "(cut short)"
	}
	r.rest = rest
	return line
}

func (r *claimReader) value(name string) string {
	line := r.line()
	value, ok := strings.CutPrefix(line, name+": ")
	if (!ok || value == "") && r.bad == "" {
		r.bad = line
	}
	return value
}

func (r *claimReader) id(name string, may bool) heed.Digest {
	value := r.value(name)
	if may && value == "none" {
		return heed.Digest{}
	}
	d, err := heed.ParseDigest(value)
	if (err != nil || d.IsZero()) && r.bad == "" {
		r.bad = name + ": " + value
	}
	return d
}

func (r *claimReader) number(name string) int64 {
	value := r.value(name)
	if value == "none" {
		return -1
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if (err != nil || n < 0) && r.bad == "" {
		r.bad = name + ": " + value
	}
	return n
}
