package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// LetterOrder is a warning to a partner without heed.
type LetterOrder struct {
	Officer     heed.OfficerID
	Contact     heed.ContactID
	Warning     heed.Warning
	Attachments []Attachment
	Draft       bool // keep it for release, also where the contact's record asks for no gate
}

// LetterOpened is what came of it.
type LetterOpened struct {
	Code    heed.Code
	ID      heed.CaseID // zero where it is a draft
	Contact heed.Contact
	Drafted bool
}

// WarnByLetter opens a one-sided case with a warning of ours. Nothing has left
// when it returns: a letter is to be printed or mailed, and its clock runs from
// when an officer records that it was sent. Release is as for every warning;
// where the contact's record asks for a second officer or a rights check, it is
// kept as a draft.
func (x *Exchange) WarnByLetter(ctx context.Context, order LetterOrder) (LetterOpened, error) {
	now := x.Now()
	contents, err := x.warningContents(order.Warning, order.Attachments, now)
	if err != nil {
		return LetterOpened{}, err
	}
	var made madeEntry
	var draft *Draft
	var to heed.Contact
	p := x.pens()
	p.contents = contents
	compose := func(v View) error {
		if to, err = writable(v, order.Contact); err != nil {
			return err
		}
		if draft = nil; order.Draft || to.GatesRelease() {
			d, err := x.draftFor(p, v, order.Officer, heed.KindWarning, nil, heed.Accord{}, contents, draftAbout{Contact: order.Contact}, now)
			draft = &d
			return err
		}
		made, err = x.composeLetter(v, to, order.Warning, contents, x.by(p, order.Officer, now), now)
		return err
	}
	err = p.read(ctx, compose)
	out := LetterOpened{Code: draftCode(contents), Contact: to}
	switch {
	case err != nil:
		return out, err
	case draft != nil:
		out.Drafted = true
		return out, x.keepDraft(ctx, *draft)
	}
	out.ID = made.entry.CaseID()
	return out, x.write(ctx, func(tx Tx) error { return x.commitEntry(tx, made, now) })
}

// composeLetter makes and signs the entry with which a letter begins.
func (x *Exchange) composeLetter(v View, to heed.Contact, w heed.Warning, contents []Content, sign releaser, now time.Time) (madeEntry, error) {
	for _, content := range contents {
		if s, ours := x.enclosedForUs(content); ours {
			return madeEntry{}, &heed.Refused{Code: heed.HandlingConflict, Detail: fmt.Sprintf("%q encloses %s statement %s of %s, which is passed on to parties only, and not by letter", content.Ref.Name, s.Kind, s.ID.Short(), s.Author), Hint: "ask its originator to write to the contact"}
		}
	}
	rel, err := sign(v, heed.Release{Kind: heed.KindWarning, Contents: refs(contents)})
	if err != nil {
		return madeEntry{}, err
	}
	if err := to.AdmitsRelease(rel.Release); err != nil {
		return madeEntry{}, err
	}
	e, err := x.beginEntry(v, heed.EntryLetter, to, now)
	if err != nil {
		return madeEntry{}, err
	}
	e.Side, e.Release = heed.Us, rel.ID
	e.Urgency, e.Status, e.AsksAnswer = w.Urgency, w.Status, w.AsksAnswer()
	key, err := ledger.NewKey(x.random)
	if err != nil {
		return madeEntry{}, fmt.Errorf("tag key: %w", err)
	}
	return x.signEntry(madeEntry{entry: e, key: key, contents: contents, release: rel.note})
}

