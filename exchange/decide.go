package exchange

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"heed"
	"heed/seal"
	"heed/watch"
	"heed/wire"
)

// HitOrder is what an officer decides about a hit.
type HitOrder struct {
	Officer heed.OfficerID
	Verdict heed.HitVerdict
	Reason  string
	// Exclude keeps the same traveller from being a hit on the same subject for that
	// long; 0: not at all.
	Exclude time.Duration
	// Tell tells the warner of the same person also where nothing demands it.
	Tell bool
	// By is when an undecided review is expected to be settled; zero: nobody says.
	By time.Time
}

// MaxHitReason bounds the reason of a decision about a hit, in bytes.
const MaxHitReason = 2000

// DecidedAs is what became of a decision.
type DecidedAs struct {
	Decision heed.HitDecision
	// Report says what became of telling the warner; empty where the verdict is no
	// reason to.
	Report string
	Told   bool // the warner is told: a statement is on its way
	// Ended says why nobody had owed the review any more; empty: somebody did.
	Ended string
}

// inDays writes a span as people give one: in days where it is whole days.
func inDays(d time.Duration) string {
	const day = 24 * time.Hour
	if d != 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return d.String()
}

// DecideHit puts on record, signed by the officer, whether a hit is of the person
// on watch. A settling verdict ends the review; undecided is an interim word, and
// the review stays owed. A later verdict takes the place of an earlier one, and
// ends an exclusion that that one made. Where it is the same person, the warner is
// told as the accord says; and where it was told so and that is not held any more, it
// is told that.
func (x *Exchange) DecideHit(ctx context.Context, id heed.HitID, order HitOrder) (DecidedAs, error) {
	if _, err := heed.ParseHitVerdict(string(order.Verdict)); err != nil {
		return DecidedAs{}, err
	}
	now := x.Now()
	switch {
	case order.Exclude != 0 && order.Verdict != heed.DifferentPerson:
		return DecidedAs{}, &heed.Invalid{What: "only a different person is excluded from further hits", Hint: "leave --exclude out, or decide --verdict different-person"}
	case order.Exclude < 0 || order.Exclude > heed.MaxExclusion || order.Exclude > 0 && order.Exclude < time.Second:
		return DecidedAs{}, &heed.Invalid{What: fmt.Sprintf("an exclusion of %s is out of bounds", inDays(order.Exclude)), Hint: "from a second to 366 days; it can be made again"}
	case !order.By.IsZero() && (order.Verdict != heed.Undecided || !order.By.After(now)):
		return DecidedAs{}, &heed.Invalid{What: "when a verdict is expected belongs to an undecided one, and is not past", Hint: "leave --by out"}
	}
	var settled KeptHit
	decided, err := x.signDecision(ctx, id, order.Officer, order.Reason, func(v View, k KeptHit, d *heed.HitDecision) error {
		d.Kind, d.Verdict = heed.DecisionVerdict, order.Verdict
		if k.Sealed == nil {
			return errHitErased(k)
		}
		if order.Exclude == 0 {
			return nil
		}
		said, err := x.hitContents(v, k)
		if err != nil {
			return err
		}
		who, ok := identityOf(said.Record)
		if !ok {
			return &heed.Refused{Detail: "the record has neither a full date of birth nor a document: to exclude it would be to exclude everybody of that name", Hint: "decide without --exclude"}
		}
		ids, err := x.identifier(v)
		if err != nil {
			return err
		}
		if from, on := x.lookout.origin(watch.SubjectID(k.Subject)); on {
			state, err := stateOf(ids, from.Subject)
			if err != nil {
				return err
			}
			if state != k.State {
				return &heed.Refused{
					Detail: "something else is said of the subject by now than when this record met it, and an exclusion holds for what was said then: it would keep nobody back",
					Hint:   "decide without --exclude, screen the record again, and exclude it from the hit that it is then, if it still is one",
				}
			}
		}
		d.Traveller, d.Until = ids.of("heed-traveller-v1", []byte(who)), heed.Instant(d.Time.Add(order.Exclude))
		return nil
	}, func(tx Tx, k KeptHit, d heed.HitDecision) (err error) {
		settled, err = x.settleHit(tx, k, d, order)
		return err
	})
	out := DecidedAs{Decision: decided}
	if err != nil {
		return out, err
	}
	after, err := x.LookHit(ctx, id)
	if err != nil {
		return out, err
	}
	if out.Ended = after.EndText(); order.Verdict == heed.Undecided && out.Ended == "" {
		x.lookout.wishHits(after.KeptHit) // a review that is owed again may be of somebody who is gone
	}
	// A passage that came in meanwhile is nobody's verdict yet.
	out.Report, out.Told, err = x.reportVerdict(ctx, settled, order, decided.Time)
	if err != nil || out.Report == settled.Reported {
		return out, err
	}
	return out, x.write(ctx, func(tx Tx) error {
		k, err := tx.Hit(id)
		if err != nil || !k.Decided.Equal(decided.Time) || k.Passage != settled.Passage {
			return err // somebody else of ours has decided meanwhile, and told more, or it was met again
		}
		k.Reported = out.Report
		return tx.PutHit(k)
	})
}

