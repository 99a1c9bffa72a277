package bench

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"heed/names/fit"
)

func recorded(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "watchman", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What a real Watchman answered is understood: see testdata/watchman/README.md.
func TestWatchmanRecorded(t *testing.T) {
	started := false // with our list
	mux := http.NewServeMux()
	answer := func(file string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Write(recorded(t, file)) } //nolint:errcheck // the client sees it
	}
	mux.HandleFunc("GET /metrics", answer("metrics.txt"))
	mux.HandleFunc("GET /v2/listinfo", func(w http.ResponseWriter, r *http.Request) {
		if !started {
			answer("listinfo_none.json")(w, r)
			return
		}
		answer("listinfo.json")(w, r)
	})
	mux.HandleFunc("GET /v2/search", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RawQuery { // a parameter that it does not know is an error to it
		case "limit=10&minMatch=0.0&name=Aleh+Piatrou&source=heed_bench&type=person":
			answer("search.json")(w, r)
		case "limit=10&minMatch=0.0&name=%D0%9E%D0%BB%D0%B5%D0%B3+%D0%9F%D0%B5%D1%82%D1%80%D0%BE%D0%B2&source=heed_bench&type=person":
			answer("search_none.json")(w, r)
		default:
			w.WriteHeader(http.StatusBadRequest)
			answer("error.json")(w, r)
		}
	})
	other := httptest.NewServer(mux)
	defer other.Close()

	ctx, clock := context.Background(), options(t).Clock
	waits := 0
	o := &Watchman{URL: other.URL + "/", Metrics: other.URL + "/metrics", Patience: time.Hour, Every: time.Microsecond,
		Give: func(list []byte) error {
			if want := recorded(t, "heed_bench.jsonl"); string(list) != string(want) {
				t.Errorf("the list is\n%s\nnot\n%s", list, want)
			}
			return nil
		},
		Waits: func() { waits++; started = true },
	}
	server, err := newWatchmanServer(o)
	if err != nil {
		t.Fatal(err)
	}
	entries := []fit.Entry{{Person: "p", Text: "Oleg Petrov"}, {Person: "q", Text: "Ana <Maria> O'Neill"}, {Person: "r", Text: "Иван Сидоров"}}
	has, err := server.load(ctx, o, entries, clock)
	if err != nil || waits != 1 || has.Names != 3 || has.Version != "" || !has.At.Equal(time.Date(2026, 11, 23, 19, 29, 27, 690836476, time.UTC)) {
		t.Fatal(has, waits, err)
	}
	for _, c := range []struct {
		name, person string
		rank         int
		score        float64
	}{
		{"Aleh Piatrou", "p", 1, 0.39864038483965014},
		{"Aleh Piatrou", "q", 2, 0.15748071428571425},
		{"Aleh Piatrou", "r", 0, 0},
		{"Олег Петров", "p", 0, 0},
	} {
		got, err := server.ask(ctx, c.name, func(person, _ string) bool { return person == c.person }, clock)
		if err != nil || got.rank != c.rank || got.score != c.score || got.took <= 0 {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
	if got, err := server.ask(ctx, "Aleh Piatrou", nil, clock); err != nil || got.score != 0.39864038483965014 {
		t.Errorf("an innocent's best hit: %+v, %v", got, err)
	}
	if _, err := server.ask(ctx, "Aleh", nil, clock); err == nil || !strings.Contains(err.Error(), "status 400") || !strings.Contains(err.Error(), "extra/unused query parameters") {
		t.Errorf("what it says of an error is not told: %v", err)
	}
	server.entries = entries[:1]
	if _, err := server.ask(ctx, "Aleh Piatrou", nil, clock); err == nil || !strings.Contains(err.Error(), `"1"`) {
		t.Errorf("an entity that is not listed: %v", err)
	}
	if now, err := server.used(ctx); err != nil || now.seconds != 0.04 || now.resident != 4.7915008e+07 {
		t.Errorf("%+v, %v", now, err)
	}
	server.metrics = other.URL + "/v2/listinfo"
	if _, err := server.used(ctx); err == nil || !strings.Contains(err.Error(), "process_cpu_seconds_total") {
		t.Error(err)
	}
}

// fakeWatchman searches by the letters that stand side by side, and loads its
// list as soon as it is given one.
type fakeWatchman struct {
	mu       sync.Mutex
	list     []byte
	names    []string
	searches int
	loads    int
	reloads  int      // after how many searches it loads its list again; 0 for never
	short    bool     // says that it read one name less
	own      bool     // the list is its own, and another one has no entities
	ids      []string // the source IDs, where the list is its own
}

// has makes the list one of its own, of persons, which it shows as Watchman shows
// those of the SDN list. Every other one has a number that is none of that list.
func (f *fakeWatchman) has(persons []fit.Person) {
	f.own, f.loads = true, 1
	for i, p := range persons {
		id := strings.TrimPrefix(p.ID, sdnPerson)
		if i%2 == 1 {
			id = "NK-" + id
		}
		f.ids, f.names = append(f.ids, id), append(f.names, turned(p.Primary()))
	}
}

func (f *fakeWatchman) give(list []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.names = list, nil
	f.loads++
	for line := range strings.Lines(string(list)) {
		var record struct {
			Name string `json:"NAME_FULL"`
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			return err
		}
		f.names = append(f.names, record.Name)
	}
	return nil
}

func (f *fakeWatchman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.URL.Path {
	case "/metrics":
		fmt.Fprintf(w, "process_cpu_seconds_total %d\nprocess_resident_memory_bytes 1.048576e+08\n", 10+f.searches)
	case "/v2/listinfo":
		digest, names := sha256.Sum256(f.list), len(f.names)
		if f.own {
			fmt.Fprintf(w, `{"lists":{"us_ofac":%d,"eu_csl":0},"listHashes":{"us_ofac":"a"},"endedAt":%q,"version":"v9"}`, names,
				time.Date(2026, 11, 23, 0, 0, f.loads, 0, time.UTC).Format(time.RFC3339Nano))
			return
		}
		if f.short {
			names--
		}
		fmt.Fprintf(w, `{"lists":{"heed_bench":%d},"listHashes":{"heed_bench":%q},"endedAt":%q,"version":"v9"}`, names, hex.EncodeToString(digest[:]),
			time.Date(2026, 11, 23, 0, 0, f.loads, 0, time.UTC).Format(time.RFC3339Nano))
	case "/v2/search":
		if f.searches++; f.searches == f.reloads {
			f.loads++
		}
		if source := r.URL.Query()["source"]; f.own != (len(source) == 0) {
			http.Error(w, "another list is asked for", http.StatusBadRequest)
			return
		}
		type entity struct {
			Name     string  `json:"name"`
			SourceID string  `json:"sourceID"`
			Match    float64 `json:"match"`
		}
		pairs := func(name string) map[string]bool {
			of, letters := map[string]bool{}, []rune(strings.ToLower(name))
			for i := range len(letters) - 1 {
				of[string(letters[i:i+2])] = true
			}
			return of
		}
		asked := pairs(r.URL.Query().Get("name"))
		var found []entity
		for i, name := range f.names {
			of, both := pairs(name), 0
			for p := range of {
				if asked[p] {
					both++
				}
			}
			if both > 0 {
				id := strconv.Itoa(i)
				if f.own {
					id = f.ids[i]
				}
				found = append(found, entity{name, id, float64(both) / float64(len(of)+len(asked)-both)})
			}
		}
		slices.SortStableFunc(found, func(a, b entity) int { return cmp.Compare(b.Match, a.Match) })
		answer := map[string]any{"entities": found[:min(watchmanLimit, len(found))]}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			panic(err)
		}
	default:
		http.NotFound(w, r)
	}
}

