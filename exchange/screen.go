package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"heed"
	"heed/watch"
)

// Bounds of screenings.
const (
	// MaxBatch is how many records are screened in one go.
	MaxBatch = 2000
	// MaxScreenReason bounds why a screening is done, in bytes.
	MaxScreenReason = 500
	// AskingIdle is how long after its last record a screening that nobody has
	// ended counts as cut short.
	AskingIdle = time.Hour
)

// ScreeningEnded is the code of the refusal of records for a screening that has
// ended: none of them was looked up. Whoever still screens begins another one.
const ScreeningEnded heed.RefusalCode = "screening-ended"

// ScreeningOrder says who screens, how and why.
type ScreeningOrder struct {
	Officer heed.OfficerID // empty: a program, by its token
	Token   string         // the token's name
	Via     Via
	Type    heed.RecordType // of records that do not say their own; empty: passenger
	Reason  string
}

// Screened is what came of one record.
type Screened struct {
	Hits []ScreenedHit // best first; none: nothing is known of it
	Err  error         // it could not be screened, and says why; nothing was looked up
}

// ScreenedHit is one hit of a record. The same record screened again has the
// same hits under the same ids, while what is on watch stays the same.
type ScreenedHit struct {
	ID          heed.HitID
	Case        heed.Code // of the warning; empty: a list
	Warner      heed.PartyID
	List        string
	Score       float64
	Threshold   float64
	Explanation watch.Explanation
	Before      Settled // what an officer has decided about it before; zero: nothing
}

// Settled is a verdict that settled a hit before its record was screened again. Where
// it does not speak of that any more, a review is owed again all the same.
type Settled struct {
	Verdict heed.HitVerdict
	Officer heed.OfficerID
	At      time.Time
}

// BeginScreening puts on record that somebody screens, and why, before anything
// is looked up. The error is a *heed.Refused where the officer may not.
func (x *Exchange) BeginScreening(ctx context.Context, order ScreeningOrder) (Asking, error) {
	now := x.Now()
	if order.Type == "" {
		order.Type = heed.RecordPassenger
	}
	if _, err := heed.ParseRecordType(string(order.Type)); err != nil {
		return Asking{}, err
	}
	reason := strings.Join(strings.Fields(order.Reason), " ")
	if reason == "" || len(reason) > MaxScreenReason || !utf8.ValidString(reason) {
		return Asking{}, &heed.Invalid{What: fmt.Sprintf("a screening gives its reason, in at most %d bytes", MaxScreenReason), Hint: "--reason TEXT: it is on record with who asked and how many records there were"}
	}
	a := Asking{Asker: "token " + order.Token, Via: order.Via, Type: order.Type, Reason: reason, Began: now, Changed: now}
	err := x.write(ctx, func(tx Tx) error {
		if order.Token == "" {
			officer, err := rosterEntry(tx, order.Officer)
			if err != nil {
				return err
			}
			if _, err := officer.Acting(heed.ActScreen); err != nil {
				return err
			}
			a.Asker = "officer " + string(order.Officer)
		} else if err := x.useToken(tx, order.Token, now); err != nil {
			return err
		}
		if state := x.WatchState(); !state.Ready {
			return x.errNotReady()
		}
		id, err := tx.PutAsking(a)
		a.ID = id
		return err
	})
	return a, err
}

// tokenUse is how finely it is noted when a token was last used.
const tokenUse = time.Minute

func (x *Exchange) useToken(tx Tx, name string, now time.Time) error {
	t, err := tx.Token(name)
	switch {
	case isNotFound(err):
		return ErrToken
	case err != nil:
		return err
	case !t.good(now) || t.Scope != ScopeScreen:
		return ErrToken
	case now.Sub(t.Used) < tokenUse && now.After(t.Used):
		return nil
	}
	t.Used = now
	return tx.PutToken(t)
}

