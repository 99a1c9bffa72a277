package evidence

import (
	"bytes"
	"encoding/binary"

	"heed/wire"
)

// Bounds of cards that are given beside evidence (docs/evidence.md, section 3).
const (
	MaxCards    = 1024                // in one file
	maxCardNote = wire.MaxCard + 4096 // bytes: a card's text and its two signature lines
)

const cardFirst = "heed-card/v1\n"

// ParseCards reads cards that are given beside evidence, as Verify takes them:
// one signed card, as `heed card` prints it, or all cards of a party, as its
// endpoint and its tiles serve them (/cards): the length of each in four bytes,
// big endian, and then the card. It checks the form only, and what it gives are
// parts of data. Errors match ErrDamaged.
func ParseCards(data []byte) ([][]byte, error) {
	if bytes.HasPrefix(data, []byte(cardFirst)) {
		if len(data) > maxCardNote {
			return nil, damaged("a card of %d bytes", len(data))
		}
		return [][]byte{data}, nil
	}
	var cards [][]byte
	for len(data) > 0 {
		if len(data) < 4 {
			return nil, damaged("neither a card nor a list of cards")
		}
		size := int64(binary.BigEndian.Uint32(data))
		if data = data[4:]; size > int64(len(data)) || size > maxCardNote || !bytes.HasPrefix(data[:size], []byte(cardFirst)) {
			return nil, damaged("neither a card nor a list of cards")
		}
		if cards = append(cards, data[:size:size]); len(cards) > MaxCards {
			return nil, damaged("more than %d cards", MaxCards)
		}
		data = data[size:]
	}
	if len(cards) == 0 {
		return nil, damaged("no card: the file is empty")
	}
	return cards, nil
}

// parseFile reads one of the files that Verify takes: evidence, or cards, which
// claim nothing.
func parseFile(data []byte) (Bundle, error) {
	const length = 4
	if bytes.HasPrefix(data, []byte(cardFirst)) || len(data) > length && bytes.HasPrefix(data[length:], []byte(cardFirst)) {
		cards, err := ParseCards(data)
		return Bundle{Cards: cards}, err
	}
	return Parse(data)
}
