package exchange

import (
	"sync"
	"time"

	"heed"
)

// signing remembers in which cases officers are being asked to sign. What the
// node itself would say in such a case waits, for MaxSigning at most: the officer
// would have to sign again else, and whoever makes the node speak, by a question,
// could keep the officer from answering. People are told all the same.
type signing struct {
	mu   sync.Mutex
	in   map[heed.CaseID][]*time.Time // since when; each once for every act
	told map[string]string            // notices that wait to be put on record: the channels that carried them
}

// begin says that an act in a case is being signed from now on, until end.
func (s *signing) begin(id heed.CaseID, now time.Time) (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in == nil {
		s.in = map[heed.CaseID][]*time.Time{}
	}
	act := &now
	s.in[id] = append(s.in[id], act)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		var others []*time.Time
		for _, other := range s.in[id] {
			if other != act {
				others = append(others, other)
			}
		}
		if s.in[id] = others; others == nil {
			delete(s.in, id)
		}
	}
}

// goesOn reports whether an officer is signing in a case, and may still be in time.
func (s *signing) goesOn(id heed.CaseID, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, since := range s.in[id] {
		if now.Sub(*since) <= MaxSigning {
			return true
		}
	}
	return false
}

// wait keeps that a person was told, which is still to be put on record. A node
// that stops forgets it, and tells the person again.
func (s *signing) wait(notice, via string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told == nil {
		s.told = map[string]string{}
	}
	s.told[notice] = via
}

// waits is how a person was told already; false: not yet.
func (s *signing) waits(notice string) (via string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	via, ok = s.told[notice]
	return via, ok
}

// forget ends the waiting of a notice.
func (s *signing) forget(notice string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.told, notice)
}
