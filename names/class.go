package names

// Class is the pair of scripts in which two names are written. Evidence weighs
// differently in each: what Arabic leaves unwritten says nothing about Cyrillic.
type Class uint8

// The classes. A name in Latin letters against one in another script is of that
// script's class.
const (
	ClassLatin      Class = iota // both in Latin letters
	ClassCyrillic                // Latin and Cyrillic
	ClassArabic                  // Latin and Arabic
	ClassHebrew                  // Latin and Hebrew
	ClassHangul                  // Latin and Hangul
	ClassKana                    // Latin and kana
	ClassHan                     // Latin and Han
	ClassBrahmic                 // Latin and Devanagari or another script of its family
	ClassAlphabetic              // Latin and Greek, Georgian or Armenian
	ClassOther                   // Latin and any other script
	ClassSame                    // both in one script that is not Latin
	ClassCross                   // two scripts, neither Latin
	Classes                      // how many there are
)

var classNames = [Classes]string{"latn", "cyrl", "arab", "hebr", "hang", "kana", "hani", "brah", "alph", "othr", "same", "cross"}

// String is the class's short name, as the model and reports write it.
func (c Class) String() string {
	if c < Classes {
		return classNames[c]
	}
	return "none"
}

// ClassOf is the class of two scripts, in whatever order.
func ClassOf(a, b Script) Class {
	switch {
	case a == b && a == Latin:
		return ClassLatin
	case a == b:
		return ClassSame
	case b == Latin:
		return withLatin(a)
	case a == Latin:
		return withLatin(b)
	}
	return ClassCross
}

func withLatin(s Script) Class {
	switch s {
	case Cyrillic:
		return ClassCyrillic
	case Arabic:
		return ClassArabic
	case Hebrew:
		return ClassHebrew
	case Hangul:
		return ClassHangul
	case Kana:
		return ClassKana
	case Han:
		return ClassHan
	case Greek, Georgian, Armenian:
		return ClassAlphabetic
	case Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam, Sinhala, Thai, Lao, Khmer, Myanmar, Tibetan:
		return ClassBrahmic
	}
	return ClassOther
}
