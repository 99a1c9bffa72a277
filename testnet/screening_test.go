package testnet

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/names"
	"heed/seal"
	"heed/watch"
	"heed/wire"
)

// reviewing is Seconds with a clock for reviews: five seconds.
func reviewing() heed.Baseline {
	b := Seconds()
	b.Clock[heed.DutyReview], b.Clock[heed.DutyDecide] = map[heed.Urgency]time.Duration{}, map[heed.Urgency]time.Duration{}
	for _, u := range heed.Urgencies() {
		b.Clock[heed.DutyReview][u] = 5 * time.Second
	}
	return b
}

// sought is a warning about somebody with a passport.
func sought(number string, asks ...heed.Ask) heed.Warning {
	w := Warning("A man who may travel")
	born, err := heed.ParseBirth("1987-05-14")
	if err != nil {
		panic(err)
	}
	w.Persons = []heed.Person{{
		Names: []heed.Name{{Text: "Юлиан Щёголевич Жущёв", Script: "Cyrl", Language: "ru"}}, Born: []heed.Birth{born},
		Documents: []heed.Document{{Type: heed.DocumentPassport, Number: number}},
	}}
	w.Asks = asks
	return w
}

// other is a warning about somebody else.
func other(number string) heed.Warning {
	w := sought(number)
	w.Persons[0].Names, w.Persons[0].Born = []heed.Name{{Text: "Mirela Kostandinova"}}, nil
	return w
}

// passes is a record of a traveller.
func passes(id, name, born, passport string) watch.Record {
	r := watch.Record{ID: id, Names: []heed.Name{{Text: name}}, Documents: []heed.Document{{Type: heed.DocumentPassport, Number: passport}}}
	if born != "" {
		date, err := heed.ParseBirth(born)
		if err != nil {
			panic(err)
		}
		r.Born = date
	}
	return r
}

// calm waits until nothing is under way among parties that run.
func calm(t *testing.T, net *Net) {
	t.Helper()
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
}

func loadWatch(t *testing.T, p *Party) {
	t.Helper()
	model, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.LoadWatch(t.Context(), model, nil, nil); err != nil {
		t.Fatal(err)
	}
}

