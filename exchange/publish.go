package exchange

import (
	"context"
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/stats"
	"heed/wire"
)

// Publication is a file of figures for anybody, and what it says.
type Publication struct {
	File    []byte // wire.FiguresFile
	Figures []heed.Figures
}

// PublishFigures makes a file of the figures that both parties have signed
// alike. An officer who holds the key signs that, and their case keeps it. The
// error is a *heed.Refused where they are not reconciled, or where the terms of an
// accord forbid it: it names the clause.
func (x *Exchange) PublishFigures(ctx context.Context, officer heed.OfficerID, id heed.FiguresID) (Publication, error) {
	now := x.Now()
	r, err := x.Reconciliation(ctx, id)
	if err != nil {
		return Publication{}, err
	}
	if r.Agreed == nil {
		return Publication{}, &heed.Refused{Detail: fmt.Sprintf("%s has not signed the figures of case %s as we have: one side alone publishes lower bounds", r.With, r.Code.Spoken()), Hint: "`heed stats publish --with " + string(r.With) + " --out FILE` publishes those"}
	}
	texts := *r.Agreed
	scope := texts[0].Figures.FiguresBody
	which := Counted{With: r.With, Accord: scope.Accord, Period: stats.Period{Since: scope.Since, Until: scope.Until}}
	rules, err := x.disclosures(ctx, which, scope, now)
	if err != nil {
		return Publication{}, err
	}
	for _, rule := range rules {
		if err := rule.permitsAgreed(scope); err != nil {
			return Publication{}, err
		}
	}
	if texts[0].Figures.Author != scope.Pair[0] {
		texts[0], texts[1] = texts[1], texts[0]
	}
	out := Publication{Figures: []heed.Figures{texts[0].Figures, texts[1].Figures}}
	p := x.pens()
	var by acting
	err = x.store.Read(ctx, func(v View) error {
		if by, err = p.act(v, officer, heed.ActReconcile); err != nil {
			return err
		}
		out.File, err = figuresFile(v, texts[:]...)
		return err
	})
	if err == nil && by.elsewhere {
		err = x.signPublication(ctx, p, by, r.Case, out.Figures, now)
	}
	if err != nil {
		return Publication{}, err
	}
	x.log.Info("reconciled figures were written for others", "with", r.With, "figures", texts[0].Figures.ID.Short(), "officer", officer, "at", heed.FormatTime(now))
	return out, nil
}

// signPublication has an officer who holds the key sign that figures are published.
// The ledger commits to it, and the case of the figures keeps it.
func (x *Exchange) signPublication(ctx context.Context, p *pens, by acting, id heed.CaseID, figures []heed.Figures, now time.Time) error {
	var note []byte
	err := p.run(ctx, func() (err error) {
		note, err = wire.SignPublication(x.party, figures, now, by.role, by.key)
		return err
	})
	if err != nil {
		return err
	}
	content, err := x.content("publication.txt", heed.MediaText, note)
	if err != nil {
		return err
	}
	return x.write(ctx, func(tx Tx) error {
		if _, err := self(tx); err != nil {
			return err
		}
		if err := x.still(tx, by, heed.ActReconcile); err != nil {
			return err
		}
		if err := tx.PutContent(content); err != nil {
			return err
		}
		if err := tx.Attach(id, content.Ref.Digest); err != nil {
			return err
		}
		return x.logAside(tx, note)
	})
}

// PublishBounds counts what we can show of our exchange with a party, signs it
// as lower bounds, logs it, and makes a file of it. Where an accord lets each
// party publish its own side alone, only what we did ourselves is in it. The
// error is a *heed.Refused where the terms of an accord forbid it: it names the clause.
func (x *Exchange) PublishBounds(ctx context.Context, order FiguresOrder) (Publication, error) {
	now := x.Now()
	which := Counted{With: order.With, Accord: order.Accord, Period: order.Period}
	count, err := x.countFor(ctx, which, heed.ReadAtLeast, false, now, func(c heed.Case) heed.Case { return stats.Provable(c, x.party) })
	if err != nil {
		return Publication{}, err
	}
	rules, err := x.disclosures(ctx, which, count.body, now)
	if err != nil {
		return Publication{}, err
	}
	for _, rule := range rules {
		own, err := rule.permitsAlone()
		if err != nil {
			return Publication{}, err
		}
		if own {
			count.body = count.body.OnlyOf(x.party)
		}
	}
	signed, err := x.signFigures(ctx, order.Officer, count.body, now)
	if err != nil {
		return Publication{}, err
	}
	out := Publication{Figures: []heed.Figures{signed.Figures}}
	kept := KeptFigures{Figures: signed.Figures, Note: signed.note, Peer: order.With}
	err = x.write(ctx, func(tx Tx) error {
		if err := x.mayStill(tx, signed); err != nil {
			return err
		}
		if err := tx.PutFigures(kept); err != nil {
			return err
		}
		if out.File, err = figuresFile(tx, kept); err != nil {
			return err
		}
		return x.logAside(tx, signed.note)
	})
	return out, err
}

