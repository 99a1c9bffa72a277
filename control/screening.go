package control

import (
	"context"
	"net/http"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

type (
	// ScreenBegin asks to begin a screening.
	ScreenBegin struct {
		Officer heed.OfficerID  `json:"officer"`
		Type    heed.RecordType `json:"type,omitempty"`
		Reason  string          `json:"reason"`
	}
	// ScreenRequest brings records of a screening that was begun. With End it is
	// ended afterwards.
	ScreenRequest struct {
		Screening int64          `json:"screening"`
		Records   []watch.Record `json:"records,omitempty"`
		Unread    int            `json:"unread,omitempty"` // records that could not be made out
		End       bool           `json:"end,omitempty"`
	}
	// ScreenAnswer is what came of each record, in their order.
	ScreenAnswer struct {
		Results   []ScreenResult `json:"results"`
		Screening *ScreeningLine `json:"screening,omitempty"` // once it has ended
	}
	// ScreenResult is what came of one record.
	ScreenResult struct {
		Hits  []ScreenHit `json:"hits"`
		Error *Fault      `json:"error,omitempty"` // it could not be screened
	}
	// ScreenHit is one hit of a record.
	ScreenHit struct {
		ID          heed.Code         `json:"id"`
		Case        heed.Code         `json:"case"` // of the warning; empty: a list
		Warner      heed.PartyID      `json:"warner"`
		List        string            `json:"list"`
		Score       float64           `json:"score"`
		Threshold   float64           `json:"threshold"`
		Explanation watch.Explanation `json:"explanation"`
		Decided     *HitDecided       `json:"decided,omitempty"` // before; none: it waits for its first verdict
	}
	// HitDecided is a verdict that settled a hit before its record was screened again.
	HitDecided struct {
		Verdict heed.HitVerdict `json:"verdict"`
		Officer heed.OfficerID  `json:"by"`
		At      Time            `json:"at"`
	}
	// ScreeningLine says who has screened, when and why, and how much.
	ScreeningLine struct {
		Screening int64           `json:"screening"`
		Asker     string          `json:"asker"`
		Via       exchange.Via    `json:"via"`
		Type      heed.RecordType `json:"type"`
		Reason    string          `json:"reason"`
		Began     Time            `json:"began"`
		Ended     *Time           `json:"ended,omitempty"`
		Records   int64           `json:"records"`
		Matched   int64           `json:"matched"` // records with a hit
		Hits      int64           `json:"hits"`
		Excluded  int64           `json:"excluded"` // kept back by signed exclusions
		Unread    int64           `json:"unread"`
		Abandoned bool            `json:"abandoned,omitempty"` // it has ended by itself, when nothing more came
	}
	// HitRequest names a hit.
	HitRequest struct {
		Officer heed.OfficerID `json:"officer,omitempty"`
		Hit     string         `json:"hit"`
	}
	// HitListRequest asks for hits: those that wait for a review, and those of the
	// last week that ended before anybody had decided.
	HitListRequest struct {
		All bool `json:"all,omitempty"` // all others, too
	}
	// DecideRequest decides about a hit, or ends an exclusion.
	DecideRequest struct {
		Officer heed.OfficerID  `json:"officer"`
		Hit     string          `json:"hit"`
		Verdict heed.HitVerdict `json:"verdict,omitempty"`
		Reason  string          `json:"reason"`
		Exclude float64         `json:"exclude,omitempty"` // seconds
		By      *Time           `json:"by,omitempty"`
		Tell    bool            `json:"tell,omitempty"` // the warner, also where nothing demands it
	}
	// DecideAnswer is what became of it.
	DecideAnswer struct {
		Hit      heed.Code       `json:"hit"`
		Decision string          `json:"decision"`
		Verdict  heed.HitVerdict `json:"verdict,omitempty"`
		Until    *Time           `json:"excludedUntil,omitempty"`
		Told     bool            `json:"warnerTold"`
		Report   string          `json:"report,omitempty"`
		Ended    string          `json:"ended,omitempty"` // why nobody had owed the review any more
	}
	// HitLine is a hit in a list. It names nobody.
	HitLine struct {
		ID       heed.Code       `json:"id"`
		Digest   string          `json:"digest"`
		Case     heed.Code       `json:"case"` // empty: a list's
		Warner   heed.PartyID    `json:"warner"`
		List     string          `json:"list"` // empty: a warning's
		Status   heed.Status     `json:"status,omitempty"`
		Urgency  heed.Urgency    `json:"urgency,omitempty"`
		Type     heed.RecordType `json:"type"`
		Score    float64         `json:"score"`
		Past     bool            `json:"past"` // of a record that had come before
		Found    Time            `json:"found"`
		Due      Time            `json:"due"`
		Left     float64         `json:"secondsLeft"`
		State    heed.DutyState  `json:"state"`
		Level    int             `json:"level"`
		Verdict  heed.HitVerdict `json:"verdict,omitempty"`
		Officer  heed.OfficerID  `json:"officer,omitempty"`
		Decided  *Time           `json:"decided,omitempty"`
		Expected *Time           `json:"expected,omitempty"`
		Report   string          `json:"report,omitempty"`
		Erased   bool            `json:"erased,omitempty"`
		// Where the subject went off watch before anybody had decided: when, why in one
		// word, and in words. State is then ended.
		Ended    *Time           `json:"ended,omitempty"`
		Why      exchange.HitEnd `json:"endedBy,omitempty"`
		EndedFor string          `json:"endedFor,omitempty"`
	}
	// Hit is a hit with what it says.
	Hit struct {
		HitLine
		Record      *watch.Record      `json:"record,omitempty"`
		Subject     *watch.Subject     `json:"subject,omitempty"`
		Threshold   float64            `json:"threshold,omitempty"`
		Explanation *watch.Explanation `json:"explanation,omitempty"`
		Text        string             `json:"text,omitempty"` // the explanation in sentences
		Decisions   []HitDecisionLine  `json:"decisions"`
		Exclusion   *ExclusionLine     `json:"exclusion,omitempty"`
	}
	// HitDecisionLine is one decision about a hit.
	HitDecisionLine struct {
		ID      string            `json:"id"`
		Kind    heed.DecisionKind `json:"kind"`
		Verdict heed.HitVerdict   `json:"verdict,omitempty"`
		Officer heed.OfficerID    `json:"officer"`
		Role    heed.Role         `json:"role"`
		At      Time              `json:"at"`
		Reason  string            `json:"reason"`
		Until   *Time             `json:"excludedUntil,omitempty"`
	}
	// ExclusionsRequest asks for exclusions.
	ExclusionsRequest struct {
		All bool `json:"all,omitempty"` // those that have ended, too
	}
	// ExclusionLine is one exclusion. It names nobody.
	ExclusionLine struct {
		Hit     heed.Code      `json:"hit"`
		Subject string         `json:"subject"`
		Officer heed.OfficerID `json:"officer"`
		Made    Time           `json:"made"`
		Until   Time           `json:"until"`
		Revoked *Time          `json:"revoked,omitempty"`
		Holds   bool           `json:"holds"` // now: not ended, not revoked, and the same is said of the subject
	}
	// WatchList is what is on watch.
	WatchList struct {
		Ready    bool        `json:"ready"`
		Subjects int         `json:"subjects"`
		Kept     int         `json:"keptRecords"`
		Model    string      `json:"model,omitempty"`
		Warnings []WatchLine `json:"warnings"`
		Lists    []WatchLine `json:"lists"`
	}
	// WatchLine is one warning, or one list, with what it has on watch.
	WatchLine struct {
		Case          heed.Code    `json:"case,omitempty"`
		Warner        heed.PartyID `json:"warner,omitempty"`
		List          string       `json:"list,omitempty"`
		Status        heed.Status  `json:"status,omitempty"`
		Urgency       heed.Urgency `json:"urgency,omitempty"`
		Subjects      int          `json:"subjects"`
		Persons       int          `json:"persons,omitempty"`
		Vehicles      int          `json:"vehicles,omitempty"`
		Organisations int          `json:"organisations,omitempty"`
		// Of a warning: persons of whom nothing is said but a name that very many bear, so
		// that no record is a hit on them.
		Unfindable int `json:"unfindable,omitempty"`
		// Of a list: when it was imported last, by whom, and of which format it was.
		Imported *Time          `json:"imported,omitempty"`
		Officer  heed.OfficerID `json:"by,omitempty"`
		Format   string         `json:"format,omitempty"`
	}
	// TokenRequest adds or removes a token.
	TokenRequest struct {
		By    heed.OfficerID `json:"by,omitempty"`
		Name  string         `json:"name,omitempty"`
		Scope string         `json:"scope,omitempty"`
		Until *Time          `json:"until,omitempty"`
	}
	// TokenLine is a token. Token is set when it was just made, and never again.
	TokenLine struct {
		Name    string         `json:"name"`
		Scope   exchange.Scope `json:"scope"`
		Token   string         `json:"token,omitempty"`
		State   string         `json:"state"`
		Officer heed.OfficerID `json:"by,omitempty"`
		Added   Time           `json:"added"`
		Until   *Time          `json:"until,omitempty"`
		Removed *Time          `json:"removed,omitempty"`
		Used    *Time          `json:"lastUsed,omitempty"`
	}
)

func screeningVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "screen-begin", func(ctx context.Context, r ScreenBegin) (ScreeningLine, error) {
		a, err := x.BeginScreening(ctx, exchange.ScreeningOrder{Officer: r.Officer, Via: exchange.ViaCommand, Type: r.Type, Reason: r.Reason})
		return shapeAsking(a), err
	})
	verb(mux, "screen", func(ctx context.Context, r ScreenRequest) (ScreenAnswer, error) {
		out := ScreenAnswer{Results: []ScreenResult{}}
		if len(r.Records) > 0 || r.Unread > 0 {
			all, err := x.Screen(ctx, r.Screening, r.Records, r.Unread)
			if err != nil {
				return out, err
			}
			for _, s := range all {
				out.Results = append(out.Results, shapeScreened(s))
			}
		}
		if !r.End {
			return out, nil
		}
		a, err := x.EndScreening(ctx, r.Screening)
		line := shapeAsking(a)
		out.Screening = &line
		return out, err
	})
	verb(mux, "screenings", func(ctx context.Context, _ struct{}) ([]ScreeningLine, error) {
		all, err := x.Askings(ctx, 1000)
		lines := []ScreeningLine{}
		for _, a := range all {
			lines = append(lines, shapeAsking(a))
		}
		return lines, err
	})
	hitVerbs(mux, x)
	verb(mux, "watch-list", func(ctx context.Context, _ struct{}) (WatchList, error) {
		state := x.WatchState()
		out := WatchList{Ready: state.Ready, Subjects: state.Subjects, Kept: state.Kept, Model: state.Model, Warnings: []WatchLine{}, Lists: []WatchLine{}}
		imports, err := x.Lists(ctx)
		if err != nil {
			return out, err
		}
		for _, w := range x.WatchedLines() {
			line := WatchLine{
				Case: w.Code, Warner: w.Warner, List: w.List, Status: w.Status, Urgency: w.Urgency, Subjects: w.Subjects,
				Persons: w.Kinds["person"], Vehicles: w.Kinds["vehicle"], Organisations: w.Kinds["organisation"], Unfindable: w.Unfound,
			}
			if w.List != "" {
				for _, i := range imports {
					if i.List == w.List {
						line.Imported, line.Officer, line.Format = maybe(i.Ended), i.Officer, i.Format
						line.Persons, line.Vehicles, line.Organisations = int(i.Persons), int(i.Vehicles), int(i.Organisations)
					}
				}
				out.Lists = append(out.Lists, line)
			} else {
				out.Warnings = append(out.Warnings, line)
			}
		}
		return out, nil
	})
	tokenVerbs(mux, x)
}

func hitVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "hit-list", func(ctx context.Context, r HitListRequest) ([]HitLine, error) {
		const most = 10_000
		all, err := x.Hits(ctx, !r.All, most)
		if err == nil && !r.All {
			var ended []exchange.HitFile
			ended, err = x.EndedHits(ctx, most)
			all = append(all, ended...)
		}
		lines := []HitLine{}
		for _, f := range all {
			lines = append(lines, shapeHitLine(f))
		}
		return lines, err
	})
	verb(mux, "hit-explain", func(ctx context.Context, r HitRequest) (Hit, error) {
		id, err := x.FindHit(ctx, r.Hit)
		if err != nil {
			return Hit{}, err
		}
		f, err := x.ReadHit(ctx, r.Officer, id)
		return shapeHit(f), err
	})
	verb(mux, "hit-decide", func(ctx context.Context, r DecideRequest) (DecideAnswer, error) {
		id, err := x.FindHit(ctx, r.Hit)
		if err != nil {
			return DecideAnswer{}, err
		}
		if r.Tell && r.Verdict != heed.SamePerson {
			return DecideAnswer{}, &heed.Invalid{What: "the warner is told of the same person only", Hint: "leave --tell out: a report that does not hold any more is withdrawn by itself"}
		}
		order := exchange.HitOrder{Officer: r.Officer, Verdict: r.Verdict, Reason: r.Reason, Exclude: time.Duration(r.Exclude * float64(time.Second)), Tell: r.Tell}
		if r.By != nil {
			order.By = r.By.Time
		}
		done, err := x.DecideHit(ctx, id, order)
		return DecideAnswer{
			Hit: id.Code(), Decision: done.Decision.ID.String(), Verdict: r.Verdict, Until: maybe(done.Decision.Until), Told: done.Told, Report: done.Report, Ended: done.Ended,
		}, err
	})
	verb(mux, "hit-revoke", func(ctx context.Context, r DecideRequest) (DecideAnswer, error) {
		id, err := x.FindHit(ctx, r.Hit)
		if err != nil {
			return DecideAnswer{}, err
		}
		d, err := x.RevokeExclusion(ctx, id, r.Officer, r.Reason)
		return DecideAnswer{Hit: id.Code(), Decision: d.ID.String()}, err
	})
	verb(mux, "hit-exclusions", func(ctx context.Context, r ExclusionsRequest) ([]ExclusionLine, error) {
		all, err := x.Exclusions(ctx, r.All, 10_000)
		if err != nil {
			return nil, err
		}
		lines := []ExclusionLine{}
		for _, e := range all {
			line, err := shapeExclusion(ctx, x, e)
			if err != nil {
				return nil, err
			}
			if line.Holds || r.All {
				lines = append(lines, line)
			}
		}
		return lines, nil
	})
}

func tokenVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "token-add", func(ctx context.Context, r TokenRequest) (TokenLine, error) {
		var until time.Time
		if r.Until != nil {
			until = r.Until.Time
		}
		scope, err := exchange.ParseScope(r.Scope)
		if err != nil {
			return TokenLine{}, err
		}
		t, shown, err := x.AddToken(ctx, r.By, r.Name, scope, until)
		line := shapeToken(t, x.Now())
		line.Token = shown
		return line, err
	})
	verb(mux, "token-remove", func(ctx context.Context, r TokenRequest) (struct{}, error) {
		return struct{}{}, x.RemoveToken(ctx, r.By, r.Name)
	})
	verb(mux, "token-list", func(ctx context.Context, _ struct{}) ([]TokenLine, error) {
		all, err := x.Tokens(ctx)
		lines := []TokenLine{}
		for _, t := range all {
			lines = append(lines, shapeToken(t, x.Now()))
		}
		return lines, err
	})
}

func shapeToken(t exchange.Token, now time.Time) TokenLine {
	return TokenLine{Name: t.Name, Scope: t.Scope, State: t.State(now), Officer: t.Officer, Added: At(t.Added), Until: maybe(t.Until), Removed: maybe(t.Removed), Used: maybe(t.Used)}
}

func shapeAsking(a exchange.Asking) ScreeningLine {
	return ScreeningLine{
		Screening: a.ID, Asker: a.Asker, Via: a.Via, Type: a.Type, Reason: a.Reason, Began: At(a.Began), Ended: maybe(a.Ended),
		Records: a.Records, Matched: a.Matched, Hits: a.Hits, Excluded: a.Excluded, Unread: a.Unread, Abandoned: a.Abandoned(),
	}
}

