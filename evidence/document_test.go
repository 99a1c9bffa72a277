package evidence

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"heed"
)

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The pages name every word that files and scripts rely on, and the bounds.
func TestThePagesSayItAll(t *testing.T) {
	evidence := page(t, "evidence.md")
	var words []string
	for lie := range lies {
		words = append(words, "| `"+string(lie)+"` |")
	}
	for _, f := range []Finding{Silent, Answered, LoggedNotDelivered, PromisedNotPublished, NeverAccepted, DeliveryNotShown, Recalled, LedgerInconsistency, CannotTell, UnknownSigner} {
		words = append(words, "`"+string(f)+"`")
	}
	for _, kind := range []ClaimKind{ClaimSteps, ClaimSilence, ClaimMisbehaviour} {
		words = append(words, "| `"+string(kind)+"` |")
	}
	for kind, name := range map[partType]string{partClaim: "claim", partCard: "card", partStatement: "statement", partRelease: "release", partContent: "content",
		partHeader: "header", partCheckpoint: "checkpoint", partLeaf: "leaf", partMap: "map", partInsertion: "insertion"} {
		words = append(words, "| "+strconv.Itoa(int(kind))+" | "+name+" |", "| "+thousands(most[kind])+" |")
	}
	for duty := range slotNames {
		words = append(words, string(duty))
	}
	words = append(words, thousands(MaxBundle), thousands(MaxBundleBare), "0 to "+strconv.Itoa(MaxPaths)+" paths")
	for _, word := range words {
		if !strings.Contains(evidence, word) {
			t.Errorf("docs/evidence.md has no %q", word)
		}
	}
	policy := page(t, "policy.md")
	for _, word := range []string{policyFirst, thousands(MaxPolicy), thousands(MaxPolicyParties), "64 witness", "32 groups", "32 members"} {
		if !strings.Contains(policy, word) {
			t.Errorf("docs/policy.md has no %q", word)
		}
	}
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// The claims of section 2, line for line.
func TestTheClaimsOfThePage(t *testing.T) {
	d := strings.Repeat("ab", 32)
	id, err := heed.ParseDigest(d)
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Claim{
		"heed-claim/v1\nclaim: steps\ncase: " + d + "\n":                      {Kind: ClaimSteps, Case: heed.CaseID(id)},
		"heed-claim/v1\nclaim: silence\nstatement: " + d + "\nduty: assess\n": {Kind: ClaimSilence, Statement: heed.StatementID(id), Duty: heed.DutyAssess},
		"heed-claim/v1\nclaim: misbehaviour\nparty: south.example\nlie: two-statements\nledger: none\nat: none\nstatement: " + d + "\nother: " + d + "\n": {
			Kind: ClaimMisbehaviour, Party: "south.example", Lie: TwoStatements, At: -1, Statement: heed.StatementID(id), Other: heed.StatementID(id)},
	} {
		text, err := c.encode()
		if err != nil || string(text) != want {
			t.Errorf("%v: %s", err, text)
		}
	}
}