// signDecision composes and signs a decision, and commits it with what it
// changes, unless another was made meanwhile: then it is composed again.
func (x *Exchange) signDecision(ctx context.Context, id heed.HitID, officer heed.OfficerID, reason string, compose func(View, KeptHit, *heed.HitDecision) error, settle func(Tx, KeptHit, heed.HitDecision) error) (heed.HitDecision, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > MaxHitReason || !utf8.ValidString(reason) {
		return heed.HitDecision{}, &heed.Invalid{What: fmt.Sprintf("a decision gives its reason, in at most %d bytes", MaxHitReason), Hint: "--reason TEXT"}
	}
	text, err := x.content("", heed.MediaText, []byte(reason))
	if err != nil {
		return heed.HitDecision{}, err
	}
	p := x.pens()
	p.contents = []Content{text}
	for {
		var made madeDecision
		err := p.read(ctx, func(v View) (err error) {
			made, err = x.composeDecision(p, v, id, officer, text, compose)
			return p.later(err)
		})
		if err != nil {
			return heed.HitDecision{}, err
		}
		err = x.write(ctx, func(tx Tx) error {
			k, err := tx.Hit(id)
			if err != nil {
				return err
			}
			if !k.Decided.Equal(made.on.Decided) || (k.Sealed == nil) != (made.on.Sealed == nil) {
				return errStale
			}
			if err := x.still(tx, made.who, heed.ActReview); err != nil {
				return err
			}
			if err := x.keepDecision(tx, made, text); err != nil {
				return err
			}
			return settle(tx, k, made.decision)
		})
		if errors.Is(err, errStale) {
			continue // somebody else of ours decided first, so the retries end
		}
		return made.decision, err
	}
}

// errHitErased keeps anybody from judging what cannot be read any more. What was
// decided before can be revoked all the same.
func errHitErased(k KeptHit) error {
	return &heed.Refused{Detail: fmt.Sprintf("what hit %s said was erased; nobody can tell any more whose it is", k.Code().Spoken()), Hint: "screen the record again; `heed hit revoke` ends an exclusion that still holds"}
}

// madeDecision is a decision on its way into the store.
type madeDecision struct {
	decision heed.HitDecision
	note     []byte
	who      acting
	on       KeptHit // as it was when the decision was composed
}

func (x *Exchange) composeDecision(p *pens, v View, id heed.HitID, officer heed.OfficerID, text Content, compose func(View, KeptHit, *heed.HitDecision) error) (made madeDecision, err error) {
	me, err := self(v)
	if err != nil {
		return made, err
	}
	if made.on, err = v.Hit(id); err != nil {
		return made, err
	}
	if made.who, err = p.act(v, officer, heed.ActReview); err != nil {
		return made, err
	}
	d := heed.HitDecision{
		Party: x.party, Hit: id, Subject: made.on.State, Time: p.since, Contents: refs([]Content{text}), Officers: made.who.stamp(),
	}
	if !d.Time.After(made.on.Decided) {
		d.Time = made.on.Decided.Add(time.Millisecond) // so that the later of two is the later by its time
	}
	if err := compose(v, made.on, &d); err != nil {
		return made, err
	}
	node, err := x.keys.Node(me.Card.NodeKey)
	if err != nil {
		return made, err
	}
	made.decision, made.note, err = wire.SignHitDecision(d, node, []seal.SigningKey{made.who.key}...)
	return made, err
}

// keepDecision keeps a decision with its reason encrypted, and logs it.
func (x *Exchange) keepDecision(tx Tx, made madeDecision, text Content) error {
	if _, err := self(tx); err != nil {
		return err
	}
	vault, key, err := x.vaultKey(tx, VaultHit, dayOf(made.decision.Time))
	if err != nil {
		return err
	}
	sealed, err := x.encrypt(key, heed.Digest(made.decision.ID), append(text.Salt[:], text.Data...))
	if err != nil {
		return err
	}
	if err := tx.AddDecision(KeptDecision{Decision: made.decision, Note: made.note, Vault: vault.Key, Reason: sealed}); err != nil {
		return err
	}
	return x.logAside(tx, made.note)
}