func shapeScreened(s exchange.Screened) ScreenResult {
	out := ScreenResult{Hits: []ScreenHit{}}
	if s.Err != nil {
		out.Error = faultOf(s.Err)
	}
	for _, h := range s.Hits {
		hit := ScreenHit{
			ID: h.ID.Code(), Case: h.Case, Warner: h.Warner, List: h.List, Score: h.Score, Threshold: h.Threshold, Explanation: h.Explanation,
		}
		if b := h.Before; b.Verdict != "" {
			hit.Decided = &HitDecided{b.Verdict, b.Officer, At(b.At)}
		}
		out.Hits = append(out.Hits, hit)
	}
	return out
}

func shapeHitLine(f exchange.HitFile) HitLine {
	line := HitLine{
		ID: f.Code(), Digest: f.ID.String(), Case: f.CaseCode, Warner: f.Warner, List: f.List, Status: f.Status, Urgency: f.Urgency, Type: f.Type, Score: f.Score,
		Past: f.Past, Found: At(f.Found), Due: At(f.Due), State: f.State, Level: f.Level, Verdict: f.Verdict, Officer: f.Officer,
		Decided: maybe(f.Decided), Expected: maybe(f.Expected), Report: f.Reported, Erased: f.Sealed == nil,
		Ended: maybe(f.Ended), Why: f.Why, EndedFor: f.EndText(),
	}
	if f.Open {
		line.Left = f.Due.Sub(f.At).Seconds()
	}
	return line
}

