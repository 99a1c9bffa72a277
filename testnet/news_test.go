package testnet

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/seal"
	"heed/wire"
)

var errPager = errors.New("the pager is down")

// news checks what the board has of those who watch for a party.
func news(t *testing.T, p *Party, want ...exchange.News) {
	t.Helper()
	board, err := p.Board(t.Context(), 100)
	var got []exchange.News
	for _, n := range board.News {
		got = append(got, n.News)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the board of %s has the news %v, %v; want %v", p.ID, got, err, want)
	}
}

// reportsHit reports that the only subject on watch was met.
func reportsHit(t *testing.T, s *Party, hit string, confirmed time.Time) heed.StatementID {
	t.Helper()
	order := exchange.HitReport{Officer: Anna, Hit: hit, Report: report(), Reason: "He crossed by ferry", Confirmed: heed.Instant(confirmed)}
	for w, err := range s.Watched(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		order.Subject = w.Subject.ID
	}
	out, err := s.ReportHit(t.Context(), order)
	if err != nil || out.Statement.IsZero() {
		t.Fatalf("%+v, %v", out, err)
	}
	return out.Statement
}

// northWarns is two parties of which the first has warned the other of a man.
func northWarns(t *testing.T, seed uint64, story func(t *testing.T, net *Net, n, s *Party, id heed.CaseID)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: seed}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		story(t, net, n, s, warns(t, n, s, soughtAs("Юлиан Жущёв", "1987-05-14"), heed.AccordID{}))
	})
}

// What ends a watch takes what was said of it before off the board, whoever ended it.
func TestNewsEndsWithTheWatch(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		by   func(t *testing.T, n, s *Party, id heed.CaseID)
		want []exchange.News
	}{
		"refused": {func(t *testing.T, n, s *Party, id heed.CaseID) {
			do(t)(s.Refuse(t.Context(), Boris, id, heed.UnlawfulHere, "Our court says so"))
		}, []exchange.News{exchange.NewsRefused}},
		"recalled": {func(t *testing.T, n, s *Party, id heed.CaseID) {
			if _, err := n.Recall(t.Context(), Boris, []heed.CaseID{id}, "It was another man"); err != nil {
				t.Fatal(err)
			}
		}, nil},
		"corrected": {func(t *testing.T, n, s *Party, id heed.CaseID) {
			if _, err := n.Correct(t.Context(), Anna, []heed.CaseID{id}, soughtAs("Юлиан Жущёв", "1987-05-15"), nil); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		for what, after := range map[string]time.Duration{"kept": 0, "lapsing": 48 * time.Hour} {
			t.Run(name+" when "+what, func(t *testing.T) {
				northWarns(t, 171, func(t *testing.T, _ *Net, n, s *Party, id heed.CaseID) {
					do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, After: after, Reason: "x"}))
					time.Sleep(3 * time.Second)
					end.by(t, n, s, id)
					time.Sleep(5 * time.Second)
					news(t, n, end.want...)
					for _, of := range end.want {
						if told := n.Notices.Of(id, of); len(told) != 1 {
							t.Errorf("people were told %+v", told)
						}
					}
				})
			})
		}
	}
}

// While the pager is down a watch ends, and a report arrives whose author is then
// removed: people are told of both when it works again, once.
func TestNewsThatCouldNotBeToldInTime(t *testing.T) {
	t.Parallel()
	northWarns(t, 172, func(t *testing.T, _ *Net, n, s *Party, id heed.CaseID) {
		n.Notices.Fail(errPager)
		reportsHit(t, s, "hit-1", time.Now())
		reportsHit(t, s, "hit-2", time.Now())
		do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, After: time.Minute, Reason: "x"}))
		time.Sleep(2 * time.Minute)
		if err := n.RemovePeer(t.Context(), south); err != nil {
			t.Fatal(err)
		}
		news(t, n, exchange.NewsLapse, exchange.NewsHit)
		n.Notices.Fail(nil)
		time.Sleep(20 * time.Minute)
		if told := n.Notices.Of(id, exchange.NewsLapse); len(told) != 1 || told[0].Due.After(told[0].At) {
			t.Errorf("people were told %+v", told)
		}
		if told := n.Notices.Of(id, exchange.NewsHit); len(told) != 1 || told[0].More != 1 {
			t.Errorf("people were told %+v", told)
		}
	})
}

