package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/seal"
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
	Warning     heed.Warning
	Attachments []Attachment
}

// Warned is what came of it: one code, and a case for each recipient in the
// order in which they were named.
type Warned struct {
	Code  heed.Code
	Cases []heed.CaseID
}

// Warn sends a warning to one or more parties: one release that an officer
// signs, and a case of its own with each recipient, none of whom learns of the
// others. When it returns, all of them are committed and queued, or none is.
func (x *Exchange) Warn(ctx context.Context, order WarnOrder) (Warned, error) {
	now := x.Now()
	if len(order.To) == 0 {
		return Warned{}, &heed.Invalid{What: "nobody is named to be warned", Hint: "add --to PARTY"}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(order.To)))) != len(order.To) {
		return Warned{}, &heed.Invalid{What: "a recipient is named twice", Hint: "name each --to PARTY once"}
	}
	contents, err := x.warningContents(order.Warning, order.Attachments)
	if err != nil {
		return Warned{}, err
	}
	var all []spoken
	err = x.store.Read(ctx, func(v View) error {
		rel, err := x.release(v, order.Officer, heed.Release{Kind: heed.KindWarning, Contents: refs(contents)}, now)
		if err != nil {
			return err
		}
		for _, party := range order.To {
			words, err := x.openCase(v, party, contents, rel, now)
			if err != nil {
				return err
			}
			words.statement.Urgency, words.statement.Status = order.Warning.Urgency, order.Warning.Status
			words.statement.AsksAnswer = order.Warning.AsksAnswer()
			all = append(all, words)
		}
		return nil
	})
	if err != nil {
		return Warned{}, err
	}
	return x.openAll(ctx, all, now)
}

