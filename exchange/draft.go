package exchange

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/wire"
)

// draftAbout is what a draft of a supplement or a correction is about. A draft of
// a warning is about nothing that is here already.
type draftAbout struct {
	Of    heed.ReleaseID
	Cases []heed.CaseID // in the order of the draft's To
	// Drafted is the drafter's signature, of one who cannot sign at its release.
	Drafted heed.Drafted
	Contact heed.ContactID // of a letter: to whom; empty: it is none
	// Dropped is the signature of an officer who holds the key and has dropped it.
	Dropped heed.Drafted
}

// bytes is the form in which a draft keeps it. It stays on this node.
func (a draftAbout) bytes() ([]byte, error) {
	form := aboutForm{Contact: a.Contact}
	if !a.Of.IsZero() {
		form.Of = a.Of.String()
	}
	for _, id := range a.Cases {
		form.Cases = append(form.Cases, id.String())
	}
	if d := a.Drafted; !d.IsZero() {
		form.Drafted = formOf(d)
	}
	if d := a.Dropped; !d.IsZero() {
		form.Dropped = formOf(d)
	}
	return json.Marshal(form)
}

type aboutForm struct {
	Of      string       `json:"of,omitempty"`
	Cases   []string     `json:"cases,omitempty"`
	Drafted *draftedForm `json:"drafted,omitempty"`
	Dropped *draftedForm `json:"dropped,omitempty"`

	Contact heed.ContactID `json:"contact,omitempty"`
}

type draftedForm struct {
	Time      string `json:"time"`
	Role      string `json:"role"`
	Key       string `json:"key"`
	Signature []byte `json:"signature"`
}

func formOf(d heed.Drafted) *draftedForm {
	return &draftedForm{Time: heed.FormatTime(d.Time), Role: string(d.By.Role), Key: d.By.Key, Signature: d.Signature}
}

func (f *draftedForm) signed() (heed.Drafted, error) {
	if f == nil {
		return heed.Drafted{}, nil
	}
	at, bad := heed.ParseTime(f.Time)
	role, unknown := heed.ParseRole(f.Role)
	return heed.Drafted{Time: at, By: heed.OfficerStamp{Key: f.Key, Role: role}, Signature: f.Signature}, errors.Join(bad, unknown)
}

// amends reads what a draft is about.
func (d Draft) amends() (draftAbout, error) {
	var form aboutForm
	var a draftAbout
	in := json.NewDecoder(bytes.NewReader(d.Document))
	in.DisallowUnknownFields()
	err := in.Decode(&form)
	a.Contact = form.Contact
	if err == nil && form.Of != "" {
		var of heed.Digest
		of, err = heed.ParseDigest(form.Of)
		a.Of = heed.ReleaseID(of)
	}
	for _, s := range form.Cases {
		id, bad := heed.ParseDigest(s)
		err = errors.Join(err, bad)
		a.Cases = append(a.Cases, heed.CaseID(id))
	}
	for from, to := range map[*draftedForm]*heed.Drafted{form.Drafted: &a.Drafted, form.Dropped: &a.Dropped} {
		var bad error
		*to, bad = from.signed()
		err = errors.Join(err, bad)
	}
	if err != nil {
		return a, fmt.Errorf("draft %s is damaged: %w", d.Code, err)
	}
	return a, nil
}

// draftCode is the code of a draft: that of its document, which the salt in it
// makes unlike any other. A warning under an accord keeps it when it is released.
func draftCode(contents []Content) heed.Code { return heed.CodeOf(contents[0].Ref.Digest) }

// keepDraft keeps something for an officer to release. Nothing is sent.
func (x *Exchange) keepDraft(ctx context.Context, d Draft) error {
	return x.keepDraftAlso(ctx, d, func(Tx) error { return nil })
}

// keepDraftAlso is keepDraft with a further change in the same transaction.
func (x *Exchange) keepDraftAlso(ctx context.Context, d Draft, also func(Tx) error) error {
	d.Code = draftCode(d.Contents)
	return x.write(ctx, func(tx Tx) error {
		_, err := tx.Draft(d.Code)
		if err == nil {
			err = fmt.Errorf("another draft has the code %s: draft this one again", d.Code)
		}
		if !isNotFound(err) {
			return err
		}
		if err := tx.PutDraft(d); err != nil {
			return err
		}
		return also(tx)
	})
}

