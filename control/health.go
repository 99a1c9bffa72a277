package control

import (
	"context"
	"net/http"

	"heed/exchange"
)

// Health is how the node does.
type Health struct {
	Well bool `json:"well"`
	// How many milliseconds ago the node last looked at what is due, told its
	// people and published its ledger.
	Deadlines   int64  `json:"deadlines"`
	Notices     int64  `json:"notices"`
	Checkpoints int64  `json:"checkpoints"`
	Stalled     string `json:"stalled,omitempty"` // in words, which of it is late
	Restored    bool   `json:"restored"`          // it catches up, and signs nothing until then
	// Peers are those whose nodes, ledgers or cards people should look at.
	Peers []PeerTrouble `json:"peers"`
	Watch WatchHealth   `json:"watch"`
}

// WatchHealth is whether records can be screened.
type WatchHealth struct {
	Ready    bool  `json:"ready"`
	Done     int64 `json:"done,omitempty"` // subjects put into the index so far, while it is built
	Total    int64 `json:"total,omitempty"`
	Subjects int   `json:"subjects"`
}

// PeerTrouble is what people should look at in a peer.
type PeerTrouble struct {
	Party   string `json:"party"`
	Trouble string `json:"trouble"`
}

func healthVerb(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "health", func(ctx context.Context, _ struct{}) (Health, error) {
		p, err := x.Pulse(ctx)
		if err != nil {
			return Health{}, err
		}
		out := Health{
			Deadlines: p.Deadlines.Milliseconds(), Notices: p.Notices.Milliseconds(), Checkpoints: p.Checkpoints.Milliseconds(),
			Stalled: p.Stalled(), Peers: []PeerTrouble{},
		}
		w := x.WatchState()
		if out.Watch = (WatchHealth{Ready: w.Ready, Subjects: w.Subjects}); !w.Ready {
			out.Watch.Done, out.Watch.Total = w.Done, w.Total
		}
		me, err := x.Self(ctx)
		if err != nil {
			return out, err
		}
		out.Restored = me.Restored
		peers, err := x.Peers(ctx)
		for _, peer := range peers {
			if peer.Trouble != "" {
				out.Peers = append(out.Peers, PeerTrouble{Party: string(peer.Card.Party), Trouble: peer.Trouble})
			}
		}
		out.Well = out.Stalled == "" && !out.Restored
		return out, err
	})
}
