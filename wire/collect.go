package wire

import (
	"fmt"
	"time"

	"heed"
	"heed/seal"
)

// Collect is a party's signed request to a depositary for what it holds for
// the party. It binds nobody to anything, and is good for a few minutes only:
// whoever gets hold of one learns nothing with it later.
type Collect struct {
	Depositary heed.PartyID // for whom it is: another one refuses it
	Party      heed.PartyID
	Card       uint64 // serial of the party's card, which goes with the request
	After      uint64 // the sequence number up to which it has everything; the depositary may forget that
	Time       time.Time
	Node       string // the party's node key
}

// maxCollect bounds a signed collect in bytes.
const maxCollect = 2 << 10

const collectFirst = "heed-collect/v1"

// CollectText is the text that the party's node signs.
func CollectText(c Collect) string {
	w := &writer{}
	w.first(collectFirst)
	w.line("depositary", string(c.Depositary))
	w.line("party", string(c.Party))
	w.number("card", c.Card)
	w.number("after", c.After)
	w.time("time", c.Time)
	w.line("node", c.Node)
	return w.text()
}

// SignCollect signs a collect. What ParseCollect would refuse is not signed;
// the error then matches ErrMalformed.
func SignCollect(c Collect, node seal.SigningKey) ([]byte, error) {
	c.Node = node.Verifier().String()
	text := CollectText(c)
	if _, err := parseCollectText(text); err != nil {
		return nil, fmt.Errorf("sign collect: %w", err)
	}
	note, err := seal.SignNote(text, node)
	if err != nil {
		return nil, fmt.Errorf("sign collect: %w", err)
	}
	return note, nil
}

// ParseCollect reads a collect and verifies its signature with the key that it
// lists. Whose key that is, the party's card says.
func ParseCollect(note []byte) (Collect, error) {
	text, _, err := splitNote(note, maxCollect, 1)
	if err != nil {
		return Collect{}, fmt.Errorf("collect: %w", err)
	}
	c, err := parseCollectText(text)
	if err != nil {
		return Collect{}, fmt.Errorf("collect: %w", err)
	}
	if err := openNote(note, c.Party, c.Node, nil); err != nil {
		return Collect{}, fmt.Errorf("collect of %s: %w", c.Party, err)
	}
	return c, nil
}

func parseCollectText(text string) (Collect, error) {
	var c Collect
	r := newReader(text, collectFirst)
	c.Depositary = r.party("depositary")
	c.Party = r.party("party")
	c.Card = r.serial("card")
	c.After = r.number("after")
	c.Time = r.time("time")
	c.Node = get(r, r.need("node"), parseKey)
	if err := r.end(); err != nil {
		return Collect{}, err
	}
	if c.Depositary == c.Party {
		return Collect{}, malformed("depositary and party are the same")
	}
	if err := checkAuthorKeys(c.Party, c.Node, nil); err != nil {
		return Collect{}, err
	}
	if CollectText(c) != text {
		return Collect{}, malformed("not in its canonical form")
	}
	return c, nil
}
