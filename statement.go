package heed

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// Statement is the signed unit: one author, one kind, and one case, or none
// where Kind.InCase does not hold. The zero value of a field that a kind does
// not have is its absence. Package wire gives it
// its byte form; ID is the hash of that form and no part of it.
type Statement struct {
	ID StatementID

	Kind          Kind
	Case          CaseID // zero where the statement opens its case, or stands in none
	Author        PartyID
	AuthorCard    uint64  // serial of the author's card
	Recipient     PartyID // none in a succession, which is for everybody; in a deposit, who deposited
	RecipientCard uint64
	Time          time.Time     // when the author says that it was signed
	Previous      StatementID   // the author's previous statement in the case; receipts stand outside the chain
	Answers       []StatementID // ascending
	After         Digest        // a witnessed checkpoint that existed before; zero: none
	TagKey        Digest        // SHA-256("heed-tagkey-v1\0" | K); in a receipt, that of what it receipts; zero outside cases
	Release       ReleaseID
	Contents      []ContentRef

	// Accord and Version say under whose terms the statement is made: of what
	// carries a version or an act, the one that it carries; of a warning, a
	// supplement, a correction or a question, the version in force by whose clock
	// it is to be answered. Zero there: the recipient's card.
	Accord  AccordID
	Version VersionID
	Reply   time.Duration // accord-proposal, accord-amendment: in which the recipient owes a reply; 0: it owes none

	Urgency     Urgency     // warning, supplement, correction, question
	Status      Status      // of what opens a case
	AsksAnswer  bool        // warning: an answer is owed, as to a question
	Code        RefusalCode // refusal
	Disposition Disposition // assessment
	NoPrejudice bool        // acknowledgement: without prejudice
	Outcome     Outcome     // outcome
	Meaningful  bool        // rating: the reply was of use
	Level       int         // notification, reminder: the escalation level, 0 on arrival; acknowledgement: the rung for which it is given, 0 for none
	Role        string      // notification, reminder: the ladder's role that is told; acknowledgement: the role of that rung
	Via         string      // notification: the channel that carried it
	By          time.Time   // interim: when the reply is expected
	Party       PartyID     // forward-request, forward-consent: the third party; deposit: for whom it is kept
	Consent     bool        // forward-consent
	Effective   time.Time   // watch-lapse-notice: from when on the subjects are watched no more; zero: the watch goes on
	Confirmed   time.Time   // watch-hit: when an officer decided that the record is of the subject
	Withdrawn   time.Time   // watch-hit, in the place of Confirmed: when an officer decided that the record of the report that it answers may be of somebody else
	Number      uint64      // receipt, deposit: the envelope's number in its channel; in a deposit 0 outside it
	Received    time.Time   // receipt, deposit
	Ledger      string      // receipt, deposit: the verification key of the receiver's ledger, named by its origin; succession: that of the old ledger
	Terms       CardID      // receipt: the card (later: the accord) whose terms apply; deposit: the card of Party, which names the depositary
	PublishBy   time.Time   // receipt, deposit: when the receiver's ledger will show it at the latest
	Envelope    Digest      // deposit: digest of what is sealed
	Carries     []Digest    // deposit: the tags of what the envelope carries, as its header has them, in that order
	Size        int64       // succession: leaves of the old ledger at its newest head that the author knows; 0: it knows none
	Root        Digest      // succession: root of the old ledger at that size; at 0 the SHA-256 of nothing
	Successor   string      // succession: the verification key of the new ledger, named by its origin
	Card        CardID      // succession: the author's card that names the new ledger
	Lost        bool        // succession: no end leaf closes the old ledger, which could not be written any more
	Duties      []Promise   // receipt, assessment: what follows, and when; extension, reminder, notification: the duty meant; watch-hit: by when it was owed

	Node     string         // verification key of the author's node
	Officers []OfficerStamp // who acted, in the order of their signatures
}

// Promise is a duty that a statement names, with its due time.
type Promise struct {
	Kind DutyKind
	Due  time.Time
}

// OfficerStamp names the key and the role under which an officer signed.
type OfficerStamp struct {
	Key  string
	Role Role
}

// ContentRef names a content by the SHA-256 of its salt and bytes, so that a
// short content cannot be guessed from its name.
type ContentRef struct {
	Digest    Digest
	Size      int64
	MediaType string
	Name      string // file name for people; may be empty
}

