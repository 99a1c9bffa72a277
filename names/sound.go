package names

// Sounds turns a reading in a-z into one byte for each sound. What several
// romanisations spell differently comes out alike: sh, sch and the reading of
// š are S; ch, tch, tsch are C; zh is Z; ts, tz are c; kh is x; gh is G; th is T;
// dh is D; dzh, dj are J; ph is f; ng stays two sounds. The letter j, which is a
// different sound in every language, stays j. Vowels are a e i o u; ee is
// i, oo and ou are u; y is y before a vowel and i elsewhere, and is
// left out where systems differ (Tsarnayev, Mariya, Yelena). Doubled sounds are
// written once.
func Sounds(latin string) string {
	var room [MaxRunes]byte
	out := room[:0]
	emit := func(b byte) {
		switch n := len(out); {
		case n > 0 && out[n-1] == b:
			return
		case n > 0 && out[n-1] == 't' && (b == 'c' || b == 'C'), n > 0 && out[n-1] == 'd' && b == 'J':
			out[n-1] = b // Gottstein, Hatchi: one affricate
			return
		}
		out = append(out, b)
	}
	for i := 0; i < len(latin); {
		sound, n := soundAt(latin, i)
		for j := 0; j < len(sound); j++ {
			emit(sound[j])
		}
		i += n
	}
	return string(glides(out))
}

// glides takes out what systems write differently between vowels: i there is y,
// and so at the start (Iuri); y is left out after i (Mariya), and before e at the
// start and after a, o, u (Tsarnayev, Yelena).
func glides(sounds []byte) []byte {
	out := sounds[:0]
	for k, c := range sounds {
		var before, next byte
		if len(out) > 0 {
			before = out[len(out)-1]
		}
		if k+1 < len(sounds) {
			next = sounds[k+1]
		}
		if c == 'i' && vowel(next) && (before == 0 || vowel(before) && before != 'i') {
			c = 'y'
		}
		if c == 'y' && (before == 'i' || next == 'e' && (before == 0 || before == 'a' || before == 'o' || before == 'u')) {
			continue
		}
		if c == before {
			continue
		}
		out = append(out, c)
	}
	return out
}

// soundAt reads the sound that begins at latin[i] and says how many letters it took.
func soundAt(latin string, i int) (string, int) {
	rest := latin[i:]
	next := func(n int) byte {
		if n < len(rest) {
			return rest[n]
		}
		return 0
	}
	has := func(s string) bool { return len(rest) >= len(s) && rest[:len(s)] == s }
	switch rest[0] {
	case 's':
		switch {
		case has("shch"):
			return "S", 4
		case has("sch"):
			return "S", 3
		case has("sh"):
			return "S", 2
		}
		return "s", 1
	case 'c':
		switch {
		case has("ch"):
			return "C", 2
		case has("ck"):
			return "k", 2
		case next(1) == 'e', next(1) == 'i', next(1) == 'y':
			return "s", 1
		case has("cq"), has("cc"):
			return "k", 2
		}
		return "k", 1
	case 't':
		switch {
		case has("tsch"):
			return "C", 4
		case has("tch"):
			return "C", 3
		case has("tsh"):
			return "C", 3
		case has("th"):
			return "T", 2
		case has("ts"), has("tz"):
			return "c", 2
		}
		return "t", 1
	case 'd':
		switch {
		case has("dzh"):
			return "J", 3
		case has("dsch"):
			return "J", 4
		case has("dj"):
			return "J", 2
		case has("dh"):
			return "D", 2
		}
		return "d", 1
	case 'z':
		if has("zh") {
			return "Z", 2
		}
		return "z", 1
	case 'k':
		if has("kh") {
			return "x", 2
		}
		return "k", 1
	case 'g':
		if has("gh") {
			return "G", 2
		}
		return "g", 1
	case 'p':
		if has("ph") {
			return "f", 2
		}
		return "p", 1
	case 'q':
		if has("qu") {
			if next(2) == 'e' || next(2) == 'i' {
				return "k", 2
			}
			return "kw", 2
		}
		return "k", 1
	case 'x':
		return "ks", 1
	case 'y':
		if vowel(next(1)) {
			return "y", 1
		}
		return "i", 1
	case 'e':
		if has("ee") {
			if has("eev") && i > 0 && latin[i-1] != 'j' {
				return "eye", 2 // Andreev, Andreyev; but Sanjeev
			}
			return "i", 2
		}
		return "e", 1
	case 'o':
		switch {
		case has("ou") && (next(2) == 'a' || next(2) == 'e' || next(2) == 'i'):
			return "w", 2 // Ouali
		case has("oo"), has("ou"):
			return "u", 2
		}
		return "o", 1
	case 'h':
		// After a vowel at the end it only lengthens: Sarah, Abdullah.
		if i > 0 && i == len(latin)-1 && vowel(latin[i-1]) {
			return "", 1
		}
		return "h", 1
	}
	return rest[:1], 1
}

func vowel(b byte) bool {
	switch b {
	case 'a', 'e', 'i', 'o', 'u':
		return true
	}
	return false
}

// SoundAlphabet lists every byte that Sounds may give.
const SoundAlphabet = "abcdefghijklmnopqrstuvwxyzCDGJSTZ"