// releaseLetter is Release for a draft of a letter.
func (x *Exchange) releaseLetter(ctx context.Context, p *pens, d Draft, about draftAbout, order ReleaseOrder, form *Content, now time.Time) (Released, error) {
	var made madeEntry
	compose := func(v View) error {
		if err := d.open(v); err != nil {
			return err
		}
		if err := d.whole(); err != nil {
			return err
		}
		if p.contents = d.Contents; form != nil {
			p.contents = append(slices.Clip(p.contents), *form)
		}
		to, err := writable(v, about.Contact)
		if err != nil {
			return err
		}
		w, err := d.warning()
		if err != nil {
			return err
		}
		made, err = x.composeLetter(v, to, w, d.Contents, x.byBoth(p, d, order.Officer, form, now), now)
		return err
	}
	if err := p.read(ctx, compose); err != nil {
		return Released{}, err
	}
	out := Released{Kind: heed.KindWarning, Code: d.Code, Cases: []heed.CaseID{made.entry.CaseID()}, Contact: about.Contact}
	return out, x.write(ctx, func(tx Tx) error {
		held, err := tx.Draft(d.Code)
		if err != nil {
			return err
		}
		if err := held.open(tx); err != nil {
			return err
		}
		if form != nil {
			if err := tx.PutContent(*form); err != nil {
				return err
			}
		}
		if err := x.commitEntry(tx, made, now); err != nil {
			return err
		}
		held.Released = made.entry.Release
		return tx.PutDraft(held)
	})
}

// Told is how an officer learnt of something, or how it went, and who said what.
type Told struct {
	At    time.Time // when it happened; zero: now
	Via   heed.Via
	By    string // the person of the contact, as the officer knows the name
	Text  string
	Files []Attachment // scans
}

// ArrivalOrder is a warning of a partner without heed, as an officer puts it on record.
type ArrivalOrder struct {
	Officer     heed.OfficerID
	From        heed.ContactID
	Warning     heed.Warning
	Attachments []Attachment
	Told        Told
}

// ReceiveLetter opens a one-sided case in which we owe. Our replies are due by
// the contact's clock where that was agreed, and else by our card's.
func (x *Exchange) ReceiveLetter(ctx context.Context, order ArrivalOrder) (LetterOpened, error) {
	now := x.Now()
	told := order.Told.orNow(now)
	contents, err := x.warningContents(order.Warning, append(slices.Clone(order.Attachments), told.Files...), now)
	if err != nil {
		return LetterOpened{}, err
	}
	if account, err := x.account(told); err != nil {
		return LetterOpened{}, err
	} else if account != nil {
		contents = append(contents, *account)
	}
	var made madeEntry
	var from heed.Contact
	p := x.pens()
	err = x.store.Read(ctx, func(v View) error {
		if from, err = writable(v, order.From); err != nil {
			return err
		}
		e, err := x.beginEntry(v, heed.EntryArrival, from, now)
		if err != nil {
			return err
		}
		e.Side, e.At, e.Via = heed.Them, told.At, told.Via
		e.Urgency, e.Status, e.AsksAnswer = order.Warning.Urgency, order.Warning.Status, order.Warning.AsksAnswer()
		clock, err := x.clockFor(v, from, heed.Us)
		if err != nil {
			return err
		}
		e.Duties = heed.PromisesBy(clock, e.Urgency, e.AsksAnswer, e.At)
		made, err = entryBy(p, v, order.Officer, madeEntry{entry: e, contents: contents, as: heed.Roles()})
		return err
	})
	if err == nil {
		made, err = x.signEntryWith(ctx, p, made)
	}
	if err != nil {
		return LetterOpened{}, err
	}
	out := LetterOpened{Code: made.entry.CaseCode(), ID: made.entry.CaseID(), Contact: from}
	return out, x.write(ctx, func(tx Tx) error {
		if err := x.commitEntry(tx, made, now); err != nil {
			return err
		}
		return x.tellOfArrival(tx, out.ID, made.entry, now)
	})
}

// clockFor is the clock by which a side owes. What was agreed binds both; what
// is assumed is our assumption about the contact alone.
func (x *Exchange) clockFor(v View, c heed.Contact, side heed.Side) (heed.Clock, error) {
	if side == heed.Them || c.Basis == heed.ClockAgreed {
		return c.Clock, nil
	}
	me, err := v.Self()
	return me.Card.Clock, err
}

