package exchange

import (
	"time"

	"heed"
)

// VaultKind is what a vault key encrypts.
type VaultKind string

// The kinds of vault keys.
const (
	VaultIdentity VaultKind = "identity" // the one key of the digests that tell records and travellers apart
	VaultHit      VaultKind = "hit"      // what hits say
	VaultRecord   VaultKind = "record"   // records that an accord has us keep
)

// VaultKey is a key under which what was screened is encrypted.
type VaultKey struct {
	Key    int64 // chosen by PutVaultKey
	Kind   VaultKind
	Day    int64  // since 1970, in UTC; 0 of VaultIdentity
	Sealed []byte // to the node's sealing key
}

// Asking is one screening as it is on record: who asked, when and why, and how
// much was looked at. It says nothing of who was screened.
type Asking struct {
	ID       int64 // chosen by PutAsking where it is 0
	Asker    string
	Via      Via
	Type     heed.RecordType
	Reason   string
	Began    time.Time
	Ended    time.Time // zero: it goes on, or was cut short
	Changed  time.Time
	Records  int64
	Matched  int64 // records with a hit
	Hits     int64
	Excluded int64 // hits that a signed exclusion has kept back
	Unread   int64 // records that could not be read
}

// Abandoned reports whether a screening has ended because nothing more came of it,
// and not by whoever screened.
func (a Asking) Abandoned() bool { return !a.Ended.IsZero() && a.Changed.Before(a.Ended) }

// Via is how a screening came.
type Via string

// The ways by which records come to be screened.
const (
	ViaCommand Via = "command"
	ViaAPI     Via = "api"
)

// KeptHit is a hit as a node keeps it.
type KeptHit struct {
	ID       heed.HitID
	Subject  string      // the watch's id of it
	State    heed.Digest // of the subject as it was
	Case     heed.CaseID // whose warning put it on watch; zero: a list did
	List     string
	Status   heed.Status
	Urgency  heed.Urgency
	Type     heed.RecordType
	Asking   int64 // the screening that its review is owed for; 0: found among kept records
	Past     bool  // the record had come before the subject was on watch
	Score    float64
	Found    time.Time
	Due      time.Time // of the review
	Verdict  heed.HitVerdict
	Officer  heed.OfficerID // who gave the last verdict
	Decided  time.Time
	Expected time.Time // when an undecided review is to be settled; zero: nobody said
	Reported string    // what became of telling the warner, for people
	Open     bool      // a review is owed
	Told     int       // the escalation level up to which people were told; -1: nobody
	Next     time.Time // when somebody is to be told next; zero: never
	Attempts int
	Trouble  string
	Erase    time.Time // when what it says is erased; zero: that is not settled yet
	Vault    int64     // key of Sealed
	Sealed   []byte    // nil: erased
	// Ended is when its subject went off watch before anybody had decided: no review
	// is owed any more. Zero: it did not.
	Ended time.Time
	Why   HitEnd // of Ended
	// Passage counts how often a review was owed anew after it was found to be the same
	// person: the warner is told of each passage by itself.
	Passage int
}

// Code is the hit's short code.
func (h KeptHit) Code() heed.Code { return h.ID.Code() }

// KeptDecision is a decision about a hit as a node keeps it.
type KeptDecision struct {
	Decision heed.HitDecision
	Note     []byte // the signed bytes
	Vault    int64
	Reason   []byte // encrypted; nil: erased
}

// Exclusion keeps a traveller from being a hit on a subject again.
type Exclusion struct {
	Decision  heed.DecisionID // that made it
	Traveller heed.Digest     // of name, date of birth and document, under a key of the node
	Subject   string
	State     heed.Digest // of the subject; it ends once anything else is said of that
	Hit       heed.HitID
	Officer   heed.OfficerID
	Made      time.Time
	Until     time.Time
	Revoked   time.Time // zero: it was not
}

// KeptRecord is a screened record that an accord has us keep.
type KeptRecord struct {
	ID      heed.Digest // of the record, under a key of the node
	Type    heed.RecordType
	At      time.Time // when it was screened
	Expires time.Time
	Vault   int64
	Sealed  []byte
}

// Token admits a program to the node. What it was printed as is kept nowhere.
type Token struct {
	Name    string
	Scope   Scope
	Hash    heed.Digest // SHA-256 of what was printed
	Officer heed.OfficerID
	Added   time.Time
	Until   time.Time // zero: until it is removed
	Removed time.Time // zero: it was not
	Used    time.Time // zero: never
}

