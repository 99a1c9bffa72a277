package wire

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"heed"
)

func formatsPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// Every example on the page is a vector, byte for byte.
func TestPageExamples(t *testing.T) {
	var notes []string
	for _, n := range allNotes(t) {
		notes = append(notes, string(n.note))
	}
	draft, released, id := draftedExample(t)
	notes = append(notes, draft, released)
	letters := readLetterVectors(t)
	for _, n := range slices.Concat(letters.Contacts, letters.Entries) {
		notes = append(notes, n.Note)
	}
	v := readFormatVectors(t)
	page := formatsPage(t)
	examples := regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(page, -1)
	for _, example := range examples {
		text := example[1]
		if before, after, cut := strings.Cut(text, "(1,959 characters)"); cut { // the sealing key is too long to print
			key := sealingKey(t).Recipient().String()
			i := strings.LastIndex(before, "age1pq1")
			if !strings.HasPrefix(key, before[i:]) || len(key) != 1959 {
				t.Errorf("the sealing key on the page is another one")
			}
			text = before[:i] + key + after
		}
		if !slices.Contains(notes, text) {
			t.Errorf("no vector is this example:\n%s", text)
		}
	}
	if len(examples) != 16 {
		t.Errorf("%d examples", len(examples))
	}
	for _, n := range []noteVector{noteNamed(t, v.Statements, "warning"), noteNamed(t, v.Releases, "warning"), noteNamed(t, v.Figures, "exact")} {
		if !strings.Contains(page, n.ID) {
			t.Errorf("the id of %s is not on the page", n.Name)
		}
	}
	if !strings.Contains(page, id) {
		t.Error("the id of what was drafted is not on the page")
	}
}

// tableRows are the rows of the page's tables whose first cell is one name in
// backquotes, by that name, from the heading on.
func tableRows(page, heading string) map[string][]string {
	_, rest, _ := strings.Cut(page, heading)
	rows := map[string][]string{}
	for line := range strings.SplitSeq(rest, "\n") {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "has the id") {
			break
		}
		cells := strings.Split(line, " | ")
		if name, ok := strings.CutPrefix(cells[0], "| `"); ok && strings.HasSuffix(name, "`") {
			rows[strings.TrimSuffix(name, "`")] = cells[1:]
		}
	}
	return rows
}

// The page's table of kinds is that of the rules, and its own lines are those
// that are written, in their order.
func TestPageKinds(t *testing.T) {
	rows := tableRows(formatsPage(t), "What each kind needs:\n")
	for _, sample := range samples(t, readFormatVectors(t)) {
		row, ok := rows[string(sample.s.Kind)]
		if !ok || len(row) != 5 {
			t.Errorf("%s: row %q", sample.s.Kind, row)
			continue
		}
		action := strings.NewReplacer("none", "", "in the release", "", "in its content", "").Replace(row[1])
		if want := string(sample.s.Kind.Action()); action != want && !(action == "" && (sample.s.Kind.Released() || sample.s.Kind.Enclosed())) {
			t.Errorf("%s: officers act by %q, want %q", sample.s.Kind, action, want)
		}
		for what, c := range map[string]struct {
			cell string
			n    int
		}{"answers": {row[2], len(sample.s.Answers)}, "contents": {row[3], len(sample.s.Contents)}} {
			low, high, isRange := strings.Cut(c.cell, " to ")
			if !isRange {
				high = low
			}
			least, err := strconv.Atoi(low)
			most, err2 := strconv.Atoi(high)
			if err != nil || err2 != nil || c.n < least || c.n > most {
				t.Errorf("%s: %d %s, and the page has %s", sample.name, c.n, what, c.cell)
			}
		}
		listed := regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(row[4], -1)
		w := &writer{}
		for _, f := range kindFields {
			if f.has(sample.s) {
				f.write(w, sample.s)
			}
		}
		var written []string
		for line := range strings.Lines(w.text()) {
			name, _, _ := strings.Cut(line, ":")
			written = append(written, name)
		}
		written = slices.Compact(written)
		for _, name := range listed {
			if len(written) > 0 && written[0] == name[1] {
				written = written[1:]
			} else if !slices.Contains([]string{"accord", "duty", "status", "carries", "rung", "confirmed", "withdrawn"}, name[1]) {
				t.Errorf("%s: the page has %q, which is not written there", sample.name, name[1])
			}
		}
		if len(written) > 0 {
			t.Errorf("%s: written and not on the page: %q", sample.name, written)
		}
	}
	if len(rows) != len(heed.Kinds()) {
		t.Errorf("%d kinds on the page, want %d", len(rows), len(heed.Kinds()))
	}
}

// The page says of every code whether it is passing.
func TestPageCodes(t *testing.T) {
	page := formatsPage(t)
	_, rest, _ := strings.Cut(page, "A code is *passing*")
	rows := tableRows(rest, "")
	for _, code := range heed.EnvelopeRefusals() {
		want := "final"
		if code.Passing() {
			want = "passing"
		}
		if row := rows[string(code)]; len(row) < 2 || row[0] != want {
			t.Errorf("%s: row %q, want %s", code, row, want)
		}
	}
	if len(rows) != len(heed.EnvelopeRefusals()) {
		t.Errorf("%d codes on the page", len(rows))
	}
	_, rest, _ = strings.Cut(page, "### 6.2")
	for _, code := range heed.ContentRefusals() {
		if !strings.Contains(strings.SplitN(rest, "## 7", 2)[0], "`"+string(code)+"`") {
			t.Errorf("%s is not on the page", code)
		}
	}
}
