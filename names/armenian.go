package names

import "strings"

// armenianEast follows BGN/PCGN (1981), which reads Armenian as it is spoken in
// the east; armenianWest has the letters that are spoken otherwise in the west.
var (
	armenianEast = map[rune]string{
		'ա': "a", 'բ': "b", 'գ': "g", 'դ': "d", 'ե': "e", 'զ': "z", 'է': "e", 'ը': "y", 'թ': "t", 'ժ': "zh", 'ի': "i", 'լ': "l", 'խ': "kh",
		'ծ': "ts", 'կ': "k", 'հ': "h", 'ձ': "dz", 'ղ': "gh", 'ճ': "ch", 'մ': "m", 'յ': "y", 'ն': "n", 'շ': "sh", 'ո': "o", 'չ': "ch", 'պ': "p",
		'ջ': "j", 'ռ': "r", 'ս': "s", 'վ': "v", 'տ': "t", 'ր': "r", 'ց': "ts", 'ւ': "v", 'փ': "p", 'ք': "k", 'օ': "o", 'ֆ': "f", 'և': "ev", 'ֈ': "o",
	}
	armenianWest = map[rune]string{
		'բ': "p", 'գ': "k", 'դ': "t", 'ծ': "dz", 'կ': "g", 'ձ': "ts", 'ճ': "j", 'պ': "b", 'ջ': "ch", 'տ': "d", 'յ': "h",
	}
)

// readArmenian reads a word in Armenian letters as in the east and in the west.
func readArmenian(word []rune) ([]Form, Flags) {
	return []Form{
		{Latin: spellArmenian(word, nil), Rule: "Armenian, eastern"},
		{Latin: spellArmenian(word, armenianWest), Rule: "Armenian, western"},
	}, 0
}

func spellArmenian(word []rune, own map[rune]string) string {
	var out strings.Builder
	for i := 0; i < len(word); i++ {
		r := word[i]
		if r == 'ո' && i+1 < len(word) && word[i+1] == 'ւ' {
			out.WriteString("u")
			i++
			continue
		}
		latin, ok := own[r]
		if !ok || r == 'յ' && i > 0 {
			latin = armenianEast[r]
		}
		switch {
		case r == 'ե' && i == 0 && len(word) > 1:
			latin = "ye"
		case r == 'ո' && i == 0 && len(word) > 1 && word[1] != 'վ':
			latin = "vo"
		}
		out.WriteString(latin)
	}
	return out.String()
}
