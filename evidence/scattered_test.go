package evidence

import (
	"slices"
	"testing"
	"time"

	"heed"
	"heed/ledger"
)

// scattered is a scene in which south gave its receipt, showed all witnesses
// the head with it, and one more head to the first few of them alone, and is
// silent. A head is renewed by those given.
type scattered struct {
	*scene
	warning, receipt *piece
	first, second    []byte
	north            []byte
}

func scatter(t *testing.T, between func(*scattered)) *scattered {
	t.Helper()
	s := &scattered{scene: newScene(t)}
	s.warning = s.scene.north.warns(s.south)
	s.wait(time.Second)
	s.receipt = s.south.receives(s.warning, s.scene.north)
	s.first, s.north = s.south.log.cut(), s.scene.north.log.cut()
	s.wait(time.Minute)
	if between != nil {
		between(s)
	}
	s.second = s.south.log.cut()
	s.wait(10 * time.Hour)
	return s
}

// certificate shows the reply's absence under heads of south's.
func (s *scattered) certificate(heads ...[]byte) Bundle {
	cert := s.silence(heed.DutyAssess, s.warning, s.receipt, heads[0], s.cosigned(s.north))
	for _, note := range heads[1:] {
		cert.Maps = append(cert.Maps, s.south.log.proof(note, s.warning.tag(ledger.SlotReceipt), s.warning.tag(ledger.SlotAssess)))
	}
	return cert
}

func TestSilenceOfWitnessesWithDifferentHeads(t *testing.T) {
	for _, split := range []int{1, 2, 3} {
		s := scatter(t, nil)
		some, rest := s.witnesses[:split], s.witnesses[split:]
		second, first := s.cosigned(s.second, some...), s.cosigned(s.first, rest...)
		v := s.only(s.verify(s.certificate(first, second)), Silent)
		if !v.AsOf.Equal(s.now) { // the third of four
			t.Errorf("split %d: as of %s, signed from %s", split, v.AsOf, s.now)
		}
		if want := []string{"w1", "w2", "w3", "w4"}; split == 2 && !slices.Equal(v.Witnesses, want) {
			t.Errorf("split %d: witnesses %v, want %v", split, v.Witnesses, want)
		}
		for _, alone := range [][]byte{first, second} {
			if split == 2 {
				s.only(s.verify(s.certificate(alone)), CannotTell)
			}
		}
	}
}

// Two witnesses are fewer than three, on however many heads they sign.
func TestAWitnessWithTwoHeadsCountsOnce(t *testing.T) {
	s := scatter(t, nil)
	two := s.witnesses[:2]
	s.only(s.verify(s.certificate(s.cosigned(s.first, two...), s.cosigned(s.second, two...))), CannotTell)
}

// A witness's own last time counts: what two said before the reply was due does
// not make up for what they do not say now.
func TestAnEarlyWordIsNoneOfNow(t *testing.T) {
	s := scatter(t, nil)
	s.wait(-10 * time.Hour)
	early := s.cosigned(s.first)
	s.wait(10 * time.Hour)
	v := s.only(s.verify(s.certificate(early, s.cosigned(s.second, s.witnesses[:2]...))), CannotTell)
	if !v.NotDueYet() {
		t.Errorf("%s: %s", v.Verdict, v.Why)
	}
}

// Whoever cosigned a head with the reply, and afterwards one without it, has
// lied and does not count.
func TestAWitnessThatTakesAReplyBack(t *testing.T) {
	s := scatter(t, func(s *scattered) { s.south.assesses(s.warning, s.scene.north) })
	s.wait(-time.Hour)
	with := s.cosigned(s.second, s.witnesses[0])
	s.wait(time.Hour)
	cert := s.certificate(s.cosigned(s.first, s.witnesses[:3]...))
	s.only(s.verify(cert), Silent) // w1 to w3, and nothing against any of them
	rebuttal := s.certificate(with)
	s.only(s.verify(cert, rebuttal), CannotTell)
	s.only(s.verify(s.certificate(s.cosigned(s.first)), rebuttal), Silent) // three without it

	// Cosigned later than the head without it, it takes nothing back.
	s.wait(time.Hour)
	s.only(s.verify(cert, s.certificate(s.cosigned(s.second, s.witnesses[0]))), Silent)
	// And where f + 1 have the reply it is there.
	s.only(s.verify(cert, s.certificate(s.cosigned(s.second, s.witnesses[:2]...))), LoggedNotDelivered)
}

// The reply is in the head that some witnesses hold: they do not count among
// those without it.
func TestAReplyThatSomeWitnessesHold(t *testing.T) {
	s := scatter(t, func(s *scattered) { s.south.assesses(s.warning, s.scene.north) })
	for n := 1; n <= 3; n++ {
		want := LoggedNotDelivered
		if n == 1 {
			want = Silent // three of four say that nothing was published, and one alone publishes nothing
		}
		s.only(s.verify(s.certificate(s.cosigned(s.first, s.witnesses[n:]...), s.cosigned(s.second, s.witnesses[:n]...))), want)
	}
}