// EntryOrder is what an officer puts on record of a one-sided case.
type EntryOrder struct {
	Officer     heed.OfficerID
	Kind        heed.EntryKind
	Told        Told
	Disposition heed.Disposition // assessed
	Outcome     heed.Outcome     // concluded
	Code        heed.RefusalCode // refused
	Strikes     heed.EntryID     // struck
	Side        heed.Side        // noted: whose word it is; empty: ours
	Duties      []heed.DutyKind  // reminded
	Letter      string           // sent, reminded, noted: the letter as it left us; empty: none

	byNode bool // a mail server has accepted a mail: the node's own word
}

// RecordEntry puts something on record of a one-sided case: that our letter was
// sent, what the partner replied, what we replied. The officer signs it, and our
// ledger commits to it in the transaction that keeps it.
func (x *Exchange) RecordEntry(ctx context.Context, id heed.CaseID, order EntryOrder) (heed.Entry, error) {
	return x.recordAlso(ctx, id, order, func(Tx) error { return nil })
}

func (x *Exchange) recordAlso(ctx context.Context, id heed.CaseID, order EntryOrder, also func(Tx) error) (heed.Entry, error) {
	now := x.Now()
	if order.Told.At.After(now) {
		return heed.Entry{}, &heed.Invalid{What: fmt.Sprintf("%s is still to come, and what is put on record has happened", heed.FormatTime(order.Told.At)), Hint: "--at says when it happened"}
	}
	order.Told = order.Told.orNow(now)
	contents, err := x.entryContents(order)
	if err != nil {
		return heed.Entry{}, err
	}
	p := x.pens()
	for {
		var made madeEntry
		err := x.store.Read(ctx, func(v View) error {
			c, err := v.OneSided(id)
			if err != nil {
				return err
			}
			made, err = x.composeEntry(p, v, c, order, contents, x.Now())
			return err
		})
		if err == nil {
			made, err = x.signEntryWith(ctx, p, made)
		}
		if err != nil {
			return heed.Entry{}, err
		}
		err = x.write(ctx, func(tx Tx) error {
			c, err := tx.OneSided(id)
			if err != nil {
				return err
			}
			if c.Last() != made.entry.Previous {
				return errStale
			}
			if err := x.commitEntry(tx, made, now); err != nil {
				return err
			}
			return also(tx)
		})
		if errors.Is(err, errStale) {
			continue // somebody else of ours recorded something first, so the retries end
		}
		return made.entry, err
	}
}

func (x *Exchange) composeEntry(p *pens, v View, c heed.OneSided, order EntryOrder, contents []Content, now time.Time) (madeEntry, error) {
	version, err := v.ContactVersion(c.Terms)
	if err != nil {
		return madeEntry{}, err
	}
	e, err := x.beginEntry(v, order.Kind, version.Contact, now)
	if err != nil {
		return madeEntry{}, err
	}
	e.Case, e.Previous = c.ID, c.Last()
	if last, ok := c.Entry(e.Previous); ok && last.Time.After(e.Time) {
		e.Time = last.Time // a clock that was set back must not sign before what it signed already
	}
	e.Side = sideOf(c, order)
	if order.Kind.Dated() {
		e.At, e.Via = order.Told.At, order.Told.Via
	}
	e.Disposition, e.Outcome, e.Code, e.Strikes = order.Disposition, order.Outcome, order.Code, order.Strikes
	if err := x.entryDuties(v, c, version.Contact, order, &e); err != nil {
		return madeEntry{}, err
	}
	if err := c.Fits(e); err != nil {
		return madeEntry{}, err
	}
	made := madeEntry{entry: e, contents: contents, as: heed.Roles()}
	if order.byNode {
		return made, nil
	}
	if e.Kind == heed.EntryStruck {
		made.as = c.StrikesAs(e.Strikes)
	}
	made, err = entryBy(p, v, order.Officer, made)
	var refused *heed.Refused
	if e.Kind == heed.EntryStruck && errors.As(err, &refused) {
		refused.Detail = fmt.Sprintf("entry %s of one-sided case %s: ", e.Strikes.Short(), c.Code.Spoken()) + refused.Detail
	}
	return made, err
}

