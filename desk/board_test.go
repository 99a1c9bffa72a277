package desk

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"heed"
	"heed/exchange"
)

func TestBoard(t *testing.T) {
	w := newWorld(t)
	b := w.as(south, "s.birk")
	empty := b.get("/desk/").status(200)
	empty.says("We owe no reply.", "Nobody owes us a reply.", "There is no case yet.", "Nothing waits for a receipt.", "Acting as s.birk (duty officer, assessor)", "Europe/Vienna")
	empty.saysNot("Exercise")

	id := w.warn(nil)
	w.clock.advance(time.Minute)
	board := b.get("/desk/").status(200)
	board.says("As of 22 Nov 2026 21:01:00 UTC (22:01:00 CET)", "We owe 3 replies, 0 are overdue.", "59 min left Acknowledgement", "7 h 59 min left Assessment",
		"22 Nov 2026 22:00:00 UTC (23:00:00 CET)", "opened by them", "Received", "nobody", "last contact 1 min 00 s ago")
	board.saysNot("No answer on record", "Ring")

	// What is overdue comes first, and says whom to ring.
	must(t, second(w.nodes[south].Take(t.Context(), "s.duty", id)))
	w.clock.advance(71 * time.Minute)
	b = w.as(south, "s.birk")
	overdue := b.get("/desk/").status(200)
	overdue.says("We owe 3 replies, 1 is overdue.", "Overdue by 12 min Acknowledgement No answer on record as of 22 Nov 2026 22:12:00 UTC (23:12:00 CET)", "Ring duty-desk +000 0001", "s.duty")
	w.clock.advance(time.Hour)
	b.get("/desk/").status(200).says("Ring head-of-desk +000 0002")

	// The other side sees the same as what it is owed.
	n := w.as(north, "n.arden")
	n.get("/desk/").says("We owe 0 replies, 0 are overdue. We are owed 3 replies, 1 is overdue.", "Overdue by 1 h 12 min Acknowledgement", "opened by us")
	n.get(casePath(id)).says("Overdue by 1 h 12 min No answer on record as of 22 Nov 2026 23:12:00 UTC (23:12:00 GMT)", "Escalation level 2 of 3", "Ring head-of-desk +000 0002")
}

func TestExercisesStandApart(t *testing.T) {
	w := newWorld(t)
	id := w.warn(func(warning *heed.Warning) { warning.Status = heed.StatusExercise })
	b := w.as(south, "s.birk")
	board := b.get("/desk/").status(200)
	text := board.text()
	before, after, found := strings.Cut(text, "Nothing below is meant.")
	if !found || !strings.Contains(before, "We owe no reply.") || strings.Contains(before, "Acknowledgement") || !strings.Contains(after, "Acknowledgement") {
		t.Errorf("the exercise does not stand apart: %s", text)
	}
	board.says("We owe 0 replies, 0 are overdue.")
	b.get(casePath(id)).says("Exercise This case is not meant.")
}

func TestOutbox(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	b := w.as(south, "s.birk")
	must(t, second(w.nodes[south].Ask(t.Context(), "s.birk", id, "Which ferry?")))
	b.get("/desk/").says("In flight")
	b.get(casePath(id)).says("In flight: no receipt yet")

	w.cut = errors.New("no route <b>to</b> host")
	if _, err := w.nodes[south].Deliver(t.Context(), north); err == nil {
		t.Fatal("the wire was cut, and the delivery went through")
	}
	board := b.get("/desk/")
	board.says("Trouble", "no route <b>to</b> host", "tried 1 time, next try", "1 statement cannot be delivered at present.")
	b.get(casePath(id)).says("No receipt yet, tried 1 time", "no route <b>to</b> host")

	w.cut = nil
	w.clock.advance(time.Hour)
	w.deliver()
	b.get("/desk/").says("Nothing waits for a receipt.")
	b.get(casePath(id)).says("Received by north.example")
}

