package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heed"
	"heed/post"
)

// RunOneSided does what has become due in one-sided cases at now: replies that
// are not on record climb our own ladder, whoever owes them, since there is no
// other; our people are told; mails that were ordered are sent. It decides by the
// rules again, whatever woke it, and reports whether more may be due.
func (x *Exchange) RunOneSided(ctx context.Context) (more bool, err error) {
	const most = 200
	now := x.Now()
	var due []OneSidedIndexed
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err // it would sign entries
		}
		due, err = v.OneSidedWakes(now, most)
		return err
	})
	if err != nil {
		return false, err
	}
	var failed failures
	for _, d := range due {
		failed.add(x.write(ctx, func(tx Tx) error { return x.climbOneSided(tx, d.Case, now) }))
	}
	var tasks []OneSidedTask
	err = x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil || me.Restored {
			return err
		}
		tasks, err = v.OneSidedTasks(now, most)
		return err
	})
	failed.add(err)
	byCase(tasks, func(t OneSidedTask) heed.CaseID { return t.Case }, func(t OneSidedTask) { failed.add(x.doOneSided(ctx, t, now)) })
	return len(due) == most || len(tasks) == most, failed.err()
}

// NextOneSided is when RunOneSided has something to do next; false: nothing waits.
func (x *Exchange) NextOneSided(ctx context.Context) (at time.Time, ok bool, err error) {
	return x.nextAt(ctx, View.NextOneSided)
}

// climbOneSided queues a notice to our people for each level that a reply of the
// case has reached.
func (x *Exchange) climbOneSided(tx Tx, id heed.CaseID, now time.Time) error {
	me, err := self(tx)
	if err != nil {
		return err
	}
	c, err := tx.OneSided(id)
	if err != nil {
		return err
	}
	index, err := tx.OneSidedIndex(id)
	if err != nil {
		return err
	}
	for i := range index {
		d := &index[i]
		if !d.Open() {
			d.Next = time.Time{}
			continue
		}
		reached := me.Card.Ladder.Level(d.Due, now)
		for level := d.Told + 1; level <= reached; level++ {
			if err := tx.AddOneSidedTask(tellTask(c, d.OneSidedDuty, level, now)); err != nil {
				return err
			}
		}
		d.Told, d.Next = max(d.Told, reached), time.Time{}
		if next, ok := me.Card.Ladder.Next(d.Due, d.Told); ok {
			d.Next = next
		}
	}
	return tx.PutOneSidedIndex(oneSidedRow(c, now), index)
}

func tellTask(c heed.OneSided, d heed.OneSidedDuty, level int, now time.Time) OneSidedTask {
	return OneSidedTask{
		ID: fmt.Sprintf("%s-%s-%s-%d-%d", c.Code, c.Opening.ID.Short(), d.Kind, d.Due.UnixMilli(), level), Case: c.ID,
		Kind: TaskTell, Duty: d.Kind, Due: d.Due, Level: level, Created: now,
	}
}

// tellOfArrival has the desk told of a warning that an officer has put on record:
// the reply that is due first stands for all.
func (x *Exchange) tellOfArrival(tx Tx, id heed.CaseID, e heed.Entry, now time.Time) error {
	c, err := tx.OneSided(id)
	if err != nil {
		return err
	}
	open := c.OpenDuties(heed.Us)
	if len(open) == 0 {
		return nil
	}
	return tx.AddOneSidedTask(tellTask(c, open[0], 0, now))
}