// screened screens records in one go, and returns what came of each.
func screened(t *testing.T, p *Party, kind heed.RecordType, records ...watch.Record) []exchange.Screened {
	t.Helper()
	a, err := p.BeginScreening(t.Context(), exchange.ScreeningOrder{Officer: Anna, Via: exchange.ViaCommand, Type: kind, Reason: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Screen(t.Context(), a.ID, records, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.EndScreening(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	return out
}

// onlyHit screens one record, which has exactly one hit.
func onlyHit(t *testing.T, p *Party, r watch.Record) exchange.ScreenedHit {
	t.Helper()
	out := screened(t, p, heed.RecordPassenger, r)
	if out[0].Err != nil || len(out[0].Hits) != 1 {
		t.Fatalf("record %s: %d hits, %v", r.ID, len(out[0].Hits), out[0].Err)
	}
	return out[0].Hits[0]
}

func noHit(t *testing.T, p *Party, why string, r watch.Record) {
	t.Helper()
	if out := screened(t, p, heed.RecordPassenger, r); out[0].Err != nil || len(out[0].Hits) > 0 {
		t.Fatalf("%s: %d hits, %v", why, len(out[0].Hits), out[0].Err)
	}
}

func readHit(t *testing.T, p *Party, id heed.HitID) exchange.HitFile {
	t.Helper()
	f, err := p.ReadHit(t.Context(), Anna, id)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func decide(t *testing.T, p *Party, id heed.HitID, order exchange.HitOrder) exchange.DecidedAs {
	t.Helper()
	if order.Officer == "" {
		order.Officer = Boris
	}
	if order.Reason == "" {
		order.Reason = "the photograph was compared"
	}
	out, err := p.DecideHit(t.Context(), id, order)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// hitLevels lists at which levels people were told of a hit.
func hitLevels(p *Party, id heed.HitID) (all []int) {
	for _, told := range p.Notices.All() {
		if told.Hit == id.Code() {
			all = append(all, told.Level)
		}
	}
	return all
}

// A record matches somebody on watch: a person owes a review under the clock,
// which climbs the ladder, is interim once, and is settled by a signature that the
// ledger commits to. The same record is the same hit all the time.
func TestHitIsReviewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 51, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		id := warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: sought("AB1234567")})
		calm(t, net)
		if lines := s.WatchedLines(); len(lines) != 1 || lines[0].Case != id || lines[0].Kinds["person"] != 1 {
			t.Fatalf("on watch: %+v", lines)
		}

		record := passes("p1", "Yulian Zhushchev", "1987-05-14", "AB 123-4567")
		began := time.Now()
		hit := onlyHit(t, s, record)
		if again := onlyHit(t, s, record); !reflect.DeepEqual(again, hit) {
			t.Errorf("the same record again is %+v, not %+v", again, hit)
		}
		noHit(t, s, "another number", passes("p1", "Somebody Else", "1950-01-01", "ZZ9999999"))
		f := readHit(t, s, hit.ID)
		if !f.Open || f.Case != id || f.Urgency != heed.UrgencyImmediate || f.Due.Sub(began) != 5*time.Second || f.Contents == nil || !reflect.DeepEqual(f.Contents.Explanation, hit.Explanation) {
			t.Fatalf("hit %+v", f.KeptHit)
		}
		time.Sleep(time.Second)
		if got := hitLevels(s, hit.ID); !reflect.DeepEqual(got, []int{0}) {
			t.Errorf("told at levels %v on arrival", got)
		}
		if onDisk(t, s, "Zhushchev") || onDisk(t, s, "AB 123-4567") {
			t.Error("who was screened stands in the database in clear")
		}

		// Somebody has looked, and cannot tell: the review stays owed.
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.Undecided, By: time.Now().Add(time.Minute)})
		if f := readHit(t, s, hit.ID); !f.Open || f.Verdict != heed.Undecided || f.Expected.IsZero() {
			t.Errorf("undecided: %+v", f.KeptHit)
		}
		time.Sleep(12 * time.Second)
		if got := hitLevels(s, hit.ID); !reflect.DeepEqual(got, []int{0, 1, 2, 3}) {
			t.Errorf("told at levels %v", got)
		}
		if f := readHit(t, s, hit.ID); f.State != heed.DutyOverdue || f.Level != 3 {
			t.Errorf("overdue: %s, level %d", f.State, f.Level)
		}

		before := leaves(t, s)
		done := decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.DifferentPerson, Reason: "another man"})
		f = readHit(t, s, hit.ID)
		if f.Open || f.State != heed.DutyDischargedLate || len(f.Decisions) != 2 || f.Decisions[1].ID != done.Decision.ID || f.Decisions[1].Officer != Boris || f.Decisions[1].Reason != "another man" {
			t.Errorf("decided: %+v, %+v", f.KeptHit, f.Decisions)
		}
		if leaves(t, s) <= before {
			t.Error("the ledger does not commit to the decision")
		}
		if again := onlyHit(t, s, record); again.ID != hit.ID {
			t.Error("a decided record is another hit")
		}

		// What it says goes after its time; that there was a hit stays.
		calm(t, net)
		net.Stop()
		s.StepClock(exchange.HitKept + time.Minute)
		if _, err := s.RunHits(t.Context()); err != nil {
			t.Fatal(err)
		}
		f = readHit(t, s, hit.ID)
		if f.Contents != nil || f.Sealed != nil || f.Verdict != heed.DifferentPerson || f.Decisions[1].Reason != "" {
			t.Errorf("after %s: %+v", exchange.HitKept, f)
		}
		if _, err := s.DecideHit(t.Context(), hit.ID, exchange.HitOrder{Officer: Boris, Verdict: heed.SamePerson, Reason: "late"}); refusal(err) == nil {
			t.Errorf("a decision about what was erased: %v", err)
		}
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

func refusal(err error) *heed.Refused {
	var refused *heed.Refused
	errors.As(err, &refused)
	return refused
}