func TestFind(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	b := w.as(south, "s.birk")
	file, err := w.nodes[south].Look(t.Context(), id)
	must(t, err)
	spoken := file.Code.Spoken()
	for _, path := range []string{"/desk/find?name=" + spoken, "/desk/find?name=" + strings.ToLower(spoken), "/desk/find?name=" + id.String(), "/desk/case/" + spoken, "/desk/find?name=" + spoken + "@north.example"} {
		got := b.get(path).status(303)
		if to := got.Header().Get("Location"); to != casePath(id) {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	b.get("/desk/find?name=0000-0000").status(404).says("There is no case 0000-0000 here.")
	b.get("/desk/find?name=" + spoken + "@east.example").status(404)
	b.get("/desk/find?name=").status(404)
}

// TestHostileText puts markup, marks that turn the direction of text, and
// addresses with scripts into everything that a peer can write.
func TestHostileText(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>{{.CSRF}}javascript:alert(3)`
	w := newWorld(t)
	id := w.warn(func(x *heed.Warning) {
		x.Headline = evil
		x.Narratives[0].Text = evil + "\n\n" + evil
		x.Persons[0].Names[0].Text = evil
		x.Persons[0].Description = evil
		x.Places[0].Address = evil
		x.Vehicles[0].Plate = evil
		x.Organisations[0].Description = evil
		x.Indicators[0] = heed.Indicator{Type: "url", Value: "javascript:alert(4)", Description: evil}
		x.Asks[0].Text = evil
		x.Source.Description = evil
		x.Handling.Restriction = evil
		x.LegalBasis = evil
		x.Reference = evil
	}, exchange.Attachment{Name: "&quot;'{{.CSRF}}.html", MediaType: "text/html", Data: []byte(evil)})
	must(t, second(w.nodes[north].Ask(t.Context(), "n.arden", id, evil)))
	w.deliver()
	b := w.as(south, "s.birk")
	page := b.done(id, actOpen, nil)
	if n := strings.Count(page.text(), "<script>alert(1)</script>"); n < 12 {
		t.Errorf("the text stands %d times on the page as text", n)
	}
	harmless(t, page)
	digest := w.attachment(id, "&quot;'{{.CSRF}}.html")
	if d := b.get(casePath(id) + "/content/" + digest).status(200).Header().Get("Content-Disposition"); d != `attachment; filename="&quot;'{{.CSRF}}.html"` {
		t.Errorf("the file is named %s", d)
	}

	stream := b.first(casePath(id) + "/stream")
	if strings.Contains(stream, "<script") || strings.Contains(stream, "<img") {
		t.Errorf("the stream has markup of the peer: %s", stream)
	}
	again := b.post(casePath(id)+"/"+actAsk, map[string][]string{"csrf": b.form("/desk/you", "/desk/you")["csrf"], "text": {evil + strings.Repeat("x", 64<<10)}}).status(422)
	harmless(t, again)
	harmless(t, b.get("/desk/find?name="+strings.ReplaceAll(`"><script>alert(5)</script>`, " ", "+")))
}

// harmless walks a page: no script but the desk's own, no handler, no style,
// no address that is not the desk's.
func harmless(t *testing.T, page answer) {
	t.Helper()
	for n := range page.doc().Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script":
			if !strings.HasPrefix(attr(n, "src"), "/desk/assets/") || n.FirstChild != nil {
				t.Errorf("a script: %v %q", n.Attr, content(n))
			}
		case "img", "iframe", "object", "embed", "style", "base":
			t.Errorf("an element %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
			}
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && !strings.HasPrefix(a.Val, "/desk/") && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("%s leads to %q", n.Data, a.Val)
			}
		}
	}
}

// first is what a stream sends first.
func (b *browser) first(path string) string {
	b.t.Helper()
	r := b.request("GET", path, nil)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	w := &firstWrite{cancel: cancel}
	b.desk.ServeHTTP(w, r.WithContext(ctx))
	return w.body.String()
}

