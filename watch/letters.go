package watch

import "strings"

// Most names on long lists are of Latin letters, spaces and a few marks: four of
// them take three bytes.

// letters are the characters that are kept in six bits.
const letters = " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,-.'()/\"&0"

const letterBits = 6

// appendLetters writes a text with its length in characters, doubled, and one more
// where they are letters.
func appendLetters(b []byte, s string) []byte {
	if strings.Trim(s, letters) != "" {
		return append(appendCount(b, len(s)<<1), s...)
	}
	b = appendCount(b, len(s)<<1|1)
	bits, n := uint32(0), 0
	for i := range len(s) {
		bits, n = bits<<letterBits|uint32(strings.IndexByte(letters, s[i])), n+letterBits
		for ; n >= 8; n -= 8 {
			b = append(b, byte(bits>>(n-8)))
		}
	}
	if n > 0 {
		b = append(b, byte(bits<<(8-n)))
	}
	return b
}

// letters reads what appendLetters wrote.
func (d *decoder) letters() string {
	n := d.count(len(d.b) * 4)
	if n&1 == 0 {
		return string(d.take(n >> 1))
	}
	n >>= 1
	packed := d.take(lettersSize(n))
	text := make([]byte, 0, n)
	bits, have := uint32(0), 0
	for _, c := range packed {
		for bits, have = bits<<8|uint32(c), have+8; have >= letterBits && len(text) < n; have -= letterBits {
			at := bits >> (have - letterBits) & (1<<letterBits - 1)
			if int(at) >= len(letters) {
				d.bad = true
				return ""
			}
			text = append(text, letters[at])
		}
	}
	return string(text)
}

// skipLetters passes over a text that appendLetters wrote.
func (d *decoder) skipLetters() {
	n := d.count(len(d.b) * 4)
	if n&1 == 0 {
		d.take(n >> 1)
		return
	}
	d.take(lettersSize(n >> 1))
}

func lettersSize(n int) int { return (n*letterBits + 7) / 8 }
