package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"heed/api"
	"heed/watch"
)

// Whoever sends records to the API is told whose record cannot be read, and nothing of
// flags of the command line, of which there are none.
func TestRecordsOfTheAPI(t *testing.T) {
	records, err := apiRecords(strings.NewReader(`{"id":"a1","name":"Some Body","born":"05/06/1990"}
{"date of brth":"1990","name":"Some Body","id":"a2"}
{"id":"a3","name":"Some Body","born":"1990","at":"05/06/2026"}
{"id":"a4","name":{"text":["Some Body"]}}
{"id":"a5"}
{"name":"Some Body","born":"05/06/1990"}
{"id":"a7",
`+"{\"id\":\"a8\",\"name\":\"\xff\"}\n"), watch.Passenger)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ id, message, hint string }{
		{"a1", "which may be 1990-06-05 or 1990-05-06, and no other date tells which", "write the year first"},
		{"a2", `nearly "date of birth"`, `call it "date of birth"`},
		{"a3", "", "write the year first, like 1990-05-14"},
		{"a4", `has more than a text in "text"`, "write a text"},
		{"a5", "", ""},
		{"", "which may be", "write the year first"},
		{"", "is not a JSON object", "write one object a line"},
		{"", "is not UTF-8", "send it as UTF-8"},
	} {
		read, err := records.Next()
		var lost *api.Unread
		if want.id == "a3" {
			lost = &api.Unread{Message: strings.Join(read.Left, "; "), Hint: strings.Join(read.Left, "; ")}
		} else if !errors.As(err, &lost) {
			t.Fatalf("line %d: %+v, %v", i+1, read, err)
		}
		if read.Record.ID != want.id || read.Line != int64(i+1) || !strings.Contains(lost.Message, want.message) || !strings.Contains(lost.Hint, want.hint) {
			t.Errorf("line %d: %q, line %d: %s (%s)", i+1, read.Record.ID, read.Line, lost.Message, lost.Hint)
		}
		if all := lost.Message + lost.Hint; strings.Contains(all, "--") || strings.Contains(all, "file") {
			t.Errorf("line %d speaks of the command line: %s (%s)", i+1, lost.Message, lost.Hint)
		}
	}
	if _, err := records.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
