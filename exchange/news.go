package exchange

import (
	"fmt"
	"slices"
	"time"

	"heed"
)

// News is what our people are told of although nobody owes a reply to it.
type News string

const (
	NewsHit       News = "hit-reported"    // whoever watches for us has found somebody, and an officer has confirmed it
	NewsWithdrawn News = "hit-withdrawn"   // such a report does not hold any more
	NewsLapse     News = "lapse-announced" // a watch for us is to end; until then we can object
	NewsKept      News = "watch-kept"      // it goes on, after all or anew
	NewsLink      News = "linked"          // a warning to us names somebody who is on watch already
)

// newsOf is what a statement of the party that watches for us is news of; empty:
// of nothing. When says from when the watch ends, or when it was decided.
func newsOf(s heed.Statement) (n News, when time.Time) {
	switch {
	case s.Kind == heed.KindWatchLapseNotice && s.Effective.IsZero():
		return NewsKept, s.Time
	case s.Kind == heed.KindWatchLapseNotice:
		return NewsLapse, s.Effective
	case s.Kind == heed.KindWatchHit && !s.Withdrawn.IsZero():
		return NewsWithdrawn, s.Withdrawn
	case s.Kind == heed.KindWatchHit:
		return NewsHit, s.Confirmed
	}
	return "", time.Time{}
}

// tellOfWatch has our people told of what the party that watches for us says. What
// waited for the statement that has arrived is told with it.
func (x *Exchange) tellOfWatch(tx Tx, c heed.Case, arrived heed.Statement, now time.Time) error {
	folded, ok := c.Statement(arrived.ID)
	if !ok {
		return nil // it waits itself
	}
	for _, s := range append([]heed.Statement{folded}, saidAfter(c, folded)...) {
		news, when := newsOf(s)
		if news == "" {
			continue
		}
		n := Notice{ID: fmt.Sprintf("%s-%s-%s", c.Code, s.ID.Short(), news), News: news, From: s.ID, Peer: s.Author, Due: when}
		if err := x.tellNews(tx, c, n, now); err != nil {
			return err
		}
	}
	return nil
}

// saidAfter lists what the author of a statement has said after it, in that order.
func saidAfter(c heed.Case, s heed.Statement) (all []heed.Statement) {
	next := map[heed.StatementID]heed.Statement{}
	for _, other := range c.Statements {
		if other.Author == s.Author && other.Kind != heed.KindReceipt {
			next[other.Previous] = other
		}
	}
	for ok := true; ok; {
		if s, ok = next[s.ID]; ok {
			all = append(all, s)
		}
	}
	return all
}

// tellOfLinks has our people told that a case has new links; once for all of them.
func (x *Exchange) tellOfLinks(tx Tx, id heed.CaseID, now time.Time) error {
	c, err := tx.Case(id)
	if err != nil {
		return err
	}
	return x.tellNews(tx, c, Notice{ID: fmt.Sprintf("%s-%s-%d", c.Code, NewsLink, now.UnixMilli()), News: NewsLink, From: c.Opening.ID, Peer: c.Warner, Due: now}, now)
}

// tellNews queues a notice of news to whoever is told first of all in the case.
func (x *Exchange) tellNews(tx Tx, c heed.Case, n Notice, now time.Time) error {
	ours, err := x.ladderIn(tx, c.Opening, x.party)
	if err != nil {
		return err
	}
	n.Case, n.Code, n.Party, n.Rung = c.ID, c.Code, x.party, ours.Rung(0)
	n.Exercise, n.Created, n.NextAt = c.Status != heed.StatusActual, now, atOnce
	return tx.AddNotice(n)
}

// stillNews reports whether a notice of news says what holds still. What has taken
// its place is told by a notice of its own.
func stillNews(v View, c heed.Case, n Notice) (bool, error) {
	switch n.News {
	case NewsLink:
		links, err := v.LinksOf(c.ID)
		return len(links) > 0, err
	case NewsLapse, NewsKept:
		said, ok := c.Statement(n.From)
		return ok && !slices.ContainsFunc(saidAfter(c, said), func(s heed.Statement) bool { return s.Kind == said.Kind }), nil
	case NewsHit:
		return slices.ContainsFunc(c.ReportedHits(), func(h heed.ReportedHit) bool {
			return h.Statement == n.From && h.Withdrawn == nil
		}), nil
	}
	_, ok := c.Statement(n.From)
	return ok, nil
}

// BoardNews is what the party that watches for us has said of late.
type BoardNews struct {
	Case     heed.CaseID
	Code     heed.Code
	Peer     heed.PartyID
	Exercise bool
	News     News
	When     time.Time // from when the watch ends, or when it was decided, as its author has it
	Arrived  time.Time
}

// latestNews lists what is news still of what was said in the last days. Links are
// listed by themselves, with whom they link.
func latestNews(v View, now time.Time) (all []BoardNews, err error) {
	told, err := v.LatestNews(now.Add(-linksShown), mostLinksShown)
	if err != nil {
		return nil, err
	}
	for _, n := range told {
		if n.News == NewsLink {
			continue
		}
		c, err := v.Case(n.Case)
		if err != nil {
			return nil, err
		}
		still, err := stillNews(v, c, n)
		if err != nil {
			return nil, err
		}
		if still {
			all = append(all, BoardNews{Case: n.Case, Code: n.Code, Peer: n.Peer, Exercise: n.Exercise, News: n.News, When: n.Due, Arrived: n.Created})
		}
	}
	return all, nil
}