func (x *Exchange) doOneSided(ctx context.Context, t OneSidedTask, now time.Time) error {
	var err error
	switch t.Kind {
	case TaskTell:
		err = x.tellOneSided(ctx, t, now)
	case TaskMail:
		err = x.mailLetter(ctx, t, now)
	default:
		err = fmt.Errorf("a task of an unknown kind %q", t.Kind)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	x.log.Warn("what is to be done about a one-sided case failed, and will be tried again", "task", t.ID, "error", err)
	return x.write(ctx, func(tx Tx) error {
		return tx.OneSidedTried(t.ID, now.Add(noticeBackoff(t.Attempts)), err.Error())
	})
}

// tellOneSided tells a person of ours about one reply. It is no statement: there
// is nobody to whom we would owe that our people were told.
func (x *Exchange) tellOneSided(ctx context.Context, t OneSidedTask, now time.Time) error {
	var n Notice
	var owed bool
	err := x.store.Read(ctx, func(v View) error {
		me, err := v.Self()
		if err != nil {
			return err
		}
		c, err := v.OneSided(t.Case)
		if err != nil {
			return err
		}
		kept, err := v.Contact(c.Contact)
		if err != nil {
			return err
		}
		d, ok := c.Duty(t.Duty)
		owed = ok && d.Open() && d.Due.Equal(t.Due)
		ladder := me.Card.Ladder
		n = Notice{
			ID: t.ID, Case: c.ID, Code: c.Code, Party: x.party, Contact: c.Contact, Duty: d.Kind, Due: d.Due, Level: t.Level,
			Rung: ladder.Rung(t.Level), Exercise: c.Status != heed.StatusActual, Created: t.Created, Attempts: t.Attempts,
		}
		if d.OwedBy == heed.Us {
			n.OwedBy, n.Ring = x.party, ladder.Rung(t.Level)
		} else {
			n.Ring = heed.Rung{Role: string(c.Contact), Telephone: kept.Contact.Phone, Mail: kept.Contact.Mail}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if owed {
		if _, err := x.notifier.Notify(ctx, n, now); err != nil {
			return err
		}
	}
	return x.write(ctx, func(tx Tx) error { return tx.OneSidedDone(t.ID, now) })
}

// MailOrder is a letter that an officer has the node send by mail.
type MailOrder struct {
	Officer heed.OfficerID
	Sort    post.Sort
	Entry   heed.EntryID // Replies: which of ours
}

// MailLetter queues a letter to be sent by plain mail, which every server on its
// way can read: what its handling keeps from that is refused, naming the mark.
// post.Waits says only that a letter waits, and is never refused for that. It
// is on record as sent once a mail server has accepted it, and not before. An
// officer who holds the key signs the order, which is then on record in the case:
// to which address, and the letter as it then was. The error is a *heed.Refused
// where mail may not, or cannot, be sent.
func (x *Exchange) MailLetter(ctx context.Context, id heed.CaseID, order MailOrder) error {
	now := x.Now()
	var m mailable
	err := x.store.Read(ctx, func(v View) (err error) {
		m, err = x.mailable(v, id, order, now)
		return err
	})
	if err != nil || m.waits {
		return err
	}
	queue := func(tx Tx) error {
		present, err := x.mailable(tx, id, order, now)
		if err != nil || present.waits {
			return err
		}
		if present.letter.To.Version != m.letter.To.Version {
			return redirected(present.c)
		}
		return x.queueMail(tx, present, order, now)
	}
	if !m.elsewhere {
		return x.write(ctx, queue)
	}
	words := fmt.Sprintf("The node is to mail this to %s: %s.", m.letter.To.Mail, order.Sort)
	_, err = x.recordAlso(ctx, id, EntryOrder{Officer: order.Officer, Kind: heed.EntryNoted, Told: Told{At: now, Via: heed.ViaMail, Text: words}, Letter: m.letter.Plain()}, queue)
	return err
}

// mailable is a mail that an officer may order.
type mailable struct {
	c         heed.OneSided
	letter    post.Letter
	elsewhere bool // the officer holds the key
	waits     bool // it is on its way already, to where it is meant to go
	stale     []OneSidedTask
}

func (x *Exchange) mailable(v View, id heed.CaseID, order MailOrder, now time.Time) (m mailable, err error) {
	if _, err := self(v); err != nil {
		return m, err
	}
	who, err := rosterEntry(v, order.Officer)
	if err != nil {
		return m, err
	}
	if _, err := who.Acting(heed.ActCall); err != nil {
		return m, err
	}
	if _, m.elsewhere, err = heldByOfficer(who); err != nil {
		return m, err
	}
	if m.c, err = v.OneSided(id); err != nil {
		return m, err
	}
	if m.letter, err = x.letterOf(v, m.c, order.Sort, order.Entry, now); err != nil {
		return m, err
	}
	if err := x.mayMail(v, m.c, m.letter); err != nil {
		return m, err
	}
	waiting, err := v.OneSidedTasksOf(id)
	if err != nil {
		return m, err
	}
	for _, t := range waiting {
		if t.Kind != TaskMail || t.Sort != order.Sort || t.Entry != order.Entry {
			continue
		}
		err := x.stillMeant(v, m.c, t, m.letter.To)
		var refused *heed.Refused
		switch {
		case err == nil:
			m.waits = true
		case errors.As(err, &refused):
			m.stale = append(m.stale, t)
		default:
			return m, err
		}
	}
	return m, nil
}

// queueMail queues a mail in the place of those that wait for where the contact
// was reached before.
func (x *Exchange) queueMail(tx Tx, m mailable, order MailOrder, now time.Time) error {
	for _, t := range m.stale {
		if err := tx.OneSidedDone(t.ID, now); err != nil {
			return err
		}
	}
	to := m.letter.To.Version
	return tx.AddOneSidedTask(OneSidedTask{
		ID:   fmt.Sprintf("%s-%s-%s-%s-%s", m.c.Code, m.c.Last().Short(), order.Sort, order.Entry.Short(), to.String()[:8]),
		Case: m.c.ID, Kind: TaskMail, Sort: order.Sort, Entry: order.Entry, Officer: order.Officer, Contact: to, Created: now,
	})
}

// stillMeant refuses a mail whose contact was changed or removed since an officer
// ordered it: whoever administers contacts must not decide to whom it goes.
func (x *Exchange) stillMeant(v View, c heed.OneSided, t OneSidedTask, present heed.Contact) error {
	if t.Contact == present.Version {
		return nil
	}
	meant, err := v.ContactVersion(t.Contact)
	switch {
	case isNotFound(err): // it was ordered before versions were kept with mails
		return redirected(c)
	case err != nil:
		return err
	case meant.Contact.Mail != present.Mail || meant.Contact.Name != present.Name || meant.Contact.Removed != present.Removed:
		return redirected(c)
	}
	return nil
}

func redirected(c heed.OneSided) error {
	return &heed.Refused{
		Detail: fmt.Sprintf("one-sided case %s: the name or mail address of contact %s was changed, or it was removed, after this mail was ordered", c.Code.Spoken(), c.Contact),
		Hint:   "see with `heed contact show " + string(c.Contact) + "` who is reached there now, and order the mail again with `heed letter mail`",
	}
}

// mayMail refuses what may not go by plain mail.
func (x *Exchange) mayMail(v View, c heed.OneSided, l post.Letter) error {
	no := func(code heed.RefusalCode, hint, format string, args ...any) error {
		return &heed.Refused{Code: code, Detail: fmt.Sprintf("one-sided case %s: ", c.Code.Spoken()) + fmt.Sprintf(format, args...), Hint: hint}
	}
	paper := "print it with `heed letter print` and send it on paper or by hand; `heed letter mail --code-only` says that a letter waits"
	switch {
	case x.mailer == nil:
		return no("", "configure a mail channel in notify.yaml (docs/notifications.md), or print it with `heed letter print`", "this node sends no mail")
	case l.To.Mail == "":
		return no("", "`heed contact add --mail` puts one on record; or print it with `heed letter print`", "no mail address of %s is on record", c.Contact)
	case l.Sort != post.Warns && l.Sort != post.Replies:
		return nil // it says nothing of the matter
	}
	w, err := openingDocument(v, c)
	if err != nil {
		return err
	}
	if mark := w.Handling.NoMail(); mark != "" {
		return no(heed.HandlingConflict, paper, "%s keeps it from plain mail", mark)
	}
	return nil
}

// mailLetter sends one mail and puts on record that a mail server has accepted
// it. A crash in between sends it twice, under one Message-ID, and never not at
// all. What was taken back or answered meanwhile is not sent any more.
func (x *Exchange) mailLetter(ctx context.Context, t OneSidedTask, now time.Time) error {
	var l post.Letter
	var c heed.OneSided
	serves := true
	err := x.store.Read(ctx, func(v View) (err error) {
		if c, err = v.OneSided(t.Case); err != nil {
			return err
		}
		_, recalled := c.Reached()[heed.StateRecalled]
		if recalled && t.Sort != post.Recalls || t.Sort == post.Reminds && len(c.OpenDuties(heed.Them)) == 0 {
			serves = false
			return nil
		}
		if l, err = x.letterOf(v, c, t.Sort, t.Entry, now); err != nil {
			return err
		}
		if err := x.stillMeant(v, c, t, l.To); err != nil {
			return err
		}
		return x.mayMail(v, c, l)
	})
	if err != nil {
		return err
	}
	done := func(tx Tx) error { return tx.OneSidedDone(t.ID, now) }
	if !serves {
		return x.write(ctx, done)
	}
	text := l.Plain()
	page, err := l.HTML()
	if err != nil {
		return err
	}
	if err := x.mailer.Mail(ctx, Mailing{ID: t.ID, To: l.To.Mail, Subject: l.Subject(), Text: text, HTML: page, At: now}); err != nil {
		return err
	}
	order := EntryOrder{Kind: heed.EntryNoted, Told: Told{At: now, Via: heed.ViaMail, Text: "A mail server has accepted a mail: " + string(t.Sort) + "."}, Letter: text, byNode: true}
	switch t.Sort {
	case post.Warns:
		order.Kind, order.Told.Text = heed.EntrySent, ""
	case post.Reminds:
		order.Kind, order.Told.Text = heed.EntryReminded, ""
	}
	_, err = x.recordAlso(ctx, t.Case, order, done)
	var refused *heed.Refused
	var invalid *heed.Invalid
	if errors.As(err, &refused) || errors.As(err, &invalid) {
		// The mail is out and the rules take no record of it now: sending it again
		// would not change that.
		x.log.Warn("a mail was sent and could not be put on record", "task", t.ID, "error", err)
		return x.write(ctx, done)
	}
	return err
}
