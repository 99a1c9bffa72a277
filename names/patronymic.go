package names

import "strings"

// patronymicEndings end East Slavic patronymics in the usual romanisations, and
// in those of Ukrainian, Belarusian, Polish and Azerbaijani.
var patronymicEndings = [...]string{
	"ovich", "evich", "ovych", "evych", "avich", "iavich", "yovych", "ovitch", "evitch", "owitsch", "ewitsch",
	"ovna", "evna", "ivna", "yivna", "owna", "ewna", "auna", "ouna", "inichna", "ichna",
}

// patronymic tells an East Slavic patronymic by its ending. Surnames of the
// South Slavs have it too, and are told apart where their c is without h or
// with a mark.
func patronymic(t Token) bool {
	if t.Script != Latin && t.Script != Cyrillic {
		return false
	}
	return patronymicForm(t.Forms[0].Latin)
}

func patronymicForm(latin string) bool {
	for _, ending := range patronymicEndings {
		if len(latin) > len(ending)+2 && strings.HasSuffix(latin, ending) {
			return true
		}
	}
	return false
}

// feminineEndings are the Slavic and Baltic surname endings of women.
var feminineEndings = [...]string{"ova", "eva", "yova", "ina", "aya", "aia", "skaya", "skaia", "ska", "cka", "ene", "aite", "yte", "ute", "iene"}

// feminine tells a surname in a woman's form by its ending.
func feminine(t Token) bool {
	if t.Kind != Plain || t.Script != Latin && t.Script != Cyrillic {
		return false
	}
	latin := t.Forms[0].Latin
	for _, ending := range feminineEndings {
		if len(latin) > len(ending)+2 && strings.HasSuffix(latin, ending) {
			return true
		}
	}
	return false
}
