package page

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"heed/evidence"
)

var screenshots = flag.String("screenshots", "", "folder into which the browser test writes pictures of the page")

// chromium is where Debian's package puts it. A test without it fails: a page
// that no browser has seen is not a tested page.
const chromium = "/usr/bin/chromium"

// tab is a browser's tab, with the network switched off.
type tab struct {
	t   *testing.T
	ctx context.Context
	dir string // with the files that are chosen

	tries *atomic.Bool // what the content security policy blocks is being tried
}

type step = chromedp.Action[chromedp.Void]

func openTab(t *testing.T) tab {
	t.Helper()
	if _, err := os.Stat(chromium); err != nil {
		t.Fatalf("the browser test needs chromium (apt-get install chromium): %v", err)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("accept-lang", "en-GB"),
	)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	must(t, chromedp.Do(ctx)) // the first call's context is the browser's life
	tries := &atomic.Bool{}
	watch(t, ctx, tries)
	ctx, expire := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(expire)
	b := tab{t, ctx, t.TempDir(), tries}
	must(t, second(chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}},
	})))
	must(t, second(chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})))
	must(t, second(chromedp.Call(ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Kolkata"})))
	return b
}

// watch fails the test for whatever the page asks of a network, and for what
// the browser says on its console: there it says what the content security
// policy blocks.
func watch(t *testing.T, ctx context.Context, tries *atomic.Bool) {
	ctx, stop := context.WithCancel(ctx)
	requests, messages := chromedp.Events(ctx, network.RequestWillBeSent), chromedp.Console(ctx)
	var readers sync.WaitGroup
	readers.Go(func() {
		for e, err := range requests {
			if err != nil || ctx.Err() != nil {
				return
			}
			if u := e.Request.URL; !tries.Load() && !strings.HasPrefix(u, "file:") && !strings.HasPrefix(u, "data:") {
				t.Errorf("the page asks for %s", u)
			}
		}
	})
	readers.Go(func() {
		for m, err := range messages {
			if err != nil || ctx.Err() != nil {
				return
			}
			if blocked := strings.Contains(m.Text, "Content Security Policy"); blocked && tries.Load() {
				continue
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				t.Errorf("console: %s", m)
			}
		}
	})
	t.Cleanup(func() {
		stop()
		readers.Wait()
	})
}

// file writes a file beside the page.
func (b tab) file(name string, data []byte) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	must(b.t, os.WriteFile(path, data, 0o600))
	return path
}

// visit opens the page as a file.
func (b tab) visit(html []byte) {
	b.t.Helper()
	address := url.URL{Scheme: "file", Path: b.file("page.html", html)}
	b.do(chromedp.Navigate(address.String()), chromedp.WaitReady(chromedp.CSS(`html[lang]`)))
	if read(b, chromedp.Evaluate[bool](`navigator.onLine`)) {
		b.t.Fatal("the browser is online")
	}
}

func (b tab) do(steps ...step) {
	b.t.Helper()
	must(b.t, chromedp.Do(b.ctx, steps...))
}

func read[T any](b tab, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	must(b.t, err)
	return v
}

// chooses sets files of one of the two inputs.
func (b tab) chooses(input string, paths ...string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#"+input), paths))
}

// says waits until the status has these words.
func (b tab) says(words string) {
	b.t.Helper()
	b.do(chromedp.Poll[chromedp.Void](`document.getElementById("status").textContent.includes(`+strconv.Quote(words)+`)`, chromedp.WithPollingTimeout(60*time.Second)))
}

func (b tab) text(css string) string {
	b.t.Helper()
	return read(b, chromedp.Evaluate[string](`[...document.querySelectorAll(`+strconv.Quote(css)+`)].map(e => e.textContent).join("\n")`))
}

// shown is what the page shows of a verdict for programs to read.
type shown struct {
	Verdict   evidence.Finding
	Late      bool
	AsOf, Due string
	Unproven  bool
}

func (b tab) verdicts() []shown {
	b.t.Helper()
	var all []shown
	must(b.t, json.Unmarshal([]byte(read(b, chromedp.Evaluate[string](`JSON.stringify([...document.querySelectorAll(".verdict")].map(e => ({
		verdict: e.dataset.verdict, late: e.dataset.late === "true", asOf: e.dataset.asOf, due: e.dataset.due, unproven: e.classList.contains("unproven")})))`))), &all))
	return all
}

// agrees holds the page's verdicts against those of Verify for the same bytes.
func (b tab) agrees(policy []byte, files ...[]byte) evidence.Report {
	b.t.Helper()
	p, err := evidence.ParsePolicy(policy)
	must(b.t, err)
	report, err := evidence.Verify(p, files...)
	must(b.t, err)
	var want []shown
	for _, v := range report.Verdicts {
		w := shown{Verdict: v.Verdict, Late: v.Late, Unproven: !v.Holds()}
		if !v.AsOf.IsZero() {
			w.AsOf = v.AsOf.String()
		}
		if !v.Due.IsZero() {
			w.Due = v.Due.String()
		}
		want = append(want, w)
	}
	if got := b.verdicts(); !slices.Equal(got, want) {
		b.t.Errorf("the page shows %+v, Verify finds %+v", got, want)
	}
	if steps, want := read(b, chromedp.Evaluate[int](`document.querySelectorAll(".entry").length`)), countSteps(report); steps != want {
		b.t.Errorf("the page shows %d steps of %d", steps, want)
	}
	return report
}

func countSteps(r evidence.Report) int {
	n := 0
	for _, c := range r.Cases {
		n += len(c.Steps)
	}
	return n
}

// accessible runs axe-core over the page as it stands.
func (b tab) accessible(what string) {
	b.t.Helper()
	axe, err := os.ReadFile(filepath.Join("..", "desk", "testdata", "axe.min.js"))
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

// look sees the page as it stands in light and dark, wide and narrow.
func (b tab) look(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 360} {
			must(b.t, second(chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
			})))
			b.do(chromedp.EmulateViewport(width, 900))
			what := name + "-" + scheme + "-" + strconv.FormatInt(width, 10)
			b.accessible(what)
			b.picture(what)
			if read(b, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`)) {
				b.t.Errorf("%s is wider than its window", what)
			}
		}
	}
	b.do(chromedp.EmulateViewport(1280, 900))
}

func TestJudgesOffline(t *testing.T) {
	sc := newScene(t)
	certificate := sc.certificate("headline", "handling/tlp", "places/0/name")
	policy := sc.policy()

	b := openTab(t)
	b.visit(built)
	b.look("empty")
	b.says("Choose evidence and your policy.")

	b.chooses("evidence", b.file("silence.evidence", certificate))
	b.says("nothing can be judged without one")
	if n := len(b.verdicts()); n != 0 {
		t.Fatalf("%d verdicts without a policy", n)
	}
	began := time.Now()
	b.chooses("policy", b.file("mine.policy", policy))
	b.says("Checked")
	t.Logf("from the choice of a policy to the verdicts: %s", time.Since(began).Round(time.Millisecond))
	report := b.agrees(policy, certificate)
	if !report.Holds() || report.Verdicts[0].Verdict != evidence.Silent {
		t.Fatalf("the certificate says %+v", report.Verdicts)
	}
	if head := b.text(".verdict h3"); !strings.HasPrefix(head, "No assessment on record as of 23 Nov 2026 07:00:02 UTC (12:30:02 UTC+5:30)") {
		t.Errorf("the verdict is headed %q", head)
	}
	for _, word := range []string{"silent", "silence"} {
		if all := strings.ReplaceAll(b.text("#results, #status"), "silence.evidence", ""); strings.Contains(strings.ToLower(all), word) {
			t.Errorf("%q is said to people:\n%s", word, all)
		}
	}

	// What the files say is shown as text, and is nothing else.
	if title := read(b, chromedp.Title()); title != "Evidence – heed" {
		t.Errorf("the title is %q", title)
	}
	if got := b.text(`[data-path=headline] dd`); got != hostile {
		t.Errorf("the headline is shown as %q", got)
	}
	if n := read(b, chromedp.Evaluate[int](`document.querySelectorAll("#results script, #results img, #results b").length`)); n != 0 {
		t.Errorf("%d elements come from the files", n)
	}
	for css, want := range map[string]string{
		"#cases":                      "EXERCISE",
		"#cases .entry":               "a.lind, releaser",
		"#cases .entry .fields":       "Place 1 · Name",
		"#cases .missing":             "no witnessed time before which it did not exist",
		"#parties":                    report.Parties[0].Fingerprint,
		"#parties .card:nth-child(2)": "neutral: 4 witnesses, 1 may be faulty",
		"#evidence-list .sum":         "SHA-256",
		"#cases .facts":               "Received by south.example, by its receipt",
		"#parties .card:first-child":  "Its newest card here is the one that your policy pins",
		"#verdicts .overall":          "This evidence holds: what it claims is proven",
	} {
		if got := b.text(css); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q:\n%s", css, want, got)
		}
	}
	b.look("silence")

	// The other side's rebuttal, dropped beside it, changes the verdict.
	rebuttal := sc.rebuttal()
	b.do(chromedp.Evaluate[chromedp.Void](`(bytes => {
		const data = new DataTransfer();
		data.items.add(new File([new Uint8Array(bytes)], "rebuttal\u202e.evidence"));
		document.getElementById("zone-evidence").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
	})(` + numbers(rebuttal) + `)`))
	b.do(chromedp.WaitVisible(chromedp.CSS(`[data-verdict="answered"]`)))
	report = b.agrees(policy, certificate, rebuttal)
	if report.Verdicts[0].Verdict != evidence.Answered || report.Verdicts[0].Late {
		t.Fatalf("with the rebuttal: %+v", report.Verdicts)
	}
	if got := b.text("#verdicts"); !strings.Contains(got, "not all of it is what was claimed") || strings.Count(got, "Not what was claimed") != 1 || !strings.Contains(got, "03:30:00 UTC+5:30)") {
		t.Errorf("the verdict is against the certificate, and the page says %q", got)
	}
	if got := b.text("blockquote"); got != strings.NewReplacer("\u202e", "\ufffd", "\u0007", "\ufffd").Replace(nasty) {
		t.Errorf("a text is shown as %q", got)
	}
	if got := b.text("#evidence-list"); strings.Contains(got, "\u202e") {
		t.Error("a file's name can turn the text around it")
	}
	b.look("answered")

	// All of it in Russian.
	b.do(chromedp.Click(chromedp.CSS("#lang-ru")))
	b.says("Проверено: ")
	if head := b.text(".verdict h3"); !strings.HasPrefix(head, "Ответ дан не позже 22 нояб. 2026") {
		t.Errorf("the verdict is headed %q", head)
	}
	if got := read(b, chromedp.Evaluate[string](`document.documentElement.lang`)); got != "ru" {
		t.Errorf("the page's language is %q", got)
	}
	b.agrees(policy, certificate, rebuttal)
	// Nothing of the page's own is left in English: what is Latin is names,
	// codes, media types and what the files and the report say.
	for _, css := range []string{"h1", "h2", ".intro", ".hint", "dt", ".tag", ".missing", "label", "footer p", "#zone-evidence button", ".overall button"} {
		for line := range strings.Lines(b.text(css)) {
			line = strings.NewReplacer("heed policy", "", "heed verify", "", "UTC", "", "TLP", "", "WebAssembly", "", "south.example", "", "north.example", "").Replace(line)
			if strings.ContainsFunc(line, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
				t.Errorf("%s has %q in Russian", css, line)
			}
		}
	}
	b.look("russian")

	// On paper it is light, whatever the screen is, and has no controls.
	must(t, second(chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: "print", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})))
	b.picture("printed")
	if got := read(b, chromedp.Evaluate[string](`getComputedStyle(document.querySelector(".verdict")).backgroundColor + getComputedStyle(document.documentElement).backgroundColor`)); got != "rgb(255, 255, 255)rgb(255, 255, 255)" {
		t.Errorf("paper is %s", got)
	}
	if read(b, chromedp.Evaluate[bool](`[...document.querySelectorAll("button, label, summary")].some(e => e.checkVisibility())`)) {
		t.Error("there are controls on paper")
	}
	pdf := read(b, chromedp.PrintToPDF())
	if len(pdf) < 10_000 || string(pdf[:5]) != "%PDF-" {
		t.Errorf("printed, the page has %d bytes", len(pdf))
	}
}

func numbers(data []byte) string {
	all := make([]int, len(data))
	for i, c := range data {
		all[i] = int(c)
	}
	text, _ := json.Marshal(all)
	return string(text)
}

func TestWithoutVerdict(t *testing.T) {
	sc := newScene(t)
	certificate := sc.certificate("headline")
	policy := sc.policy()
	b := openTab(t)
	b.visit(built)
	silence, mine := b.file("silence.evidence", certificate), b.file("mine.policy", policy)

	none := func(status, trouble string) {
		t.Helper()
		b.says(status)
		b.do(chromedp.Poll[chromedp.Void](`document.getElementById("trouble").textContent.includes(`+strconv.Quote(trouble)+`)`, chromedp.WithPollingTimeout(60*time.Second)))
		if n := read(b, chromedp.Evaluate[int](`document.getElementById("results").childNodes.length`)); n != 0 {
			t.Error("there is a result beside the trouble")
		}
	}
	b.chooses("policy", mine)
	b.chooses("evidence", b.file("damaged.evidence", flipped(certificate)))
	none("there is no verdict", "damaged.evidence is damaged")
	b.look("damaged")
	b.do(chromedp.Click(chromedp.CSS("#evidence-list button")))
	none("Choose the evidence", "")

	b.chooses("evidence", mine)
	none("there is no verdict", "A policy is never taken from evidence")
	b.chooses("evidence", silence)
	b.says("Checked")
	b.agrees(policy, certificate)

	b.chooses("policy", b.file("bad.policy", []byte("heed-policy/v1\nwitness w1\n")))
	none("there is no verdict", "line 2")
	b.chooses("policy", silence)
	none("there is no verdict", "Your policy cannot be used")
	b.chooses("policy", b.file("large.policy", make([]byte, evidence.MaxPolicy+1)))
	none("there is no verdict", "too large")
	must(t, os.Truncate(b.file("large.evidence", nil), evidence.MaxBundle+1))
	b.chooses("evidence", filepath.Join(b.dir, "large.evidence"))
	none("there is no verdict", "too large")

	// A signer that the policy does not vouch for is a verdict, and not a proven one.
	other := sc.policy(sc.north)
	b.chooses("policy", b.file("other.policy", other))
	b.says("does not hold")
	if report := b.agrees(other, certificate); report.Holds() || report.Verdicts[0].Verdict != evidence.UnknownSigner {
		t.Errorf("%+v", report.Verdicts)
	}
	if got := b.text(".verdict .facts"); !strings.Contains(got, "Signed bysouth.example, card 1, south.example/node+") {
		t.Errorf("the unknown signer is %q", got)
	}
	b.look("unknown")

	// Where the program breaks off, nothing that it found is shown.
	b.do(chromedp.Evaluate[chromedp.Void](`{
		const run = Go.prototype.run;
		Go.prototype.run = async function (instance) { await run.call(this, instance); this.exit(2); };
	}`))
	b.chooses("policy", mine)
	none("there is no verdict", "broke off")
	b.do(chromedp.Evaluate[chromedp.Void](`Go.prototype.run = async function () { setTimeout(() => { throw new WebAssembly.RuntimeError("unreachable"); }, 0); await new Promise(() => {}); }; void addEventListener("error", e => e.preventDefault())`))
	b.chooses("policy", mine)
	none("there is no verdict", "unreachable")
}

// Evidence that is older than the pinned card is judged with the party's cards
// beside it; one that is damaged is named.
func TestCardsBeside(t *testing.T) {
	sc := newScene(t)
	certificate := sc.certificate("headline")
	renewed := sc.south.renewed()
	policy := sc.policy()
	b := openTab(t)
	b.visit(built)
	b.chooses("policy", b.file("mine.policy", policy))
	b.chooses("evidence", b.file("silence.evidence", certificate))
	b.says("does not hold")
	if report := b.agrees(policy, certificate); report.Verdicts[0].Verdict != evidence.UnknownSigner {
		t.Errorf("%+v", report.Verdicts)
	}
	if got := b.text("#verdicts"); !strings.Contains(got, "this evidence is older than the card that the policy pins") {
		t.Errorf("the page says %q", got)
	}
	b.chooses("evidence", b.file("south.card", renewed))
	b.says("is proven")
	if report := b.agrees(policy, certificate, renewed); report.Verdicts[0].Verdict != evidence.Silent {
		t.Errorf("%+v", report.Verdicts)
	}
	b.chooses("evidence", b.file("south-changed.card", bytes.Replace(renewed, []byte("serial: 2"), []byte("serial: 3"), 1)))
	b.says("there is no verdict")
	if got := b.text("#trouble"); !strings.Contains(got, "south-changed.card is damaged") {
		t.Errorf("the page says %q", got)
	}
}

func TestInside(t *testing.T) {
	sc := newScene(t)
	certificate := sc.certificate("headline")
	policy := sc.policy()
	name := `</script><img src=x onerror=alert(1)>.evidence`
	html, err := HTML(File{Name: name, Data: certificate})
	must(t, err)
	b := openTab(t)
	b.visit(html)
	b.says("Choose your own policy")
	if got := b.text("#inside-note"); !strings.Contains(got, "It has no policy inside: bring your own.") {
		t.Errorf("the page says %q", got)
	}
	if got := b.text("#evidence-list .name"); got != name {
		t.Errorf("the file's name is %q", got)
	}
	b.chooses("policy", b.file("mine.policy", policy))
	b.says("Checked")
	b.agrees(policy, certificate)
	b.look("inside")

	// The file comes out as it went in, to be checked elsewhere.
	saved := read(b, chromedp.Evaluate[string](`new Promise(done => {
		HTMLAnchorElement.prototype.click = function () { done(this.download); };
		const make = URL.createObjectURL;
		URL.createObjectURL = blob => { globalThis.saved = blob; return make(blob); };
		document.querySelector("[data-do=save]").click();
	})`, chromedp.EvalAwaitPromise))
	if strings.ContainsAny(saved, `<>/\ "`) || !strings.HasSuffix(saved, ".evidence") {
		t.Errorf("it is saved as %q", saved)
	}
	if got := read(b, chromedp.Evaluate[string](`saved.arrayBuffer().then(d => JSON.stringify([...new Uint8Array(d)]))`, chromedp.EvalAwaitPromise)); got != numbers(certificate) {
		t.Error("what is saved is not what is inside")
	}
}

