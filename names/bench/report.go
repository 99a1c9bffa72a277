package bench

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"
)

// Report is what a measurement found. Shares are between 0 and 1.
type Report struct {
	Set       string    `json:"set"` // SHA-256 of what was read
	Model     string    `json:"model"`
	Refitted  bool      `json:"refitted"` // the weights were fitted again in each fold
	Folds     int       `json:"folds"`
	Quick     int       `json:"one_in,omitempty"`
	Date      time.Time `json:"date"`
	Machine   string    `json:"machine"`
	List      int       `json:"list_names"`
	Travelled int       `json:"travellers"`

	Overall  []Row           `json:"overall"`
	Classes  []Row           `json:"classes"`
	Kinds    []Row           `json:"categories"`
	Records  []Row           `json:"records"`
	Alarms   []Alarm         `json:"false_alarms"`
	Near     []Near          `json:"near_negatives"`
	Cases    *Judged         `json:"judged_cases,omitempty"`
	Loosely  *Judged         `json:"judged_cases_1_percent,omitempty"`
	Incident *Judged         `json:"incident,omitempty"`
	Expected []Expected      `json:"expected_false_hits"`
	Index    *IndexRecall    `json:"index,omitempty"`
	Watched  *Watched        `json:"watched,omitempty"`
	Watchman *WatchmanReport `json:"watchman,omitempty"`
	Targets  []Target        `json:"targets"`
}

// Row is recall of one group of queries.
type Row struct {
	Name    string `json:"name"`
	Queries int    `json:"queries"`
	First   Rate   `json:"recall_at_1"`
	Ten     Rate   `json:"recall_at_10"`
	One     Rate   `json:"recall_1_percent"`
	Mille   Rate   `json:"recall_0_1_percent"`
	// The same with one threshold for all pairs of scripts; not for records.
	OneGlobal   *Rate `json:"recall_1_percent_one_threshold,omitempty"`
	MilleGlobal *Rate `json:"recall_0_1_percent_one_threshold,omitempty"`
}

// Alarm is the false alarm rate that came out on the test folds.
type Alarm struct {
	Class      string  `json:"class"`
	Travellers int     `json:"travellers"`
	One        float64 `json:"at_1_percent"`
	Mille      float64 `json:"at_0_1_percent"`
}

// Near is how many pairs of two persons with similar names reach the threshold.
type Near struct {
	Name  string  `json:"name"`
	Pairs int     `json:"pairs"`
	Share float64 `json:"share"`
}

// Expected is how many false hits 10,000 innocent travellers give.
type Expected struct {
	What string  `json:"what"`
	Hits float64 `json:"per_10000"`
}

// Target is one required figure, and the goal.
type Target struct {
	What     string  `json:"what"`
	Measured float64 `json:"measured"`
	Required float64 `json:"required"`
	Goal     float64 `json:"goal"`
}

func (m *measurement) report(ctx context.Context) (*Report, error) {
	o := &m.options
	r := &Report{Set: m.set.Digest, Model: o.Model.Version(), Refitted: m.refitted, Folds: o.Folds, Date: o.Now, Machine: o.Machine,
		List: len(m.list.Entries), Travelled: len(m.set.Travellers)}
	if o.Quick > 1 {
		r.Quick = o.Quick
	}
	r.Overall = m.rows(func(o outcome) []string {
		if composed(o.pair) {
			return []string{"names, with those composed of parts"}
		}
		return []string{"names", "names, with those composed of parts"}
	})
	r.Classes = m.rows(func(o outcome) []string {
		if composed(o.pair) {
			return []string{o.class.String() + " (composed of parts)"}
		}
		return []string{o.class.String()}
	})
	r.Kinds = m.rows(func(o outcome) []string {
		if o.pair.Source == "nk-name-bench" {
			return []string{"nkb, all positives"}
		}
		return []string{o.pair.Category}
	})
	r.Records = m.recordRows()
	r.Alarms, r.Expected = m.alarms()
	var near []string
	for name := range m.near {
		near = append(near, name)
	}
	sort.Strings(near)
	for _, name := range near {
		t := m.near[name]
		r.Near = append(r.Near, Near{name, t.n, ratio(t.at, t.n)})
	}
	if len(m.set.Cases) > 0 {
		strict, loose := judge(o.Model, m.set.Cases, false), judge(o.Model, m.set.Cases, true)
		r.Cases, r.Loosely = &strict, &loose
	}
	if len(m.set.Incident) > 0 {
		incident := judge(o.Model, m.set.Incident, false)
		r.Incident = &incident
	}
	index, err := m.index(ctx)
	if err != nil {
		return nil, err
	}
	r.Index = index
	if r.Watched, err = m.watched(ctx); err != nil {
		return nil, err
	}
	r.Watchman = m.watchman
	r.targets()
	return r, nil
}

