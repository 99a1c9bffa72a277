package sheet

import (
	"os"
	"strings"
	"testing"
)

// The page on formats has every column under all its names.
func TestColumnsAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/screening-input.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Fields() {
		names := f.Names()
		row := "| `" + names[0] + "` | " + strings.Join(names[1:], ", ") + " |"
		if !strings.Contains(string(data), row) {
			t.Errorf("docs/screening-input.md has no row %s", row)
		}
	}
}
