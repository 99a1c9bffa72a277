package exchange

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"heed"
	"heed/watch"
)

// identity is what tells one traveller from another of the same name, for an
// exclusion: names, date of birth, documents and organisation, each in one form: an
// organisation may be on watch itself, and the traveller is not excluded with
// whichever one it travels for. False where the
// record has neither a full date of birth nor a document: an exclusion by the name
// alone would wave through everybody who bears it.
func identityOf(r watch.Record) (string, bool) {
	var lines []string
	for _, n := range r.Names {
		lines = append(lines, "name "+foldedName(n.Text))
	}
	if len(r.Names) == 0 && r.MRZ != "" {
		lines = append(lines, "name "+foldedName(strings.ReplaceAll(r.MRZ, "<", " ")))
	}
	born := r.Born != heed.Birth{} && r.Born.Precision() == heed.PrecisionDay
	if r.Born != (heed.Birth{}) {
		lines = append(lines, "born "+r.Born.String())
	}
	documented := false
	for _, d := range r.Documents {
		if number := foldedNumber(d.Number); number != "" {
			lines = append(lines, "document "+string(d.Country)+" "+number)
			documented = true
		}
	}
	if name := foldedName(r.Organisation); name != "" {
		lines = append(lines, "organisation "+name)
	}
	for _, mark := range []string{r.Vehicle.Plate, r.Vehicle.VIN} {
		if mark != "" {
			lines = append(lines, "vehicle "+string(r.Vehicle.Country)+" "+foldedNumber(mark))
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	return strings.Join(lines, "\n"), born || documented
}

// foldedName is a name without what does not tell people apart: the case of
// letters, width, punctuation, spacing and the order of its words.
func foldedName(s string) string {
	words := strings.FieldsFunc(strings.ToLower(norm.NFKC.String(s)), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsMark(c) && !unicode.IsDigit(c)
	})
	slices.Sort(words)
	return strings.Join(words, " ")
}

// foldedNumber is the letters and digits of a number.
func foldedNumber(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToUpper(c)
		}
		return -1
	}, norm.NFKC.String(s))
}
