package stats

import (
	"testing"
	"time"

	"heed"
)

// rate says whether a reply was of use.
func (st *story) rate(by, to heed.PartyID, reply heed.Statement, yes bool) heed.Statement {
	return st.given(by, to, heed.KindRating, func(s *heed.Statement) { s.Meaningful = yes }, reply)
}

// Replies are rated by whoever asked, in both directions; the last rating
// counts; what nobody has rated is not rated, and not of no use.
func TestRatings(t *testing.T) {
	st := tell(t, 1, begins, heed.StatusActual, heed.UrgencyImmediate)
	warning := st.given(north, south, heed.KindWarning, st.asking)
	question := st.given(south, north, heed.KindQuestion, func(s *heed.Statement) { s.Urgency = heed.UrgencyExpected }, warning)
	answer := st.given(north, south, heed.KindAnswer, nil, question)
	assessment := st.assess(south, north, heed.Credible, warning)
	reply := st.given(south, north, heed.KindAnswer, nil, warning)
	action := st.given(south, north, heed.KindAction, nil, assessment)

	before := line(t, counted(north, Period{}, looked, []heed.Case{st.fold()}), north, south, heed.StatusActual, AllUrgencies)
	if before.Meaningful != nil || before.Rated != 0 || before.RatedWords() != "not rated" {
		t.Errorf("nobody has rated anything: %d, %v", before.Rated, before.Meaningful)
	}
	st.rate(north, south, assessment, false)
	st.rate(north, south, reply, true)
	st.rate(north, south, action, true)
	st.rate(north, south, assessment, true) // takes the first back
	st.rate(north, south, action, false)
	st.rate(south, north, answer, false)
	for party, r := range map[heed.PartyID]Report{
		north: counted(north, Period{}, looked, []heed.Case{st.fold()}), south: counted(south, Period{}, looked, []heed.Case{st.fold()}),
	} {
		for _, want := range []struct {
			from, to          heed.PartyID
			urgency           heed.Urgency
			rated, meaningful int
		}{
			{north, south, AllUrgencies, 3, 2}, {north, south, heed.UrgencyImmediate, 3, 2},
			{south, north, AllUrgencies, 1, 0}, {south, north, heed.UrgencyExpected, 1, 0},
		} {
			got := line(t, r, want.from, want.to, heed.StatusActual, want.urgency)
			if got.Rated != want.rated || got.Meaningful == nil || *got.Meaningful != want.meaningful {
				t.Errorf("%s: %s to %s, %s: %s, want %d of %d", party, want.from, want.to, want.urgency, got.RatedWords(), want.meaningful, want.rated)
			}
		}
	}
}

// An acknowledgement that one of several rungs owes counts among the others.
func TestAcknowledgementsOfRungs(t *testing.T) {
	st := tell(t, 1, begins, heed.StatusActual, heed.UrgencyImmediate)
	w := st.say(north, south, heed.KindWarning, st.warning)
	st.say(south, north, heed.KindReceipt, func(r *heed.Statement) {
		r.Contents, r.Number, r.Received, r.PublishBy, r.Ledger, r.Terms = nil, 1, st.now, st.now.Add(time.Minute), "ledger", heed.CardID{1}
		r.Duties = []heed.Promise{{Kind: heed.OfRung(1), Due: st.now.Add(time.Hour)}, {Kind: heed.OfRung(2), Due: st.now.Add(time.Hour)}}
	}, w)
	st.given(south, north, heed.KindAcknowledgement, func(s *heed.Statement) { s.Level, s.Role = 1, "duty-desk" }, w)
	there := line(t, counted(north, Period{}, looked, []heed.Case{st.fold()}), north, south, heed.StatusActual, AllUrgencies)
	if got := replies(t, there, heed.DutyAcknowledge); got.Owed != 2 || got.Timely != 1 || got.Overdue != 1 {
		t.Errorf("two rungs, of which one has acknowledged: %+v", got)
	}
}
