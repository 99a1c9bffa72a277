package ledger

import (
	"fmt"
	"strconv"
	"strings"
)

// maxOriginNumber bounds how many ledgers a party can have had.
const maxOriginNumber = 1_000_000

// originSuffix follows the party's name. It names the leaf vocabulary: with
// map roots and end leaves.
const originSuffix = "/v1"

// ParseOrigin takes an origin apart into the party and the number of its
// ledger, 1 to 1,000,000. It accepts only what Origin makes, so that a ledger
// has one name. Errors are ErrOrigin.
func ParseOrigin(origin string) (party string, number int, err error) {
	party, rest, found := strings.Cut(origin, "/")
	if !found || party == "" || !isKeyName(origin) {
		return "", 0, fmt.Errorf("ledger: %w: %.80q is not a party's name and %s", ErrOrigin, origin, originSuffix)
	}
	number = 1
	if written, more := strings.CutPrefix(rest, originSuffix[1:]+"-"); more {
		number, err = strconv.Atoi(written)
		if err != nil || number < 2 || number > maxOriginNumber {
			return "", 0, fmt.Errorf("ledger: %w: %.80q: ledgers after the first are numbered 2 to %d", ErrOrigin, origin, maxOriginNumber)
		}
	}
	if Origin(party, number) != origin {
		return "", 0, fmt.Errorf("ledger: %w: %.80q, want %.80q", ErrOrigin, origin, Origin(party, number))
	}
	return party, number, nil
}

// Origin is the first line of the checkpoints of a party's number-th ledger,
// and the name of its key. ParseOrigin accepts numbers from 1 to 1,000,000 and
// parties whose names have no slash.
func Origin(party string, number int) string {
	if number == 1 {
		return party + originSuffix
	}
	return party + originSuffix + "-" + strconv.Itoa(number)
}
