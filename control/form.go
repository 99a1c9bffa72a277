package control

import (
	"time"

	"heed"
)

// The forms below are what `--json` prints. Times are RFC 3339 in UTC.

// Case is one case, as both sides see it but for the fields marked local.
type Case struct {
	Code       heed.Code           `json:"case"`
	ID         string              `json:"id"`
	Warner     heed.PartyID        `json:"warner"`
	Warned     heed.PartyID        `json:"warned"`
	Warning    Opening             `json:"warning"`
	Stage      heed.State          `json:"stage"`
	Reached    map[heed.State]Time `json:"reached"`
	Statements []Statement         `json:"statements"`
	Duties     []Duty              `json:"duties"`
	Missing    []string            `json:"missing,omitempty"`      // statements whose predecessors have not arrived
	Conflicts  [][2]string         `json:"inconsistent,omitempty"` // pairs of statements that contradict each other
	Watch      *CaseWatch          `json:"watch,omitempty"`
	Local      Local               `json:"local"`
	Contents   []Content           `json:"contents,omitempty"` // only for an officer who may read
	Erased     *Erased             `json:"erased,omitempty"`   // the contents are not here any more
	Origins    []Origin            `json:"passedOn,omitempty"` // with the contents; who warned of it before, the one nearest to the warner first
}

// Erased says when this node erased the contents of a case, and under which accord.
type Erased struct {
	At     Time   `json:"at"`
	Accord string `json:"accord"`
}

// Opening is what the statement that opened the case says of itself. The
// document stands here only for an officer who may read it.
type Opening struct {
	ID         string        `json:"id"`
	Kind       heed.Kind     `json:"kind"`
	Urgency    heed.Urgency  `json:"urgency"` // none of what concerns an accord
	Status     heed.Status   `json:"status"`
	AsksAnswer bool          `json:"asksAnswer"`
	Time       Time          `json:"time"`
	Document   *heed.Warning `json:"document,omitempty"`
	Accord     *CaseAccord   `json:"accord,omitempty"`
}

// CaseAccord is the accord under which a case was opened, or about which.
type CaseAccord struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Number  uint64 `json:"number,omitempty"` // of the version; with it, what follows is known
	Name    string `json:"name,omitempty"`
	Members int    `json:"members,omitempty"`
	Quorum  int    `json:"quorum,omitempty"`
	From    *Time  `json:"from,omitempty"`
	Until   *Time  `json:"until,omitempty"`
}

// Local is what only this node knows of a case.
type Local struct {
	Party    heed.PartyID    `json:"party"`
	TakenBy  heed.OfficerID  `json:"takenBy,omitempty"`
	TakenAt  *Time           `json:"takenAt,omitempty"`
	InFlight []Queued        `json:"inFlight,omitempty"`
	Refused  []RefusedByPeer `json:"refusedByPeer,omitempty"`
	Ring     []Ring          `json:"ring,omitempty"`
	Readings []Reading       `json:"readings,omitempty"`
	// NotLogged are the statements that our mirror of their author's ledger does
	// not show, and on which we might rest something: more time, a recall, a
	// correction, leave to forward. Until it does, the author can disown them.
	NotLogged []string    `json:"notInLedger,omitempty"`
	Watch     *LocalWatch `json:"watch,omitempty"`
}

