package desk

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"heed"
	"heed/exchange"
	spellings "heed/names"
	"heed/watch"
)

// wanted has a warning name the man whom matched meets.
func wanted(t *testing.T) func(*heed.Warning) {
	t.Helper()
	born, err := heed.ParseBirth("1987-05-04")
	must(t, err)
	return func(warning *heed.Warning) {
		warning.Persons = []heed.Person{{
			Names: []heed.Name{{Text: "Юлиан Щёголевич Жущёв", Script: "Cyrl", Language: "ru"}}, Born: []heed.Birth{born},
			Documents: []heed.Document{{Type: heed.DocumentPassport, Number: "AB1234567"}},
		}}
	}
}

// matched has south screen a record of somebody whom north has warned of.
func (w *world) matched(t *testing.T) heed.HitID {
	t.Helper()
	w.warn(wanted(t))
	born, err := heed.ParseBirth("1987-05-04")
	must(t, err)
	x := w.nodes[south]
	model, err := spellings.Default()
	must(t, err)
	must(t, second(x.LoadWatch(t.Context(), model, nil, nil)))
	begun, err := x.BeginScreening(t.Context(), exchange.ScreeningOrder{Officer: "s.duty", Via: exchange.ViaCommand, Reason: "arrivals"})
	must(t, err)
	found, err := x.Screen(t.Context(), begun.ID, []watch.Record{{
		ID: "seat 14C", Names: []heed.Name{{Text: "ZHUSCHEFF <b>Julian</b>"}}, Born: born, Carrier: "XX 214", Documents: []heed.Document{{Type: heed.DocumentPassport, Number: "AB1234567"}},
	}}, 0)
	must(t, err)
	if len(found[0].Hits) != 1 {
		t.Fatalf("screened: %+v", found)
	}
	return found[0].Hits[0].ID
}

// A hit stands on the board and in the list without a name; an officer opens it,
// which is on record, sees why, and decides once.
func TestHits(t *testing.T) {
	w := newWorld(t)
	id := w.matched(t)
	code := id.Code().Spoken()
	b := w.as(south, "s.duty")
	for _, page := range []string{"/desk/", "/desk/hits"} {
		got := b.get(page).status(http.StatusOK)
		got.says(code)
		got.saysNot("ZHUSCHEFF", "Жущёв")
	}
	if at := b.get("/desk/find?name=" + url.QueryEscape(code)); at.Header().Get("Location") != hitPath(id) {
		t.Errorf("the code leads to %q", at.Header().Get("Location"))
	}
	page := hitPath(id)
	closed := b.get(page).status(http.StatusOK)
	closed.says("Open the hit")
	closed.saysNot("ZHUSCHEFF", "Жущёв")
	b.submit(page, page+"/open", nil).status(http.StatusSeeOther)
	open := b.get(page).status(http.StatusOK)
	open.says("ZHUSCHEFF <b>Julian</b>", "Юлиан Щёголевич Жущёв", "1987-05-04", "the same day", "Together", "Needed", "AB1234567", "XX 214")

	// Nothing is decided without a verdict and a reason, and what was typed stays.
	refused := b.submit(page, page+"/decide", url.Values{"verdict": {"different-person"}, "reason": {" "}, "exclude": {"720h"}}).status(http.StatusUnprocessableEntity)
	refused.says("Give the reason.")
	if form := refused.doc(); form == nil || !strings.Contains(refused.Body.String(), `value="different-person" required checked`) || !strings.Contains(refused.Body.String(), `value="720h" selected`) {
		t.Error("what was chosen is gone")
	}
	b.submit(page, page+"/decide", url.Values{"verdict": {""}, "reason": {"why"}}).status(http.StatusUnprocessableEntity)
	b.submit(page, page+"/decide", url.Values{"verdict": {"different-person"}, "reason": {"fingerprints differ"}, "exclude": {"720h"}}).status(http.StatusSeeOther)
	b.get(page).status(http.StatusOK).says("Somebody else", "fingerprints differ", "The same traveller is no hit on this subject until")
	b.get("/desk/hits").says("No hit waits for a review.", "Somebody else")
	b.submit(page, page+"/revoke", url.Values{"reason": {"his passport was stolen"}}).status(http.StatusSeeOther)
	b.get(page).says("The exclusion was ended", "his passport was stolen")

	// What one officer has opened is closed to another in the same login, and the
	// roles decide.
	b.choose("s.birk")
	b.get(page).saysNot("ZHUSCHEFF")
	b.get("/desk/hit/" + strings.Repeat("0", 64)).status(http.StatusNotFound)
	b.get("/desk/hit/nonsense").status(http.StatusNotFound)
	if got := b.post(page+"/decide", url.Values{"verdict": {"same-person"}, "reason": {"why"}, "csrf": {"wrong"}}); got.Code != http.StatusForbidden {
		t.Errorf("a form of another login: %d", got.Code)
	}
}

func TestHitInBrowser(t *testing.T) {
	w := newWorld(t)
	id := w.matched(t)
	b := openTab(t, w, south)
	b.do(chromedp.SetValue(chromedp.CSS("#officer"), "s.duty"), chromedp.Submit(chromedp.CSS("#officer")), visible(".duties"))
	b.picture("board-hit")
	b.accessible("board-hit")
	b.look("hits", b.base+"/desk/hits", ".duties")
	page := b.base + hitPath(id)
	b.look("hit-closed", page, ".open-form")
	b.do(click(".open-form button"), visible("table.names"))
	b.look("hit-open", page, "table.names")
	b.do(click("#verdict-different-person"), chromedp.SendKeys(chromedp.CSS("#reason"), "fingerprints differ"), click("#act-decide button"), visible(".done"))
	b.accessible("hit-decided")
	b.picture("hit-decided")
}
