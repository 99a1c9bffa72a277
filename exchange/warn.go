package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/wire"
)

// Attachment is a file that goes with a warning, byte for byte.
type Attachment struct {
	Name      string
	MediaType string
	Data      []byte
}

// WarnOrder is what an officer asks to be sent.
type WarnOrder struct {
	Officer     heed.OfficerID
	To          []heed.PartyID
	Accord      heed.AccordID // under whose terms; zero: by the recipients' cards. With nobody in To, to all whom it binds
	Warning     heed.Warning
	Attachments []Attachment
	Draft       bool // keep it for release, also where no accord asks for that
}

// Warned is what came of it: one code, and a case for each recipient in the
// order in which they were named.
type Warned struct {
	Code    heed.Code
	To      []heed.PartyID
	Cases   []heed.CaseID // in the order of To
	Drafted bool          // it waits for release under Code; nothing is sent, and there are no Cases
}

// Warn sends a warning to one or more parties: one release that an officer
// signs, and a case of its own with each recipient, none of whom learns of the
// others. When it returns, all of them are committed and queued, or none is.
// Where the accord asks for a second officer or a rights check, it is kept as a
// draft instead, which Release sends.
func (x *Exchange) Warn(ctx context.Context, order WarnOrder) (Warned, error) {
	now := x.Now()
	if err := order.names(); err != nil {
		return Warned{}, err
	}
	contents, err := x.warningContents(order.Warning, order.Attachments, now)
	if err != nil {
		return Warned{}, err
	}
	return x.warn(ctx, order, contents, now)
}

// names checks that somebody is named to be warned, and nobody twice.
func (o WarnOrder) names() error {
	if len(o.To) == 0 && o.Accord.IsZero() {
		return &heed.Invalid{What: "nobody is named to be warned", Hint: "add --to PARTY"}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(o.To)))) != len(o.To) {
		return &heed.Invalid{What: "a recipient is named twice", Hint: "name each --to PARTY once"}
	}
	return nil
}

// warn is Warn with the contents made.
func (x *Exchange) warn(ctx context.Context, order WarnOrder, contents []Content, now time.Time) (Warned, error) {
	return x.warnAlso(ctx, order, contents, now, func(Tx, Warned) error { return nil })
}

// warnAlso is warn with a further change in the transaction in which the
// warning, or the draft of it, is committed.
func (x *Exchange) warnAlso(ctx context.Context, order WarnOrder, contents []Content, now time.Time, also func(Tx, Warned) error) (Warned, error) {
	var all []spoken
	var draft *Draft
	p := x.pens()
	p.contents = contents
	compose := func(v View) error {
		to, terms, err := x.addressed(v, order, now)
		if err != nil {
			return err
		}
		if order.Draft || terms.GatesRelease(heed.KindWarning) {
			draft, err = x.draftWarning(p, v, order, to, terms, contents, now)
			return err
		}
		draft = nil
		all, err = x.openWarnings(v, to, terms, order.Warning, contents, nil, x.by(p, order.Officer, now), now)
		return err
	}
	err := p.read(ctx, compose)
	switch {
	case err != nil:
		return Warned{}, err
	case draft != nil:
		out := Warned{Code: draftCode(contents), To: draft.To, Drafted: true}
		return out, x.keepDraftAlso(ctx, *draft, func(tx Tx) error { return also(tx, out) })
	}
	return x.openAll(ctx, all, now, also)
}

// openWarnings makes the statement to each recipient, of one release.
func (x *Exchange) openWarnings(v View, to []heed.PartyID, terms heed.Accord, w heed.Warning, contents []Content, form *heed.RightsCheck, sign releaser, now time.Time) ([]spoken, error) {
	if err := x.mayPassOn(v, contents, to, now); err != nil {
		return nil, err
	}
	rel, err := sign(v, heed.Release{Kind: heed.KindWarning, Accord: terms.AccordID(), Version: terms.ID, Contents: refs(contents)})
	if err != nil {
		return nil, err
	}
	if err := mayRelease(terms, rel.Release, form); err != nil {
		return nil, err
	}
	var all []spoken
	for _, party := range to {
		words, err := x.openCase(v, party, contents, rel, now)
		if err != nil {
			return nil, err
		}
		s := &words.statement
		s.Urgency, s.Status, s.AsksAnswer = w.Urgency, w.Status, w.AsksAnswer()
		s.Accord, s.Version = terms.AccordID(), terms.ID
		all = append(all, words)
	}
	return all, nil
}