// A traveller who was found to be another is no hit again: that one, on that
// subject, for that time, and until something else is said of the subject.
func TestExclusion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 52, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		id := warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: sought("AB1234567")})
		calm(t, net)
		traveller := func(flight string) watch.Record {
			r := passes(flight, "Julian ZHUSCHEW", "1990-02-01", "AB1234567")
			r.Carrier = flight
			return r
		}
		hit := onlyHit(t, s, traveller("XX1"))
		for what, order := range map[string]exchange.HitOrder{
			"the same person":   {Verdict: heed.SamePerson, Exclude: time.Hour},
			"too long":          {Verdict: heed.DifferentPerson, Exclude: 400 * 24 * time.Hour},
			"less than no time": {Verdict: heed.DifferentPerson, Exclude: -time.Hour},
			"no verdict":        {Verdict: "perhaps"},
			"no reason":         {Verdict: heed.DifferentPerson, Reason: " "},
			"no officer":        {Verdict: heed.DifferentPerson, Officer: "nobody"},
		} {
			if order.Officer == "" {
				order.Officer = Boris
			}
			if order.Reason == "" {
				order.Reason = "why"
			}
			if _, err := s.DecideHit(t.Context(), hit.ID, order); err == nil {
				t.Errorf("%s: decided", what)
			}
		}
		decide(t, s, hit.ID, exchange.HitOrder{Verdict: heed.DifferentPerson, Exclude: 24 * time.Hour})
		noHit(t, s, "the same traveller a week later", traveller("XX2"))
		reordered := traveller("XX3")
		reordered.Names[0].Text = "zhuschew, JULIAN"
		noHit(t, s, "written in another order", reordered)
		namesake := traveller("XX4")
		namesake.Born = heed.Birth{}
		if onlyHit(t, s, namesake).ID == hit.ID {
			t.Error("somebody of whom less is known is the same hit")
		}
		all, err := s.Exclusions(t.Context(), false, 10)
		if err != nil || len(all) != 1 || all[0].Hit != hit.ID {
			t.Fatalf("exclusions: %+v, %v", all, err)
		}
		if holds, err := s.ExclusionHolds(t.Context(), all[0], time.Now()); err != nil || !holds {
			t.Errorf("it holds: %v, %v", holds, err)
		}

		// Whoever has no date of birth and no document cannot be told from namesakes.
		if _, err := s.RevokeExclusion(t.Context(), hit.ID, Boris, "a mistake"); err != nil {
			t.Fatal(err)
		}
		again := onlyHit(t, s, traveller("XX5"))
		if _, err := s.RevokeExclusion(t.Context(), hit.ID, Boris, "a mistake"); refusal(err) == nil {
			t.Errorf("revoked twice: %v", err)
		}

		// Its own end.
		decide(t, s, again.ID, exchange.HitOrder{Verdict: heed.DifferentPerson, Exclude: time.Minute})
		noHit(t, s, "excluded anew", traveller("XX6"))
		time.Sleep(time.Minute)
		third := onlyHit(t, s, traveller("XX7"))

		// A correction of what is said of the subject.
		decide(t, s, third.ID, exchange.HitOrder{Verdict: heed.DifferentPerson, Exclude: 24 * time.Hour})
		noHit(t, s, "excluded a third time", traveller("XX8"))
		corrected := sought("AB1234567")
		corrected.Persons[0].Names = append(corrected.Persons[0].Names, heed.Name{Text: "Julian Zhuschew", Use: heed.NameSpelling})
		if _, err := n.Correct(t.Context(), Anna, []heed.CaseID{id}, corrected, nil); err != nil {
			t.Fatal(err)
		}
		calm(t, net)
		onlyHit(t, s, traveller("XX8"))
		all, err = s.Exclusions(t.Context(), false, 10)
		if err != nil || len(all) != 1 {
			t.Fatalf("exclusions: %+v, %v", all, err)
		}
		if holds, err := s.ExclusionHolds(t.Context(), all[0], time.Now()); err != nil || holds {
			t.Errorf("it holds after the correction: %v, %v", holds, err)
		}
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// Records are kept where an accord asks for it, encrypted, as long as it asks and
// no longer; a warning that comes later finds whoever has passed.
func TestPastRecords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 53, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		terms := Terms("Kept for two minutes", net.Parties...)
		terms.Screening = heed.Screening{Types: []heed.RecordType{heed.RecordVisa}, Retention: 2 * time.Minute}
		for kind, d := range map[heed.DutyKind]time.Duration{heed.DutyReview: 3 * time.Second} {
			terms.Clocks[0].Clock[kind] = map[heed.Urgency]time.Duration{heed.UrgencyImmediate: d}
		}
		accord := propose(t, n, terms).Accord
		reach(t, s, accord, heed.AccordProposed)
		declare(t, s, accord, heed.AccordRatification)
		calm(t, net)
		reach(t, s, accord, heed.AccordInForce)

		kept := func() int { return s.WatchState().Kept }
		applicant := passes("visa-1", "Yulian Zhushchev", "1987-05-14", "AB1234567")
		screened(t, s, heed.RecordVisa, applicant, passes("visa-2", "Somebody Else", "1950-01-01", "QQ7777777"))
		screened(t, s, heed.RecordPassenger, passes("flight-1", "Yulian Zhushchev", "1987-05-14", "AB1234567"))
		if kept() != 2 {
			t.Fatalf("%d records are kept: visas are, and passengers are not", kept())
		}
		if onDisk(t, s, "Zhushchev") {
			t.Error("a kept record stands in the database in clear")
		}

		// A warning that is not under the accord does not look at what that has kept.
		warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: sought("AB1234567")})
		calm(t, net)
		if all, err := s.Hits(t.Context(), false, 10); err != nil || len(all) != 0 {
			t.Fatalf("hits of a warning under no accord: %+v, %v", all, err)
		}
		id := warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Accord: accord, Warning: sought("AB1234567")})
		calm(t, net)
		all, err := s.Hits(t.Context(), false, 10)
		if err != nil || len(all) != 1 || !all[0].Past || all[0].Case != id || all[0].Type != heed.RecordVisa {
			t.Fatalf("hits of a past record: %+v, %v", all, err)
		}
		if f := readHit(t, s, all[0].ID); f.Contents.Record.ID != "visa-1" || f.Due.Sub(f.Found) != 3*time.Second {
			t.Errorf("hit of a past record: %+v, due %s after it was found", f.Contents, f.Due.Sub(f.Found))
		}

		// Nor does a list: the records are kept for warnings under the accord.
		imported(t, s, exchange.ListOrder{List: "harbour", Format: "csv"}, onList("1", "Somebody Else", "QQ7777777"))
		calm(t, net)
		if again, err := s.Hits(t.Context(), false, 10); err != nil || len(again) != 1 {
			t.Errorf("hits of a list among kept records: %+v, %v", again, err)
		}

		// A restart remembers them.
		s.Shut()
		s.Reopen()
		loadWatch(t, s)
		s.Start()
		calm(t, net)
		if kept() != 2 || s.WatchState().Subjects != 3 {
			t.Errorf("after a restart: %+v", s.WatchState())
		}
		if again, err := s.Hits(t.Context(), false, 10); err != nil || len(again) != 1 {
			t.Errorf("after a restart: %+v, %v", again, err)
		}

		time.Sleep(2*time.Minute + time.Second)
		if kept() != 0 {
			t.Errorf("%d records are kept after their time", kept())
		}
		rows := 0
		if err := s.Store.Read(context.Background(), func(v exchange.View) error {
			all, err := v.KeptRecords(time.Time{}.Add(time.Hour), heed.Digest{}, 10)
			rows = len(all)
			return err
		}); err != nil || rows != 0 {
			t.Errorf("%d records are in the store after their time, %v", rows, err)
		}
		if err := s.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// Whoever is the same person is reported where the warning asks for it, and the