// sideOf is whose act an order puts on record.
func sideOf(c heed.OneSided, order EntryOrder) heed.Side {
	switch order.Kind {
	case heed.EntryAcknowledged, heed.EntryAssessed, heed.EntryAnswered, heed.EntryActed, heed.EntryConcluded, heed.EntryRefused:
		return c.Warned
	case heed.EntryRecalled:
		return c.Warned.Other()
	case heed.EntryNoted:
		if order.Side != "" {
			return order.Side
		}
	}
	return heed.Us
}

// entryDuties fills in what follows from an entry, by the clock of the version of
// the contact that the case names.
func (x *Exchange) entryDuties(v View, c heed.OneSided, contact heed.Contact, order EntryOrder, e *heed.Entry) error {
	switch e.Kind {
	case heed.EntrySent, heed.EntryDelivered:
		e.Duties = heed.PromisesBy(contact.Clock, c.Urgency, c.Opening.AsksAnswer, e.At)
	case heed.EntryAssessed:
		clock, err := x.clockFor(v, contact, c.Warned)
		if err != nil {
			return err
		}
		e.Duties = heed.Undertakings(e.Disposition, c.Urgency, heed.Baseline{Clock: clock}, e.At)
	case heed.EntryReminded:
		for _, d := range c.OpenDuties(heed.Them) {
			if len(order.Duties) == 0 || slices.Contains(order.Duties, d.Kind) {
				e.Duties = append(e.Duties, heed.Promise{Kind: d.Kind, Due: d.Due})
			}
		}
		slices.SortFunc(e.Duties, func(a, b heed.Promise) int {
			all := heed.DutyKinds()
			return slices.Index(all, a.Kind) - slices.Index(all, b.Kind)
		})
	}
	return nil
}

// entryContents are what an entry names: what was said, the letter as it left
// us, scans.
func (x *Exchange) entryContents(order EntryOrder) ([]Content, error) {
	var contents []Content
	account, err := x.account(order.Told)
	if err != nil {
		return nil, err
	}
	if account != nil {
		contents = append(contents, *account)
	}
	if order.Letter != "" {
		text, err := x.content("letter.txt", heed.MediaText, []byte(order.Letter))
		if err != nil {
			return nil, err
		}
		contents = append(contents, text)
	}
	for _, f := range order.Told.Files {
		content, err := x.content(f.Name, f.MediaType, f.Data)
		if err != nil {
			return nil, fmt.Errorf("file %s: %w", f.Name, err)
		}
		contents = append(contents, content)
	}
	return contents, nil
}

// account is what was said and by whom, as a content; nil where neither is given.
func (x *Exchange) account(t Told) (*Content, error) {
	if t.By == "" && t.Text == "" {
		return nil, nil
	}
	data, err := wire.EncodeAccount(heed.Account{By: t.By, Text: t.Text})
	if err != nil {
		return nil, err
	}
	content, err := x.content("", heed.MediaAccount, data)
	return &content, err
}

func (t Told) orNow(now time.Time) Told {
	if t.At.IsZero() {
		t.At = now
	}
	t.At = heed.Instant(t.At)
	if t.Via == "" {
		t.Via = heed.ViaOther
	}
	t.By, t.Text = strings.TrimSpace(t.By), strings.TrimSpace(t.Text)
	return t
}

// madeEntry is an entry on its way into the store.
type madeEntry struct {
	entry    heed.Entry
	note     []byte
	key      ledger.Key
	contents []Content
	release  []byte
	who      []acting
	as       []heed.Role // under one of which they act
}

