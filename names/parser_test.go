package names

import (
	"reflect"
	"strings"
	"testing"
)

// What is left out of a name is only what nobody wants, and then all of it.
func TestParseWanted(t *testing.T) {
	var p Parser
	for text, asks := range map[string]bool{
		"Mary Ann Smith":      true,
		"Tamerlan Tsarnaev":   true,
		"Tsarnaev":            false, // no neighbours
		"Abd al-Rahman Hamid": false, // a compound is read in any case
		"Царнаев Тамерлан":    false, // and so are other scripts
		"金正 恩":                false,
	} {
		all := Parse(text)
		var told []string
		none, whole := p.ParseWanted(text, Hint{}, func(forms []Form, keys []Key) bool {
			told = append(told, forms[0].Sounds)
			if len(keys) == 0 {
				t.Errorf("%s: %s without a key", text, forms[0].Sounds)
			}
			return false
		})
		if asks != (len(told) > 0) || whole == asks {
			t.Errorf("%s: asked for %q, whole: %v", text, told, whole)
		}
		if asks {
			all.Tokens = all.Tokens[:all.Positions]
		}
		if !reflect.DeepEqual(none.Tokens, all.Tokens) {
			t.Errorf("%s: %v, not %v", text, none.Tokens, all.Tokens)
		}
		some, whole := p.ParseWanted(text, Hint{}, func(forms []Form, _ []Key) bool { return strings.HasPrefix(forms[0].Sounds, "t") })
		if want := Parse(text); strings.HasPrefix(text, "T") && (!whole || !reflect.DeepEqual(some, want)) {
			t.Errorf("%s wanted: %v, not %v", text, some, want)
		}
	}
}
