package stats

import (
	"errors"
	"reflect"
	"strings"
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

// A report of an accord names everybody in it, and says what may be published.
func TestReportOfAnAccord(t *testing.T) {
	terms := heed.Accord{
		ID: heed.VersionID{0xab, 0xcd}, Number: 1, Name: "The <games>",
		Members:    []heed.Member{{Party: south}, {Party: north}, {Party: "west.example"}},
		Observers:  []heed.Observer{{Party: "office.example"}},
		Disclosure: heed.Disclosure{Counts: heed.PublishAgreed, Times: heed.PublishNobody, Fields: heed.PublishNobody},
	}
	standing := heed.Standing{State: heed.AccordInForce, Versions: []heed.VersionStanding{{ID: terms.ID, Answers: []heed.PartyAnswer{
		{Party: "west.example", Answer: heed.AnswerReserved, Reservations: []heed.Reservation{{Clause: "disclosure"}, {Clause: "drills"}}},
		{Party: south, Answer: heed.AnswerReserved, Reservations: []heed.Reservation{{Clause: "drills"}}},
	}}}}
	r := counted(north, Period{}, looked, []heed.Case{proposed(tell(t, 1, begins, heed.StatusActual, ""), time.Hour), proposed(tell(t, 2, begins, heed.StatusActual, ""), 0)})
	r.Accord = AccordOf(terms, standing)
	want := []MemberRow{
		{Party: "office.example", Role: RoleObserver}, {Party: south, Role: RoleMember, To: Exchanged{Due: 2, Timely: 1, Overdue: 1}}, {Party: "west.example", Role: RoleMember},
	}
	if got := r.Matrix(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	r.Accord.Members = []heed.PartyID{north, "west.example"} // south was removed
	if got := r.Matrix()[1]; got.Party != south || got.Role != RoleFormer || got.To.Due != 2 {
		t.Errorf("who was removed: %+v", got)
	}

	var page, table strings.Builder
	if err := errors.Join(WriteHTML(&page, r), WriteCSV(&table, r)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"RESTRICTED under accord abcd0000", "The &lt;games&gt;", "Counts may be published where both sides of a relation have signed it.",
		"Times, response times among them, may be published by nobody.", "Not bound by this, for a reservation to the clause: west.example.",
		"These are the cases of north.example alone", "<td>1 of 2</td>",
	} {
		if !strings.Contains(page.String(), text) {
			t.Errorf("the page lacks %q", text)
		}
	}
	for _, row := range []string{",disclosure,counts,agreed\r\n", ",disclosure,times,nobody\r\n", ",disclosure,reserved,west.example\r\n", ",accord,id,abcd0000"} {
		if !strings.Contains(table.String(), row) {
			t.Errorf("the table lacks %q", row)
		}
	}
	r.Accord.Disclosure.Counts = heed.PublishNobody
	if got := r.Accord.Mark(); got != "NOT FOR PUBLICATION under accord abcd0000" {
		t.Errorf("the mark is %q", got)
	}
	r.Accord = nil
	page.Reset()
	table.Reset()
	if err := errors.Join(WriteHTML(&page, r), WriteCSV(&table, r)); err != nil {
		t.Fatal(err)
	}
	if r.Matrix() != nil || strings.Contains(page.String(), "published") || strings.Contains(table.String(), "disclosure") {
		t.Error("a report of all cases speaks of an accord")
	}
	for _, p := range heed.Publishers() {
		if publisherWords[p] == "" {
			t.Errorf("%s has no words", p)
		}
	}
}
