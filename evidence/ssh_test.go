package evidence

import (
	"errors"
	"slices"
	"testing"

	"heed"
	"heed/seal"
	"heed/seal/sshtest"
	"heed/wire"
)

// held is the key of an officer on a token or in a file.
func (sc *scene) held(name, algorithm string) seal.SigningKey {
	sc.t.Helper()
	holder := sshtest.New(algorithm, name)
	ssh, err := seal.ParseSSHKey(holder.Line())
	sc.must(err)
	key, err := ssh.Named(name)
	sc.must(err)
	return seal.HeldElsewhere(key, func(text []byte) ([]byte, error) {
		return seal.ParseSSHSignature(holder.Sign(sshtest.Namespace, string(text)), key)
	})
}

// What officers sign who hold their keys is shown like what others sign.
func TestStepsOfOfficersWhoHoldTheirKeys(t *testing.T) {
	for _, algorithm := range seal.SSHAlgorithms() {
		sc := newScene(t)
		sc.north.officer, sc.south.officer = sc.held("north.example/officer/ruth", algorithm), sc.held("south.example/officer/irina", algorithm)
		sc, _, assessment, b := heededIn(t, sc)
		steps := sc.verify(b).Cases[0].Steps
		if len(steps) != 2 {
			t.Fatalf("%s: %d steps", algorithm, len(steps))
		}
		for i, want := range []heed.OfficerID{"ruth", "irina"} {
			if len(steps[i].Officers) != 1 || steps[i].Officers[0].Name != want || steps[i].Officers[0].Role != heed.Supervisor {
				t.Errorf("%s: step %d is of %+v", algorithm, i, steps[i].Officers)
			}
		}

		// Another officer's signature in the place of hers: the statement is none.
		text, lines, err := seal.SplitNote(assessment.note, wire.MaxStatementText, wire.MaxSignatures)
		sc.must(err)
		lines[1].Signature, err = sc.held("south.example/officer/other", algorithm).Sign([]byte(text))
		sc.must(err)
		forged := b
		forged.Statements = slices.Clone(b.Statements)
		for i, s := range forged.Statements {
			if slices.Equal(s.Note, assessment.note) {
				forged.Statements[i].Note, err = seal.JoinNote(text, lines)
				sc.must(err)
			}
		}
		file, err := forged.Encode()
		sc.must(err)
		if r, err := Verify(sc.policy(), file); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: a forged assessment: %+v, %v", algorithm, r, err)
		}
	}
}
