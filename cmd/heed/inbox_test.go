package main

import (
	"strings"
	"testing"
	"time"

	"heed"
	"heed/control"
)

// Four overdue replies in one case are one call, and more time given is no climb.
func TestInboxRingsOnceForACase(t *testing.T) {
	at := control.At(time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC))
	line := func(kind heed.DutyKind, level int, state heed.DutyState) control.InboxLine {
		l := control.InboxLine{Case: "APAFCN80", ID: "id", Peer: "south.example", OwedBy: "south.example", Kind: kind, Due: at, Level: level, State: state}
		if state == heed.DutyOverdue {
			role := map[int]string{1: "duty-desk", 2: "head-of-desk"}[level]
			l.Ring = &control.Ring{Duty: kind, Party: "south.example", Level: level, Role: role, Telephone: "+000"}
		}
		return l
	}
	var out strings.Builder
	writeInbox(&out, control.Inbox{Awaited: []control.InboxLine{
		line(heed.DutyAcknowledge, 1, heed.DutyOverdue), line(heed.DutyAcknowledge, 1, heed.DutyOverdue),
		line(heed.DutyAssess, 2, heed.DutyOverdue), line(heed.DutyConclude, 3, heed.DutyOpen),
	}})
	want := "  ring about APAF-CN80 (acknowledgement, assessment): head-of-desk, south.example, +000\n"
	if strings.Count(out.String(), "ring about") != 1 || !strings.Contains(out.String(), want) {
		t.Errorf("want once %q:\n%s", want, out.String())
	}
	for _, row := range strings.Split(out.String(), "\n") {
		if strings.Contains(row, "conclusion") && !strings.Contains(row, "  0 ") {
			t.Errorf("not due, and at a level: %q", row)
		}
	}
}

// Times of the node's messages are shown with the zone of whoever reads them.
func TestComplaintsHaveLocalTimes(t *testing.T) {
	former := time.Local
	time.Local = time.FixedZone("", 3600)
	t.Cleanup(func() { time.Local = former })
	var out strings.Builder
	exit := complain(&out, &heed.Refused{Detail: "case 7K3M-Q2XA was taken by irma at 2026-11-23T05:11:51.123Z", Hint: "not before 2026-11-23T06:00:00Z, 2026-99-23T06:00:00Z"})
	want := "heed: case 7K3M-Q2XA was taken by irma at 2026-11-23 05:11:51Z (06:11:51 +01:00)\n      not before 2026-11-23 06:00:00Z (07:00:00 +01:00), 2026-99-23T06:00:00Z\n"
	if exit != control.ExitRefused || out.String() != want {
		t.Errorf("%d: %q, want %q", exit, out.String(), want)
	}
}
