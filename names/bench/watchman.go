package bench

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/names/fit"
	"heed/watch"
)

// WatchmanReport is how this program and a running Watchman do on the same list
// and queries, which share no exact word with the name they look for.
type WatchmanReport struct {
	URL  string        `json:"url"`
	Runs []WatchmanRun `json:"runs"`
}

// WatchmanRun is one list, one way to write the queries, one program.
type WatchmanRun struct {
	Program string `json:"program"`
	Input   string `json:"input"` // raw or romanised
	List    int    `json:"list"`  // names
	Note    string `json:"note,omitempty"`
	Queries int    `json:"queries"`

	First  float64 `json:"recall_at_1"`
	Ten    float64 `json:"recall_at_10"`
	One    float64 `json:"recall_1_percent"` // at the score that one innocent in a hundred reaches
	FPR    float64 `json:"false_alarms"`     // that came out, of the other half of the innocents
	PerCPU float64 `json:"queries_per_cpu_second,omitempty"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	RSS    float64 `json:"resident_mb,omitempty"`
}

// The sizes of the comparison. Another program may take a tenth of a second a query.
const (
	watchmanQueries   = 300
	watchmanInnocents = 400
	watchmanLimit     = 10
	watchmanAnswer    = 4 << 20 // bytes of one answer that are read
	watchmanWait      = 30 * time.Second
)

// watchmanLists are how many names the lists have.
var watchmanLists = [...]int{8_000, 100_000}

// rated is the best score of a query and the place of the right entry.
type rated struct {
	score float64 // of the right entry, or of the best for an innocent
	rank  int
	took  time.Duration
}

// watchman measures both programs.
func (m *measurement) watchman(ctx context.Context) (*WatchmanReport, error) {
	r := &WatchmanReport{URL: m.options.Watchman}
	queries := m.strangeQueries()
	var innocents []string
	for i := 0; i < len(m.set.Travellers) && len(innocents) < watchmanInnocents; i += max(1, len(m.set.Travellers)/watchmanInnocents) {
		innocents = append(innocents, m.set.Travellers[i].Name)
	}
	for _, size := range watchmanLists {
		entries := m.longList(queries, size)
		server := &watchmanServer{base: strings.TrimRight(m.options.Watchman, "/"), client: &http.Client{Timeout: watchmanWait}}
		note, err := server.load(ctx, entries)
		if err != nil {
			return nil, err
		}
		for _, romanised := range []bool{false, true} {
			input, write := "raw", func(s string) string { return s }
			if romanised {
				input, write = "romanised", m.romanise
			}
			run := WatchmanRun{Program: "watchman", Input: input, List: len(entries), Note: note}
			before, _, told := server.used(ctx)
			err := run.measure(queries, innocents, func(name string, right func(string, string) bool) (rated, error) {
				return server.ask(ctx, write(name), right, m.options.Clock)
			})
			if err != nil {
				return nil, err
			}
			if after, resident, ok := server.used(ctx); told && ok && after > before {
				run.PerCPU = float64(len(queries)+len(innocents)) / (after - before)
				run.RSS = resident / (1 << 20)
			}
			r.Runs = append(r.Runs, run)
			m.options.Progress("watchman", len(r.Runs), 3*len(watchmanLists))
		}
		own, err := m.ownRun(entries, queries, innocents)
		if err != nil {
			return nil, err
		}
		r.Runs = append(r.Runs, own)
	}
	return r, nil
}

// strangeQueries are the pairs that share no exact word.
func (m *measurement) strangeQueries() []fit.Labelled {
	words := func(s string) map[string]bool {
		of := map[string]bool{}
		for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" ,.-'", r) }) {
			of[w] = true
		}
		return of
	}
	var out []fit.Labelled
	for _, p := range m.whole {
		left, shared := words(p.Left), false
		for w := range words(p.Right) {
			shared = shared || left[w]
		}
		if !shared && !composed(p) {
			out = append(out, p)
		}
	}
	random := rand.New(rand.NewPCG(11, 5))
	random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(watchmanQueries, len(out))]
}

// longList is the queries' right sides and as many more names as are missing:
// the list's own, then names made of the list's parts, as often as they occur.
func (m *measurement) longList(queries []fit.Labelled, size int) []fit.Entry {
	var entries []fit.Entry
	have := map[string]bool{}
	add := func(person, text string) {
		if !have[text] && len(entries) < size {
			have[text] = true
			entries = append(entries, fit.Entry{Person: person, Text: text})
		}
	}
	for _, p := range queries {
		add(p.RightID, p.Right)
	}
	var parts []string
	for _, e := range m.list.Entries {
		add(e.Person, e.Text)
		for _, t := range e.Parsed.Tokens[:e.Parsed.Positions] {
			parts = append(parts, t.Text)
		}
	}
	random := rand.New(rand.NewPCG(13, 5))
	for tries := 0; len(entries) < size && tries < 4*size && len(parts) > 0; tries++ {
		text := parts[random.IntN(len(parts))] + " " + parts[random.IntN(len(parts))]
		if random.IntN(3) == 0 {
			text += " " + parts[random.IntN(len(parts))]
		}
		add("made:"+strconv.Itoa(tries), text)
	}
	return entries
}

// romanise writes a name as its likeliest reading.
func (m *measurement) romanise(name string) string {
	n := m.read.Name(name)
	var parts []string
	for _, t := range n.Tokens[:n.Positions] {
		parts = append(parts, t.Forms[0].Latin)
	}
	return strings.Join(parts, " ")
}

// measure asks every query and every innocent.
func (r *WatchmanRun) measure(queries []fit.Labelled, innocents []string, ask func(string, func(person, text string) bool) (rated, error)) error {
	var took []time.Duration
	var training, test []float64
	for i, name := range innocents {
		a, err := ask(name, nil)
		if err != nil {
			return err
		}
		took = append(took, a.took)
		if i%2 == 0 {
			training = append(training, a.score)
		} else {
			test = append(test, a.score)
		}
	}
	cut := fit.ExceededScore(training, 0.01)
	for _, score := range test {
		if score >= cut {
			r.FPR += 1 / float64(len(test))
		}
	}
	r.Queries = len(queries)
	for _, p := range queries {
		a, err := ask(p.Left, func(person, text string) bool { return person == p.RightID || strings.EqualFold(text, p.Right) })
		if err != nil {
			return err
		}
		took = append(took, a.took)
		share := 1 / float64(len(queries))
		if a.rank == 1 {
			r.First += share
		}
		if a.rank > 0 {
			r.Ten += share
			if a.score >= cut {
				r.One += share
			}
		}
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	if len(took) > 0 {
		r.P50, r.P99 = took[len(took)/2].Seconds()*1000, took[len(took)*99/100].Seconds()*1000
	}
	return nil
}

// ownRun is the same with our own index.
func (m *measurement) ownRun(entries []fit.Entry, queries []fit.Labelled, innocents []string) (WatchmanRun, error) {
	x := watch.New(m.options.Model)
	run := WatchmanRun{Program: "heed", Input: "raw", List: len(entries), Note: "hits at or above the default threshold only"}
	for i, e := range entries {
		if err := x.Put(watch.Subject{ID: entryID(i), Urgency: heed.UrgencyUnknown, Person: &heed.Person{Names: []heed.Name{{Text: e.Text}}}}); err != nil {
			return run, err
		}
	}
	at := map[watch.SubjectID]int{}
	for i := range entries {
		at[entryID(i)] = i
	}
	screener := x.NewScreener()
	start := m.options.CPU()
	err := run.measure(queries, innocents, func(name string, right func(string, string) bool) (rated, error) {
		began := m.options.Clock()
		hits := screener.Screen(watch.Record{Names: []heed.Name{{Text: name}}})
		a := rated{took: m.options.Clock() - began}
		for i, hit := range hits {
			e := entries[at[hit.Subject]]
			if right == nil {
				a.score = max(a.score, hit.Score)
			} else if i < watchmanLimit && a.rank == 0 && right(e.Person, e.Text) {
				a.rank, a.score = i+1, hit.Score
			}
		}
		return a, nil
	})
	if spent := (m.options.CPU() - start).Seconds(); spent > 0 {
		run.PerCPU = float64(len(queries)+len(innocents)) / spent
	}
	return run, err
}

// watchmanServer is the other program, over its HTTP interface (version 2).
type watchmanServer struct {
	base   string
	client *http.Client
	own    bool // it searches the list that we gave it
}

// watchmanList is the name under which our list is given; the server has to be
// configured to take it, see docs/names.md.
const watchmanList = "heed_bench"

// load gives the server our list. Where it does not take one, it is measured on
// the list it has, and the note says so.
func (w *watchmanServer) load(ctx context.Context, entries []fit.Entry) (string, error) {
	var body bytes.Buffer
	out := csv.NewWriter(&body)
	rows := [][]string{{"source_id", "name", "type"}}
	for _, e := range entries {
		rows = append(rows, []string{e.Person, e.Text, "person"})
	}
	if err := out.WriteAll(rows); err != nil {
		return "", err
	}
	answer, status, err := w.call(ctx, http.MethodPost, "/v2/ingest/"+watchmanList, "text/csv", &body)
	if err != nil {
		return "", fmt.Errorf("WATCHMAN_URL %s: %w", w.base, err)
	}
	if w.own = status/100 == 2; w.own {
		return "", nil
	}
	return fmt.Sprintf("it did not take our list (status %d: %.60s): measured on the list it has", status, strings.TrimSpace(string(answer))), nil
}

func (w *watchmanServer) ask(ctx context.Context, name string, right func(string, string) bool, clock func() time.Duration) (rated, error) {
	query := url.Values{"name": {name}, "type": {"person"}, "limit": {strconv.Itoa(watchmanLimit)}, "minMatch": {"0.0"}}
	if w.own {
		query.Set("source", watchmanList)
	}
	began := clock()
	answer, status, err := w.call(ctx, http.MethodGet, "/v2/search?"+query.Encode(), "", nil)
	if err != nil {
		return rated{}, fmt.Errorf("WATCHMAN_URL %s: %w", w.base, err)
	}
	a := rated{took: clock() - began}
	if status/100 != 2 {
		return a, fmt.Errorf("WATCHMAN_URL %s: a search was answered with status %d: %.100s", w.base, status, answer)
	}
	var found struct {
		Entities []struct {
			Name     string  `json:"name"`
			SourceID string  `json:"sourceID"`
			Match    float64 `json:"match"`
		} `json:"entities"`
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return a, fmt.Errorf("WATCHMAN_URL %s: the answer to a search: %w", w.base, err)
	}
	for i, e := range found.Entities {
		if right == nil {
			a.score = max(a.score, e.Match)
		} else if a.rank == 0 && (right(e.SourceID, e.Name) || right("sdn:"+e.SourceID, e.Name)) {
			a.rank, a.score = i+1, e.Match
		}
	}
	return a, nil
}

// used reads what the server's metrics tell of it: processor seconds and bytes.
func (w *watchmanServer) used(ctx context.Context) (seconds, resident float64, ok bool) {
	answer, status, err := w.call(ctx, http.MethodGet, "/metrics", "", nil)
	if err != nil || status/100 != 2 {
		return 0, 0, false // not every server shows them here
	}
	for _, line := range strings.Split(string(answer), "\n") {
		name, value, _ := strings.Cut(line, " ")
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			continue
		}
		switch name {
		case "process_cpu_seconds_total":
			seconds, ok = number, true
		case "process_resident_memory_bytes":
			resident = number
		}
	}
	return seconds, resident, ok
}

func (w *watchmanServer) call(ctx context.Context, method, path, kind string, body io.Reader) (answer []byte, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, method, w.base+path, body)
	if err != nil {
		return nil, 0, err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	answer, err = io.ReadAll(io.LimitReader(response.Body, watchmanAnswer))
	return answer, response.StatusCode, err
}

func (w *WatchmanReport) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Watchman at %s, side by side; queries share no exact word with the name they look for\n", w.URL)
	fmt.Fprintf(&out, "%-10s %-10s %8s %8s %9s %9s %9s %7s %9s %8s %8s %7s\n", "program", "input", "list", "queries", "recall@1", "recall@10", "at 1 %", "FPR", "per CPU-s", "p50 ms", "p99 ms", "RSS MB")
	for _, r := range w.Runs {
		fmt.Fprintf(&out, "%-10s %-10s %8d %8d %9.3f %9.3f %9.3f %6.2f%% %9.0f %8.2f %8.2f %7.0f\n", r.Program, r.Input, r.List, r.Queries, r.First, r.Ten, r.One, 100*r.FPR, r.PerCPU, r.P50, r.P99, r.RSS)
		if r.Note != "" {
			fmt.Fprintf(&out, "           %s\n", r.Note)
		}
	}
	return out.String()
}
