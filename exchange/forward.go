package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/wire"
)

// ForwardOrder is what an officer asks to be passed on.
type ForwardOrder struct {
	Officer heed.OfficerID
	Case    heed.CaseID // in which we were warned
	To      heed.PartyID
	Accord  heed.AccordID // under whose terms it goes on; zero: by the card of To
	Reason  string        // for the originator, where it is asked
	Draft   bool          // keep it for release, also where no accord asks for that
}

// Forwarded is what came of it: the originator was asked, or the warning was
// sent or drafted.
type Forwarded struct {
	heed.Forwarding
	Of         heed.Code // of the case in which we were warned
	Originator heed.PartyID
	Asked      bool   // Request waits for the originator's answer, and nothing was sent
	Unlogged   bool   // our mirror of the originator's ledger does not show its consent yet
	Warned     Warned // zero where Asked
}

// Forward passes a warning on to a third party, as its handling and the accord
// under which it came permit: as a warning of our own, which says from whom it
// is and encloses what the originator signed. Where the originator must be asked,
// it is, and nothing else is sent until it has consented.
func (x *Exchange) Forward(ctx context.Context, order ForwardOrder) (Forwarded, error) {
	now := x.Now()
	var out Forwarded
	var warn WarnOrder
	var contents []Content
	err := x.store.Read(ctx, func(v View) error {
		officer, err := rosterEntry(v, order.Officer)
		if err != nil {
			return err
		}
		if _, err := officer.Acting(heed.ActForward); err != nil {
			return err
		}
		c, err := x.receivedWarning(v, order.Case)
		if err != nil {
			return err
		}
		if _, err := knownPeer(v, order.To); err != nil {
			return err
		}
		p, err := x.passing(v, c, order.To, now)
		if err != nil {
			return err
		}
		out = Forwarded{Forwarding: p.Forwarding, Of: c.Code, Originator: c.Warner}
		warn = WarnOrder{Officer: order.Officer, To: []heed.PartyID{order.To}, Accord: order.Accord, Draft: order.Draft}
		warn.Warning = p.warning.PassedOn(c.Warner, p.untold(order.Accord)...)
		if _, _, err := x.addressed(v, warn, now); err != nil || !out.Free() {
			return err // where it could not be sent, nobody is asked
		}
		if out.Unlogged, err = x.unloggedConsent(v, c, out.Consent); err != nil {
			return err
		}
		contents, err = x.passedOn(v, c, &warn.Warning)
		return err
	})
	switch {
	case err != nil:
		return out, err
	case !out.Free():
		return x.askToForward(ctx, order, out)
	}
	out.Warned, err = x.warn(ctx, warn, contents, now)
	return out, err
}

// receivedWarning is a case in which we were warned.
func (x *Exchange) receivedWarning(v View, id heed.CaseID) (heed.Case, error) {
	c, err := v.Case(id)
	switch {
	case err != nil:
		return c, err
	case c.Opening.ID.IsZero():
		return c, &heed.Refused{Detail: "the statement that opened this case has not arrived yet", Hint: "it has been asked for; try again when it is here"}
	case c.Warned != x.party:
		return c, &heed.Refused{Detail: fmt.Sprintf("case %s is one that we opened ourselves: there is nobody to ask", c.Code.Spoken()), Hint: "`heed warn` warns a further party"}
	}
	return c, nil
}

// passing is what is to be passed on, and how it may be.
type passing struct {
	heed.Forwarding
	warning heed.Warning  // as it now stands
	terms   []heed.Accord // under which it came: the version named, and the one now in force
}

// untold are the terms under which it came, unless it goes on under the same accord.
func (p passing) untold(accord heed.AccordID) []heed.Accord {
	if len(p.terms) > 0 && p.terms[0].AccordID() == accord {
		return nil
	}
	return p.terms
}

// passing decides whether we may pass on to a third party what a case warns of.
func (x *Exchange) passing(v View, c heed.Case, to heed.PartyID, now time.Time) (p passing, err error) {
	if c.Opening.Kind == heed.KindWarning {
		switch at, err := erased(v, c.ID); {
		case err != nil:
			return p, err
		case !at.IsZero():
			return p, erasedHere("the contents of case " + c.Code.Spoken())
		}
		document, err := documentOf(v, c.Current())
		if err != nil {
			return p, err
		}
		if p.warning, err = wire.ParseWarning(document.Data); err != nil {
			return p, err
		}
		if p.terms, err = x.cameUnder(v, c, now); err != nil {
			return p, err
		}
	}
	p.Forwarding, err = c.MayForward(p.warning.Handling, p.terms, to, now)
	return p, err
}

// documentOf is the document of a warning, a supplement or a correction.
func documentOf(v View, s heed.Statement) (Content, error) {
	at := slices.IndexFunc(s.Contents, func(c heed.ContentRef) bool { return c.MediaType == heed.MediaWarning })
	if at < 0 {
		return Content{}, fmt.Errorf("%s statement %s holds no document", s.Kind, s.ID.Short())
	}
	return wholeContent(v, s.Contents[at])
}

