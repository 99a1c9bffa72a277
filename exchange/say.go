package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// errStale says that a statement was composed for a case that has gone on.
var errStale = errors.New("the case has gone on meanwhile")

// composer fills in what a statement says in a case. It reads, decides by the
// rules, and changes nothing.
type composer func(v View, c heed.Case, s *heed.Statement) ([]Content, error)

// spoken is a statement ready to be committed.
type spoken struct {
	statement heed.Statement
	note      []byte
	key       ledger.Key
	contents  []Content
	release   []byte

	who []acting // the officer whose own signature it has
	on  int      // what had been said in its case when it was composed
}

// said counts what was said in a case, but for receipts: they change no rule.
func said(c heed.Case) int {
	n := 0
	for _, s := range c.Statements {
		if s.Kind != heed.KindReceipt {
			n++
		}
	}
	return n
}

// say has an officer (or, without one, the node) make a statement in a case:
// compose and sign outside the transaction, commit if it would be composed alike
// in the case as it is by then, and compose and sign again if not.
func (x *Exchange) say(ctx context.Context, id heed.CaseID, officer heed.OfficerID, kind heed.Kind, compose composer) (heed.Statement, error) {
	return x.sayAlso(ctx, id, officer, kind, compose, func(Tx) error { return nil })
}

// sayAlso is say with a further change in the same transaction.
func (x *Exchange) sayAlso(ctx context.Context, id heed.CaseID, officer heed.OfficerID, kind heed.Kind, compose composer, also func(Tx) error) (heed.Statement, error) {
	return x.sayWith(ctx, id, officer, kind, compose, func(tx Tx, _ heed.Statement) error { return also(tx) })
}

// sayWith is sayAlso where the further change names the statement.
func (x *Exchange) sayWith(ctx context.Context, id heed.CaseID, officer heed.OfficerID, kind heed.Kind, compose composer, also func(Tx, heed.Statement) error) (heed.Statement, error) {
	p := x.pens()
	if x.signer != nil && officer != "" {
		defer x.signing.begin(id, p.since)()
	}
	for {
		now := x.Now()
		words, err := x.compose(ctx, p, id, officer, kind, now, compose)
		if err != nil {
			return heed.Statement{}, err
		}
		err = x.write(ctx, func(tx Tx) error {
			if _, err := self(tx); err != nil {
				return err
			}
			c, err := tx.Case(id)
			if err != nil {
				return err
			}
			if c.Last(x.party) != words.statement.Previous {
				return errStale
			}
			if said(c) != words.on {
				if err := x.same(tx, c, words, now, compose); err != nil {
					return err
				}
			}
			for _, a := range words.who {
				if err := x.still(tx, a, kind.Action()); err != nil {
					return err
				}
			}
			if err := x.commitOwn(tx, words, now); err != nil {
				return err
			}
			return also(tx, words.statement)
		})
		if errors.Is(err, errStale) {
			continue // somebody else spoke first, so the retries end
		}
		return words.statement, err
	}
}

// same is errStale where a statement would have another text in the case as it
// stands now. What the other party says while an officer signs makes her sign
// again only where it changes what she says: it could keep her from it else, by
// going on talking. The error is that of a rule, where one forbids it now.
func (x *Exchange) same(v View, c heed.Case, words spoken, now time.Time, compose composer) error {
	was := words.statement
	s, err := x.begin(v, c, was.Kind, now)
	if err != nil {
		return err
	}
	s.Officers, s.TagKey = was.Officers, was.TagKey
	s.After = was.After // an older checkpoint shows the same, of an earlier time
	contents, err := compose(v, c, &s)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(contents, words.contents, sameWords) {
		return errStale
	}
	s.Contents, s.Answers = was.Contents, sorted(s.Answers) // the words are the same, their salts are new
	if wire.StatementText(s) != wire.StatementText(was) {
		return errStale
	}
	return nil
}

// sameWords reports whether two contents say the same, whatever their salts.
func sameWords(a, b Content) bool {
	return a.Ref.MediaType == b.Ref.MediaType && a.Ref.Name == b.Ref.Name && bytes.Equal(a.Data, b.Data)
}

