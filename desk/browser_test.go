package desk

import (
	"context"
	"encoding/json"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"heed"
	"heed/exchange"
)

var screenshots = flag.String("screenshots", "", "folder into which the browser test writes pictures of the pages")

// chromium is where Debian's package puts it. A test without it fails: a page
// that no browser has seen is not a tested page.
const chromium = "/usr/bin/chromium"

// tab is a browser's tab at a desk.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string
}

// openTab serves the desk over TLS and opens it in a browser that is logged in.
func openTab(t *testing.T, w *world, party heed.PartyID) tab {
	t.Helper()
	if _, err := os.Stat(chromium); err != nil {
		t.Fatalf("the browser test needs chromium (apt-get install chromium): %v", err)
	}
	options := w.options(party)
	options.Now = time.Now // the deadlines of real connections are the system's
	server := httptest.NewUnstartedServer(New(options))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)

	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-dev-shm-usage", true),
	)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	must(t, chromedp.Do(ctx)) // the first call's context is the browser's life
	complaints(t, ctx)
	ctx, expire := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(expire)

	b := tab{t, ctx, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)}
	b.do(chromedp.Navigate(b.base+"/desk/login?token="+testToken), visible("#officer"))
	return b
}

// complaints fails the test for whatever the browser says on its console: what
// the content security policy blocks is said there.
func complaints(t *testing.T, ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	messages := chromedp.Console(ctx)
	var reader sync.WaitGroup
	reader.Go(func() {
		for m, err := range messages {
			if err != nil || ctx.Err() != nil {
				return
			}
			// htmx complains of the stream that ends as a page is left, and the
			// browser of the status of a page that says what was refused.
			expected := m.Source == "network" || strings.HasPrefix(m.Text, "htmx: htmx:sse:error")
			if (m.IsException() || m.Type == "error" || m.Type == "warning") && !expected {
				t.Errorf("console: %s", m)
			}
		}
	})
	t.Cleanup(func() {
		stop()
		reader.Wait()
	})
}

func visible(css chromedp.CSS) chromedp.Action[chromedp.Void] { return chromedp.WaitVisible(css) }
func ready(css chromedp.CSS) chromedp.Action[chromedp.Void]   { return chromedp.WaitReady(css) }
func click(css chromedp.CSS) chromedp.Action[chromedp.Void]   { return chromedp.Click(css) }

// within waits until the text of an element contains words, without a reload.
func within(css, words string) chromedp.Action[chromedp.Void] {
	quoted, _ := json.Marshal([]string{css, words})
	return chromedp.Poll[chromedp.Void](`(([css, words]) => document.querySelector(css).textContent.includes(words))(`+string(quoted)+`)`, chromedp.WithPollingTimeout(20*time.Second))
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	must(b.t, chromedp.Do(b.ctx, steps...))
}

func read[T any](b tab, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	must(b.t, err)
	return v
}

// accessible runs axe-core over the page as it stands.
func (b tab) accessible(what string) {
	b.t.Helper()
	axe, err := os.ReadFile(filepath.Join("testdata", "axe.min.js"))
	must(b.t, err)
	b.do(chromedp.Evaluate[chromedp.Void](string(axe)))
	report := read(b, chromedp.Evaluate[string](
		`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	var violations []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	must(b.t, json.Unmarshal([]byte(report), &violations))
	for _, v := range violations {
		for _, n := range v.Nodes {
			b.t.Errorf("%s: %s (%s): %s\n%s\n%s", what, v.ID, v.Impact, v.Help, n.HTML, n.FailureSummary)
		}
	}
}

func (b tab) picture(name string) {
	b.t.Helper()
	if *screenshots != "" {
		must(b.t, os.WriteFile(filepath.Join(*screenshots, name+".png"), read(b, chromedp.FullScreenshot(100)), 0o600))
	}
}

// look sees a page in light and dark, wide and narrow.
func (b tab) look(name, address string, wait chromedp.CSS) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for size, width := range map[string]int64{"wide": 1360, "narrow": 390} {
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			must(b.t, err)
			b.do(chromedp.EmulateViewport(width, 900), chromedp.Navigate(address), visible(wait))
			what := name + "-" + scheme + "-" + size
			b.accessible(what)
			b.picture(what)
			if read(b, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`)) {
				b.t.Errorf("%s is wider than its window", what)
			}
		}
	}
	b.do(chromedp.EmulateViewport(1360, 900), chromedp.Navigate(address), visible(wait))
}

