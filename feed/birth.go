package feed

import (
	"errors"
	"slices"
	"strings"

	"heed/watch/sheet"
)

// gather makes particulars of a record's values. A date of birth that is none, as
// a hand or a machine has garbled it, costs the date and not the record: whoever
// bears the name is looked for by it, and the record says what was left out. A date
// that can be read in two ways stays an error: its file's order of dates mends it,
// and to leave it out would lose it of everybody in the file.
func gather(reading sheet.Reading, line int64, values []sheet.Value) (p sheet.Particulars, problems []*sheet.Error, err error) {
	p, problems, err = reading.Gather(line, values)
	if err == nil {
		return p, problems, nil
	}
	var left []*sheet.Error
	rest := slices.DeleteFunc(slices.Clone(values), func(v sheet.Value) bool {
		e := garbled(reading, line, v)
		if e != nil {
			left = append(left, e)
		}
		return e != nil
	})
	if len(left) == 0 {
		return p, problems, err
	}
	p, problems, err = reading.Gather(line, rest)
	return p, append(left, problems...), err
}

// garbled is what is wrong with a date of birth that is no date; nil where it is
// one, in whatever order of day and month the file has them, or none at all.
func garbled(reading sheet.Reading, line int64, v sheet.Value) *sheet.Error {
	if v.Field != sheet.FieldBorn {
		return nil
	}
	_, _, err := reading.Gather(line, []sheet.Value{v})
	var e *sheet.Error
	if !errors.As(err, &e) {
		return nil
	}
	if o := reading.Dates.Order; o == sheet.OrderAuto || o == sheet.OrderYMD {
		for _, order := range []sheet.Order{sheet.OrderDMY, sheet.OrderMDY} {
			if _, err := sheet.NewDates(order).Birth(v.Column, strings.TrimSpace(v.Text)); err == nil {
				return nil // it is a date, and in doubt
			}
		}
	}
	e.What += "; the record is screened without it"
	return e
}