// TestFileName: a peer's node is not bound to send names that ours would.
func TestFileName(t *testing.T) {
	digest := heed.Digest{0xab, 0xcd}
	for name, want := range map[string]string{
		"plan.pdf": "plan.pdf", "План.pdf": "План.pdf", "a b.txt": "a b.txt",
		"": "content-abcd0000.bin", "../../etc/passwd": "content-abcd0000.bin", ".profile": "content-abcd0000.bin",
		"a\r\nSet-Cookie: x": "content-abcd0000.bin", "plan\u202efdp.exe": "content-abcd0000.bin", "a\u200bb.txt": "content-abcd0000.bin", `a"b`: "content-abcd0000.bin",
	} {
		if got := fileName(heed.ContentRef{Name: name, Digest: digest}); got != want {
			t.Errorf("%q is saved as %q", name, got)
		}
	}
	if got := fileName(heed.ContentRef{MediaType: heed.MediaWarning, Digest: digest}); got != "warning-abcd0000.heed" {
		t.Errorf("a warning is saved as %q", got)
	}
}

// TestBidi: text of a peer cannot turn what stands around it.
func TestBidi(t *testing.T) {
	w := newWorld(t)
	id := w.warn(func(x *heed.Warning) { x.Headline = "שלום at the harbour"; x.Vehicles[0].Plate = "אבג 123" })
	page := w.as(south, "s.birk").done(id, actOpen, nil)
	for n := range page.doc().Descendants() {
		if n.Type != html.TextNode || !strings.ContainsAny(n.Data, "שאבЮ") {
			continue
		}
		isolated := false
		for p := range n.Ancestors() {
			isolated = isolated || p.Data == "bdi" || attr(p, "dir") == "auto"
		}
		if !isolated {
			t.Errorf("%q is not isolated", n.Data)
		}
	}
}

// TestStructure holds what every page needs to be read by ear and by keyboard.
func TestStructure(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil, exchange.Attachment{Name: "plan.txt", MediaType: "text/plain", Data: []byte("x")})
	asked(w, id)
	w.clock.advance(2 * time.Hour)
	b := w.as(south, "s.birk")
	b.done(id, actOpen, nil)
	pages := map[string]answer{
		"login": w.browser(south).get("/desk/login"), "wrong token": w.browser(south).get("/desk/login?token=x"),
		"board": b.get("/desk/"), "case": b.get(casePath(id)), "you": b.get("/desk/you"), "not found": b.get("/desk/nothing"),
		"refused": b.submit(casePath(id), casePath(id)+"/"+actAsk, map[string][]string{"text": {""}}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			harmless(t, page)
			ids, labels, references := map[string]bool{}, map[string]bool{}, []string{}
			counts := map[string]int{}
			for n := range page.doc().Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				counts[n.Data]++
				if id := attr(n, "id"); id != "" {
					if ids[id] {
						t.Errorf("two elements have the id %s", id)
					}
					ids[id] = true
				}
				if n.Data == "label" {
					labels[attr(n, "for")] = true
				}
				for _, key := range []string{"aria-labelledby", "aria-describedby"} {
					references = append(references, strings.Fields(attr(n, key))...)
				}
				if href := attr(n, "href"); strings.HasPrefix(href, "#") {
					references = append(references, href[1:])
				}
			}
			for _, r := range references {
				if !ids[r] {
					t.Errorf("nothing has the id %s that is referred to", r)
				}
			}
			for n := range page.doc().Descendants() {
				if field := n.Data == "input" || n.Data == "select" || n.Data == "textarea"; field && attr(n, "type") != "hidden" && !labels[attr(n, "id")] {
					t.Errorf("%s %s has no label", n.Data, attr(n, "name"))
				}
			}
			if counts["h1"] != 1 || counts["main"] != 1 || counts["header"] != 1 || counts["title"] != 1 {
				t.Errorf("h1, main, header, title stand %d, %d, %d, %d times", counts["h1"], counts["main"], counts["header"], counts["title"])
			}
			if !ids["main"] {
				t.Error("there is nothing to skip to")
			}
		})
	}
}
