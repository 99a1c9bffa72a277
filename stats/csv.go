package stats

import (
	"encoding/csv"
	"io"
	"strconv"

	"heed"
)

// csvHead names the columns. A new figure becomes a new row, never a new
// column, so that what reads the old ones goes on.
var csvHead = []string{"as-of", "since", "until", "from", "to", "status", "urgency", "about", "figure", "value"}

// WriteCSV writes the report as RFC 4180 has it, one figure a row. Where there
// is no value the last field is empty. What is confined to an accord begins with
// rows that name it, and what of it may be published. The names of parties are
// the only text that others chose, and no spreadsheet takes them for a formula:
// they begin with a letter or a digit.
func WriteCSV(w io.Writer, r Report) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(csvHead); err != nil {
		return err
	}
	stamp := func(t Time) string {
		if t.IsZero() {
			return ""
		}
		return heed.FormatTime(t.Time)
	}
	if a := r.Accord; a != nil {
		for _, f := range [][3]string{
			{"accord", "id", a.ID}, {"accord", "version", strconv.FormatUint(a.Version, 10)},
			{"disclosure", "counts", string(a.Disclosure.Counts)}, {"disclosure", "times", string(a.Disclosure.Times)}, {"disclosure", "fields", string(a.Disclosure.Fields)},
			{"disclosure", "reserved", joined(a.Reserved)}, {"disclosure", "mark", a.Mark()},
		} {
			if err := out.Write([]string{stamp(r.AsOf), stamp(r.Since), stamp(r.Until), "", "", "", "", f[0], f[1], f[2]}); err != nil {
				return err
			}
		}
	}
	for _, relation := range r.Relations {
		for _, d := range relation.Directions {
			for _, l := range d.Lines {
				for _, f := range l.list() {
					err := out.Write([]string{
						stamp(r.AsOf), stamp(r.Since), stamp(r.Until), string(d.From), string(d.To),
						string(l.Status), string(l.Urgency), f.about, f.column(), f.value(),
					})
					if err != nil {
						return err
					}
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}
