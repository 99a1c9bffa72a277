package heed

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// kindTable is what each kind is, written again by hand: who may make it, what
// an officer does in making it (- a node makes it alone), and of "released",
// "enclosed" (officers sign it as a content), "opens", "answers", "proposes" a
// version of an accord, "acts" about one what holds.
const kindTable = `
warning          warner  warn           released,opens
supplement       warner  warn           released,answers
correction       warner  warn           released,answers
recall           warner  warn           released,answers
receipt          either  -              answers
refusal          either  refuse         answers
notification     either  -              answers
opening          either  open           answers
acknowledgement  warned  acknowledge    answers
assessment       warned  assess         answers
question         either  ask            opens
answer           either  answer         answers
interim          either  interim        answers
extension        either  extend         answers
action           warned  report-action  answers
outcome          warned  conclude       answers
call             either  call           none
reminder         either  -              answers
forward-request  warned  forward        answers
forward-consent  warner  forward        answers
drill            either  drill          none
rating           either  rate           answers
figures          either  reconcile      opens,enclosed
watch-hit           warned  report-hit  answers
watch-lapse-notice  warned  lapse       answers
accord-proposal      warner  propose    opens,enclosed,proposes
accord-amendment     warner  propose    opens,enclosed,proposes
accord-ratification  either  ratify     opens,enclosed,acts
accord-reservation   either  ratify     opens,enclosed,acts
accord-decline       either  ratify     opens,enclosed,acts
accord-suspension    either  ratify     opens,enclosed,acts
accord-resumption    either  ratify     opens,enclosed,acts
accord-withdrawal    either  ratify     opens,enclosed,acts
succession       nobody  -              none
deposit          nobody  -              none
`

func TestKindTable(t *testing.T) {
	sides := map[string]side{"warner": byWarner, "warned": byWarned, "either": byEither, "nobody": 0}
	var kinds []string
	for _, line := range strings.Split(strings.TrimSpace(kindTable), "\n") {
		f := strings.Fields(line)
		k, is := Kind(f[0]), strings.Split(f[3], ",")
		kinds = append(kinds, f[0])
		m, ok := k.manner()
		if !ok {
			t.Errorf("%s: unknown", k)
			continue
		}
		if m.side != sides[f[1]] {
			t.Errorf("%s: made by side %d", k, m.side)
		}
		if action := strings.TrimPrefix(f[2], "-"); k.Action() != Action(action) || k.ByMachine() != (action == "") {
			t.Errorf("%s: action %q, by machine %t", k, k.Action(), k.ByMachine())
		}
		if m.enclosed != slices.Contains(is, "enclosed") || m.enclosed != k.Enclosed() || m.enclosed && k.Released() || k.OfAccord() && !m.enclosed {
			t.Errorf("%s: enclosed %t", k, m.enclosed)
		}
		if k.Released() != slices.Contains(is, "released") || m.opens != slices.Contains(is, "opens") || (m.answersMust == 1) != slices.Contains(is, "answers") || m.answersMust > 1 {
			t.Errorf("%s: released %t, opens %t, answers %d", k, k.Released(), m.opens, m.answersMust)
		}
		act, acts := k.Act()
		if k.Proposes() != slices.Contains(is, "proposes") || acts != slices.Contains(is, "acts") || k.OfAccord() != (acts || k.Proposes()) {
			t.Errorf("%s: proposes %t, acts %t, of an accord %t", k, k.Proposes(), acts, k.OfAccord())
		}
		if acts && (act.Statement() != k || "accord-"+string(act) != f[0]) || !acts && act != "" {
			t.Errorf("%s: carries the act %q", k, act)
		}
		if k.InCase() != (f[1] != "nobody") {
			t.Errorf("%s: in a case %t", k, k.InCase())
		}
		if k.OwedReceipt() != (k != KindReceipt && f[1] != "nobody") {
			t.Errorf("%s: owed a receipt %t", k, k.OwedReceipt())
		}
		if got, err := ParseKind(f[0]); err != nil || got != k {
			t.Errorf("%s: parsed as %s, %v", k, got, err)
		}
		if !k.ByMachine() && !slices.Contains(Actions(), k.Action()) {
			t.Errorf("%s: action %q is not in the list of actions", k, k.Action())
		}
	}
	if !slices.Equal(kinds, words(Kinds())) {
		t.Errorf("kinds are %v", Kinds())
	}
}

func TestUnknownKind(t *testing.T) {
	for _, s := range []string{"", "Warning", "accord-proposals", "accord-", "watch", "warning\n"} {
		if _, err := ParseKind(s); !errors.As(err, new(*Invalid)) {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, k := range []Kind{"unheard-of", "accord-", "accord-removal", "ratification"} {
		if _, acts := k.Act(); acts || k.Action() != "" || k.Released() || !k.InCase() || k.OfAccord() {
			t.Errorf("%q, which is unknown, has a manner", k)
		}
	}
	for _, act := range AccordActKinds() {
		if got, ok := act.Statement().Act(); !ok || got != act {
			t.Errorf("%s is carried by %s, which carries %q", act, act.Statement(), got)
		}
	}
}
