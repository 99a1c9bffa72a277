package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"heed/names/fit"
)

var (
	// ErrWatchmanWait is returned where Watchman did not load our list in time.
	ErrWatchmanWait = errors.New("it has not loaded our list")
	// ErrWatchmanReloaded is returned where Watchman loaded its lists while it was
	// measured, or another one took its place: the figures would say nothing.
	ErrWatchmanReloaded = errors.New("it loaded its lists while it was measured")
	// ErrWatchmanAddress is returned for an address that cannot be one.
	ErrWatchmanAddress = errors.New("is no address such as http://127.0.0.1:8084")
	// ErrWatchmanSilent is returned where nothing answers at the address.
	ErrWatchmanSilent = errors.New("Watchman does not answer")
	// ErrWatchmanEmpty is returned where Watchman is to be measured on the lists
	// that it has, and has none.
	ErrWatchmanEmpty = errors.New("it has no list loaded")
)

const (
	// watchmanList is the name under which it must be configured to load our list.
	watchmanList = "heed_bench"
	// watchmanMetricsPort is where it shows its metrics if not told otherwise.
	watchmanMetricsPort = "9094"
	// watchmanTimeout is longer than the 20 seconds after which it gives up itself.
	watchmanTimeout = 30 * time.Second
	watchmanAnswer  = 4 << 20 // bytes of one answer that are read
)

// watchmanServer is the other program, over its HTTP interface (version 2), as
// v0.61.1 has it. Its POST /v2/ingest is of no use here: what comes that way is
// searched to a thousand entities and no further, and a long list takes longer to
// read than the server waits. So it loads our list as one in Senzing's form.
type watchmanServer struct {
	base    string
	metrics string
	client  *http.Client
	entries []fit.Entry // the list it has loaded; the number of an entry is its source ID
	own     bool        // it has lists of its own, and all of them are searched
}

func newWatchmanServer(o *Watchman) (*watchmanServer, error) {
	base := strings.TrimRight(o.URL, "/")
	at, err := url.Parse(base)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("WATCHMAN_URL %q %w", o.URL, ErrWatchmanAddress)
	}
	w := &watchmanServer{base: base, metrics: o.Metrics, own: o.Give == nil, client: &http.Client{Timeout: watchmanTimeout}}
	if w.metrics == "" {
		w.metrics = "http://" + net.JoinHostPort(at.Hostname(), watchmanMetricsPort) + "/metrics"
	}
	return w, nil
}

