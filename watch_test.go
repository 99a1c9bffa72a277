package heed

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// watchStory is a warning that was received, an hour after it began.
func watchStory() (*story, Statement) {
	st := newStory(UrgencyImmediate, false)
	warning := st.all[0]
	st.receipt(warning)
	st.wait(time.Hour)
	return st, warning
}

// lapse is a notice of the warned's that the watch ends after a span; none: that it goes on.
func (st *story) lapse(after time.Duration, answers ...Statement) Statement {
	return st.given(south, KindWatchLapseNotice, answers, func(s *Statement) {
		s.Effective = time.Time{}
		if after > 0 {
			s.Effective = st.now.Add(after)
		}
	})
}

func sourcesOf(w Watch) (ids []StatementID) {
	for _, s := range w.Sources {
		ids = append(ids, s.Statement)
	}
	return ids
}

// Each story ends with a state of the watch a day after its last word; of whom
// is watched for then, and by which statement it ended.
func TestWatch(t *testing.T) {
	for what, tell := range map[string]func(st *story, warning Statement) (WatchState, []Statement, Statement){
		"received": func(_ *story, warning Statement) (WatchState, []Statement, Statement) {
			return WatchOn, to(warning), Statement{}
		},
		"assessed as not credible, and concluded": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			assessment := st.assess(NotCredible, warning)
			st.given(south, KindOutcome, to(warning, assessment), func(s *Statement) { s.Outcome = Unfounded })
			return WatchOn, to(warning), Statement{}
		},
		"refused for want of grounds": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.given(south, KindRefusal, to(warning), func(s *Statement) { s.Code = InsufficientGrounds })
			return WatchOn, to(warning), Statement{}
		},
		"refused as unlawful": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			refusal := st.given(south, KindRefusal, to(warning), func(s *Statement) { s.Code = UnlawfulHere })
			return WatchRefused, nil, refusal
		},
		"refused for its character": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			refusal := st.given(south, KindRefusal, to(warning), func(s *Statement) { s.Code = CharacterBar })
			return WatchRefused, nil, refusal
		},
		"recalled": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			return WatchRecalled, nil, st.given(north, KindRecall, to(warning))
		},
		"recalled, and corrected after that": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.given(north, KindRecall, to(warning))
			return WatchOn, to(st.given(north, KindCorrection, to(warning))), Statement{}
		},
		"corrected": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			return WatchOn, to(st.given(north, KindCorrection, to(warning))), Statement{}
		},
		"corrected, and not received": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.say(north, KindCorrection, to(warning))
			return WatchOn, to(warning), Statement{}
		},
		"supplemented": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			return WatchOn, to(warning, st.given(north, KindSupplement, to(warning))), Statement{}
		},
		"supplemented, corrected, supplemented": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.given(north, KindSupplement, to(warning))
			correction := st.given(north, KindCorrection, to(warning))
			return WatchOn, to(correction, st.given(north, KindSupplement, to(warning))), Statement{}
		},
		"announced to lapse in two days": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			return WatchLapsing, to(warning), st.lapse(2*day, warning)
		},
		"announced to lapse, and the time has come": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			return WatchLapsed, nil, st.lapse(day, warning)
		},
		"announced, and taken back": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.lapse(day, warning)
			return WatchOn, to(warning), st.lapse(0, warning)
		},
		"announced, and moved": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.lapse(day, warning)
			return WatchLapsing, to(warning), st.lapse(5*day, warning)
		},
		"taken back too late": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			lapse := st.lapse(time.Hour, warning)
			st.wait(time.Hour) // to the millisecond at which it takes effect
			st.lapse(0, warning)
			return WatchLapsed, nil, lapse
		},
		"taken back in the last millisecond": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.lapse(time.Hour, warning)
			st.wait(time.Hour - time.Millisecond)
			return WatchOn, to(warning), st.lapse(0, warning)
		},
		"the warner objects by a supplement": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.lapse(time.Hour, warning)
			return WatchOn, to(st.given(north, KindSupplement, to(warning))), Statement{}
		},
		"the warner objects by a correction": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.lapse(time.Hour, warning)
			return WatchOn, to(st.given(north, KindCorrection, to(warning))), Statement{}
		},
		"the objection is answered, too": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			st.lapse(time.Hour, warning)
			correction := st.given(north, KindCorrection, to(warning))
			return WatchLapsed, nil, st.lapse(time.Hour, correction)
		},
		"a notice covers what was said before": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			supplement := st.given(north, KindSupplement, to(warning))
			return WatchLapsed, nil, st.lapse(time.Hour, supplement)
		},
		"kept before anything runs out": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			return WatchOn, to(warning), st.lapse(0, warning)
		},
		"questions end nothing": func(st *story, warning Statement) (WatchState, []Statement, Statement) {
			notice := st.lapse(3*day, warning)
			st.given(north, KindQuestion, nil)
			return WatchLapsing, to(warning), notice
		},
	} {
		st, warning := watchStory()
		state, watched, by := tell(st, warning)
		c := st.fold(t)
		st.wait(day)
		w := c.Watch(st.now)
		if w.State != state || !slices.Equal(sourcesOf(w), idsOf(watched)) || w.By != by.ID {
			t.Errorf("%s: %s, for %v, by %v; want %s, for %v, by %v", what, w.State, sourcesOf(w), w.By, state, idsOf(watched), by.ID)
		}
		if w.State.Runs() != (len(w.Sources) > 0) || w.State.Runs() == w.Since.IsZero() {
			t.Errorf("%s: %s with %d sources since %s", what, w.State, len(w.Sources), w.Since)
		}
		if !slices.Contains(WatchStates(), w.State) {
			t.Errorf("%s: %q is not listed", what, w.State)
		}
	}
}

