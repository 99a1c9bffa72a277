package heed

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what an officer may do for the party.
type Role string

// The roles of DESIGN 6.
const (
	Drafter       Role = "drafter"
	Releaser      Role = "releaser"
	DutyOfficer   Role = "duty-officer"
	Assessor      Role = "assessor"
	Supervisor    Role = "supervisor"
	Auditor       Role = "auditor"
	Administrator Role = "administrator"
)

// Roles lists all roles in the order in which people are told of them.
func Roles() []Role {
	return []Role{Drafter, Releaser, DutyOfficer, Assessor, Supervisor, Auditor, Administrator}
}

// ParseRole reads one role.
func ParseRole(s string) (Role, error) { return oneOf("role", Role(s), Roles()) }

// Action is something that a person does with the system and that a role must permit.
type Action string

// The actions. Those that make a statement carry that statement's kind in
// their name; Release, Read, Take, Administer and Audit make none.
const (
	ActWarn        Action = "warn"    // warning, supplement, correction, recall; or a draft of one
	ActRelease     Action = "release" // what was drafted
	ActRead        Action = "read"
	ActOpen        Action = "open"
	ActTake        Action = "take"
	ActAcknowledge Action = "acknowledge"
	ActAssess      Action = "assess"
	ActAsk         Action = "ask"
	ActAnswer      Action = "answer"
	ActInterim     Action = "interim"
	ActExtend      Action = "extend"
	ActRefuse      Action = "refuse"
	ActReport      Action = "report-action"
	ActConclude    Action = "conclude"
	ActCall        Action = "call"
	ActForward     Action = "forward"
	ActDrill       Action = "drill"
	ActRate        Action = "rate"       // whether a reply was of use
	ActScreen      Action = "screen"     // records, against the watches
	ActReview      Action = "review"     // a hit: who it is
	ActReconcile   Action = "reconcile"  // figures of a period, signed for the other party or for outsiders
	ActReportHit   Action = "report-hit" // tell the warner that a record is of a subject of its warning
	ActLapse       Action = "lapse"      // let a watch lapse, or say that it goes on
	ActPropose     Action = "propose"    // accords, and amendments of them
	ActRatify      Action = "ratify"     // whatever binds the party to an accord or frees it
	ActAdminister  Action = "administer" // officers, peers, cards, backups: no content
	ActAudit       Action = "audit"      // readings and ledgers, changing nothing
)

// Actions lists all actions.
func Actions() []Action {
	return []Action{ActWarn, ActRelease, ActRead, ActOpen, ActTake, ActAcknowledge, ActAssess, ActAsk, ActAnswer, ActInterim, ActExtend, ActRefuse, ActReport, ActConclude, ActCall, ActForward, ActDrill, ActRate, ActScreen, ActReview, ActReconcile, ActReportHit, ActLapse, ActPropose, ActRatify, ActAdminister, ActAudit}
}

// permits is the role x action table, the only one. Whoever is not named in a
// row may not do it. The auditor reads and changes nothing; the administrator
// keeps keys and peers and reads no content.
var permits = map[Action][]Role{
	ActWarn:        {Drafter, Releaser, Supervisor},
	ActRelease:     ReleaseRoles(),
	ActRead:        {Drafter, Releaser, DutyOfficer, Assessor, Supervisor, Auditor},
	ActOpen:        {Drafter, Releaser, DutyOfficer, Assessor, Supervisor},
	ActTake:        {DutyOfficer, Assessor, Supervisor},
	ActAcknowledge: {DutyOfficer, Assessor, Supervisor},
	ActAssess:      {Assessor, Supervisor},
	ActAsk:         {Drafter, Releaser, DutyOfficer, Assessor, Supervisor},
	ActAnswer:      {Drafter, Releaser, DutyOfficer, Assessor, Supervisor},
	ActInterim:     {Drafter, Releaser, DutyOfficer, Assessor, Supervisor},
	ActExtend:      {Releaser, DutyOfficer, Supervisor},
	ActRefuse:      {DutyOfficer, Assessor, Supervisor},
	ActReport:      {DutyOfficer, Assessor, Supervisor},
	ActConclude:    {DutyOfficer, Assessor, Supervisor},
	ActCall:        {Drafter, Releaser, DutyOfficer, Assessor, Supervisor},
	ActForward:     {Releaser, Supervisor},
	ActDrill:       {Releaser, Supervisor},
	ActRate:        {Drafter, Releaser, DutyOfficer, Assessor, Supervisor},
	ActScreen:      {DutyOfficer, Assessor, Supervisor},
	ActReview:      {DutyOfficer, Assessor, Supervisor},
	ActReconcile:   {Releaser, Supervisor},
	ActReportHit:   {DutyOfficer, Assessor, Supervisor},
	ActLapse:       {Assessor, Supervisor},
	ActPropose:     AccordRoles(),
	ActRatify:      AccordRoles(),
	ActAdminister:  {Administrator},
	ActAudit:       {Auditor, Supervisor},
}

// Permits reports whether the role may do the action.
func Permits(role Role, action Action) bool { return slices.Contains(permits[action], role) }

// Officer is a person who acts for a party. Key is the verification key in
// C2SP vkey form; an officer who was removed keeps the entry, so that what was
// signed can still be read.
type Officer struct {
	ID      OfficerID
	Roles   []Role
	Key     string
	Removed bool
}

// Acting picks the role under which the officer does the action: the first of
// the officer's roles, in the order of Roles, that permits it.
func (o Officer) Acting(action Action) (Role, error) { return o.ActingAs(action, Roles()) }

// ActingAs is Acting where only some roles will do: the first of the officer's,
// in the order of Roles, that is one of them and permits the action.
func (o Officer) ActingAs(action Action, as []Role) (Role, error) {
	if o.Removed {
		return "", &Refused{Detail: fmt.Sprintf("officer %s was removed from the roster", o.ID), Hint: "act as another officer with --as"}
	}
	for _, role := range Roles() {
		if slices.Contains(o.Roles, role) && slices.Contains(as, role) && Permits(role, action) {
			return role, nil
		}
	}
	var who []string
	for _, role := range permits[action] {
		if slices.Contains(as, role) {
			who = append(who, string(role))
		}
	}
	what := fmt.Sprintf("%q", action)
	if action == ActPropose {
		what = "proposing an accord, a change of one, or its renewal"
	}
	return "", &Refused{
		Detail: fmt.Sprintf("officer %s has no role that permits %s", o.ID, what),
		Hint:   "it takes one of: " + strings.Join(who, ", "),
	}
}