// ScreeningView reads screenings, hits and tokens.
type ScreeningView interface {
	// VaultKey finds a key; ErrNotFound where it is gone.
	VaultKey(key int64) (VaultKey, error)
	// VaultKeyOf finds the key of a kind and a day.
	VaultKeyOf(kind VaultKind, day int64) (VaultKey, error)
	// Asking finds a screening by its number.
	Asking(id int64) (Asking, error)
	// Askings lists screenings, the newest first.
	Askings(limit int) ([]Asking, error)
	// IdleAskings lists screenings that were not ended and last changed before a
	// time, the oldest first.
	IdleAskings(before time.Time, limit int) ([]Asking, error)
	// Hit finds a hit. What it says comes with it.
	Hit(heed.HitID) (KeptHit, error)
	// HitsOf lists the hits with a code.
	HitsOf(heed.Code) ([]heed.HitID, error)
	// Hits lists hits with what they say: those that are open by due time and then
	// the others, the latest found first; open: only the former.
	Hits(open bool, limit int) ([]KeptHit, error)
	// EndedHits lists those that ended before anybody had decided, at since or later, the latest first.
	EndedHits(since time.Time, limit int) ([]KeptHit, error)
	// OpenHits lists the open hits of a case, or where that is zero of a list, by id,
	// after one of them.
	OpenHits(of heed.CaseID, list string, after heed.HitID, limit int) ([]KeptHit, error)
	// WithOpenHits lists the cases and the lists that have open hits.
	WithOpenHits() (cases []heed.CaseID, lists []string, err error)
	// HitWakes lists the hits whose Next is not after now, by Next.
	HitWakes(now time.Time, limit int) ([]KeptHit, error)
	// NextHit is the earliest Next or Erase of a hit, or end of a kept record;
	// ErrNotFound where there is none.
	NextHit() (time.Time, error)
	// HitsToErase lists the hits whose Erase is not after now: those of a case, too,
	// whose contents were erased.
	HitsToErase(now time.Time, limit int) ([]heed.HitID, error)
	// DecisionsOf lists what was decided about a hit, the oldest first.
	DecisionsOf(heed.HitID) ([]KeptDecision, error)
	// ExclusionsFor lists the exclusions of a traveller that were not revoked and
	// end after now.
	ExclusionsFor(traveller heed.Digest, now time.Time) ([]Exclusion, error)
	// Exclusions lists all, those that end last first; past: also those that have
	// ended or were revoked.
	Exclusions(now time.Time, past bool, limit int) ([]Exclusion, error)
	// Exclusion finds one by the decision that made it.
	Exclusion(heed.DecisionID) (Exclusion, error)
	// KeptRecord finds a kept record.
	KeptRecord(heed.Digest) (KeptRecord, error)
	// KeptRecords lists those that end after now, by id, after one of them.
	KeptRecords(now time.Time, after heed.Digest, limit int) ([]KeptRecord, error)
	// KeptDue reports whether a kept record ends not after now.
	KeptDue(now time.Time) (bool, error)
	// Tokens lists all tokens, by name, the removed ones too.
	Tokens() ([]Token, error)
	// Token finds one by its name, a removed one too.
	Token(name string) (Token, error)
	// TokenOf finds one by its Hash, a removed one too.
	TokenOf(hash heed.Digest) (Token, error)
}

// ScreeningTx changes screenings, hits and tokens.
type ScreeningTx interface {
	// PutVaultKey adds a key and returns its number.
	PutVaultKey(VaultKey) (int64, error)
	// ForgetVaultKeys removes the keys of days before a day under which nothing is kept.
	ForgetVaultKeys(before int64) error
	// PutAsking adds a screening where its ID is 0, and replaces it where it is not.
	PutAsking(Asking) (int64, error)
	// AddHit adds a hit; false: there is one with that ID already, which stays as it is.
	AddHit(KeptHit) (bool, error)
	// PutHit replaces everything of a hit but what it says.
	PutHit(KeptHit) error
	// SealHit replaces what a hit says.
	SealHit(id heed.HitID, vault int64, sealed []byte) error
	// EndHits ends the open hits of a case, or where that is zero of a list, at a time:
	// nobody is told of them any more, and what they say is erased at erase.
	EndHits(of heed.CaseID, list string, at time.Time, why HitEnd, erase time.Time) error
	// EraseHit erases what a hit says, and the reasons of what was decided about it.
	EraseHit(heed.HitID) error
	// AddDecision keeps a decision.
	AddDecision(KeptDecision) error
	// PutExclusion adds an exclusion, or replaces the one of its decision.
	PutExclusion(Exclusion) error
	// ForgetExclusions removes those that ended before a time, and erases the reasons of
	// decisions before it about hits that say nothing any more: those of revocations.
	ForgetExclusions(before time.Time) error
	// KeepRecord keeps a record; one that is kept already is of the later of the two
	// times, and kept until the later of the two ends.
	KeepRecord(KeptRecord) error
	// ForgetRecords erases the kept records that end not after now, and returns
	// how many.
	ForgetRecords(now time.Time) (int64, error)
	// PutToken adds a token, or replaces the one of its name.
	PutToken(Token) error
}
