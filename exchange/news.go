package exchange

import (
	"context"
	"errors"
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
	NewsLapse     News = "lapse-announced" // a watch for us ends; until then we can object
	NewsKept      News = "watch-kept"      // it goes on, after all or anew
	NewsRefused   News = "watch-refused"   // a refusal has ended it
	NewsLink      News = "linked"          // a warning to us names somebody who is on watch already
)

const (
	// mostNewsIn is how many notices of news of one case are given in a newsMinute,
	// whatever the other party sends: what comes in between is told together.
	mostNewsIn = 5
	newsMinute = time.Minute
	// mostOrigins bounds what is remembered of the links that people were told of.
	mostOrigins = 1000
)

// CaseNews is what there is to tell of a case to which nobody owes a reply, and
// what people have been told of it. All but the latter follows from the case, and
// from its links.
type CaseNews struct {
	Case      heed.CaseID
	Code      heed.Code
	Peer      heed.PartyID
	Exercise  bool
	Hits      HitNews // reports of hits that the peer has made
	Withdrawn HitNews // those of them that it has withdrawn
	Watch     WatchNews
	// Links are whom the case is linked with, as the later of the two: cases, and lists
	// by their names. ToldLinks are those of which people were told.
	Links     []string
	ToldLinks []string
	Arrived   time.Time // the latest of Hits, Withdrawn and Watch; zero: nothing has

	Waiting  bool
	Rang     []time.Time // when people were told, the last mostNewsIn times
	Attempts int
	NextAt   time.Time
	Trouble  string
}

// HitNews counts reports of hits.
type HitNews struct {
	Count   int
	Told    int       // of Count
	When    time.Time // the last was decided, as its author has it
	Arrived time.Time // here
}

// WatchNews is how the watch that the peer keeps for us stands.
type WatchNews struct {
	News    News // empty: as it began
	When    time.Time
	By      heed.StatementID
	Told    heed.StatementID
	Arrived time.Time
}

// standing is how many reports were not withdrawn.
func (n CaseNews) standing() int { return n.Hits.Count - n.Withdrawn.Count }

// derive brings the news of a case up to what its statements say.
func (n *CaseNews) derive(c heed.Case, party heed.PartyID, now time.Time) {
	n.Case, n.Code, n.Peer, n.Exercise = c.ID, c.Code, c.Other(party), c.Status != heed.StatusActual
	if c.Warner != party {
		return
	}
	var hits, withdrawn int
	var confirmed, decided time.Time
	for _, h := range c.ReportedHits() {
		if hits++; h.Withdrawn != nil {
			withdrawn, decided = withdrawn+1, latest(decided, h.Withdrawn.Decided)
			continue
		}
		confirmed = latest(confirmed, h.Confirmed)
	}
	n.Hits.set(hits, confirmed, now)
	n.Withdrawn.set(withdrawn, decided, now)
	news, when, by := newsOfWatch(c, now)
	if by != n.Watch.By && news != "" {
		n.Watch.Arrived = now
	}
	n.Watch.News, n.Watch.When, n.Watch.By = news, when, by
	n.Arrived = latest(latest(n.Hits.Arrived, n.Withdrawn.Arrived), n.Watch.Arrived)
}

