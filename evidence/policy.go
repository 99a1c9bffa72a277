package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"heed"
	"heed/ledger"
)

// Bounds of a policy (docs/policy.md, section 1).
const (
	MaxPolicy           = 256 << 10 // bytes
	MaxPolicyWitnesses  = 64        // lines of witnesses and corroborators
	MaxPolicyGroups     = 32
	MaxPolicyGroupNames = 32
	MaxPolicyParties    = 1024
)

const policyFirst = "heed-policy/v1"

// A Policy is the verifier's own: whom it believes about identity and time. It
// is never taken from a bundle. The zero Policy believes nobody.
type Policy struct {
	Witnesses []PolicyWitness
	Groups    []PolicyGroup
	Parties   []PolicyParty
}

// A PolicyWitness is one key of a witness. Several entries with one name are
// one witness.
type PolicyWitness struct {
	Name          string
	Key           ledger.CosignerKey
	URL           string // where it is asked; may be empty
	Corroborating bool   // a plain C2SP witness: shown, and counted for nothing
}

// A PolicyGroup is the witnesses that count together. Quorum.N is the number
// of Members.
type PolicyGroup struct {
	Name    string
	Quorum  ledger.Quorum
	Members []string
}

// A PolicyParty pins a party to a card, and its ledger to a group. An empty Group
// says that nobody watches the ledger: that is enough for figures, which rest on
// signatures alone, and for nothing else.
type PolicyParty struct {
	Party heed.PartyID
	Card  heed.CardID
	Group string
}

// PolicyError says what is wrong with a policy, and in which line. It matches
// ErrPolicy.
type PolicyError struct {
	Line    int // from 1; 0 where no line is at fault
	Problem string
}

func (e *PolicyError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%v: %s", ErrPolicy, e.Problem)
	}
	return fmt.Sprintf("%v: line %d: %s", ErrPolicy, e.Line, e.Problem)
}

// Is makes errors.Is(err, ErrPolicy) true.
func (e *PolicyError) Is(target error) bool { return target == ErrPolicy }

// ParsePolicy reads a policy and checks all of it, both quorum inequalities of
// every group among it. One that leaves a party without a group is for figures
// alone, and refused here. Errors are *PolicyError.
func ParsePolicy(text []byte) (Policy, error) { return parsePolicy(text, false) }

// ParseFiguresPolicy is ParsePolicy for VerifyFigures: a party may be without a
// group.
func ParseFiguresPolicy(text []byte) (Policy, error) { return parsePolicy(text, true) }

func parsePolicy(text []byte, figures bool) (Policy, error) {
	fail := func(line int, format string, args ...any) (Policy, error) {
		return Policy{}, &PolicyError{Line: line, Problem: fmt.Sprintf(format, args...)}
	}
	body, ended := strings.CutSuffix(string(text), "\n")
	switch {
	case len(text) == 0:
		return fail(0, "the policy is empty: did what was to write it fail?")
	case len(text) > MaxPolicy:
		return fail(0, "%d bytes, and at most %d are read", len(text), MaxPolicy)
	case !utf8.ValidString(body) || strings.ContainsFunc(body, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }):
		return fail(0, "it is not UTF-8 text, or has control characters in it")
	case !ended:
		return fail(0, "the last line does not end in a line feed: is the file complete?")
	}
	b := policyBuilder{figures: figures}
	for i, line := range strings.Split(body, "\n") {
		if i == 0 {
			if line != policyFirst {
				return fail(1, "it is %q where %q is expected: is this a policy?", clip(line), policyFirst)
			}
			continue
		}
		items := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(items) == 0 || strings.HasPrefix(items[0], "#") {
			continue
		}
		if problem := b.line(items); problem != "" {
			return fail(i+1, "%s", problem)
		}
	}
	if problem := b.end(); problem != "" {
		return fail(0, "%s", problem)
	}
	return b.policy, nil
}

// Check reports whether the policy is one that ParsePolicy would give. Errors
// are *PolicyError.
func (p Policy) Check() error {
	_, err := ParsePolicy([]byte(p.String()))
	return err
}

// CheckFigures is Check for a policy of ParseFiguresPolicy.
func (p Policy) CheckFigures() error {
	_, err := ParseFiguresPolicy([]byte(p.String()))
	return err
}

