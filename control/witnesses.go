package control

import (
	"context"
	"net/http"

	"heed"
	"heed/exchange"
)

type (
	// WitnessRequest changes the witnesses of the node's ledger.
	WitnessRequest struct {
		By            heed.OfficerID `json:"by,omitempty"`
		URL           string         `json:"url,omitempty"`
		Key           string         `json:"key,omitempty"` // empty: what the witness says itself
		Corroborating bool           `json:"corroborating,omitempty"`
		Name          string         `json:"name,omitempty"` // to be removed
	}
	// Witness is a witness of the node's ledger.
	Witness struct {
		Name    string   `json:"name"`
		URL     string   `json:"url"`
		Keys    []string `json:"keys"`
		Mirrors bool     `json:"mirrors"` // it counts; others corroborate
		Added   Time     `json:"added"`
		Size    int64    `json:"size"`             // of the newest head of ours that it has cosigned
		Ledger  string   `json:"ledger,omitempty"` // of that head
		At      *Time    `json:"at,omitempty"`     // its time of that
		Newest  bool     `json:"newest"`           // it has cosigned our newest head
		Answers bool     `json:"answers"`          // it has cosigned lately, and nothing troubles it
		Trouble string   `json:"trouble,omitempty"`
	}
	// WitnessAnswer lists the witnesses, and how many of them must agree.
	WitnessAnswer struct {
		Ledger    string    `json:"ledger"` // our present one
		Size      int64     `json:"size"`   // leaves of its newest head
		Witnesses []Witness `json:"witnesses"`
		Counting  int       `json:"counting"`  // those that mirror
		Faulty    int       `json:"faulty"`    // so many of them may be, by default
		Enough    int       `json:"enough"`    // so many publish a head, by default
		Cosigned  int       `json:"cosigned"`  // so many that count have cosigned the newest head
		Answering int       `json:"answering"` // so many that count answer
	}
)

func witnessVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "witness-add", func(ctx context.Context, r WitnessRequest) (Witness, error) {
		if err := x.MayAdminister(ctx, r.By); err != nil {
			return Witness{}, err
		}
		w, err := x.AddWitness(ctx, exchange.WitnessOrder{URL: r.URL, Key: r.Key, Corroborating: r.Corroborating})
		return shapeWitness(w), err
	})
	verb(mux, "witness-remove", func(ctx context.Context, r WitnessRequest) (struct{}, error) {
		if err := x.MayAdminister(ctx, r.By); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, x.RemoveWitness(ctx, r.Name)
	})
	verb(mux, "witness-list", func(ctx context.Context, _ struct{}) (WitnessAnswer, error) {
		all, err := x.WitnessStanding(ctx)
		out := WitnessAnswer{
			Ledger: all.Origin, Size: all.Size, Witnesses: []Witness{}, Counting: all.Quorum.N, Faulty: all.Quorum.F, Enough: all.Quorum.Q,
			Cosigned: all.Cosigned, Answering: all.Answering,
		}
		for _, w := range all.Witnesses {
			shaped := shapeWitness(w.Witness)
			shaped.Ledger, shaped.Newest, shaped.Answers = w.Origin, w.Newest, w.Answers
			out.Witnesses = append(out.Witnesses, shaped)
		}
		return out, err
	})
}

func shapeWitness(w exchange.Witness) Witness {
	return Witness{Name: w.Name, URL: w.URL, Keys: w.Keys, Mirrors: w.Mirrors, Added: At(w.Added), Size: w.Size, At: maybe(w.At), Trouble: w.Trouble}
}
