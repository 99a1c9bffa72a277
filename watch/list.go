package watch

import (
	"fmt"
	"strings"

	"heed"
)

// MaxListName bounds the name of a list, in bytes.
const MaxListName = 40

// CheckListName holds the name of a list against its form: lower-case letters,
// digits, and - . _ between them. Its error is a *heed.Invalid.
func CheckListName(name string) error {
	ok := name != "" && len(name) <= MaxListName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == "" && strings.Trim(name, "-._") == name
	if !ok {
		return &heed.Invalid{What: fmt.Sprintf("%q is no name of a list", clip(name)), Hint: fmt.Sprintf("write it in at most %d lower-case letters, digits, and - . _ between them, like ofac-sdn", MaxListName)}
	}
	return nil
}

const listed = "list:"

// ListedID names the subject of a list's entry: it stays the same as long as the
// source keeps its own number of the entry.
func ListedID(list, entry string) SubjectID { return SubjectID(listed + list + "/" + entry) }

// Listed is the list and the entry that a subject comes from; false for one that
// comes from no list.
func (s SubjectID) Listed() (list, entry string, ok bool) {
	rest, ok := strings.CutPrefix(string(s), listed)
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}
