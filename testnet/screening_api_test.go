package testnet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/api"
	"heed/exchange"
	"heed/feed"
	"heed/watch"
)

// turnstile is a node that serves the API, with somebody on watch and a token.
type turnstile struct {
	*Party
	server *httptest.Server
	token  string
}

type feedReader struct{ *feed.Reader }

func (r feedReader) Next() (api.Read, error) {
	read, err := r.Reader.Next()
	var lost *feed.RecordError
	if errors.As(err, &lost) {
		return api.Read{Line: lost.At.Line}, &api.Unread{Message: lost.Error()}
	}
	out := api.Read{Record: read.Record, Line: read.At.Line}
	for _, p := range read.Problems {
		out.Left = append(out.Left, p.Error())
	}
	return out, err
}

// newGate has south serve the API. It runs in real time.
func newGate(t *testing.T, edit func(*api.Options)) *turnstile {
	t.Helper()
	net := New(t, Options{Seed: 61, Baseline: reviewing()}, north, south)
	n, s := net.Parties[0], net.Parties[1]
	loadWatch(t, s)
	net.Start()
	warned(t, n, s, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{south}, Warning: sought("AB1234567")})
	for end := time.Now().Add(20 * time.Second); s.WatchState().Subjects == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody is on watch")
		}
	}
	_, token, err := s.AddToken(t.Context(), Anna, "gate", exchange.ScopeScreen, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	o := api.Options{
		Exchange: s.Exchange, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Open: func(in io.Reader, kind watch.RecordType) (api.Records, error) {
			reader, err := feed.NewReader(in, feed.Options{File: "body", Format: feed.JSONL, Type: kind, Now: time.Now()})
			return feedReader{reader}, err
		},
	}
	if edit != nil {
		edit(&o)
	}
	g := &turnstile{Party: s, server: httptest.NewServer(api.Handler(o)), token: token}
	t.Cleanup(g.server.Close)
	return g
}

func (g *turnstile) post(t *testing.T, token, query string, body io.Reader) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.server.URL+"/v1/screen"+query, body)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := g.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func answers(t *testing.T, r *http.Response) (all []api.Line) {
	t.Helper()
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/x-ndjson" {
		body, err := io.ReadAll(r.Body)
		t.Fatalf("%s, %s: %s %v", r.Status, r.Header.Get("Content-Type"), body, err)
	}
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line api.Line
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		all = append(all, line)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// problem reads a refusal.
func problem(t *testing.T, r *http.Response, status int) api.Problem {
	t.Helper()
	var p api.Problem
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &p); err != nil || r.StatusCode != status || p.Status != status || p.Detail == "" || p.Hint == "" || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %s, %v; want %d with a hint", r.Status, body, err, status)
	}
	return p
}

const passing = `{"id":"p1","name":"Yulian Zhushchev","born":"1987-05-14","passport":"AB1234567"}` + "\n" +
	`{"id":"p2","name":"Somebody Else","born":"1950-01-01","passport":"QQ7777777"}` + "\n"

// One record or many, each gets its line, in order; what cannot be read stops
// nobody; asked twice, the answers are the same byte for byte.
func TestScreeningAPI(t *testing.T) {
	t.Parallel()
	g := newGate(t, nil)
	one := answers(t, g.post(t, g.token, "", strings.NewReader(strings.SplitAfter(passing, "\n")[0])))
	if len(one) != 1 || one[0].Record != "p1" || one[0].Line != 1 || len(one[0].Hits) != 1 || one[0].Hits[0].Case == "" || one[0].Hits[0].Score < one[0].Hits[0].Threshold || one[0].Hits[0].Explanation.ModelVersion == "" {
		t.Fatalf("one record: %+v", one)
	}
	many := passing + "nonsense\n\n" + `{"id":"p3","name":"A","born":"05/06/1990"}` + "\n" + `{"id":"p5","name":"Fifth Man","born":"yesterday"}` + "\n" + `{"id":"p4","name":"Third Man"}`
	all := answers(t, g.post(t, g.token, "?type=border&reason=gate+4", strings.NewReader(many)))
	if len(all) != 6 || len(all[0].Hits) != 1 || len(all[1].Hits) != 0 || all[2].Error == nil || all[2].Line != 3 || all[3].Error == nil || all[3].Line != 5 || all[4].Record != "p5" || all[4].Error != nil ||
		len(all[4].Left) != 1 || !strings.Contains(all[4].Left[0], "screened without it") || all[5].Record != "p4" || all[5].Error != nil || all[5].Left != nil {
		t.Errorf("many records: %+v", all)
	}
	if all[0].Hits[0].ID == one[0].Hits[0].ID {
		t.Error("a border crossing and a passenger are one hit")
	}
	twice := [2]string{}
	for i := range twice {
		r := g.post(t, g.token, "", strings.NewReader(many))
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		twice[i] = string(body)
	}
	if twice[0] != twice[1] {
		t.Errorf("the same stream is answered\n%s\nand then\n%s", twice[0], twice[1])
	}
	log, err := g.Askings(t.Context(), 10)
	if err != nil || len(log) != 4 || log[2].Asker != "token gate" || log[2].Reason != "gate 4" || log[2].Type != heed.RecordBorder || log[2].Records != 4 || log[2].Hits != 1 || log[2].Unread != 2 || log[2].Ended.IsZero() {
		t.Errorf("on record: %+v, %v", log, err)
	}
}