// Statement is one statement of a case. It holds nothing that erasing the
// contents would take away.
type Statement struct {
	ID          string           `json:"id"`
	Kind        heed.Kind        `json:"kind"`
	Author      heed.PartyID     `json:"author"`
	Recipient   heed.PartyID     `json:"recipient"`
	Time        Time             `json:"time"`
	Officers    []Officer        `json:"officers,omitempty"`
	Answers     []string         `json:"answers,omitempty"`
	Previous    string           `json:"previous,omitempty"`
	Contents    []ContentRef     `json:"contents,omitempty"`
	Code        heed.RefusalCode `json:"code,omitempty"`
	Disposition heed.Disposition `json:"disposition,omitempty"`
	NoPrejudice bool             `json:"withoutPrejudice,omitempty"`
	Outcome     heed.Outcome     `json:"outcome,omitempty"`
	Level       int              `json:"level,omitempty"`
	Role        string           `json:"role,omitempty"`
	Via         string           `json:"via,omitempty"`
	By          *Time            `json:"by,omitempty"`
	Party       heed.PartyID     `json:"party,omitempty"`
	Consent     *bool            `json:"consent,omitempty"`
	Meaningful  *bool            `json:"meaningful,omitempty"` // of a rating
	Confirmed   *Time            `json:"confirmed,omitempty"`  // of a reported hit
	Withdrawn   *Time            `json:"withdrawn,omitempty"`  // of what withdraws such a report
	Effective   *Time            `json:"effective,omitempty"`  // of a notice about a watch; none: the watch goes on
	Number      uint64           `json:"number,omitempty"`
	Received    *Time            `json:"received,omitempty"`
	PublishBy   *Time            `json:"publishBy,omitempty"`
	Duties      []Promise        `json:"duties,omitempty"`
	Accord      string           `json:"accord,omitempty"`
	Version     string           `json:"version,omitempty"`
	Reply       int64            `json:"replyWithin,omitempty"` // milliseconds in which a reply to a proposal is owed
}

// Promise is a duty that a statement names.
type Promise struct {
	Kind heed.DutyKind `json:"kind"`
	Due  Time          `json:"due"`
}

// Officer is who signed, and as what.
type Officer struct {
	Name heed.OfficerID `json:"name"`
	Role heed.Role      `json:"role"`
}

// ContentRef names a content.
type ContentRef struct {
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
	MediaType string `json:"mediaType"`
	Name      string `json:"name,omitempty"`
}

// Content is a content that an officer may read. Data is base64 in JSON.
type Content struct {
	ContentRef
	Document *heed.Warning `json:"document,omitempty"` // where it is a warning document
	Data     []byte        `json:"data,omitempty"`
	Text     string        `json:"text,omitempty"` // where it is plain text
}

// Duty is one duty, open or not.
type Duty struct {
	Kind      heed.DutyKind  `json:"kind"`
	Role      string         `json:"role,omitempty"` // of the rung that owes it for itself
	OwedBy    heed.PartyID   `json:"owedBy"`
	OwedTo    heed.PartyID   `json:"owedTo"`
	Due       Time           `json:"due"`
	State     heed.DutyState `json:"state"`
	Level     int            `json:"level"`
	From      string         `json:"from"`
	Discharge string         `json:"dischargedBy,omitempty"`
	At        *Time          `json:"dischargedAt,omitempty"`
	Expected  *Time          `json:"expected,omitempty"`
}

// Queued is a statement that waits for its receipt.
type Queued struct {
	Statement string `json:"statement"`
	Number    uint64 `json:"number"`
	Since     Time   `json:"since"`
	Attempts  int    `json:"attempts"`
	Trouble   string `json:"trouble,omitempty"`
	// Deposits are the depositaries that hold it for the peer meanwhile.
	Deposits []Deposit `json:"deposits,omitempty"`
}

// Deposit is what a depositary has signed to hold.
type Deposit struct {
	With heed.PartyID `json:"with"`
	At   Time         `json:"at"` // by the depositary's clock
}

// RefusedByPeer is a statement of ours that the other node refused for good.
type RefusedByPeer struct {
	Statement string           `json:"statement"`
	Kind      heed.Kind        `json:"kind"`
	Code      heed.RefusalCode `json:"code"`
	Detail    string           `json:"detail"`
}

// Ring is whom to ring about an overdue reply.
type Ring struct {
	Duty      heed.DutyKind `json:"duty"`
	Party     heed.PartyID  `json:"party"`
	Level     int           `json:"level"`
	Role      string        `json:"role"`
	Telephone string        `json:"telephone"`
	Hours     string        `json:"hours"`
	Zone      string        `json:"zone"`
	Languages string        `json:"languages"`
}

// Reading says who read a case's contents.
type Reading struct {
	Officer heed.OfficerID `json:"officer"`
	Role    heed.Role      `json:"role"`
	At      Time           `json:"at"`
}

