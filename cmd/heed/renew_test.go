package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heed"
	"heed/control"
	"heed/wire"
)

// TestRecoveryKeyOfARenewalThatFailed: a key that no card names does not lie
// about, and one that a card may name is not thrown away.
func TestRecoveryKeyOfARenewalThatFailed(t *testing.T) {
	noNode := control.Dial(t.TempDir()).Call(t.Context(), "card-renew", 1, new(int))
	for _, c := range []struct {
		name string
		err  error
		kept bool
		exit int
	}{
		{"refused", &control.Fault{Exit: control.ExitRefused, Message: "no"}, false, control.ExitRefused},
		{"bad input", &control.Fault{Exit: control.ExitInput, Message: "no"}, false, control.ExitInput},
		{"no node", noNode, false, control.ExitUnreachable},
		{"went away", &control.Fault{Exit: control.ExitUnreachable, Message: "the node went away"}, true, control.ExitUnreachable},
		{"failed", &control.Fault{Exit: control.ExitFault, Message: "the disk is full"}, true, control.ExitFault},
		{"interrupted", context.Canceled, true, control.ExitFault},
	} {
		path := filepath.Join(t.TempDir(), "next.recovery")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		var fault *control.Fault
		if err := (renewal{nextRecovery: path}).notRenewed(c.err, 7); !errors.As(err, &fault) || fault.Exit != c.exit {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		_, missing := os.Stat(path)
		if kept := missing == nil; kept != c.kept {
			t.Errorf("%s: the key is kept: %v", c.name, kept)
		}
		if said := strings.Contains(fault.Message, "whether card 7 was made is not clear") && strings.Contains(fault.Hint, "--serial 7") && strings.Contains(fault.Hint, "keep "+path); said != c.kept {
			t.Errorf("%s: %s (%s)", c.name, fault.Message, fault.Hint)
		}
	}
}

func TestSplitCards(t *testing.T) {
	a, b := "heed-card/v1\nparty: a\n\n— a x\n— a y\n", "heed-card/v1\nparty: b\n\n— b x\n"
	for _, cards := range [][]string{{""}, {a}, {a, b}, {b, a, b}, {"nonsense\n", a}} {
		var got []string
		for _, note := range splitCards([]byte(strings.Join(cards, ""))) {
			got = append(got, string(note))
		}
		if !slices.Equal(got, cards) {
			t.Errorf("%q was split into %q", cards, got)
		}
	}
	if !strings.HasPrefix(a, wire.CardText(heed.Card{})[:len("heed-card/v1\n")]) {
		t.Error("a card begins with another line")
	}
}

func TestQuorumState(t *testing.T) {
	for _, c := range []struct {
		answering int
		want      string
	}{
		{4, "all of them answer"}, {3, "3 of 4 answer"}, {2, "ONLY 2 of the 3 needed answer: nothing new can be proven"},
		{1, "ONLY 1 of the 3 needed answers: nothing new can be proven"}, {0, "NONE of the 3 needed answers: nothing new can be proven"},
	} {
		text := quorumState(control.WitnessAnswer{Ledger: "north.example/v1", Size: 48, Counting: 4, Faulty: 1, Enough: 3, Cosigned: 2, Answering: c.answering})
		if !strings.HasSuffix(text, "\n"+c.want) || !strings.Contains(text, "the newest head of north.example/v1, 48 leaves, is cosigned by 2 of them") {
			t.Errorf("%d answer: %s", c.answering, text)
		}
	}
}