// settleHit brings a hit to what was decided about it, and puts on record what that
// makes owed to the warner: nothing that happens before it is told can lose it.
func (x *Exchange) settleHit(tx Tx, k KeptHit, d heed.HitDecision, order HitOrder) (KeptHit, error) {
	// What an earlier verdict excluded is not excluded by a later one.
	earlier, err := tx.DecisionsOf(k.ID)
	if err != nil {
		return k, err
	}
	for _, e := range earlier {
		if e.Decision.ID == d.ID {
			continue
		}
		if err := endExclusion(tx, e.Decision.ID, d.Time); err != nil {
			return k, err
		}
	}
	k.Verdict, k.Officer, k.Decided, k.Expected = d.Verdict, order.Officer, d.Time, heed.Instant(order.By)
	if k.Reported, err = x.oweVerdict(tx, k, order, d.Time); err != nil {
		return k, err
	}
	if k.Ended.IsZero() && !k.Open && !d.Verdict.Settles() {
		// A review that was settled is owed again, unless nobody is sought any more.
		if end, gone, err := x.goneSince(tx, k, d.Time); err != nil {
			return k, err
		} else if gone {
			k.Ended, k.Why = end.at, end.why
		}
	}
	k.Open, k.Erase = !d.Verdict.Settles() && k.Ended.IsZero(), time.Time{}
	ladder, err := x.hitLadder(tx, k)
	if err != nil {
		return k, err
	}
	k.Next = time.Time{}
	switch {
	case k.Open:
		if k.Next = nextLevel(ladder, k); k.Told < 0 {
			k.Told, k.Next = 0, nextLevel(ladder, KeptHit{Due: k.Due}) // whoever has decided need not be told
		}
	case d.Verdict != heed.SamePerson || k.Case.IsZero():
		k.Erase = d.Time.Add(HitKept)
	}
	if err := tx.PutHit(k); err != nil || d.Traveller.IsZero() {
		return k, err
	}
	return k, tx.PutExclusion(Exclusion{
		Decision: d.ID, Traveller: d.Traveller, Subject: k.Subject, State: k.State, Hit: k.ID, Officer: order.Officer, Made: d.Time, Until: d.Until,
	})
}

func endExclusion(tx Tx, by heed.DecisionID, at time.Time) error {
	e, err := tx.Exclusion(by)
	if isNotFound(err) || err == nil && !e.Revoked.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	e.Revoked = at
	return tx.PutExclusion(e)
}

// Exclusions lists who is kept from being a hit, and on what; past: also those
// that have ended.
func (x *Exchange) Exclusions(ctx context.Context, past bool, limit int) (all []Exclusion, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		all, err = v.Exclusions(now, past, limit)
		return err
	})
	return all, err
}

// ExclusionHolds reports whether an exclusion still keeps anybody back at now: it
// was not revoked, it has not ended, and the same is said of its subject.
func (x *Exchange) ExclusionHolds(ctx context.Context, e Exclusion, now time.Time) (holds bool, err error) {
	if !e.Revoked.IsZero() || !now.Before(e.Until) {
		return false, nil
	}
	from, ok := x.lookout.origin(watch.SubjectID(e.Subject))
	if !ok {
		return false, nil
	}
	err = x.store.Read(ctx, func(v View) error {
		ids, err := x.identifier(v)
		if err != nil {
			return err
		}
		state, err := stateOf(ids, from.Subject)
		holds = state == e.State
		return err
	})
	return holds, err
}

// RevokeExclusion ends the exclusion that was made about a hit, before its time: an
// exclusion outlives what the hit said, and so does its revocation.
func (x *Exchange) RevokeExclusion(ctx context.Context, id heed.HitID, officer heed.OfficerID, reason string) (heed.HitDecision, error) {
	return x.signDecision(ctx, id, officer, reason, func(v View, k KeptHit, d *heed.HitDecision) error {
		decided, err := v.DecisionsOf(id)
		if err != nil {
			return err
		}
		for _, e := range decided {
			held, err := v.Exclusion(e.Decision.ID)
			if err == nil && held.Revoked.IsZero() && d.Time.Before(held.Until) {
				d.Kind, d.Revokes = heed.DecisionRevoked, e.Decision.ID
				return nil
			}
			if err != nil && !isNotFound(err) {
				return err
			}
		}
		return &heed.Refused{Detail: fmt.Sprintf("no exclusion that was made about hit %s holds now", k.Code().Spoken()), Hint: "`heed hit exclusions` lists those that do"}
	}, func(tx Tx, k KeptHit, d heed.HitDecision) error { return endExclusion(tx, d.Revokes, d.Time) })
}