// Media types of the contents that heed itself makes.
const (
	MediaWarning = "application/vnd.heed.warning"
	MediaText    = "text/plain;charset=utf-8"
	// MediaRightsCheck is a RightsCheck, which stays with its author.
	MediaRightsCheck = "application/vnd.heed.rights-check"
	// A signed version of an accord; a signed act about one; and what goes with
	// a version: the versions and acts before it, and the cards that it names.
	MediaAccord     = "application/vnd.heed.accord"
	MediaAccordAct  = "application/vnd.heed.accord-act"
	MediaAccordFile = "application/vnd.heed.accord-file"
	// MediaFigures is a heed-figures text, and MediaFiguresCases the list of what
	// was counted for it, which is for the other party alone.
	MediaFigures      = "application/vnd.heed.figures"
	MediaFiguresCases = "application/vnd.heed.figures-cases"
	// MediaForwarded goes with a warning that is passed on: what its originator signed.
	MediaForwarded = "application/vnd.heed.forwarded"
	// MediaHitReport is a HitReport, which a watch-hit carries.
	MediaHitReport = "application/vnd.heed.hit-report"
)

// Disposition is the result of an assessment.
type Disposition string

// The dispositions.
const (
	Credible       Disposition = "credible"
	PartlyCredible Disposition = "partly-credible"
	NotCredible    Disposition = "not-credible"
	CannotAssess   Disposition = "cannot-assess"
)

// Dispositions lists all dispositions.
func Dispositions() []Disposition {
	return []Disposition{Credible, PartlyCredible, NotCredible, CannotAssess}
}

// ParseDisposition reads a disposition.
func ParseDisposition(s string) (Disposition, error) {
	return oneOf("disposition", Disposition(s), Dispositions())
}

// Obliges reports whether the assessment creates the duties to report action
// and to conclude.
func (d Disposition) Obliges() bool { return d == Credible || d == PartlyCredible }

// Outcome is how the recipient says that a matter ended.
type Outcome string

// The outcomes. "averted" is what the recipient states; heed claims no causation.
const (
	Averted     Outcome = "averted"
	Occurred    Outcome = "occurred"
	Unfounded   Outcome = "unfounded"
	Expired     Outcome = "expired"
	Transferred Outcome = "transferred"
)

// Outcomes lists all outcomes.
func Outcomes() []Outcome { return []Outcome{Averted, Occurred, Unfounded, Expired, Transferred} }

// ParseOutcome reads an outcome.
func ParseOutcome(s string) (Outcome, error) { return oneOf("outcome", Outcome(s), Outcomes()) }

// Release is one officer-signed act that the statements to all its recipients
// share. It names no recipient, so that none learns of the others.
type Release struct {
	ID       ReleaseID
	Author   PartyID
	Kind     Kind      // warning, supplement, correction, recall
	Of       ReleaseID // what is supplemented, corrected or recalled; zero for a warning
	Accord   AccordID  // under which a warning goes; zero: under none, and for what is Of a warning, which has it
	Version  VersionID // of Accord, in force when it was released; zero where Accord is
	Time     time.Time
	Nonce    Digest // random, so that two alike releases differ
	Contents []ContentRef
	Check    Digest         // names the rights check (MediaRightsCheck), which is not sent; zero: there is none
	Drafted  Drafted        // what its drafter signed when drafting; zero: the drafter signs the release, or there is none
	Officers []OfficerStamp // who drafted it, unless Drafted says so, then who released it; one where that is the same person
}

// Drafted is the signature of a drafter who signs elsewhere than at the node, and
// so cannot sign when somebody else releases: over the text of the draft.
type Drafted struct {
	Time      time.Time
	By        OfficerStamp
	Signature []byte
}

// IsZero reports whether nobody signed a draft.
func (d Drafted) IsZero() bool { return d.By.Key == "" }

// Signers lists whose signatures a release has: who drafted it, then who
// released it.
func (r Release) Signers() []OfficerStamp {
	if r.Drafted.IsZero() {
		return r.Officers
	}
	return append([]OfficerStamp{r.Drafted.By}, r.Officers...)
}

// Limits of a statement's lists. A statement that exceeds one is refused.
const (
	MaxAnswers  = 64
	MaxContents = 64
	MaxDuties   = 16
	MaxOfficers = 4
	MaxCarries  = 64
)

