package exchange

import (
	"context"
	"errors"
	"time"

	"heed"
)

// Remind does what has become due at now: what we owe climbs our own ladder,
// and for what we are owed the next role of the other party is reminded. It
// decides by the rules again, whatever woke it, and reports whether more may
// be due.
func (x *Exchange) Remind(ctx context.Context) (more bool, err error) {
	const most = 200
	now := x.Now()
	var due []IndexedDuty
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err // it would sign reminders
		}
		due, err = v.Wakes(now, most)
		return err
	})
	if err != nil {
		return false, err
	}
	var failed failures
	byCase(due, func(d IndexedDuty) heed.CaseID { return d.Case }, func(d IndexedDuty) { failed.add(x.climb(ctx, d, now)) })
	return len(due) == most, failed.err()
}

// NextWake is when Remind has something to do next; false: nothing is waiting.
func (x *Exchange) NextWake(ctx context.Context) (at time.Time, ok bool, err error) {
	return x.nextAt(ctx, View.NextWake)
}

// nextAt is when there is something to do next. A restored node waits for
// nothing but for having caught up.
func (x *Exchange) nextAt(ctx context.Context, next func(View) (time.Time, error)) (at time.Time, ok bool, err error) {
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err
		}
		at, err = next(v)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		ok = err == nil
		return err
	})
	return at, ok, err
}

// climb takes one duty to the level that it has reached.
func (x *Exchange) climb(ctx context.Context, entry IndexedDuty, now time.Time) error {
	if entry.OwedBy == x.party {
		return x.write(ctx, func(tx Tx) error { return x.tellLevels(tx, entry, now, nil) })
	}
	for {
		words, err := x.composeReminders(ctx, entry, now)
		if errors.Is(err, errNothingDue) {
			return x.write(ctx, func(tx Tx) error { return x.tellLevels(tx, entry, now, nil) })
		}
		if err != nil {
			return err
		}
		err = x.write(ctx, func(tx Tx) error { return x.tellLevels(tx, entry, now, words) })
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

var errNothingDue = errors.New("nothing is due")

// composeReminders signs one reminder for each level that the duty has
// reached and of which the other party has not been reminded.
func (x *Exchange) composeReminders(ctx context.Context, entry IndexedDuty, now time.Time) ([]spoken, error) {
	var all []spoken
	err := x.store.Read(ctx, func(v View) error {
		c, err := v.Case(entry.Case)
		if err != nil {
			return err
		}
		d, ok := c.Duty(entry.Kind, entry.From)
		if !ok || !d.Open() {
			return errNothingDue
		}
		ladder, err := x.ladderIn(v, c.Opening, d.OwedBy)
		if err != nil {
			return err
		}
		if peer, err := v.Peer(d.OwedBy); err != nil || peer.Removed {
			return errors.Join(err, errNothingDue) // our own people are still told
		}
		told, err := toldNow(v, entry)
		if err != nil {
			return err
		}
		for level := told + 1; level <= ladder.Level(d.Due, now); level++ {
			s, err := x.begin(v, c, heed.KindReminder, now)
			if err != nil {
				return err
			}
			if len(all) > 0 {
				s.Previous = all[len(all)-1].statement.ID
			}
			s.Answers = []heed.StatementID{d.From}
			s.Duties = []heed.Promise{{Kind: d.Kind, Due: d.Due}}
			s.Level, s.Role = level, ladder.Told(d.Kind, level).Role
			words, err := x.sign(spoken{statement: s})
			if err != nil {
				return err
			}
			all = append(all, words)
		}
		return nil
	})
	return all, err
}

// toldNow is the level up to which has been told by now.
func toldNow(v View, entry IndexedDuty) (int, error) {
	index, err := v.Index(entry.Case)
	if err != nil {
		return 0, err
	}
	for _, d := range index {
		if keyOf(d.Duty) == keyOf(entry.Duty) {
			return d.Told, nil
		}
	}
	return entry.Told, nil
}

// tellLevels commits the reminders, if any, queues a notice to our own people
// for each level that was reached, and moves the index on.
func (x *Exchange) tellLevels(tx Tx, entry IndexedDuty, now time.Time, reminders []spoken) error {
	told, err := toldNow(tx, entry) // before the reminders, which move the index on
	if err != nil {
		return err
	}
	for _, words := range reminders {
		c, err := tx.Case(entry.Case)
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
	c, err := tx.Case(entry.Case)
	if err != nil {
		return err
	}
	index, err := tx.Index(entry.Case)
	if err != nil {
		return err
	}
	for i := range index {
		if keyOf(index[i].Duty) != keyOf(entry.Duty) {
			continue
		}
		d, ok := c.Duty(entry.Kind, entry.From)
		if !ok || !d.Open() {
			index[i].Next = time.Time{}
			continue
		}
		ladder, err := x.ladderIn(tx, c.Opening, d.OwedBy)
		if err != nil {
			return err
		}
		reached := ladder.Level(d.Due, now)
		for level := told + 1; level <= reached; level++ {
			if err := x.tell(tx, c, d, level, now); err != nil {
				return err
			}
		}
		index[i].Told = max(index[i].Told, reached)
		index[i].Next = time.Time{}
		if next, ok := ladder.Next(d.Due, index[i].Told); ok {
			index[i].Next = next
		}
	}
	return tx.PutIndex(x.row(c, now), index)
}
