package heed

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Forwarding is how a warning may be passed on to a third party.
type Forwarding struct {
	// Because is what makes the originator be asked: a handling mark, or the
	// clause of an accord. Empty: nothing does.
	Because string
	Consent StatementID // the originator's consent on which it may go; zero: none
	Request StatementID // the request about that party that waits for an answer; zero: none
}

// Free reports whether it may be passed on now.
func (f Forwarding) Free() bool { return f.Because == "" || !f.Consent.IsZero() }

// Current is the statement whose document says how the matter now stands: the
// last supplement or correction in the warner's chain, else the opening.
func (c Case) Current() Statement {
	current := c.Opening
	for _, s := range c.Statements {
		if (s.Kind == KindSupplement || s.Kind == KindCorrection) && c.depth[s.ID] > c.depth[current.ID] {
			current = s
		}
	}
	return current
}

// MayForward decides whether the party that was warned may pass the warning on
// to a third party at now. h is the handling of the Current document. terms are
// the versions of an accord under which it was received, and as which that stands
// now; none where it came under no accord. Of several the strictest counts, and
// a member of theirs is who is bound now.
//
// Whoever may not pass it on without asking must be answered: a consent counts
// if the originator gave it after the Current document, which it then knew, and
// has not refused since. A refusal bars also what could be passed on without
// asking. The error is a *Refused that names the code or the clause.
func (c Case) MayForward(h Handling, terms []Accord, to PartyID, now time.Time) (Forwarding, error) {
	no := func(code RefusalCode, hint, format string, args ...any) (Forwarding, error) {
		return Forwarding{}, &Refused{Code: code, Detail: fmt.Sprintf("case %s: ", c.Code.Spoken()) + fmt.Sprintf(format, args...), Hint: hint}
	}
	_, recalled := c.Reached()[StateRecalled]
	switch {
	case c.Opening.Kind != KindWarning:
		return no(NotAdmitted, "a warning is what can be passed on", "it was not opened by a warning")
	case to == c.Warner || to == c.Warned:
		return no(NotAdmitted, "name a third party", "%s has it already", to)
	case recalled:
		return no(HandlingConflict, "`heed show` says when, and why", "%s has recalled the warning: it is passed on no more", c.Warner)
	case !h.DeleteAfter.IsZero() && now.After(h.DeleteAfter.Latest()):
		return no(HandlingConflict, "ask the originator for a new one", "handling delete-after: it was to be erased after %s", h.DeleteAfter)
	}
	f := Forwarding{Because: h.askBecause(to)}
	for _, a := range terms {
		ask, err := a.Forwards(h, to)
		if err != nil {
			return Forwarding{}, err
		}
		if ask && f.Because == "" {
			f.Because = fmt.Sprintf("accord %s, clause forwarding: %s", a.Name, a.Forwarding)
		}
	}
	last, said := c.lastConsent(to)
	if said && !last.Consent {
		return no(HandlingConflict, "a later consent would count instead: `heed ask` puts the question again", "%s has refused, at %s in statement %s, that it is passed on to %s", c.Warner, FormatTime(last.Time), last.ID.Short(), to)
	}
	if said && c.depth[last.ID] > c.depth[c.Current().ID] {
		f.Consent = last.ID
	}
	f.Request = c.openRequest(to, last)
	return f, nil
}

// lastConsent is the warner's last word on a third party.
func (c Case) lastConsent(party PartyID) (last Statement, said bool) {
	for _, s := range c.Statements {
		if s.Kind == KindForwardConsent && s.Party == party && c.depth[s.ID] > c.depth[last.ID] {
			last, said = s, true
		}
	}
	return last, said
}

// Requests lists what the party that was warned asked about a third party, in
// the order of its chain.
func (c Case) Requests(party PartyID) []StatementID {
	var ids []StatementID
	for _, s := range c.Statements {
		if s.Kind == KindForwardRequest && s.Party == party {
			ids = append(ids, s.ID)
		}
	}
	slices.SortStableFunc(ids, func(a, b StatementID) int { return c.depth[a] - c.depth[b] })
	return ids
}