// DraftRow is what waits for release, as a list shows it: without contents.
type DraftRow struct {
	Draft
	Case heed.Code // that it would amend; empty: it opens one
	// Status says whether it is meant, or an exercise; empty: its document was erased.
	Status  heed.Status
	Contact heed.ContactID // of a letter; empty: it is none
	// Barred is why its drafter may not sign it any more, so that nobody can
	// release it; empty: nothing is in the way.
	Barred string
}

// Drafts lists what waits for release, oldest first.
func (x *Exchange) Drafts(ctx context.Context) (rows []DraftRow, err error) {
	err = x.store.Read(ctx, func(v View) error {
		rows, err = draftRows(v)
		return err
	})
	return rows, err
}

func draftRows(v View) ([]DraftRow, error) {
	drafts, err := v.Drafts()
	if err != nil {
		return nil, err
	}
	var rows []DraftRow
	for _, d := range drafts {
		f := DraftFile{Draft: d}
		if err := f.addCases(v); err != nil {
			return nil, err
		}
		row := DraftRow{Draft: d, Case: f.Code, Contact: f.Contact}
		if row.Status, err = d.status(v); err != nil {
			return nil, err
		}
		who, err := rosterEntry(v, d.Officer)
		if err == nil {
			_, err = who.Acting(heed.ActWarn)
		}
		var refused *heed.Refused
		var unknown *heed.Invalid
		switch {
		case errors.As(err, &refused):
			row.Barred = refused.Detail
		case errors.As(err, &unknown):
			row.Barred = unknown.What // a restored node may have lost the entry
		case err != nil:
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// status reads it in the document that was drafted.
func (d Draft) status(v View) (heed.Status, error) {
	if len(d.Contents) == 0 {
		return "", nil
	}
	document, err := v.Content(d.Contents[0].Ref.Digest)
	if isNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	w, err := Draft{Code: d.Code, Contents: []Content{document}}.warning()
	return w.Status, err
}

// DraftFile is a draft with what became of it.
type DraftFile struct {
	Draft
	Cases    []heed.CaseID  // those that it opened or amended, or would amend
	Code     heed.Code      // that of the cases; empty where there are none
	Status   heed.Status    // as DraftRow's
	Release  *heed.Release  // nil: not released
	Form     *Content       // of the release, where it is held; for an officer who may read it
	Readable bool           // contents came with it
	Contact  heed.ContactID // of a letter; empty: it is none
}

// Draft finds a draft by what a person calls it: its own code, or the code or
// id of the case that the one open draft about it would amend. Contents come
// with it for an officer who may read them; others get their Refs.
func (x *Exchange) Draft(ctx context.Context, officer heed.OfficerID, name string) (f DraftFile, err error) {
	err = x.store.Read(ctx, func(v View) error {
		if f.Draft, err = draftNamed(v, name); err != nil {
			return err
		}
		if err := f.addCases(v); err != nil {
			return err
		}
		if f.Status, err = f.Draft.status(v); err != nil {
			return err
		}
		if f.Readable = mayRead(v, officer); !f.Readable {
			f.Contents = slices.Clone(f.Contents)
			for i, c := range f.Contents {
				f.Contents[i] = Content{Ref: c.Ref}
			}
		}
		return f.addRelease(v)
	})
	return f, err
}

func (f *DraftFile) addCases(v View) error {
	about, err := f.amends()
	if err != nil {
		return err
	}
	if f.Contact = about.Contact; f.Contact != "" { // its case is one-sided, and keeps the code
		if !f.Released.IsZero() {
			f.Code = f.Draft.Code
		}
		return nil
	}
	if f.Cases, err = releasedAs(v, f.Draft); err != nil || len(f.Cases) == 0 {
		return err
	}
	c, err := v.Case(f.Cases[0])
	f.Code = c.Code
	return err
}

func (f *DraftFile) addRelease(v View) error {
	if f.Released.IsZero() {
		return nil
	}
	note, err := v.Release(f.Released)
	if err != nil {
		return err
	}
	rel, err := wire.ParseRelease(note)
	if err != nil {
		return err
	}
	f.Release = &rel
	if rel.Check.IsZero() || !f.Readable {
		return nil
	}
	form, err := v.Content(rel.Check)
	if isNotFound(err) {
		return nil // erased, or lost with what a restored node lost
	}
	f.Form = &form
	return err
}

func mayRead(v View, officer heed.OfficerID) bool {
	if officer == "" {
		return false
	}
	o, err := rosterEntry(v, officer)
	if err == nil {
		_, err = o.Acting(heed.ActRead)
	}
	return err == nil
}

// DropDraft gives a draft up: whoever drafted it may, and whoever may release
// it. It stays on record, and is released no more. An officer who holds the key
// signs that, and the draft keeps the signature.
func (x *Exchange) DropDraft(ctx context.Context, officer heed.OfficerID, name string) (d Draft, err error) {
	now := heed.Instant(x.Now())
	p := x.pens()
	drop := func(tx Tx) error {
		if d, err = draftNamed(tx, name); err != nil {
			return err
		}
		action := heed.ActRelease
		if d.Officer == officer {
			action = heed.ActWarn
		}
		if err := d.open(tx); err != nil {
			return err
		}
		p.contents = d.Contents
		who, err := p.act(tx, officer, action)
		if err != nil {
			return err
		}
		if who.elsewhere {
			about, err := d.amends()
			if err != nil {
				return err
			}
			if about.Dropped, err = wire.SignDrop(x.party, d.Code, refs(d.Contents), now, who.role, who.key); err != nil {
				return err
			}
			if d.Document, err = about.bytes(); err != nil {
				return err
			}
		}
		d.Dropped = now
		return tx.PutDraft(d)
	}
	err = p.run(ctx, func() error { return x.write(ctx, drop) })
	return d, err
}

// DroppedBy is the signature of an officer who holds the key and dropped it; zero
// where one dropped it whose key the node holds, or nobody did.
func (d Draft) DroppedBy() (heed.Drafted, error) {
	about, err := d.amends()
	return about.Dropped, err
}

// open refuses what is no draft any more.
func (d Draft) open(v View) error {
	switch {
	case !d.Dropped.IsZero():
		return &heed.Refused{Detail: fmt.Sprintf("draft %s was dropped at %s", d.Code.Spoken(), heed.FormatTime(d.Dropped)), Hint: "draft it again"}
	case d.Released.IsZero():
		return nil
	}
	f := DraftFile{Draft: d}
	if err := f.addCases(v); err != nil {
		return err
	}
	return &heed.Refused{Detail: fmt.Sprintf("draft %s was released, and is in case %s", d.Code.Spoken(), f.Code.Spoken()), Hint: "`heed show " + string(f.Code) + "` shows it"}
}

// releasedAs lists the cases that a released draft opened, or that a draft
// amends or would amend.
func releasedAs(v View, d Draft) ([]heed.CaseID, error) {
	about, err := d.amends()
	if err != nil || d.Kind != heed.KindWarning || d.Released.IsZero() || about.Contact != "" {
		return about.Cases, err
	}
	var ids []heed.CaseID
	for _, code := range []heed.Code{d.Code, heed.CodeOf(heed.Digest(d.Released))} {
		all, err := v.CasesOf(code)
		if err != nil {
			return nil, err
		}
		for _, id := range all {
			c, err := v.Case(id)
			if err != nil {
				return nil, err
			}
			if c.Opening.Release == d.Released {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// draftNamed is Draft within a view.
func draftNamed(v View, name string) (Draft, error) {
	code, cases, err := codeOrCase(v, name)
	var unreadable *heed.Invalid
	if errors.As(err, &unreadable) {
		return Draft{}, &heed.Invalid{What: unreadable.What, Hint: "a draft has a code of eight letters and digits, like 7K3M-Q2XA: `heed draft list` shows those that wait for release"}
	}
	if err != nil {
		return Draft{}, err
	}
	exact, err := v.Draft(code)
	if err == nil && exact.Released.IsZero() && exact.Dropped.IsZero() {
		return exact, nil
	}
	if err != nil && !isNotFound(err) {
		return Draft{}, err
	}
	found := err == nil
	about, err := draftsAbout(v, cases)
	switch {
	case err != nil:
		return Draft{}, err
	case len(about) == 1:
		return v.Draft(about[0])
	case len(about) > 1:
		var which []string
		for _, code := range about {
			which = append(which, code.Spoken())
		}
		return Draft{}, &heed.Invalid{What: fmt.Sprintf("%d drafts are about case %s", len(about), name), Hint: "say which: " + strings.Join(which, ", ")}
	case found:
		return exact, nil
	}
	return Draft{}, &heed.Invalid{What: fmt.Sprintf("there is no draft %s here", name), Hint: "`heed draft list` shows those that wait for release"}
}

// codeOrCase resolves a code, or a case's full id, to the code and the cases
// that have it.
func codeOrCase(v View, name string) (heed.Code, []heed.CaseID, error) {
	if d, err := heed.ParseDigest(strings.ToLower(strings.TrimSpace(name))); err == nil {
		c, err := v.Case(heed.CaseID(d))
		if isNotFound(err) {
			err = &heed.Invalid{What: fmt.Sprintf("there is no case %s here", d), Hint: "`heed inbox --all` lists the cases"}
		}
		return c.Code, []heed.CaseID{c.ID}, err
	}
	code, err := heed.ParseCode(name)
	if err != nil {
		return code, nil, err
	}
	ids, err := v.CasesOf(code)
	return code, ids, err
}

// draftsAbout lists the open drafts that would amend one of the cases.
func draftsAbout(v View, cases []heed.CaseID) ([]heed.Code, error) {
	if len(cases) == 0 {
		return nil, nil
	}
	drafts, err := v.Drafts()
	if err != nil {
		return nil, err
	}
	var codes []heed.Code
	for _, d := range drafts {
		about, err := d.amends()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(about.Cases, func(id heed.CaseID) bool { return slices.Contains(cases, id) }) {
			codes = append(codes, d.Code)
		}
	}
	return codes, nil
}

// casesOfDraft are the cases of what was drafted under a code, once it was
// released. For one that waits, the error says so.
func casesOfDraft(v View, code heed.Code) ([]heed.CaseID, error) {
	d, err := v.Draft(code)
	if isNotFound(err) {
		return nil, nil
	}
	switch {
	case err != nil:
		return nil, err
	case !d.Dropped.IsZero():
		return nil, &heed.Invalid{What: fmt.Sprintf("%s was a draft, which was dropped at %s: it is no case", code.Spoken(), heed.FormatTime(d.Dropped)), Hint: "`heed inbox --all` lists the cases"}
	case d.Released.IsZero():
		return nil, &heed.Invalid{What: fmt.Sprintf("%s is a draft that waits for release, and no case yet", code.Spoken()), Hint: "`heed draft show " + string(code) + "` shows it, `heed release " + string(code) + "` sends it"}
	}
	return releasedAs(v, d)
}

// settleDraft marks the draft of a statement of ours that came back from a peer
// as released: a restored node must not send it a second time.
func (x *Exchange) settleDraft(tx Tx, s heed.Statement) error {
	if s.Author != x.party || len(s.Contents) == 0 {
		return nil
	}
	d, err := tx.Draft(heed.CodeOf(s.Contents[0].Digest))
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	d.Released = s.Release
	return tx.PutDraft(d)
}

// whole refuses a draft of which a content was erased meanwhile.
func (d Draft) whole() error {
	for _, c := range d.Contents {
		if c.Salt == [32]byte{} && len(c.Data) == 0 {
			return &heed.Refused{Detail: fmt.Sprintf("a content of draft %s was erased", d.Code.Spoken()), Hint: "drop it and draft it again"}
		}
	}
	return nil
}

// warning is the document of what was drafted.
func (d Draft) warning() (heed.Warning, error) {
	w, err := wire.ParseWarning(d.Contents[0].Data)
	if err != nil {
		return w, fmt.Errorf("draft %s: %w", d.Code, err)
	}
	return w, nil
}

// draftFor is a draft of an officer who may make one. Whose key is not held here
// signs it now: at its release that officer may not be there.
func (x *Exchange) draftFor(p *pens, v View, officer heed.OfficerID, kind heed.Kind, to []heed.PartyID, terms heed.Accord, contents []Content, about draftAbout, now time.Time) (Draft, error) {
	who, err := p.act(v, officer, kind.Action())
	if err != nil {
		return Draft{}, err
	}
	if who.elsewhere {
		rel := heed.Release{Author: x.party, Kind: kind, Of: about.Of, Contents: refs(contents)}
		if kind == heed.KindWarning {
			rel.Accord = terms.AccordID()
		}
		about.Drafted, err = wire.SignDraft(rel, now, who.role, who.key)
		if err := p.later(err); err != nil {
			return Draft{}, err
		}
	}
	document, err := about.bytes()
	return Draft{Kind: kind, Officer: officer, At: now, To: to, Accord: terms.AccordID(), Version: terms.ID, Contents: contents, Document: document}, err
}