// A time before all that channels can carry does not keep a notice from being given.
func TestNewsOfAHitLongAgo(t *testing.T) {
	t.Parallel()
	northWarns(t, 174, func(t *testing.T, _ *Net, n, s *Party, id heed.CaseID) {
		reportsHit(t, s, "hit-1", time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC))
		time.Sleep(5 * time.Second)
		if told := n.Notices.Of(id, exchange.NewsHit); len(told) != 1 || told[0].Due.Year() < 1970 {
			t.Errorf("people were told %+v", told)
		}
	})
}

// What arrived after the backup, and nobody was told of, is told when it comes back.
func TestNewsComesBackToARestoredNode(t *testing.T) {
	t.Parallel()
	northWarns(t, 175, func(t *testing.T, net *Net, n, s *Party, id heed.CaseID) {
		agree(t, net)
		backup := n.Backup()
		n.Notices.Fail(errPager)
		hit := reportsHit(t, s, "hit-1", time.Now())
		waitFor(t, n, id, heed.StateHit)
		time.Sleep(5 * time.Second)
		if err := s.Follow(t.Context(), north); err != nil {
			t.Fatal(err)
		}
		net.Stop()
		n.Restore(backup, true)
		n.Notices.Fail(nil)
		net.Start()
		time.Sleep(20 * time.Minute)
		if _, ok := n.Case(id).Statement(hit); !ok || restored(t, n) {
			t.Fatal("the report did not come back")
		}
		if told := n.Notices.Of(id, exchange.NewsHit); len(told) != 1 {
			t.Errorf("people were told %+v", told)
		}
		news(t, n, exchange.NewsHit)
	})
}

// However often the other party reports, and changes its mind, people are told a few
// times a minute, of all there is; and the board keeps each sort of it.
func TestNewsIsToldTogether(t *testing.T) {
	t.Parallel()
	northWarns(t, 180, func(t *testing.T, _ *Net, n, s *Party, id heed.CaseID) {
		const many = 100
		for i := range many {
			reportsHit(t, s, fmt.Sprint("hit-", i), time.Now())
			if i%2 == 0 {
				do(t)(s.Lapse(t.Context(), exchange.LapseOrder{Officer: Boris, Case: id, Reason: "x"}))
			}
			time.Sleep(200 * time.Millisecond)
		}
		time.Sleep(3 * time.Minute)
		told, of := n.Notices.Of(id, exchange.NewsHit), 0
		for _, hits := range told {
			of += 1 + hits.More
		}
		if all := len(n.Notices.All()); of != many || all > 20 {
			t.Errorf("people were told of %d of %d hits, and %d times of anything", of, many, all)
		}
		news(t, n, exchange.NewsHit, exchange.NewsKept)
		board, err := n.Board(t.Context(), 100)
		if err != nil || board.News[0].Count != many {
			t.Errorf("the board has %+v, %v", board.News, err)
		}
	})
}

// A correction that gives somebody another place in the warning is no new link.
func TestALinkIsToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 176}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		loadWatch(t, s)
		net.Start()
		warns(t, n, s, soughtAs("Юлиан Щёголевич Жущёв", "1987-05-14"), heed.AccordID{})
		time.Sleep(5 * time.Second)
		w := soughtAs("Yulian Zhushchyov", "1987-05-14")
		second := warns(t, e, s, w, heed.AccordID{})
		other := soughtAs("Odo Marram", "1960-02-29")
		for range 3 {
			time.Sleep(10 * time.Second)
			if told := s.Notices.Of(second, exchange.NewsLink); len(told) != 1 {
				t.Errorf("people were told %d times of one link", len(told))
			}
			if len(w.Persons) == 1 {
				w.Persons = append(other.Persons, w.Persons...)
			} else {
				w.Persons = w.Persons[1:]
			}
			if _, err := e.Correct(t.Context(), Anna, []heed.CaseID{second}, w, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Links are our own people's, whatever has become of the warner.
func TestALinkOfARemovedPeerIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 178}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		warns(t, n, s, soughtAs("Юлиан Щёголевич Жущёв", "1987-05-14"), heed.AccordID{})
		second := warns(t, e, s, soughtAs("Yulian Zhushchyov", "1987-05-14"), heed.AccordID{})
		if err := s.RemovePeer(t.Context(), east); err != nil {
			t.Fatal(err)
		}
		loadWatch(t, s) // the index is built after that, as on a start
		time.Sleep(10 * time.Minute)
		if told := s.Notices.Of(second, exchange.NewsLink); len(told) != 1 {
			t.Errorf("people were told %+v", told)
		}
	})
}

