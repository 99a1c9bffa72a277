package exchange

import (
	"time"

	"heed"
	"heed/watch"
)

// ListState says how far an import of a watch list is.
type ListState string

// The states of an import.
const (
	ListStaged    ListState = "staged"    // its entries come; nobody is on watch by it
	ListCurrent   ListState = "current"   // its entries are on watch
	ListReplaced  ListState = "replaced"  // a later one is current
	ListDropped   ListState = "dropped"   // it was given up before it was current
	ListForgotten ListState = "forgotten" // an officer took the list off watch
)

// ListImport is one import of a watch list: the standing warning of a named
// source, as an officer has put it on watch.
type ListImport struct {
	ID        int64
	List      string
	State     ListState
	Format    string
	File      string      // its name, for people
	Digest    heed.Digest // SHA-256 of the file; zero: it was not read to its end
	Officer   heed.OfficerID
	Role      heed.Role
	Reason    string
	Urgency   heed.Urgency
	Threshold float64 // from which a score is a hit, in millionths; 0: the model's
	Began     time.Time
	Changed   time.Time // when something was last done about it
	Ended     time.Time // when it became current; zero: it did not

	Entries, Persons, Vehicles, Organisations int64

	Unread  int64 // entries that could not be read
	Partial int64 // entries of which something was left out
	ListDiff
}

// ListDiff is how the entries of an import differ from those before.
type ListDiff struct {
	Added, Altered, Removed int64
}

// ListEntry is one entry of a list. Its subject has no id and no urgency: those
// are the import's.
type ListEntry struct {
	Entry   string // the source's own number
	Subject watch.Subject
}

// ListView reads watch lists.
type ListView interface {
	// Lists lists the current imports, by list.
	Lists() ([]ListImport, error)
	// ListImports lists the imports of a list, the newest first.
	ListImports(list string, limit int) ([]ListImport, error)
	// ListImport finds one.
	ListImport(id int64) (ListImport, error)
	// StagedLists lists the imports that are staged, the oldest first.
	StagedLists() ([]ListImport, error)
	// ListEntries lists the entries of an import in the order of their numbers, after
	// one of them; empty: from the first.
	ListEntries(id int64, after string, limit int) ([]ListEntry, error)
	// ListRemoved lists the entries of an import that a later one does not have, as
	// ListEntries does.
	ListRemoved(id, later int64, after string, limit int) ([]string, error)
	// CompareLists counts how a later import differs from one before; 0: from nothing.
	CompareLists(id, later int64) (ListDiff, error)
	// ListLeftovers lists imports that are neither current nor staged and still have entries.
	ListLeftovers(limit int) ([]int64, error)
	// ListedSubjects counts the entries of all current imports.
	ListedSubjects() (int64, error)
}

// ListTx changes watch lists.
type ListTx interface {
	// PutListImport adds an import where its ID is 0, and replaces it where it is
	// not. A list has one current import at most.
	PutListImport(ListImport) (int64, error)
	// AddListEntry adds an entry to an import, or replaces that of its number.
	AddListEntry(id int64, e ListEntry) error
	// ForgetListEntries removes up to so many entries of an import, and returns how many.
	ForgetListEntries(id int64, limit int) (int64, error)
}