// draftWarning is a warning to be released later. Whoever could not be warned
// now is complained of now.
func (x *Exchange) draftWarning(p *pens, v View, order WarnOrder, to []heed.PartyID, terms heed.Accord, contents []Content, now time.Time) (*Draft, error) {
	d, err := x.draftFor(p, v, order.Officer, heed.KindWarning, to, terms, contents, draftAbout{}, now)
	if err != nil {
		return nil, err
	}
	for _, party := range to {
		if _, err := x.openCase(v, party, contents, released{Release: heed.Release{Kind: heed.KindWarning}}, now); err != nil {
			return nil, err
		}
	}
	return &d, nil
}

// addressed is to whom a warning goes, and the terms under which.
func (x *Exchange) addressed(v View, order WarnOrder, now time.Time) ([]heed.PartyID, heed.Accord, error) {
	to, terms, err := x.bound(v, order.Accord, order.To, now)
	if err != nil || order.Accord.IsZero() {
		return to, terms, err
	}
	return to, terms, terms.Admits(order.Warning.Handling)
}

// bound is to whom something goes, and the terms under which: where an accord is
// named and nobody else, to all whom that binds.
func (x *Exchange) bound(v View, accord heed.AccordID, to []heed.PartyID, now time.Time) ([]heed.PartyID, heed.Accord, error) {
	if accord.IsZero() {
		return to, heed.Accord{}, nil
	}
	terms, all, err := x.sealedUnder(v, accord, now)
	if err != nil {
		return nil, terms, err
	}
	if len(to) == 0 {
		if len(all) == 0 {
			return nil, terms, &heed.Refused{Detail: fmt.Sprintf("accord %s binds nobody else now", accord.Short()), Hint: "`heed accord show` says who has ratified it"}
		}
		return all, terms, nil
	}
	for _, p := range to {
		if !slices.Contains(all, p) {
			return nil, terms, &heed.Refused{Detail: fmt.Sprintf("nothing under accord %s is sealed to %s, which it does not bind now", accord.Short(), p), Hint: "`heed accord show` says who has ratified it; or leave --accord out"}
		}
	}
	return to, terms, nil
}

// openAll signs the statements that open cases and commits them together, with
// a further change.
func (x *Exchange) openAll(ctx context.Context, all []spoken, now time.Time, also func(Tx, Warned) error) (Warned, error) {
	all, err := x.signAll(all)
	if err != nil {
		return Warned{}, err
	}
	made := releasedTo(heed.KindWarning, all)
	out := Warned{Code: all[0].statement.CaseCode(), To: made.To, Cases: made.Cases}
	return out, x.write(ctx, func(tx Tx) error {
		if err := x.commitAll(tx, all, now); err != nil {
			return err
		}
		return also(tx, out)
	})
}

func (x *Exchange) openCase(v View, party heed.PartyID, contents []Content, rel released, now time.Time) (spoken, error) {
	me, err := self(v)
	if err != nil {
		return spoken{}, err
	}
	peer, err := knownPeer(v, party)
	if err != nil {
		return spoken{}, err
	}
	if peer.Pending && !rel.Kind.OfAccord() {
		return spoken{}, &heed.Refused{Detail: fmt.Sprintf("the card of %s came with an accord that %s proposed, and we have not ratified it", party, peer.Introducer), Hint: "`heed accord ratify`, or compare the fingerprint and `heed peer add` the card"}
	}
	if err := fitsInto(peer.Card, contents); err != nil {
		return spoken{}, err
	}
	after, err := x.after(v)
	if err != nil {
		return spoken{}, err
	}
	return spoken{
		statement: heed.Statement{
			Kind: rel.Kind, Author: x.party, AuthorCard: me.Card.Serial, Recipient: party, RecipientCard: peer.Card.Serial,
			Time: now, After: after, Release: rel.ID, Contents: rel.Contents, Node: me.Card.NodeKey,
		},
		contents: contents, release: rel.note,
	}, nil
}

