package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/seal"
	"heed/stats"
	"heed/wire"
)

// FiguresOrder is what an officer asks to be counted and signed.
type FiguresOrder struct {
	Officer      heed.OfficerID
	With         heed.PartyID
	Accord       heed.AccordID // only cases that name it; zero: all of the two
	Period       stats.Period
	WithoutTimes bool // leave response times out
}

// Reconciliation is where two parties stand about the figures of one period:
// what each has last signed about it.
type Reconciliation struct {
	Case   heed.CaseID
	Code   heed.Code
	With   heed.PartyID
	Ours   *KeptFigures // nil: we have signed none
	Theirs *KeptFigures // nil: they have signed none, or it is not here
	// Agreed are a text of each that say the same, ours first; nil: there is none.
	Agreed *[2]KeptFigures
	// Difference is between the last texts of both, ours first, where both have
	// signed and they do not say the same; nil otherwise.
	Difference *stats.Difference
}

// Scope is what is counted. Each case of figures has one at least.
func (r Reconciliation) Scope() heed.FiguresBody {
	if r.Ours != nil {
		return r.Ours.Figures.FiguresBody
	}
	return r.Theirs.Figures.FiguresBody
}

// Stated is the same as a report shows it.
func (r Reconciliation) Stated() stats.Reconciled {
	scope := r.Scope()
	out := stats.Reconciled{
		Case: r.Code, Pair: scope.Pair, Since: stats.Time{Time: scope.Since}, Until: stats.Time{Time: scope.Until}, AsOf: stats.Time{Time: scope.AsOf},
		Times: scope.Times, State: stats.Awaited, Signed: []stats.SignedFigures{}, Difference: r.Difference, Lines: scope.Lines,
	}
	if !scope.Accord.IsZero() {
		out.Accord = scope.Accord.String()
	}
	texts := []*KeptFigures{r.Ours, r.Theirs}
	switch {
	case r.Agreed != nil:
		out.State, out.Lines = stats.Agreed, r.Agreed[0].Figures.Lines
		texts = []*KeptFigures{&r.Agreed[0], &r.Agreed[1]}
	case r.Difference != nil:
		out.State = stats.Differs
	}
	for _, k := range texts {
		if k != nil {
			out.Signed = append(out.Signed, stats.SignedFigures{Party: k.Figures.Author, ID: k.Figures.ID.String(), At: stats.Time{Time: k.Figures.Time}})
		}
	}
	return out
}

// counted is a count that can be signed.
type counted struct {
	body  heed.FiguresBody
	cases []heed.CountedCase
}