// running is the other program, to be measured on two short lists.
func running(t *testing.T, other http.Handler) Watchman {
	t.Helper()
	server := httptest.NewServer(other)
	t.Cleanup(server.Close)
	o := Watchman{URL: server.URL, Metrics: server.URL + "/metrics", Patience: 20 * time.Millisecond, Every: time.Microsecond, sizes: []int{200, 300}}
	if f, ok := other.(*fakeWatchman); ok {
		o.Give = f.give
	}
	return o
}

// beside is a measurement whose names are few, and a Watchman to ask.
func beside(t *testing.T, set *fit.Set, other http.Handler) *measurement {
	t.Helper()
	m := &measurement{options: options(t), set: set, read: fit.NewReader()}
	m.set.Travellers = m.set.Travellers[:40]
	m.options.Progress = func(string, int, int) {}
	m.options.Watchman = running(t, other)
	m.pairs = m.set.Pairs
	for _, p := range m.pairs {
		if p.Same && !p.Part() && !p.Loose() {
			m.whole = append(m.whole, p)
		}
	}
	m.list = fit.NewList(fit.Entries(m.set, m.pairs, m.read))
	return m
}

func TestBesideWatchman(t *testing.T) {
	m := beside(t, few(t), &fakeWatchman{})
	r, err := m.besideWatchman(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != "v9" || len(r.Runs) != 6 {
		t.Fatalf("%+v", r)
	}
	for i, run := range r.Runs {
		want := WatchmanRun{Program: []string{"watchman", "watchman", "heed"}[i%3], Input: []string{"raw", "romanised", "raw"}[i%3], List: []int{200, 300}[i/3]}
		if run.Program != want.Program || run.Input != want.Input || run.List != want.List || run.Queries < 20 {
			t.Errorf("run %d: %+v", i, run)
		}
		if run.First > run.Ten || run.One > run.Ten || run.Ten == 0 || run.P50 <= 0 || run.P99 < run.P50 || run.Memory <= 0 {
			t.Errorf("run %d: %+v", i, run)
		}
		if run.Program == "watchman" && (run.PerCPU != 1 || run.Memory != 100 || run.Note != "") { // it says a second a search
			t.Errorf("run %d: %+v", i, run)
		}
	}
	if raw, romanised := r.Runs[0], r.Runs[1]; romanised.Ten <= raw.Ten {
		t.Errorf("letters alone find %.3f of the names as they are and %.3f of the romanised ones", raw.Ten, romanised.Ten)
	}
	for _, want := range []string{"Watchman v9 at http://127.0.0.1:", "romanised", "heed", "memory MB"} {
		if text := r.text(); !strings.Contains(text, want) {
			t.Errorf("the report has no %q:\n%s", want, text)
		}
	}
}

func TestWatchmanWithoutMetrics(t *testing.T) {
	m := beside(t, few(t), &fakeWatchman{})
	m.options.Watchman.sizes = []int{200}
	m.options.Watchman.Metrics = m.options.Watchman.URL + "/nothing"
	r, err := m.besideWatchman(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if run := r.Runs[0]; run.PerCPU != 0 || run.Memory != 0 || !strings.Contains(run.Note, "/nothing answered with status 404") {
		t.Errorf("%+v", run)
	}
	if text := r.text(); !strings.Contains(text, " - ") {
		t.Errorf("a figure that is not known is not shown as such:\n%s", text)
	}
}

func TestWatchmanFails(t *testing.T) {
	set, full := few(t), errors.New("the disk is full")
	for _, c := range []struct {
		name  string
		other http.Handler
		spoil func(*Watchman)
		want  error
		says  string
	}{
		{"no address", &fakeWatchman{}, func(o *Watchman) { o.URL = "127.0.0.1:8084" }, ErrWatchmanAddress, "http://127.0.0.1:8084"},
		{"nobody there", &fakeWatchman{}, func(o *Watchman) { o.URL = "http://127.0.0.1:1" }, ErrWatchmanWait, "WATCHMAN_URL http://127.0.0.1:1"},
		{"another program", http.NotFoundHandler(), func(o *Watchman) { o.Give = func([]byte) error { return nil } }, ErrWatchmanWait, "status 404"},
		{"another list", &fakeWatchman{}, func(o *Watchman) { o.Give = func([]byte) error { return nil } }, ErrWatchmanWait, "heed_bench of another content"},
		{"a list that cannot be written", &fakeWatchman{}, func(o *Watchman) { o.Give = func([]byte) error { return full } }, full, ""},
		{"a part of the list", &fakeWatchman{short: true}, nil, nil, "199 names of our list of 200"},
		{"loads again meanwhile", &fakeWatchman{reloads: 10}, nil, ErrWatchmanReloaded, "WATCHMAN_URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := beside(t, set, c.other)
			if c.spoil != nil {
				c.spoil(&m.options.Watchman)
			}
			_, err := m.besideWatchman(context.Background())
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Error(err)
			}
		})
	}
	m := beside(t, set, &fakeWatchman{})
	ctx, end := context.WithCancel(context.Background())
	m.options.Watchman.Give = func([]byte) error { return nil }
	m.options.Watchman.Waits = end
	m.options.Watchman.Every = time.Hour
	if _, err := m.besideWatchman(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("ended while it waited: %v", err)
	}
}