// wholeContent is a content that was not erased.
func wholeContent(v View, ref heed.ContentRef) (Content, error) {
	content, err := v.Content(ref.Digest)
	if isNotFound(err) || err == nil && content.Salt == [32]byte{} {
		return content, erasedHere("the bytes of content " + ref.Digest.String()[:8])
	}
	content.Ref = ref
	return content, err
}

// erasedHere refuses to pass on what this node has no more, though another case
// may have the same.
func erasedHere(what string) error {
	return &heed.Refused{Code: heed.HandlingConflict, Detail: what + " were erased here, and are passed on no more", Hint: "ask the originator for a new warning"}
}

// cameUnder are the versions of an accord under which a warning came: the one
// that its current document names, and the one in force now. Members of theirs are those
// whom the accord binds now.
func (x *Exchange) cameUnder(v View, c heed.Case, now time.Time) ([]heed.Accord, error) {
	under := c.Current()
	if under.Version.IsZero() {
		under = c.Opening
	}
	if under.Version.IsZero() {
		return nil, nil
	}
	named, err := accordOf(v, under)
	if err != nil {
		return nil, err
	}
	held, err := accordHeld(v, under.Accord, now)
	if err != nil {
		return nil, err
	}
	all := []heed.Accord{named}
	if newest, ok := held.Version(held.Standing.InForce); ok && newest.ID != named.ID {
		all = append(all, newest)
	}
	for i, terms := range all {
		all[i].Members = slices.DeleteFunc(slices.Clone(terms.Members), func(m heed.Member) bool { return !mayReceiveUnder(terms, held.Standing, m.Party) })
	}
	return all, nil
}

// unloggedConsent reports whether a consent is one that the originator could
// still disown.
func (x *Exchange) unloggedConsent(v View, c heed.Case, consent heed.StatementID) (bool, error) {
	if consent.IsZero() {
		return false, nil
	}
	k, err := v.Kept(consent)
	if err != nil {
		return false, err
	}
	logged, err := x.loggedByPeer(v, c, k)
	return !logged, err
}

// passedOn makes the contents of a warning that is passed on, and describes in
// it what is enclosed: the document, what the originator attached, byte for
// byte and under its own salts, and what it signed.
func (x *Exchange) passedOn(v View, c heed.Case, w *heed.Warning) ([]Content, error) {
	current := c.Current()
	original, err := documentOf(v, current)
	if err != nil {
		return nil, err
	}
	kept, err := v.Kept(current.ID)
	if err != nil {
		return nil, err
	}
	release, err := v.Release(current.Release)
	if err != nil {
		return nil, err
	}
	enclosed, err := wire.Forwarded{Statement: kept.Note, Release: release, Salt: original.Salt, Document: original.Data}.Bytes()
	if err != nil {
		return nil, err
	}
	if len(current.Contents) >= heed.MaxContents {
		return nil, &heed.Refused{Code: heed.TooLarge, Detail: fmt.Sprintf("case %s has %d attachments, and what its originator signed is one more than a warning can have", c.Code.Spoken(), len(current.Contents)-1), Hint: "name the matter to the originator, who can warn the third party itself"}
	}
	name := enclosureName(c.Code, current.Contents, w.Attachments)
	w.Attachments = append(w.Attachments, heed.Attachment{Name: name, MediaType: heed.MediaForwarded, Description: fmt.Sprintf("What %s signed when it warned %s", c.Warner, x.party)})
	document, err := wire.EncodeWarning(*w, x.random)
	if errors.Is(err, wire.ErrWarningTooLarge) {
		err = &heed.Refused{Code: heed.TooLarge, Detail: fmt.Sprintf("the warning of case %s is as large as one can be, and says from whom it is passed on in addition", c.Code.Spoken()), Hint: "name the matter to the originator, who can warn the third party itself"}
	}
	if err != nil {
		return nil, err
	}
	first, err := x.content("", heed.MediaWarning, document)
	if err != nil {
		return nil, err
	}
	contents := []Content{first}
	for _, ref := range current.Contents {
		if ref.Digest == original.Ref.Digest {
			continue
		}
		attached, err := wholeContent(v, ref)
		if err != nil {
			return nil, err
		}
		contents = append(contents, attached)
	}
	last, err := x.content(name, heed.MediaForwarded, enclosed)
	return append(contents, last), err
}

// enclosureName is a file name that no attachment has yet.
func enclosureName(code heed.Code, contents []heed.ContentRef, described []heed.Attachment) string {
	for n := 1; ; n++ {
		name := "origin-" + string(code) + ".heed"
		if n > 1 {
			name = fmt.Sprintf("origin-%s-%d.heed", code, n)
		}
		same := func(other string) bool { return strings.EqualFold(other, name) }
		if !slices.ContainsFunc(contents, func(c heed.ContentRef) bool { return same(c.Name) }) && !slices.ContainsFunc(described, func(a heed.Attachment) bool { return same(a.Name) }) {
			return name
		}
	}
}