// countFor counts the cases of two parties as of a time, as far as see lets see
// of each. It reads as Statistics does, and outside of any transaction.
func (x *Exchange) countFor(ctx context.Context, which Counted, reading heed.Reading, times bool, asOf time.Time, see func(heed.Case) heed.Case) (counted, error) {
	var out counted
	if err := which.Period.Check(); err != nil {
		return out, err
	}
	if !which.Period.Since.IsZero() && !asOf.After(which.Period.Since) {
		return out, &heed.Invalid{What: fmt.Sprintf("the period begins at %s, which is later than %s", heed.FormatTime(which.Period.Since), heed.FormatTime(asOf)), Hint: "figures are signed of what has been; name an earlier beginning"}
	}
	if !which.Accord.IsZero() {
		err := x.store.Read(ctx, func(v View) error {
			_, err := accordHeld(v, which.Accord, asOf)
			return err
		})
		if err != nil {
			return out, err
		}
	}
	ids, err := x.countable(ctx, which)
	if err != nil {
		return out, err
	}
	tally := stats.New(x.party, which.Period, asOf)
	for batch := range slices.Chunk(ids, countAtOnce) {
		err := x.store.Read(ctx, func(v View) error {
			for _, id := range batch {
				c, err := v.Case(id)
				if err != nil {
					return err
				}
				if c = see(stats.AsOf(c, asOf)); c.Opening.ID.IsZero() || c.Opening.Kind == heed.KindFigures || c.Status != heed.StatusActual {
					continue
				}
				tally.Add(c)
				out.cases = append(out.cases, stats.Counted(c))
			}
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	slices.SortFunc(out.cases, func(a, b heed.CountedCase) int { return slices.Compare(a.ID[:], b.ID[:]) })
	out.body = tally.Report().Body(which.With, which.Accord, reading, times)
	return out, heed.CheckCounted(out.cases)
}

// all sees all of a case.
func all(c heed.Case) heed.Case { return c }

// Reconcile counts what we have exchanged with a party in a period, signs it,
// and sends it to that party, whose own count then agrees or does not. When it
// returns, all is committed and queued.
func (x *Exchange) Reconcile(ctx context.Context, order FiguresOrder) (Reconciliation, error) {
	now := x.Now()
	count, err := x.countFor(ctx, Counted{With: order.With, Accord: order.Accord, Period: order.Period}, heed.ReadExact, !order.WithoutTimes, now, all)
	if err != nil {
		return Reconciliation{}, err
	}
	return x.sayFigures(ctx, order.Officer, order.With, nil, count, now)
}

// AnswerFigures counts again what the other party has counted, and signs our
// own count. With differs false it must say the same as theirs, and both
// signatures then stand under the same figures; with differs true it must not.
// The error is a *heed.Refused where it is the other way round.
func (x *Exchange) AnswerFigures(ctx context.Context, officer heed.OfficerID, id heed.FiguresID, differs bool) (Reconciliation, error) {
	now := x.Now()
	said, err := x.Reconciliation(ctx, id)
	if err != nil {
		return said, err
	}
	switch {
	case said.Agreed != nil:
		return said, &heed.Refused{Detail: fmt.Sprintf("the figures of case %s are reconciled: both parties have signed the same", said.Code.Spoken()), Hint: "`heed stats publish ID --out FILE` writes them for others"}
	case said.Theirs == nil:
		return said, &heed.Refused{Detail: fmt.Sprintf("%s has signed no figures in case %s yet: there is nothing to answer", said.With, said.Code.Spoken()), Hint: "`heed stats figures` shows who has signed what"}
	}
	theirs := *said.Theirs
	scope := theirs.Figures
	which := Counted{With: said.With, Accord: scope.Accord, Period: stats.Period{Since: scope.Since, Until: scope.Until}}
	count, err := x.countFor(ctx, which, heed.ReadExact, scope.Times, scope.AsOf, all)
	if err != nil {
		return said, err
	}
	var listed []heed.CountedCase
	err = x.store.Read(ctx, func(v View) error {
		listed, err = countedIn(v, theirs)
		return err
	})
	if err != nil {
		return said, err
	}
	difference := stats.Compare([2]heed.PartyID{x.party, said.With}, [2]heed.FiguresBody{count.body, scope.FiguresBody}, [2][]heed.CountedCase{count.cases, listed})
	switch {
	case differs && difference.None():
		return said, &heed.Refused{Detail: "our own count says the same as " + string(said.With) + "'s", Hint: "confirm it, without --differs"}
	case !differs && !difference.None():
		return said, &heed.Refused{Detail: differenceText(difference), Hint: "wait until nothing is in flight and confirm again, or send our own figures: `heed stats confirm ID --differs`"}
	}
	return x.sayFigures(ctx, officer, said.With, &theirs, count, now)
}

// differenceText says in one sentence how far two counts are apart.
func differenceText(d stats.Difference) string {
	f := d.Figures[0]
	text := fmt.Sprintf("our own count differs in %d figures: %s is %s here and %s at %s", len(d.Figures), f.Label(), f.Value(0), f.Value(1), d.Parties[1])
	switch n := len(d.Cases); {
	case n == 0:
		return text + "; no case is counted differently"
	default:
		var codes []string
		for _, c := range d.Cases[:min(n, 3)] {
			codes = append(codes, c.Code.Spoken())
		}
		if n == 1 {
			return fmt.Sprintf("%s; case %s is counted differently", text, codes[0])
		}
		return fmt.Sprintf("%s; %d cases are counted differently, %s among them", text, n, strings.Join(codes, ", "))
	}
}

// sayFigures signs a count, as an officer of ours, and says it in a case of its
// own, or in answer to what the other party has counted.
func (x *Exchange) sayFigures(ctx context.Context, officer heed.OfficerID, with heed.PartyID, to *KeptFigures, count counted, now time.Time) (Reconciliation, error) {
	signed, err := x.signFigures(ctx, officer, count.body, now)
	if err != nil {
		return Reconciliation{}, err
	}
	text, err := x.content("", heed.MediaFigures, signed.note)
	if err != nil {
		return Reconciliation{}, err
	}
	list, err := x.content("", heed.MediaFiguresCases, wire.FiguresCasesText(count.cases))
	if err != nil {
		return Reconciliation{}, err
	}
	contents := []Content{text, list}
	err = x.write(ctx, func(tx Tx) error {
		if err := x.mayStill(tx, signed); err != nil {
			return err
		}
		if _, err := tx.Figures(signed.ID); err == nil {
			return errSaidAlready
		} else if !isNotFound(err) {
			return err
		}
		var words spoken
		if to == nil {
			words, err = x.openCase(tx, with, contents, released{Release: heed.Release{Kind: heed.KindFigures, Contents: refs(contents)}}, now)
			if err != nil {
				return err
			}
			words.statement.Status = heed.StatusActual
		} else {
			c, err := tx.Case(to.Case)
			if err != nil {
				return err
			}
			texts, err := tx.FiguresIn(c.ID, mostInCase)
			if err != nil {
				return err
			}
			if why := roomInCase(texts, x.party); why != "" {
				return &heed.Refused{Detail: fmt.Sprintf("case %s: %s", c.Code.Spoken(), why), Hint: "wait for the other party, or begin anew: `heed stats reconcile`"}
			}
			if words.statement, err = x.begin(tx, c, heed.KindFigures, now); err != nil {
				return err
			}
			peer, err := knownPeer(tx, with)
			if err != nil {
				return err
			}
			if err := fitsInto(peer.Card, contents); err != nil {
				return err
			}
			words.statement.Answers = []heed.StatementID{to.Statement}
			words.contents, words.statement.Contents = contents, refs(contents)
		}
		if words, err = x.sign(words); err != nil {
			return err
		}
		if err := x.commitOwn(tx, words, now); err != nil {
			return err
		}
		s := words.statement
		return tx.PutFigures(KeptFigures{Figures: signed.Figures, Note: signed.note, Peer: with, Case: s.CaseID(), Statement: s.ID})
	})
	if err != nil && !errors.Is(err, errSaidAlready) {
		return Reconciliation{}, err
	}
	return x.Reconciliation(ctx, signed.ID)
}

// errSaidAlready says that the same figures were signed in the same millisecond:
// they have one id, and to say them once is enough.
var errSaidAlready = errors.New("these very figures were said before")

// signedFigures is a count that was signed, and by whom of ours.
type signedFigures struct {
	heed.Figures
	note []byte
	by   acting
}

// mayStill reports, inside the transaction that keeps what was signed outside of
// it, whether it still may be: card and officer are what they were.
func (x *Exchange) mayStill(v View, f signedFigures) error {
	me, err := self(v)
	if err != nil {
		return err
	}
	err = x.still(v, f.by, heed.ActReconcile)
	if errors.Is(err, errStale) || err == nil && me.Card.Serial != f.AuthorCard {
		return &heed.Refused{Detail: "our card, or what the officer may do, was changed while the figures were signed", Hint: "try again"}
	}
	return err
}

// signFigures signs a count with our node's key and an officer's, outside of
// any transaction.
func (x *Exchange) signFigures(ctx context.Context, officer heed.OfficerID, body heed.FiguresBody, now time.Time) (signedFigures, error) {
	f := heed.Figures{Author: x.party, Time: now, FiguresBody: body}
	if body.AsOf.After(now) {
		f.Time = body.AsOf // the other party's clock is ahead of ours
	}
	p := x.pens()
	var out signedFigures
	var node seal.SigningKey
	err := x.store.Read(ctx, func(v View) error {
		me, err := self(v)
		if err != nil {
			return err
		}
		if out.by, err = p.act(v, officer, heed.ActReconcile); err != nil {
			return err
		}
		f.AuthorCard, f.Officers = me.Card.Serial, out.by.stamp()
		node, err = x.keys.Node(me.Card.NodeKey)
		return err
	})
	if err != nil {
		return out, err
	}
	err = p.run(ctx, func() (err error) {
		out.Figures, out.note, err = wire.SignFigures(f, node, out.by.key)
		return err
	})
	return out, err
}

// FindFigures is the text that a person means by its id, or by eight or more of
// its first digits. The error is a *heed.Invalid where none is meant, or several.
func (x *Exchange) FindFigures(ctx context.Context, name string) (heed.FiguresID, error) {
	digits := strings.ToLower(strings.TrimSpace(name))
	if !IsAccordName(digits) {
		return heed.FiguresID{}, &heed.Invalid{What: fmt.Sprintf("%.80q is not the id of figures", name), Hint: "64 hexadecimal digits, or the first eight or more of them; `heed stats figures` shows them"}
	}
	var found []heed.FiguresID
	err := x.store.Read(ctx, func(v View) (err error) {
		found, err = v.FiguresNamed(digits)
		return err
	})
	switch {
	case err != nil:
		return heed.FiguresID{}, err
	case len(found) == 0:
		return heed.FiguresID{}, &heed.Invalid{What: fmt.Sprintf("no figures %s are held here", name), Hint: "`heed stats figures` shows them"}
	case len(found) > 1:
		return heed.FiguresID{}, &heed.Invalid{What: fmt.Sprintf("%s names %d texts of figures", name, len(found)), Hint: "write more of its digits"}
	}
	return found[0], nil
}

// Reconciliation is where the parties stand about the period of signed figures.
// The error is a *heed.Invalid where they were said to nobody.
func (x *Exchange) Reconciliation(ctx context.Context, id heed.FiguresID) (r Reconciliation, err error) {
	err = x.store.Read(ctx, func(v View) error {
		k, err := v.Figures(id)
		if isNotFound(err) {
			return &heed.Invalid{What: fmt.Sprintf("no figures %s are held here", id.Short()), Hint: "`heed stats figures` shows them"}
		}
		if err != nil {
			return err
		}
		if k.Case.IsZero() {
			return &heed.Invalid{What: fmt.Sprintf("figures %s are lower bounds that we have published alone: there is nothing to reconcile", id.Short()), Hint: "`heed stats figures` shows what both sides sign"}
		}
		r, err = x.reconciliation(v, k.Case)
		return err
	})
	return r, err
}

// mostFigures bounds how many cases are listed, newest first.
const mostFigures = 1000

// Reconciliations lists all, or those with one party, the newest first. A case in
// which no text has found its place is left out, and noted in the node's log:
// one party's stray words must not take the others' figures from people.
func (x *Exchange) Reconciliations(ctx context.Context, with heed.PartyID) (found []Reconciliation, err error) {
	err = x.store.Read(ctx, func(v View) error {
		cases, err := v.FiguresCases(with, mostFigures)
		if err != nil {
			return err
		}
		for _, id := range cases {
			r, err := x.reconciliation(v, id)
			var waits *heed.Refused
			if errors.As(err, &waits) {
				x.log.Info("figures are not listed", "case", id.String(), "reason", waits.Detail)
				continue
			}
			if err != nil {
				return err
			}
			found = append(found, r)
		}
		return nil
	})
	return found, err
}

// reconciliation folds what both have signed in a case of figures. Of each, the
// last in its own chain stands for what it counts now; but two that once said
// the same bind both for good. A *heed.Refused says that no text has its place.
func (x *Exchange) reconciliation(v View, id heed.CaseID) (Reconciliation, error) {
	r := Reconciliation{Case: id}
	c, err := v.Case(id)
	if err != nil {
		return r, err
	}
	r.Code, r.With = c.Code, c.Other(x.party)
	texts, err := v.FiguresIn(id, mostInCase)
	if err != nil {
		return r, err
	}
	for _, author := range []heed.PartyID{c.Warner, c.Warned} {
		last := lastOfKind(c, author, heed.KindFigures)
		at := slices.IndexFunc(texts, func(k KeptFigures) bool { return k.Statement == last })
		switch {
		case at < 0: // it has signed none, or they wait for what they answer
		case author == x.party:
			r.Ours = &texts[at]
		default:
			r.Theirs = &texts[at]
		}
	}
	for i, ours := range texts {
		for j, theirs := range texts {
			if ours.Figures.Author == x.party && theirs.Figures.Author != x.party && ours.Figures.Same(theirs.Figures.FiguresBody) {
				r.Agreed = &[2]KeptFigures{texts[i], texts[j]}
			}
		}
	}
	if r.Ours == nil && r.Theirs == nil {
		return r, &heed.Refused{Detail: fmt.Sprintf("the figures of case %s wait for what they answer", c.Code.Spoken()), Hint: "it has been asked for; try again when it is here"}
	}
	if r.Agreed != nil || r.Ours == nil || r.Theirs == nil {
		return r, nil
	}
	var lists [2][]heed.CountedCase
	for i, k := range []*KeptFigures{r.Ours, r.Theirs} {
		if lists[i], err = countedIn(v, *k); err != nil {
			return r, err
		}
	}
	d := stats.Compare([2]heed.PartyID{x.party, r.With}, [2]heed.FiguresBody{r.Ours.Figures.FiguresBody, r.Theirs.Figures.FiguresBody}, lists)
	r.Difference = &d
	return r, nil
}

// lastOfKind is the last statement of a kind in an author's chain; zero where
// there is none.
func lastOfKind(c heed.Case, author heed.PartyID, kind heed.Kind) heed.StatementID {
	for id := c.Last(author); !id.IsZero(); {
		s, ok := c.Statement(id)
		if !ok {
			break
		}
		if s.Kind == kind {
			return id
		}
		id = s.Previous
	}
	return heed.StatementID{}
}

// countedIn is the list of what was counted that went with figures.
func countedIn(v View, k KeptFigures) ([]heed.CountedCase, error) {
	kept, err := v.Kept(k.Statement)
	if err != nil {
		return nil, err
	}
	content, err := v.Content(kept.Statement.Contents[1].Digest)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return wire.ParseFiguresCases(content.Data)
}

// figuring is what a statement of figures carries, checked for what can be
// checked without the case.
type figuring struct {
	figures heed.Figures
	note    []byte
}

// openFigures holds figures against the statement that carries them: they are
// its author's, signed with the same key, and count what the two have exchanged.
func (l *letter) openFigures(s heed.Statement) (figuring, error) {
	wrong := func(why string) error {
		return fmt.Errorf("%w: figures statement %s: %s", wire.ErrMalformed, s.ID.Short(), why)
	}
	note, list := l.contents[s.Contents[0].Digest].Data, l.contents[s.Contents[1].Digest].Data
	f, err := wire.ParseFigures(note)
	if err != nil {
		return figuring{}, err
	}
	switch {
	case f.Author != s.Author || f.AuthorCard != s.AuthorCard || f.Node != s.Node:
		return figuring{}, wrong("its figures are not its author's, or signed under another card")
	case f.Pair != [2]heed.PartyID{min(s.Author, s.Recipient), max(s.Author, s.Recipient)}:
		return figuring{}, wrong("its figures are of another pair")
	case f.Reading != heed.ReadExact:
		return figuring{}, wrong("lower bounds are nothing to reconcile")
	}
	if _, err := wire.ParseFiguresCases(list); err != nil {
		return figuring{}, err
	}
	return figuring{figures: f, note: note}, nil
}

// mayFigure decides whether figures may be received: they are as of a time that
// has been, and answer only figures of the same scope, in a case that figures
// opened. Nobody answers what is not here: an answer follows what it answers.
func (x *Exchange) mayFigure(v View, s heed.Statement, f heed.Figures, now time.Time) error {
	if f.AsOf.After(now.Add(heed.ClockSkew)) {
		return heed.Refuse(heed.ClockAhead, "the figures are as of %s, which is ahead of our clock (%s)", heed.FormatTime(f.AsOf), heed.FormatTime(now))
	}
	if s.Case.IsZero() {
		return roomForFigures(v, s.Author)
	}
	c, err := v.Case(s.Case)
	if isNotFound(err) || err == nil && c.Opening.Kind != heed.KindFigures {
		return heed.Refuse(heed.NotAdmitted, "figures statement %s answers figures in case %s, which no figures that are held here opened", s.ID.Short(), heed.StatementID(s.Case).Short())
	}
	if err != nil {
		return err
	}
	texts, err := v.FiguresIn(s.Case, mostInCase)
	if err != nil {
		return err
	}
	if why := roomInCase(texts, s.Author); why != "" {
		return heed.Refuse(heed.OverQuota, "case %s: %s", c.Code, why)
	}
	for _, k := range texts {
		if s.AnswersTo(k.Statement) && !k.Figures.SameScope(f.FiguresBody) {
			return heed.Refuse(heed.NotAdmitted, "figures %s count something else than figures %s, which they answer", f.ID.Short(), k.Figures.ID.Short())
		}
	}
	return nil
}

// Bounds of the figures in one case: mostInRow of one party after which the other
// has its turn, and mostInCase of both. Nothing is owed for them, so that no quota
// counts them, and whoever lists them reads them all.
const (
	mostInRow  = 10
	mostInCase = 64
)

// roomInCase says why no more figures of a party go into a case; empty: they do.
func roomInCase(texts []KeptFigures, author heed.PartyID) string {
	last := texts[max(0, len(texts)-mostInRow):]
	switch {
	case len(texts) >= mostInCase:
		return fmt.Sprintf("%d texts of figures are in it, the most that are", len(texts))
	case len(last) == mostInRow && !slices.ContainsFunc(last, func(k KeptFigures) bool { return k.Figures.Author != author }):
		return fmt.Sprintf("%d texts of figures of %s in a row wait in it for an answer, the most that do", mostInRow, author)
	}
	return ""
}

// maxUnanswered bounds the figures that a party sends us in a row, none of ours
// among them: nothing is owed for them, so that no quota counts them.
const maxUnanswered = 100

func roomForFigures(v View, from heed.PartyID) error {
	texts, err := v.FiguresWith(from, maxUnanswered)
	if err != nil || len(texts) < maxUnanswered || slices.ContainsFunc(texts, func(k KeptFigures) bool { return k.Figures.Author != from }) {
		return err
	}
	return heed.Refuse(heed.OverQuota, "%d texts of figures of %s wait here for an answer, the most that are kept in a row", len(texts), from)
}

// keepFigures keeps what a statement of figures carries. It was checked when
// its letter was opened.
func (x *Exchange) keepFigures(tx Tx, s heed.Statement, l *letter) error {
	said, ok := l.figures[s.ID]
	if !ok {
		return errors.New("figures came without what they are")
	}
	with := s.Author
	if with == x.party {
		with = s.Recipient // a restored node gets its own back
	}
	return tx.PutFigures(KeptFigures{Figures: said.figures, Note: said.note, Peer: with, Case: s.CaseID(), Statement: s.ID})
}
