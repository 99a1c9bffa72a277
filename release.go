package heed

import (
	"fmt"
	"slices"
	"strings"
)

// ReleaseRoles lists the roles that release what another officer has drafted.
func ReleaseRoles() []Role { return []Role{Releaser, Supervisor} }

// GatesRelease reports whether what is sent under the accord is drafted first,
// and released by an act of its own. A recall never is: it must be quick, and
// takes back what two officers have released.
func (a Accord) GatesRelease(kind Kind) bool {
	return kind.Released() && kind != KindRecall && (a.TwoOfficers || a.RightsCheck)
}

// AdmitsRelease reports whether the release has what the accord asks of it:
// two officers, of whom one may release, and a rights check. The error is a
// *Refused that names the clause.
func (a Accord) AdmitsRelease(rel Release) error {
	if !a.GatesRelease(rel.Kind) {
		return nil
	}
	refuse := func(problem, hint string) error {
		return &Refused{Code: NotAdmitted, Detail: "accord " + a.Name + ", clause release: " + problem, Hint: hint}
	}
	if a.TwoOfficers && !rel.twoOfficers() {
		return refuse(fmt.Sprintf("a %s is signed by two officers, of whom one is %s", rel.Kind, strings.ReplaceAll(joined(ReleaseRoles()), ", ", " or ")), "another officer than the drafter releases it with `heed release CASE --as OFFICER`")
	}
	if a.RightsCheck && rel.Check.IsZero() {
		return refuse(fmt.Sprintf("a %s is released with a rights check", rel.Kind), "fill in the form and add it: `heed release CASE --form FILE`")
	}
	return nil
}

// twoOfficers reports whether two persons signed, and not one person with two
// keys, and one of those who signed the release itself as somebody who releases.
func (r Release) twoOfficers() bool {
	names := map[string]bool{}
	for _, o := range r.Signers() {
		name, _, _ := strings.Cut(o.Key, "+")
		names[name] = true
	}
	return len(names) > 1 && slices.ContainsFunc(r.Officers, func(o OfficerStamp) bool { return Permits(o.Role, ActRelease) })
}