// CaseID is the case that the statement belongs to: its own id where it opens
// one, and zero where its kind stands in no case.
func (s Statement) CaseID() CaseID {
	if !s.Kind.InCase() {
		return CaseID{}
	}
	if s.Case.IsZero() {
		return CaseID(s.ID)
	}
	return s.Case
}

// CaseCode is the short code of the case that the statement opens. The cases
// of one warning share it, and those of one proposal. That of a warning under
// an accord comes from its document, so that it is known before a second officer
// releases it.
func (s Statement) CaseCode() Code {
	switch {
	case s.Kind == KindWarning && !s.Version.IsZero() && len(s.Contents) > 0:
		return CodeOf(s.Contents[0].Digest)
	case !s.Release.IsZero():
		return CodeOf(Digest(s.Release))
	case s.Kind.Proposes():
		return CodeOf(Digest(s.Version))
	}
	return CodeOf(Digest(s.ID))
}

// Promised is the due time that the statement names for a duty kind.
func (s Statement) Promised(kind DutyKind) (time.Time, bool) {
	for _, p := range s.Duties {
		if p.Kind == kind {
			return p.Due, true
		}
	}
	return time.Time{}, false
}

// AnswersTo reports whether the statement answers id.
func (s Statement) AnswersTo(id StatementID) bool { return slices.Contains(s.Answers, id) }

// Check reports whether the statement is complete for its kind and consistent
// in itself. What depends on the case or on the parties is Admit's.
func (s Statement) Check() error {
	bad := func(format string, args ...any) error {
		return &Invalid{What: string(s.Kind) + " statement: " + fmt.Sprintf(format, args...)}
	}
	m, known := s.Kind.manner()
	switch {
	case !known:
		return bad("unknown kind")
	case !s.Kind.InCase():
		return s.checkApart(bad)
	case s.Author == s.Recipient:
		return bad("author and recipient are the same party")
	case s.AuthorCard == 0 || s.RecipientCard == 0:
		return bad("a card's serial number is at least 1")
	case s.TagKey.IsZero():
		return bad("it names no tag key")
	case s.Case.IsZero() && !m.opens:
		return bad("only a warning, a question, figures or what concerns an accord opens a case")
	case s.Kind == KindWarning && !s.Case.IsZero():
		return bad("a warning opens its case and names none")
	case s.Case.IsZero() && !s.Previous.IsZero():
		return bad("what opens a case has no previous statement")
	case s.Kind == KindReceipt && !s.Previous.IsZero():
		return bad("a receipt stands outside its author's chain and has no previous statement")
	case len(s.Answers) < m.answersMust:
		return bad("it must answer a statement")
	case len(s.Answers) > MaxAnswers || len(s.Contents) > MaxContents || len(s.Duties) > MaxDuties || len(s.Officers) > MaxOfficers:
		return bad("a list is too long")
	case s.Kind == KindReceipt && len(s.Answers) != 1:
		return bad("a receipt is for exactly one statement")
	case m.released != !s.Release.IsZero():
		return bad("a release is named by warnings, supplements, corrections and recalls, and only by them")
	case (m.action == "" || m.released || m.enclosed) && len(s.Officers) != 0:
		return bad("an officer's signature does not belong here")
	case m.action != "" && !m.released && !m.enclosed && len(s.Officers) == 0:
		return bad("an officer must sign it")
	case s.Case.IsZero() && s.Status == "":
		return bad("what opens a case says its status")
	case s.Accord.IsZero() != s.Version.IsZero():
		return bad("an accord is named with its version")
	case !s.Accord.IsZero() && !s.mayNameAccord():
		return bad("an accord does not belong here")
	case s.Reply != 0 && !s.Kind.Proposes():
		return bad("only what proposes a version says in which time a reply is owed")
	case len(s.asks()) > 0 && s.Urgency == "" && !s.Kind.Proposes():
		return bad("it must say its urgency")
	case s.Level < 0 || s.Level > MaxRungs:
		return bad("level out of range")
	}
	for _, o := range s.Officers {
		if !Permits(o.Role, m.action) {
			return bad("role %s does not permit %q", o.Role, m.action)
		}
	}
	if !slices.IsSortedFunc(s.Duties, func(a, b Promise) int { return dutyOrder(a.Kind) - dutyOrder(b.Kind) }) {
		return bad("duties are not in their order")
	}
	for i := range s.Duties {
		if i > 0 && s.Duties[i-1].Kind == s.Duties[i].Kind {
			return bad("duty %s stands twice", s.Duties[i].Kind)
		}
	}
	return s.checkKind(bad)
}

