package testnet

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

// onList is an entry about somebody who is known by a passport.
func onList(entry, name, passport string) exchange.ListEntry {
	return exchange.ListEntry{Entry: entry, Subject: watch.Subject{Person: &heed.Person{
		Names: []heed.Name{{Text: name}}, Documents: []heed.Document{{Type: heed.DocumentPassport, Number: passport}},
	}}}
}

// people are so many entries with nothing in common.
func people(n int) (all []exchange.ListEntry) {
	for i := range n {
		name := []byte("Qa Wo")
		for k := i + 7; k > 0; k /= 3 {
			name = append(name, "bdgklmprstvz"[(k*5+i)%12], "aeiou"[(k*3+i)%5])
		}
		all = append(all, onList(fmt.Sprintf("e%04d", i), string(name), passportOf(i)))
	}
	return all
}

// passportOf is the number of entry i's passport.
func passportOf(i int) string {
	return fmt.Sprintf("%09d", (i+1)*382_718_221%1_000_000_007%1_000_000_000)
}

// stage begins an import and sends its entries.
func stage(t *testing.T, p *Party, order exchange.ListOrder, entries ...exchange.ListEntry) exchange.ListImport {
	t.Helper()
	if order.Officer == "" {
		order.Officer = Anna
	}
	i, err := p.BeginList(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	for len(entries) > 0 {
		n := min(len(entries), 7)
		if err := p.StageList(t.Context(), i.ID, entries[:n]); err != nil {
			t.Fatal(err)
		}
		entries = entries[n:]
	}
	return i
}

// imported imports a list.
func imported(t *testing.T, p *Party, order exchange.ListOrder, entries ...exchange.ListEntry) exchange.ListFinished {
	t.Helper()
	i := stage(t, p, order, entries...)
	out, err := p.FinishList(t.Context(), Anna, i.ID, exchange.ListFinish{Digest: heed.Digest{1}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mustRefuse wants the refusal of a rule or a role that says so.
func mustRefuse(t *testing.T, what string, err error, says string) {
	t.Helper()
	var refused *heed.Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v, want a refusal that says %q", what, err, says)
	}
}

// A list is on watch from the last step of its import on, and an update changes
// what it changes and nothing else; a start later, it is the same.
func TestListIsOnWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := New(t, Options{Baseline: reviewing()}, "north.example")
		p := n.Parties[0]
		loadWatch(t, p)
		all := people(20)
		i := stage(t, p, exchange.ListOrder{List: "harbour", Format: "csv", File: "harbour.csv", Reason: "the regatta", Urgency: heed.UrgencyFuture}, all...)
		noHit(t, p, "before the import is finished", passes("r", "Unlike Anybody", "", passportOf(3)))
		out, err := p.FinishList(t.Context(), Boris, i.ID, exchange.ListFinish{Digest: heed.Digest{1}, Partial: 2})
		if err != nil {
			t.Fatal(err)
		}
		if out.Entries != 20 || out.Persons != 20 || out.ListDiff != (exchange.ListDiff{Added: 20}) || out.Before.ID != 0 || out.Officer != Boris || out.Partial != 2 || out.State != exchange.ListCurrent {
			t.Errorf("imported: %+v", out)
		}
		hit := onlyHit(t, p, passes("r", "Unlike Anybody", "", passportOf(3)))
		if hit.List != "harbour" || hit.Warner != "" {
			t.Errorf("the hit is of list %q, warner %q", hit.List, hit.Warner)
		}
		if kept := readHit(t, p, hit.ID); kept.Urgency != heed.UrgencyFuture || kept.Contents.Subject.ID != "list:harbour/e0003" {
			t.Errorf("the hit has urgency %s, and is of %s", kept.Urgency, kept.Contents.Subject.ID)
		}

		// The update: one is gone, one has another passport, one is new.
		update := append(people(20)[1:], onList("new", "Newcomer Nina", "Q999977"))
		update[2] = onList("e0003", "Qa Wo Changed", "R333377")
		out = imported(t, p, exchange.ListOrder{List: "harbour", Format: "csv"}, update...)
		if out.ListDiff != (exchange.ListDiff{Added: 1, Altered: 1, Removed: 1}) || out.Urgency != heed.UrgencyFuture {
			t.Errorf("updated: %+v", out)
		}
		check := func(when string) {
			t.Helper()
			noHit(t, p, when+": who is gone", passes("a", "Unlike Anybody", "", passportOf(0)))
			noHit(t, p, when+": a passport that is gone", passes("b", "Unlike Anybody", "", passportOf(3)))
			for name, passport := range map[string]string{"who stayed": passportOf(4), "another passport": "R333377", "who is new": "Q999977"} {
				if hit := onlyHit(t, p, passes(name, "Unlike Anybody", "", passport)); hit.List != "harbour" {
					t.Errorf("%s: %s is a hit of %q", when, name, hit.List)
				}
			}
			if s := p.WatchState(); s.Subjects != 20 || s.Lists != 1 || s.Warnings != 0 {
				t.Errorf("%s: %+v", when, s)
			}
		}
		check("after the update")
		p.Shut()
		p.Reopen()
		loadWatch(t, p)
		check("after a start")

		// Its urgency alone is changed: nobody is new, and every hit has it.
		out = imported(t, p, exchange.ListOrder{List: "harbour", Format: "csv", Urgency: heed.UrgencyImmediate}, update...)
		if out.ListDiff != (exchange.ListDiff{}) {
			t.Errorf("imported again: %+v", out.ListDiff)
		}
		hit = onlyHit(t, p, passes("u", "Unlike Anybody", "", passportOf(5)))
		if kept := readHit(t, p, hit.ID); kept.Urgency != heed.UrgencyImmediate {
			t.Errorf("the hit has urgency %s", kept.Urgency)
		}

		// A second list beside it, and the first off watch.
		imported(t, p, exchange.ListOrder{List: "ferry", Format: "csv"}, onList("e0001", "Ferdinand Ferry", "F000177"))
		if _, err := p.ForgetList(t.Context(), Anna, "harbour", ""); err == nil {
			t.Error("a list is taken off watch without a reason")
		}
		gone, err := p.ForgetList(t.Context(), Anna, "harbour", "the regatta is over")
		if err != nil || gone.Removed != 20 || gone.State != exchange.ListForgotten {
			t.Fatalf("forgotten: %+v, %v", gone, err)
		}
		noHit(t, p, "of a list that is off watch", passes("x", "Unlike Anybody", "", passportOf(4)))
		onlyHit(t, p, passes("y", "Unlike Anybody", "", "F000177"))
		history, err := p.ListImports(t.Context(), "harbour", 10)
		if err != nil {
			t.Fatal(err)
		}
		var states []exchange.ListState
		for _, i := range history {
			states = append(states, i.State)
		}
		if want := []exchange.ListState{exchange.ListForgotten, exchange.ListReplaced, exchange.ListReplaced, exchange.ListReplaced}; !reflect.DeepEqual(states, want) {
			t.Errorf("the imports are %q, want %q", states, want)
		}
		p.Shut()
		p.Reopen()
		loadWatch(t, p)
		if s := p.WatchState(); s.Subjects != 1 || s.Lists != 1 {
			t.Errorf("after a start: %+v", s)
		}
	})
}