// Were something of a file's to become markup, the browser would still run and
// fetch nothing of it.
func TestNothingElseRuns(t *testing.T) {
	b := openTab(t)
	b.visit(built)
	b.tries.Store(true)
	for directive, attempt := range map[string]string{
		"script-src-elem": `const s = document.createElement("script"); s.textContent = "document.title = 'broken in'"; document.body.append(s)`,
		"script-src-attr": `const e = document.createElement("a"); e.setAttribute("onclick", "document.title = 'broken in'"); e.click()`,
		"style-src-attr":  `document.body.setAttribute("style", "display: none")`,
		"connect-src":     `fetch("https://elsewhere.example/").catch(() => {})`,
		"img-src":         `new Image().src = "https://elsewhere.example/x.png"`,
		"frame-src":       `const f = document.createElement("iframe"); f.src = "https://elsewhere.example/"; document.body.append(f)`,
		"form-action":     `const f = document.createElement("form"); f.action = "https://elsewhere.example/"; document.body.append(f); f.submit()`,
	} {
		got := read(b, chromedp.Evaluate[string](`new Promise(done => {
			addEventListener("securitypolicyviolation", e => done(e.effectiveDirective), {once: true});
			`+attempt+`;
		})`, chromedp.EvalAwaitPromise))
		if got != directive {
			t.Errorf("%s: the browser holds %q against it", directive, got)
		}
	}
	if title := read(b, chromedp.Title()); title != "Evidence – heed" {
		t.Errorf("the title is %q", title)
	}
}

