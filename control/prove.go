package control

import (
	"context"
	"net/http"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
)

type (
	// ProveRequest asks for an evidence file.
	ProveRequest struct {
		Case    string        `json:"case"`
		Steps   []string      `json:"steps,omitempty"`
		Open    []string      `json:"open,omitempty"`
		Silence heed.DutyKind `json:"silence,omitempty"`
		Wait    int64         `json:"wait,omitempty"` // milliseconds
	}
	// ProveAnswer is the file, and what a verifier would make of it who believes
	// the node's own witnesses.
	ProveAnswer struct {
		Bundle   []byte             `json:"bundle"`
		Verdicts []evidence.Verdict `json:"verdicts"`
		Judged   bool               `json:"judged"` // false: the node has no witness that counts
		Holds    bool               `json:"holds"`
		Ripe     Time               `json:"ripe,omitzero"` // from when on an absence tells anything
	}
)

func proofVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "prove", func(ctx context.Context, r ProveRequest) (ProveAnswer, error) {
		id, err := x.FindOne(ctx, r.Case)
		if err != nil {
			return ProveAnswer{}, err
		}
		order := exchange.ProofOrder{Case: id, Steps: r.Steps, Open: r.Open, Silence: r.Silence}
		order.Until = x.Now().Add(time.Duration(r.Wait) * time.Millisecond)
		proof, err := x.Prove(ctx, order)
		out := ProveAnswer{Bundle: proof.File, Verdicts: proof.Report.Verdicts, Judged: len(proof.Report.Parties) > 0, Holds: proof.Report.Holds()}
		if !proof.Ripe.IsZero() {
			out.Ripe = At(proof.Ripe)
		}
		return out, err
	})
}