// String is the policy's text, which ParsePolicy reads.
func (p Policy) String() string {
	var b strings.Builder
	b.WriteString(policyFirst + "\n")
	line := func(items ...string) { b.WriteString(strings.TrimRight(strings.Join(items, " "), " ") + "\n") }
	for _, w := range p.Witnesses {
		kind := "witness"
		if w.Corroborating {
			kind = "corroborator"
		}
		line(kind, w.Name, w.Key.String(), w.URL)
	}
	for _, g := range p.Groups {
		line(append([]string{"group", g.Name, strconv.Itoa(g.Quorum.F), strconv.Itoa(g.Quorum.Q), strconv.Itoa(g.Quorum.S)}, g.Members...)...)
	}
	for _, q := range p.Parties {
		line("party", string(q.Party), q.Card.String(), q.Group)
	}
	return b.String()
}

// Party is what the policy says of a party; false where it says nothing.
func (p Policy) Party(id heed.PartyID) (PolicyParty, bool) {
	i := slices.IndexFunc(p.Parties, func(q PolicyParty) bool { return q.Party == id })
	if i < 0 {
		return PolicyParty{}, false
	}
	return p.Parties[i], true
}

// Group finds a group by its name.
func (p Policy) Group(name string) (PolicyGroup, bool) {
	i := slices.IndexFunc(p.Groups, func(g PolicyGroup) bool { return g.Name == name })
	if i < 0 {
		return PolicyGroup{}, false
	}
	return p.Groups[i], true
}

// Members are the witnesses of a group, each with all its keys.
func (p Policy) Members(g PolicyGroup) []ledger.Witness {
	all := make([]ledger.Witness, len(g.Members))
	for i, name := range g.Members {
		all[i] = p.witness(name)
	}
	return all
}

func (p Policy) witness(name string) ledger.Witness {
	w := ledger.Witness{Name: name}
	for _, entry := range p.Witnesses {
		if entry.Name == name {
			w.Keys = append(w.Keys, entry.Key)
		}
	}
	return w
}

// corroborators are the witnesses that count for nothing.
func (p Policy) corroborators() []ledger.Witness {
	var all []ledger.Witness
	for i, entry := range p.Witnesses {
		first := !slices.ContainsFunc(p.Witnesses[:i], func(w PolicyWitness) bool { return w.Name == entry.Name })
		if entry.Corroborating && first {
			all = append(all, p.witness(entry.Name))
		}
	}
	return all
}

// policyBuilder takes lines one by one. A problem is in words, empty for none.
type policyBuilder struct {
	policy  Policy
	figures bool // a party may be without a group
}

func (b *policyBuilder) line(items []string) (problem string) {
	switch items[0] {
	case "witness", "corroborator":
		return b.witness(items)
	case "group":
		return b.group(items)
	case "party":
		return b.party(items)
	}
	return fmt.Sprintf("%q is none of witness, corroborator, group and party", clip(items[0]))
}

func (b *policyBuilder) witness(items []string) string {
	if len(items) != 3 && len(items) != 4 {
		return fmt.Sprintf("write it like `%s NAME VKEY` or `%s NAME VKEY URL`", items[0], items[0])
	}
	w := PolicyWitness{Name: items[1], Corroborating: items[0] == "corroborator"}
	if !isPolicyName(w.Name) {
		return badName(w.Name)
	}
	var err error
	if w.Key, err = ledger.ParseCosignerKey(items[2]); err != nil {
		return fmt.Sprintf("the key of %s: %v", w.Name, err)
	}
	if len(items) == 4 {
		if w.URL = items[3]; !strings.HasPrefix(w.URL, "https://") && !strings.HasPrefix(w.URL, "http://") {
			return fmt.Sprintf("%q is no URL that begins with https:// or http://", clip(w.URL))
		}
	}
	if len(b.policy.Witnesses) == MaxPolicyWitnesses {
		return fmt.Sprintf("more than %d witnesses", MaxPolicyWitnesses)
	}
	for _, other := range b.policy.Witnesses {
		switch {
		case other.Name == w.Name && other.Corroborating != w.Corroborating:
			return fmt.Sprintf("%s is a witness in one line and a corroborator in another", w.Name)
		case publicKey(other.Key) == publicKey(w.Key):
			return fmt.Sprintf("this key is that of %s already: whoever holds it would count twice", other.Name)
		}
	}
	b.policy.Witnesses = append(b.policy.Witnesses, w)
	return ""
}

