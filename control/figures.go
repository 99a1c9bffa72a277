package control

import (
	"context"
	"net/http"

	"heed"
	"heed/exchange"
	"heed/stats"
)

type (
	// RateRequest rates a reply of the other party.
	RateRequest struct {
		Case       string         `json:"case"`
		Officer    heed.OfficerID `json:"officer"`
		Statement  string         `json:"statement,omitempty"` // its id, or four or more digits of it; empty: the one that is not rated
		Meaningful bool           `json:"meaningful"`
		Reason     string         `json:"reason"`
	}
	// FiguresRequest asks for figures to be counted and signed.
	FiguresRequest struct {
		Officer      heed.OfficerID `json:"officer"`
		With         string         `json:"with,omitempty"`
		Accord       string         `json:"accord,omitempty"`
		Since        *Time          `json:"since,omitempty"`
		Until        *Time          `json:"until,omitempty"`
		WithoutTimes bool           `json:"withoutTimes,omitempty"`
	}
	// FiguresNamed names signed figures.
	FiguresNamed struct {
		Officer heed.OfficerID `json:"officer,omitempty"`
		ID      string         `json:"id,omitempty"` // 64 hexadecimal digits, or eight or more of them
		With    string         `json:"with,omitempty"`
		Differs bool           `json:"differs,omitempty"`
	}
	// FiguresShown is where two parties stand about the figures of a period. It
	// is what `heed stats reconcile`, confirm and figures print with --json.
	FiguresShown struct {
		stats.Reconciled
		Figures []FigureShown `json:"figures"` // as one of them has signed them: the other alike, or see difference
	}
	// FigureShown is one signed figure.
	FigureShown struct {
		From    heed.PartyID `json:"from"`
		Urgency heed.Urgency `json:"urgency"`
		About   string       `json:"about"`
		Figure  string       `json:"figure"`
		Value   uint64       `json:"value"` // of a response time, milliseconds
	}
	// FiguresPublished is a file of figures for others.
	FiguresPublished struct {
		IDs     []string     `json:"ids"`
		Reading heed.Reading `json:"reading"`
		Figures int          `json:"figures"` // how many
		Data    []byte       `json:"data"`
	}
)

func figuresVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "rate", func(ctx context.Context, r RateRequest) (ActAnswer, error) {
		id, err := x.FindOne(ctx, r.Case)
		if err != nil {
			return ActAnswer{}, err
		}
		reply, err := statementMeant(ctx, x, id, r.Statement)
		if err != nil {
			return ActAnswer{}, err
		}
		s, err := x.Rate(ctx, r.Officer, id, reply, r.Meaningful, r.Reason)
		if err != nil {
			return ActAnswer{}, err
		}
		return actAnswer(ctx, x, id, s)
	})
	verb(mux, "stats-reconcile", func(ctx context.Context, r FiguresRequest) (FiguresShown, error) {
		order, err := r.order(ctx, x)
		if err != nil {
			return FiguresShown{}, err
		}
		said, err := x.Reconcile(ctx, order)
		return shownIf(said, err)
	})
	verb(mux, "stats-confirm", func(ctx context.Context, r FiguresNamed) (FiguresShown, error) {
		id, err := x.FindFigures(ctx, r.ID)
		if err != nil {
			return FiguresShown{}, err
		}
		said, err := x.AnswerFigures(ctx, r.Officer, id, r.Differs)
		return shownIf(said, err)
	})
	verb(mux, "stats-figures", func(ctx context.Context, r FiguresNamed) ([]FiguresShown, error) {
		out := []FiguresShown{}
		if r.ID != "" {
			id, err := x.FindFigures(ctx, r.ID)
			if err != nil {
				return nil, err
			}
			said, err := x.Reconciliation(ctx, id)
			if err != nil {
				return nil, err
			}
			return append(out, shapeFigures(said)), nil
		}
		var with heed.PartyID
		if r.With != "" {
			var err error
			if with, err = heed.ParsePartyID(r.With); err != nil {
				return nil, err
			}
		}
		all, err := x.Reconciliations(ctx, with)
		for _, said := range all {
			out = append(out, shapeFigures(said))
		}
		return out, err
	})
	verb(mux, "stats-publish", func(ctx context.Context, r FiguresNamed) (FiguresPublished, error) {
		id, err := x.FindFigures(ctx, r.ID)
		if err != nil {
			return FiguresPublished{}, err
		}
		return publishedIf(x.PublishFigures(ctx, r.Officer, id))
	})
	verb(mux, "stats-bounds", func(ctx context.Context, r FiguresRequest) (FiguresPublished, error) {
		order, err := r.order(ctx, x)
		if err != nil {
			return FiguresPublished{}, err
		}
		return publishedIf(x.PublishBounds(ctx, order))
	})
}

// order reads what is to be counted. Where one peer is all there is, it need
// not be named.
func (r FiguresRequest) order(ctx context.Context, x *exchange.Exchange) (exchange.FiguresOrder, error) {
	order := exchange.FiguresOrder{Officer: r.Officer, WithoutTimes: r.WithoutTimes}
	var err error
	if r.With != "" {
		if order.With, err = heed.ParsePartyID(r.With); err != nil {
			return order, err
		}
	} else {
		peers, err := x.Peers(ctx)
		if err != nil {
			return order, err
		}
		if len(peers) != 1 {
			return order, &heed.Invalid{What: "figures are of two parties, and the other one is not named", Hint: "add --with PARTY; `heed peer list` shows them"}
		}
		order.With = peers[0].Card.Party
	}
	if r.Accord != "" {
		if order.Accord, err = x.FindAccord(ctx, r.Accord); err != nil {
			return order, err
		}
	}
	if r.Since != nil {
		order.Period.Since = heed.Instant(r.Since.Time)
	}
	if r.Until != nil {
		order.Period.Until = heed.Instant(r.Until.Time)
	}
	return order, nil
}

func shownIf(r exchange.Reconciliation, err error) (FiguresShown, error) {
	if err != nil {
		return FiguresShown{}, err
	}
	return shapeFigures(r), nil
}

func shapeFigures(r exchange.Reconciliation) FiguresShown {
	out := FiguresShown{Reconciled: r.Stated(), Figures: []FigureShown{}}
	for _, l := range out.Lines {
		out.Figures = append(out.Figures, FigureShown{From: l.From, Urgency: l.Urgency, About: l.About, Figure: l.Name, Value: l.Value})
	}
	return out
}

func publishedIf(p exchange.Publication, err error) (FiguresPublished, error) {
	if err != nil {
		return FiguresPublished{}, err
	}
	out := FiguresPublished{Reading: p.Figures[0].Reading, Figures: len(p.Figures[0].Lines), Data: p.File}
	for _, f := range p.Figures {
		out.IDs = append(out.IDs, f.ID.String())
	}
	return out, nil
}