// Everything can be done by keyboard alone, in the order in which it is read.
func TestKeyboard(t *testing.T) {
	sc := newScene(t)
	certificate, policy := sc.certificate("headline"), sc.policy()
	b := openTab(t)
	b.visit(built)
	must(t, second(chromedp.Call(b.ctx, cdpage.SetInterceptFileChooserDialog, cdpage.SetInterceptFileChooserDialogParams{Enabled: true})))
	key := func(keys string) { t.Helper(); b.do(chromedp.KeyEvent(keys)) }
	at := func(want string) {
		t.Helper()
		if got := read(b, chromedp.Evaluate[string](`document.activeElement.id || document.activeElement.dataset.do || document.activeElement.className || document.activeElement.textContent`)); got != want {
			t.Fatalf("the focus is on %q, want %q", got, want)
		}
		if !read(b, chromedp.Evaluate[bool](`(e => { const seen = e.matches("input") ? e.nextElementSibling : e; return getComputedStyle(seen).outlineStyle !== "none"; })(document.activeElement)`)) {
			t.Errorf("the focus on %q is not seen", want)
		}
	}
	opens := func(path string) {
		t.Helper()
		chooser := read(b, chromedp.WaitEvent(cdpage.FileChooserOpened, nil, chromedp.KeyEvent(kb.Enter)))
		must(t, second(chromedp.Call(b.ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, BackendNodeID: chooser.BackendNodeID})))
	}
	key(kb.Tab)
	at("skip")
	key(kb.Tab)
	at("lang-en")
	key(kb.Tab)
	at("lang-ru")
	key(" ")
	b.says("Выберите")
	key(kb.Tab)
	at("evidence")
	opens(b.file("silence.evidence", certificate))
	b.says("Доказательства выбраны")
	at("evidence")
	key(kb.Tab)
	at("remove")
	key(kb.Tab)
	at("policy")
	opens(b.file("mine.policy", policy))
	b.says("Проверено")
	b.agrees(policy, certificate)
	at("policy")
	key(kb.Tab)
	at("remove")
	key(kb.Tab)
	at("Печать")
	key(kb.Tab)
	if got := read(b, chromedp.Evaluate[string](`document.activeElement.tagName`)); got != "SUMMARY" {
		t.Errorf("after the results the focus is on %s", got)
	}
	key(kb.Enter)
	b.do(chromedp.Poll[chromedp.Void](`document.querySelector("#licences pre").textContent.includes("Redistribution and use")`))
	b.accessible("licences")

	// Removing keeps the focus near.
	b.do(chromedp.Focus(chromedp.CSS("#evidence-list button")))
	key(kb.Enter)
	b.says("Выберите доказательства")
	if got := read(b, chromedp.Evaluate[string](`document.activeElement.id`)); got != "evidence" {
		t.Errorf("after removing, the focus is on %q", got)
	}
}

// The page begins in the browser's language.
func TestFirstLanguage(t *testing.T) {
	b := openTab(t)
	agent := read(b, chromedp.Evaluate[string](`navigator.userAgent`))
	for accept, want := range map[string]string{"ru-RU,en": "ru", "de,ru;q=0.5": "ru", "de,fr": "en", "en-US,ru": "en"} {
		must(t, second(chromedp.Call(b.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: accept})))
		b.visit(built)
		if got := read(b, chromedp.Evaluate[string](`document.documentElement.lang`)); got != want {
			t.Errorf("for %q the page is in %q, want %q", accept, got, want)
		}
	}
}