func (m *measurement) rows(by func(outcome) []string) []Row {
	groups := map[string][]outcome{}
	for _, o := range m.outcomes {
		for _, name := range by(o) {
			groups[name] = append(groups[name], o)
		}
	}
	var rows []Row
	for name, group := range groups {
		rate := func(hit func(outcome) bool) Rate {
			votes := make([]vote, len(group))
			for i, o := range group {
				votes[i] = vote{o.pair.RightID, hit(o)}
			}
			return bootstrap(votes, m.options.Resamples)
		}
		one, mille := rate(func(o outcome) bool { return o.once[0] }), rate(func(o outcome) bool { return o.once[1] })
		rows = append(rows, Row{
			Name: name, Queries: len(group),
			First: rate(func(o outcome) bool { return o.rank == 1 }),
			Ten:   rate(func(o outcome) bool { return o.rank >= 1 && o.rank <= 10 }),
			One:   rate(func(o outcome) bool { return o.at[0] }),
			Mille: rate(func(o outcome) bool { return o.at[1] }), OneGlobal: &one, MilleGlobal: &mille,
		})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Name < rows[j].Name })
	return rows
}

func (m *measurement) recordRows() []Row {
	groups := map[string][]recordOutcome{}
	for _, o := range m.records {
		groups["all"] = append(groups["all"], o)
		groups[o.record.BirthError] = append(groups[o.record.BirthError], o)
		if o.record.BirthError != "exact" && o.record.BirthError != "missing" {
			groups["date of birth wrong"] = append(groups["date of birth wrong"], o)
		}
	}
	var rows []Row
	for name, group := range groups {
		rate := func(hit func(recordOutcome) bool) Rate {
			votes := make([]vote, len(group))
			for i, o := range group {
				votes[i] = vote{o.record.Expect, hit(o)}
			}
			return bootstrap(votes, m.options.Resamples)
		}
		rows = append(rows, Row{
			Name: name, Queries: len(group),
			First: rate(func(o recordOutcome) bool { return o.rank == 1 }),
			Ten:   rate(func(o recordOutcome) bool { return o.rank >= 1 && o.rank <= 10 }),
			One:   rate(func(o recordOutcome) bool { return o.at[0] }),
			Mille: rate(func(o recordOutcome) bool { return o.at[1] }),
		})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Name < rows[j].Name })
	return rows
}

func (m *measurement) alarms() ([]Alarm, []Expected) {
	type sum struct{ n, one, mille, shipped int }
	add := func(of map[string]*sum, name string, s stranger) {
		t := of[name]
		if t == nil {
			t = &sum{}
			of[name] = t
		}
		t.n++
		if s.at[0] {
			t.one++
		}
		if s.at[1] {
			t.mille++
		}
		if s.shipped {
			t.shipped++
		}
	}
	byClass := map[string]*sum{}
	for _, s := range m.strangers {
		add(byClass, s.class.String(), s)
		add(byClass, "all", s)
	}
	var alarms []Alarm
	for name, t := range byClass {
		alarms = append(alarms, Alarm{name, t.n, ratio(t.one, t.n), ratio(t.mille, t.n)})
	}
	sort.Slice(alarms, func(i, j int) bool { return alarms[i].Class < alarms[j].Class })
	dated := map[string]*sum{}
	for _, s := range m.passing {
		add(dated, "all", s)
	}
	expected := []Expected{
		{"names alone, thresholds of 1 %", 10000 * ratio(byClass["all"].one, byClass["all"].n)},
		{"names alone, thresholds of 0.1 %", 10000 * ratio(byClass["all"].mille, byClass["all"].n)},
		{"names alone, the model's default thresholds", 10000 * ratio(byClass["all"].shipped, byClass["all"].n)},
	}
	if t := dated["all"]; t != nil {
		expected = append(expected,
			Expected{"names and dates of birth, thresholds of 1 %", 10000 * ratio(t.one, t.n)},
			Expected{"names and dates of birth, thresholds of 0.1 %", 10000 * ratio(t.mille, t.n)})
	}
	return alarms, expected
}

// targets holds what was measured against docs/names.md. Where a pair of
// scripts has no whole names, those composed of parts stand for them.
func (r *Report) targets() {
	find := func(rows []Row, name string) *Row {
		for i := range rows {
			if rows[i].Name == name {
				return &rows[i]
			}
		}
		return nil
	}
	class := func(name string) *Row {
		whole, made := find(r.Classes, name), find(r.Classes, name+" (composed of parts)")
		if whole == nil || made != nil && whole.Queries < 100 {
			return made
		}
		return whole
	}
	add := func(what string, row *Row, of func(*Row) float64, required, goal float64) {
		if row != nil {
			r.Targets = append(r.Targets, Target{what, of(row), required, goal})
		}
	}
	one := func(r *Row) float64 { return r.One.Share }
	mille := func(r *Row) float64 { return r.Mille.Share }
	ten := func(r *Row) float64 { return r.Ten.Share }
	add("name only, 1 %, all", find(r.Overall, "names"), one, 0.74, 0.80)
	add("name only, 1 %, Cyrillic", class("cyrl"), one, 0.96, 0.98)
	add("name only, 1 %, Arabic", class("arab"), one, 0.70, 0.80)
	add("name only, 1 %, Hebrew", class("hebr"), one, 0.70, 0.80)
	add("name only, 1 %, Latin", class("latn"), one, 0.70, 0.80)
	add("recall at 10", find(r.Overall, "names"), ten, 0.92, 0.96)
	add("records with wrong dates of birth, 1 %", find(r.Records, "date of birth wrong"), one, 0.88, 0.93)
	add("records with wrong dates of birth, 0.1 %", find(r.Records, "date of birth wrong"), mille, 0.82, 0.90)
	if r.Incident != nil {
		r.Targets = append(r.Targets,
			Target{"the missed name's spellings above the threshold", float64(r.Incident.True), 24, 24},
			Target{"the other names above the threshold", float64(r.Incident.FalsePositive), 0, 0})
	}
}