// officer is told; where nothing asks for it, the officer is told that too.
func TestSamePersonIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 54, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		asked := warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: sought("AB1234567", heed.Ask{Code: heed.AskReportHit, Standing: true})})
		silent := warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: other("CD1234567")})
		calm(t, net)
		reported := decide(t, s, onlyHit(t, s, passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567")).ID, exchange.HitOrder{Verdict: heed.SamePerson})
		if !reported.Told || !strings.Contains(reported.Report, "reported to the warner") {
			t.Errorf("asked for: %+v", reported)
		}
		second := onlyHit(t, s, passes("p2", "Mirela Kostandinova", "", "CD1234567"))
		unasked := decide(t, s, second.ID, exchange.HitOrder{Verdict: heed.SamePerson})
		if unasked.Told || !strings.Contains(unasked.Report, "not reported") {
			t.Errorf("not asked for: %+v", unasked)
		}
		calm(t, net)
		for id, want := range map[heed.CaseID]int{asked: 1, silent: 0} {
			file, err := n.Look(t.Context(), id)
			if err != nil || len(file.ReportedHits()) != want {
				t.Errorf("case %s: %d hits were reported, %v; want %d", file.Code, len(file.ReportedHits()), err, want)
			}
		}
		if f := readHit(t, s, second.ID); f.Reported != unasked.Report {
			t.Errorf("on record: %q", f.Reported)
		}
		if err := Agree(n, s); err != nil {
			t.Error(err)
		}
	})
}