// InboxLine is one owed reply.
type InboxLine struct {
	Case    heed.Code      `json:"case"`
	ID      string         `json:"id"`
	Peer    heed.PartyID   `json:"peer"`
	Kind    heed.DutyKind  `json:"kind"`
	OwedBy  heed.PartyID   `json:"owedBy"`
	Due     Time           `json:"due"`
	Left    float64        `json:"secondsLeft"`
	State   heed.DutyState `json:"state"`
	Level   int            `json:"level"`
	Status  heed.Status    `json:"status"`
	TakenBy heed.OfficerID `json:"takenBy,omitempty"`
	Ring    *Ring          `json:"ring,omitempty"`
}

// CaseLine is one case in a list.
type CaseLine struct {
	Case    heed.Code    `json:"case"`
	ID      string       `json:"id"`
	Peer    heed.PartyID `json:"peer"`
	Kind    heed.Kind    `json:"kind,omitempty"` // of what opened it, where that is about an accord
	Ours    bool         `json:"ours"`
	Urgency heed.Urgency `json:"urgency"`
	Status  heed.Status  `json:"status"`
	Stage   heed.State   `json:"stage"`
	Changed Time         `json:"changed"`
}

// Inbox is the board of owed replies.
type Inbox struct {
	At       Time         `json:"at"`
	Party    heed.PartyID `json:"party"`
	Duties   []InboxLine  `json:"duties"`  // what we owe
	Awaited  []InboxLine  `json:"awaited"` // what we are owed
	Cases    []CaseLine   `json:"cases,omitempty"`
	Drafts   []DraftLine  `json:"drafts,omitempty"` // what waits for release
	Restored bool         `json:"restored,omitempty"`
	// OneSided is what is owed between this node's party and partners without heed,
	// which nobody but this party has signed; nil: nothing is.
	OneSided *OneSidedInbox `json:"oneSided,omitempty"`
	// Links are those of the last week, from the side of the later case.
	Links []InboxLink `json:"links,omitempty"`
	// News is of the last week, the latest first; what does not hold any more is left out.
	News []InboxNews `json:"news,omitempty"`
	// Hits are those that wait for a person's review, by time left. They name nobody.
	Hits []HitLine `json:"hits,omitempty"`
}

// Peer is a party that we exchange with.
type Peer struct {
	Party       heed.PartyID `json:"party"`
	Serial      uint64       `json:"serial"`
	Fingerprint string       `json:"fingerprint"`
	Endpoint    string       `json:"endpoint"`
	Added       Time         `json:"added"`
	LastContact *Time        `json:"lastContact,omitempty"`
	Ledger      int64        `json:"ledger"` // leaves of its ledger that we hold
	Trouble     string       `json:"trouble,omitempty"`
	Introducer  heed.PartyID `json:"introducedBy"`     // whose proposal of an accord brought the card; empty: people compared the fingerprint
	Pending     bool         `json:"pending"`          // it was offered so, and not accepted
	Accord      string       `json:"accord,omitempty"` // that was proposed
}

// RosterLine is an officer.
type RosterLine struct {
	Name    heed.OfficerID `json:"name"`
	Roles   []heed.Role    `json:"roles"`
	Removed bool           `json:"removed,omitempty"`
	Key     string         `json:"key"`
	SSH     *SSHKeyLine    `json:"ssh,omitempty"` // nil: the node holds the key
}

// SSHKeyLine is the key of an officer who holds it.
type SSHKeyLine struct {
	Algorithm   string `json:"algorithm"`
	Fingerprint string `json:"fingerprint"` // as `ssh-keygen -l` shows it
	Token       bool   `json:"token"`       // on a FIDO token
}

// Time prints in milliseconds, always with its offset.
type Time struct{ time.Time }

// At is t as JSON shows it.
func At(t time.Time) Time { return Time{t.UTC()} }

func maybe(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	at := At(t)
	return &at
}

// MarshalJSON writes the form of signed text, whose offset is Z.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + heed.FormatTime(t.Time) + `"`), nil }

// UnmarshalJSON reads any RFC 3339 time.
func (t *Time) UnmarshalJSON(b []byte) error { return t.Time.UnmarshalJSON(b) }