func idsOf(all []Statement) (ids []StatementID) {
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestWatchBeginsWithTheReceipt(t *testing.T) {
	st := newStory(UrgencyImmediate, false)
	if w := st.fold(t).Watch(st.now); w.State != WatchNone {
		t.Errorf("what nobody has received is %s", w.State)
	}
	st.wait(time.Minute)
	st.receipt(st.all[0])
	if w := st.fold(t).Watch(st.now); w.State != WatchOn || !w.Since.Equal(st.now) {
		t.Errorf("%s since %s", w.State, w.Since)
	}
	question := begin(KindQuestion, UrgencyImmediate)
	question.receipt(question.all[0])
	if w := question.fold(t).Watch(question.now); w.State != WatchNone {
		t.Errorf("a question is %s", w.State)
	}
}

// A lapse takes effect at its millisecond, and not before.
func TestLapseTakesEffectWhenAnnounced(t *testing.T) {
	st, warning := watchStory()
	notice := st.lapse(time.Hour, warning)
	c := st.fold(t)
	if w := c.Watch(notice.Effective.Add(-time.Millisecond)); w.State != WatchLapsing || !w.Effective.Equal(notice.Effective) {
		t.Errorf("before: %s until %s", w.State, w.Effective)
	}
	if w := c.Watch(notice.Effective); w.State != WatchLapsed || !w.Effective.Equal(notice.Effective) {
		t.Errorf("then: %s since %s", w.State, w.Effective)
	}
	at := c.Reached()
	if !at[StateLapsing].Equal(notice.Time) || !at[StateWatching].IsZero() {
		t.Errorf("reached %v", at)
	}
}

func TestLapseBy(t *testing.T) {
	const notice = 7 * day
	st, warning := watchStory()
	c := st.fold(t)
	for what, a := range map[string]struct {
		effective time.Time
		want      RefusalCode
	}{
		"goes on":                {time.Time{}, ""},
		"with its notice":        {st.now.Add(notice), ""},
		"a millisecond sooner":   {st.now.Add(notice - time.Millisecond), NotAdmitted},
		"at once":                {st.now, NotAdmitted},
		"two years ahead":        {st.now.Add(MaxResponse), ""},
		"more than that":         {st.now.Add(MaxResponse + time.Millisecond), "invalid"},
		"before it is announced": {st.now.Add(-time.Millisecond), "invalid"},
	} {
		err := c.LapseBy(a.effective, notice, st.now)
		got := code(err)
		if errors.As(err, new(*Invalid)) {
			got = "invalid"
		}
		if got != a.want {
			t.Errorf("%s: %v, want %q", what, err, a.want)
		}
	}
	if err := c.LapseBy(st.now, 0, st.now); err != nil {
		t.Errorf("without a notice period it may take effect at once: %v", err)
	}
	st.lapse(time.Hour, warning)
	c = st.fold(t)
	if err := c.LapseBy(time.Time{}, 0, st.now.Add(time.Hour)); code(err) != NotAdmitted {
		t.Errorf("what has lapsed is taken up again: %v", err)
	}
	if err := newStory(UrgencyImmediate, false).fold(t).LapseBy(time.Time{}, 0, st.now); code(err) != NotAdmitted {
		t.Errorf("where nobody is on watch: %v", err)
	}
}

// The notice that the terms give is held against what the other party says, as
// far as its accord is known here; what breaks the form of it is refused in any case.
func TestAdmitHoldsTheNoticeOfALapse(t *testing.T) {
	st, warning := watchStory()
	c := st.fold(t)
	terms := st.terms
	terms.LapseNotice = 7 * day
	for what, a := range map[string]struct {
		answers   []Statement
		effective time.Time
		want      RefusalCode
	}{
		"as the terms give":     {to(warning), st.now.Add(7 * day), ""},
		"sooner":                {to(warning), st.now.Add(7*day - time.Millisecond), NotAdmitted},
		"that it goes on":       {to(warning), time.Time{}, ""},
		"before it is said":     {to(warning), st.now.Add(-time.Millisecond), Malformed},
		"too far ahead":         {to(warning), st.now.Add(MaxResponse + time.Millisecond), Malformed},
		"of nothing":            {nil, st.now.Add(7 * day), Malformed},
		"of a receipt":          {to(st.all[1]), st.now.Add(7 * day), NotAdmitted},
		"of the warner's watch": {to(warning), st.now.Add(7 * day), ""},
	} {
		s := st.next(south, KindWatchLapseNotice, a.answers, func(s *Statement) { s.Effective = a.effective })
		if got := code(c.Admit(s, terms, st.now)); got != a.want {
			t.Errorf("%s: got %q, want %q", what, got, a.want)
		}
	}
	for what, s := range map[string]Statement{
		"of the warner": st.next(north, KindWatchLapseNotice, to(warning)),
		"without a reason": st.next(south, KindWatchLapseNotice, to(warning), func(s *Statement) {
			s.Contents, s.Effective = nil, st.now.Add(7*day)
		}),
	} {
		if err := c.Admit(s, terms, st.now); err == nil {
			t.Errorf("a notice %s is admitted", what)
		}
	}
}

// The decision is owed from its response time before what runs out, until then;
// silence ends nothing, and only a notice from then on discharges it.
func TestDecision(t *testing.T) {
	const response = 8 * time.Hour
	st, warning := watchStory()
	until := st.now.Add(30 * day)
	owed := until.Add(-response)
	at := func(now time.Time) (DutyState, bool) {
		d, ok := st.fold(t).Decision(until, response, now)
		if ok && (d.Kind != DutyDecide || d.OwedBy != south || d.OwedTo != north || d.From != warning.ID || !d.Due.Equal(until)) {
			t.Errorf("it is %+v", d)
		}
		return d.State(now), ok
	}
	if state, ok := at(owed.Add(-time.Millisecond)); ok {
		t.Errorf("before it is owed: %s", state)
	}
	if state, ok := at(owed); !ok || state != DutyOpen {
		t.Errorf("when it begins to be owed: %s, %t", state, ok)
	}
	if state, ok := at(until); !ok || state != DutyOpen {
		t.Errorf("exactly when it is due: %s, %t", state, ok)
	}
	late := until.Add(100 * day)
	if state, ok := at(late); !ok || state != DutyOverdue {
		t.Errorf("long after: %s, %t", state, ok)
	}
	if w := st.fold(t).Watch(late); w.State != WatchOn {
		t.Errorf("silence has ended the watch: %s", w.State)
	}
	if _, ok := st.fold(t).Decision(time.Time{}, response, late); ok {
		t.Error("nothing runs out, and a decision is owed")
	}
	st.lapse(0, warning) // before it is owed: that is no decision on what runs out
	if state, ok := at(until); !ok || state != DutyOpen {
		t.Errorf("after an earlier word: %s, %t", state, ok)
	}
	st.now = owed
	st.lapse(0, warning)
	if state, ok := at(late); !ok || state != DutyDischarged {
		t.Errorf("decided that it goes on: %s, %t", state, ok)
	}
	st.now = until.Add(time.Hour)
	st.lapse(day, warning)
	if state, ok := at(until.Add(2 * time.Hour)); !ok || state != DutyDischarged {
		t.Errorf("announced to lapse: %s, %t", state, ok)
	}
	if state, ok := at(late); ok {
		t.Errorf("when it has lapsed: %s", state)
	}
}

// A lapse that was announced in good time is the decision, whenever it was.
func TestAnnouncedLapseIsTheDecision(t *testing.T) {
	st, warning := watchStory()
	until := st.now.Add(30 * day)
	st.lapse(60*day, warning)
	if d, ok := st.fold(t).Decision(until, day, until); !ok || d.State(until) != DutyDischarged {
		t.Errorf("%s, %t", d.State(until), ok)
	}
}

// Whatever order statements come in, both sides see the same watch; and in no story
// does it end without a word that ends it.
func TestWatchIsOneForAllOrdersAndEndsByAWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := anyStory(t)
		held := shuffled(t, st.all)
		now := st.now.Add(time.Duration(rapid.Int64Range(0, int64(400*day)).Draw(t, "later")))
		here, there := Fold(st.id, st.all).Watch(now), Fold(st.id, held).Watch(now)
		if here.State != there.State || here.By != there.By || !slices.Equal(sourcesOf(here), sourcesOf(there)) || !here.Effective.Equal(there.Effective) {
			t.Fatalf("%+v, and %+v", here, there)
		}
		c := Fold(st.id, st.all)
		switch here.State {
		case WatchLapsed, WatchRefused, WatchRecalled:
			by, ok := c.Statement(here.By)
			if !ok || here.State == WatchLapsed && (by.Kind != KindWatchLapseNotice || by.Effective.IsZero() || by.Effective.After(now)) {
				t.Fatalf("%s by %+v", here.State, by)
			}
		case WatchNone:
			if _, received := c.Receipt(StatementID(c.ID)); received && c.Opening.Kind == KindWarning {
				t.Fatal("a received warning is on nobody's watch")
			}
		}
	})
}