// ends is a notice of a watch made by hand: that it lapses, or, after nothing, goes on.
func ends(t *testing.T, s *Party, id heed.CaseID, previous heed.StatementID, after time.Duration) (heed.Statement, []wire.Part) {
	t.Helper()
	salt, err := seal.NewSalt(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("It is over.")
	digest, err := wire.ContentDigest(heed.MediaText, salt, text)
	if err != nil {
		t.Fatal(err)
	}
	said := saying(heed.KindWatchLapseNotice, id, previous, heed.StatementID(id))
	said.Time = heed.Instant(time.Now())
	if after > 0 {
		said.Effective = said.Time.Add(after)
	}
	said.Contents = []heed.ContentRef{{Digest: digest, Size: int64(len(text)), MediaType: heed.MediaText}}
	said, parts := spokenBy(t, s, said, Boris)
	return said, append(parts, wire.Part{Type: wire.PartContent, Data: append(salt[:], text...)})
}

func tellsFor(t *testing.T, n *Party, seconds int) {
	t.Helper()
	for range seconds {
		if _, err := n.Tell(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
	}
}

// A peer sends a lapse and a harmless act behind one statement that it withholds, and
// then that: people are told of the lapse all the same.
func TestATwinHidesNoLapse(t *testing.T) {
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Something", s)[0]
		deliver(t, n, s)
		time.Sleep(time.Second)
		parent, parentParts := spokenBy(t, s, saying(heed.KindAcknowledgement, id, heed.StatementID{}, heed.StatementID(id)), Boris)
		time.Sleep(time.Second)
		lapse, lapseParts := ends(t, s, id, parent.ID, time.Hour)
		time.Sleep(time.Second)
		_, twinParts := spokenBy(t, s, saying(heed.KindAcknowledgement, id, parent.ID, heed.StatementID(id)), Boris)
		for i, parts := range [][]wire.Part{lapseParts, twinParts, parentParts} {
			if got := hand(t, s, n, sealed(t, s, n, uint64(100+i), parts...)); len(got.receipts) != 1 {
				t.Fatalf("%d: answered %+v", i, got)
			}
		}
		c := n.Case(id)
		if _, ok := c.Statement(lapse.ID); !ok {
			t.Fatal("the lapse is not in the case")
		}
		tellsFor(t, n, 5)
		if told := n.Notices.Of(id, exchange.NewsLapse); len(told) != 1 {
			t.Errorf("the case is %s, and people were told %d times", c.Watch(time.Now()).State, len(told))
		}
	})
}

// What has lapsed is not taken up again: a notice after that, that the watch goes on,
// keeps nobody from being told that it has ended.
func TestKeptAfterItHasLapsed(t *testing.T) {
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Something", s)[0]
		deliver(t, n, s)
		time.Sleep(time.Second)
		n.Notices.Fail(errPager)
		lapse, parts := ends(t, s, id, heed.StatementID{}, time.Second)
		hand(t, s, n, sealed(t, s, n, 100, parts...))
		tellsFor(t, n, 5)
		_, parts = ends(t, s, id, lapse.ID, 0)
		if got := hand(t, s, n, sealed(t, s, n, 101, parts...)); len(got.receipts) != 1 {
			t.Fatalf("%+v", got)
		}
		n.Notices.Fail(nil)
		time.Sleep(time.Hour)
		tellsFor(t, n, 5)
		if told, kept := n.Notices.Of(id, exchange.NewsLapse), n.Notices.Of(id, exchange.NewsKept); len(told) != 1 || len(kept) != 0 {
			t.Errorf("people were told %d times that it ends and %d times that it goes on", len(told), len(kept))
		}
	})
}
