// Package bench measures how well names are matched: recall, false alarms, and
// both for whole records, on labelled names in the layout of
// names/testdata/dev/README.md, by cross-validation split by person.
//
// It says what a screening point would meet: a query is looked for in a list of
// thousands, and an innocent traveller counts as a false alarm if the best hit of
// all of them reaches the threshold. Thresholds come from the training folds only;
// where the set is the one that the shipped weights were fitted to, the weights
// are fitted again in each fold without the persons who are measured in it.
package bench

import (
	"context"
	"errors"
	"hash/fnv"
	"runtime"
	"strings"
	"sync"
	"time"

	"heed"
	"heed/names"
	"heed/names/fit"
)

// Options are how to measure.
type Options struct {
	Folds     int    // of the cross-validation, 2 to 20
	Resamples int    // of the bootstrap
	Inputs    string // digest of the set that Model was fitted to, see names.Model.Inputs
	Model     *names.Model

	// Quick leaves out every part but one in so many of the pairs and travellers.
	Quick int

	// Watchman is another program to measure on the same names, or nothing.
	Watchman Watchman
	// Machine and Now stand in the report; Clock tells time that passes.
	Machine string
	Now     time.Time
	Clock   func() time.Duration
	// CPU is the processor time this program has used.
	CPU func() time.Duration
	// Progress is called as the work goes on, from several goroutines.
	Progress func(part string, done, of int)
}

// ErrFolds is returned for a number of folds that cannot be.
var ErrFolds = errors.New("cross-validation takes 2 to 20 folds")

// Shares are the false alarm rates at which recall is measured.
var Shares = [...]float64{0.01, 0.001}

// outcome is what became of one query for a listed person.
type outcome struct {
	pair  fit.Labelled
	class names.Class
	fold  int
	rank  int               // of the person, from 1; 0 where not found
	at    [len(Shares)]bool // found at the threshold of the pair of scripts
	once  [len(Shares)]bool // found at one threshold for all
}

// stranger is the best hit of somebody who is not listed.
type stranger struct {
	class   names.Class
	fold    int
	points  int32
	score   float64
	at      [len(Shares)]bool
	once    [len(Shares)]bool
	shipped bool // reaches the threshold of the model itself
}

const nothing = -1 << 30

func foldOf(person string, folds int) int {
	h := fnv.New64a()
	h.Write([]byte(person)) //nolint:errcheck // a hash takes everything
	return int(h.Sum64() % uint64(folds))
}

// A measurement is one run of Run.
type measurement struct {
	options Options
	set     *fit.Set
	read    *fit.Reader
	pairs   []fit.Labelled // all of them, composed ones too
	whole   []fit.Labelled // what is measured: whole names of one person
	list    *fit.List
	births  [][]heed.Birth // by entry of the list

	outcomes  []outcome
	strangers []stranger
	records   []recordOutcome
	passing   []stranger // travellers with their dates of birth
	near      map[string]*tally
	refitted  bool
	watchman  *WatchmanReport // nil where there is none
}