// sdn is as much of the development set as looks for persons of the SDN list.
func sdn(t *testing.T) *fit.Set {
	t.Helper()
	all, err := fit.ReadSet(os.DirFS("../testdata/dev"))
	if err != nil {
		t.Fatal(err)
	}
	set := &fit.Set{Digest: "other", Persons: all.Persons[:500], Travellers: all.Travellers[:40]}
	for i, p := range all.Pairs {
		if p.Source == "sdn" || i%500 == 0 {
			set.Pairs = append(set.Pairs, p)
		}
	}
	return set
}

func TestWatchmanOwnLists(t *testing.T) {
	set, other := sdn(t), &fakeWatchman{}
	other.has(set.Persons)
	m := beside(t, set, other)
	m.options.Watchman.Give = nil
	r, err := m.besideWatchman(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r.Lists != "eu_csl (0), us_ofac (500)" || r.Version != "v9" || len(r.Runs) != 3 {
		t.Fatalf("%+v", r)
	}
	for i, run := range r.Runs {
		want := WatchmanRun{Program: []string{"watchman", "watchman", "heed"}[i], Input: []string{"raw", "romanised", "raw"}[i], List: 500}
		if i == 2 {
			list, _ := m.sdnPersons()
			want.List = 0
			for _, l := range list {
				want.List += len(l.names)
			}
		}
		if run.Program != want.Program || run.Input != want.Input || run.List != want.List || run.Queries < 12 || run.First > run.Ten {
			t.Errorf("run %d: %+v, not %+v", i, run, want)
		}
	}
	// Every other person is known by his name alone: either way of knowing finds most.
	if raw := r.Runs[0]; raw.Ten < 0.55 {
		t.Errorf("of those on its list it is said to find %.3f", raw.Ten)
	}
	if own := r.Runs[2]; own.Ten < 0.75 {
		t.Errorf("of the names on our own list we find %.3f", own.Ten)
	}
	for _, want := range []string{"us_ofac (500)", "the list is the server's own", "comparable only where it is the SDN list", "are listed there as aliases"} {
		if text := r.text(); !strings.Contains(text, want) {
			t.Errorf("the report has no %q:\n%s", want, text)
		}
	}
	written, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(written), `"lists":"eu_csl (0), us_ofac (500)","note":"the list is the server's own`) {
		t.Errorf("%s, %v", written, err)
	}
}

