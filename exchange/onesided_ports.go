package exchange

import (
	"context"
	"time"

	"heed"
	"heed/ledger"
	"heed/post"
)

// KeptContact is a version of a contact as a node keeps it.
type KeptContact struct {
	Contact heed.Contact
	Note    []byte // the signed bytes
}

// KeptEntry is an entry of a one-sided case as a node keeps it.
type KeptEntry struct {
	Entry heed.Entry
	Note  []byte     // the signed bytes
	Key   ledger.Key // the tag key K
}

// OneSidedRow is a one-sided case in a list.
type OneSidedRow struct {
	ID      heed.CaseID
	Code    heed.Code
	Contact heed.ContactID
	Warned  heed.Side
	Urgency heed.Urgency
	Status  heed.Status
	Stage   heed.State
	Opened  time.Time // signed time of the opening
	Changed time.Time
}

// OneSidedIndexed is a reply that is owed in a one-sided case, in the index from
// which boards are drawn and the waker is woken. It is derived from the case;
// Told alone is state.
type OneSidedIndexed struct {
	Case heed.CaseID
	heed.OneSidedDuty
	Told int       // the escalation level up to which our people were told
	Next time.Time // when the level rises next; zero: never
}

// OneSidedTask is something that the node is to do about a one-sided case: tell our
// people, or send a mail. It is kept until it was done, and names no contents.
type OneSidedTask struct {
	ID      string // stable: one for what is to be done, however often it is asked for
	Case    heed.CaseID
	Kind    OneSidedTaskKind
	Duty    heed.DutyKind  // tell
	Due     time.Time      // tell: as the duty was due
	Level   int            // tell
	Sort    post.Sort      // mail: which letter
	Entry   heed.EntryID   // mail: our reply that the letter tells; zero: another sort
	Officer heed.OfficerID // who ordered the mail
	// Contact is the version on record of the contact when the mail was ordered: it
	// goes to nobody else than the officer meant.
	Contact  heed.ContactVersionID
	Created  time.Time
	Attempts int
	NextAt   time.Time
	Trouble  string // why the last attempt failed, for people
}

// OneSidedTaskKind is what is to be done.
type OneSidedTaskKind string

// The tasks.
const (
	TaskTell OneSidedTaskKind = "tell"
	TaskMail OneSidedTaskKind = "mail"
)

// OneSidedView reads contacts and one-sided cases.
type OneSidedView interface {
	// Contact is the newest version of a contact, also of one that was removed.
	Contact(heed.ContactID) (KeptContact, error)
	// ContactVersion finds any version that was ever kept.
	ContactVersion(heed.ContactVersionID) (KeptContact, error)
	// Contacts lists the newest version of each, by name, the removed ones too.
	Contacts() ([]KeptContact, error)

	// OneSided folds the case from its entries. ErrNotFound where nothing is kept.
	OneSided(heed.CaseID) (heed.OneSided, error)
	// OneSidedOf lists the one-sided cases with a code, in the order of their ids.
	OneSidedOf(heed.Code) ([]heed.CaseID, error)
	// OneSidedCases lists them by last change, newest first.
	OneSidedCases(limit int) ([]OneSidedRow, error)
	// EntriesOf lists all that is kept of one, in the order in which it was kept.
	EntriesOf(heed.CaseID) ([]KeptEntry, error)
	// OneSidedIndex lists the index of one case, by due time.
	OneSidedIndex(heed.CaseID) ([]OneSidedIndexed, error)
	// OneSidedOpen lists open duties of all, by due time.
	OneSidedOpen(limit int) ([]OneSidedIndexed, error)
	// OneSidedWakes lists the open duties whose Next is not after now, by Next.
	OneSidedWakes(now time.Time, limit int) ([]OneSidedIndexed, error)
	// OneSidedTasks lists what is to be done at now, oldest first.
	OneSidedTasks(now time.Time, limit int) ([]OneSidedTask, error)
	// OneSidedTasksOf lists what is still to be done in a case, oldest first.
	OneSidedTasksOf(heed.CaseID) ([]OneSidedTask, error)
	// NextOneSided is the earliest Next of an open duty or NextAt of a task;
	// ErrNotFound where there is neither.
	NextOneSided() (time.Time, error)
}

// OneSidedTx changes contacts and one-sided cases.
type OneSidedTx interface {
	// PutContact keeps a version, which becomes the newest of its contact.
	PutContact(KeptContact) error
	// KeepEntry adds an entry; keeping one again changes nothing.
	KeepEntry(KeptEntry) error
	// PutOneSidedIndex replaces the row of a case and the index of its duties.
	PutOneSidedIndex(OneSidedRow, []OneSidedIndexed) error
	// AddOneSidedTask queues a task; one with the same ID, done or not, changes nothing.
	AddOneSidedTask(OneSidedTask) error
	OneSidedTried(id string, next time.Time, trouble string) error
	// OneSidedDone takes it out of the queue for good.
	OneSidedDone(id string, at time.Time) error
}

// Mailing is one mail to a contact.
type Mailing struct {
	ID      string // stable, so that a mail server can see what it has already
	To      string // one bare address
	Subject string
	Text    string
	HTML    []byte // the same matter as a page; empty: none
	At      time.Time
}

// Mailer sends mail to partners without heed. It returns nil once a mail server
// has accepted the mail, which is not that anybody has it.
type Mailer interface {
	Mail(ctx context.Context, m Mailing) error
}
