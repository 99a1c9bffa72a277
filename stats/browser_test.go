package stats

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "folder into which the browser test writes pictures of the report")

// chromium is where Debian's package puts it. A test without it fails: a page
// that no browser has seen is not a tested page.
const chromium = "/usr/bin/chromium"

func run[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func emulate(t *testing.T, ctx context.Context, media, scheme string) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReportInABrowser looks at the report wide and light, narrow and dark,
// and printed: accessible as axe-core has it, no wider than its window, silent on
// the console, and asking for nothing.
func TestReportInABrowser(t *testing.T) {
	var page bytes.Buffer
	if err := WriteHTML(&page, counted(north, november, looked, month(t))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-dev-shm-usage", true))...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the first call's context is the browser's life
		t.Fatal(err)
	}
	ctx, expire := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(expire)

	watching, enough := context.WithCancel(ctx)
	requests, messages := chromedp.Events(watching, network.RequestWillBeSent), chromedp.Console(watching)
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		for e, err := range requests {
			if err != nil || watching.Err() != nil {
				return
			}
			if !strings.HasPrefix(e.Request.URL, "file:") {
				t.Errorf("the report asks for %s", e.Request.URL)
			}
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		for m, err := range messages {
			if err != nil || watching.Err() != nil {
				return
			}
			t.Errorf("console: %s", m)
		}
	}()
	defer func() {
		enough()
		<-done
		<-done
	}()

	address := url.URL{Scheme: "file", Path: path}
	if err := chromedp.Do(ctx, chromedp.Navigate(address.String()), chromedp.WaitReady(chromedp.CSS(`html[lang]`))); err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join("..", "desk", "testdata", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, ctx, chromedp.Evaluate[chromedp.Void](string(axe)))
	for scheme, width := range map[string]int64{"light": 1280, "dark": 360} {
		emulate(t, ctx, "", scheme)
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
			t.Fatal(err)
		}
		accessible(t, ctx, scheme)
		picture(t, ctx, scheme)
		if run(t, ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`)) {
			t.Errorf("it is wider than %d pixels", width)
		}
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(700, 900)); err != nil { // about the width of A4 within its margins
		t.Fatal(err)
	}
	emulate(t, ctx, "print", "dark")
	picture(t, ctx, "printed")
	if got := run(t, ctx, chromedp.Evaluate[string](`getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.querySelector("h2")).color`)); got != "rgba(0, 0, 0, 0)rgb(27, 33, 39)" {
		t.Errorf("paper is %s", got)
	}
	if wide := run(t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("table")].filter(e => e.scrollWidth > e.parentElement.clientWidth + 1).map(e => e.scrollWidth + " " + e.caption.textContent).join("; ")`)); wide != "" {
		t.Errorf("wider than the paper: %s", wide)
	}
	if pdf := run(t, ctx, chromedp.PrintToPDF()); len(pdf) < 10_000 || string(pdf[:5]) != "%PDF-" {
		t.Errorf("printed, the report has %d bytes", len(pdf))
	}
}

func accessible(t *testing.T, ctx context.Context, what string) {
	t.Helper()
	report := run(t, ctx, chromedp.Evaluate[string](
		`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	var violations []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	if err := json.Unmarshal([]byte(report), &violations); err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		for _, n := range v.Nodes {
			t.Errorf("%s: %s (%s): %s\n%s\n%s", what, v.ID, v.Impact, v.Help, n.HTML, n.FailureSummary)
		}
	}
}

func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if *screenshots == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), run(t, ctx, chromedp.FullScreenshot(100)), 0o600); err != nil {
		t.Fatal(err)
	}
}
