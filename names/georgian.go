package names

import "strings"

// georgianLetters follows the national system of romanisation (2002), which is
// BGN/PCGN's without apostrophes.
var georgianLetters = map[rune]string{
	'ა': "a", 'ბ': "b", 'გ': "g", 'დ': "d", 'ე': "e", 'ვ': "v", 'ზ': "z", 'თ': "t", 'ი': "i", 'კ': "k", 'ლ': "l", 'მ': "m", 'ნ': "n",
	'ო': "o", 'პ': "p", 'ჟ': "zh", 'რ': "r", 'ს': "s", 'ტ': "t", 'უ': "u", 'ფ': "p", 'ქ': "k", 'ღ': "gh", 'ყ': "q", 'შ': "sh", 'ჩ': "ch",
	'ც': "ts", 'ძ': "dz", 'წ': "ts", 'ჭ': "ch", 'ხ': "kh", 'ჯ': "j", 'ჰ': "h", 'ჱ': "e", 'ჲ': "y", 'ჳ': "w", 'ჴ': "q", 'ჵ': "o", 'ჶ': "f",
	'ჷ': "a", 'ჸ': "", 'ჹ': "g", 'ჺ': "",
}

// readGeorgian reads a word in Georgian letters: plain, without the i of the
// nominative that names from abroad get (ცარნაევი), and with ფ as f.
func readGeorgian(word []rune) ([]Form, Flags) {
	var plain strings.Builder
	for _, r := range word {
		plain.WriteString(georgianLetters[r])
	}
	latin := plain.String()
	forms := []Form{{Latin: latin, Rule: "Georgian, national system"}}
	if stem := strings.TrimSuffix(latin, "i"); stem != latin && len(stem) > 2 && !vowel(stem[len(stem)-1]) && !strings.HasSuffix(stem, "shvil") && !strings.HasSuffix(stem, "dz") {
		forms = append(forms, Form{Latin: stem, Rule: "Georgian, nominative i dropped"})
	}
	if strings.ContainsRune(string(word), 'ფ') {
		forms = append(forms, Form{Latin: strings.ReplaceAll(forms[len(forms)-1].Latin, "p", "f"), Rule: "Georgian, ფ as f"})
	}
	return forms, 0
}
