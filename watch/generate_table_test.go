package watch

import (
	"bufio"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var (
	tableTo   = flag.String("table", "", "FILE to which TestGeneratedTable writes a list for `heed watch import --format csv`")
	tableSize = flag.Int("table-size", 1_000_000, "subjects of that list")
)

// A generated list as the table that people import, for measuring that from end to
// end: docs/performance.md has the commands.
func TestGeneratedTable(t *testing.T) {
	if *tableTo == "" {
		t.Skip("no -table FILE is asked for")
	}
	file, err := os.Create(*tableTo)
	if err != nil {
		t.Fatal(err)
	}
	buffer := bufio.NewWriter(file)
	table := csv.NewWriter(buffer)
	rows := [][]string{{"id", "type", "name", "born"}}
	for g, n := newGenerator(t, 1), 0; n < *tableSize; n++ {
		s := g.subject()
		born := s.Person.Born[0].From
		rows = append(rows, []string{fmt.Sprint(n + 1), "person", strings.ReplaceAll(s.Person.Names[0].Text, ",", " "), fmt.Sprintf("%04d-%02d-%02d", born.Year, born.Month, born.Day)})
		if len(rows) == 1000 {
			if err := table.WriteAll(rows); err != nil {
				t.Fatal(err)
			}
			rows = rows[:0]
		}
	}
	if err := errors.Join(table.WriteAll(rows), buffer.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
}
