package heed

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// exercise is a story that begins with an exercise of north's to south.
func exercise() *story {
	return begin(KindWarning, UrgencyImmediate, func(s *Statement) {
		s.Status, s.Recipient, s.Release = StatusExercise, south, ReleaseID{5}
	})
}

func answerIn(t *testing.T, st *story, now time.Time) DrillAnswer {
	t.Helper()
	a, ok := DrillAnswerIn(Fold(st.id, st.all), now)
	if !ok {
		t.Fatal("it is no exercise")
	}
	return a
}

// inWords are the steps of an answer, to be compared at a glance.
func inWords(a DrillAnswer) string {
	var all []string
	for _, s := range []DrillStep{a.Receipt, a.Notified, a.Opened, a.Acknowledged, a.Assessed} {
		word := string(s.State)
		if s.taken() {
			word += " " + s.After.String()
		} else if s.After != 0 {
			word += " though " + s.After.String()
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}

func TestAnswersToExercises(t *testing.T) {
	received := func(st *story) Statement {
		st.wait(2 * time.Second)
		st.receipt(st.all[0])
		return st.all[0]
	}
	for name, c := range map[string]struct {
		play func(t *testing.T, st *story, w Statement)
		look time.Duration // after it was received
		want string
	}{
		"nothing yet":      {func(*testing.T, *story, Statement) {}, time.Minute, "done 2s, due, due, due, due"},
		"at the due time":  {func(*testing.T, *story, Statement) {}, time.Hour, "done 2s, due, due, due, due"},
		"one overdue":      {func(*testing.T, *story, Statement) {}, time.Hour + time.Millisecond, "done 2s, never, never, never, due"},
		"both overdue":     {func(*testing.T, *story, Statement) {}, 9 * time.Hour, "done 2s, never, never, never, never"},
		"told, not opened": {func(_ *testing.T, st *story, w Statement) { st.given(south, KindNotification, to(w)) }, 2 * time.Hour, "done 2s, done 0s, never, never, due"},
		"in time": {func(_ *testing.T, st *story, w Statement) {
			st.wait(time.Second)
			st.given(south, KindNotification, to(w))
			st.wait(time.Minute)
			st.given(south, KindOpening, to(w))
			st.wait(time.Minute)
			st.given(south, KindAcknowledgement, to(w))
			st.wait(time.Hour)
			st.assess(NotCredible, w)
			st.wait(time.Hour)
			st.given(south, KindNotification, to(w)) // once more, of something else
		}, 9 * time.Hour, "done 2s, done 1s, done 1m1s, done 2m1s, done 1h2m1s"},
		"late": {func(_ *testing.T, st *story, w Statement) {
			st.wait(2 * time.Hour)
			st.given(south, KindAcknowledgement, to(w))
			st.wait(8 * time.Hour)
			st.assess(NotCredible, w)
		}, 20 * time.Hour, "done 2s, never, never, late 2h0m0s, late 10h0m0s"},
		"assessed at once": {func(_ *testing.T, st *story, w Statement) {
			st.wait(time.Minute)
			st.assess(NotCredible, w)
		}, 20 * time.Hour, "done 2s, never, never, done 1m0s, done 1m0s"},
		"refused": {func(_ *testing.T, st *story, w Statement) {
			st.wait(time.Minute)
			st.given(south, KindRefusal, to(w))
		}, 20 * time.Hour, "done 2s, never, never, refused 1m0s, refused 1m0s"},
		"recalled": {func(_ *testing.T, st *story, w Statement) {
			st.wait(time.Minute)
			st.given(south, KindAcknowledgement, to(w))
			st.given(north, KindRecall, to(w), func(s *Statement) { s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaText}} })
		}, 20 * time.Hour, "done 2s, never, never, done 1m0s, recalled"},
		"recalled before": {func(_ *testing.T, st *story, w Statement) {
			st.given(north, KindRecall, to(w), func(s *Statement) { s.Contents = []ContentRef{{Digest: Digest{1}, Size: 1, MediaType: MediaText}} })
		}, 20 * time.Hour, "done 2s, recalled, recalled, recalled, recalled"},
		"given more time": {func(_ *testing.T, st *story, w Statement) {
			st.given(north, KindExtension, to(w), func(s *Statement) { s.Duties = []Promise{{DutyAcknowledge, st.now.Add(5 * time.Hour)}} })
		}, 4 * time.Hour, "done 2s, due, due, due, due"},
		"a clock that is behind": {func(_ *testing.T, st *story, w Statement) {
			st.wait(-time.Minute)
			st.given(south, KindOpening, to(w))
		}, 2 * time.Hour, "done 2s, never, done 0s, never, due"},
	} {
		t.Run(name, func(t *testing.T) {
			st := exercise()
			w := received(st)
			at := st.now
			c.play(t, st, w)
			a := answerIn(t, st, at.Add(c.look))
			if got := inWords(a); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if a.From != north || a.Party != south || !a.Sent.Equal(w.Time) || !a.Received.Equal(at) || a.Release != w.Release || a.Code != w.CaseCode() || a.Urgency != UrgencyImmediate {
				t.Errorf("%+v", a)
			}
		})
	}

	st := exercise()
	if got := inWords(answerIn(t, st, st.now.Add(time.Second))); got != "never, never, never, never, never" {
		t.Errorf("without a receipt: %s", got)
	}
	// Whoever owes nothing by its terms may still answer.
	st.terms.Clock = nil
	w := received(st)
	if got := inWords(answerIn(t, st, st.now.Add(day))); got != "done 2s, not-owed, not-owed, not-owed, not-owed" {
		t.Errorf("an observer: %s", got)
	}
	st.wait(time.Minute)
	st.given(south, KindAcknowledgement, to(w))
	if got := inWords(answerIn(t, st, st.now.Add(day))); got != "done 2s, not-owed, not-owed, done 1m0s, not-owed" {
		t.Errorf("an observer that answers: %s", got)
	}

	for name, st := range map[string]*story{
		"a warning that is meant": newStory(UrgencyImmediate, false),
		"a question":              begin(KindQuestion, UrgencyImmediate, func(s *Statement) { s.Status = StatusExercise }),
		"a proposal":              begin(KindAccordProposal, ""),
	} {
		if _, ok := DrillAnswerIn(st.fold(t), st.now); ok {
			t.Errorf("%s is taken for an exercise", name)
		}
	}
	if _, ok := DrillAnswerIn(Fold(w.CaseID(), nil), st.now); ok {
		t.Error("a case without its opening is taken for an exercise")
	}
}