// Before the index has all that is on watch nothing is screened; a token admits to
// what it is for, as long as it is good.
func TestWhoMayScreen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 55, Baseline: reviewing()}, north, south)
		s := net.Parties[1]
		begin := func(order exchange.ScreeningOrder) error {
			order.Reason, order.Via = "a test", exchange.ViaAPI
			_, err := s.BeginScreening(t.Context(), order)
			return err
		}
		if err := begin(exchange.ScreeningOrder{Officer: Anna}); !errors.Is(err, exchange.ErrWatchNotReady) {
			t.Errorf("before the index is ready: %v", err)
		}
		loadWatch(t, s)
		if err := begin(exchange.ScreeningOrder{Officer: Anna}); err != nil {
			t.Error(err)
		}
		if err := begin(exchange.ScreeningOrder{Officer: "nobody"}); err == nil {
			t.Error("nobody screens")
		}
		if _, err := s.AddOfficer(t.Context(), "", "dora", []heed.Role{heed.Drafter}); err != nil {
			t.Fatal(err)
		}
		if err := begin(exchange.ScreeningOrder{Officer: "dora"}); refusal(err) == nil {
			t.Errorf("a drafter screens: %v", err)
		}
		if _, _, err := s.AddToken(t.Context(), "dora", "gate", exchange.ScopeScreen, time.Time{}); refusal(err) == nil {
			t.Errorf("a drafter makes a token: %v", err)
		}
		made, shown, err := s.AddToken(t.Context(), Anna, "gate", exchange.ScopeScreen, time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.AddToken(t.Context(), Anna, "gate", exchange.ScopeScreen, time.Time{}); err == nil {
			t.Error("two tokens have one name")
		}
		if onDisk(t, s, shown) {
			t.Error("the token stands in the database")
		}
		held, err := s.TokenHolder(t.Context(), shown, exchange.ScopeScreen)
		if err != nil || held.Name != made.Name {
			t.Errorf("holder: %+v, %v", held, err)
		}
		for _, wrong := range []string{"", shown[:len(shown)-1], shown + "x", strings.ToUpper(shown)} {
			if _, err := s.TokenHolder(t.Context(), wrong, exchange.ScopeScreen); !errors.Is(err, exchange.ErrToken) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		if err := begin(exchange.ScreeningOrder{Token: "gate"}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if _, err := s.TokenHolder(t.Context(), shown, exchange.ScopeScreen); !errors.Is(err, exchange.ErrToken) {
			t.Errorf("after its time: %v", err)
		}
		if err := begin(exchange.ScreeningOrder{Token: "gate"}); !errors.Is(err, exchange.ErrToken) {
			t.Errorf("after its time: %v", err)
		}
		_, shown, err = s.AddToken(t.Context(), Anna, "", exchange.ScopeScreen, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		held, err = s.TokenHolder(t.Context(), shown, exchange.ScopeScreen)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveToken(t.Context(), Anna, held.Name); err != nil {
			t.Fatal(err)
		}
		if _, err := s.TokenHolder(t.Context(), shown, exchange.ScopeScreen); !errors.Is(err, exchange.ErrToken) {
			t.Errorf("removed: %v", err)
		}
		all, err := s.Askings(t.Context(), 10)
		if err != nil || len(all) != 2 || all[0].Asker != "token gate" || all[1].Asker != "officer anna" || !all[0].Ended.IsZero() {
			t.Errorf("on record: %+v, %v", all, err)
		}
		s.StepClock(2 * exchange.AskingIdle)
		if _, err := s.RunHits(t.Context()); err != nil {
			t.Fatal(err)
		}
		if all, err = s.Askings(t.Context(), 10); err != nil || all[0].Ended.IsZero() || all[1].Ended.IsZero() || !all[0].Abandoned() && !all[1].Abandoned() {
			t.Errorf("nobody has ended them: %+v, %v", all, err)
		}
	})
}

// The database without the node's sealing key shows nobody.
func TestVaultNeedsTheSealingKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 56, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: sought("AB1234567")})
		calm(t, net)
		hit := onlyHit(t, s, passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567"))
		s.Shut()
		other, err := seal.NewSealingKey()
		if err != nil {
			t.Fatal(err)
		}
		s.Keys.sealing = []seal.SealingKey{other}
		s.Reopen()
		if _, err := s.ReadHit(t.Context(), Anna, hit.ID); !errors.Is(err, exchange.ErrVault) {
			t.Errorf("read without the key: %v", err)
		}
	})
}