// fitsInto refuses what the peer would never take. In a case it would also keep
// back whatever is said after it.
func fitsInto(card heed.Card, contents []Content) error {
	if size := plainSize(contents); size+(64<<10) > card.MaxEnvelope {
		return &heed.Refused{Code: heed.TooLarge, Detail: fmt.Sprintf("the contents have %d bytes, and %s takes envelopes of at most %d", size, card.Party, card.MaxEnvelope), Hint: "send fewer or smaller attachments, or some of them as a supplement"}
	}
	return nil
}

func plainSize(contents []Content) int64 {
	var size int64
	for _, c := range contents {
		size += int64(len(c.Data)) + 64
	}
	return size
}

// warningContents makes the contents of a warning, a supplement or a
// correction: the typed document first, then the attachments.
func (x *Exchange) warningContents(w heed.Warning, attachments []Attachment, now time.Time) ([]Content, error) {
	w, err := describe(w, attachments, now)
	if err != nil {
		return nil, err
	}
	document, err := wire.EncodeWarning(w, x.random)
	if err != nil {
		return nil, err
	}
	first, err := x.content("", heed.MediaWarning, document)
	if err != nil {
		return nil, err
	}
	contents := []Content{first}
	for _, a := range attachments {
		content, err := x.content(a.Name, a.MediaType, a.Data)
		if err != nil {
			return nil, fmt.Errorf("attachment %s: %w", a.Name, err)
		}
		contents = append(contents, content)
	}
	if len(contents) > heed.MaxContents {
		return nil, &heed.Invalid{What: fmt.Sprintf("%d attachments, and a warning has at most %d", len(attachments), heed.MaxContents-1)}
	}
	return contents, nil
}

// describe makes the document and the files that go with it name the same
// things: what the document does not mention is added to it, and what it
// mentions must be there.
func describe(w heed.Warning, attachments []Attachment, now time.Time) (heed.Warning, error) {
	w.Attachments = slices.Clone(w.Attachments)
	given := map[string]string{}
	for _, a := range attachments {
		if _, twice := given[a.Name]; twice {
			return w, &heed.Invalid{What: fmt.Sprintf("two attachments are named %q", a.Name), Hint: "rename one of the files"}
		}
		given[a.Name] = a.MediaType
	}
	for _, a := range w.Attachments {
		media, ok := given[a.Name]
		switch {
		case !ok:
			return w, &heed.Invalid{What: fmt.Sprintf("the warning describes an attachment %q, which does not go with it", a.Name), Hint: "add --attach FILE, or take it out of the document"}
		case media != a.MediaType:
			return w, &heed.Invalid{What: fmt.Sprintf("attachment %q is %s, and the warning describes it as %s", a.Name, media, a.MediaType)}
		}
		delete(given, a.Name)
	}
	for _, a := range attachments {
		if _, undescribed := given[a.Name]; undescribed {
			w.Attachments = append(w.Attachments, heed.Attachment{Name: a.Name, MediaType: a.MediaType})
		}
	}
	if err := w.Check(); err != nil {
		return w, err
	}
	return w, w.CheckDates(now)
}

// Amended is what came of a supplement, a correction or a recall.
type Amended struct {
	Statements []heed.StatementID // in the order of the cases
	Draft      heed.Code          // where it waits for release; nothing is sent then
}

// Supplement adds to a warning of ours, for all its recipients whose cases are
// given. Where the accord asks for a second officer or a rights check, it is
// kept as a draft.
func (x *Exchange) Supplement(ctx context.Context, officer heed.OfficerID, cases []heed.CaseID, w heed.Warning, attachments []Attachment) (Amended, error) {
	return x.amend(ctx, officer, heed.KindSupplement, cases, func(now time.Time) ([]Content, error) { return x.warningContents(w, attachments, now) })
}

