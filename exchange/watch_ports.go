package exchange

import (
	"time"

	"heed"
	"heed/watch"
)

// WatchRow is what a node remembers of the watch that it keeps in a case. It is
// derived from the case, its documents and its accord; Told and Compared alone
// are state.
type WatchRow struct {
	Case     heed.CaseID
	Under    heed.AccordID    // under which the case was opened; zero: none
	Source   heed.StatementID // the last of the documents whose subjects are watched for; zero: it was never looked at
	By       heed.StatementID // the last notice that bears on when it ends; zero: none does
	Subjects int              // that can be looked for
	// Effective is when the watch ends, as announced; zero: no end is.
	Effective time.Time
	// Due is by when a decision on the watch is owed next; zero: none will be, as
	// far as is known.
	Due  time.Time
	Told int       // the escalation level up to which our people were told of that decision; -1: of none
	Next time.Time // when it is to be looked at next; zero: when something is said
	// Compared says that its subjects were compared with what else is on watch, and
	// with the records that are kept.
	Compared bool
}

// Link says that a warning is about someone who is on watch already. It is for
// our own people: no warner is told of another one's warning.
type Link struct {
	Case    heed.CaseID // of the later warning
	Subject watch.SubjectID
	Other   watch.SubjectID // that was on watch already
	// OtherCase is the case that put it there; zero: the list OtherList did.
	OtherCase heed.CaseID
	OtherList string
	Hit       watch.Hit // the explanation speaks of Subject as the record
	At        time.Time
}

// OwedReport is a confirmed hit that is owed to its warner, or was reported; or,
// once it was reported and is not held to be of the subject any more, what tells the
// warner so.
type OwedReport struct {
	Hit       string // the hit's id here, and behind a slash which of its later passages
	Case      heed.CaseID
	Subject   watch.SubjectID
	Confirmed time.Time
	Due       time.Time        // zero: it is not owed
	Statement heed.StatementID // that told the warner; zero: not yet
	// Verdict is why the report Withdraws does not hold any more; empty: the hit is of
	// the subject, and nothing is withdrawn.
	Verdict   heed.HitVerdict
	Withdraws heed.StatementID
}

// WatchView reads the watches that this node keeps.
type WatchView interface {
	// WatchRow finds that of a case; ErrNotFound where its watch does not run.
	WatchRow(heed.CaseID) (WatchRow, error)
	// WatchRows lists them by case, after one of them; zero: from the first.
	WatchRows(after heed.CaseID, limit int) ([]WatchRow, error)
	// WatchesDue lists those whose Next is not after now, by Next.
	WatchesDue(now time.Time, limit int) ([]WatchRow, error)
	// NextWatch is the earliest Next; ErrNotFound where there is none.
	NextWatch() (time.Time, error)
	// WatchesUncompared lists the cases whose subjects were not compared yet.
	WatchesUncompared(limit int) ([]heed.CaseID, error)
	// Decisions lists those of which a decision is owed, and our people were told, by Due.
	Decisions(limit int) ([]WatchRow, error)
	// WatchedSubjects is the sum of all Subjects.
	WatchedSubjects() (int64, error)
	// LinksOf lists the links of a case with others, whichever was the later, in
	// the order in which they were found.
	LinksOf(heed.CaseID) ([]Link, error)
	// AlteredLinks lists the links with entries of a list of which a later import says
	// something else than one before.
	AlteredLinks(list string, before, later int64) ([]Link, error)
	// LatestLinks lists those that were found at since or later, the latest first.
	LatestLinks(since time.Time, limit int) ([]Link, error)
	// OwedReport finds one by its hit.
	OwedReport(hit string) (OwedReport, error)
	// OwedReports lists those that have no statement yet, by Due.
	OwedReports(limit int) ([]OwedReport, error)
}

// WatchTx changes the watches that this node keeps.
type WatchTx interface {
	// PutWatch adds the row of a case, or replaces it.
	PutWatch(WatchRow) error
	// LookAgain has the watches of the cases that were opened under an accord looked
	// at by a time, where they are not looked at before that.
	LookAgain(under heed.AccordID, by time.Time) error
	// ForgetWatch removes the row of a case; where there is none, it changes nothing.
	ForgetWatch(heed.CaseID) error
	// PutLink keeps a link. One between the two subjects keeps since when it is known,
	// and has the Hit of the later one.
	PutLink(Link) error
	// ForgetLink removes the link between two subjects; where there is none, it changes
	// nothing.
	ForgetLink(subject, other watch.SubjectID) error
	// ForgetListLinks removes the links with what a list has on watch no more.
	ForgetListLinks(list string) error
	// PutOwedReport adds one, or replaces that of its hit.
	PutOwedReport(OwedReport) error
	// ForgetOwedReport removes that of a hit; where there is none, it changes nothing.
	ForgetOwedReport(hit string) error
}