// openRequest is the last request about a party that no consent or refusal
// answers; zero where there is none, or where the answer is too old to count
// and nothing was asked since.
func (c Case) openRequest(party PartyID, last Statement) StatementID {
	requests := c.Requests(party)
	if len(requests) == 0 || last.AnswersTo(requests[len(requests)-1]) {
		return StatementID{}
	}
	return requests[len(requests)-1]
}

// askBecause names the first mark of the handling that makes the originator be
// asked before it is passed on to a party; empty where none does.
func (h Handling) askBecause(party PartyID) string {
	switch {
	case slices.Contains(h.ReleaseTo, party):
		return ""
	case h.OriginatorControl:
		return "originator-control"
	case slices.Contains(h.PoliceCodes, H2):
		return "H2"
	case h.TLP.StricterThan(TLPGreen):
		return "TLP:" + clip(string(h.TLP))
	}
	return ""
}

// PassedOn is the handling under which a warning goes on to a third party. It
// keeps every mark. came are the versions of the accord under which it came and
// of which the third party is not told, the one that it names first; none where
// there is no such accord. It then keeps that accord's purposes where it names
// none itself, and, unless forwarding is left to the marks, originator control:
// the third party is bound by what stands in the warning alone.
func (h Handling) PassedOn(came ...Accord) Handling {
	if len(h.Purposes) == 0 && len(came) > 0 {
		h.Purposes = slices.Clone(came[0].Purposes)
	}
	if slices.ContainsFunc(came, func(a Accord) bool { return a.Forwarding != ForwardAsMarked }) {
		h.OriginatorControl, h.ReleaseTo = true, nil
	}
	return h
}

// LooserThan lists the marks in which h allows more than o does, by their keys
// in the warning document.
func (h Handling) LooserThan(o Handling) []string {
	var looser []string
	mark := func(key string, is bool) {
		if is {
			looser = append(looser, "handling/"+key)
		}
	}
	lacks := func(code PoliceCode) bool { return !slices.Contains(h.PoliceCodes, code) }
	purpose := func(p Purpose) bool { return !slices.Contains(o.Purposes, p) }
	party := func(p PartyID) bool { return !slices.Contains(o.ReleaseTo, p) }
	mark("tlp", o.TLP.StricterThan(h.TLP))
	mark("pap", o.PAP.StricterThan(h.PAP))
	mark("police-codes", slices.ContainsFunc(o.PoliceCodes, lacks))
	mark("restriction", o.Restriction != "" && h.Restriction != o.Restriction)
	mark("originator-control", o.OriginatorControl && !h.OriginatorControl)
	mark("purposes", len(o.Purposes) > 0 && (len(h.Purposes) == 0 || slices.ContainsFunc(h.Purposes, purpose)))
	mark("release-to", slices.ContainsFunc(h.ReleaseTo, party))
	mark("delete-after", !o.DeleteAfter.IsZero() && (h.DeleteAfter.IsZero() || h.DeleteAfter.Latest().After(o.DeleteAfter.Latest())))
	return looser
}

// PassedOn is the document in which a warning goes on to a third party: as its
// originator wrote it, but that its source begins with from whom it is passed
// on, and that it is handled as Handling.PassedOn says. What its source said
// stays as far as there is room.
func (w Warning) PassedOn(from PartyID, came ...Accord) Warning {
	said := passedOnFrom(from)
	if w.Source.Description != "" {
		longer := said + "\n" + w.Source.Description
		if utf8.RuneCountInString(longer) <= MaxNote {
			said = longer
		}
	}
	w.Source.Description = said
	w.Handling = w.Handling.PassedOn(came...)
	w.Attachments = slices.Clone(w.Attachments)
	return w
}

func passedOnFrom(from PartyID) string { return "Passed on from " + string(from) + "." }