// Run measures.
func Run(ctx context.Context, set *fit.Set, o Options) (*Report, error) {
	if o.Folds < 2 || o.Folds > 20 {
		return nil, ErrFolds
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	m := &measurement{options: o, set: set, read: fit.NewReader(), near: map[string]*tally{}}
	m.pairs = append(append(m.pairs, set.Pairs...), fit.Compose(set)...)
	if o.Quick > 1 {
		m.thin(o.Quick)
	}
	for _, p := range m.pairs {
		if p.Same && !p.Part() && !p.Loose() {
			m.whole = append(m.whole, p)
		}
	}
	m.list = fit.NewList(fit.Entries(m.set, m.pairs, m.read))
	m.births = fit.BirthsOf(m.set.Persons, m.list.Entries)
	m.refitted = set.Digest == o.Inputs
	if o.Watchman.URL != "" { // first of all, as it may need somebody who is still there
		var err error
		if m.watchman, err = m.besideWatchman(ctx); err != nil {
			return nil, err
		}
	}
	for k := range o.Folds {
		if err := m.fold(ctx, k); err != nil {
			return nil, err
		}
	}
	return m.report(ctx)
}

// thin leaves one in every so many.
func (m *measurement) thin(every int) {
	few := *m.set
	few.Travellers, few.Records = nil, nil
	for i, t := range m.set.Travellers {
		if i%min(every, 2) == 0 { // too few have no thresholds
			few.Travellers = append(few.Travellers, t)
		}
	}
	for i, r := range m.set.Records {
		if i%every == 0 {
			few.Records = append(few.Records, r)
		}
	}
	m.set = &few
	var pairs []fit.Labelled
	for i, p := range m.pairs {
		if p.Part() || i%every == 0 {
			pairs = append(pairs, p)
		}
	}
	m.pairs = pairs
}

// train are the weights for a fold, of names and of what is beside them.
func (m *measurement) train(k int) (*names.Model, *fit.Beside, error) {
	var records []fit.Record
	for _, r := range m.set.Records {
		if foldOf(r.Expect, m.options.Folds) != k {
			records = append(records, r)
		}
	}
	var beside *fit.Beside
	if len(records) > 0 {
		beside = fit.FitBeside(m.set, records)
	}
	model, err := m.fitWithout(func(person string) bool { return foldOf(person, m.options.Folds) == k })
	return model, beside, err
}

// fitWithout are the weights that no name of the persons held out has taught.
func (m *measurement) fitWithout(held func(person string) bool) (*names.Model, error) {
	if !m.refitted {
		return m.options.Model, nil
	}
	var train []fit.Labelled
	for _, p := range m.pairs {
		if !held(p.RightID) && !held(p.LeftID) {
			train = append(train, p)
		}
	}
	fitted, err := fit.Fit(m.set, train, m.read, false)
	if err != nil {
		return nil, err
	}
	return fitted.Model()
}

// fold measures the persons of one fold under what the others taught.
func (m *measurement) fold(ctx context.Context, k int) error {
	m.options.Progress("fitting", k, m.options.Folds)
	model, beside, err := m.train(k)
	if err != nil {
		return err
	}
	searches := newPool(m.list, model)

	// Whole names of this fold.
	outcomes := make([]outcome, len(m.whole))
	points, scores := make([]int32, len(m.whole)), make([]float64, len(m.whole))
	m.each(ctx, "names", len(m.whole), func(i int) {
		p := m.whole[i]
		o := outcome{pair: p, fold: foldOf(p.RightID, m.options.Folds)}
		if o.fold != k {
			outcomes[i] = o
			return
		}
		query, right := m.read.Name(p.Left), m.read.Name(p.Right)
		o.class = names.ClassOf(query.Script, names.Latin)
		if right.Script != names.Latin {
			o.class = names.ClassOf(query.Script, right.Script)
		}
		points[i] = nothing
		rank, seen := 0, map[string]bool{}
		s := searches.take()
		defer searches.give(s)
		for _, hit := range s.Best(query, fit.Blocked, nil) {
			person := m.list.Entries[hit.Entry].Person
			if !seen[person] {
				seen[person] = true
				rank++
			}
			if m.list.Means(hit.Entry, p, right) {
				o.rank, points[i] = rank, hit.Points
				break
			}
		}
		scores[i] = model.Calibrate(o.class, points[i])
		outcomes[i] = o
	})

	// Innocent travellers, by name and with their dates of birth.
	travellers, dated := make([]stranger, len(m.set.Travellers)), make([]stranger, len(m.set.Travellers))
	m.each(ctx, "travellers", len(travellers), func(i int) {
		t := m.set.Travellers[i]
		query := m.read.Name(t.Name)
		st := stranger{class: names.ClassOf(query.Script, names.Latin), fold: i % m.options.Folds, points: nothing}
		with := st
		s := searches.take()
		defer searches.give(s)
		for _, hit := range s.Best(query, 1, nil) {
			st.points = hit.Points
		}
		for _, hit := range s.BestBeside(query, 1, nil, m.beside(beside, t.Born)) {
			with.points = hit.Points
		}
		st.score = model.Calibrate(st.class, st.points)
		with.score = model.Calibrate(with.class, with.points)
		_, needed := model.Threshold(st.class)
		st.shipped = st.points >= needed
		travellers[i], dated[i] = st, with
	})
	if err := ctx.Err(); err != nil {
		return err
	}

	cut := thresholdsOf(travellers, k)
	for i, o := range outcomes {
		if o.fold == k {
			for s := range Shares {
				o.at[s] = o.rank > 0 && cut.reached(s, o.class, points[i], scores[i])
				o.once[s] = o.rank > 0 && scores[i] >= cut.score[s]
			}
			m.outcomes = append(m.outcomes, o)
		}
	}
	for _, t := range travellers {
		if t.fold == k {
			for s := range Shares {
				t.at[s] = cut.reached(s, t.class, t.points, t.score)
				t.once[s] = t.score >= cut.score[s]
			}
			m.strangers = append(m.strangers, t)
		}
	}
	m.neighbours(model, cut, k)
	m.foldRecords(ctx, searches, model, beside, dated, k)
	m.options.Progress("fitting", k+1, m.options.Folds)
	return ctx.Err()
}

// cuts are the thresholds of one fold.
type cuts struct {
	points [len(Shares)]map[names.Class]int32
	score  [len(Shares)]float64
}

// thresholdsOf are the thresholds that all folds but k give: a pair of scripts
// with enough travellers has its own, the others share one on the calibrated scale.
func thresholdsOf(strangers []stranger, k int) cuts {
	values := map[names.Class][]int32{}
	var scores []float64
	for _, s := range strangers {
		if s.fold != k {
			values[s.class] = append(values[s.class], s.points)
			scores = append(scores, s.score)
		}
	}
	var c cuts
	for i, share := range Shares {
		c.points[i] = map[names.Class]int32{}
		for class := range names.Classes {
			if fit.Enough(len(values[class]), share) {
				c.points[i][class] = fit.Exceeded(values[class], share)
			}
		}
		c.score[i] = fit.ExceededScore(scores, share)
	}
	return c
}

// reached reports whether evidence reaches a threshold.
func (c *cuts) reached(share int, class names.Class, points int32, score float64) bool {
	if own, ok := c.points[share][class]; ok {
		return points >= own
	}
	return score >= c.score[share]
}

// each runs do(0..n-1) on the machine's processors, and stops early when the
// context ends. Each writes what is its own.
func (m *measurement) each(ctx context.Context, part string, n int, do func(int)) {
	var wait sync.WaitGroup
	work := make(chan int)
	for range min(runtime.GOMAXPROCS(0), max(n, 1)) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range work {
				do(i)
			}
		}()
	}
	for i := range n {
		if i%256 == 0 {
			if ctx.Err() != nil {
				break
			}
			m.options.Progress(part, i, n)
		}
		work <- i
	}
	close(work)
	wait.Wait()
	m.options.Progress(part, n, n)
}

// pool is the searchers of one fold.
type pool struct {
	weighed *fit.Weighed
	mu      sync.Mutex
	free    []*fit.Search
}

func newPool(list *fit.List, model *names.Model) *pool {
	return &pool{weighed: list.Weigh(model)}
}

func (p *pool) take() *fit.Search {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		return s
	}
	return p.weighed.Search()
}

func (p *pool) give(s *fit.Search) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
}

// composed reports whether the pair was made of parts.
func composed(p fit.Labelled) bool { return strings.HasPrefix(p.Category, "composed-") }