func shapeHit(f exchange.HitFile) Hit {
	out := Hit{HitLine: shapeHitLine(f), Decisions: []HitDecisionLine{}}
	if c := f.Contents; c != nil {
		out.Record, out.Subject, out.Threshold, out.Explanation, out.Text = &c.Record, &c.Subject, c.Threshold, &c.Explanation, c.Explanation.Text(f.List != "")
	}
	for _, d := range f.Decisions {
		out.Decisions = append(out.Decisions, HitDecisionLine{
			ID: d.ID.String(), Kind: d.Kind, Verdict: d.Verdict, Officer: d.Officer, Role: d.Officers[0].Role, At: At(d.Time), Reason: d.Reason, Until: maybe(d.Until),
		})
	}
	if e := f.Exclusion; e != nil {
		out.Exclusion = &ExclusionLine{
			Hit: e.Hit.Code(), Subject: e.Subject, Officer: e.Officer, Made: At(e.Made), Until: At(e.Until), Revoked: maybe(e.Revoked),
			Holds: e.Revoked.IsZero() && f.At.Before(e.Until),
		}
	}
	return out
}

func shapeExclusion(ctx context.Context, x *exchange.Exchange, e exchange.Exclusion) (ExclusionLine, error) {
	holds, err := x.ExclusionHolds(ctx, e, x.Now())
	return ExclusionLine{
		Hit: e.Hit.Code(), Subject: e.Subject, Officer: e.Officer, Made: At(e.Made), Until: At(e.Until), Revoked: maybe(e.Revoked), Holds: holds,
	}, err
}