// checkApart is Check for the kinds that stand in no case.
func (s Statement) checkApart(bad func(string, ...any) error) error {
	switch {
	case !s.Case.IsZero() || !s.Previous.IsZero() || len(s.Answers) != 0:
		return bad("it stands in no case, follows nothing and answers nothing")
	case !s.TagKey.IsZero():
		return bad("it has no tag key")
	case len(s.Contents) != 0 || len(s.Duties) != 0:
		return bad("it has no contents and names no duties")
	case !s.Release.IsZero() || len(s.Officers) != 0:
		return bad("a node makes it: neither a release nor an officer's signature belongs here")
	case s.AuthorCard == 0:
		return bad("a card's serial number is at least 1")
	}
	if s.Kind == KindSuccession {
		return s.checkSuccession(bad)
	}
	return s.checkDeposit(bad)
}

// emptyRoot is the root of a tree without leaves (RFC 9162, section 2.1.1).
var emptyRoot = Digest(sha256.Sum256(nil))

func (s Statement) checkSuccession(bad func(string, ...any) error) error {
	switch {
	case s.Recipient != "" || s.RecipientCard != 0:
		return bad("it is for everybody and names no recipient")
	case s.Ledger == "" || s.Successor == "" || s.Card.IsZero():
		return bad("incomplete: ledger, successor and card are needed")
	case s.Ledger == s.Successor:
		return bad("a ledger does not follow itself")
	case s.Size < 0 || s.Root.IsZero() || (s.Size == 0) != (s.Root == emptyRoot):
		return bad("its root is not one of that size")
	}
	return nil
}

func (s Statement) checkDeposit(bad func(string, ...any) error) error {
	switch {
	case s.Author == s.Recipient || s.Author == s.Party || s.Recipient == s.Party:
		return bad("depositary, depositor and the party for whom it is kept are three parties")
	case s.RecipientCard == 0:
		return bad("a card's serial number is at least 1")
	case s.Party == "" || s.Received.IsZero() || s.PublishBy.Before(s.Received) || s.Ledger == "" || s.Terms.IsZero() || s.Envelope.IsZero():
		return bad("incomplete: party, received, ledger, terms, publish-by and envelope are needed")
	case len(s.Carries) > MaxCarries:
		return bad("a list is too long")
	case !distinctDigests(s.Carries):
		return bad("what it carries is none, or stands twice")
	}
	return nil
}

// distinctDigests reports whether each of them names something, and none the
// same as another.
func distinctDigests(all []Digest) bool {
	seen := make(map[Digest]bool, len(all))
	for _, d := range all {
		if d.IsZero() || seen[d] {
			return false
		}
		seen[d] = true
	}
	return true
}

// mayNameAccord reports whether the kind says under which accord it is made.
func (s Statement) mayNameAccord() bool {
	return s.Kind.OfAccord() || slices.Contains([]Kind{KindWarning, KindSupplement, KindCorrection, KindQuestion}, s.Kind)
}

// checkAccord is Check for what carries a version or an act.
func (s Statement) checkAccord(bad func(string, ...any) error) error {
	media := MediaAccordAct
	if s.Kind.Proposes() {
		media = MediaAccord
	}
	switch {
	case s.Accord.IsZero():
		return bad("it names no accord")
	case len(s.Contents) == 0 || len(s.Contents) > 2 || s.Contents[0].MediaType != media:
		return bad("its first content is not %s, or it has others", media)
	case len(s.Contents) == 2 && s.Contents[1].MediaType != MediaAccordFile:
		return bad("its second content is not %s", MediaAccordFile)
	case s.Kind.Proposes() && !s.Case.IsZero():
		return bad("it opens its case and names none")
	case s.Case.IsZero() && len(s.Answers) != 0:
		return bad("what opens a case answers nothing")
	case s.Kind == KindAccordProposal && s.Version != VersionID(s.Accord):
		return bad("the first version of an accord gives the accord its name")
	case s.Kind == KindAccordAmendment && s.Version == VersionID(s.Accord):
		return bad("an amendment is another version than the first")
	case s.Reply != 0 && (s.Reply < MinResponse || s.Reply > MaxResponse || s.Reply%time.Millisecond != 0):
		return bad("in which time a reply is owed is out of bounds")
	case !s.Kind.Proposes() && !s.Case.IsZero() && len(s.Answers) != 1:
		return bad("in the case of a proposal it answers the proposal")
	}
	return nil
}

