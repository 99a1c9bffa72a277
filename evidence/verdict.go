package evidence

import (
	"encoding/json"
	"time"

	"heed"
	"heed/ledger"
)

// Finding is what a verdict says, in the words that scripts rely on.
type Finding string

// The findings (docs/evidence.md, sections 5 to 7). None of the words is shown
// to people as it stands: Report.Text has theirs.
const (
	Silent               Finding = "silent"
	Answered             Finding = "answered"
	LoggedNotDelivered   Finding = "logged, delivery not shown"
	PromisedNotPublished Finding = "promised, not published"
	NeverAccepted        Finding = "never accepted"
	DeliveryNotShown     Finding = "delivery not shown"
	Recalled             Finding = "recalled"
	LedgerInconsistency  Finding = "ledger inconsistency"
	CannotTell           Finding = "cannot tell"
	UnknownSigner        Finding = "unknown signer"
)

// Time is a time in a report: RFC 3339 in UTC with milliseconds in JSON, and
// left out where it is zero.
type Time struct{ time.Time }

// MarshalJSON writes heed.TimeLayout.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(heed.FormatTime(t.Time)) }

// UnmarshalJSON reads heed.TimeLayout.
func (t *Time) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	at, err := heed.ParseTime(s)
	t.Time = at
	return err
}

func (t Time) String() string { return heed.FormatTime(t.Time) }

// A Verdict is what the files prove of one claim, or of one duty of a case
// whose steps are claimed.
type Verdict struct {
	Verdict   Finding       `json:"verdict"`
	Claim     ClaimKind     `json:"claim"`
	Case      string        `json:"case,omitempty"` // the case's id, where it is known
	Code      heed.Code     `json:"code,omitempty"`
	Statement string        `json:"statement,omitempty"` // from which the duty follows; misbehaviour: the first of the claim's
	Duty      heed.DutyKind `json:"duty,omitempty"`
	OwedBy    heed.PartyID  `json:"owedBy,omitempty"` // misbehaviour: whose lie it is
	OwedTo    heed.PartyID  `json:"owedTo,omitempty"`
	AsOf      Time          `json:"asOf,omitzero"`     // a witnessed time, or a time in the word of the party against whom it counts
	Received  Time          `json:"received,omitzero"` // when the debtor received what it owes a reply to, by its own word
	Due       Time          `json:"due,omitzero"`      // with every extension
	Late      bool          `json:"late"`              // answered or logged: later than due; not there: overdue as of AsOf
	Answer    string        `json:"answer,omitempty"`  // answered: the statement that did
	Lie       Lie           `json:"lie,omitempty"`
	Why       string        `json:"why,omitempty"` // in words, what the verdict rests on or what is missing

	Witnesses      []string `json:"witnesses,omitempty"`      // who cosigned the head that AsOf rests on, sorted
	Corroborations []string `json:"corroborations,omitempty"` // who did so and counts for nothing
	Signers        []Signer `json:"signers,omitempty"`        // unknown signer: whom the policy does not vouch for, MaxSigners at most
}

// Holds reports whether the verdict is a proven statement, for or against
// whoever claimed it.
func (v Verdict) Holds() bool { return v.Verdict != CannotTell && v.Verdict != UnknownSigner }

// AsClaimed reports whether the verdict is what whoever made the file claims:
// that nothing answers a duty, that a party's ledger or word is not straight,
// that this was said. A verdict that holds and is not as claimed goes against
// the claim.
func (v Verdict) AsClaimed() bool {
	switch v.Claim {
	case ClaimSilence:
		return v.Verdict == Silent || v.Verdict == PromisedNotPublished || v.Verdict == NeverAccepted
	case ClaimMisbehaviour:
		return v.Verdict == LedgerInconsistency
	}
	return v.Holds()
}

// NotDueYet reports whether the verdict cannot tell of a reply because it was
// not due at the time as of which its absence is shown.
func (v Verdict) NotDueYet() bool {
	return v.Verdict == CannotTell && !v.Due.IsZero() && !v.AsOf.IsZero() && !v.AsOf.After(v.Due.Time)
}

// slotNames is the ledger's slot of each duty whose absence can be shown.
var slotNames = map[heed.DutyKind]ledger.Slot{
	heed.DutyAcknowledge: ledger.SlotAcknowledge,
	heed.DutyAssess:      ledger.SlotAssess,
	heed.DutyAnswer:      ledger.SlotAnswer,
	heed.DutyReport:      ledger.SlotReport,
	heed.DutyConclude:    ledger.SlotConclude,
	heed.DutyRatify:      ledger.SlotRatify,
}