// beginEntry fills in what every entry has.
func (x *Exchange) beginEntry(v View, kind heed.EntryKind, c heed.Contact, now time.Time) (heed.Entry, error) {
	me, err := self(v)
	if err != nil {
		return heed.Entry{}, err
	}
	after, err := x.after(v)
	return heed.Entry{
		Kind: kind, Author: x.party, Card: me.Card.Serial, Contact: c.ID, Terms: c.Version,
		Side: heed.Us, Time: now, After: after, Node: me.Card.NodeKey,
	}, err
}

// entryBy names the officer who signs it, under a role that permits this act.
func entryBy(p *pens, v View, officer heed.OfficerID, made madeEntry) (madeEntry, error) {
	a, err := p.actAs(v, officer, made.entry.Kind.Action(made.entry.Side), made.as)
	made.entry.Officers, made.who = a.stamp(), []acting{a}
	return made, err
}

// signEntryWith is signEntry by the officer too, who may have to be asked.
func (x *Exchange) signEntryWith(ctx context.Context, p *pens, made madeEntry) (madeEntry, error) {
	key, err := ledger.NewKey(x.random)
	if err != nil {
		return made, fmt.Errorf("tag key: %w", err)
	}
	made.key = key
	p.contents = made.contents
	signed := made
	err = p.run(ctx, func() (err error) {
		signed, err = x.signEntry(made)
		return err
	})
	return signed, err
}

// signEntry gives an entry its tag key and its signatures.
func (x *Exchange) signEntry(made madeEntry) (madeEntry, error) {
	made.entry.TagKey, made.entry.Contents = ledger.KeyDigest(made.key), refs(made.contents)
	node, err := x.keys.Node(made.entry.Node)
	if err != nil {
		return made, err
	}
	var officers []seal.SigningKey
	for _, a := range made.who {
		officers = append(officers, a.key)
	}
	made.entry, made.note, err = wire.SignEntry(made.entry, node, officers...)
	return made, err
}

// commitEntry keeps an entry with its contents and logs it, in one transaction.
func (x *Exchange) commitEntry(tx Tx, made madeEntry, now time.Time) error {
	if _, err := self(tx); err != nil {
		return err
	}
	e := made.entry
	for _, a := range made.who {
		if err := x.stillAs(tx, a, e.Kind.Action(e.Side), made.as); err != nil {
			return err
		}
	}
	if e.Kind.Opens() {
		taken, err := codeTaken(tx, e.CaseCode())
		if err != nil {
			return err
		}
		if taken {
			return fmt.Errorf("another case has the code %s: try again", e.CaseCode())
		}
	}
	for _, content := range made.contents {
		if err := tx.PutContent(content); err != nil {
			return err
		}
	}
	if e.Kind == heed.EntryLetter {
		if made.release == nil {
			return fmt.Errorf("the letter of one-sided case %s comes without the release %s that it names", e.CaseCode(), e.Release)
		}
		if err := tx.PutRelease(e.Release, made.release); err != nil {
			return err
		}
	}
	if err := tx.KeepEntry(KeptEntry{Entry: e, Note: made.note, Key: made.key}); err != nil {
		return err
	}
	if err := x.keepAfter(tx, heed.Statement{After: e.After}); err != nil {
		return err
	}
	if err := x.logSlot(tx, slot{key: made.key, slot: ledger.SlotSent, of: heed.StatementID(e.ID)}, made.note); err != nil {
		return err
	}
	return x.indexOneSided(tx, e.CaseID(), now)
}

// codeTaken reports whether a case of either sort has the code.
func codeTaken(v View, code heed.Code) (bool, error) {
	ids, err := v.CasesOf(code)
	if err != nil || len(ids) > 0 {
		return true, err
	}
	ids, err = v.OneSidedOf(code)
	return len(ids) > 0, err
}

