package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

func cases(t *testing.T, w *world) {
	warning := w.warning(w.south, w.north)
	receipt := w.receipt(w.north, w.south, warning, 1)
	ack := w.acknowledgement(w.north, w.south, warning, heed.StatementID{})
	id := warning.Statement.CaseID()

	// In the order of arrival, the opening last: the case waits for it.
	w.keep(ack, receipt)
	w.both(func(v exchange.View) error {
		c, err := v.Case(id)
		same(t, "Case without its opening", c, err, heed.Fold(id, []heed.Statement{ack.Statement, receipt.Statement}))
		ids, err := v.CasesOf(warning.Statement.CaseCode())
		sameList(t, "CasesOf without the opening", ids, err, nil)
		n, err := v.Strays()
		same(t, "Strays", n, err, 2)
		return nil
	})
	w.keep(warning)
	want := heed.Fold(id, []heed.Statement{warning.Statement, receipt.Statement, ack.Statement})
	if len(want.Duties) != 2 || len(want.Statements) != 3 {
		t.Fatalf("the suite's own case folds into %+v", want)
	}
	check := func(v exchange.View) error {
		c, err := v.Case(id)
		same(t, "Case", c, err, want)
		kept, err := v.KeptOf(id)
		sameList(t, "KeptOf", kept, err, []exchange.Kept{ack, receipt, warning})
		for _, k := range []exchange.Kept{ack, receipt, warning} {
			got, err := v.Kept(k.Statement.ID)
			same(t, "Kept", got, err, k)
		}
		ids, err := v.CasesOf(warning.Statement.CaseCode())
		sameList(t, "CasesOf", ids, err, []heed.CaseID{id})
		n, err := v.Strays()
		same(t, "Strays", n, err, 0)
		return nil
	}
	w.both(check)

	again := ack
	again.Arrived = w.now.Add(time.Hour)
	w.keep(again, warning)
	w.both(check)

	// Cases of one release share its code.
	var same3 []heed.CaseID
	release := heed.ReleaseID(w.digest())
	for i := range 3 {
		k := w.sign(w.north, w.south, heed.Statement{Kind: heed.KindWarning, Release: release, Contents: w.contents(),
			Urgency: heed.UrgencyFuture, Status: heed.StatusActual, Time: w.now.Add(time.Duration(i) * time.Second)})
		w.keep(k)
		same3 = append(same3, k.Statement.CaseID())
	}
	slices.SortFunc(same3, func(a, b heed.CaseID) int { return bytes.Compare(a[:], b[:]) })
	w.both(func(v exchange.View) error {
		ids, err := v.CasesOf(heed.CodeOf(heed.Digest(release)))
		sameList(t, "CasesOf", ids, err, same3)
		return nil
	})

	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		return tx.Keep(exchange.Kept{Statement: warning.Statement, Note: ack.Note, Arrived: w.now})
	}); err == nil {
		t.Error("a note was kept as that of another statement")
	}
}

func drops(t *testing.T, w *world) {
	warning, refused := w.warning(w.south, w.north), exchange.Kept{}
	id := warning.Statement.CaseID()
	refused = w.acknowledgement(w.north, w.south, warning, heed.StatementID{})
	w.keep(warning, refused)
	w.both(func(v exchange.View) error {
		c, err := v.Case(id)
		same(t, "statements", len(c.Statements), err, 2)
		return nil
	})
	refusal := []byte("a signed refusal")
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		if err := tx.Drop(refused.Statement.ID, refusal); err != nil {
			return err
		}
		c, err := tx.Case(id)
		same(t, "statements within the change", len(c.Statements), err, 1)
		return errNo
	}); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	w.both(func(v exchange.View) error {
		c, err := v.Case(id)
		same(t, "statements after a drop that was undone", len(c.Statements), err, 2)
		return nil
	})
	w.write(func(tx exchange.Tx) error { return tx.Drop(refused.Statement.ID, refusal) })
	w.write(func(tx exchange.Tx) error { return tx.Drop(refused.Statement.ID, []byte("another")) })
	refused.Dropped = refusal
	w.both(func(v exchange.View) error {
		c, err := v.Case(id)
		same(t, "Case", c, err, heed.Fold(id, []heed.Statement{warning.Statement}))
		kept, err := v.KeptOf(id)
		sameList(t, "KeptOf", kept, err, []exchange.Kept{warning, refused})
		got, err := v.Kept(refused.Statement.ID)
		same(t, "Kept", got, err, refused)
		return nil
	})
	// One that is kept as dropped, as from a backup.
	other := w.acknowledgement(w.north, w.south, warning, heed.StatementID{})
	other.Dropped = refusal
	w.keep(other)
	w.both(func(v exchange.View) error {
		c, err := v.Case(id)
		same(t, "statements", len(c.Statements), err, 1)
		return nil
	})
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.Drop(heed.StatementID{9}, refusal) }); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("drop of nothing: %v, want ErrNotFound", err)
	}
	// A case whose opening was dropped is still found by its code.
	own := w.warning(w.north, w.south)
	w.keep(own)
	w.write(func(tx exchange.Tx) error { return tx.Drop(own.Statement.ID, refusal) })
	w.both(func(v exchange.View) error {
		ids, err := v.CasesOf(own.Statement.CaseCode())
		sameList(t, "CasesOf", ids, err, []heed.CaseID{own.Statement.CaseID()})
		c, err := v.Case(own.Statement.CaseID())
		same(t, "a case with nothing that stands", c, err, heed.Fold(own.Statement.CaseID(), nil))
		return nil
	})
}

