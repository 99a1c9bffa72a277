package control

import (
	"errors"
	"testing"

	"heed"
)

func TestOtherOf(t *testing.T) {
	for _, tt := range []struct {
		pair []string
		want heed.PartyID // empty with a pair: refused
	}{
		{nil, ""},
		{[]string{"north.example", "south.example"}, "south.example"},
		{[]string{"south.example", "north.example"}, "south.example"},
		{[]string{"north.example"}, ""},
		{[]string{"north.example", "north.example"}, ""},
		{[]string{"north.example", "south.example", "west.example"}, ""},
		{[]string{"south.example", "west.example"}, ""},
		{[]string{"north.example", "South"}, ""},
	} {
		got, err := otherOf(tt.pair, "north.example")
		var invalid *heed.Invalid
		if got != tt.want || (err != nil) != (len(tt.pair) > 0 && tt.want == "") || err != nil && !errors.As(err, &invalid) {
			t.Errorf("%v: %q, %v", tt.pair, got, err)
		}
	}
}
