package desk

import (
	"net/url"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

// What partners without heed owe stands apart from what parties owe, and the
// board says whose word it is.
func TestBoardOfOneSidedCases(t *testing.T) {
	w := newWorld(t)
	b := w.as(north, "n.arden")
	b.get("/desk/").status(200).saysNot("Partners without heed")
	n := w.nodes[north]
	profile := heed.Profiles()[0]
	must(t, second(n.PutContact(t.Context(), "", heed.Contact{
		ID: "harbour-ops", Name: "Harbour Operations Centre", Phone: "+000 555 0190", Language: []heed.Language{"en"},
		Profile: profile.Name, Clock: profile.Clock, Basis: heed.ClockAssumed,
	})))
	warning := heed.Warning{
		Headline: "A parcel", Language: "en", Narratives: []heed.Narrative{{Language: "en", Text: "A parcel was left."}},
		Category: "Security", Urgency: heed.UrgencyImmediate, Severity: "Extreme", Certainty: "Possible", Status: heed.StatusActual, Handling: heed.Handling{TLP: heed.TLPGreen},
	}
	opened, err := n.WarnByLetter(t.Context(), exchange.LetterOrder{Officer: "n.arden", Contact: "harbour-ops", Warning: warning})
	must(t, err)
	b.get("/desk/").status(200).saysNot("Partners without heed")
	must(t, second(n.RecordEntry(t.Context(), opened.ID, exchange.EntryOrder{Officer: "n.arden", Kind: heed.EntrySent, Told: exchange.Told{Via: heed.ViaHand}})))
	board := b.get("/desk/").status(200)
	board.says("We are owed 0 replies", "Nobody owes us a reply.", "There is no case yet.", "Partners without heed", "One-sided: recorded by us, the partner has signed nothing.",
		opened.Code.Spoken()+" One-sided", "harbour-ops")
	board.saysNot("No answer on record", "Ring +000 555 0190 No reminder", "A parcel")
	w.clock.advance(61 * time.Minute)
	w.as(north, "n.arden").get("/desk/").status(200).says("Overdue by 1 min 00 s Acknowledgement No answer on record as of", "Ring +000 555 0190", "No reminder was written yet")

	// Looked for by its code, it is said what it is.
	w.as(north, "n.arden").get("/desk/find?" + url.Values{"name": {string(opened.Code)}}.Encode()).says("one-sided")
}