// A file that was cut short, or of which something cannot be read, takes nobody
// off watch unless somebody says so who may.
func TestListUpdatesAreGuarded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := New(t, Options{}, "north.example")
		p := n.Parties[0]
		loadWatch(t, p)
		for id, role := range map[heed.OfficerID]heed.Role{"dora": heed.DutyOfficer, "rita": heed.Releaser} {
			if _, err := p.AddOfficer(t.Context(), Anna, id, []heed.Role{role}); err != nil {
				t.Fatal(err)
			}
		}
		order := exchange.ListOrder{List: "harbour", Format: "csv"}
		imported(t, p, order, people(20)...)

		finish := func(by heed.OfficerID, how exchange.ListFinish, entries ...exchange.ListEntry) (exchange.ListFinished, error) {
			t.Helper()
			return p.FinishList(t.Context(), by, stage(t, p, order, entries...).ID, how)
		}
		_, err := finish(Anna, exchange.ListFinish{}, people(15)...)
		mustRefuse(t, "a quarter is gone", err, "5 of 20 entries of watch list harbour would come off watch")
		_, err = finish(Anna, exchange.ListFinish{Unread: 1}, people(20)...)
		mustRefuse(t, "an entry cannot be read", err, "1 entry of watch list harbour could not be read")
		_, err = finish("dora", exchange.ListFinish{Anyway: true}, people(15)...)
		mustRefuse(t, "a duty officer insists", err, `no role that permits "lapse"`)
		_, err = p.ForgetList(t.Context(), "dora", "harbour", "over")
		mustRefuse(t, "a duty officer takes it off watch", err, `no role that permits "lapse"`)
		_, err = p.BeginList(t.Context(), exchange.ListOrder{Officer: "rita", List: "harbour", Format: "csv"})
		mustRefuse(t, "a releaser imports", err, `no role that permits "screen"`)
		if _, err := finish(Anna, exchange.ListFinish{}); err == nil {
			t.Error("an empty list takes everybody off watch")
		}
		out, err := finish("dora", exchange.ListFinish{DryRun: true}, people(15)...)
		if err != nil || !out.DryRun || out.Removed != 5 || out.Added != 0 || out.Before.Entries != 20 {
			t.Errorf("a dry run: %+v, %v", out, err)
		}
		if s := p.WatchState(); s.Subjects != 20 {
			t.Errorf("%d subjects on watch, and nothing was changed", s.Subjects)
		}
		if out.Guarded == nil || !strings.Contains(out.Guarded.Detail, "5 of 20 entries of watch list harbour would come off watch") {
			t.Errorf("a dry run of what would be refused says %v", out.Guarded)
		}
		if out, err = finish("dora", exchange.ListFinish{DryRun: true}, people(16)...); err != nil || out.Guarded != nil {
			t.Errorf("a dry run of what would be done says %v, %v", out.Guarded, err)
		}
		if out, err = finish("dora", exchange.ListFinish{}, people(16)...); err != nil || out.Removed != 4 {
			t.Errorf("a fifth is gone: %+v, %v", out, err)
		}
		if out, err = finish(Boris, exchange.ListFinish{Anyway: true, Unread: 3}, people(2)...); err != nil || out.Removed != 14 || out.Unread != 3 {
			t.Errorf("with a word: %+v, %v", out, err)
		}

		// One import at a time; and one that stands still is given up.
		first := stage(t, p, order, people(20)...)
		second := stage(t, p, order, people(20)...)
		mustRefuse(t, "an import behind which another began", p.StageList(t.Context(), first.ID, people(1)), "was given up")
		_, err = p.FinishList(t.Context(), Anna, first.ID, exchange.ListFinish{})
		mustRefuse(t, "its end", err, "was given up")
		time.Sleep(time.Hour)
		imported(t, p, exchange.ListOrder{List: "ferry", Format: "csv"}, people(1)...)
		mustRefuse(t, "an import that stood still", p.StageList(t.Context(), second.ID, people(1)), "was given up")
		for _, id := range []int64{0, 999} {
			if err := p.StageList(t.Context(), id, people(1)); err == nil {
				t.Errorf("import %d is there", id)
			}
		}
		if s := p.WatchState(); s.Subjects != 3 || s.Lists != 2 {
			t.Errorf("on watch: %+v", s)
		}
		if err := p.Store.Read(t.Context(), func(v exchange.View) error {
			left, err := v.ListLeftovers(10)
			if len(left) > 0 {
				t.Errorf("entries are left of imports %v", left)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// An update that has all entries and few of their names takes names off watch:
// somebody forgot a file that belongs to it.
func TestListUpdatesKeepNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := New(t, Options{}, "north.example")
		p := n.Parties[0]
		loadWatch(t, p)
		order := exchange.ListOrder{List: "harbour", Format: "sdn"}
		// More than are read at a time, each with another name beside its own.
		named := func(others int) []exchange.ListEntry {
			all := people(2100)
			for i := range all[:others] {
				all[i].Subject.Person.Names = append(all[i].Subject.Person.Names, heed.Name{Text: "Other Name", Use: heed.NameAlias})
			}
			return all
		}
		imported(t, p, order, named(2100)...)
		finish := func(how exchange.ListFinish, entries ...exchange.ListEntry) (exchange.ListFinished, error) {
			t.Helper()
			return p.FinishList(t.Context(), Anna, stage(t, p, order, entries...).ID, how)
		}
		const says = "2100 of 4200 names on watch list harbour would come off watch"
		_, err := finish(exchange.ListFinish{}, named(0)...)
		mustRefuse(t, "no other names", err, says)
		if out, err := finish(exchange.ListFinish{DryRun: true}, named(0)...); err != nil || out.Guarded == nil || !strings.Contains(out.Guarded.Error(), says) {
			t.Errorf("a dry run says %v, %v", out.Guarded, err)
		}
		respelt := named(2100)
		for i := range respelt {
			respelt[i].Subject.Person.Names[1].Text = "Other Nayme"
		}
		if _, err := finish(exchange.ListFinish{}, respelt...); err != nil {
			t.Errorf("spelt otherwise: %v", err)
		}
		if _, err := finish(exchange.ListFinish{}, named(1260)...); err != nil {
			t.Errorf("a fifth of the names is gone: %v", err)
		}
		if _, err := finish(exchange.ListFinish{Anyway: true}, named(0)...); err != nil {
			t.Errorf("with a word: %v", err)
		}
	})
}

