package exchange

import (
	"context"
	"errors"
	"time"

	"heed"
)

// Tell delivers the notices that are due, through the Notifier. That a person
// of ours was notified of what we owe is a statement: it is made in the
// transaction that takes the notice out of the queue, after a channel has
// carried it. A crash in between tells the person twice, and never not at all.
// While an officer of ours signs in the case the person is told, and the statement
// waits.
func (x *Exchange) Tell(ctx context.Context) (more bool, err error) {
	const most = 50
	now := x.Now()
	var due []Notice
	var news []CaseNews
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err // it would sign notifications
		}
		if due, err = v.DueNotices(now, most); err != nil {
			return err
		}
		news, err = v.DueNews(now, most)
		return err
	})
	if err != nil {
		return false, err
	}
	var failed failures
	byCase(due, func(n Notice) heed.CaseID { return n.Case }, func(n Notice) { failed.add(x.tellOne(ctx, n, now)) })
	byCase(news, func(n CaseNews) heed.CaseID { return n.Case }, func(n CaseNews) { failed.add(x.tellNews(ctx, n.Case, now)) })
	return len(due) == most || len(news) == most, failed.err()
}

// NextNotice is when Tell has something to do next; false: the queue is empty.
func (x *Exchange) NextNotice(ctx context.Context) (at time.Time, ok bool, err error) {
	return x.nextAt(ctx, func(v View) (time.Time, error) {
		notice, err := v.NextNotice()
		if err != nil && !isNotFound(err) {
			return time.Time{}, err
		}
		news, none := v.NextNews()
		switch {
		case err != nil || none == nil && news.Before(notice):
			return news, none
		case isNotFound(none):
			return notice, nil
		}
		return notice, none
	})
}

func (x *Exchange) tellOne(ctx context.Context, n Notice, now time.Time) error {
	stillOwed, err := x.stillOwed(ctx, n)
	if err != nil {
		return err
	}
	if !stillOwed {
		x.signing.forget(n.ID)
		return x.write(ctx, func(tx Tx) error { return tx.NoticeTold(n.ID, now) })
	}
	via, told := x.signing.waits(n.ID)
	if !told {
		via, err = x.notifier.Notify(ctx, n, now)
	}
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		x.log.Warn("a notice could not be delivered", "case", n.Code, "duty", n.Duty, "level", n.Level, "role", n.Rung.Role, "error", err)
		return x.store.Write(ctx, func(tx Tx) error {
			return tx.NoticeTried(n.ID, now.Add(noticeBackoff(n.Attempts)), err.Error())
		})
	}
	if n.OwedBy != x.party {
		return x.write(ctx, func(tx Tx) error { return tx.NoticeTold(n.ID, now) })
	}
	if x.signing.goesOn(n.Case, now) {
		const shortly = 2 * time.Second
		x.signing.wait(n.ID, via)
		return x.store.Write(ctx, func(tx Tx) error {
			return tx.NoticeTried(n.ID, now.Add(shortly), "the person was told; it is put on record once an officer has signed in this case")
		})
	}
	_, err = x.sayAlso(ctx, n.Case, "", heed.KindNotification, func(_ View, c heed.Case, s *heed.Statement) ([]Content, error) {
		s.Answers = []heed.StatementID{n.From}
		s.Duties = []heed.Promise{{Kind: n.Duty, Due: n.Due}}
		s.Level, s.Role, s.Via = n.Level, n.Rung.Role, via
		return nil, nil
	}, func(tx Tx) error { return tx.NoticeTold(n.ID, now) })
	x.signing.forget(n.ID)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// The person was told and it could not be put on record: to try at once, and
	// at every sweep, would be to ring the same person each second.
	return errors.Join(err, x.store.Write(ctx, func(tx Tx) error {
		return tx.NoticeTried(n.ID, now.Add(noticeBackoff(n.Attempts)), err.Error())
	}))
}

// stillOwed reports whether the duty that the notice is about is open and has
// not been given more time since.
func (x *Exchange) stillOwed(ctx context.Context, n Notice) (owed bool, err error) {
	err = x.store.Read(ctx, func(v View) error {
		c, err := v.Case(n.Case)
		if err != nil {
			return err
		}
		if peer, err := v.Peer(n.Peer); err != nil || peer.Removed {
			return err // nothing more can be said between the two
		}
		d, ok := c.Duty(n.Duty, n.From)
		if !ok {
			owed, err = x.decisionOwed(v, c, n)
			return err
		}
		owed = ok && d.Open() && (n.Level == 0 || d.Due.Equal(n.Due))
		return nil
	})
	return owed, err
}

func noticeBackoff(attempts int) time.Duration {
	const first, most = 2 * time.Second, 5 * time.Minute
	if attempts > 8 {
		return most
	}
	return min(first<<attempts, most)
}