// indexOneSided brings the index of a case up to date with its fold.
func (x *Exchange) indexOneSided(tx Tx, id heed.CaseID, now time.Time) error {
	c, err := tx.OneSided(id)
	if err != nil {
		return err
	}
	before, err := tx.OneSidedIndex(id)
	if err != nil {
		return err
	}
	me, err := tx.Self()
	if err != nil {
		return err
	}
	var index []OneSidedIndexed
	for _, d := range c.Duties {
		entry := OneSidedIndexed{Case: id, OneSidedDuty: d}
		for _, b := range before {
			if b.Kind == d.Kind && b.Due.Equal(d.Due) {
				entry.Told = b.Told // more time starts the ladder anew
			}
		}
		if next, ok := me.Card.Ladder.Next(d.Due, entry.Told); ok && d.Open() {
			entry.Next = next
		}
		index = append(index, entry)
	}
	return tx.PutOneSidedIndex(oneSidedRow(c, now), index)
}

func oneSidedRow(c heed.OneSided, now time.Time) OneSidedRow {
	return OneSidedRow{ID: c.ID, Code: c.Code, Contact: c.Contact, Warned: c.Warned, Urgency: c.Urgency, Status: c.Status, Stage: c.Stage(), Opened: c.Opening.Time, Changed: now}
}

// FindOneSided resolves what a person calls a one-sided case: its code, or its
// id or the beginning of it. The error is a *heed.Invalid where there is none.
func (x *Exchange) FindOneSided(ctx context.Context, name string) (id heed.CaseID, err error) {
	err = x.store.Read(ctx, func(v View) error {
		id, err = oneSidedNamed(v, name)
		return err
	})
	return id, err
}

func oneSidedNamed(v View, name string) (heed.CaseID, error) {
	none := &heed.Invalid{What: fmt.Sprintf("there is no one-sided case %s here", name), Hint: "`heed letter list` lists them"}
	if d, err := heed.ParseDigest(strings.ToLower(strings.TrimSpace(name))); err == nil {
		_, err := v.OneSided(heed.CaseID(d))
		if isNotFound(err) {
			return heed.CaseID{}, none
		}
		return heed.CaseID(d), err
	}
	code, err := heed.ParseCode(name)
	if err != nil {
		return heed.CaseID{}, err
	}
	ids, err := v.OneSidedOf(code)
	if err != nil {
		return heed.CaseID{}, err
	}
	if len(ids) != 1 {
		return heed.CaseID{}, none
	}
	return ids[0], nil
}

// ratherOneSided says what to do where a name that is no case's is that of a
// one-sided one: what two parties do in a case cannot be done in it.
func ratherOneSided(v View, name string) error {
	id, err := oneSidedNamed(v, name)
	var none *heed.Invalid
	if errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := v.OneSided(id)
	if err != nil {
		return err
	}
	return &OneSidedCase{Code: c.Code, Contact: c.Contact}
}

// OneSidedCase is the error of whatever needs a case between two parties, where
// one with a partner without heed was named.
type OneSidedCase struct {
	Code    heed.Code
	Contact heed.ContactID
}

func (e *OneSidedCase) Error() string { return e.Unwrap().Error() }

// Unwrap makes it a *heed.Refused: the rule is that nothing is asked of, sealed
// to or proven against somebody who holds no key.
func (e *OneSidedCase) Unwrap() error {
	return &heed.Refused{
		Detail: fmt.Sprintf("case %s is one-sided: %s runs no heed, has signed nothing and holds nothing, so that only what we recorded ourselves is there", e.Code.Spoken(), e.Contact),
		Hint:   "`heed letter record`, `heed letter remind` and `heed letter show` are for it; `heed letter proof` shows what our ledger has",
	}
}

// draftedLetter is the draft of a name, and what it is about, where it is one of
// a letter.
func (x *Exchange) draftedLetter(ctx context.Context, name string) (d Draft, about draftAbout, err error) {
	err = x.store.Read(ctx, func(v View) error {
		if d, err = draftNamed(v, name); err != nil {
			return err
		}
		about, err = d.amends()
		return err
	})
	return d, about, err
}