func (x *Exchange) compose(ctx context.Context, p *pens, id heed.CaseID, officer heed.OfficerID, kind heed.Kind, now time.Time, compose composer) (spoken, error) {
	var words spoken
	err := x.store.Read(ctx, func(v View) error {
		c, err := v.Case(id)
		if err != nil {
			return err
		}
		s, err := x.begin(v, c, kind, now)
		if err != nil {
			return err
		}
		if !kind.ByMachine() {
			a, err := p.act(v, officer, kind.Action())
			if err != nil {
				return err
			}
			s.Officers, words.who = a.stamp(), []acting{a}
		}
		words.on = said(c)
		words.contents, err = compose(v, c, &s)
		words.statement = s
		return err
	})
	if err != nil {
		return words, err
	}
	return x.signWith(ctx, p, words)
}

// signWith is sign by the officer too, who may have to be asked.
func (x *Exchange) signWith(ctx context.Context, p *pens, words spoken) (spoken, error) {
	words, err := x.unsigned(words)
	if err != nil {
		return words, err
	}
	var keys []seal.SigningKey
	for _, a := range words.who {
		keys = append(keys, a.key)
	}
	p.contents = words.contents
	signed := words
	err = p.run(ctx, func() (err error) {
		signed, err = x.signed(words, keys...)
		return err
	})
	return signed, err
}

// begin fills in what every statement of ours in a case has.
func (x *Exchange) begin(v View, c heed.Case, kind heed.Kind, now time.Time) (heed.Statement, error) {
	me, err := self(v)
	if err != nil {
		return heed.Statement{}, err
	}
	if c.Opening.ID.IsZero() {
		return heed.Statement{}, &heed.Refused{Detail: "the statement that opened this case has not arrived yet", Hint: "it has been asked for; try again when it is here"}
	}
	peer, err := knownPeer(v, c.Other(x.party))
	if err != nil {
		return heed.Statement{}, err
	}
	after, err := x.after(v)
	if err != nil {
		return heed.Statement{}, err
	}
	s := heed.Statement{
		Kind: kind, Case: c.ID, Author: x.party, AuthorCard: me.Card.Serial,
		Recipient: peer.Card.Party, RecipientCard: peer.Card.Serial,
		Time: now, After: after, Previous: c.Last(x.party), Node: me.Card.NodeKey,
	}
	switch kind {
	case heed.KindSupplement, heed.KindCorrection, heed.KindQuestion:
		if s.Accord, s.Version, err = namedUnder(v, c.Opening, now); err != nil {
			return heed.Statement{}, err
		}
	}
	// A clock that was set back must not sign before what it signed already.
	if last, ok := c.Statement(s.Previous); ok && last.Time.After(now) {
		s.Time = last.Time
	}
	return s, nil
}

// sign gives the statement its tag key and the node's signature.
func (x *Exchange) sign(words spoken) (spoken, error) {
	words, err := x.unsigned(words)
	if err != nil {
		return words, err
	}
	return x.signed(words)
}

// unsigned gives the statement its tag key, and so all of its text.
func (x *Exchange) unsigned(words spoken) (spoken, error) {
	key, err := ledger.NewKey(x.random)
	if err != nil {
		return words, fmt.Errorf("tag key: %w", err)
	}
	words.key = key
	words.statement.TagKey = ledger.KeyDigest(key)
	words.statement.Answers = sorted(words.statement.Answers)
	return words, nil
}

func (x *Exchange) signed(words spoken, officers ...seal.SigningKey) (spoken, error) {
	node, err := x.keys.Node(words.statement.Node)
	if err != nil {
		return words, err
	}
	words.statement, words.note, err = wire.SignStatement(words.statement, node, officers...)
	return words, err
}

func sorted(ids []heed.StatementID) []heed.StatementID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b heed.StatementID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// commitOwn keeps our statement, logs it under the slots that it takes, and
// queues it for the peer.
func (x *Exchange) commitOwn(tx Tx, words spoken, now time.Time) error {
	s := words.statement
	if _, err := self(tx); err != nil {
		return err
	}
	for _, content := range words.contents {
		if err := tx.PutContent(content); err != nil {
			return err
		}
	}
	if words.release != nil {
		if err := tx.PutRelease(s.Release, words.release); err != nil {
			return err
		}
	}
	kept := Kept{Statement: s, Note: words.note, Key: words.key, Arrived: now}
	if err := tx.Keep(kept); err != nil {
		return err
	}
	if err := x.keepAfter(tx, s); err != nil {
		return err
	}
	c, err := tx.Case(s.CaseID())
	if err != nil {
		return err
	}
	if err := x.logOwn(tx, c, kept); err != nil {
		return err
	}
	channel, err := x.outward(tx, s.Recipient)
	if err != nil {
		return err
	}
	if _, err := tx.Enqueue(channel, c.ID, s.ID, now, atOnce); err != nil {
		return err
	}
	return x.reindexCase(tx, c, now)
}

