package control

import (
	"context"
	"net/http"
	"time"

	"heed"
	"heed/exchange"
	"heed/stats"
)

type (
	// DrillRequest runs or schedules an exercise, or stops the one of that name.
	DrillRequest struct {
		Officer heed.OfficerID `json:"officer,omitempty"`
		To      []string       `json:"to,omitempty"`
		Accord  string         `json:"accord,omitempty"`
		Warning *heed.Warning  `json:"warning,omitempty"` // nil: the built-in one
		Every   time.Duration  `json:"every,omitempty"`   // zero: as the accord says
		First   *Time          `json:"first,omitempty"`   // nil: one span from now
		Name    string         `json:"name,omitempty"`
	}
	// DrillRun is what `heed drill run --json` prints.
	DrillRun struct {
		WarnAnswer
		LeftOut []heed.PartyID `json:"leftOut,omitempty"` // of the accord, and not bound by its drills
	}
	// DrillLine is a schedule in a list.
	DrillLine struct {
		Drill   string         `json:"drill"`
		By      heed.OfficerID `json:"by"`
		At      Time           `json:"at"`
		To      []heed.PartyID `json:"to,omitempty"` // none: all whom the accord binds
		Accord  string         `json:"accord,omitempty"`
		Every   stats.Span     `json:"every"` // seconds
		First   Time           `json:"first"`
		Next    *Time          `json:"next,omitempty"` // none once it was stopped
		Runs    int            `json:"runs"`
		Last    *Time          `json:"last,omitempty"`
		Case    heed.Code      `json:"case,omitempty"`  // of the last run
		Draft   heed.Code      `json:"draft,omitempty"` // that the last run made in the place of a case
		Waits   bool           `json:"waits"`           // the draft does, for an officer to release it
		Gated   bool           `json:"gated"`           // every run makes a draft
		Passed  string         `json:"passed,omitempty"`
		Stopped *Time          `json:"stopped,omitempty"`
		Why     string         `json:"why,omitempty"`
	}
	// DrillReportRequest asks who answered exercises how fast. What is empty
	// bounds nothing.
	DrillReportRequest struct {
		Accord string `json:"accord,omitempty"`
		Since  *Time  `json:"since,omitempty"`
		Until  *Time  `json:"until,omitempty"`
	}
	// DrillReport is what `heed drill report --json` prints.
	DrillReport struct {
		AsOf      Time            `json:"asOf"`
		Parties   []DrillParty    `json:"parties"`   // the slowest first
		Exercises []DrillExercise `json:"exercises"` // the newest first
	}
	// DrillParty is how a party answered over all exercises.
	DrillParty struct {
		Party        heed.PartyID `json:"party"`
		Exercises    int          `json:"exercises"`
		Received     int          `json:"received"`
		Acknowledged DrillFigures `json:"acknowledged"`
		Assessed     DrillFigures `json:"assessed"`
	}
	// DrillFigures are those of one step.
	DrillFigures struct {
		Done    int       `json:"done"`
		Late    int       `json:"late"`
		Refused int       `json:"refused"`
		Never   int       `json:"never"`
		Due     int       `json:"due"`
		Median  DrillStep `json:"median"`
		Slowest DrillStep `json:"slowest"`
	}
	// DrillExercise is one exercise.
	DrillExercise struct {
		Case    heed.Code     `json:"case"`
		From    heed.PartyID  `json:"from"`
		Accord  string        `json:"accord,omitempty"`
		Urgency heed.Urgency  `json:"urgency"`
		Sent    Time          `json:"sent"`
		Answers []DrillAnswer `json:"answers"` // the slowest first
	}
	// DrillAnswer is what one party made of an exercise.
	DrillAnswer struct {
		Party        heed.PartyID `json:"party"`
		ID           string       `json:"id"` // of the case
		At           *Time        `json:"at,omitempty"`
		Received     DrillStep    `json:"received"` // after it was sent; all others after it was received
		Notified     DrillStep    `json:"notified"`
		Opened       DrillStep    `json:"opened"`
		Acknowledged DrillStep    `json:"acknowledged"`
		Assessed     DrillStep    `json:"assessed"`
	}
	// DrillStep is one step of it.
	DrillStep struct {
		State heed.DrillState `json:"state"`
		After *stats.Span     `json:"after,omitempty"` // seconds, where the step was taken
		Due   *Time           `json:"due,omitempty"`
	}
)

func drillVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "drill-run", func(ctx context.Context, r DrillRequest) (DrillRun, error) {
		order, err := drillOrder(ctx, x, r)
		if err != nil {
			return DrillRun{}, err
		}
		out, err := x.Drill(ctx, order)
		return DrillRun{WarnAnswer: warnAnswer(out.Warned, out.To), LeftOut: out.LeftOut}, err
	})
	verb(mux, "drill-schedule", func(ctx context.Context, r DrillRequest) (DrillLine, error) {
		order, err := drillOrder(ctx, x, r)
		if err != nil {
			return DrillLine{}, err
		}
		out, err := x.ScheduleDrill(ctx, order)
		return shapeDrill(out), err
	})
	verb(mux, "drill-list", func(ctx context.Context, _ struct{}) ([]DrillLine, error) {
		all, err := x.Drills(ctx)
		lines := []DrillLine{}
		for _, d := range all {
			lines = append(lines, shapeDrill(d))
		}
		return lines, err
	})
	verb(mux, "drill-stop", func(ctx context.Context, r DrillRequest) (DrillLine, error) {
		d, err := x.StopDrill(ctx, r.Officer, r.Name)
		return shapeDrill(exchange.DrillStanding{Drill: d}), err
	})
	verb(mux, "drill-report", func(ctx context.Context, r DrillReportRequest) (DrillReport, error) {
		accord, err := accordNamed(ctx, x, r.Accord)
		if err != nil {
			return DrillReport{}, err
		}
		var period stats.Period
		if r.Since != nil {
			period.Since = r.Since.Time
		}
		if r.Until != nil {
			period.Until = r.Until.Time
		}
		report, err := x.DrillReport(ctx, accord, period)
		return shapeDrillReport(report), err
	})
}

// accordNamed is the accord of a name; zero for an empty one.
func accordNamed(ctx context.Context, x *exchange.Exchange, name string) (heed.AccordID, error) {
	if name == "" {
		return heed.AccordID{}, nil
	}
	return x.FindAccord(ctx, name)
}

func drillOrder(ctx context.Context, x *exchange.Exchange, r DrillRequest) (exchange.DrillOrder, error) {
	order := exchange.DrillOrder{Officer: r.Officer, Warning: r.Warning, Every: r.Every}
	for _, name := range r.To {
		party, err := heed.ParsePartyID(name)
		if err != nil {
			return order, err
		}
		order.To = append(order.To, party)
	}
	if r.First != nil {
		order.First = r.First.Time
	}
	var err error
	order.Accord, err = accordNamed(ctx, x, r.Accord)
	return order, err
}

func shapeDrill(d exchange.DrillStanding) DrillLine {
	line := DrillLine{
		Drill: d.Name, By: d.Officer, At: At(d.At), To: d.To, Every: stats.Span(d.Every), First: At(d.First), Next: maybe(d.Next),
		Runs: d.Runs, Last: maybe(d.Last), Case: d.Code, Waits: d.Waits, Gated: d.Gated, Passed: d.Passed, Stopped: maybe(d.Stopped), Why: d.Why,
	}
	if d.Drafted {
		line.Case, line.Draft = "", d.Code
	}
	if !d.Accord.IsZero() {
		line.Accord = d.Accord.String()
	}
	if line.Stopped != nil {
		line.Next = nil
	}
	return line
}

func shapeDrillReport(r heed.DrillReport) DrillReport {
	out := DrillReport{AsOf: At(r.AsOf), Parties: []DrillParty{}, Exercises: []DrillExercise{}}
	for _, p := range r.Parties {
		out.Parties = append(out.Parties, DrillParty{
			Party: p.Party, Exercises: p.Exercises, Received: p.Received, Acknowledged: shapeDrillFigures(p.Acknowledged), Assessed: shapeDrillFigures(p.Assessed),
		})
	}
	for _, e := range r.Exercises {
		exercise := DrillExercise{Case: e.Code, From: e.From, Urgency: e.Urgency, Sent: At(e.Sent)}
		if !e.Accord.IsZero() {
			exercise.Accord = e.Accord.String()
		}
		for _, a := range e.Answers {
			exercise.Answers = append(exercise.Answers, DrillAnswer{
				Party: a.Party, ID: a.Case.String(), At: maybe(a.Received), Received: shapeDrillStep(a.Receipt), Notified: shapeDrillStep(a.Notified),
				Opened: shapeDrillStep(a.Opened), Acknowledged: shapeDrillStep(a.Acknowledged), Assessed: shapeDrillStep(a.Assessed),
			})
		}
		out.Exercises = append(out.Exercises, exercise)
	}
	return out
}

func shapeDrillFigures(f heed.DrillFigures) DrillFigures {
	return DrillFigures{Done: f.Done, Late: f.Late, Refused: f.Refused, Never: f.Never, Due: f.Due, Median: shapeDrillStep(f.Median), Slowest: shapeDrillStep(f.Slowest)}
}

func shapeDrillStep(s heed.DrillStep) DrillStep {
	out := DrillStep{State: s.State, Due: maybe(s.Due)}
	switch s.State {
	case heed.DrillDone, heed.DrillLate, heed.DrillRefused:
		after := stats.Span(s.After)
		out.After = &after
	}
	return out
}
