package watch

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// isLegalForm reports whether a word, in lower case and without dots, says only
// what sort of body an organisation is by the law of its country: the usual
// abbreviations of ISO 20275 (entity legal forms) and the words they stand for.
func isLegalForm(word string) bool {
	switch word {
	case "ltd", "limited", "llc", "llp", "lp", "plc", "inc", "incorporated", "corp", "corporation", "co", "company", "pte", "pty", "pvt",
		"gmbh", "ag", "kg", "ohg", "gbr", "ug", "mbh", "ev", "eg", "kgaa", "se",
		"sa", "sas", "sarl", "sasu", "eurl", "snc", "sca", "spa", "srl", "srls", "sl", "slu", "sau", "cv", "ltda", "eireli",
		"bv", "nv", "vof", "bvba", "sprl", "asbl", "vzw",
		"ab", "oy", "oyj", "as", "asa", "aps", "ehf", "hf",
		"zao", "oao", "ooo", "pao", "nao", "ao", "tov", "pat", "prat", "uab", "sia", "oü", "doo", "dd", "ad", "ead", "ood", "eood",
		"jsc", "ojsc", "cjsc", "pjsc", "sro", "zrt", "kft", "nyrt", "bt", "oo",
		"fze", "fzc", "fzco", "est", "establishment", "wll", "bsc", "saog", "saoc", "psc",
		"kk", "gk", "sdn", "bhd", "tbk", "pt", "aş", "şti",
		"ооо", "оао", "зао", "пао", "ао", "нао", "тов", "пат", "прат", "ад", "еад", "оод", "еоод", "доо", "дд",
		"公司", "有限公司", "有限责任公司", "股份有限公司", "株式会社", "有限会社", "合同会社", "주식회사", "유한회사",
		"شركة", "محدودة":
		return true
	}
	return false
}

// splitLegalForm takes the words that are legal forms out of an organisation's
// name. Where nothing would be left, they are its name.
func splitLegalForm(text string) (name, form string) {
	var rest, forms []string
	for _, word := range strings.FieldsFunc(norm.NFKC.String(text), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`,()"«»“”„/`, r)
	}) {
		plain := strings.ToLower(strings.ReplaceAll(word, ".", ""))
		if isLegalForm(plain) {
			forms = append(forms, plain)
			continue
		}
		rest = append(rest, word)
	}
	if len(rest) == 0 {
		return text, ""
	}
	return strings.Join(rest, " "), strings.Join(forms, " ")
}