// Text is the report for people.
func (r *Report) Text() string {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("Names: %d-fold cross-validation split by person, thresholds from the training folds", r.Folds)
	how := "the shipped weights"
	if r.Refitted {
		how = "weights fitted again in each fold"
	}
	line("set %.12s, model %s, %s", r.Set, r.Model, how)
	line("list of %d names, %d innocent travellers; %s, %s", r.List, r.Travelled, r.Machine, r.Date.UTC().Format("2006-01-02"))
	if r.Quick > 1 {
		line("quick: one in %d of the pairs, records and travellers; the list is smaller too", r.Quick)
	}
	table := func(title string, rows []Row) {
		if len(rows) == 0 {
			return
		}
		line("\n%-44s %7s  %-16s %-16s %-16s %-16s", title, "queries", "recall@1", "recall@10", "at 1 % FPR", "at 0.1 % FPR")
		for _, row := range rows {
			line("%-44s %7d  %s %s %s %s", row.Name, row.Queries, row.First, row.Ten, row.One, row.Mille)
		}
	}
	table("overall, threshold per pair of scripts", r.Overall)
	for _, row := range r.Overall {
		if row.OneGlobal != nil {
			line("%-44s %7s  %-16s %-16s %s %s", "  with one threshold for all", "", "", "", row.OneGlobal, row.MilleGlobal)
		}
	}
	table("by pair of scripts", r.Classes)
	table("by category", r.Kinds)
	table("records, by what is wrong with the date", r.Records)
	line("\n%-44s %10s %10s %10s", "innocent travellers of the test folds", "number", "at 1 %", "at 0.1 %")
	for _, a := range r.Alarms {
		line("%-44s %10d %9.2f%% %9.3f%%", a.Class, a.Travellers, 100*a.One, 100*a.Mille)
	}
	line("\nfalse hits to expect of 10,000 innocent travellers")
	for _, e := range r.Expected {
		line("  %-60s %8.1f", e.What, e.Hits)
	}
	if len(r.Near) > 0 {
		line("\ntwo persons with similar names, by name alone: share that reaches the threshold")
		for _, n := range r.Near {
			line("  %-60s %6d pairs %7.3f", n.Name, n.Pairs, n.Share)
		}
	}
	judged := func(what string, j *Judged) {
		if j != nil {
			line("%-44s %d pairs: precision %.3f, recall %.3f (%d true, %d false, %d missed)", what, j.Pairs, j.Precision, j.Recall, j.True, j.FalsePositive, j.Missed)
		}
	}
	line("")
	judged("another project's judged persons, 0.1 %", r.Cases)
	judged("the same, 1 %", r.Loosely)
	judged("the spellings of the missed name", r.Incident)
	if r.Index != nil {
		line("\nthe watch index against full comparison: %d of %d queries above the default threshold are found (%.4f)", r.Index.Found, r.Index.Above, ratio(r.Index.Found, r.Index.Above))
		line("  %.0f queries per CPU-second, median %s, 99 of 100 within %s", r.Index.PerSecond, r.Index.Median, r.Index.P99)
	}
	if w := r.Watched; w != nil {
		line("\nwhole records against every name of the persons to watch, by the index as it is shipped (its weights know these persons)")
		line("  %d persons, %d names; of 10,000 innocent travellers have a hit: %.1f with their dates of birth, %.1f without", w.Persons, w.Names, w.Dated, w.Undated)
		line("  of %d records with a wrong date of birth the person is hit for %.3f, of %d with the right one for %.3f", w.Wrong.N, w.Wrong.Share, w.Right.N, w.Right.Share)
	}
	line("")
	if r.Watchman == nil {
		line("Watchman, side by side: not run (set WATCHMAN_URL)")
	} else {
		out.WriteString(r.Watchman.text())
	}
	line("\n%-52s %9s %9s %9s", "targets", "measured", "required", "goal")
	for _, t := range r.Targets {
		line("%-52s %9.3f %9.2f %9.2f  %s", t.What, t.Measured, t.Required, t.Goal, t.Verdict())
	}
	return out.String()
}

// Verdict says which of the two the figure reaches. Where less is better, the
// required figure is zero.
func (t Target) Verdict() string {
	switch {
	case t.Required == 0 && t.Measured == 0:
		return "goal"
	case t.Required == 0:
		return "missed"
	case t.Measured >= t.Goal:
		return "goal"
	case t.Measured >= t.Required:
		return "required"
	}
	return "missed"
}

func (r Rate) String() string { return fmt.Sprintf("%.3f %.3f-%.3f", r.Share, r.Low, r.High) }