func TestDrillReport(t *testing.T) {
	const east, west PartyID = "east.example", "west.example"
	now := storyBegins.Add(100 * day)
	step := func(state DrillState, after time.Duration) DrillStep { return DrillStep{State: state, After: after} }
	never, due := step(DrillNever, 0), step(DrillDue, 0)
	answer := func(n byte, sent time.Time, party PartyID, acknowledged, assessed DrillStep) DrillAnswer {
		a := DrillAnswer{Case: CaseID{n, byte(len(party)), party[0]}, Release: ReleaseID{n}, Code: Code(fmt.Sprint("CODE000", n)), From: north, Party: party, Sent: sent, Received: sent, Receipt: step(DrillDone, 0), Acknowledged: acknowledged, Assessed: assessed}
		if acknowledged.State == DrillNever && assessed.State == DrillNever && party == west {
			a.Received, a.Receipt = time.Time{}, never
		}
		return a
	}
	older, newer := storyBegins, storyBegins.Add(7*day)
	answers := []DrillAnswer{
		answer(1, older, south, step(DrillDone, time.Minute), step(DrillDone, time.Hour)),
		answer(1, older, east, step(DrillLate, 2*time.Hour), step(DrillRefused, 3*time.Hour)),
		answer(1, older, west, never, never),
		answer(1, older, "x.example", step(DrillDone, time.Minute), step(DrillDone, 2*time.Hour)),
		answer(2, newer, west, step(DrillDone, time.Second), due),
		answer(2, newer, south, step(DrillDone, 3*time.Minute), due),
		answer(2, newer, east, due, due),
		answer(2, newer, "x.example", never, due),
		answer(2, newer, "observer.example", step(DrillNotOwed, 0), step(DrillNotOwed, 0)),
	}
	// The parties in the order of who is slowest, and what is counted of them.
	want := map[PartyID]DrillParty{
		east: {Party: east, Exercises: 2, Received: 2,
			Acknowledged: DrillFigures{Late: 1, Due: 1, Median: step(DrillDone, 2*time.Hour), Slowest: step(DrillDone, 2*time.Hour)},
			Assessed:     DrillFigures{Refused: 1, Due: 1, Median: step(DrillDone, 3*time.Hour), Slowest: step(DrillDone, 3*time.Hour)}},
		"x.example": {Party: "x.example", Exercises: 2, Received: 2,
			Acknowledged: DrillFigures{Done: 1, Never: 1, Median: step(DrillDone, time.Minute), Slowest: never},
			Assessed:     DrillFigures{Done: 1, Due: 1, Median: step(DrillDone, 2*time.Hour), Slowest: step(DrillDone, 2*time.Hour)}},
		south: {Party: south, Exercises: 2, Received: 2,
			Acknowledged: DrillFigures{Done: 2, Median: step(DrillDone, time.Minute), Slowest: step(DrillDone, 3*time.Minute)},
			Assessed:     DrillFigures{Done: 1, Due: 1, Median: step(DrillDone, time.Hour), Slowest: step(DrillDone, time.Hour)}},
		west: {Party: west, Exercises: 2, Received: 1,
			Acknowledged: DrillFigures{Done: 1, Never: 1, Median: step(DrillDone, time.Second), Slowest: never},
			Assessed:     DrillFigures{Never: 1, Due: 1, Median: never, Slowest: never}},
		"observer.example": {Party: "observer.example", Exercises: 1, Received: 1,
			Acknowledged: DrillFigures{Median: step(DrillNotOwed, 0), Slowest: step(DrillNotOwed, 0)}, Assessed: DrillFigures{Median: step(DrillNotOwed, 0), Slowest: step(DrillNotOwed, 0)}},
	}
	order := []PartyID{east, "x.example", south, west, "observer.example"}
	slices.Reverse(answers) // in whatever order they come
	r := DrillReportOf(answers, now)
	if !r.AsOf.Equal(now) || len(r.Parties) != len(order) {
		t.Fatalf("%+v", r)
	}
	for i, p := range r.Parties {
		if p.Party != order[i] || p != want[p.Party] {
			t.Errorf("%d: got  %+v\nwant %s %+v", i, p, order[i], want[order[i]])
		}
	}
	for i, e := range []struct {
		sent    time.Time
		parties []PartyID
	}{{newer, []PartyID{"x.example", south, west, east, "observer.example"}}, {older, []PartyID{west, east, "x.example", south}}} {
		got := r.Exercises[i]
		var parties []PartyID
		for _, a := range got.Answers {
			parties = append(parties, a.Party)
		}
		if !got.Sent.Equal(e.sent) || got.From != north || !slices.Equal(parties, e.parties) || got.Code != got.Answers[0].Code {
			t.Errorf("%d: sent %s, %v, want %v", i, got.Sent, parties, e.parties)
		}
	}
	if empty := DrillReportOf(nil, now); len(empty.Parties)+len(empty.Exercises) != 0 {
		t.Errorf("of nothing: %+v", empty)
	}
}