func (s Statement) checkKind(bad func(string, ...any) error) error {
	if s.Kind.OfAccord() {
		return s.checkAccord(bad)
	}
	switch s.Kind {
	case KindReceipt:
		if s.Received.IsZero() || s.PublishBy.Before(s.Received) || s.Number == 0 || s.Ledger == "" || s.Terms.IsZero() {
			return bad("incomplete: number, received, ledger, terms and publish-by are needed")
		}
	case KindRefusal:
		if !slices.Contains(ContentRefusals(), s.Code) {
			return bad("%q is not a code with which content is refused", s.Code)
		}
	case KindAssessment:
		if s.Disposition == "" {
			return bad("it has no disposition")
		}
		for _, p := range s.Duties {
			if !s.Disposition.Obliges() || p.Kind != DutyReport && p.Kind != DutyConclude {
				return bad("a credible assessment, and no other, names the duties to report and to conclude, and no others")
			}
		}
	case KindOutcome:
		if s.Outcome == "" {
			return bad("it has no outcome")
		}
	case KindExtension:
		if len(s.Duties) != 1 || len(s.Answers) != 1 {
			return bad("it extends exactly one duty of one statement")
		}
	case KindReminder:
		if len(s.Duties) != 1 || len(s.Answers) != 1 || s.Level < 1 || s.Role == "" {
			return bad("it names one duty of one statement, a level of 1 or more and the role that is told")
		}
	case KindNotification:
		if len(s.Answers) != 1 || s.Role == "" || s.Via == "" {
			return bad("it names one statement, the role that was told and the channel")
		}
	case KindAcknowledgement:
		if (s.Level == 0) != (s.Role == "") {
			return bad("a rung is named with its number and its role")
		}
	case KindInterim:
		if s.By.IsZero() {
			return bad("it does not say by when")
		}
	case KindForwardRequest, KindForwardConsent:
		if s.Party == "" {
			return bad("it names no third party")
		}
	case KindRating:
		if len(s.Answers) != 1 || len(s.Contents) == 0 {
			return bad("it rates exactly one reply, and gives its reason as a content")
		}
	case KindWatchHit:
		return s.checkWatchHit(bad)
	case KindWatchLapseNotice:
		switch {
		case len(s.Contents) == 0:
			return bad("it gives no reason as a content")
		case !s.Effective.IsZero() && s.Effective.Before(s.Time):
			return bad("a watch does not lapse before that is said")
		case s.Effective.After(s.Time.Add(MaxResponse)):
			return bad("it is announced more than two years ahead")
		}
	case KindFigures:
		switch {
		case len(s.Contents) != 2 || s.Contents[0].MediaType != MediaFigures || s.Contents[1].MediaType != MediaFiguresCases:
			return bad("its contents are not one %s and one %s", MediaFigures, MediaFiguresCases)
		case s.Case.IsZero() && len(s.Answers) != 0:
			return bad("what opens a case answers nothing")
		case !s.Case.IsZero() && len(s.Answers) != 1:
			return bad("in a case it answers exactly one statement of figures")
		}
	case KindWarning, KindSupplement, KindCorrection, KindQuestion, KindAnswer, KindCall:
		if len(s.Contents) == 0 {
			return bad("it has no content")
		}
	}
	return nil
}

// asks lists what receiving the statement makes its recipient owe, in the
// order of DutyKinds, as far as the recipient's clock has a time for it.
func (s Statement) asks() []DutyKind {
	switch {
	case s.Kind == KindWarning && s.AsksAnswer:
		return []DutyKind{DutyAcknowledge, DutyAssess, DutyAnswer}
	case s.Kind == KindWarning:
		return []DutyKind{DutyAcknowledge, DutyAssess}
	case s.Kind == KindSupplement, s.Kind == KindCorrection:
		return []DutyKind{DutyAcknowledge}
	case s.Kind == KindQuestion:
		return []DutyKind{DutyAnswer}
	case s.Kind.Proposes() && s.Reply > 0:
		return []DutyKind{DutyRatify}
	}
	return nil
}

// Asks reports whether receiving the statement can make its recipient owe a
// duty of that kind; whether it does is for the recipient's clock.
func (s Statement) Asks(kind DutyKind) bool { return slices.Contains(s.asks(), kind.Base()) }
