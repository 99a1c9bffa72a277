package witness

import (
	"fmt"
	"net/http"
)

// Statuses of C2SP tlog-witness, "add-checkpoint", and what else a witness has
// to say.
const (
	statusMalformed = http.StatusBadRequest          // no request, or the old size beyond the new
	statusForged    = http.StatusForbidden           // not signed by the log's key
	statusUnknown   = http.StatusNotFound            // no ledger that is witnessed here
	statusConflict  = http.StatusConflict            // the old size is not the one held, or another root of one size
	statusBad       = http.StatusUnprocessableEntity // a wrong proof, or a ledger that breaks the rules
	statusLater     = http.StatusServiceUnavailable  // the leaves are not to be had, or too many are asking
)

// Refusal says why no cosignature is given. What it says is not secret.
type Refusal struct {
	Status int    // of HTTP
	Reason string // one line for people
	Size   int64  // with 409: the size of the head held; -1 where that is not the reason
}

func (r *Refusal) Error() string { return r.Reason }

func refuse(status int, format string, args ...any) error {
	return &Refusal{Status: status, Reason: fmt.Sprintf(format, args...), Size: -1}
}

func conflict(size int64) error {
	return &Refusal{Status: statusConflict, Reason: fmt.Sprintf("the head held here has %d leaves", size), Size: size}
}
