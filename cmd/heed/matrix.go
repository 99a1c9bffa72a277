package main

import (
	"fmt"
	"io"
	"strings"

	"heed"
	"heed/control"
)

// matrixRow is how far one of the parties is that were warned together.
type matrixRow struct {
	Party   heed.PartyID                `json:"party"`
	ID      string                      `json:"id"` // of the case with it
	Stage   heed.State                  `json:"stage"`
	Reached map[heed.State]control.Time `json:"reached"` // of matrixStates, those that it has
	Overdue []heed.DutyKind             `json:"overdue"` // that it owes
}

// matrixStates are the columns of a matrix.
var matrixStates = []heed.State{
	heed.StateReceived, heed.StateOpened, heed.StateAcknowledged, heed.StateAssessed, heed.StateAnswered, heed.StateConcluded,
}

// matrixOf sets beside each other the cases of one code.
func matrixOf(cases []control.Case) []matrixRow {
	rows := []matrixRow{}
	for _, c := range cases {
		row := matrixRow{Party: c.Warned, ID: c.ID, Stage: c.Stage, Reached: map[heed.State]control.Time{}, Overdue: []heed.DutyKind{}}
		if c.Warned == c.Local.Party {
			row.Party = c.Warner
		}
		for _, state := range matrixStates {
			if at, ok := c.Reached[state]; ok {
				row.Reached[state] = at
			}
		}
		for _, d := range c.Duties {
			if d.OwedBy == row.Party && d.State == heed.DutyOverdue {
				row.Overdue = append(row.Overdue, d.Kind)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// writeMatrix shows who is where: when, by signed times, or not yet.
func writeMatrix(w io.Writer, rows []matrixRow) {
	heads := []string{"PARTY"}
	for _, state := range matrixStates {
		heads = append(heads, strings.ToUpper(string(state)))
	}
	t := table(w, append(heads, "STAGE", "OVERDUE")...)
	for _, row := range rows {
		cells := []string{string(row.Party)}
		for _, state := range matrixStates {
			at, ok := row.Reached[state]
			if !ok {
				cells = append(cells, "-")
				continue
			}
			cells = append(cells, at.Format("2 Jan 15:04:05"))
		}
		var overdue []string
		for _, kind := range row.Overdue {
			overdue = append(overdue, kind.Words())
		}
		t.row(append(cells, string(row.Stage), strings.Join(overdue, ", "))...)
	}
	t.flush()
	fmt.Fprintln(w, "Times are signed ones, in UTC.")
}