func (h *HitNews) set(count int, when, now time.Time) {
	if count > h.Count {
		h.Arrived = now
	}
	h.Count, h.When = count, when
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// newsOfWatch is what the last statement that bears on the end of a watch says, as
// far as it counts.
func newsOfWatch(c heed.Case, now time.Time) (news News, when time.Time, by heed.StatementID) {
	w := c.Watch(now)
	s, ok := c.Statement(w.By)
	switch {
	case !ok || s.Author == c.Warner:
		return "", time.Time{}, heed.StatementID{}
	case w.State == heed.WatchRefused:
		return NewsRefused, s.Time, s.ID
	case s.Kind != heed.KindWatchLapseNotice:
		return "", time.Time{}, heed.StatementID{}
	case s.Effective.IsZero():
		return NewsKept, s.Time, s.ID
	}
	return NewsLapse, s.Effective, s.ID
}

// untold lists the notices that are to be given, one for each sort of news.
func (n CaseNews) untold() (all []Notice) {
	add := func(news News, peer heed.PartyID, id string, when time.Time, more int) {
		all = append(all, Notice{ID: fmt.Sprintf("%s-%s-%s", n.Code, news, id), News: news, Peer: peer, Due: when, More: more})
	}
	fresh := n.freshLinks()
	if len(fresh) > 0 {
		add(NewsLink, n.Peer, fmt.Sprint(len(n.ToldLinks)+len(fresh)), n.NextAt, 0)
	}
	// Of a report that was withdrawn before anybody was told of it, it is told that it was.
	if more := min(n.Hits.Count-n.Hits.Told, n.standing()); more > 0 {
		add(NewsHit, n.Peer, fmt.Sprint(n.Hits.Count), n.Hits.When, more-1)
	}
	if more := n.Withdrawn.Count - n.Withdrawn.Told; more > 0 {
		add(NewsWithdrawn, n.Peer, fmt.Sprint(n.Withdrawn.Count), n.Withdrawn.When, more-1)
	}
	if n.Watch.News != "" && n.Watch.By != n.Watch.Told {
		add(n.Watch.News, n.Peer, n.Watch.By.String(), n.Watch.When, 0)
	}
	return all
}

// told notes that a notice that n had was given: of what n counted then, and of
// what has come since, not.
func (n *CaseNews) told(notice Notice, of CaseNews, now time.Time) {
	switch notice.News {
	case NewsLink:
		n.ToldLinks = append(n.ToldLinks, of.freshLinks()...)
		n.ToldLinks = n.ToldLinks[max(0, len(n.ToldLinks)-mostOrigins):]
	case NewsHit:
		n.Hits.Told = of.Hits.Count
	case NewsWithdrawn:
		n.Withdrawn.Told = of.Withdrawn.Count
	default:
		n.Watch.Told = of.Watch.By
	}
	n.Rang = append(n.Rang, now)
	n.Rang = n.Rang[max(0, len(n.Rang)-mostNewsIn):]
	n.Attempts, n.Trouble = 0, ""
}

func (n CaseNews) freshLinks() []string {
	return slices.DeleteFunc(slices.Clone(n.Links), func(of string) bool { return slices.Contains(n.ToldLinks, of) })
}

// wait has people told of what they were not told, at once unless they were told of
// the case often enough of late.
func (n *CaseNews) wait() {
	untold := len(n.untold()) > 0
	if untold && !n.Waiting {
		n.NextAt = atOnce
		if len(n.Rang) == mostNewsIn {
			n.NextAt = n.Rang[0].Add(newsMinute)
		}
	}
	n.Waiting = untold
}

// keepNews brings the news of a case up to its statements.
func (x *Exchange) keepNews(tx Tx, c heed.Case, now time.Time) error {
	if c.Warner != x.party {
		return nil
	}
	n, err := newsOf(tx, c.ID)
	if err != nil {
		return err
	}
	before := n.Hits.Count + n.Withdrawn.Count
	watch := n.Watch
	n.derive(c, x.party, now)
	if n.Hits.Count+n.Withdrawn.Count == before && n.Watch == watch {
		return nil
	}
	n.wait()
	return tx.PutNews(n)
}

// keepLinkNews has people told of whom a case is linked with newly.
func (x *Exchange) keepLinkNews(tx Tx, id heed.CaseID, now time.Time) error {
	c, err := tx.Case(id)
	if err != nil {
		return err
	}
	n, err := newsOf(tx, id)
	if err != nil {
		return err
	}
	before := n.Links
	if n.Links, err = linkedWith(tx, id); err != nil || slices.Equal(before, n.Links) {
		return err
	}
	n.derive(c, x.party, now)
	n.wait()
	return tx.PutNews(n)
}

// newsOf reads what is on record of the news of a case; there may be none.
func newsOf(v View, id heed.CaseID) (CaseNews, error) {
	n, err := v.News(id)
	if isNotFound(err) {
		return CaseNews{Case: id}, nil
	}
	return n, err
}

// linkedWith lists whom a case is linked with as the later of the two, each once.
func linkedWith(v View, id heed.CaseID) (all []string, err error) {
	links, err := v.LinksOf(id)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		switch {
		case l.Case != id:
		case l.OtherList != "":
			all = append(all, "list "+l.OtherList)
		default:
			all = append(all, l.OtherCase.String())
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// tellNews tells people what they were not told of a case, as it stands now. A
// crash between the telling and its record tells them twice, and never not at all.
func (x *Exchange) tellNews(ctx context.Context, id heed.CaseID, now time.Time) error {
	var of CaseNews
	var rung heed.Rung
	err := x.store.Read(ctx, func(v View) (err error) {
		of, rung, err = x.newsNow(v, id, now)
		return err
	})
	if err != nil {
		return err
	}
	for _, notice := range of.untold() {
		notice.Case, notice.Code, notice.Party, notice.Rung, notice.Exercise, notice.Created = of.Case, of.Code, x.party, rung, of.Exercise, now
		if notice.Due.Before(time.UnixMilli(0)) || notice.News == NewsLink {
			notice.Due = now // a peer's clock says nothing that no channel could carry
		}
		if _, err := x.notifier.Notify(ctx, notice, now); err != nil {
			if ctx.Err() != nil {
				return err
			}
			x.log.Warn("news could not be delivered", "case", notice.Code, "news", notice.News, "role", rung.Role, "error", err)
			return x.changeNews(ctx, id, now, func(n *CaseNews) {
				n.Waiting = true
				n.NextAt, n.Attempts, n.Trouble = now.Add(noticeBackoff(n.Attempts)), n.Attempts+1, err.Error()
			})
		}
		if err := x.changeNews(ctx, id, now, func(n *CaseNews) { n.told(notice, of, now) }); err != nil {
			return err
		}
	}
	return x.changeNews(ctx, id, now, func(n *CaseNews) {
		n.Waiting = false // what has come meanwhile waits anew
		n.wait()
	})
}

// newsNow is the news of a case as it stands, and who is told.
func (x *Exchange) newsNow(v View, id heed.CaseID, now time.Time) (n CaseNews, rung heed.Rung, err error) {
	c, err := v.Case(id)
	if err != nil {
		return n, rung, err
	}
	if n, err = newsOf(v, id); err != nil {
		return n, rung, err
	}
	n.derive(c, x.party, now)
	if n.Links, err = linkedWith(v, id); err != nil {
		return n, rung, err
	}
	ladder, err := x.ladderIn(v, c.Opening, x.party)
	if err != nil {
		return n, rung, err
	}
	return n, ladder.Rung(0), nil
}

func (x *Exchange) changeNews(ctx context.Context, id heed.CaseID, now time.Time, change func(*CaseNews)) error {
	return x.write(ctx, func(tx Tx) error {
		n, _, err := x.newsNow(tx, id, now)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		change(&n)
		return tx.PutNews(n)
	})
}

// BoardNews is what the party that watches for us has said of late.
type BoardNews struct {
	Case     heed.CaseID
	Code     heed.Code
	Peer     heed.PartyID
	Exercise bool
	News     News
	Count    int       // of reports, or of withdrawals; at least one
	When     time.Time // from when the watch ends, or when the last of it was decided, as its author has it
	Arrived  time.Time
}

// latestNews lists what was said in the last days, by case. Links are listed by
// themselves, with whom they link.
func latestNews(v View, now time.Time) (all []BoardNews, err error) {
	since := now.Add(-linksShown)
	cases, err := v.LatestNews(since, mostNewsShown)
	if err != nil {
		return nil, err
	}
	for _, n := range cases {
		add := func(news News, count int, when, arrived time.Time) {
			if news != "" && count > 0 && !arrived.Before(since) {
				all = append(all, BoardNews{Case: n.Case, Code: n.Code, Peer: n.Peer, Exercise: n.Exercise, News: news, Count: count, When: when, Arrived: arrived})
			}
		}
		add(n.Watch.News, 1, n.Watch.When, n.Watch.Arrived)
		add(NewsWithdrawn, n.Withdrawn.Count, n.Withdrawn.When, n.Withdrawn.Arrived)
		add(NewsHit, n.standing(), n.Hits.When, n.Hits.Arrived)
	}
	slices.SortStableFunc(all, func(a, b BoardNews) int { return b.Arrived.Compare(a.Arrived) })
	return all, nil
}
