package bench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/names"
	"heed/names/fit"
	"heed/watch"
)

// Watchman is another program to measure beside this one, see docs/names.md.
type Watchman struct {
	// URL is where it answers searches; empty where there is none.
	URL string
	// Metrics is where it shows its processor time and memory; empty for port
	// 9094 of the same host, which is its default.
	Metrics string
	// Give writes a list, in Senzing's JSON lines, where it loads its lists from.
	// Where it is nil, it is measured on the lists that it has.
	Give func(list []byte) error
	// Waits is called once for each list that it has not loaded yet: somebody
	// may have to start it again. May be nil.
	Waits func()
	// Patience is how long to wait for a list to be loaded, asking once in Every.
	Patience, Every time.Duration

	sizes []int // of the lists; nil for watchmanLists
}

// WatchmanReport is how this program and a running Watchman do on the same list
// and queries, which share no exact word with the name they look for.
type WatchmanReport struct {
	URL     string        `json:"url"`
	Version string        `json:"version,omitempty"` // as it says itself
	Lists   string        `json:"lists,omitempty"`   // of its own, with how many entities; empty where we gave it one
	Note    string        `json:"note,omitempty"`    // what holds for all runs
	Runs    []WatchmanRun `json:"runs"`
}

// WatchmanRun is one list, one way to write the queries, one program.
type WatchmanRun struct {
	Program string `json:"program"`
	Input   string `json:"input"` // raw or romanised
	List    int    `json:"list"`  // names; entities of every kind where the lists are Watchman's own
	Note    string `json:"note,omitempty"`
	Queries int    `json:"queries"`

	First  float64 `json:"recall_at_1"`
	Ten    float64 `json:"recall_at_10"`
	One    float64 `json:"recall_1_percent"` // at the score that one innocent in a hundred reaches
	FPR    float64 `json:"false_alarms"`     // that came out, of the other half of the innocents
	PerCPU float64 `json:"queries_per_cpu_second,omitempty"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	Memory float64 `json:"memory_mb,omitempty"` // resident; of our own index, what it adds to the heap
}

// The sizes of the comparison. Another program may take a tenth of a second a query.
const (
	watchmanQueries   = 300
	watchmanInnocents = 400
	watchmanLimit     = 10
)

// watchmanLists are how many names the lists have.
var watchmanLists = [...]int{8_000, 100_000}

// listed is somebody on a list.
type listed struct {
	person string
	names  []string
}

// judged reports whether what was found is who was asked for.
type judged func(asked fit.Labelled, person, text string) bool

// asListed judges by the names of a list that is ours.
func asListed(asked fit.Labelled, person, text string) bool {
	return person == asked.RightID || strings.EqualFold(text, asked.Right)
}

// rated is the best score of a query and the place of the right entry.
type rated struct {
	score float64 // of the right entry, or of the best for an innocent
	rank  int
	took  time.Duration
}

// besideWatchman measures both programs.
func (m *measurement) besideWatchman(ctx context.Context) (*WatchmanReport, error) {
	other := &m.options.Watchman
	server, err := newWatchmanServer(other)
	if err != nil {
		return nil, err
	}
	if other.Give == nil {
		return m.besideOwnLists(ctx, server)
	}
	queries := m.strangeQueries(func(fit.Labelled) bool { return true })
	innocents := m.innocents()
	model, err := m.strangersTo(queries)
	if err != nil {
		return nil, err
	}
	sizes := other.sizes
	if sizes == nil {
		sizes = watchmanLists[:]
	}
	r := &WatchmanReport{URL: other.URL}
	for _, size := range sizes {
		entries := m.longList(queries, size)
		has, err := server.load(ctx, other, entries, m.options.Clock)
		if err != nil {
			return nil, err
		}
		r.Version = has.Version
		if err := m.serverRuns(ctx, server, has, r, queries, innocents, asListed, 3*len(sizes)); err != nil {
			return nil, err
		}
		var list []listed
		for _, e := range entries {
			list = append(list, listed{e.Person, []string{e.Text}})
		}
		own, err := m.ownRun(model, list, queries, innocents, asListed)
		if err != nil {
			return nil, err
		}
		r.Runs = append(r.Runs, own)
	}
	return r, nil
}

// serverRuns adds what the server finds, raw and romanised, in the lists that it
// has. There are to be so many runs in all.
func (m *measurement) serverRuns(ctx context.Context, server *watchmanServer, has loaded, r *WatchmanReport, queries []fit.Labelled, innocents []string, is judged, runs int) error {
	for _, romanised := range []bool{false, true} {
		run := WatchmanRun{Program: "watchman", Input: "raw", List: has.Names}
		write := func(s string) string { return s }
		if romanised {
			run.Input, write = "romanised", m.romanise
		}
		before, told := server.used(ctx)
		err := run.measure(queries, innocents, is, func(name string, right func(string, string) bool) (rated, error) {
			return server.ask(ctx, write(name), right, m.options.Clock)
		})
		if err != nil {
			return err
		}
		after, again := server.used(ctx)
		if err := cmp.Or(told, again); err != nil {
			run.Note = fmt.Sprintf("no processor time and memory: %v", err)
		} else if after.seconds > before.seconds {
			run.PerCPU = float64(len(queries)+len(innocents)) / (after.seconds - before.seconds)
			run.Memory = after.resident / (1 << 20)
		}
		now, err := server.lists(ctx)
		if err != nil {
			return err
		}
		if now != has { // loading takes far more processor time than a search
			return fmt.Errorf("WATCHMAN_URL %s: %w", r.URL, ErrWatchmanReloaded)
		}
		r.Runs = append(r.Runs, run)
		m.options.Progress("watchman", len(r.Runs), runs)
	}
	return nil
}

// innocents are the travellers asked for.
func (m *measurement) innocents() []string {
	var of []string
	for i := 0; i < len(m.set.Travellers) && len(of) < watchmanInnocents; i += max(1, len(m.set.Travellers)/watchmanInnocents) {
		of = append(of, m.set.Travellers[i].Name)
	}
	return of
}

// strangeQueries are the pairs of those wanted that share no exact word.
func (m *measurement) strangeQueries(wanted func(fit.Labelled) bool) []fit.Labelled {
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
		if !shared && !composed(p) && wanted(p) {
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
func (r *WatchmanRun) measure(queries []fit.Labelled, innocents []string, is judged, ask func(string, func(person, text string) bool) (rated, error)) error {
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
		a, err := ask(p.Left, func(person, text string) bool { return is(p, person, text) })
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

// strangersTo are weights that do not know the persons asked for.
func (m *measurement) strangersTo(queries []fit.Labelled) (*names.Model, error) {
	asked := map[string]bool{}
	for _, p := range queries {
		asked[p.LeftID], asked[p.RightID] = true, true
	}
	delete(asked, "") // nobody in particular
	return m.fitWithout(func(person string) bool { return asked[person] })
}

// ownRun is the same with our own index.
func (m *measurement) ownRun(model *names.Model, list []listed, queries []fit.Labelled, innocents []string, is judged) (WatchmanRun, error) {
	run := WatchmanRun{Program: "heed", Input: "raw", Note: "hits at or above the default threshold only; memory is what the index adds to the heap"}
	before := heap()
	x := watch.New(model)
	for i, l := range list {
		var called []heed.Name
		for _, text := range l.names {
			called = append(called, heed.Name{Text: text})
		}
		if err := x.Put(watch.Subject{ID: entryID(i), Urgency: heed.UrgencyUnknown, Person: &heed.Person{Names: called}}); err != nil {
			return run, err
		}
		run.List += len(called)
	}
	if after := heap(); after > before {
		run.Memory = float64(after-before) / (1 << 20)
	}
	at := map[watch.SubjectID]int{}
	for i := range list {
		at[entryID(i)] = i
	}
	screener := x.NewScreener()
	start := m.options.CPU()
	err := run.measure(queries, innocents, is, func(name string, right func(string, string) bool) (rated, error) {
		began := m.options.Clock()
		hits := screener.Screen(watch.Record{Names: []heed.Name{{Text: name}}})
		a := rated{took: m.options.Clock() - began}
		for i, hit := range hits {
			l := list[at[hit.Subject]]
			if right == nil {
				a.score = max(a.score, hit.Score)
			} else if i < watchmanLimit && a.rank == 0 && right(l.person, l.names[0]) {
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

// heap is how many bytes are in use when nothing is left to collect.
func heap() uint64 {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return now.HeapAlloc
}

func (w *WatchmanReport) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Watchman %s at %s, side by side; queries share no exact word with the name they look for\n", cmp.Or(w.Version, "(of no stated version)"), w.URL)
	if w.Lists != "" {
		fmt.Fprintf(&out, "its lists, by entities: %s\n", w.Lists)
	}
	if w.Note != "" {
		fmt.Fprintf(&out, "%s\n", w.Note)
	}
	if len(w.Runs) == 0 {
		return out.String()
	}
	fmt.Fprintf(&out, "%-10s %-10s %8s %8s %9s %9s %9s %7s %9s %8s %8s %9s\n", "program", "input", "list", "queries", "recall@1", "recall@10", "at 1 %", "FPR", "per CPU-s", "p50 ms", "p99 ms", "memory MB")
	for _, r := range w.Runs {
		fmt.Fprintf(&out, "%-10s %-10s %8d %8d %9.3f %9.3f %9.3f %6.2f%% %9s %8.2f %8.2f %9s\n", r.Program, r.Input, r.List, r.Queries, r.First, r.Ten, r.One, 100*r.FPR,
			known(r.PerCPU), r.P50, r.P99, known(r.Memory))
		if r.Note != "" {
			fmt.Fprintf(&out, "           %s\n", r.Note)
		}
	}
	return out.String()
}

// known is a figure, or a dash where it was not told.
func known(figure float64) string {
	switch {
	case figure == 0:
		return "-"
	case figure < 10:
		return strconv.FormatFloat(figure, 'f', 1, 64)
	}
	return strconv.FormatFloat(figure, 'f', 0, 64)
}
