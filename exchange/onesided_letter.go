package exchange

import (
	"context"
	"fmt"
	"time"

	"heed"
	"heed/post"
	"heed/wire"
)

// Letter writes a letter in a one-sided case, for an officer who may read what it
// says: that it was read is on record first. of is our reply that a letter of the
// sort Replies tells.
func (x *Exchange) Letter(ctx context.Context, officer heed.OfficerID, id heed.CaseID, sort post.Sort, of heed.EntryID) (l post.Letter, err error) {
	now := x.Now()
	if err := x.noteOneSidedReading(ctx, officer, id, now); err != nil {
		return l, err
	}
	err = x.store.Read(ctx, func(v View) error {
		c, err := v.OneSided(id)
		if err != nil {
			return err
		}
		l, err = x.letterOf(v, c, sort, of, now)
		return err
	})
	return l, err
}

// RemindByLetter puts on record that the officer reminds the contact of what it
// owes and is overdue, and gives the letter that says so. kinds empty: of all.
func (x *Exchange) RemindByLetter(ctx context.Context, officer heed.OfficerID, id heed.CaseID, via heed.Via) (heed.Entry, post.Letter, error) {
	now := x.Now()
	var l post.Letter
	err := x.store.Read(ctx, func(v View) error {
		c, err := v.OneSided(id)
		if err != nil {
			return err
		}
		l, err = x.letterOf(v, c, post.Reminds, heed.EntryID{}, now)
		return err
	})
	if err != nil {
		return heed.Entry{}, l, err
	}
	var kinds []heed.DutyKind
	for _, p := range l.Missing {
		kinds = append(kinds, p.Kind)
	}
	e, err := x.RecordEntry(ctx, id, EntryOrder{Officer: officer, Kind: heed.EntryReminded, Told: Told{At: now, Via: via}, Duties: kinds, Letter: l.Plain()})
	return e, l, err
}

// letterOf writes a letter. It is addressed as the contact is on record now, and
// counts by the clock that the case names.
func (x *Exchange) letterOf(v View, c heed.OneSided, sort post.Sort, of heed.EntryID, now time.Time) (post.Letter, error) {
	no := func(hint, format string, args ...any) error {
		return &heed.Refused{Detail: fmt.Sprintf("one-sided case %s: ", c.Code.Spoken()) + fmt.Sprintf(format, args...), Hint: hint}
	}
	me, err := v.Self()
	if err != nil {
		return post.Letter{}, err
	}
	present, err := v.Contact(c.Contact)
	if err != nil {
		return post.Letter{}, err
	}
	terms, err := v.ContactVersion(c.Terms)
	if err != nil {
		return post.Letter{}, err
	}
	to := present.Contact
	to.Clock, to.Profile, to.Basis, to.Agreement = terms.Contact.Clock, terms.Contact.Profile, terms.Contact.Basis, terms.Contact.Agreement
	l := post.Letter{Sort: sort, From: x.party, Desk: me.Card.Ladder.Rung(0), To: to, Code: c.Code, At: now, Status: c.Status}
	_, recalled := c.Reached()[heed.StateRecalled]
	switch {
	case (sort == post.Warns || sort == post.Waits || sort == post.Reminds || sort == post.Recalls) && c.Warned != heed.Them:
		return l, no("`heed letter print CASE` writes the reply that was last put on record", "%s warned us: there is no warning of ours to write", c.Contact)
	case sort == post.Recalls && !recalled:
		return l, no("`heed letter record CASE --recalled --text TEXT` takes it back", "the warning was not taken back")
	case recalled && sort != post.Recalls && sort != post.Replies:
		return l, no("`heed letter print CASE` writes that it was", "the warning was taken back")
	}
	switch sort {
	case post.Warns:
		w, err := openingDocument(v, c)
		if err != nil {
			return l, err
		}
		l.Warning = &w
		for _, p := range heed.PromisesBy(to.Clock, c.Urgency, c.Opening.AsksAnswer, now) {
			l.Within = append(l.Within, post.Response{Kind: p.Kind, Within: p.Due.Sub(heed.Instant(now))})
		}
		for _, ref := range c.Opening.Contents[1:] {
			l.Files = append(l.Files, ref.Name)
		}
	case post.Reminds:
		for _, d := range c.OpenDuties(heed.Them) {
			if now.After(d.Due) {
				l.Missing = append(l.Missing, heed.Promise{Kind: d.Kind, Due: d.Due})
			}
		}
		if len(l.Missing) == 0 {
			return l, no("`heed letter show` says what is due when", "nothing of %s's is overdue", c.Contact)
		}
	case post.Replies:
		return x.replyOf(v, c, l, of)
	case post.Recalls:
		for _, e := range c.Entries {
			if _, struck := c.Struck(e.ID); e.Kind == heed.EntryRecalled && !struck {
				if l.Text, err = accountText(v, e); err != nil {
					return l, err
				}
			}
		}
	case post.Waits:
	default:
		return l, fmt.Errorf("a letter of an unknown sort %q", sort)
	}
	return l, nil
}

// replyOf writes what we replied in a case in which we were warned: the reply
// that is named, else the newest.
func (x *Exchange) replyOf(v View, c heed.OneSided, l post.Letter, of heed.EntryID) (post.Letter, error) {
	var reply heed.Entry
	for _, e := range c.Entries {
		_, struck := c.Struck(e.ID)
		if !struck && e.Side == heed.Us && isReply(e.Kind) && (of.IsZero() || e.ID == of) {
			reply = e
		}
	}
	if reply.ID.IsZero() {
		return l, &heed.Refused{Detail: fmt.Sprintf("one-sided case %s: no such reply of ours is on record", c.Code.Spoken()), Hint: "`heed letter record CASE --acknowledged` puts one on record"}
	}
	l.Reply, l.Result = reply.Kind, string(reply.Disposition)+string(reply.Outcome)+string(reply.Code)
	var err error
	l.Text, err = accountText(v, reply)
	return l, err
}

func isReply(k heed.EntryKind) bool {
	switch k {
	case heed.EntryAcknowledged, heed.EntryAssessed, heed.EntryAnswered, heed.EntryActed, heed.EntryConcluded, heed.EntryRefused:
		return true
	}
	return false
}

// accountText is what an entry has in words; empty where it has none.
func accountText(v View, e heed.Entry) (string, error) {
	for _, ref := range e.Contents {
		if ref.MediaType != heed.MediaAccount {
			continue
		}
		content, err := v.Content(ref.Digest)
		if err != nil {
			return "", err
		}
		a, err := wire.ParseAccount(content.Data)
		return a.Text, err
	}
	return "", nil
}

// openingDocument is the warning with which a one-sided case begins.
func openingDocument(v View, c heed.OneSided) (heed.Warning, error) {
	if c.Opening.ID.IsZero() {
		return heed.Warning{}, fmt.Errorf("the entry that opened one-sided case %s is not here", c.ID)
	}
	content, err := v.Content(c.Opening.Contents[0].Digest)
	if err != nil {
		return heed.Warning{}, err
	}
	return wire.ParseWarning(content.Data)
}