// atOnce is when something waits for no time: not now, which may turn out to
// have been the future once a clock that was ahead is set right.
var atOnce time.Time

// slot is where a statement of ours stands in the ledger.
type slot struct {
	key  ledger.Key
	slot ledger.Slot
	rung int // that owes what the slot is of; 0 for none
	of   heed.StatementID
}

// tag is the one under which the slot is logged.
func (at slot) tag() ledger.Tag { return ledger.SlotTag(at.key, at.slot, uint8(at.rung), at.of) }

// slotOfDuty is where the first statement that discharges a duty stands.
func slotOfDuty(key ledger.Key, kind heed.DutyKind, from heed.StatementID) slot {
	return slot{key, ledger.Slot(kind.Base()), kind.Rung(), from}
}

// slotsOf lists the slots that a statement of ours takes: that of each duty
// which it is the first to discharge; else that of a recall; else it is logged
// as sent. c is the case with it.
func slotsOf(v View, c heed.Case, k Kept) ([]slot, error) {
	s := k.Statement
	keyOf := func(id heed.StatementID) (ledger.Key, error) {
		from, err := v.Kept(id)
		if err != nil {
			return ledger.Key{}, fmt.Errorf("statement %s, whose slot %s takes: %w", id.Short(), s.ID.Short(), err)
		}
		return from.Key, nil
	}
	if s.Kind == heed.KindReceipt {
		key, err := keyOf(s.Answers[0])
		return []slot{{key: key, slot: ledger.SlotReceipt, of: s.Answers[0]}}, err
	}
	var slots []slot
	for _, d := range c.Duties {
		if d.Discharge != s.ID {
			continue
		}
		key, err := keyOf(d.From)
		if err != nil {
			return nil, err
		}
		slots = append(slots, slotOfDuty(key, d.Kind, d.From))
	}
	if len(slots) > 0 {
		return slots, nil
	}
	if s.Kind == heed.KindRecall && firstRecall(c) == s.ID {
		key, err := keyOf(c.Opening.ID)
		return []slot{{key: key, slot: ledger.SlotRecalled, of: c.Opening.ID}}, err
	}
	return []slot{{key: k.Key, slot: ledger.SlotSent, of: s.ID}}, nil
}

// firstRecall is the recall that ends things; a second one ends nothing more.
func firstRecall(c heed.Case) heed.StatementID {
	for _, s := range c.Statements {
		if s.Kind == heed.KindRecall {
			return s.ID
		}
	}
	return heed.StatementID{}
}

// logOwn appends a leaf for each slot that the statement takes.
func (x *Exchange) logOwn(tx Tx, c heed.Case, k Kept) error {
	slots, err := slotsOf(tx, c, k)
	if err != nil {
		return err
	}
	for _, at := range slots {
		if err := x.logSlot(tx, at, k.Note); err != nil {
			return err
		}
	}
	return nil
}

// logSlot appends the leaf of signed bytes under their slot. A slot that is
// taken was taken by a statement that the other party never had: it was lost
// with a disk, or refused for good. What takes its place is logged aside.
func (x *Exchange) logSlot(tx Tx, at slot, signed []byte) error {
	tag := at.tag()
	if _, _, err := x.loggedBefore(tx, tag); !errors.Is(err, ErrNotFound) {
		if err != nil {
			return err
		}
		return x.logAside(tx, signed)
	}
	_, err := tx.Append(ledger.StatementLeaf(at.key, tag, wire.SignedDigest(signed)).Bytes())
	if errors.Is(err, ErrTagTaken) {
		return x.logAside(tx, signed)
	}
	return err
}

// logAside commits the ledger to something that no other party can look up: a
// roster, a card, a reading.
func (x *Exchange) logAside(tx Tx, signed []byte) error {
	key, err := ledger.NewKey(x.random)
	if err != nil {
		return err
	}
	tag, err := ledger.RandomTag(x.random)
	if err != nil {
		return err
	}
	_, err = tx.Append(ledger.StatementLeaf(key, tag, wire.SignedDigest(signed)).Bytes())
	return err
}