// Screen looks records up that belong to a screening which was begun, at most
// MaxBatch of them, and returns what came of each, in their order. unread is how
// many more the reader could not make out. What is found is kept, and somebody's
// duty to review, before it is told. A record that matches nothing is not kept,
// unless an accord has us keep it for a time.
func (x *Exchange) Screen(ctx context.Context, asking int64, records []watch.Record, unread int) ([]Screened, error) {
	now := x.Now()
	if len(records) > MaxBatch {
		return nil, &heed.Invalid{What: fmt.Sprintf("%d records at once, and at most %d are screened", len(records), MaxBatch), Hint: "send them in several batches"}
	}
	var begun Asking
	var retained retention
	var id identifier
	err := x.store.Read(ctx, func(v View) (err error) {
		if begun, err = v.Asking(asking); err != nil {
			return err
		}
		if id, err = x.identifier(v); err != nil {
			return err
		}
		retained, err = x.retention(v, now)
		return err
	})
	switch {
	case isNotFound(err):
		return nil, &heed.Invalid{What: fmt.Sprintf("no screening %d was begun", asking), Hint: "begin one, with its reason"}
	case err != nil:
		return nil, err
	case !begun.Ended.IsZero():
		return nil, &heed.Refused{Code: ScreeningEnded, Detail: fmt.Sprintf("screening %d has ended", asking), Hint: "begin another one"}
	}
	out := make([]Screened, len(records))
	matches := make([][]watch.Hit, len(records))
	records = slices.Clone(records)
	for i := range records {
		if records[i].Type == "" {
			records[i].Type = watch.RecordType(begun.Type)
		}
		out[i].Err = records[i].Check()
	}
	// What is kept is kept before it is looked up: a subject that comes on watch in
	// between finds it there.
	if err := x.retain(ctx, id, retained, records, out, now); err != nil {
		return nil, err
	}
	if err := x.match(ctx, records, out, matches); err != nil {
		return nil, err
	}
	made := make([][]foundHit, len(records))
	err = x.store.Read(ctx, func(v View) error {
		for i, hits := range matches {
			for _, hit := range hits {
				f, err := x.findHit(v, id, records[i], hit, now)
				if err != nil {
					return err
				}
				if f.ok {
					if f.told.Before, err = settledBefore(v, f.kept.ID); err != nil {
						return err
					}
					f.kept.Asking = asking
					made[i] = append(made[i], f)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var total tallied
	for i := range out {
		switch {
		case out[i].Err != nil:
			total.unread++
			continue
		default:
			total.records++
		}
		for _, f := range made[i] {
			if f.excluded {
				total.excluded++
				continue
			}
			out[i].Hits = append(out[i].Hits, f.told)
		}
		if n := len(out[i].Hits); n > 0 {
			total.matched++
			total.hits += int64(n)
		}
	}
	total.unread += int64(unread)
	err = x.write(ctx, func(tx Tx) error {
		if err := x.keepHits(tx, made, now); err != nil {
			return err
		}
		a, err := tx.Asking(asking)
		if err != nil {
			return err
		}
		a.Changed = now
		a.Records, a.Matched, a.Hits, a.Excluded, a.Unread = a.Records+total.records, a.Matched+total.matched, a.Hits+total.hits, a.Excluded+total.excluded, a.Unread+total.unread
		_, err = tx.PutAsking(a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

type tallied struct{ records, matched, hits, excluded, unread int64 }

// match looks all records up that are sound, on as many processors as there are.
func (x *Exchange) match(ctx context.Context, records []watch.Record, out []Screened, matches [][]watch.Hit) error {
	workers := max(1, min(runtime.GOMAXPROCS(0), len(records)/16))
	var wait sync.WaitGroup
	var failed failures
	for w := range workers {
		s, done, ready := x.lookout.screener()
		if !ready {
			wait.Wait()
			return x.errNotReady()
		}
		wait.Go(func() {
			defer done()
			for i := w; i < len(records); i += workers {
				if ctx.Err() != nil {
					failed.add(ctx.Err())
					return
				}
				if out[i].Err == nil {
					matches[i] = s.Screen(records[i])
				}
			}
		})
	}
	wait.Wait()
	return failed.err()
}

// foundHit is a match on its way to being a hit.
type foundHit struct {
	ok       bool // it is one: what it matched is still on watch
	excluded bool // an officer has decided that this traveller is another
	told     ScreenedHit
	kept     KeptHit
	contents HitContents
}

// HitContents is what a hit says of persons. It is kept encrypted, and erased.
type HitContents struct {
	Record      watch.Record      `json:"record"`
	Subject     watch.Subject     `json:"subject"`
	Score       float64           `json:"score"`
	Threshold   float64           `json:"threshold"`
	Explanation watch.Explanation `json:"explanation"`
}

// recordDigest tells a record from all others.
func recordDigest(id identifier, r watch.Record) (heed.Digest, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return heed.Digest{}, err
	}
	return id.of("heed-record-v1", text), nil
}

func (x *Exchange) findHit(v View, id identifier, r watch.Record, hit watch.Hit, now time.Time) (f foundHit, err error) {
	from, ok := x.lookout.origin(hit.Subject)
	if !ok || from.Threshold > hit.Score {
		return f, nil // it went off watch meanwhile; or its list asks for more
	}
	f.ok = true
	record, err := recordDigest(id, r)
	if err != nil {
		return f, err
	}
	state, err := stateOf(id, from.Subject)
	if err != nil {
		return f, err
	}
	threshold := max(hit.Threshold, from.Threshold)
	f.kept = KeptHit{
		ID: heed.HitID(id.of("heed-hit-v1", record[:], []byte(hit.Subject), state[:])), Subject: string(hit.Subject), State: state,
		Case: from.Case, List: from.List, Status: from.Status, Urgency: from.Subject.Urgency, Type: heed.RecordType(r.Type),
		Score: hit.Score, Found: now, Open: true, Told: -1, Next: now,
	}
	f.contents = HitContents{Record: r, Subject: from.Subject, Score: hit.Score, Threshold: threshold, Explanation: hit.Explanation}
	f.told = ScreenedHit{ID: f.kept.ID, Case: from.Code, Warner: from.Warner, List: from.List, Score: hit.Score, Threshold: threshold, Explanation: hit.Explanation}
	if f.kept.Due, err = x.reviewDue(v, f.kept, now); err != nil {
		return f, err
	}
	f.excluded, err = excludedNow(v, id, r, f.kept, now)
	return f, err
}

// settledBefore is what an officer has decided about a hit that is kept already.
func settledBefore(v View, id heed.HitID) (Settled, error) {
	k, err := v.Hit(id)
	if isNotFound(err) || err == nil && !k.Verdict.Settles() {
		return Settled{}, nil
	}
	return Settled{k.Verdict, k.Officer, k.Decided}, err
}

// excludedNow reports whether a signed exclusion keeps the record from being a
// hit on that subject.
func excludedNow(v View, id identifier, r watch.Record, h KeptHit, now time.Time) (bool, error) {
	who, ok := identityOf(r)
	if !ok {
		return false, nil
	}
	exclusions, err := v.ExclusionsFor(id.of("heed-traveller-v1", []byte(who)), now)
	return slices.ContainsFunc(exclusions, func(e Exclusion) bool { return e.Subject == h.Subject && e.State == h.State }), err
}

// reviewDue is when a review is due: by the clock under which the warning was
// sent, else by our card's, else by the profile that cards begin with.
func (x *Exchange) reviewDue(v View, h KeptHit, now time.Time) (time.Time, error) {
	me, err := v.Self()
	if err != nil {
		return time.Time{}, err
	}
	clocks := []heed.Clock{me.Card.Clock}
	if !h.Case.IsZero() {
		c, err := v.Case(h.Case)
		if err != nil {
			return time.Time{}, err
		}
		terms, err := termsFor(v, c.Opening, me.Card, now)
		if err != nil {
			return time.Time{}, err
		}
		clocks = slices.Insert(clocks, 0, terms.Clock)
	}
	profile, err := heed.ProfileNamed(heed.DefaultProfile)
	if err != nil {
		return time.Time{}, err
	}
	urgency := h.Urgency
	if urgency == "" {
		urgency = heed.UrgencyExpected
	}
	for _, clock := range append(clocks, profile.Clock) {
		if d, ok := clock.Of(heed.DutyReview, urgency); ok {
			return now.Add(d), nil
		}
	}
	return time.Time{}, fmt.Errorf("no clock says when a review of urgency %s is due", urgency)
}

// keepHits adds those that are new.
func (x *Exchange) keepHits(tx Tx, made [][]foundHit, now time.Time) error {
	var vault VaultKey
	var key []byte
	for _, all := range made {
		for _, f := range all {
			if f.excluded {
				continue
			}
			before, err := tx.Hit(f.kept.ID)
			known := err == nil
			if err != nil && !isNotFound(err) {
				return err
			}
			if known {
				again, err := owedAgain(tx, before, f)
				if err != nil {
					return err
				}
				if !again {
					continue // the same record was screened before
				}
			}
			end, gone, err := x.goneSince(tx, f.kept, now)
			switch {
			case err != nil:
				return err
			case gone && (known || end.why == EndErased):
				continue
			case gone:
				f.kept.end(end, now) // while it was being looked up
			}
			if key == nil {
				if vault, key, err = x.vaultKey(tx, VaultHit, dayOf(now)); err != nil {
					return err
				}
			}
			text, err := json.Marshal(f.contents)
			if err != nil {
				return err
			}
			f.kept.Vault = vault.Key
			if f.kept.Sealed, err = x.encrypt(key, heed.Digest(f.kept.ID), text); err != nil {
				return err
			}
			if known {
				if err := reopen(tx, before, f); err != nil {
					return err
				}
				continue
			}
			if _, err := tx.AddHit(f.kept); err != nil {
				return err
			}
		}
	}
	return nil
}

// owedAgain reports whether a review is owed anew of a hit that is kept and is found
// again: it had ended, and the same subject is on watch anew; or what it said was
// erased; or what settled it does not speak of this passage. The exclusion that came
// with a different person says for how long that one is waved through. The same
// person is met again in each later screening, and on each later day (UTC) of one that
// takes days, but where the record says when it passed: a record of one time is one
// passage, however often it is sent.
func owedAgain(v View, k KeptHit, f foundHit) (bool, error) {
	switch {
	case k.Open:
		return false, nil
	case !k.Ended.IsZero() && (!k.Verdict.Settles() || k.Ended.After(k.Decided)):
		return true, nil
	case f.kept.Asking == 0:
		return false, nil // a record of the past, which was reviewed: nobody passes
	case k.Sealed == nil:
		return true, nil
	case k.Verdict == heed.SamePerson:
		later := f.kept.Asking != k.Asking || dayOf(f.kept.Found) != dayOf(k.Decided)
		return later && f.contents.Record.At.IsZero(), nil
	case k.Verdict != heed.DifferentPerson:
		return false, nil
	}
	decided, err := v.DecisionsOf(k.ID)
	if err != nil {
		return false, err
	}
	for _, d := range slices.Backward(decided) {
		if d.Decision.Kind != heed.DecisionVerdict {
			continue
		}
		_, err := v.Exclusion(d.Decision.ID)
		if isNotFound(err) {
			return false, nil // the verdict is about this very record, and stands
		}
		return err == nil, err // it does not hold any more, or the hit would be excluded
	}
	return false, nil
}

// reopen makes a review owed of a hit again.
func reopen(tx Tx, k KeptHit, f foundHit) error {
	anew := f.kept
	if k.Verdict == heed.SamePerson && f.contents.Record.At.IsZero() {
		k.Passage++
	}
	k.Asking, k.Past = anew.Asking, anew.Past
	k.Open, k.Due, k.Told, k.Next, k.Ended, k.Why, k.Erase, k.Attempts, k.Trouble = true, anew.Due, -1, anew.Next, time.Time{}, "", time.Time{}, 0, ""
	if err := tx.PutHit(k); err != nil {
		return err
	}
	return tx.SealHit(k.ID, anew.Vault, anew.Sealed)
}

// EndScreening puts on record that a screening has ended, with its counts, and
// has our ledger commit to that.
func (x *Exchange) EndScreening(ctx context.Context, asking int64) (a Asking, err error) {
	now := x.Now()
	err = x.write(ctx, func(tx Tx) error {
		if a, err = tx.Asking(asking); err != nil || !a.Ended.IsZero() {
			return err
		}
		a.Changed = now
		return x.endAsking(tx, &a, now)
	})
	if isNotFound(err) {
		err = &heed.Invalid{What: fmt.Sprintf("no screening %d was begun", asking), Hint: "begin one, with its reason"}
	}
	return a, err
}

func (x *Exchange) endAsking(tx Tx, a *Asking, now time.Time) error {
	a.Ended = now
	if _, err := tx.PutAsking(*a); err != nil {
		return err
	}
	me, err := tx.Self()
	if err != nil || me.Restored {
		return err // a restored node's ledger takes no leaf until it has caught up
	}
	return x.logAside(tx, fmt.Appendf(nil, "heed-screening/v1\nnumber: %d\nasker: %s\nvia: %s\ntype: %s\nreason: %s\nbegan: %s\nended: %s\nrecords: %d\nmatched: %d\nhits: %d\nexcluded: %d\nunread: %d\n",
		a.ID, a.Asker, a.Via, a.Type, a.Reason, heed.FormatTime(a.Began), heed.FormatTime(a.Ended), a.Records, a.Matched, a.Hits, a.Excluded, a.Unread))
}

// Askings lists who has screened, when, why and how much, the newest first.
func (x *Exchange) Askings(ctx context.Context, limit int) (all []Asking, err error) {
	err = x.store.Read(ctx, func(v View) error {
		all, err = v.Askings(limit)
		return err
	})
	return all, err
}

// retention says which records are to be kept, and how long: the longest that an
// accord in force, which binds us, asks for each type.
type retention map[heed.RecordType]time.Duration

func (x *Exchange) retention(v View, now time.Time) (retention, error) {
	ids, err := v.Accords()
	if err != nil {
		return nil, err
	}
	out := retention{}
	for _, id := range ids {
		held, err := accordHeld(v, id, now)
		if err != nil {
			return nil, err
		}
		for _, t := range x.keptUnder(held) {
			out[t.kind] = max(out[t.kind], t.span)
		}
	}
	return out, nil
}

type keptFor struct {
	kind heed.RecordType
	span time.Duration
}

// keptUnder lists what an accord asks us to keep now: nothing while it does not
// bind us, or where we made a reservation to that clause.
func (x *Exchange) keptUnder(held AccordHeld) []keptFor {
	terms, ok := held.Version(held.Standing.InForce)
	if !ok || !held.Standing.Ended.IsZero() || !held.Standing.Party(x.party).Bound() {
		return nil
	}
	if slices.ContainsFunc(held.Standing.Reservations(x.party), func(r heed.Reservation) bool { return r.Clause == clauseScreening }) {
		return nil
	}
	var out []keptFor
	for _, t := range terms.Screening.Types {
		if terms.Screening.Retention > 0 {
			out = append(out, keptFor{t, terms.Screening.Retention})
		}
	}
	return out
}

// clauseScreening is the clause about what is screened and kept.
const clauseScreening heed.Clause = "screening"