// refold has what is remembered of cases go through every way in which it
// could go stale: changes that fail, read before and after, and old snapshots.
func refold(t *testing.T, w *world) {
	warning := w.warning(w.south, w.north)
	id := warning.Statement.CaseID()
	w.keep(warning)
	stand := []heed.Statement{warning.Statement}
	check := func(v exchange.View) error {
		c, err := v.Case(id)
		same(t, "Case", c, err, heed.Fold(id, stand))
		return nil
	}
	previous := heed.StatementID{}
	for range 4 {
		lost := w.sign(w.north, w.south, heed.Statement{Kind: heed.KindCall, Case: id, Previous: previous, Contents: w.contents(),
			Officers: []heed.OfficerStamp{{Role: heed.DutyOfficer}}})
		next := w.sign(w.north, w.south, heed.Statement{Kind: heed.KindCall, Case: id, Previous: previous, Contents: w.contents(),
			Officers: []heed.OfficerStamp{{Role: heed.DutyOfficer}}})
		w.read(func(old exchange.View) error {
			if err := check(old); err != nil {
				return err
			}
			if err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
				if err := tx.Keep(lost); err != nil {
					return err
				}
				c, err := tx.Case(id)
				same(t, "the case with what will be lost", len(c.Statements), err, len(stand)+1)
				return errNo
			}); !errors.Is(err, errNo) {
				t.Fatal(err)
			}
			w.both(check)
			w.write(func(tx exchange.Tx) error { return tx.Keep(next) })
			if err := check(old); err != nil {
				return err
			}
			stand = append(stand, next.Statement)
			w.both(check)
			c, err := old.Case(id)
			same(t, "the case as of the old snapshot", c, err, heed.Fold(id, stand[:len(stand)-1]))
			return nil
		})
		previous = next.Statement.ID
	}
}

func contents(t *testing.T, w *world) {
	small := exchange.Content{Ref: heed.ContentRef{Digest: w.digest(), Size: 5, MediaType: heed.MediaText, Name: "note.txt"}, Salt: [32]byte{1}, Data: []byte("hello")}
	empty := exchange.Content{Ref: heed.ContentRef{Digest: w.digest(), MediaType: heed.MediaText}, Salt: [32]byte{2}}
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	large := exchange.Content{Ref: heed.ContentRef{Digest: w.digest(), Size: int64(len(data)), MediaType: "application/pdf", Name: "plan.pdf"}, Salt: [32]byte{3}, Data: data}
	release := heed.ReleaseID(w.digest())
	for range 2 { // the second time changes nothing
		w.write(func(tx exchange.Tx) error {
			return errors.Join(tx.PutContent(small), tx.PutContent(empty), tx.PutContent(large), tx.PutRelease(release, []byte("a signed release")))
		})
	}
	w.both(func(v exchange.View) error {
		for _, want := range []exchange.Content{small, empty, large} {
			got, err := v.Content(want.Ref.Digest)
			if len(got.Data) == 0 {
				got.Data = nil
			}
			same(t, "Content", got, err, want)
		}
		note, err := v.Release(release)
		same(t, "Release", note, err, []byte("a signed release"))
		return nil
	})
}

