package names

import (
	"strings"
	"testing"
)

func TestParseMRZ(t *testing.T) {
	for _, c := range []struct{ zone, plain, family string }{
		{"TSARNAEV<<TAMERLAN", "TAMERLAN TSARNAEV", "TSARNAEV"},
		{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "ANNA MARIA ERIKSSON", "ERIKSSON"},
		{"VAN<DER<MUELLEN<<JAN<<<<<<", "JAN VAN DER MUELLEN", "VAN DER MUELLEN"},
		{"ARKFREITHHERR", "ARKFREITHHERR", ""},
		{"<<<<", "", ""},
	} {
		n := ParseMRZ(c.zone)
		var plain, family []string
		for _, tok := range n.Tokens[:n.Positions] {
			plain = append(plain, tok.Text)
			if tok.Part == PartFamily {
				family = append(family, tok.Text)
			}
		}
		if strings.Join(plain, " ") != c.plain || strings.Join(family, " ") != c.family {
			t.Errorf("%s: %q, family %q", c.zone, plain, family)
		}
	}
}

// TestParseMRZUndone holds that a zone's transliteration meets the name that it
// stands for.
func TestParseMRZUndone(t *testing.T) {
	for _, pair := range [][2]string{
		{"MUELLER", "Müller"}, {"TSARNAEV", "Царнаев"}, {"IUSHCHENKO", "Ющенко"}, {"OESTERAAS", "Österås"}, {"MXHMD", "محمد"}, {"XSHRIF", "شريف"},
		{"SOERENSEN", "Sørensen"}, {"WEISS", "Weiß"}, {"KHRUSHCHEV", "Хрущев"},
	} {
		a, b := ParseMRZ(pair[0]), Parse(pair[1])
		if !meet(a.Tokens[0], b.Tokens[0]) {
			t.Errorf("%s %q does not meet %s %q", pair[0], soundsOf(a.Tokens[0]), pair[1], soundsOf(b.Tokens[0]))
		}
	}
}

func FuzzParseMRZ(f *testing.F) {
	f.Add("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<")
	f.Add("XAAXSHXKHXX<<X")
	f.Add("<<<<<<")
	f.Add("p<UTOERIKS\u0656<<<ANN")
	f.Add("VAN<DER<MUELLEN<<JAN")
	f.Fuzz(func(t *testing.T, text string) { checkName(t, ParseMRZ(text)) })
}