// openAll signs the statements that open cases and commits them together.
func (x *Exchange) openAll(ctx context.Context, all []spoken, now time.Time) (Warned, error) {
	var out Warned
	for i := range all {
		var err error
		if all[i], err = x.sign(all[i]); err != nil {
			return Warned{}, err
		}
		out.Cases = append(out.Cases, all[i].statement.CaseID())
		out.Code = all[i].statement.CaseCode()
	}
	err := x.write(ctx, func(tx Tx) error {
		if _, err := self(tx); err != nil {
			return err
		}
		for _, words := range all {
			if err := x.commitOwn(tx, words, now); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// released is a signed release on its way into statements.
type released struct {
	heed.Release
	note []byte
}

// release has the officer sign one act for all its recipients.
func (x *Exchange) release(v View, officer heed.OfficerID, rel heed.Release, now time.Time) (released, error) {
	a, err := x.act(v, officer, rel.Kind.Action())
	if err != nil {
		return released{}, err
	}
	nonce, err := seal.NewSalt(x.random)
	if err != nil {
		return released{}, err
	}
	rel.Author, rel.Time, rel.Nonce, rel.Officers = x.party, now, nonce, a.stamp()
	rel, note, err := wire.SignRelease(rel, a.key)
	return released{rel, note}, err
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
func (x *Exchange) warningContents(w heed.Warning, attachments []Attachment) ([]Content, error) {
	w, err := describe(w, attachments)
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
func describe(w heed.Warning, attachments []Attachment) (heed.Warning, error) {
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
	return w, w.Check()
}

// Supplement adds to a warning of ours, for all its recipients whose cases are given.
func (x *Exchange) Supplement(ctx context.Context, officer heed.OfficerID, cases []heed.CaseID, w heed.Warning, attachments []Attachment) ([]heed.StatementID, error) {
	return x.amend(ctx, officer, heed.KindSupplement, cases, func() ([]Content, error) { return x.warningContents(w, attachments) })
}

// Correct replaces what a warning of ours says.
func (x *Exchange) Correct(ctx context.Context, officer heed.OfficerID, cases []heed.CaseID, w heed.Warning, attachments []Attachment) ([]heed.StatementID, error) {
	return x.amend(ctx, officer, heed.KindCorrection, cases, func() ([]Content, error) { return x.warningContents(w, attachments) })
}

// Recall withdraws a warning of ours. It ends what is owed for it.
func (x *Exchange) Recall(ctx context.Context, officer heed.OfficerID, cases []heed.CaseID, reason string) ([]heed.StatementID, error) {
	return x.amend(ctx, officer, heed.KindRecall, cases, func() ([]Content, error) {
		if reason == "" {
			return nil, &heed.Invalid{What: "a recall says why", Hint: "add --reason TEXT"}
		}
		content, err := x.text(reason)
		return []Content{content}, err
	})
}

// amend makes one release of the kind and a statement of it in each case, all
// committed together.
func (x *Exchange) amend(ctx context.Context, officer heed.OfficerID, kind heed.Kind, cases []heed.CaseID, write func() ([]Content, error)) ([]heed.StatementID, error) {
	now := x.Now()
	if len(cases) == 0 {
		return nil, &heed.Invalid{What: "no case is named"}
	}
	contents, err := write()
	if err != nil {
		return nil, err
	}
	for {
		all, err := x.composeAmendments(ctx, officer, kind, cases, contents, now)
		if err != nil {
			return nil, err
		}
		err = x.write(ctx, func(tx Tx) error {
			if _, err := self(tx); err != nil {
				return err
			}
			for _, words := range all {
				c, err := tx.Case(words.statement.Case)
				if err != nil {
					return err
				}
				if c.Last(x.party) != words.statement.Previous {
					return errStale
				}
				if err := x.commitOwn(tx, words, now); err != nil {
					return err
				}
			}
			return nil
		})
		if errors.Is(err, errStale) {
			continue
		}
		var ids []heed.StatementID
		for _, words := range all {
			ids = append(ids, words.statement.ID)
		}
		return ids, err
	}
}

func (x *Exchange) composeAmendments(ctx context.Context, officer heed.OfficerID, kind heed.Kind, cases []heed.CaseID, contents []Content, now time.Time) ([]spoken, error) {
	var all []spoken
	err := x.store.Read(ctx, func(v View) error {
		var rel released
		for i, id := range cases {
			c, err := v.Case(id)
			if err != nil {
				return err
			}
			if c.Opening.Kind != heed.KindWarning || c.Warner != x.party {
				return &heed.Refused{Detail: fmt.Sprintf("case %s is not a warning of ours, so we cannot make a %s in it", c.Code.Spoken(), kind), Hint: "what the other party said is its own to supplement, correct or recall; `heed ask` puts a question"}
			}
			if _, recalled := c.Reached()[heed.StateRecalled]; recalled {
				return &heed.Refused{Detail: fmt.Sprintf("case %s was recalled", c.Code.Spoken()), Hint: "send a new warning"}
			}
			if i == 0 {
				if rel, err = x.release(v, officer, heed.Release{Kind: kind, Of: c.Opening.Release, Contents: refs(contents)}, now); err != nil {
					return err
				}
			} else if c.Opening.Release != rel.Of {
				return &heed.Invalid{What: "the cases are not of one warning"}
			}
			s, err := x.begin(v, c, kind, now)
			if err != nil {
				return err
			}
			peer, err := knownPeer(v, s.Recipient)
			if err != nil {
				return err
			}
			if err := fitsInto(peer.Card, contents); err != nil {
				return err
			}
			s.Answers = []heed.StatementID{c.Opening.ID}
			s.Release, s.Contents = rel.ID, rel.Contents
			if kind != heed.KindRecall {
				s.Urgency = c.Urgency
			}
			all = append(all, spoken{statement: s, contents: contents, release: rel.note})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i], err = x.sign(all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// AskParty opens a case with a question: it carries the same duty, clock, ladder
// and proof as a warning.
func (x *Exchange) AskParty(ctx context.Context, officer heed.OfficerID, party heed.PartyID, urgency heed.Urgency, status heed.Status, question string) (Warned, error) {
	now := x.Now()
	content, err := x.text(question)
	if err != nil {
		return Warned{}, err
	}
	var words spoken
	err = x.store.Read(ctx, func(v View) error {
		a, err := x.act(v, officer, heed.ActAsk)
		if err != nil {
			return err
		}
		words, err = x.openCase(v, party, []Content{content}, released{Release: heed.Release{Kind: heed.KindQuestion, Contents: refs([]Content{content})}}, now)
		if err != nil {
			return err
		}
		words.statement.Urgency, words.statement.Status, words.statement.Officers = urgency, status, a.stamp()
		words, err = x.sign(words, a.key)
		return err
	})
	if err != nil {
		return Warned{}, err
	}
	err = x.write(ctx, func(tx Tx) error { return x.commitOwn(tx, words, now) })
	return Warned{Code: words.statement.CaseCode(), Cases: []heed.CaseID{words.statement.CaseID()}}, err
}