func takings(t *testing.T, w *world) {
	id, other := heed.CaseID(w.digest()), heed.CaseID(w.digest())
	first, second := exchange.Taking{Officer: "anna", At: w.now}, exchange.Taking{Officer: "boris", At: w.now.Add(time.Minute)}
	readings := []exchange.Reading{
		{Case: id, Officer: "boris", Role: heed.DutyOfficer, At: w.now.Add(time.Hour)},
		{Case: id, Officer: "anna", Role: heed.Auditor, At: w.now},
		{Case: id, Officer: "anna", Role: heed.Auditor, At: w.now},
	}
	w.write(func(tx exchange.Tx) error {
		for _, r := range readings {
			if err := tx.AddReading(r); err != nil {
				return err
			}
		}
		return errors.Join(tx.Take(id, first), tx.Take(id, second), tx.Take(other, first),
			tx.AddReading(exchange.Reading{Case: other, Officer: "clara", Role: heed.Assessor, At: w.now}))
	})
	w.both(func(v exchange.View) error {
		taking, err := v.Taking(id)
		same(t, "Taking", taking, err, second)
		got, err := v.Readings(id)
		sameList(t, "Readings", got, err, readings)
		return nil
	})
	w.write(func(tx exchange.Tx) error { return tx.Take(id, exchange.Taking{}) })
	w.both(func(v exchange.View) error {
		taking, err := v.Taking(id)
		missing(t, "Taking of what was given back", taking, err)
		taking, err = v.Taking(other)
		same(t, "Taking of another", taking, err, first)
		return nil
	})
}

// duty is an indexed duty of a row.
func duty(row exchange.CaseRow, kind heed.DutyKind, owedBy heed.PartyID, due time.Time) exchange.IndexedDuty {
	owedTo := row.Peer
	if owedBy == row.Peer {
		owedTo = "north.example"
	}
	return exchange.IndexedDuty{Case: row.ID, Code: row.Code, Peer: row.Peer, Status: row.Status,
		Duty: heed.Duty{Kind: kind, From: heed.StatementID(row.ID), OwedBy: owedBy, OwedTo: owedTo, Due: due, Promised: due}}
}

func (w *world) row(peer heed.PartyID) exchange.CaseRow {
	id := heed.CaseID(w.digest())
	return exchange.CaseRow{ID: id, Code: heed.CodeOf(heed.Digest(id)), Peer: peer, Ours: true, Urgency: heed.UrgencyImmediate,
		Status: heed.StatusExercise, Stage: heed.StateReceived, Opened: w.now.Add(-time.Hour), Changed: w.now}
}

func index(t *testing.T, w *world) {
	one, two := w.row("south.example"), w.row("west.example")
	hour := func(n int) time.Time { return w.now.Add(time.Duration(n) * time.Hour) }
	ack := duty(one, heed.DutyAcknowledge, "south.example", hour(1))
	ack.Discharge, ack.At, ack.Refused, ack.Level, ack.Told = heed.StatementID{7}, hour(2), true, 2, 3
	assess := duty(one, heed.DutyAssess, "south.example", hour(5))
	assess.Expected, assess.Promised, assess.Next, assess.Level = hour(6), hour(4), hour(5), 1
	answer := duty(one, heed.DutyAnswer, "north.example", hour(3))
	ended := duty(two, heed.DutyAssess, "west.example", hour(1))
	ended.Ended = heed.StatementID{8}
	report := duty(two, heed.DutyReport, "north.example", hour(4))
	report.Due = report.Due.Add(time.Millisecond)
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.PutIndex(one, []exchange.IndexedDuty{ack, assess, answer}), tx.PutIndex(two, []exchange.IndexedDuty{ended, report}))
	})
	w.both(func(v exchange.View) error {
		got, err := v.Index(one.ID)
		sameList(t, "Index", got, err, []exchange.IndexedDuty{ack, assess, answer})
		got, err = v.Index(two.ID)
		sameList(t, "Index", got, err, []exchange.IndexedDuty{ended, report})
		got, err = v.OpenDuties("", 10)
		sameList(t, "OpenDuties", got, err, []exchange.IndexedDuty{answer, report, assess})
		got, err = v.OpenDuties("", 2)
		sameList(t, "OpenDuties, two of them", got, err, []exchange.IndexedDuty{answer, report})
		got, err = v.OpenDuties("north.example", 10)
		sameList(t, "OpenDuties of north", got, err, []exchange.IndexedDuty{answer, report})
		got, err = v.OpenDuties("west.example", 10)
		sameList(t, "OpenDuties of west", got, err, nil)
		return nil
	})
	// Fewer, more and none.
	more := []exchange.IndexedDuty{assess}
	for n := range 20 {
		more = append(more, duty(one, heed.DutyConclude, "south.example", hour(10+n)))
	}
	for _, next := range [][]exchange.IndexedDuty{{assess}, more, nil, {answer, assess}} {
		w.write(func(tx exchange.Tx) error {
			if err := tx.PutIndex(one, next); err != nil {
				return err
			}
			got, err := tx.Index(one.ID)
			sameList(t, "Index within the change", got, err, next)
			return nil
		})
		w.both(func(v exchange.View) error {
			got, err := v.Index(one.ID)
			sameList(t, "Index", got, err, next)
			got, err = v.OpenDuties("", 100)
			same(t, "the number of OpenDuties", len(got), err, len(next)+1)
			return nil
		})
	}
}