func TestInBrowser(t *testing.T) {
	w := newWorld(t)
	id := w.warn(func(warning *heed.Warning) {
		warning.Headline = "Possible attack <script>document.title='broken in'</script> at North Harbour Hall"
	}, exchange.Attachment{Name: "plan.html", MediaType: "text/html", Data: []byte("<script>alert(1)</script>")})
	w.warn(func(warning *heed.Warning) { warning.Status = heed.StatusExercise })
	w.clock.advance(3 * time.Hour)
	must(t, second(w.nodes[south].Ask(t.Context(), "s.birk", id, "Which ferry?\n\nאיזו מעבורת?")))

	b := openTab(t, w, south)
	b.accessible("you")
	b.picture("you")
	b.do(chromedp.SetValue(chromedp.CSS("#officer"), "s.birk"), chromedp.Submit(chromedp.CSS("#officer")), visible(".duties"), ready(`html[data-live="yes"]`))

	// What is committed shows without a reload.
	must(t, second(w.nodes[south].Take(t.Context(), "s.duty", id)))
	b.do(within("#live", "s.duty"))
	b.look("board", b.base+"/desk/", ".duties")

	page := b.base + casePath(id)
	b.look("case-closed", page, "#act-open")
	b.do(click("#act-open button"), visible(".document"))
	b.look("case-open", page, ".document")
	if title := read(b, chromedp.Title()); !strings.HasPrefix(title, "Case ") {
		t.Errorf("the title is %q", title)
	}

	// A case page is live too, and keeps what is being typed.
	b.do(ready(`html[data-live="yes"]`), click("#h-ask"), chromedp.SendKeys(chromedp.CSS("#text-ask"), "half a question"))
	w.deliver()
	must(t, second(w.nodes[north].Call(t.Context(), "n.arden", id, "the desk of the south", "they were told")))
	w.deliver()
	b.do(within("#timeline", "Telephone call"))
	if typed := read(b, chromedp.Value(chromedp.CSS("#text-ask"))); typed != "half a question" {
		t.Errorf("the form holds %q", typed)
	}

	// What cannot be done is said beside the form, and what was typed stays.
	b.do(click("#h-interim"), chromedp.SetValue(chromedp.CSS("#time-interim"), "2026-11-20T08:00"), chromedp.SendKeys(chromedp.CSS("#text-interim"), "We are at it."),
		click("#act-interim button"), visible("#why"))
	if typed := read(b, chromedp.Value(chromedp.CSS("#text-interim"))); typed != "We are at it." {
		t.Errorf("after a refusal the form holds %q", typed)
	}
	b.accessible("refused")
	b.picture("refused")
}

// What those who watch for us have said, and who was on watch already, stand on the
// board of whom it concerns.
func TestNewsInBrowser(t *testing.T) {
	w := newWorld(t)
	w.matched(t)
	id := w.warn(wanted(t)) // the same man once more
	must(t, w.nodes[south].Rewatch(t.Context()))
	must(t, second(w.nodes[south].Lapse(t.Context(), exchange.LapseOrder{Officer: "s.birk", Case: id, After: 48 * time.Hour, Reason: "The concert is over."})))
	w.deliver()
	for party, officer := range map[heed.PartyID]string{north: "n.arden", south: "s.birk"} {
		b := openTab(t, w, party)
		b.do(chromedp.SetValue(chromedp.CSS("#officer"), officer), chromedp.Submit(chromedp.CSS("#officer")), visible("h1"))
		if party == north {
			b.look("news", b.base+"/desk/", "#news-h")
		} else {
			b.look("links", b.base+"/desk/", "#links-h")
		}
	}
}