// senzing writes a list in the form that it loads.
func senzing(entries []fit.Entry) ([]byte, error) {
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	for i, e := range entries {
		err := to.Encode(struct {
			Source string `json:"DATA_SOURCE"`
			ID     string `json:"RECORD_ID"`
			Type   string `json:"RECORD_TYPE"`
			Name   string `json:"NAME_FULL"`
		}{"HEED_BENCH", strconv.Itoa(i), "PERSON", e.Text})
		if err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// loaded is what it says of our list, or of all its own.
type loaded struct {
	Version string
	Names   int
	Hash    string // SHA-256 of the file, in hexadecimal; of each of several, by name
	At      time.Time
	Own     string // its own lists, each with how many entities
}

func (w *watchmanServer) lists(ctx context.Context) (loaded, error) {
	var info struct {
		Lists   map[string]int    `json:"lists"`
		Hashes  map[string]string `json:"listHashes"`
		Ended   time.Time         `json:"endedAt"`
		Version string            `json:"version"`
	}
	if err := w.read(ctx, "/v2/listinfo", &info); err != nil {
		return loaded{}, err
	}
	if !w.own {
		return loaded{Version: info.Version, Names: info.Lists[watchmanList], Hash: info.Hashes[watchmanList], At: info.Ended}, nil
	}
	has := loaded{Version: info.Version, At: info.Ended}
	var each, hashes []string
	for _, list := range slices.Sorted(maps.Keys(info.Lists)) {
		has.Names += info.Lists[list]
		each = append(each, fmt.Sprintf("%s (%d)", list, info.Lists[list]))
		hashes = append(hashes, list+"="+info.Hashes[list])
	}
	has.Own, has.Hash = strings.Join(each, ", "), strings.Join(hashes, " ")
	return has, nil
}

// load gives the server our list and waits until it has just that.
func (w *watchmanServer) load(ctx context.Context, o *Watchman, entries []fit.Entry, clock func() time.Duration) (loaded, error) {
	list, err := senzing(entries)
	if err != nil {
		return loaded{}, err
	}
	if err := o.Give(list); err != nil {
		return loaded{}, err
	}
	w.entries = entries
	digest := sha256.Sum256(list)
	want := hex.EncodeToString(digest[:])
	for began, told := clock(), false; ; {
		has, err := w.lists(ctx)
		if err == nil && has.Hash == want {
			if has.Names != len(entries) {
				return has, fmt.Errorf("WATCHMAN_URL %s: it read %d names of our list of %d", w.base, has.Names, len(entries))
			}
			return has, nil
		}
		if ctx.Err() != nil {
			return has, ctx.Err()
		}
		if clock()-began > o.Patience {
			if err != nil { // it may be down to be started again, but not for so long
				return has, fmt.Errorf("%w: %w", ErrWatchmanWait, err)
			}
			return has, fmt.Errorf("WATCHMAN_URL %s: %w: %s of another content, %d names", w.base, ErrWatchmanWait, watchmanList, has.Names)
		}
		if !told && o.Waits != nil {
			told = true
			o.Waits()
		}
		select {
		case <-ctx.Done():
		case <-time.After(o.Every):
		}
	}
}

// ask searches for one name.
func (w *watchmanServer) ask(ctx context.Context, name string, right func(person, text string) bool, clock func() time.Duration) (rated, error) {
	query := url.Values{"name": {name}, "type": {"person"}, "limit": {strconv.Itoa(watchmanLimit)}, "minMatch": {"0.0"}}
	if !w.own {
		query.Set("source", watchmanList)
	}
	var found struct {
		Entities []struct {
			Name     string  `json:"name"`
			SourceID string  `json:"sourceID"`
			Match    float64 `json:"match"`
		} `json:"entities"`
	}
	began := clock()
	err := w.read(ctx, "/v2/search?"+query.Encode(), &found)
	a := rated{took: clock() - began}
	if err != nil {
		return a, err
	}
	for i, e := range found.Entities {
		person, text := e.SourceID, e.Name
		if !w.own {
			n, err := strconv.Atoi(e.SourceID)
			if err != nil || n < 0 || n >= len(w.entries) {
				return a, fmt.Errorf("WATCHMAN_URL %s: it found an entity %q that is not on our list", w.base, e.SourceID)
			}
			person, text = w.entries[n].Person, w.entries[n].Text
		}
		if right == nil {
			a.score = max(a.score, e.Match)
		} else if a.rank == 0 && right(person, text) {
			a.rank, a.score = i+1, e.Match
		}
	}
	return a, nil
}

// usage is what the server has used since it started.
type usage struct {
	seconds  float64 // of the processors
	resident float64 // bytes of memory now
}

// used reads the server's metrics.
func (w *watchmanServer) used(ctx context.Context) (usage, error) {
	answer, err := w.get(ctx, w.metrics)
	if err != nil {
		return usage{}, err
	}
	var now usage
	for _, line := range strings.Split(string(answer), "\n") {
		name, value, _ := strings.Cut(line, " ")
		var to *float64
		switch name {
		case "process_cpu_seconds_total":
			to = &now.seconds
		case "process_resident_memory_bytes":
			to = &now.resident
		default:
			continue
		}
		if *to, err = strconv.ParseFloat(value, 64); err != nil {
			return usage{}, fmt.Errorf("%s: %s: %w", w.metrics, name, err)
		}
	}
	if now.seconds == 0 || now.resident == 0 {
		return usage{}, fmt.Errorf("%s shows no process_cpu_seconds_total or no process_resident_memory_bytes", w.metrics)
	}
	return now, nil
}

// read gets JSON from the server's own address.
func (w *watchmanServer) read(ctx context.Context, path string, to any) error {
	answer, err := w.get(ctx, w.base+path)
	if err == nil {
		err = json.Unmarshal(answer, to)
	}
	if err != nil {
		return fmt.Errorf("WATCHMAN_URL %s: %w", w.base, err)
	}
	return nil
}

func (w *watchmanServer) get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWatchmanSilent, err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(io.LimitReader(response.Body, watchmanAnswer))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered with status %d: %.200s", address, response.StatusCode, bytes.TrimSpace(answer))
	}
	return answer, err
}
