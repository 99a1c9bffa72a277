package exchange

import (
	"context"
	"errors"
	"slices"
	"time"

	"heed"
	"heed/seal"
	"heed/wire"
)

// released is a signed release on its way into statements.
type released struct {
	heed.Release
	note []byte
}

// releaser makes the one release that the statements to all recipients share.
type releaser func(v View, rel heed.Release) (released, error)

// by has one officer release something directly.
func (x *Exchange) by(p *pens, officer heed.OfficerID, now time.Time) releaser {
	return func(v View, rel heed.Release) (released, error) {
		a, err := p.act(v, officer, rel.Kind.Action())
		if err != nil {
			return released{}, err
		}
		return x.signRelease(p, rel, now, a)
	}
}

// signRelease signs one act of officers for all its recipients.
func (x *Exchange) signRelease(p *pens, rel heed.Release, now time.Time, who ...acting) (released, error) {
	nonce, err := p.nonce()
	if err != nil {
		return released{}, err
	}
	rel.Author, rel.Time, rel.Nonce = x.party, now, nonce
	var keys []seal.SigningKey
	for _, a := range who {
		rel.Officers = append(rel.Officers, heed.OfficerStamp{Role: a.role})
		keys = append(keys, a.key)
	}
	rel, note, err := wire.SignRelease(rel, keys...)
	return released{rel, note}, p.later(err)
}

// ReleaseOrder is what an officer releases.
type ReleaseOrder struct {
	Officer heed.OfficerID
	Draft   string            // as a person calls it: see Exchange.Draft
	Check   *heed.RightsCheck // nil: no form is given
}

// Released is what came of it.
type Released struct {
	Kind       heed.Kind
	Code       heed.Code // of the cases: that of the draft only under an accord
	To         []heed.PartyID
	Cases      []heed.CaseID      // in the order of To
	Statements []heed.StatementID // in the order of To
	Contact    heed.ContactID     // of a letter, to whom; nobody is in To then
}

// Release signs what was drafted with its drafter's key and the releasing
// officer's, and sends it. A drafter whose key the node does not hold signed the
// draft, which is then a part of what is released. Where the accord asks for two officers, they are two
// persons; elsewhere whoever drafted it may release it, too. The form is kept
// here, and its salted digest stands in the release. When Release returns, all
// of it is committed and queued, or nothing.
func (x *Exchange) Release(ctx context.Context, order ReleaseOrder) (Released, error) {
	now := x.Now()
	form, err := x.formContent(order.Check)
	if err != nil {
		return Released{}, err
	}
	p := x.pens()
	if d, about, err := x.draftedLetter(ctx, order.Draft); err != nil || about.Contact != "" {
		if err != nil {
			return Released{}, err
		}
		return x.releaseLetter(ctx, p, d, about, order, form, now)
	}
	for {
		d, all, err := x.composeReleased(ctx, p, order, form, now)
		if err != nil {
			return Released{}, err
		}
		out := releasedTo(d.Kind, all)
		err = x.write(ctx, func(tx Tx) error {
			if err := x.commitReleased(tx, d, all, form, now); err != nil {
				return err
			}
			c, err := tx.Case(out.Cases[0])
			out.Code = c.Code
			return err
		})
		if errors.Is(err, errStale) {
			continue
		}
		return out, err
	}
}

// formContent makes a content of a form; nil where there is none. A form whose
// answers bar the release is refused.
func (x *Exchange) formContent(form *heed.RightsCheck) (*Content, error) {
	if form == nil {
		return nil, nil
	}
	data, err := wire.EncodeRightsCheck(*form)
	if err != nil {
		return nil, &heed.Invalid{What: err.Error(), Hint: "testdata/release.yaml is one that is filled in"}
	}
	if err := form.Allows(); err != nil {
		return nil, err
	}
	content, err := x.content("", heed.MediaRightsCheck, data)
	return &content, err
}

// composeReleased makes and signs the statements that a draft becomes.
func (x *Exchange) composeReleased(ctx context.Context, p *pens, order ReleaseOrder, form *Content, now time.Time) (d Draft, all []spoken, err error) {
	compose := func(v View) error {
		if d, err = draftNamed(v, order.Draft); err != nil {
			return err
		}
		if err := d.open(v); err != nil {
			return err
		}
		if err := d.whole(); err != nil {
			return err
		}
		if p.contents = d.Contents; form != nil {
			p.contents = append(slices.Clip(p.contents), *form)
		}
		sign := x.byBoth(p, d, order.Officer, form, now)
		if d.Kind == heed.KindWarning {
			all, err = x.openDrafted(v, d, order.Check, sign, now)
			return err
		}
		about, err := d.amends()
		if err != nil {
			return err
		}
		all, err = x.composeAmendments(v, sign, order.Check, d.Kind, about.Cases, d.Contents, now)
		return err
	}
	err = p.read(ctx, compose)
	if err != nil {
		return d, nil, err
	}
	all, err = x.signAll(all)
	return d, all, err
}