// The warner was told that it is the same person, and an officer finds that it is
// not: the warner is told that too, with nothing of whom it was; and again where it
// is the same after all. Nothing is told twice, nor of what was never told.
func TestReportedVerdictIsChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 57, Baseline: reviewing()}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		loadWatch(t, s)
		net.Start()
		defer net.Stop()
		id := warned(t, n, s, exchange.WarnOrder{Warning: sought("AB1234567", heed.Ask{Code: heed.AskReportHit, Standing: true})})
		calm(t, net)
		never := onlyHit(t, s, passes("p0", "Julian Zhushchev", "1987-05-14", "AB1234567"))
		if out := decide(t, s, never.ID, exchange.HitOrder{Verdict: heed.DifferentPerson}); out.Report != "" || out.Told {
			t.Errorf("what was never told is told otherwise: %+v", out)
		}
		hit := onlyHit(t, s, passes("p1", "Yulian Zhushchev", "1987-05-14", "AB1234567"))
		told := func(verdict heed.HitVerdict, want bool, says string) {
			t.Helper()
			out := decide(t, s, hit.ID, exchange.HitOrder{Verdict: verdict})
			if out.Told != want || !strings.Contains(out.Report, says) {
				t.Errorf("%s: %+v", verdict, out)
			}
			if f := readHit(t, s, hit.ID); f.Reported != out.Report {
				t.Errorf("%s: on record is %q", verdict, f.Reported)
			}
			calm(t, net)
		}
		reports := func(want ...bool) []heed.ReportedHit {
			t.Helper()
			hits := n.Case(id).ReportedHits()
			var stand []bool
			for _, h := range hits {
				stand = append(stand, h.Withdrawn == nil)
			}
			if !reflect.DeepEqual(stand, want) {
				t.Fatalf("the warner holds that they stand: %v, want %v", stand, want)
			}
			return hits
		}
		told(heed.SamePerson, true, "reported to the warner")
		reports(true)
		told(heed.DifferentPerson, true, "does not hold any more")
		first := reports(false)[0]
		if w := first.Withdrawn; w.Due.IsZero() || w.Late() {
			t.Errorf("withdrawn: %+v", w)
		}
		time.Sleep(2 * time.Second)
		if all := n.Notices.Of(id, exchange.NewsWithdrawn); len(all) != 1 {
			t.Errorf("the warner's people were told %+v", all)
		}
		opened := reads(t, n, id)
		var last heed.HitReport
		for _, c := range opened.Contents {
			if c.Ref.MediaType == heed.MediaHitReport {
				report, err := wire.ParseHitReport(c.Data)
				if err != nil {
					t.Fatal(err)
				}
				if report.Verdict != "" {
					last = report
				}
			}
		}
		if last.Verdict != heed.DifferentPerson || last.Subject != "persons/0" || last.Name != "" || last.Document != nil || !last.Born.IsZero() {
			t.Errorf("it says of somebody else: %+v", last)
		}
		told(heed.SamePerson, true, "reported to the warner")
		reports(false, true)

		// The warning is recalled: who was told is told otherwise all the same.
		if _, err := n.Recall(t.Context(), Boris, []heed.CaseID{id}, "He was found"); err != nil {
			t.Fatal(err)
		}
		calm(t, net)
		told(heed.Undecided, true, "does not hold any more")
		reports(false, false)
		board, err := s.Board(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range board.Ours {
			if line.Kind == heed.DutyReport {
				t.Errorf("still owed: %+v", line)
			}
		}
		if err := Agree(n, s); err != nil {
			t.Error(err)
		}
	})
}