// outward is the channel on which a peer is written to now.
func (x *Exchange) outward(v View, party heed.PartyID) (Channel, error) {
	me, err := v.Self()
	if err != nil {
		return Channel{}, err
	}
	peer, err := v.Peer(party)
	if err != nil {
		return Channel{}, err
	}
	return Channel{Peer: party, OurCard: me.Card.Serial, TheirCard: peer.Card.Serial, Outward: true}, nil
}

// reindex brings the index of a case up to date with its fold.
func (x *Exchange) reindex(tx Tx, id heed.CaseID, now time.Time) error {
	c, err := tx.Case(id)
	if err != nil {
		return err
	}
	return x.reindexCase(tx, c, now)
}

func (x *Exchange) reindexCase(tx Tx, c heed.Case, now time.Time) error {
	if c.Opening.ID.IsZero() {
		return nil // nothing can be said of it yet
	}
	before, err := tx.Index(c.ID)
	if err != nil {
		return err
	}
	told := map[dutyKey]int{}
	for _, d := range before {
		if now, ok := c.Duty(d.Kind, d.From); ok && now.Due.Equal(d.Due) {
			told[keyOf(d.Duty)] = d.Told // more time starts the ladder anew
		}
	}
	peer := c.Other(x.party)
	index := make([]IndexedDuty, 0, len(c.Duties))
	for _, d := range c.Duties {
		ladder, err := x.ladderIn(tx, c.Opening, d.OwedBy)
		if err != nil {
			return err
		}
		entry := IndexedDuty{Case: c.ID, Code: c.Code, Peer: peer, Status: c.Status, Duty: d, Told: max(told[keyOf(d)], x.toldOf(c, d))}
		if next, ok := ladder.Next(d.Due, entry.Told); ok && d.Open() {
			entry.Next = next
		}
		index = append(index, entry)
	}
	if err := tx.PutIndex(x.row(c, now), index); err != nil {
		return err
	}
	if err := x.keepNews(tx, c, now); err != nil {
		return err
	}
	return x.keepWatch(tx, c, now)
}

func (x *Exchange) row(c heed.Case, now time.Time) CaseRow {
	return CaseRow{
		ID: c.ID, Code: c.Code, Peer: c.Other(x.party), Ours: c.Warner == x.party,
		Urgency: c.Urgency, Status: c.Status, Stage: c.Stage(), Opened: c.Opening.Time, Changed: now,
	}
}

// toldOf is the highest level at which our own statements say that we have
// told people of a duty, or reminded the peer of it, as it is now due: a
// restored node has got them back, and must not tell it all again.
func (x *Exchange) toldOf(c heed.Case, d heed.Duty) int {
	kind := heed.KindReminder
	if d.OwedBy == x.party {
		kind = heed.KindNotification
	}
	level := 0
	for _, s := range c.Statements {
		if s.Author == x.party && s.Kind == kind && s.AnswersTo(d.From) && s.Duties[0].Kind == d.Kind && s.Duties[0].Due.Equal(d.Due) {
			level = max(level, s.Level)
		}
	}
	return level
}

type dutyKey struct {
	kind heed.DutyKind
	from heed.StatementID
}

func keyOf(d heed.Duty) dutyKey { return dutyKey{d.Kind, d.From} }

// ladder is the ladder of whoever owes.
func (x *Exchange) ladder(v View, party heed.PartyID) (heed.Ladder, error) {
	if party == x.party {
		me, err := v.Self()
		return me.Card.Ladder, err
	}
	peer, err := v.Peer(party)
	return peer.Card.Ladder, err
}

// text makes a content of what a person wrote.
func (x *Exchange) text(words string) (Content, error) {
	const most = 64 << 10
	if words == "" || len(words) > most {
		return Content{}, &heed.Invalid{What: "the text is empty or longer than 64 KiB", Hint: "say it in a few words; what is longer goes as an attachment of a warning"}
	}
	return x.content("", heed.MediaText, []byte(words))
}

func (x *Exchange) content(name, media string, data []byte) (Content, error) {
	salt, err := seal.NewSalt(x.random)
	if err != nil {
		return Content{}, err
	}
	digest, err := wire.ContentDigest(media, salt, data)
	if err != nil {
		return Content{}, err
	}
	content := Content{Ref: heed.ContentRef{Digest: digest, Size: int64(len(data)), MediaType: media, Name: name}, Salt: salt, Data: data}
	return content, wire.CheckContentRef(content.Ref)
}

func refs(contents []Content) []heed.ContentRef {
	var out []heed.ContentRef
	for _, c := range contents {
		out = append(out, c.Ref)
	}
	return out
}
