package control

import (
	"context"
	"net/http"
	"time"

	"heed"
	"heed/exchange"
)

type (
	// LapseRequest is an officer's decision on the watch of a case.
	LapseRequest struct {
		Case    string         `json:"case"`
		Officer heed.OfficerID `json:"officer"`
		Reason  string         `json:"reason"`
		// From when on nobody is watched for any more: a time, or a span in
		// milliseconds from the signature. Neither: the watch goes on.
		Effective *Time `json:"effective,omitempty"`
		After     int64 `json:"after,omitempty"`
	}
	// CaseWatch is where the watch for the subjects of a warning stands. Both
	// sides see the same.
	CaseWatch struct {
		State     heed.WatchState `json:"state"`
		Since     *Time           `json:"since,omitempty"`
		Effective *Time           `json:"effective,omitempty"` // when it ends, or ended, as announced
		By        string          `json:"by,omitempty"`        // the statement that bears on it
		Hits      []CaseHit       `json:"hits,omitempty"`      // that the warner was told of
	}
	// CaseHit is a hit of which the warner was told.
	CaseHit struct {
		Statement string `json:"statement"`
		Confirmed Time   `json:"confirmed"`
		Reported  Time   `json:"reported"`
		Due       *Time  `json:"due,omitempty"`
		Late      bool   `json:"late"`
		// Where that is not held any more: when this was decided, when the warner was told
		// so, and by which statement.
		Withdrawn     *Time  `json:"withdrawn,omitempty"`
		WithdrawnTold *Time  `json:"withdrawnTold,omitempty"`
		WithdrawnBy   string `json:"withdrawnBy,omitempty"`
		WithdrawnLate bool   `json:"withdrawnLate,omitempty"`
	}
	// LocalWatch is what only the party that keeps a watch knows of it.
	LocalWatch struct {
		Subjects int      `json:"subjects"` // that can be looked for
		Decide   *Time    `json:"decide,omitempty"`
		Why      string   `json:"why,omitempty"`  // what runs out then
		Owed     bool     `json:"owed,omitempty"` // the decision is
		Unsent   []Time   `json:"unsent,omitempty"`
		Links    []Linked `json:"links,omitempty"`
	}
	// Linked says that somebody whom the case names is on watch from elsewhere, too.
	Linked struct {
		Subject   string       `json:"subject"` // its path in this case's warning
		Case      heed.Code    `json:"case,omitempty"`
		Warner    heed.PartyID `json:"warner,omitempty"`
		List      string       `json:"list,omitempty"`
		Other     string       `json:"other"` // its path in the other warning, or its id in the list
		Later     bool         `json:"later"` // this case came later than the other
		Score     float64      `json:"score"`
		Threshold float64      `json:"threshold"`
		Found     Time         `json:"found"`
	}
)

// InboxLink is a link with the later of its cases.
type InboxLink struct {
	Case   heed.Code    `json:"case"`
	ID     string       `json:"id"`
	Warner heed.PartyID `json:"warner"`
	Status heed.Status  `json:"status"`
	With   Linked       `json:"with"`
}

// InboxNews is what the party that watches for us has said of late, to which no reply is owed.
type InboxNews struct {
	Case     heed.Code     `json:"case"`
	ID       string        `json:"id"`
	Peer     heed.PartyID  `json:"peer"`
	News     exchange.News `json:"news"`
	Count    int           `json:"count"` // of reports that stand, or of withdrawals
	When     Time          `json:"when"`  // from when the watch ends, or when the last of it was decided, as its author has it
	Arrived  Time          `json:"arrived"`
	Exercise bool          `json:"exercise"`
}

func shapeLink(l exchange.LinkedCase) Linked {
	return Linked{
		Subject: l.Ours, Case: l.Code, Warner: l.Warner, List: l.OtherList, Other: l.Theirs, Later: l.Later,
		Score: l.Hit.Score, Threshold: l.Hit.Threshold, Found: At(l.At),
	}
}

func watchVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "watch-lapse", func(ctx context.Context, r LapseRequest) (ActAnswer, error) {
		id, err := x.FindOne(ctx, r.Case)
		if err != nil {
			return ActAnswer{}, err
		}
		order := exchange.LapseOrder{Officer: r.Officer, Case: id, Reason: r.Reason, After: time.Duration(r.After) * time.Millisecond}
		if r.Effective != nil {
			order.Effective = r.Effective.Time
		}
		s, err := x.Lapse(ctx, order)
		if err != nil {
			return ActAnswer{}, err
		}
		return actAnswer(ctx, x, id, s)
	})
}

func shapeWatch(f exchange.CaseFile) *CaseWatch {
	hits := f.ReportedHits()
	if f.Watched.State == heed.WatchNone && len(hits) == 0 {
		return nil
	}
	out := &CaseWatch{State: f.Watched.State, Since: maybe(f.Watched.Since), Effective: maybe(f.Watched.Effective)}
	if !f.Watched.By.IsZero() {
		out.By = f.Watched.By.String()
	}
	for _, h := range hits {
		line := CaseHit{Statement: h.Statement.String(), Confirmed: At(h.Confirmed), Reported: At(h.Reported), Due: maybe(h.Due), Late: h.Late()}
		if w := h.Withdrawn; w != nil {
			line.Withdrawn, line.WithdrawnTold, line.WithdrawnBy, line.WithdrawnLate = maybe(w.Decided), maybe(w.Told), w.Statement.String(), w.Late()
		}
		out.Hits = append(out.Hits, line)
	}
	return out
}

func shapeLocalWatch(f exchange.CaseFile) *LocalWatch {
	if f.Keeps == nil && len(f.Links) == 0 && len(f.Unreported) == 0 {
		return nil
	}
	out := &LocalWatch{}
	if k := f.Keeps; k != nil {
		out.Subjects, out.Decide, out.Why, out.Owed = k.Subjects, maybe(k.Due), k.Why, k.Owed
	}
	for _, o := range f.Unreported {
		out.Unsent = append(out.Unsent, At(o.Due))
	}
	for _, l := range f.Links {
		out.Links = append(out.Links, shapeLink(l))
	}
	return out
}
