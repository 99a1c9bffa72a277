package control

import (
	"context"
	"net/http"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// What came of passing a warning on; or StateDrafted.
const (
	StateAsked     = "asked"     // its originator was asked, and nothing was sent
	StateForwarded = "forwarded" // it was sent
)

type (
	// ForwardRequest passes a warning on.
	ForwardRequest struct {
		Officer heed.OfficerID `json:"officer"`
		Case    string         `json:"case"`
		To      string         `json:"to"`
		Accord  string         `json:"accord,omitempty"`
		Reason  string         `json:"reason,omitempty"`
		Draft   bool           `json:"draft,omitempty"`
	}
	// ForwardAnswer is what `heed forward --json` prints.
	ForwardAnswer struct {
		// Case is where something was said: the case in which the warning came
		// (asked), the new one (forwarded), or the code of the draft (drafted).
		Case       heed.Code    `json:"case"`
		State      string       `json:"state"`
		To         heed.PartyID `json:"to"`
		Of         heed.Code    `json:"of"` // the case in which the warning came
		Originator heed.PartyID `json:"originator"`
		IDs        []string     `json:"ids"`               // of the new case
		Because    string       `json:"because,omitempty"` // what makes the originator be asked
		Request    string       `json:"request,omitempty"` // the statement that waits for its answer
		Consent    string       `json:"consent,omitempty"` // the statement on which it went
		// NotLogged: the originator's ledger does not show its consent yet.
		NotLogged bool `json:"consentNotInLedger,omitempty"`
	}
	// ConsentRequest answers a request to pass a warning of ours on.
	ConsentRequest struct {
		Officer heed.OfficerID `json:"officer"`
		Case    string         `json:"case"`
		To      string         `json:"to"`
		Refuse  bool           `json:"refuse,omitempty"`
		Reason  string         `json:"reason,omitempty"`
	}
	// Origin is what a warning that was passed on to us encloses of one who
	// warned of it before.
	Origin struct {
		Content  string       `json:"content"` // digest of the enclosure
		Verified bool         `json:"verified"`
		Why      string       `json:"why,omitempty"`        // it is not
		Former   bool         `json:"formerCard,omitempty"` // it is, under a card that was renewed since
		Author   heed.PartyID `json:"warner,omitempty"`     // none where it cannot be read, as all below
		To       heed.PartyID `json:"warned,omitempty"`     // whom it warned, and who passed it on
		Kind     heed.Kind    `json:"kind,omitempty"`       // a warning, or a later text of it
		ID       string       `json:"statement,omitempty"`
		CaseID   string       `json:"id,omitempty"` // of its own case
		Time     *Time        `json:"time,omitempty"`
		Officers []Officer    `json:"officers,omitempty"`
		Altered  []string     `json:"altered,omitempty"` // by path, what this copy says otherwise
	}
)

func forwardVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "forward", func(ctx context.Context, r ForwardRequest) (ForwardAnswer, error) {
		order := exchange.ForwardOrder{Officer: r.Officer, Reason: r.Reason, Draft: r.Draft}
		var err error
		if order.Case, err = x.FindOne(ctx, r.Case); err != nil {
			return ForwardAnswer{}, err
		}
		if order.To, err = heed.ParsePartyID(r.To); err != nil {
			return ForwardAnswer{}, err
		}
		if r.Accord != "" {
			if order.Accord, err = x.FindAccord(ctx, r.Accord); err != nil {
				return ForwardAnswer{}, err
			}
		}
		out, err := x.Forward(ctx, order)
		if err != nil {
			return ForwardAnswer{}, err
		}
		return shapeForwarded(out, order.To), nil
	})
	verb(mux, "consent", func(ctx context.Context, r ConsentRequest) (ActAnswer, error) {
		id, err := x.FindOne(ctx, r.Case)
		if err != nil {
			return ActAnswer{}, err
		}
		to, err := heed.ParsePartyID(r.To)
		if err != nil {
			return ActAnswer{}, err
		}
		s, err := x.Consent(ctx, exchange.ConsentOrder{Officer: r.Officer, Case: id, To: to, Refuse: r.Refuse, Reason: r.Reason})
		if err != nil {
			return ActAnswer{}, err
		}
		return actAnswer(ctx, x, id, s)
	})
}

func shapeForwarded(f exchange.Forwarded, to heed.PartyID) ForwardAnswer {
	out := ForwardAnswer{Case: f.Warned.Code, State: StateForwarded, To: to, Of: f.Of, Originator: f.Originator, IDs: []string{}, Because: f.Because, NotLogged: f.Unlogged}
	switch {
	case f.Asked:
		out.Case, out.State, out.Request = f.Of, StateAsked, f.Request.String()
	case f.Warned.Drafted:
		out.State = StateDrafted
	}
	for _, id := range f.Warned.Cases {
		out.IDs = append(out.IDs, id.String())
	}
	if !f.Consent.IsZero() {
		out.Consent = f.Consent.String()
	}
	return out
}

func shapeProvenance(all []exchange.Provenance) []Origin {
	var out []Origin
	for _, p := range all {
		o := Origin{Content: p.Content.String(), Verified: p.Holds, Why: p.Why, Former: p.Former, Altered: p.Altered}
		if s := p.Statement; s.Kind != "" {
			o.Author, o.To, o.Kind, o.ID, o.CaseID, o.Time = s.Author, s.Recipient, s.Kind, s.ID.String(), s.CaseID().String(), maybe(s.Time)
		}
		for _, stamp := range p.Release.Signers() {
			if id, ok := wire.OfficerOf(stamp.Key); ok {
				o.Officers = append(o.Officers, Officer{Name: id, Role: stamp.Role})
			}
		}
		out = append(out, o)
	}
	return out
}