// A gate that sends one record and waits is answered before it sends the next.
func TestScreeningAPIAnswersAtOnce(t *testing.T) {
	t.Parallel()
	g := newGate(t, nil)
	body, feeder := io.Pipe()
	responses := make(chan *http.Response, 1)
	go func() { responses <- g.post(t, g.token, "", body) }()
	if _, err := io.WriteString(feeder, strings.SplitAfter(passing, "\n")[0]); err != nil {
		t.Fatal(err)
	}
	r := <-responses
	lines := bufio.NewReader(r.Body)
	for i, want := range []string{`"record":"p1"`, `"record":"p2"`} {
		line, err := lines.ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Fatalf("line %d: %q, %v", i+1, line, err)
		}
		if i == 0 {
			if _, err := io.WriteString(feeder, strings.SplitAfter(passing, "\n")[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := feeder.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

// Nobody without the token is told anything, and who tries many is stopped.
func TestScreeningAPINeedsAToken(t *testing.T) {
	t.Parallel()
	g := newGate(t, nil)
	for what, header := range map[string]string{
		"no token": "", "another scheme": "Basic " + g.token, "no scheme": g.token, "a wrong one": "Bearer " + g.token + "x", "a very long one": "Bearer " + strings.Repeat("x", 4000), "nothing": "Bearer ",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.server.URL+"/v1/screen", strings.NewReader(passing))
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		response, err := g.server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		p := problem(t, response, http.StatusUnauthorized)
		if !strings.Contains(p.Hint, "heed token add") || !strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: %+v", what, p)
		}
		response.Body.Close()
	}
	if log, err := g.Askings(t.Context(), 10); err != nil || len(log) != 0 {
		t.Errorf("on record: %+v, %v", log, err)
	}
	stopped := false
	for range 30 {
		r := g.post(t, "guess", "", strings.NewReader(passing))
		stopped = stopped || r.StatusCode == http.StatusTooManyRequests && r.Header.Get("Retry-After") != ""
	}
	if !stopped {
		t.Error("thirty guesses are let through")
	}
}

// Bodies of bad will cost their sender, and nobody else.
func TestScreeningAPIHostile(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *api.Options) {
		o.MaxBody, o.Patience, o.MaxPerToken = 3<<20, time.Second, 2
	})
	problem(t, g.post(t, g.token, "", strings.NewReader("")), http.StatusBadRequest)
	problem(t, g.post(t, g.token, "", strings.NewReader("\n\n")), http.StatusBadRequest)
	problem(t, g.post(t, g.token, "?type=dog", strings.NewReader(passing)), http.StatusBadRequest)
	problem(t, g.post(t, g.token, "?reason="+strings.Repeat("x", 600), strings.NewReader(passing)), http.StatusBadRequest)
	for query, says := range map[string]string{"?resaon=gate+4": "type and reason", "?reason=a&reason=b": "each once at most", "?reason=%zz": "%XX", "?reason=" + strings.Repeat("x", 501): "at most 500 bytes", "?type=dog": "visitor"} {
		if p := problem(t, g.post(t, g.token, query, strings.NewReader(passing)), http.StatusBadRequest); !strings.Contains(p.Hint, says) || strings.Contains(p.Hint, "--") {
			t.Errorf("%.20s: %+v", query, p)
		}
	}
	for method, status := range map[string]int{http.MethodGet: http.StatusMethodNotAllowed, http.MethodPut: http.StatusMethodNotAllowed} {
		r, err := http.NewRequestWithContext(t.Context(), method, g.server.URL+"/v1/screen", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := g.server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		problem(t, response, status)
		response.Body.Close()
	}
	for what, line := range map[string]string{
		"a number":      "12",
		"a list":        `[{"id":"p1"}]`,
		"wrong types":   `{"id":{"x":1},"name":12,"born":[1]}`,
		"an open brace": `{"id":"p1"`,
		"deep":          strings.Repeat(`{"name":`, 2000) + "1" + strings.Repeat("}", 2000),
		"no UTF-8":      "{\"name\":\"\xff\xfe\"}",
		"long name":     `{"name":"` + strings.Repeat("a", 5000) + `"}`,
		"nobody":        `{"id":"p1"}`,
	} {
		all := answers(t, g.post(t, g.token, "", strings.NewReader(line+"\n"+passing)))
		if len(all) != 3 || all[0].Error == nil || len(all[1].Hits) != 1 {
			t.Errorf("%s: %+v", what, all)
		}
	}
	// A line without an end, and a body without an end.
	huge := g.post(t, g.token, "", io.MultiReader(strings.NewReader(passing+`{"name":"`), bytes.NewReader(bytes.Repeat([]byte("a"), 2<<20)), strings.NewReader("\"}\n"+passing)))
	all := answers(t, huge)
	if len(all) != 5 || all[2].Error == nil || len(all[3].Hits) != 1 {
		t.Errorf("a line of 2 MiB: %d answers", len(all))
	}
	endless := g.post(t, g.token, "", io.MultiReader(strings.NewReader(passing), bytes.NewReader(bytes.Repeat([]byte("\n"), 4<<20))))
	body, err := io.ReadAll(endless.Body)
	if err != nil || !bytes.Contains(body, []byte(`{"cut":{"title":"Request Entity Too Large"`)) {
		t.Errorf("a body that is too large ends %.200q, %v", body[max(0, len(body)-200):], err)
	}
	// A client that stops sending is given up, and leaves its place to others.
	for range 3 {
		silent, feeder := io.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.server.URL+"/v1/screen", silent)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+g.token)
		go func() {
			if _, err := io.WriteString(feeder, `{"id":"p1","name":"Slow`); err != nil {
				t.Log(err)
			}
		}()
		// The client itself waits for its body, whose connection the server has closed.
		ending := time.AfterFunc(5*time.Second, func() { feeder.Close() })
		response, err := g.server.Client().Do(r)
		if err == nil {
			problem(t, response, http.StatusRequestTimeout)
			response.Body.Close()
		} else if ctx.Err() != nil {
			t.Errorf("a silent client holds its place: %v", err)
		}
		cancel()
		ending.Stop()
		feeder.Close()
	}
	if all := answers(t, g.post(t, g.token, "", strings.NewReader(passing))); len(all) != 2 {
		t.Errorf("after all that: %+v", all)
	}
}

// Two screenings at once, while the watch changes, agree on what does not.
func TestScreeningAtOnce(t *testing.T) {
	t.Parallel()
	g := newGate(t, nil)
	var stream strings.Builder
	for i := range 300 {
		fmt.Fprintf(&stream, `{"id":"r%d","name":"Traveller Number%d","passport":"QQ%07d"}`+"\n", i, i, i)
	}
	stream.WriteString(passing)
	results := make(chan []api.Line, 4)
	for range cap(results) {
		go func() { results <- answers(t, g.post(t, g.token, "", strings.NewReader(stream.String()))) }()
	}
	first := <-results
	for range cap(results) - 1 {
		other := <-results
		if len(other) != len(first) || len(other) != 302 || other[300].Hits[0].ID != first[300].Hits[0].ID {
			t.Errorf("%d answers and %d", len(other), len(first))
		}
	}
	if all, err := g.Hits(t.Context(), false, 10); err != nil || len(all) != 1 {
		t.Errorf("%d hits of one record, %v", len(all), err)
	}
}
