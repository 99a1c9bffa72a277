package heed

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// mayDo is the role x action table as people agreed it, written again by hand:
// columns as in its first line, x where the role may.
const mayDo = `
               drafter releaser duty-officer assessor supervisor auditor administrator
warn              x       x         .           .         x         .         .
release           .       x         .           .         x         .         .
read              x       x         x           x         x         x         .
open              x       x         x           x         x         .         .
take              .       .         x           x         x         .         .
acknowledge       .       .         x           x         x         .         .
assess            .       .         .           x         x         .         .
ask               x       x         x           x         x         .         .
answer            x       x         x           x         x         .         .
interim           x       x         x           x         x         .         .
extend            .       x         x           .         x         .         .
refuse            .       .         x           x         x         .         .
report-action     .       .         x           x         x         .         .
conclude          .       .         x           x         x         .         .
call              x       x         x           x         x         .         .
forward           .       x         .           .         x         .         .
drill             .       x         .           .         x         .         .
rate              x       x         x           x         x         .         .
screen            .       .         x           x         x         .         .
review            .       .         x           x         x         .         .
reconcile         .       x         .           .         x         .         .
report-hit        .       .         x           x         x         .         .
lapse             .       .         .           x         x         .         .
propose           .       x         .           .         x         .         .
ratify            .       x         .           .         x         .         .
administer        .       .         .           .         .         .         x
audit             .       .         .           .         x         x         .
`

func TestRoleActionTable(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(mayDo), "\n")
	roles := strings.Fields(lines[0])
	if !slices.Equal(words(Roles()), roles) {
		t.Fatalf("roles are %v", Roles())
	}
	var actions []string
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		actions = append(actions, cells[0])
		for i, role := range roles {
			if got, want := Permits(Role(role), Action(cells[0])), cells[i+1] == "x"; got != want {
				t.Errorf("%s may %s: got %t, want %t", role, cells[0], got, want)
			}
		}
	}
	if !slices.Equal(words(Actions()), actions) {
		t.Errorf("actions are %v", Actions())
	}
	if len(permits) != len(actions) {
		t.Errorf("the table has %d rows", len(permits))
	}
	for action, who := range permits {
		for _, role := range who {
			if !slices.Contains(Roles(), role) {
				t.Errorf("%s: unknown role %q", action, role)
			}
		}
	}
	if Permits("", ActRead) || Permits(Drafter, "") || Permits("Drafter", ActWarn) || Permits(Administrator, "unknown") {
		t.Error("what is not in the table is permitted")
	}
}

// documentTable reads the table of docs/cases.md under a heading: its rows by
// first cell, and the column heads.
func documentTable(t *testing.T, heading string) (heads []string, rows map[string][]string) {
	t.Helper()
	text, err := os.ReadFile("docs/cases.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/cases.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	rows = map[string][]string{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") {
			continue
		}
		var cells []string
		for _, cell := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			cells = append(cells, strings.Trim(strings.TrimSpace(cell), "`"))
		}
		if heads == nil {
			heads = cells[1:]
		} else {
			rows[cells[0]] = cells[1:]
		}
	}
	return heads, rows
}

func TestDocumentedRoleActionTable(t *testing.T) {
	roles, rows := documentTable(t, "9. Roles and actions")
	if !slices.Equal(roles, words(Roles())) || len(rows) != len(Actions()) {
		t.Fatalf("docs/cases.md has roles %v and %d actions", roles, len(rows))
	}
	for _, action := range Actions() {
		for i, role := range Roles() {
			if len(rows[string(action)]) != len(roles) || (rows[string(action)][i] == "x") != Permits(role, action) {
				t.Errorf("docs/cases.md is wrong about %s, %s", role, action)
			}
		}
	}
}

func TestAuditorChangesNothingAndAdministratorReadsNothing(t *testing.T) {
	for _, k := range Kinds() {
		if k.ByMachine() {
			continue
		}
		if Permits(Auditor, k.Action()) {
			t.Errorf("the auditor may make a %s", k)
		}
		if Permits(Administrator, k.Action()) {
			t.Errorf("the administrator may make a %s", k)
		}
	}
	if Permits(Administrator, ActRead) || Permits(Administrator, ActAudit) || Permits(Auditor, ActTake) || Permits(Auditor, ActAdminister) {
		t.Error("who keeps keys may read, or who audits may change")
	}
}

func TestActing(t *testing.T) {
	both := Officer{ID: "ilze", Roles: []Role{Supervisor, Drafter}}
	for action, want := range map[Action]Role{ActWarn: Drafter, ActAssess: Supervisor, ActRead: Drafter, ActAudit: Supervisor} {
		if got, err := both.Acting(action); err != nil || got != want {
			t.Errorf("%s: got %s, %v; the first of Roles that permits it acts", action, got, err)
		}
	}
	var refused *Refused
	if got, err := both.Acting(ActAdminister); !errors.As(err, &refused) || got != "" || !strings.Contains(err.Error(), "ilze") || !strings.Contains(refused.Hint, "administrator") {
		t.Errorf("got %s, %v", got, err)
	}
	gone := Officer{ID: "ilze", Roles: Roles(), Removed: true}
	for _, action := range Actions() {
		if got, err := gone.Acting(action); !errors.As(err, &refused) || got != "" || !strings.Contains(err.Error(), "removed") {
			t.Errorf("a removed officer may %s: %s, %v", action, got, err)
		}
	}
	nobody := Officer{ID: "ilze"}
	invented := Officer{ID: "ilze", Roles: []Role{"director"}}
	for _, action := range Actions() {
		if _, err := nobody.Acting(action); err == nil {
			t.Errorf("an officer without roles may %s", action)
		}
		if _, err := invented.Acting(action); err == nil {
			t.Errorf("an invented role may %s", action)
		}
	}
}

func TestParseRole(t *testing.T) {
	for _, r := range Roles() {
		if got, err := ParseRole(string(r)); err != nil || got != r {
			t.Errorf("%s: got %s, %v", r, got, err)
		}
	}
	for _, s := range []string{"", "Drafter", "drafter ", "director"} {
		if _, err := ParseRole(s); !errors.As(err, new(*Invalid)) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func words[T ~string](all []T) []string {
	var out []string
	for _, v := range all {
		out = append(out, string(v))
	}
	return out
}
