package exchange

import (
	"context"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// ErrNotFound is returned by every read of a thing that the store does not have.
var ErrNotFound = errors.New("not found")

// ErrTagTaken is returned by Tx.Append where the ledger has the tag already.
var ErrTagTaken = errors.New("the ledger has this tag already")

// Store keeps a node: its cases, its peers, its ledger. exchange/storetest is
// the suite that every adapter passes.
type Store interface {
	// Read runs f over one consistent snapshot of what is committed.
	Read(ctx context.Context, f func(View) error) error

	// Write runs f in a transaction and returns nil only once what f did is
	// durable. Many callers' changes may share one commit; each is a savepoint
	// of its own, so that an error of f undoes f's change, ledger leaves
	// included, and nobody else's. f runs at most once, one f at a time. A
	// context that ends before f begins prevents it; afterwards it changes
	// nothing, and the caller is told how the commit went.
	Write(ctx context.Context, f func(Tx) error) error
}

// View is what can be read. Times come back in UTC.
type View interface {
	CaseView
	PeerView
	ChannelView
	NoticeView
	LedgerView
	WitnessView
	DepositView
	AccordView
	DraftView
	DrillView
	ErasureView
	FiguresView
	OneSidedView
	ScreeningView
	ListView
	WatchView
}

// Tx is a change under way. Its reads see its own writes.
type Tx interface {
	View
	CaseTx
	PeerTx
	ChannelTx
	NoticeTx
	LedgerTx
	WitnessTx
	DepositTx
	AccordTx
	DraftTx
	DrillTx
	ErasureTx
	FiguresTx
	OneSidedTx
	ScreeningTx
	ListTx
	WatchTx
}

// Kept is a statement as a node keeps it.
type Kept struct {
	Statement heed.Statement
	Note      []byte     // the signed bytes
	Key       ledger.Key // the tag key K; zero for a receipt
	Arrived   time.Time  // when this node made or received it; no rule reads it
	Dropped   []byte     // the other node's final refusal of it: it was never given, and the fold leaves it out
}

// Content is a content with its salt.
type Content struct {
	Ref  heed.ContentRef
	Salt [32]byte
	Data []byte
}

// Taking says which officer has a case.
type Taking struct {
	Officer heed.OfficerID
	At      time.Time
}

// IndexedDuty is a duty in the index from which boards are drawn and from
// which the waker is woken. It is derived from the case; Told alone is state.
type IndexedDuty struct {
	Case   heed.CaseID
	Code   heed.Code
	Peer   heed.PartyID // the other party of the case
	Status heed.Status
	heed.Duty
	Told int       // the escalation level up to which this node has told people or the peer
	Next time.Time // when the level rises next; zero: never
}

// CaseRow is a case in a list.
type CaseRow struct {
	ID      heed.CaseID
	Code    heed.Code
	Peer    heed.PartyID
	Ours    bool // we opened it
	Urgency heed.Urgency
	Status  heed.Status
	Stage   heed.State
	Opened  time.Time // signed time of the opening; zero while it is missing
	Changed time.Time
}

// Reading says that an officer read a case's contents.
type Reading struct {
	Case    heed.CaseID
	Officer heed.OfficerID
	Role    heed.Role
	At      time.Time
}

// CaseView reads cases.
type CaseView interface {
	// Case folds the case from what is kept of it, dropped statements left
	// out. ErrNotFound where nothing is kept.
	Case(heed.CaseID) (heed.Case, error)
	// CasesOf lists the cases with a code, in the order of their ids.
	CasesOf(heed.Code) ([]heed.CaseID, error)
	// Cases lists cases by last change, newest first.
	Cases(limit int) ([]CaseRow, error)
	Kept(heed.StatementID) (Kept, error)
	// KeptOf lists everything kept of a case, dropped statements included, in
	// the order in which it was kept.
	KeptOf(heed.CaseID) ([]Kept, error)
	Release(heed.ReleaseID) ([]byte, error)
	Content(heed.Digest) (Content, error)
	// Taking is who has the case; ErrNotFound where nobody has.
	Taking(heed.CaseID) (Taking, error)
	Readings(heed.CaseID) ([]Reading, error)
	// Index lists the index of one case.
	Index(heed.CaseID) ([]IndexedDuty, error)
	// OpenDuties lists open duties by due time; owedBy empty: of everybody.
	OpenDuties(owedBy heed.PartyID, limit int) ([]IndexedDuty, error)
	// Wakes lists the open duties whose Next is not after now, by Next.
	Wakes(now time.Time, limit int) ([]IndexedDuty, error)
	// NextWake is the earliest Next of an open duty; ErrNotFound where there is none.
	NextWake() (time.Time, error)
	// Strays counts the statements of cases whose opening statement is missing.
	Strays() (int, error)
	// Demands counts the statements of a peer that create duties, have that
	// urgency and arrived after since.
	Demands(peer heed.PartyID, urgency heed.Urgency, since time.Time) (int, error)
}

// CaseTx changes cases.
type CaseTx interface {
	// Keep adds a statement; keeping one again changes nothing.
	Keep(Kept) error
	// Drop marks an own statement as finally refused by the peer's node.
	Drop(heed.StatementID, []byte) error
	PutRelease(heed.ReleaseID, []byte) error
	PutContent(Content) error
	Take(heed.CaseID, Taking) error
	AddReading(Reading) error
	// PutIndex replaces the index of a case and its row in lists.
	PutIndex(CaseRow, []IndexedDuty) error
}

// Self is this node's own standing.
type Self struct {
	Card         heed.Card
	CardNote     []byte
	RosterSerial uint64
	// Restored is set by restoring a backup and stands until the newest head
	// that peers hold has been caught up with: while it does, nothing is signed.
	Restored bool
}

// Peer is a party that we exchange with.
type Peer struct {
	Card     heed.Card
	CardNote []byte
	Added    time.Time
	Removed  bool
	// Head is the newest checkpoint of its ledger that we hold; nil before the first.
	Head     []byte
	HeadSize int64
	// OurHead is the newest checkpoint of our ledger that the peer has shown to hold.
	OurHeadSize int64
	// Trouble is a ledger inconsistency or another standing problem, for
	// people; empty where there is none.
	Trouble string
	// LastContact is when the peer last answered or sent; zero: never.
	LastContact time.Time

	// Introducer is the party whose proposal of an accord brought the card, and
	// Via that accord; empty where people compared the fingerprint.
	Introducer heed.PartyID
	Via        heed.AccordID
	// Pending is a card that was brought and not accepted yet: its party may say
	// something about Via, and nothing else.
	Pending bool
}

// PeerView reads cards, peers and officers.
type PeerView interface {
	Self() (Self, error)
	Peer(heed.PartyID) (Peer, error)
	// Peers lists all that were not removed, by name; pending ones are among them.
	Peers() ([]Peer, error)
	// Card finds any card that was ever held, our own included.
	Card(heed.CardID) (heed.Card, error)
	// CardNote is the signed bytes of any card that was ever held.
	CardNote(heed.CardID) ([]byte, error)
	// CardOf finds the card with a serial that was ever held of a party.
	CardOf(p heed.PartyID, serial uint64) (heed.Card, error)
	// Officers lists the roster, removed officers included, by name.
	Officers() ([]heed.Officer, error)
	// Renewals lists those that are kept for a peer, that of our oldest card first.
	Renewals(heed.PartyID) ([]Renewal, error)
}

// PeerTx changes cards, peers and officers.
type PeerTx interface {
	PutSelf(Self) error
	// PutPeer adds or replaces a peer and keeps its card.
	PutPeer(Peer) error
	PutRoster(wire.Roster, []byte) error
	// PutRenewal keeps a renewal; one for that peer and under that card is replaced.
	PutRenewal(Renewal) error
	// ForgetRenewals drops all that are kept for a peer: it has our present card.
	ForgetRenewals(heed.PartyID) error
}

// Renewal is an envelope to a peer, outside the channels, under a card of ours
// that was renewed: it brings the card after it. It is sealed when the card is
// renewed, since the node key that signs it is gone later.
type Renewal struct {
	Peer     heed.PartyID
	Card     uint64 // serial of our card under which it is sealed
	Envelope []byte // header and what is sealed
}

// Channel is one direction between two parties under two cards.
type Channel struct {
	Peer      heed.PartyID
	OurCard   uint64
	TheirCard uint64
	Outward   bool
}

// Outgoing is a statement that waits for its receipt.
type Outgoing struct {
	Channel   Channel
	Number    uint64
	Statement heed.StatementID
	Case      heed.CaseID
	Queued    time.Time
	Attempts  int
	NextAt    time.Time // not to be sent before
	Trouble   string    // why the last attempt failed, for people
	Refusal   []byte    // the peer's latest passing refusal
}

// Consumed is a number of an inward channel that has been answered for.
type Consumed struct {
	Channel   Channel
	Number    uint64
	Envelope  heed.Digest
	Statement heed.StatementID // zero: refused
	Answer    []byte           // the receipt's or the refusal's signed bytes
}

// ChannelView reads channels.
type ChannelView interface {
	// Pending lists what may be sent to a peer at now, in the order of numbers.
	Pending(peer heed.PartyID, now time.Time, limit int) ([]Outgoing, error)
	// PeersPending lists the peers for whom Pending has something at now, by name.
	PeersPending(now time.Time) ([]heed.PartyID, error)
	// Outbox lists all that waits for a receipt.
	Outbox(limit int) ([]Outgoing, error)
	// Queued finds what waits for a statement's receipt.
	Queued(heed.StatementID) (Outgoing, error)
	// Consumed finds how a number was answered for.
	Consumed(Channel, uint64) (Consumed, error)
	// Missing lists numbers below the highest that was consumed and not
	// consumed themselves, in ascending order.
	Missing(c Channel, limit int) ([]uint64, error)
	// Sent finds the statement that an outward number was given to, also after its receipt.
	Sent(Channel, uint64) (heed.StatementID, error)
	// Highest is the highest number that was given (outward) or consumed (inward); 0: none.
	Highest(Channel) (uint64, error)
}

// ChannelTx changes channels.
type ChannelTx interface {
	// Enqueue gives the statement the next number of the outward channel and
	// puts it in the outbox, to be sent from at on. Where the statement waits
	// there already it gets a fresh number, and keeps its count of attempts.
	Enqueue(c Channel, caseID heed.CaseID, s heed.StatementID, now, at time.Time) (Outgoing, error)
	// Tried notes a failed attempt.
	Tried(s heed.StatementID, next time.Time, trouble string, refusal []byte) error
	// Unqueue takes a statement out of the outbox: it was given, or dropped.
	Unqueue(heed.StatementID) error
	Consume(Consumed) error
	// Raise makes the outward channel go on after a number that the peer has
	// seen used, so that a restored node gives none twice.
	Raise(c Channel, number uint64) error
}

// Notice tells a person about one duty at one escalation level, or of news. It
// carries no content.
type Notice struct {
	ID      string // stable: one for a duty, a level and a side, or for what is news
	Case    heed.CaseID
	Code    heed.Code
	Party   heed.PartyID   // who is told: this node's party
	Peer    heed.PartyID   // none in a one-sided case
	Contact heed.ContactID // of a one-sided case, whose partner runs no heed and has signed nothing
	Duty    heed.DutyKind
	From    heed.StatementID
	OwedBy  heed.PartyID // none where a contact owes it
	Due     time.Time
	Level   int       // 0: it has arrived
	Rung    heed.Rung // who is told
	Ring    heed.Rung // whom to ring about it: the debtor's rung of that level
	// Hit is set where the duty is to review one; Case, Code and Peer are then those of
	// the warning, and empty where a list put its subject on watch: List.
	Hit      heed.Code
	List     string
	More     int  // hits that wait, or were reported, beside that one, and of which no notice is given each
	News     News // what has come about, where nobody owes a reply: Duty and OwedBy are then empty, and it is in no queue
	Exercise bool
	Created  time.Time
	Attempts int
	NextAt   time.Time
	Trouble  string
}

// NoticeView reads the queue of notices.
type NoticeView interface {
	// DueNotices lists what is to be told at now, oldest first.
	DueNotices(now time.Time, limit int) ([]Notice, error)
	// NextNotice is the earliest NextAt of the queue; ErrNotFound where it is empty.
	NextNotice() (time.Time, error)
	// Notices counts the queue, with the cases that have news Waiting.
	Notices() (int, error)
	// News is what there is to tell of a case to which nobody owes a reply; ErrNotFound: nothing.
	News(heed.CaseID) (CaseNews, error)
	// LatestNews lists that which has Arrived since a time, told or not, the latest first.
	LatestNews(since time.Time, limit int) ([]CaseNews, error)
	// DueNews lists that which is Waiting and to be told at now, what has waited longest first.
	DueNews(now time.Time, limit int) ([]CaseNews, error)
	// NextNews is the earliest NextAt of what is Waiting; ErrNotFound where nothing is.
	NextNews() (time.Time, error)
}

// NoticeTx changes the queue of notices.
type NoticeTx interface {
	// AddNotice queues a notice; one with the same ID, told or not, changes nothing.
	AddNotice(Notice) error
	NoticeTried(id string, next time.Time, trouble string) error
	// NoticeTold takes it out of the queue for good.
	NoticeTold(id string, at time.Time) error
	PutNews(CaseNews) error
}

// Head is a published checkpoint.
type Head struct {
	Size int64
	Note []byte
	At   time.Time
}

// LedgerView reads the own ledger and the mirrors of others'.
type LedgerView interface {
	// Tree is a copy of the ledger's tree as of this view; appending to it changes nothing else.
	Tree() (*ledger.Tree, error)
	// Head is the newest published checkpoint; ErrNotFound before the first.
	Head() (Head, error)
	Hashes(indexes []int64) ([]tlog.Hash, error)
	Leaves(from, to int64) ([][]byte, error)
	// LeafIndex finds a statement leaf by its tag.
	LeafIndex(ledger.Tag) (int64, error)
	// Map is the map of the own ledger, as far as the newest cut has taken it.
	// Within a Tx what is inserted belongs to the transaction; within a View
	// inserting fails.
	Map() *ledger.Map

	// MirrorTree is the tree of what is mirrored of another ledger; empty where nothing is.
	MirrorTree(origin string) (*ledger.Tree, error)
	MirrorHead(origin string) (Head, error)
	MirrorHashes(origin string, indexes []int64) ([]tlog.Hash, error)
	MirrorLeaves(origin string, from, to int64) ([][]byte, error)
	// MirrorMap is the map of what is mirrored of another ledger.
	MirrorMap(origin string) (*ledger.Map, error)
	// Successions lists the signed successions held of a party, in the order in which they were kept.
	Successions(heed.PartyID) ([][]byte, error)
}

// LedgerTx changes the own ledger and the mirrors.
type LedgerTx interface {
	// Append adds a leaf. A statement leaf's tag must be new: ErrTagTaken.
	Append(leaf []byte) (index int64, err error)
	PutHead(Head) error
	// ExtendMirror adds leaves and the hashes that ledger.Extend gave for them.
	// A head of no leaves is none: more will follow before there is one. A head
	// without new leaves replaces the one of its size.
	ExtendMirror(origin string, leaves [][]byte, hashes []ledger.StoredHash, head Head) error
	// PutSuccession keeps a signed succession of a party; keeping one again changes nothing.
	PutSuccession(party heed.PartyID, note []byte) error
	// EndLedger makes the own ledger, with its heads and its map, the mirror of
	// that origin, and begins an empty one.
	EndLedger(origin string) error
}

// Witness is a witness that cosigns our checkpoints.
type Witness struct {
	Name    string
	URL     string
	Keys    []string // C2SP cosigner keys
	Mirrors bool     // it replays and keeps every leaf: it counts; others corroborate
	Added   time.Time
	Size    int64     // of the newest head of our ledger that it has cosigned
	At      time.Time // its time of that cosignature; zero: never
	Trouble string    // why the last attempt failed, for people; empty where it did not
}

// WitnessView reads the witnesses and what they have cosigned.
type WitnessView interface {
	// Witnesses lists them by name.
	Witnesses() ([]Witness, error)
	// Checkpoint finds a kept checkpoint by the SHA-256 of its note.
	Checkpoint(heed.Digest) ([]byte, error)
	// Witnessed finds the smallest head of a ledger that has the leaf at index,
	// as it was when enough witnesses had first cosigned it.
	Witnessed(origin string, index int64) ([]byte, error)
	// LatestWitnessed is the head that enough witnesses were last seen to have
	// cosigned, with their latest times.
	LatestWitnessed(origin string) (Head, error)
}

// WitnessTx changes the witnesses.
type WitnessTx interface {
	// PutWitness adds a witness, or replaces the one of that name.
	PutWitness(Witness) error
	RemoveWitness(name string) error
	// KeepCheckpoint keeps a checkpoint with its cosignatures under its SHA-256,
	// for statements that name it; keeping one again changes nothing.
	KeepCheckpoint(note []byte) error
	// KeepWitnessed keeps a head that enough witnesses have cosigned, as the
	// ledger's latest. The first of a size stays beside it: later cosignatures
	// give later times.
	KeepWitnessed(origin string, head Head) error
}

// Deposited is a statement of ours that a depositary has taken for the peer.
type Deposited struct {
	Statement  heed.StatementID
	Depositary heed.PartyID
	Header     []byte // the signed header of the envelope
	Note       []byte // the signed deposit
	At         time.Time
}

// Held is an envelope that this node, as a depositary, holds for a party. Here
// parties are told apart by the node keys of their cards, in which their names
// stand: at a depositary nobody has compared a fingerprint, so that a name
// alone would be anybody's.
type Held struct {
	Seq      int64       // rises with each deposit; chosen by Hold
	For      string      // node key of the recipient's card
	Sender   string      // node key of the sender's card
	Envelope heed.Digest // of what is sealed
	Bytes    []byte      // header and what is sealed, as it came; nil once the party has it
	Note     []byte      // the signed deposit
	At       time.Time
	Asked    time.Time // when the party said that it has it; zero: not yet
}

// DepositView reads deposits, on either side.
type DepositView interface {
	// Deposits lists what depositaries have taken of a statement, oldest first.
	Deposits(heed.StatementID) ([]Deposited, error)
	// HeldFor lists what is held for a party, by the node keys of its cards,
	// after a sequence number and not given up, in order, as far as limit
	// envelopes and size bytes go, and at least one.
	HeldFor(keys []string, after int64, limit int, size int64) ([]Held, error)
	// HeldEnvelope finds what is or was held by the digest of what is sealed.
	HeldEnvelope(heed.Digest) (Held, error)
	// Holding is how many envelopes and bytes are held and not given up: for a
	// recipient's node key, of a sender's node key, or both; empty: any.
	Holding(recipient, sender string) (count int, bytes int64, err error)
	// HasDeposited reports whether a sender has ever deposited for a recipient,
	// by their node keys.
	HasDeposited(sender, recipient string) (bool, error)
	// LastHeld is the highest sequence number that Hold has chosen; 0: none.
	LastHeld() (int64, error)
	// CollectedUpTo is the sequence number up to which we have collected from
	// a depositary, by its node key; 0: nothing.
	CollectedUpTo(depositary string) (int64, error)
}

// DepositTx changes deposits, on either side.
type DepositTx interface {
	// PutDeposit keeps a deposit; a second one of the same statement with the same depositary and note changes nothing.
	PutDeposit(Deposited) error
	// Hold keeps an envelope and returns its sequence number; one with the same digest keeps its first.
	Hold(Held) (int64, error)
	// GiveUp forgets the bytes of what is held for a party, by the node keys of
	// its cards, up to a sequence number: it has them. The deposits stay.
	GiveUp(keys []string, upTo int64, at time.Time) error
	// SetCollected notes how far we have collected from a depositary, by its node key.
	SetCollected(depositary string, upTo int64) error
}

// KeptVersion is a version of an accord as a node keeps it.
type KeptVersion struct {
	Accord heed.Accord
	Note   []byte // the signed bytes
}

// KeptAct is an act about an accord as a node keeps it.
type KeptAct struct {
	Act  heed.AccordAct
	Note []byte // the signed bytes
}

// AccordMark says how far an accord is held: with the same mark, the same
// versions and acts are.
type AccordMark struct{ Version, Act int64 }

// AccordView reads accords.
type AccordView interface {
	// Accords lists the accords of which anything is held, in the order in which they came.
	Accords() ([]heed.AccordID, error)
	// AccordVersions lists the versions that are held of an accord, by number, then id.
	AccordVersions(heed.AccordID) ([]KeptVersion, error)
	// AccordVersion finds a version of any accord.
	AccordVersion(heed.VersionID) (KeptVersion, error)
	// AccordActs lists the acts that are held of an accord, in the order in which they came.
	AccordActs(heed.AccordID) ([]KeptAct, error)
	// AccordMark changes with each version and each act that is kept of an accord.
	AccordMark(heed.AccordID) (AccordMark, error)
	// AccordCases lists the cases whose openings name the accord, those of its
	// proposals and acts included, in the order in which they came.
	AccordCases(heed.AccordID) ([]heed.CaseID, error)
}

// AccordTx changes accords.
type AccordTx interface {
	// PutVersion keeps a version; keeping one again changes nothing.
	PutVersion(KeptVersion) error
	// PutAct keeps an act; keeping one again changes nothing.
	PutAct(KeptAct) error
}

// Draft is something that an officer has drafted and another must release.
type Draft struct {
	Code     heed.Code // of the case that it will open, by which people find it
	Kind     heed.Kind
	Officer  heed.OfficerID // who has drafted it
	At       time.Time
	To       []heed.PartyID
	Accord   heed.AccordID  // under whose terms it is to go; zero: none
	Version  heed.VersionID // the version in force when it was drafted; zero: none
	Document []byte         // what it amends, as exchange writes it; the store does not read it
	// Contents are what will go with it. One that was erased meanwhile has its
	// Ref alone.
	Contents []Content
	Released heed.ReleaseID // zero: not yet
	Dropped  time.Time      // zero: it was not
}

// DraftView reads drafts.
type DraftView interface {
	// Drafts lists those that are neither released nor dropped, oldest first.
	// Of their contents it has the Refs alone: Draft has the rest.
	Drafts() ([]Draft, error)
	// Draft finds any draft, also one that was released or dropped.
	Draft(heed.Code) (Draft, error)
}

// DraftTx changes drafts.
type DraftTx interface {
	// PutDraft adds a draft, or replaces the one of its code, and keeps its
	// contents. One that the draft has already may come with its Ref alone.
	PutDraft(Draft) error
}

// Drill is an exercise on a schedule as a node keeps it.
type Drill struct {
	heed.Drill
	// Document is what it says, as exchange writes it; the store does not read
	// it. Empty: the built-in text.
	Document []byte
}

// DrillView reads schedules of exercises.
type DrillView interface {
	// Drills lists all, those that were stopped too, in the order in which they
	// were scheduled, without their Documents.
	Drills() ([]heed.Drill, error)
	// Drill finds one by its name.
	Drill(name string) (Drill, error)
}

// DrillTx changes schedules of exercises.
type DrillTx interface {
	// PutDrill adds a drill, or replaces the one of its name.
	PutDrill(Drill) error
}

// ErasureView reads which contents were erased, and which may have to be.
type ErasureView interface {
	// Erased is when the contents of a case were erased; ErrNotFound where they
	// were not, or more came since.
	Erased(heed.CaseID) (time.Time, error)
	// Unerased lists the cases that were opened under an accord, not those about
	// it, and whose contents were not erased, in the order in which they came,
	// after one of them; zero: from the first.
	Unerased(accord heed.AccordID, after heed.CaseID, limit int) ([]heed.CaseID, error)
	// UnerasedDrafts lists the drafts under an accord that were not released and
	// have contents that belong to no case, in the order in which they came.
	UnerasedDrafts(heed.AccordID) ([]heed.Code, error)
}

// ErasureTx erases contents. What was erased is overwritten once it is committed
// and nobody reads an older state any more. A case whose contents were erased has
// contents again once a statement with some is kept in it.
type ErasureTx interface {
	// Attach says that a content belongs to a case although none of its
	// statements names it. To those that name it, it belongs by Keep.
	Attach(heed.CaseID, heed.Digest) error
	// EraseCase marks the contents of a case as erased, and erases those of them
	// that belong to no other case, or to such only as are marked.
	EraseCase(id heed.CaseID, contents []heed.Digest, at time.Time) error
	// EraseDraft erases the contents of a draft that belong to no case.
	EraseDraft(heed.Code) error
}

// Keys are the private keys of this node, those of officers who do not hold their
// own among them: an OfficerSigner asks the others.
type Keys interface {
	// Node is the private part of one of our node keys, by its verification
	// key: that of a card of ours. What was begun under a card is signed by its
	// key, also when the card is renewed meanwhile.
	Node(vkey string) (seal.SigningKey, error)
	// Ledger is the private part of a ledger key of ours, by its verification
	// key: that of a card of ours.
	Ledger(vkey string) (seal.SigningKey, error)
	Sealing() []seal.SealingKey // newest first
	Officer(heed.OfficerID) (seal.SigningKey, error)
	// AddOfficer makes an officer's key and keeps it durably before it returns.
	AddOfficer(heed.OfficerID) (seal.SigningKey, error)
}

// Courier carries bytes to a peer. An error is an attempt that may be repeated.
type Courier interface {
	// Carry posts a stream of envelopes to the endpoint of the card and
	// returns the answer: an envelope stream, or a bare signed refusal where
	// the peer could not seal to us.
	Carry(ctx context.Context, to heed.Card, envelopes []byte) (Reply, error)
	// Resource reads from the peer's public ledger (path as in C2SP
	// tlog-tiles, or "checkpoint"); origin names any ledger that the peer
	// holds, and is empty for its own present one.
	Resource(ctx context.Context, at heed.Card, origin string, path string) ([]byte, error)
	// CurrentCard asks the endpoint for the card that the peer now has.
	CurrentCard(ctx context.Context, at heed.Card) ([]byte, error)
	// Cards asks the endpoint for all cards of the peer, oldest first.
	Cards(ctx context.Context, at heed.Card) ([][]byte, error)
	// Successions asks the endpoint for the peer's signed successions, oldest first.
	Successions(ctx context.Context, at heed.Card) ([][]byte, error)
	// Pulse asks the endpoint how the peer's node does.
	Pulse(ctx context.Context, at heed.Card) (Pulse, error)
	// Deposit hands an envelope to a depositary, with the signed cards of its
	// sender and its recipient, and returns the signed deposit. An error that
	// matches *heed.Refused is the depositary's no.
	Deposit(ctx context.Context, at heed.Depositary, sender, recipient, envelope []byte) ([]byte, error)
	// Collect asks a depositary for what it holds, with our signed cards, the
	// present one first, and a signed collect. Errors as Deposit.
	Collect(ctx context.Context, at heed.Depositary, cards [][]byte, collect []byte) ([]Collected, error)
}

// Reply is what the recipient's node says to a stream of envelopes: one of the two.
type Reply struct {
	Envelope []byte // sealed to the sender, number 0
	Refusal  []byte // a bare signed refusal
}

// Collected is an envelope that a depositary hands over.
type Collected struct {
	Seq      int64  // at the depositary; rises
	Deposit  []byte // the signed deposit that its sender got
	Envelope []byte // header and what is sealed
}

// Notifier tells a person. Notices of different cases are told at the same
// time. It returns the names of the channels that carried
// the notice; an error where none did.
type Notifier interface {
	Notify(ctx context.Context, n Notice, now time.Time) (via string, err error)
}