// publicKey is the key itself, whatever it is called.
func publicKey(k ledger.CosignerKey) string {
	_, rest, _ := strings.Cut(k.String(), "+")
	_, key, _ := strings.Cut(rest, "+")
	return key
}

func (b *policyBuilder) group(items []string) string {
	if len(items) < 6 {
		return "write it like `group GROUP F Q S NAME...`: how many may be faulty, how many publish, how many prove silence, and who they are"
	}
	g := PolicyGroup{Name: items[1], Members: items[5:], Quorum: ledger.Quorum{N: len(items) - 5}}
	if !isPolicyName(g.Name) {
		return badName(g.Name)
	}
	if _, ok := b.policy.Group(g.Name); ok {
		return fmt.Sprintf("group %s stands twice", g.Name)
	}
	for i, to := range []*int{&g.Quorum.F, &g.Quorum.Q, &g.Quorum.S} {
		n, err := strconv.Atoi(items[2+i])
		if err != nil || strconv.Itoa(n) != items[2+i] {
			return fmt.Sprintf("%q is not a whole number", clip(items[2+i]))
		}
		*to = n
	}
	if len(g.Members) > MaxPolicyGroupNames || len(b.policy.Groups) == MaxPolicyGroups {
		return fmt.Sprintf("more than %d groups, or more than %d witnesses in one", MaxPolicyGroups, MaxPolicyGroupNames)
	}
	for i, name := range g.Members {
		at := slices.IndexFunc(b.policy.Witnesses, func(w PolicyWitness) bool { return w.Name == name })
		switch {
		case at < 0:
			return fmt.Sprintf("no line above names a witness %q", clip(name))
		case b.policy.Witnesses[at].Corroborating:
			return fmt.Sprintf("%s is a corroborator: only mirroring witnesses count", name)
		case slices.Contains(g.Members[:i], name):
			return fmt.Sprintf("%s stands twice in the group", name)
		}
	}
	if err := g.Quorum.Check(); err != nil {
		return fmt.Sprintf("group %s: %v", g.Name, err)
	}
	b.policy.Groups = append(b.policy.Groups, g)
	return ""
}

func (b *policyBuilder) party(items []string) string {
	if len(items) == 3 && !b.figures {
		return "it names no group of witnesses: such a policy is for figures alone (`heed stats verify`)"
	}
	if len(items) == 3 {
		items = append(items, "")
	}
	if len(items) != 4 {
		return "write it like `party PARTY CARD GROUP`, the card by the 64 hexadecimal digits of its SHA-256"
	}
	id, err := heed.ParsePartyID(items[1])
	if err != nil {
		return err.Error()
	}
	card, err := heed.ParseDigest(items[2])
	if err != nil {
		return err.Error()
	}
	_, known := b.policy.Group(items[3])
	_, twice := b.policy.Party(id)
	switch {
	case card.IsZero():
		return "a card of zeros is nobody's"
	case !known && items[3] != "":
		return fmt.Sprintf("no line above names a group %q", clip(items[3]))
	case twice:
		return fmt.Sprintf("party %s stands twice", id)
	case len(b.policy.Parties) == MaxPolicyParties:
		return fmt.Sprintf("more than %d parties", MaxPolicyParties)
	}
	b.policy.Parties = append(b.policy.Parties, PolicyParty{Party: id, Card: heed.CardID(card), Group: items[3]})
	return ""
}

func (b *policyBuilder) end() string {
	if len(b.policy.Parties) == 0 {
		return "it pins no party: add a line like `party PARTY CARD GROUP`"
	}
	return ""
}

func isPolicyName(s string) bool {
	ok := len(s) >= 1 && len(s) <= 40
	for _, c := range s {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-')
	}
	return ok
}

func badName(s string) string {
	return fmt.Sprintf("%q is no name: use 1 to 40 lower-case letters, digits, dots and hyphens", clip(s))
}