// Correct replaces what a warning of ours says; kept as a draft where a
// supplement is.
func (x *Exchange) Correct(ctx context.Context, officer heed.OfficerID, cases []heed.CaseID, w heed.Warning, attachments []Attachment) (Amended, error) {
	return x.amend(ctx, officer, heed.KindCorrection, cases, func(now time.Time) ([]Content, error) { return x.warningContents(w, attachments, now) })
}

// Recall withdraws a warning of ours. It ends what is owed for it. One officer
// is enough under every accord.
func (x *Exchange) Recall(ctx context.Context, officer heed.OfficerID, cases []heed.CaseID, reason string) (Amended, error) {
	return x.amend(ctx, officer, heed.KindRecall, cases, func(time.Time) ([]Content, error) {
		if reason == "" {
			return nil, &heed.Invalid{What: "a recall says why", Hint: "add --reason TEXT"}
		}
		content, err := x.text(reason)
		return []Content{content}, err
	})
}

// amend makes one release of the kind and a statement of it in each case, all
// committed together.
func (x *Exchange) amend(ctx context.Context, officer heed.OfficerID, kind heed.Kind, cases []heed.CaseID, write func(now time.Time) ([]Content, error)) (Amended, error) {
	now := x.Now()
	if len(cases) == 0 {
		return Amended{}, &heed.Invalid{What: "no case is named"}
	}
	contents, err := write(now)
	if err != nil {
		return Amended{}, err
	}
	p := x.pens()
	p.contents = contents
	for {
		var all []spoken
		var draft *Draft
		compose := func(v View) error {
			if draft, err = x.draftAmendment(p, v, officer, kind, cases, contents, now); err != nil || draft != nil {
				return err
			}
			all, err = x.composeAmendments(v, x.by(p, officer, now), nil, kind, cases, contents, now)
			return err
		}
		err := p.read(ctx, compose)
		switch {
		case err != nil:
			return Amended{}, err
		case draft != nil:
			return Amended{Draft: draftCode(contents)}, x.keepDraft(ctx, *draft)
		}
		if all, err = x.signAll(all); err != nil {
			return Amended{}, err
		}
		err = x.write(ctx, func(tx Tx) error { return x.commitAll(tx, all, now) })
		if errors.Is(err, errStale) {
			continue
		}
		return Amended{Statements: releasedTo(kind, all).Statements}, err
	}
}

// errSeveral refuses to amend several warnings in one act.
var errSeveral = &heed.Invalid{What: "the cases are not of one warning"}

// draftAmendment is a supplement or a correction to be released later; nil
// where the accords of the cases let it go at once.
func (x *Exchange) draftAmendment(p *pens, v View, officer heed.OfficerID, kind heed.Kind, cases []heed.CaseID, contents []Content, now time.Time) (*Draft, error) {
	var about draftAbout
	var gate heed.Accord
	var to []heed.PartyID
	if kind == heed.KindRecall {
		return nil, nil
	}
	for i, id := range cases {
		c, s, err := x.amending(v, id, kind, contents, now)
		if err != nil {
			return nil, err
		}
		if i > 0 && c.Opening.Release != about.Of {
			return nil, errSeveral
		}
		about.Of, about.Cases, to = c.Opening.Release, append(about.Cases, id), append(to, s.Recipient)
		if s.Version.IsZero() {
			continue
		}
		terms, err := accordOf(v, s)
		if err != nil {
			return nil, err
		}
		if terms.GatesRelease(kind) {
			gate = terms
		}
	}
	if gate.ID.IsZero() {
		return nil, nil
	}
	d, err := x.draftFor(p, v, officer, kind, to, gate, contents, about, now)
	return &d, err
}

