package stats

import (
	"reflect"
	"testing"
	"time"

	"heed"
)

// proposed is a proposal of north's to south, which replies after that time, or
// never where it is zero.
func proposed(st *story, reply time.Duration) heed.Case {
	content := func(media string) []heed.ContentRef {
		return []heed.ContentRef{{Digest: heed.Digest{1}, MediaType: media}}
	}
	accord := func(s *heed.Statement, media string) {
		s.Accord, s.Version, s.Contents, s.Officers = heed.AccordID{1}, heed.VersionID{1}, content(media), nil
	}
	proposal := st.given(north, south, heed.KindAccordProposal, func(s *heed.Statement) {
		accord(s, heed.MediaAccord)
		s.Reply = 24 * time.Hour
	})
	if reply > 0 {
		st.wait(reply)
		st.given(south, north, heed.KindAccordReservation, func(s *heed.Statement) { accord(s, heed.MediaAccordAct) }, proposal)
	}
	return st.fold()
}

// The reply to a proposal is counted like any other, under no urgency.
func TestRepliesToProposals(t *testing.T) {
	var cases []heed.Case
	for i, reply := range []time.Duration{time.Hour, 24 * time.Hour, 30 * time.Hour, 0} {
		cases = append(cases, proposed(tell(t, uint64(i), begins, heed.StatusActual, ""), reply))
	}
	r := counted(north, Period{}, looked, cases)
	there := line(t, r, north, south, heed.StatusActual, AllUrgencies)
	want := Replies{Duty: heed.DutyRatify, Owed: 4, Timely: 2, Late: 1, Overdue: 1, OverdueAtEnd: 1, Median: span(24 * time.Hour), Ninetieth: span(30 * time.Hour)}
	if got := replies(t, there, heed.DutyRatify); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if there.Warnings.Sent != 0 || there.Questions.Sent != 0 {
		t.Errorf("a proposal is neither a warning nor a question: %+v", there)
	}
	for _, relation := range r.Relations {
		for _, d := range relation.Directions {
			for _, l := range d.Lines {
				if l.Urgency != AllUrgencies {
					t.Errorf("a line of urgency %q", l.Urgency)
				}
			}
		}
	}
}