func TestWatchmanOwnListsFail(t *testing.T) {
	set := sdn(t)
	for _, c := range []struct {
		name  string
		spoil func(*fakeWatchman, *Watchman)
		want  error
		says  string
	}{
		{"nobody there", func(_ *fakeWatchman, o *Watchman) { o.URL = "http://127.0.0.1:1" }, ErrWatchmanSilent, "WATCHMAN_URL http://127.0.0.1:1: Watchman does not answer"},
		{"no list", func(f *fakeWatchman, _ *Watchman) { f.ids, f.names = nil, nil }, ErrWatchmanEmpty, "WATCHMAN_URL http://127.0.0.1:"},
		{"another program", func(_ *fakeWatchman, o *Watchman) { o.URL += "/elsewhere" }, nil, "status 404"},
		{"loads again meanwhile", func(f *fakeWatchman, _ *Watchman) { f.reloads = 10 }, ErrWatchmanReloaded, "WATCHMAN_URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := &fakeWatchman{}
			other.has(set.Persons)
			m := beside(t, set, other)
			m.options.Watchman.Give = nil
			c.spoil(other, &m.options.Watchman)
			_, err := m.besideWatchman(context.Background())
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Error(err)
			}
		})
	}

	// Labelled names of other persons have nothing to ask, and the report says so.
	other := &fakeWatchman{}
	other.has(set.Persons)
	set.Persons = nil
	m := beside(t, set, other)
	m.options.Watchman.Give = nil
	r, err := m.besideWatchman(context.Background())
	if err != nil || len(r.Runs) != 0 || !strings.Contains(r.text(), "not measured: ") || strings.Contains(r.text(), "recall@1") || other.searches != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestFoundOnAnotherList(t *testing.T) {
	asked := fit.Labelled{RightID: "sdn:2676", Right: "AL ZAWAHIRI, Dr. Ayman"}
	for _, c := range []struct {
		person, text string
		want         bool
	}{
		{"2676", "somebody", true},
		{"sdn:2676", "somebody", true},
		{"12676", "somebody", false},
		{"NK-1", "AL ZAWAHIRI, Dr. Ayman", true},
		{"NK-1", "al zawahiri, dr. ayman", true},
		{"NK-1", "Dr. Ayman AL ZAWAHIRI", true},
		{"NK-1", "AL ZAWAHIRI Dr. Ayman", false},
		{"", "", false},
	} {
		if got := asAnywhere(asked, c.person, c.text); got != c.want {
			t.Errorf("%q %q: %v", c.person, c.text, got)
		}
	}
}