// amending is a statement about a warning of ours, begun in its case.
func (x *Exchange) amending(v View, id heed.CaseID, kind heed.Kind, contents []Content, now time.Time) (heed.Case, heed.Statement, error) {
	c, err := v.Case(id)
	if err != nil {
		return c, heed.Statement{}, err
	}
	if c.Opening.Kind != heed.KindWarning || c.Warner != x.party {
		return c, heed.Statement{}, &heed.Refused{Detail: fmt.Sprintf("case %s is not a warning of ours, so we cannot make a %s in it", c.Code.Spoken(), kind), Hint: "what the other party said is its own to supplement, correct or recall; `heed ask` puts a question"}
	}
	if _, recalled := c.Reached()[heed.StateRecalled]; recalled {
		return c, heed.Statement{}, &heed.Refused{Detail: fmt.Sprintf("case %s was recalled", c.Code.Spoken()), Hint: "send a new warning"}
	}
	s, err := x.begin(v, c, kind, now)
	if err != nil {
		return c, s, err
	}
	peer, err := knownPeer(v, s.Recipient)
	if err != nil {
		return c, s, err
	}
	s.Answers = []heed.StatementID{c.Opening.ID}
	if kind != heed.KindRecall {
		s.Urgency = c.Urgency
	}
	return c, s, fitsInto(peer.Card, contents)
}

// composeAmendments makes the statement in each case, of one release.
func (x *Exchange) composeAmendments(v View, sign releaser, form *heed.RightsCheck, kind heed.Kind, cases []heed.CaseID, contents []Content, now time.Time) ([]spoken, error) {
	var all []spoken
	var rel released
	for i, id := range cases {
		c, s, err := x.amending(v, id, kind, contents, now)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if rel, err = sign(v, heed.Release{Kind: kind, Of: c.Opening.Release, Contents: refs(contents)}); err != nil {
				return nil, err
			}
		} else if c.Opening.Release != rel.Of {
			return nil, errSeveral
		}
		if !s.Version.IsZero() {
			terms, err := accordOf(v, s)
			if err != nil {
				return nil, err
			}
			if err := mayRelease(terms, rel.Release, form); err != nil {
				return nil, err
			}
		}
		s.Release, s.Contents = rel.ID, rel.Contents
		all = append(all, spoken{statement: s, contents: contents, release: rel.note})
	}
	return all, nil
}

// AskOrder is a question that opens a case.
type AskOrder struct {
	Officer heed.OfficerID
	To      heed.PartyID
	Accord  heed.AccordID // by whose clock the answer is owed; zero: by that of the recipient's card
	Urgency heed.Urgency
	Status  heed.Status
	Text    string
}

// AskParty opens a case with a question: it carries the same duty, clock, ladder
// and proof as a warning.
func (x *Exchange) AskParty(ctx context.Context, order AskOrder) (Warned, error) {
	content, err := x.text(order.Text)
	if err != nil {
		return Warned{}, err
	}
	p := x.pens()
	for {
		now := x.Now()
		words, err := x.composeQuestion(ctx, p, order, content, now)
		if err != nil {
			return Warned{}, err
		}
		err = x.write(ctx, func(tx Tx) error {
			if err := x.still(tx, words.who[0], heed.ActAsk); err != nil {
				return err
			}
			_, terms, err := x.bound(tx, order.Accord, []heed.PartyID{order.To}, now)
			if err == nil && terms.ID != words.statement.Version {
				err = errStale
			}
			if err != nil {
				return err
			}
			return x.commitOwn(tx, words, now)
		})
		if errors.Is(err, errStale) {
			continue
		}
		return Warned{Code: words.statement.CaseCode(), To: []heed.PartyID{order.To}, Cases: []heed.CaseID{words.statement.CaseID()}}, err
	}
}

// composeQuestion makes and signs the question that opens a case.
func (x *Exchange) composeQuestion(ctx context.Context, p *pens, order AskOrder, content Content, now time.Time) (words spoken, err error) {
	err = x.store.Read(ctx, func(v View) error {
		a, err := p.act(v, order.Officer, heed.ActAsk)
		if err != nil {
			return err
		}
		_, terms, err := x.bound(v, order.Accord, []heed.PartyID{order.To}, now)
		if err != nil {
			return err
		}
		words, err = x.openCase(v, order.To, []Content{content}, released{Release: heed.Release{Kind: heed.KindQuestion, Contents: refs([]Content{content})}}, now)
		if err != nil {
			return err
		}
		s := &words.statement
		s.Urgency, s.Status, s.Officers = order.Urgency, order.Status, a.stamp()
		s.Accord, s.Version = terms.AccordID(), terms.ID
		words.who = []acting{a}
		return nil
	})
	if err != nil {
		return words, err
	}
	return x.signWith(ctx, p, words)
}
