package watch

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"heed"
)

// minNumber is the fewest characters of a number that may make a hit by itself:
// a shorter one is shared by too many.
const minNumber = 5

// plainNumber is a document's, plate's or vehicle's number without what people
// write differently: capitals and digits only, in compatibility form (NFKC),
// with Cyrillic and Greek letters that look like Latin ones as those. Number
// plates of Russia, Ukraine and others use only the letters that exist in both.
func plainNumber(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKC.String(s) {
		r = unicode.ToUpper(r)
		if latin, ok := lookAlike(r); ok {
			r = latin
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func lookAlike(r rune) (rune, bool) {
	const foreign, latin = "АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSABEZHIKMNOPTYX"
	if r < 0x370 {
		return 0, false
	}
	i := 0
	for _, f := range foreign {
		if f == r {
			return rune(latin[i]), true
		}
		i++
	}
	return 0, false
}

// blurredNumber is a plain number with the characters that a camera or a tired
// person takes for each other written as one.
func blurredNumber(plain string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'O', 'Q', 'D':
			return '0'
		case 'I', 'L':
			return '1'
		case 'Z':
			return '2'
		case 'S':
			return '5'
		case 'G':
			return '6'
		case 'B':
			return '8'
		}
		return r
	}, plain)
}

// NumberRelation is what two numbers have in common.
type NumberRelation string

// The relations of numbers.
const (
	NumberSame    NumberRelation = "same"    // but for spaces, hyphens, case and look-alike letters of other alphabets
	NumberBlurred NumberRelation = "blurred" // but for characters that are taken for each other: O and 0, I and 1, S and 5, B and 8, Z and 2, G and 6
	NumberOther   NumberRelation = "other"
)

// RelateNumbers compares two numbers of documents, plates or vehicles.
func RelateNumbers(a, b string) NumberRelation {
	pa, pb := plainNumber(a), plainNumber(b)
	switch {
	case pa == "" || pb == "":
		return NumberOther
	case pa == pb:
		return NumberSame
	case blurredNumber(pa) == blurredNumber(pb):
		return NumberBlurred
	}
	return NumberOther
}

// relateDocuments compares two documents. Two states may give the same number,
// so another country makes it another document; another sort of document, where
// both are known, leaves a doubt, as a digit that is hard to read does.
func relateDocuments(a, b heed.Document) NumberRelation {
	relation := RelateNumbers(a.Number, b.Number)
	switch {
	case relation == NumberOther, a.Country != "" && b.Country != "" && a.Country != b.Country, len(plainNumber(a.Number)) < minNumber:
		return NumberOther
	case sort(a.Type) != "" && sort(b.Type) != "" && sort(a.Type) != sort(b.Type):
		return NumberBlurred
	}
	return relation
}

// sort is the type where it says something.
func sort(t heed.DocumentType) heed.DocumentType {
	if t == heed.DocumentOther {
		return ""
	}
	return t
}