// askToForward asks the originator, unless it was asked already and nothing is
// to be added.
func (x *Exchange) askToForward(ctx context.Context, order ForwardOrder, out Forwarded) (Forwarded, error) {
	out.Asked = true
	if !out.Request.IsZero() && order.Reason == "" {
		return out, nil
	}
	s, err := x.say(ctx, order.Case, order.Officer, heed.KindForwardRequest, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		s.Party, s.Answers = order.To, []heed.StatementID{c.Opening.ID}
		return x.optionalText(s, order.Reason)
	})
	out.Request = s.ID
	return out, err
}

// mayPassOn refuses contents that enclose a warning to us where that may not be
// passed on to all of these parties, as it stands now: a draft may have waited,
// and a file may have been attached by hand.
func (x *Exchange) mayPassOn(v View, contents []Content, to []heed.PartyID, now time.Time) error {
	for _, content := range contents {
		s, ours := x.enclosedForUs(content)
		if !ours {
			continue
		}
		c, err := x.receivedWarning(v, s.CaseID())
		if isNotFound(err) {
			return &heed.Refused{Code: heed.NotAdmitted, Detail: fmt.Sprintf("%q encloses %s statement %s, which is not held here", content.Ref.Name, s.Kind, s.ID.Short())}
		}
		if err != nil {
			return err
		}
		if current := c.Current(); current.ID != s.ID {
			return &heed.Refused{Code: heed.HandlingConflict, Detail: fmt.Sprintf("case %s: what is enclosed is not the last word: a %s of %s came after it", c.Code.Spoken(), current.Kind, heed.FormatTime(current.Time)), Hint: "`heed forward` passes on what stands now; a draft is dropped with `heed draft drop`"}
		}
		for _, party := range to {
			p, err := x.passing(v, c, party, now)
			if err != nil {
				return err
			}
			if !p.Free() {
				return &heed.Refused{Code: heed.HandlingConflict, Detail: fmt.Sprintf("case %s: %s is asked before it is passed on to %s (%s)", c.Code.Spoken(), c.Warner, party, p.Because), Hint: fmt.Sprintf("`heed forward %s --to %s` asks", c.Code, party)}
			}
		}
	}
	return nil
}

// enclosedForUs is the statement in an enclosure, where that was made to us.
// What is enclosed further down the line, or is not what it says, is the word
// of whoever sent it to us, and goes on as any attachment.
func (x *Exchange) enclosedForUs(content Content) (heed.Statement, bool) {
	if content.Ref.MediaType != heed.MediaForwarded {
		return heed.Statement{}, false
	}
	f, err := wire.ParseForwarded(content.Data)
	if err != nil {
		return heed.Statement{}, false
	}
	s, err := wire.ReadStatement(f.Statement)
	return s, err == nil && s.Recipient == x.party
}

// ConsentOrder is what an officer answers to a request to pass our warning on.
type ConsentOrder struct {
	Officer heed.OfficerID
	Case    heed.CaseID
	To      heed.PartyID // the third party
	Refuse  bool
	Reason  string // needed where Refuse
}

// Consent answers the other party's requests to pass our warning on to a third
// party. A later answer counts instead of an earlier. What we only pass on
// ourselves is not ours to give: its originator must let us first.
func (x *Exchange) Consent(ctx context.Context, order ConsentOrder) (heed.Statement, error) {
	return x.say(ctx, order.Case, order.Officer, heed.KindForwardConsent, func(v View, c heed.Case, s *heed.Statement) ([]Content, error) {
		requests := c.Requests(order.To)
		switch {
		case c.Warner != x.party:
			return nil, &heed.Refused{Detail: fmt.Sprintf("%s warned in case %s, so it decides who else may have it", c.Warner, c.Code.Spoken()), Hint: "`heed forward` asks it"}
		case len(requests) == 0:
			return nil, &heed.Refused{Detail: fmt.Sprintf("%s has not asked to pass case %s on to %s", c.Warned, c.Code.Spoken(), order.To), Hint: "`heed show` lists what it asked; whom you know already you can warn yourselves"}
		case order.Refuse && order.Reason == "":
			return nil, &heed.Invalid{What: "a refusal says why", Hint: "add --reason TEXT"}
		}
		if !order.Refuse {
			contents, err := enclosuresOf(v, c.Opening) // a later text of ours need not enclose it again
			if err != nil {
				return nil, err
			}
			if err := x.mayPassOn(v, contents, []heed.PartyID{order.To}, s.Time); err != nil {
				return nil, err
			}
		}
		s.Party, s.Consent = order.To, !order.Refuse
		s.Answers = requests[max(0, len(requests)-heed.MaxAnswers):]
		return x.optionalText(s, order.Reason)
	})
}

// enclosuresOf are the contents of a statement in which an originator's word is
// said to be.
func enclosuresOf(v View, s heed.Statement) ([]Content, error) {
	var all []Content
	for _, ref := range s.Contents {
		if ref.MediaType != heed.MediaForwarded {
			continue
		}
		content, err := wholeContent(v, ref)
		if err != nil {
			return nil, err
		}
		all = append(all, content)
	}
	return all, nil
}