func wakes(t *testing.T, w *world) {
	minute := func(n int) time.Time { return w.now.Add(time.Duration(n) * time.Minute) }
	var all []exchange.IndexedDuty // by Next
	for n := range 12 {            // three cases, each with four duties, whose times are mixed
		all = append(all, exchange.IndexedDuty{Next: minute(n + 1)})
	}
	for i := range 3 {
		row := w.row("south.example")
		var duties []exchange.IndexedDuty
		for j := 3; j >= 0; j-- {
			d := duty(row, heed.DutyKinds()[j], "south.example", minute(0))
			d.Next = all[j*3+i].Next
			all[j*3+i] = d
			duties = append(duties, d)
		}
		closed := duty(row, heed.DutyDecide, "south.example", minute(0))
		closed.Discharge, closed.At, closed.Next = heed.StatementID{1}, minute(0), minute(-10)
		topped := duty(row, heed.DutyReview, "south.example", minute(0))
		w.write(func(tx exchange.Tx) error { return tx.PutIndex(row, append(duties, closed, topped)) })
	}
	w.both(func(v exchange.View) error {
		at, err := v.NextWake()
		same(t, "NextWake", at, err, minute(1))
		for _, n := range []int{0, 1, 2, 5, 12, 20} {
			for _, limit := range []int{1, 2, 3, 7, 100} {
				got, err := v.Wakes(minute(n), limit)
				sameList(t, "Wakes", got, err, all[:min(n, limit, len(all))])
			}
			// Exactly then, and not a millisecond earlier.
			got, err := v.Wakes(minute(n+1).Add(-time.Millisecond), 100)
			sameList(t, "Wakes", got, err, all[:min(n, len(all))])
		}
		return nil
	})
}

func lists(t *testing.T, w *world) {
	var rows []exchange.CaseRow
	w.write(func(tx exchange.Tx) error {
		for n := range 5 {
			row := w.row("south.example")
			row.Ours, row.Changed = n%2 == 0, w.now.Add(time.Duration(n)*time.Second)
			if n == 3 {
				row.Opened = time.Time{}
			}
			rows = append(rows, row)
			if err := tx.PutIndex(row, nil); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Reverse(rows)
	w.both(func(v exchange.View) error {
		got, err := v.Cases(10)
		sameList(t, "Cases", got, err, rows)
		got, err = v.Cases(2)
		sameList(t, "Cases, two of them", got, err, rows[:2])
		got, err = v.Cases(0)
		sameList(t, "Cases, none of them", got, err, nil)
		return nil
	})
	oldest := rows[4]
	oldest.Changed, oldest.Stage = w.now.Add(time.Hour), heed.StateAssessed
	w.write(func(tx exchange.Tx) error { return tx.PutIndex(oldest, nil) })
	w.both(func(v exchange.View) error {
		got, err := v.Cases(10)
		sameList(t, "Cases", got, err, append([]exchange.CaseRow{oldest}, rows[:4]...))
		return nil
	})
}

func demands(t *testing.T, w *world) {
	at := func(k exchange.Kept, n int) exchange.Kept {
		k.Arrived = w.now.Add(time.Duration(n) * time.Second)
		return k
	}
	question := w.sign(w.south, w.north, heed.Statement{Kind: heed.KindQuestion, Contents: w.contents(),
		Urgency: heed.UrgencyFuture, Status: heed.StatusActual, Officers: []heed.OfficerStamp{{Role: heed.DutyOfficer}}})
	first := w.warning(w.south, w.north)
	w.keep(at(first, 1), at(w.warning(w.south, w.north), 2), at(w.warning(w.north, w.south), 2), at(question, 3),
		at(w.receipt(w.south, w.north, first, 1), 3))
	w.both(func(v exchange.View) error {
		for _, want := range []struct {
			urgency heed.Urgency
			since   int
			n       int
		}{{heed.UrgencyImmediate, 0, 2}, {heed.UrgencyImmediate, 1, 1}, {heed.UrgencyImmediate, 2, 0}, {heed.UrgencyFuture, 0, 1}, {heed.UrgencyPast, 0, 0}} {
			n, err := v.Demands("south.example", want.urgency, w.now.Add(time.Duration(want.since)*time.Second))
			same(t, "Demands", n, err, want.n)
		}
		return nil
	})
}
