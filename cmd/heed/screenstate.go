package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"heed/control"
	"heed/feed"
	"heed/watch"
	"heed/watch/sheet"
)

// screenState is what --resume keeps.
type screenState struct {
	File     string        `json:"file"`
	Size     int64         `json:"size"`
	Modified time.Time     `json:"modified"`
	As       screenReading `json:"as"`
	Position feed.Position `json:"position"`
	Done     bool          `json:"done"`
	screenTotals
}

// screenReading is what decides how a file is read: read in another way, its
// records are others.
type screenReading struct {
	Type    watch.RecordType `json:"type"`
	Format  feed.Format      `json:"format"`
	Columns sheet.Mapping    `json:"columns,omitempty"`
	Dates   sheet.Order      `json:"dates,omitempty"`
}

// screenTotals is what came of a file so far, in all runs that have gone on with it.
type screenTotals struct {
	Records  int64 `json:"screened"` // that were looked up
	Hits     int64 `json:"hits"`
	Excluded int64 `json:"excluded"` // hits that signed exclusions have kept back, in screenings that have ended
	Partial  int64 `json:"partial"`  // records that were screened without something that could not be read
	Unread   int64 `json:"unread"`   // records that could not be read: nobody was looked for there
}

// screenSummary is the last line of --json where --resume keeps how far it is.
type screenSummary struct {
	Summary screenSum `json:"summary"`
}

type screenSum struct {
	Done    bool  `json:"done"`    // the file was screened to its end
	Records int64 `json:"records"` // of the file so far, those that could not be read included
	screenTotals
}

func (t *screenTotals) count(r feed.Read, result control.ScreenResult) {
	t.Hits += int64(len(result.Hits))
	if result.Error != nil {
		t.Unread++
		return
	}
	t.Records++
	if len(r.Problems) > 0 {
		t.Partial++
	}
}

// goneOn is where an earlier run has stopped, as the file of --resume has it; or s
// itself, of the file name at its beginning, where there is none. What cannot be
// written is refused before anything is screened, and so is a file that was changed
// since, or is to be read in another way.
func (s screenState) goneOn(name, resume string) (screenState, error) {
	data, err := os.ReadFile(resume)
	if errors.Is(err, fs.ErrNotExist) {
		return s, mayKeep(resume)
	}
	if err != nil {
		return s, fileFault("", err)
	}
	var kept screenState
	refuse := func(hint, format string, args ...any) (screenState, error) {
		return s, &control.Fault{Exit: control.ExitInput, Message: resume + " " + fmt.Sprintf(format, args...), Hint: hint}
	}
	switch err := json.Unmarshal(data, &kept); {
	case err != nil || kept.File == "":
		return refuse("name another file for --resume, or remove this one to begin anew", "does not say how far a screening is")
	case kept.File != s.File || kept.Size != s.Size || !kept.Modified.Equal(s.Modified):
		return refuse("remove it to begin anew", "is of another file than %s, or that was changed since", name)
	case kept.As.Type == "":
		return refuse(fmt.Sprintf("remove it; %d records were read so far, for --from", kept.Position.Records), "does not say how %s was read: it is of an earlier version", name)
	}
	if had, has := kept.As.differs(s.As); had != has {
		return refuse("go on as it was begun, or remove the file, or name another one with --resume, to screen all of it anew", "has %s begun with %s, and this is with %s", name, had, has)
	}
	return kept, mayKeep(resume)
}

// differs says what one reading was told and the other is told otherwise.
func (r screenReading) differs(other screenReading) (one, two string) {
	for _, f := range [][3]string{
		{"type", string(r.Type), string(other.Type)}, {"format", string(r.Format), string(other.Format)},
		{"columns", mappingText(r.Columns), mappingText(other.Columns)}, {"dates", string(r.Dates), string(other.Dates)},
	} {
		if f[1] != f[2] {
			return flagSaid(f[0], f[1]), flagSaid(f[0], f[2])
		}
	}
	return "", ""
}

func flagSaid(flag, value string) string {
	if value == "" {
		return "no --" + flag
	}
	if strings.ContainsAny(value, " \"") {
		value = fmt.Sprintf("%q", value)
	}
	return "--" + flag + " " + value
}

// mappingText writes a mapping of columns in one order.
func mappingText(m sheet.Mapping) string {
	var all []string
	for _, field := range slices.Sorted(maps.Keys(m)) {
		for _, heading := range slices.Sorted(slices.Values(m[field])) {
			all = append(all, string(field)+"="+heading)
		}
	}
	return strings.Join(all, ",")
}

// mayKeep refuses a file that cannot be written, nor what stands in for it meanwhile.
func mayKeep(path string) error {
	next := path + ".next"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(next))
	}
	if err == nil {
		return nil
	}
	fault := writeFault(path, err)
	if fault.Exit = control.ExitInput; errors.Is(err, fs.ErrNotExist) {
		fault.Hint = folderHint(path)
	}
	return fault
}

// write writes it down whole, or not at all.
func (s screenState) write(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	next := path + ".next"
	if err := os.WriteFile(next, append(data, '\n'), 0o600); err != nil {
		return writeFault(path, err)
	}
	if err := os.Rename(next, path); err != nil {
		return writeFault(path, err)
	}
	return nil
}
