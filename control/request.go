package control

import (
	"strings"
	"time"

	"heed"
)

// What the command line asks, and what it is told.
type (
	// Ping says that the node is there.
	Ping struct {
		Party    heed.PartyID `json:"party"`
		Restored bool         `json:"restored"`
	}
	// CardAnswer is the node's card.
	CardAnswer struct {
		Note []byte `json:"note"`
	}
	// CardsAnswer is all cards that the node has had, oldest first.
	CardsAnswer struct {
		Notes [][]byte `json:"notes"`
	}
	// RenewRequest asks for the next card. What is empty stays as it is.
	RenewRequest struct {
		By         heed.OfficerID `json:"by,omitempty"`
		Baseline   *heed.Baseline `json:"baseline,omitempty"`
		Endpoint   string         `json:"endpoint,omitempty"`
		Tiles      string         `json:"tiles,omitempty"`
		NodeKey    bool           `json:"nodeKey,omitempty"`    // a fresh one
		SealingKey bool           `json:"sealingKey,omitempty"` // a fresh one
		LedgerKey  bool           `json:"ledgerKey,omitempty"`  // a fresh one, with a fresh ledger
		LedgerLost bool           `json:"ledgerLost,omitempty"` // the present ledger cannot be gone on with
		// NextRecoveryKey is the verification key that the next card names for those
		// after it; empty: the present one stays.
		NextRecoveryKey string `json:"nextRecoveryKey,omitempty"`
		RecoveryKey     []byte `json:"recoveryKey,omitempty"` // the recovery key file's text, to sign with

		Depositaries [][]byte      `json:"depositaries,omitempty"` // their cards; they replace those that were named
		NoDepositary bool          `json:"noDepositary,omitempty"` // name none any more
		CollectEvery time.Duration `json:"collectEvery,omitempty"` // how often they are asked
	}
	// PathRequest names a file that the node writes.
	PathRequest struct {
		By   heed.OfficerID `json:"by,omitempty"`
		Path string         `json:"path"`
	}
	// OfficerRequest changes the roster.
	OfficerRequest struct {
		By    heed.OfficerID `json:"by,omitempty"`
		Name  string         `json:"name"`
		Roles []string       `json:"roles,omitempty"`
		// SSHKey is the text of an OpenSSH public key file; empty: the node makes a key
		// and holds it.
		SSHKey string `json:"sshKey,omitempty"`
	}
	// OfficerRemoved is what `heed officer remove --json` prints.
	OfficerRemoved struct {
		Removed heed.OfficerID `json:"removed"`
		Drafts  []heed.Code    `json:"drafts"` // that wait for release with this officer's signature, which they cannot get any more
	}
	// PeerRequest changes the peers.
	PeerRequest struct {
		By    heed.OfficerID `json:"by,omitempty"`
		Note  []byte         `json:"note,omitempty"`
		Party string         `json:"party,omitempty"`
	}
	// AttachmentForm is a file that goes with a warning.
	AttachmentForm struct {
		Name      string `json:"name"`
		MediaType string `json:"mediaType"`
		Data      []byte `json:"data"`
	}
	// WarnRequest sends a warning, or amends one.
	WarnRequest struct {
		Officer     heed.OfficerID   `json:"officer"`
		Case        string           `json:"case,omitempty"`
		To          []string         `json:"to,omitempty"`
		Accord      string           `json:"accord,omitempty"` // with nobody in To: to all whom it binds
		Warning     heed.Warning     `json:"warning,omitzero"`
		Attachments []AttachmentForm `json:"attachments,omitempty"`
		Reason      string           `json:"reason,omitempty"`
		Draft       bool             `json:"draft,omitempty"` // keep it for release
	}
	// WarnAnswer is what `heed warn --json` prints.
	WarnAnswer struct {
		Case  heed.Code      `json:"case"`
		To    []heed.PartyID `json:"to"`
		IDs   []string       `json:"ids"`
		State string         `json:"state,omitempty"` // StateDrafted: it waits for release, and Case is the draft's code
		// Unfindable are persons whom no record will be found to be: very many bear the
		// name, and the warning says nothing else of them.
		Unfindable []heed.SubjectPath `json:"unfindable,omitempty"`
	}
	// AmendAnswer names the statements that were made, one for each recipient.
	AmendAnswer struct {
		Case       heed.Code      `json:"case"`
		To         []heed.PartyID `json:"to"`
		Statements []string       `json:"statements"`      // in the order of To
		State      string         `json:"state,omitempty"` // StateDrafted: it waits for release
		Draft      heed.Code      `json:"draft,omitempty"`
	}
	// InboxRequest asks for the board.
	InboxRequest struct {
		All bool `json:"all"`
	}
	// CaseRequest names a case.
	CaseRequest struct {
		Case    string         `json:"case"`
		Officer heed.OfficerID `json:"officer,omitempty"`
	}
	// ShowAnswer holds the cases that a name stands for.
	ShowAnswer struct {
		Cases []Case `json:"cases"`
		Draft *Draft `json:"draft,omitempty"` // where the name is that of a draft
		// OneSided is there where the name is that of a case with a partner without heed.
		OneSided *OneSidedCase `json:"oneSidedCase,omitempty"`
	}
	// ActRequest is an officer's act in a case.
	ActRequest struct {
		Case             string         `json:"case"`
		Officer          heed.OfficerID `json:"officer"`
		Text             string         `json:"text,omitempty"`
		WithoutPrejudice bool           `json:"withoutPrejudice,omitempty"`
		Role             string         `json:"role,omitempty"`   // ack: of our ladder
		Accord           string         `json:"accord,omitempty"` // ask-party
		Disposition      string         `json:"disposition,omitempty"`
		Question         string         `json:"question,omitempty"`
		Until            *Time          `json:"until,omitempty"`
		Duty             string         `json:"duty,omitempty"`
		Code             string         `json:"code,omitempty"`
		Outcome          string         `json:"outcome,omitempty"`
		With             string         `json:"with,omitempty"`
		Party            string         `json:"party,omitempty"`
		Urgency          heed.Urgency   `json:"urgency,omitempty"`
		Status           heed.Status    `json:"status,omitempty"`
	}
	// ActAnswer is the statement that was made.
	ActAnswer struct {
		Case      heed.Code `json:"case"`
		Statement Statement `json:"statement"`
		Covers    []Covered `json:"covers"`             // what it answers, by kind
		Recalled  bool      `json:"recalled,omitempty"` // the warning was recalled: nothing more is owed for it
	}
	// Covered is a statement that an act answers.
	Covered struct {
		Kind   heed.Kind `json:"kind"`
		ID     string    `json:"id"`
		Opened bool      `json:"opened"` // somebody of ours has opened it
	}
	// TakeAnswer is who has the case.
	TakeAnswer struct {
		Case    heed.Code      `json:"case"`
		Officer heed.OfficerID `json:"takenBy"`
		At      Time           `json:"takenAt"`
	}
	// WaitRequest waits for a state, for a duty to go overdue, or until
	// nothing is in flight; with nothing named it only waits for the node.
	// With a state of an accord, Case names an accord.
	WaitRequest struct {
		Case    string  `json:"case,omitempty"`
		State   string  `json:"state,omitempty"`
		Overdue string  `json:"overdue,omitempty"`
		Drained bool    `json:"drained,omitempty"`
		Seconds float64 `json:"seconds"`
	}
	// Carriage is envelopes on their way by file.
	Carriage struct {
		Envelopes [][]byte `json:"envelopes"`
		// CutOff is how many statements an export leaves out, as Accord does not
		// bind To any more.
		CutOff int          `json:"cut_off,omitempty"`
		Accord string       `json:"accord,omitempty"`
		To     heed.PartyID `json:"to,omitempty"`
	}
	// ImportAnswer is what became of them.
	ImportAnswer struct {
		From     heed.PartyID `json:"from"`
		Accepted int          `json:"accepted"`
		Taken    int          `json:"taken"`
		Refused  []string     `json:"refused,omitempty"`
		Reply    []byte       `json:"reply,omitempty"`
	}
	// LedgerRequest asks for a check.
	LedgerRequest struct {
		Peers bool `json:"peers"`
	}
	// LedgerAnswer is the result of a check.
	LedgerAnswer struct {
		Origin     string           `json:"origin"`
		Leaves     int64            `json:"leaves"`
		Published  int64            `json:"published"`
		Statements int              `json:"statements"`
		Holds      bool             `json:"holds"`
		Peers      []LedgerPeerLine `json:"peers,omitempty"`
	}
	// LedgerPeerLine is what one peer holds of our ledger, and we of its.
	LedgerPeerLine struct {
		Party   heed.PartyID `json:"party"`
		Holds   int64        `json:"holds"`
		Held    int64        `json:"held"`
		Problem string       `json:"problem,omitempty"`
	}
	// CheckpointAnswer is the newest published checkpoint.
	CheckpointAnswer struct {
		Checkpoint string `json:"checkpoint"`
	}
	// ProofAnswer proves that statements of ours are in a checkpoint.
	ProofAnswer struct {
		Checkpoint string            `json:"checkpoint"`
		Size       int64             `json:"size"`
		Former     map[string]string `json:"former,omitempty"` // last checkpoints of ended ledgers that have a leaf, by origin
		Leaves     []ProofLeaf       `json:"leaves"`
	}
	// ProofLeaf is one leaf with its inclusion proof (RFC 6962 order). An
	// empty proof of a leaf beyond the size: the next checkpoint has it.
	ProofLeaf struct {
		Statement string    `json:"statement"`
		Kind      heed.Kind `json:"kind"`
		Slot      string    `json:"slot"`
		Origin    string    `json:"origin"` // of the ledger that has it
		Index     int64     `json:"index"`
		Leaf      []byte    `json:"leaf"`
		Proof     [][]byte  `json:"proof"`
	}
)

// DutyNamed reads a duty as people name it: as in the rules, or by what
// discharges it.
func DutyNamed(name string) (heed.DutyKind, error) {
	others := map[string]heed.DutyKind{
		"ack": heed.DutyAcknowledge, "acknowledgement": heed.DutyAcknowledge, "acknowledgment": heed.DutyAcknowledge,
		"assessment": heed.DutyAssess, "action": heed.DutyReport, "act": heed.DutyReport, "outcome": heed.DutyConclude, "conclusion": heed.DutyConclude,
	}
	name = strings.ToLower(name)
	if kind, ok := others[name]; ok {
		return kind, nil
	}
	return heed.ParseDutyKind(name)
}

// StateNamed reads a case's state as people name it.
func StateNamed(name string) (heed.State, error) {
	others := map[string]heed.State{"acked": heed.StateAcknowledged, "action": heed.StateActed, "questioned": heed.StateAsked}
	name = strings.ToLower(name)
	if state, ok := others[name]; ok {
		return state, nil
	}
	return heed.ParseState(name)
}