// byBoth has the drafter and the releasing officer sign: two signatures of two
// persons, or one of one. A drafter who signs elsewhere has signed when drafting.
func (x *Exchange) byBoth(p *pens, d Draft, officer heed.OfficerID, form *Content, now time.Time) releaser {
	return func(v View, rel heed.Release) (released, error) {
		releases, err := p.act(v, officer, heed.ActRelease)
		if err != nil {
			return released{}, err
		}
		if form != nil {
			rel.Check = form.Ref.Digest
		}
		if officer == d.Officer {
			return x.signRelease(p, rel, now, releases)
		}
		drafted, err := x.act(v, d.Officer, heed.ActWarn)
		var refused *heed.Refused
		if errors.As(err, &refused) {
			refused.Hint = "drop the draft, and have another officer draft it again"
		}
		if err != nil {
			return released{}, err
		}
		about, err := d.amends()
		if err != nil {
			return released{}, err
		}
		if rel.Drafted = about.Drafted; !rel.Drafted.IsZero() {
			return x.signRelease(p, rel, now, releases)
		}
		return x.signRelease(p, rel, now, drafted, releases)
	}
}

// openDrafted is a drafted warning, as the accord stands now.
func (x *Exchange) openDrafted(v View, d Draft, form *heed.RightsCheck, sign releaser, now time.Time) ([]spoken, error) {
	w, err := d.warning()
	if err != nil {
		return nil, err
	}
	to, terms, err := x.addressed(v, WarnOrder{To: d.To, Accord: d.Accord, Warning: w}, now)
	if err != nil {
		return nil, err
	}
	return x.openWarnings(v, to, terms, w, d.Contents, form, sign, now)
}

// mayRelease refuses what was released with less than the terms ask for. Without
// an accord the terms are empty and ask for nothing.
func mayRelease(terms heed.Accord, rel heed.Release, form *heed.RightsCheck) error {
	if err := terms.AdmitsRelease(rel); err != nil {
		return err
	}
	if form == nil || terms.ID.IsZero() {
		return nil
	}
	return terms.AdmitsCheck(*form)
}

// commitReleased sends what was drafted, unless somebody else released or
// dropped it meanwhile.
func (x *Exchange) commitReleased(tx Tx, d Draft, all []spoken, form *Content, now time.Time) error {
	held, err := tx.Draft(d.Code)
	if err != nil {
		return err
	}
	if err := held.open(tx); err != nil {
		return err
	}
	if err := x.commitAll(tx, all, now); err != nil {
		return err
	}
	if form != nil {
		if err := tx.PutContent(*form); err != nil {
			return err
		}
		for _, words := range all { // it goes with their contents
			if err := tx.Attach(words.statement.CaseID(), form.Ref.Digest); err != nil {
				return err
			}
		}
	}
	held.Released = all[0].statement.Release
	return tx.PutDraft(held)
}

func (x *Exchange) signAll(all []spoken) ([]spoken, error) {
	signed := make([]spoken, len(all))
	for i, words := range all {
		var err error
		if signed[i], err = x.sign(words); err != nil {
			return nil, err
		}
	}
	return signed, nil
}

// commitAll commits the statements of one release together. errStale where a
// case has gone on since its statement was composed.
func (x *Exchange) commitAll(tx Tx, all []spoken, now time.Time) error {
	if _, err := self(tx); err != nil {
		return err
	}
	for _, words := range all {
		if s := words.statement; !s.Case.IsZero() {
			c, err := tx.Case(s.Case)
			if err != nil {
				return err
			}
			if c.Last(x.party) != s.Previous {
				return errStale
			}
		}
		if err := x.commitOwn(tx, words, now); err != nil {
			return err
		}
	}
	return nil
}

func releasedTo(kind heed.Kind, all []spoken) Released {
	out := Released{Kind: kind}
	for _, words := range all {
		s := words.statement
		out.To = append(out.To, s.Recipient)
		out.Cases = append(out.Cases, s.CaseID())
		out.Statements = append(out.Statements, s.ID)
	}
	return out
}

// maxReleaseAge is how long after its release something may be said by it: what
// waits to be sent is said at once, with its time, and only its delivery waits.
const maxReleaseAge = 7 * 24 * time.Hour

// releasedOnce refuses what officers released for something else that has been
// received, or long ago. A release names no recipient, so that none learns of the
// others; whoever holds the node's key could send what was released once to
// somebody, or another time.
func releasedOnce(tx Tx, s heed.Statement, rel heed.Release) error {
	if !s.Kind.Released() {
		return nil
	}
	if age := s.Time.Sub(rel.Time); age > maxReleaseAge {
		return heed.Refuse(heed.NotAdmitted, "%s statement %s says at %s what was released at %s, and %s later nothing is sent by a release any more", s.Kind, s.ID.Short(), heed.FormatTime(s.Time), heed.FormatTime(rel.Time), maxReleaseAge)
	}
	if _, err := tx.Release(s.Release); isNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	kept, err := tx.KeptOf(s.CaseID())
	if err != nil || slices.ContainsFunc(kept, func(k Kept) bool { return k.Statement.Release == s.Release }) {
		return err
	}
	return heed.Refuse(heed.NotAdmitted, "release %s of %s statement %s was used in another case already: what officers release goes to one party once", heed.StatementID(rel.ID).Short(), s.Kind, s.ID.Short())
}

// releasedUnder refuses what a peer released with less than the accord asks
// for: that under which it is made, or, where it names none, that under which
// its case was opened.
func releasedUnder(v View, c heed.Case, s heed.Statement, rel heed.Release) error {
	under := s
	if s.Version.IsZero() {
		under = c.Opening
	}
	if !s.Kind.Released() || under.Version.IsZero() || under.Kind.OfAccord() {
		return nil
	}
	terms, err := accordOf(v, under)
	if err != nil {
		return err
	}
	return terms.AdmitsRelease(rel)
}
