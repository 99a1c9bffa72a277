package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heed/control"
	"heed/feed"
	"heed/watch"
	"heed/watch/sheet"
)

// What an earlier run has kept is gone on with where the file is the same and is read
// in the same way, in whatever order its columns are told, and refused elsewhere.
func TestScreenStateIsGoneOnWith(t *testing.T) {
	path := filepath.Join(t.TempDir(), "st")
	began := screenState{
		File: "a.csv", Size: 7, Modified: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		As: screenReading{Type: watch.Visitor, Format: feed.CSV, Columns: sheet.Mapping{sheet.FieldName: {"B", "A"}, sheet.FieldBorn: {"C"}}, Dates: sheet.OrderDMY},
	}
	if first, err := began.goneOn("a.csv", path); err != nil || first.Done || first.Unread != 0 {
		t.Fatal(first, err)
	}
	kept := began
	kept.Position.Records, kept.Unread, kept.Hits = 5, 2, 1
	if err := kept.write(path); err != nil {
		t.Fatal(err)
	}
	same := began
	same.As.Columns = sheet.Mapping{sheet.FieldBorn: {"C"}, sheet.FieldName: {"A", "B"}}
	if on, err := same.goneOn("a.csv", path); err != nil || on.Unread != 2 || on.Hits != 1 || on.Position.Records != 5 {
		t.Error(on, err)
	}
	for what, test := range map[string]struct {
		edit func(*screenState)
		want string
	}{
		"type":    {func(s *screenState) { s.As.Type = watch.Border }, "--type visitor, and this is with --type border"},
		"format":  {func(s *screenState) { s.As.Format = feed.TSV }, "--format csv, and this is with --format tsv"},
		"columns": {func(s *screenState) { s.As.Columns = nil }, "--columns born=C,name=A,name=B, and this is with no --columns"},
		"dates":   {func(s *screenState) { s.As.Dates = sheet.OrderMDY }, "--dates dmy, and this is with --dates mdy"},
		"size":    {func(s *screenState) { s.Size++ }, "is of another file"},
	} {
		other := began
		test.edit(&other)
		_, err := other.goneOn("a.csv", path)
		var fault *control.Fault
		if !errors.As(err, &fault) || fault.Exit != control.ExitInput || !strings.Contains(fault.Message, test.want) || fault.Hint == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	for text, want := range map[string]string{
		"nonsense": "does not say how far",
		`{"file":"a.csv","size":7,"modified":"2026-11-23T12:00:00Z","position":{"records":5},"done":true}`: "of an earlier version",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := began.goneOn("a.csv", path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 1 {
		t.Errorf("%v stay behind, %v", left, err)
	}
}