// What cannot be a list or an entry of one is refused before anything is kept.
func TestListOrdersAreChecked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := New(t, Options{}, "north.example")
		p := n.Parties[0]
		loadWatch(t, p)
		for name, order := range map[string]exchange.ListOrder{
			"no name":          {Officer: Anna},
			"a wrong name":     {Officer: Anna, List: "Harbour/1"},
			"nobody":           {List: "harbour"},
			"a threshold":      {Officer: Anna, List: "harbour", Threshold: 1.5},
			"another":          {Officer: Anna, List: "harbour", Threshold: -0.1},
			"an urgency":       {Officer: Anna, List: "harbour", Urgency: "Soon"},
			"a long reason":    {Officer: Anna, List: "harbour", Reason: strings.Repeat("x", exchange.MaxListReason+1)},
			"an unknown actor": {Officer: "nobody", List: "harbour"},
		} {
			if _, err := p.BeginList(t.Context(), order); err == nil {
				t.Errorf("%s is begun", name)
			}
		}
		i := stage(t, p, exchange.ListOrder{List: "harbour", Format: "csv"})
		for name, e := range map[string]exchange.ListEntry{
			"no number":     onList("", "x", "1"),
			"no subject":    {Entry: "1"},
			"a long name":   onList("1", strings.Repeat("x", heed.MaxLabel+1), "1"),
			"a long number": onList(strings.Repeat("1", watch.MaxSubjectID), "x", "1"),
			"two subjects":  {Entry: "1", Subject: watch.Subject{Person: &heed.Person{Names: []heed.Name{{Text: "x"}}}, Vehicle: &heed.Vehicle{Plate: "1"}}},
		} {
			if err := p.StageList(t.Context(), i.ID, []exchange.ListEntry{onList("good", "Good One", "1"), e}); err == nil {
				t.Errorf("%s is staged", name)
			}
		}
		if err := p.StageList(t.Context(), i.ID, make([]exchange.ListEntry, exchange.MaxStaged+1)); err == nil {
			t.Error("too many at once are staged")
		}
		if got, err := p.ListImports(t.Context(), "harbour", 1); err != nil || got[0].Entries != 0 {
			t.Errorf("%d entries are kept of those that were refused, %v", got[0].Entries, err)
		}
	})
}
