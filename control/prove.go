package control

import (
	"context"
	"net/http"
	"time"

	"heed"
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
	// ProveAnswer is the file.
	ProveAnswer struct {
		Bundle []byte `json:"bundle"`
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
		bundle, err := x.Prove(ctx, order)
		return ProveAnswer{Bundle: bundle}, err
	})
}
