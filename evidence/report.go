package evidence

import (
	"slices"

	"heed"
)

// A Report is everything that Verify found. It marshals to the JSON of
// `heed verify --json`.
type Report struct {
	Verdicts []Verdict `json:"verdicts"`
	Parties  []Party   `json:"parties"`
	Cases    []Case    `json:"cases"`
}

// A Party is one that the files speak of.
type Party struct {
	Party       heed.PartyID `json:"party"`
	Pinned      bool         `json:"pinned"`                 // the policy pins it, and its pinned card is in the files
	Card        string       `json:"card,omitempty"`         // the pinned card's id
	Fingerprint string       `json:"fingerprint,omitempty"`  // of the pinned card, as people compare it
	Serial      uint64       `json:"serial,omitempty"`       // of the newest of its cards in the files
	PinnedCard  uint64       `json:"pinnedSerial,omitempty"` // of the pinned one
	Group       string       `json:"group,omitempty"`        // whose times count for its ledger
	Witnesses   int          `json:"witnesses,omitempty"`    // n of that group
	Faulty      int          `json:"faulty"`                 // f
	Published   int          `json:"published,omitempty"`    // q
	Silence     int          `json:"silence,omitempty"`      // s
}

// A Case is one case whose steps or duties are claimed.
type Case struct {
	Case   string       `json:"case"`
	Code   heed.Code    `json:"code,omitempty"` // empty where the opening is not in the files
	Warner heed.PartyID `json:"warner,omitempty"`
	Warned heed.PartyID `json:"warned,omitempty"`
	Status heed.Status  `json:"status,omitempty"`
	Steps  []Step       `json:"steps"` // by signed time, then by id
}

// A Step is one statement of a case by a known signer. Receipts and deposits
// are not steps: they say of a step when it was received.
type Step struct {
	Statement string       `json:"statement"`
	Kind      heed.Kind    `json:"kind"`
	Author    heed.PartyID `json:"author"`
	Recipient heed.PartyID `json:"recipient"`
	Time      Time         `json:"time"`               // as signed by its author
	NotBefore Time         `json:"notBefore,omitzero"` // lower bound by witnesses
	NotAfter  Time         `json:"notAfter,omitzero"`  // upper bound by witnesses
	Received  Time         `json:"received,omitzero"`  // by the recipient's receipt
	Receipt   string       `json:"receipt,omitempty"`
	Deposited Time         `json:"deposited,omitzero"` // by the recipient's depositary
	Officers  []Officer    `json:"officers,omitempty"`
	Duties    []Due        `json:"duties,omitempty"`  // what its receipt or an assessment promises, or it extends
	Says      string       `json:"says,omitempty"`    // the disposition, outcome, refusal code or the like that the statement itself has
	Accord    string       `json:"accord,omitempty"`  // under whose terms it is made, or which it is about
	Version   string       `json:"version,omitempty"` // of the accord
	Contents  []Opened     `json:"contents,omitempty"`
	Missing   []string     `json:"missing,omitempty"` // in words
}

// An Officer is who signed, and under which role.
type Officer struct {
	Name heed.OfficerID `json:"name"`
	Role heed.Role      `json:"role"`
}

// Due is a duty with its due time.
type Due struct {
	Duty heed.DutyKind `json:"duty"`
	Due  Time          `json:"due"`
}

// Opened is a content that a statement names, as far as the files open it.
type Opened struct {
	Digest    string  `json:"digest"`
	Name      string  `json:"name,omitempty"`
	MediaType string  `json:"mediaType"`
	Size      int64   `json:"size"` // as the statement says
	Open      bool    `json:"open"` // wholly or in part
	Text      string  `json:"text,omitempty"`
	Fields    []Field `json:"fields,omitempty"`
	Closed    int     `json:"closed,omitempty"` // fields of a warning document that stay closed
	Data      []byte  `json:"-"`                // its bytes, nil where it is not open
}

// A Field is one opened field of a warning document.
type Field struct {
	Path  string `json:"path"`
	Value string `json:"value"` // canonical JSON scalar (RFC 8785)
}

// Holds reports whether every verdict is a proven statement, for or against
// whoever made the files: no "cannot tell" and no "unknown signer" among them.
// A report about nothing does not hold.
func (r Report) Holds() bool {
	if len(r.Verdicts) == 0 && len(r.Cases) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.Verdicts, func(v Verdict) bool { return !v.Holds() })
}
