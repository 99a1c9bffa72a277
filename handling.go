package heed

import "slices"

// Handling is what the recipient may do with a warning. It travels with the
// warning and binds forwarding: H2, originator control and TLP ask the
// originator first.
type Handling struct {
	TLP               TLP          `json:"tlp"`
	PAP               PAP          `json:"pap,omitempty"`
	PoliceCodes       []PoliceCode `json:"police-codes,omitempty"`
	Restriction       string       `json:"restriction,omitempty"`        // what H3 restricts; required with H3
	OriginatorControl bool         `json:"originator-control,omitempty"` // ask the originator before any further transfer
	Purposes          []Purpose    `json:"purposes,omitempty"`           // only for these; none: as the accord says
	ReleaseTo         []PartyID    `json:"release-to,omitempty"`         // may be passed on to these without asking
	DeleteAfter       Moment       `json:"delete-after,omitzero"`        // contents are to be erased after this
}

// TLP is a Traffic Light Protocol label (FIRST, TLP 2.0) without its "TLP:".
type TLP string

// The labels of TLP 2.0.
const (
	TLPRed         TLP = "RED"          // for the eyes of the individual recipients only
	TLPAmberStrict TLP = "AMBER+STRICT" // within the recipient's organisation, need to know
	TLPAmber       TLP = "AMBER"        // the organisation and its clients, need to know
	TLPGreen       TLP = "GREEN"        // within the community
	TLPClear       TLP = "CLEAR"        // no limit
)

// TLPs lists all labels, the strictest first.
func TLPs() []TLP { return []TLP{TLPRed, TLPAmberStrict, TLPAmber, TLPGreen, TLPClear} }

// ParseTLP reads a label in its exact spelling.
func ParseTLP(s string) (TLP, error) { return oneOf("TLP label", TLP(s), TLPs()) }

// StricterThan reports whether t allows less than u. A label that TLP 2.0 does
// not have, the empty one too, counts as stricter than RED, so that no mistake
// loosens anything.
func (t TLP) StricterThan(u TLP) bool { return slices.Index(TLPs(), t) < slices.Index(TLPs(), u) }

// PAP is a Permissible Actions Protocol label: how visibly one may act on what
// one was told. The empty PAP states nothing.
type PAP string

// The labels of PAP.
const (
	PAPRed   PAP = "RED"   // no action that anyone outside could notice
	PAPAmber PAP = "AMBER" // passive cross-checks with third parties
	PAPGreen PAP = "GREEN" // active, non-intrusive actions
	PAPClear PAP = "CLEAR" // no limit
)

// PAPs lists all labels, the strictest first.
func PAPs() []PAP { return []PAP{PAPRed, PAPAmber, PAPGreen, PAPClear} }

// ParsePAP reads a label in its exact spelling.
func ParsePAP(s string) (PAP, error) { return oneOf("PAP label", PAP(s), PAPs()) }

// StricterThan reports whether p allows less than q. The empty PAP is the
// laxest; a label that PAP does not have counts as stricter than RED.
func (p PAP) StricterThan(q PAP) bool {
	order := append(PAPs(), "")
	return slices.Index(order, p) < slices.Index(order, q)
}

// PoliceCode is a handling code as European police cooperation uses it.
type PoliceCode string

// The police handling codes.
const (
	H0 PoliceCode = "H0" // only to prevent and combat crime
	H1 PoliceCode = "H1" // not in judicial proceedings without the provider's permission
	H2 PoliceCode = "H2" // not disseminated without the provider's permission
	H3 PoliceCode = "H3" // other restrictions, stated in Handling.Restriction
)

// PoliceCodes lists all police handling codes.
func PoliceCodes() []PoliceCode { return []PoliceCode{H0, H1, H2, H3} }

// ParsePoliceCode reads a police handling code.
func ParsePoliceCode(s string) (PoliceCode, error) {
	return oneOf("police handling code", PoliceCode(s), PoliceCodes())
}

// Purpose is a use to which the recipient may put a warning.
type Purpose string

// The purposes.
const (
	PurposeProtectionOfLife  Purpose = "protection-of-life"
	PurposePrevention        Purpose = "prevention"    // of crime
	PurposeInvestigation     Purpose = "investigation" // of crime
	PurposeProsecution       Purpose = "prosecution"
	PurposeNationalSecurity  Purpose = "national-security"
	PurposeBorderControl     Purpose = "border-control"
	PurposeEventSecurity     Purpose = "event-security"
	PurposeNetworkDefence    Purpose = "network-defence"
	PurposeFinancialAnalysis Purpose = "financial-analysis"
	PurposePublicHealth      Purpose = "public-health"
	PurposeHumanitarian      Purpose = "humanitarian"
	PurposeExercise          Purpose = "exercise"
)

// Purposes lists all purposes.
func Purposes() []Purpose {
	return []Purpose{
		PurposeProtectionOfLife, PurposePrevention, PurposeInvestigation, PurposeProsecution,
		PurposeNationalSecurity, PurposeBorderControl, PurposeEventSecurity, PurposeNetworkDefence,
		PurposeFinancialAnalysis, PurposePublicHealth, PurposeHumanitarian, PurposeExercise,
	}
}

// ParsePurpose reads a purpose.
func ParsePurpose(s string) (Purpose, error) { return oneOf("purpose", Purpose(s), Purposes()) }

// AskFirst reports whether the originator is to be asked before the warning is
// passed on to party: originator control, H2, and TLP RED, AMBER+STRICT and
// AMBER forbid it, except to those to whom release was granted in advance.
func (h Handling) AskFirst(party PartyID) bool {
	return h.askBecause(party) != ""
}

func (h Handling) check(c *checker) {
	term(c, "handling/tlp", "TLP label", h.TLP, TLPs(), required)
	term(c, "handling/pap", "PAP label", h.PAP, PAPs(), optional)
	terms(c, "handling/police-codes", "police handling code", h.PoliceCodes, PoliceCodes())
	c.text("handling/restriction", h.Restriction, MaxNote, lines)
	h3 := slices.Contains(h.PoliceCodes, H3)
	if h3 && h.Restriction == "" {
		c.bad("handling/restriction", "is missing, and the police code H3 means that there is one", "write what is restricted, or leave H3 out")
	}
	if !h3 && h.Restriction != "" {
		c.bad("handling/restriction", "stands without the police code H3", "add H3 to police-codes")
	}
	terms(c, "handling/purposes", "purpose", h.Purposes, Purposes())
	c.most("handling/release-to", len(h.ReleaseTo), MaxReleaseTo)
	for i, party := range h.ReleaseTo {
		path := at("handling/release-to", i)
		if _, err := ParsePartyID(string(party)); err != nil {
			c.bad(path, "is not a party's name", "write it like north.example: lower-case letters, digits and hyphens, with a dot")
		} else if slices.Index(h.ReleaseTo, party) < i {
			c.bad(path, "stands twice", "leave one of them out")
		}
	}
	c.moment("handling/delete-after", h.DeleteAfter)
}
