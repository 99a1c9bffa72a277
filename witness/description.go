package witness

import (
	"fmt"
	"strings"

	"heed/exchange"
	"heed/ledger"
)

const descriptionFirst = "heed-witness/v1"

// MaxDescription bounds a description in bytes.
const MaxDescription = 4 << 10

// FormatDescription is what GET /heed/v1/witness answers (docs/witnesses.md).
func FormatDescription(d exchange.WitnessDescription) []byte {
	mirrors := "no"
	if d.Mirrors {
		mirrors = "yes"
	}
	return fmt.Appendf(nil, "%s\nname: %s\nkey: %s\nmirrors: %s\n", descriptionFirst, d.Name, d.Key, mirrors)
}

// ParseDescription reads it, in its one form; the key is one, and has the name.
func ParseDescription(text []byte) (exchange.WitnessDescription, error) {
	fail := func(why string) (exchange.WitnessDescription, error) {
		return exchange.WitnessDescription{}, fmt.Errorf("witness: not a description of a witness: %s", why)
	}
	if len(text) > MaxDescription {
		return fail(fmt.Sprintf("more than %d bytes", MaxDescription))
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) != 5 || lines[0] != descriptionFirst || lines[4] != "" {
		return fail(fmt.Sprintf("it has not the four lines that begin with %s", descriptionFirst))
	}
	d := exchange.WitnessDescription{
		Name: strings.TrimPrefix(lines[1], "name: "), Key: strings.TrimPrefix(lines[2], "key: "), Mirrors: lines[3] == "mirrors: yes",
	}
	if string(FormatDescription(d)) != string(text) {
		return fail("its lines are not name, key and mirrors")
	}
	key, err := ledger.ParseCosignerKey(d.Key)
	if err != nil {
		return fail(err.Error())
	}
	if key.Name() != d.Name {
		return fail("the key has another name")
	}
	return d, nil
}