// figuresFile is what is published: texts, and the cards that lead from the
// one under which each is signed to its party's present one.
func figuresFile(v View, texts ...KeptFigures) ([]byte, error) {
	var file wire.FiguresFile
	for _, k := range texts {
		file.Figures = append(file.Figures, k.Note)
		card, err := v.CardOf(k.Figures.Author, k.Figures.AuthorCard)
		if err != nil {
			return nil, fmt.Errorf("card %d of %s, under which figures are signed: %w", k.Figures.AuthorCard, k.Figures.Author, err)
		}
		notes, err := cardsSince(v, k.Figures.Author, card.ID)
		if err != nil {
			return nil, err
		}
		file.Cards = append(file.Cards, notes...)
	}
	return file.Bytes(), nil
}

// disclosure is the rule of one accord under which something was counted.
type disclosure struct {
	accord heed.AccordID
	name   string
	rule   heed.Disclosure
}

// disclosures are the rules that bind us now, of each accord under which cases
// were counted. Where the count is of all cases of the two, that is every accord that
// one of them names: what an accord keeps, a larger sum does not give away.
func (x *Exchange) disclosures(ctx context.Context, which Counted, scope heed.FiguresBody, now time.Time) ([]disclosure, error) {
	var rules []disclosure
	ids, err := x.countable(ctx, which)
	if err != nil {
		return nil, err
	}
	err = x.store.Read(ctx, func(v View) error {
		accords := []heed.AccordID{which.Accord}
		if which.Accord.IsZero() {
			if accords, err = accordsBetween(v, ids, scope); err != nil {
				return err
			}
		}
		for _, id := range accords {
			held, err := accordHeld(v, id, now)
			if err != nil {
				return err
			}
			terms, ok := held.Version(held.Standing.Current())
			if began, _ := held.Standing.Version(terms.ID); !ok || began.Started.IsZero() {
				continue // it was never in force, and binds nobody
			}
			reserved := slices.ContainsFunc(held.Standing.Answer(terms.ID, x.party).Reservations, func(r heed.Reservation) bool { return r.Clause == clauseDisclosure })
			if !reserved {
				rules = append(rules, disclosure{accord: id, name: terms.Name, rule: terms.Disclosure})
			}
		}
		return nil
	})
	return rules, err
}

const clauseDisclosure heed.Clause = "disclosure"

// accordsBetween are the accords that counted cases name; ids are the cases
// that may be counted.
func accordsBetween(v View, ids []heed.CaseID, scope heed.FiguresBody) ([]heed.AccordID, error) {
	may := make(map[heed.CaseID]bool, len(ids))
	for _, id := range ids {
		may[id] = true
	}
	held, err := v.Accords()
	if err != nil {
		return nil, err
	}
	var named []heed.AccordID
	for _, id := range held {
		cases, err := v.AccordCases(id)
		if err != nil {
			return nil, err
		}
		for _, caseID := range cases {
			if !may[caseID] {
				continue
			}
			c, err := v.Case(caseID)
			if err != nil {
				return nil, err
			}
			if !c.Opening.ID.IsZero() && c.Status == heed.StatusActual && !c.Opening.Time.After(scope.AsOf) {
				named = append(named, id)
				break
			}
		}
	}
	return named, nil
}

func (d disclosure) forbids(clause, rule, hint string) error {
	return &heed.Refused{Detail: fmt.Sprintf("accord %s (%.80s) forbids it: its clause disclosure/%s says that %s", d.accord.Short(), d.name, clause, rule), Hint: hint}
}

func (d disclosure) amend() string {
	return "`heed accord show " + d.accord.Short() + "` has the terms; an amendment changes them"
}

// permitsAgreed decides about figures that both sides have signed. What may be
// published by fewer than both may be by both: the rules stand the strictest first.
func (d disclosure) permitsAgreed(scope heed.FiguresBody) error {
	if d.rule.Counts == heed.PublishNobody {
		return d.forbids("counts", "nobody publishes counts", d.amend())
	}
	if scope.Times && d.rule.Times == heed.PublishNobody {
		return d.forbids("times", "nobody publishes times, and response times are among these figures", "reconcile figures without them: `heed stats reconcile --without-times`")
	}
	return nil
}

// permitsAlone decides about lower bounds that we publish without the other
// party. own says that only what we did ourselves may be in them.
func (d disclosure) permitsAlone() (own bool, err error) {
	switch d.rule.Counts {
	case heed.PublishNobody:
		return false, d.forbids("counts", "nobody publishes counts", d.amend())
	case heed.PublishAgreed:
		return false, d.forbids("counts", "counts are published where both sides have signed them", "`heed stats reconcile --with PARTY` asks the other side to sign them")
	case heed.PublishOwn:
		return true, nil
	}
	return false, nil
}
