package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"heed"
	"heed/evidence"
)

// demoWitnesses is how many witnesses the demonstration has. Two of them make a
// quorum; that one of them lies is not provided for, which takes four.
const demoWitnesses = 3

// keeper is the depositary of the demonstration.
type keeper struct {
	process *process
	card    string // file
}

// startKeeper starts the depositary, which both parties' cards name.
func (s *stage) startKeeper() (*keeper, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	home := filepath.Join(s.dir, "keeper")
	k := &keeper{card: filepath.Join(s.dir, "keeper.card")}
	k.process, err = launch(s.ctx, program, "the depositary", filepath.Join(s.dir, "keeper.log"), func(line string) bool {
		return strings.HasPrefix(line, "card fingerprint: ")
	}, "depositary", "--home", home, "--name", "keeper.example", "--listen", address)
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(s.ctx, program, "card", "--home", home).Output()
	if err == nil {
		err = os.WriteFile(k.card, out, 0o600)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("card of the depositary: %w", err), k.process.stop())
	}
	return k, nil
}

// startWitnesses starts the witnesses, makes them known to both nodes, and
// writes down whom a verifier believes.
func (s *stage) startWitnesses() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	arguments := []string{"policy", "--card", s.north.card, "--card", s.south.card, "--faulty", "0"}
	for i := range demoWitnesses {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		name := "w" + strconv.Itoa(i+1) + ".example"
		w, err := launch(s.ctx, program, "witness "+name, filepath.Join(s.dir, name+".log"), func(line string) bool {
			return strings.Contains(line, "http://"+address)
		}, "witness", "--home", filepath.Join(s.dir, name), "--name", name, "--listen", address, "--log", s.north.card, "--log", s.south.card)
		if err != nil {
			return err
		}
		s.witnesses = append(s.witnesses, w)
		for _, p := range []*player{s.north, s.south} {
			if _, err := p.run(s.ctx, "witness", "add", "http://"+address); err != nil {
				return err
			}
		}
		arguments = append(arguments, "--witness", "http://"+address)
	}
	policy, err := s.north.run(s.ctx, arguments...)
	if err != nil {
		return err
	}
	s.policy = filepath.Join(s.dir, "mine.policy")
	s.tell("Three witnesses cosign their ledgers (one may be down, none may lie: with three, two must agree), and\n%s keeps envelopes for whoever cannot be reached.", "keeper.example")
	return os.WriteFile(s.policy, policy, 0o600)
}

// prove writes evidence of a case and returns its file.
func (s *stage) prove(p *player, code heed.Code, what string, args ...string) string {
	file := filepath.Join(s.dir, fmt.Sprintf("%s-%s-%s.evidence", p.party, code, what))
	_, err := p.run(s.ctx, append([]string{"prove", string(code), "--out", file}, args...)...)
	s.must(err, string(p.party)+": prove")
	return file
}

// verify has a process of its own judge evidence: it has the files and the
// policy, and neither node nor network.
func (s *stage) verify(files ...string) evidence.Report {
	var out, complaint bytes.Buffer
	c := exec.CommandContext(s.ctx, s.north.program, append([]string{"verify", "--home", filepath.Join(s.dir, "nowhere"), "--json", "--policy", s.policy}, files...)...)
	c.Stdout, c.Stderr = &out, &complaint
	err := c.Run()
	s.check(err == nil, "the evidence does not hold: %v: %s", err, strings.TrimSpace(complaint.String()))
	var report evidence.Report
	s.must(json.Unmarshal(out.Bytes(), &report), "verdicts")
	return report
}

// provenHeeded opens the heeded case to an outsider down to two fields.
func (s *stage) provenHeeded(code heed.Code) evidence.Report {
	file := s.prove(s.north, code, "heeded", "--open", "headline,urgency")
	report := s.verify(file)
	fields, closed := 0, 0
	for _, c := range report.Cases {
		for _, step := range c.Steps {
			for _, content := range step.Contents {
				fields += len(content.Fields)
				closed += content.Closed
			}
		}
	}
	s.check(fields == 2 && closed > 0, "%d fields of the warning were opened and %d kept closed", fields, closed)
	for _, v := range report.Verdicts {
		s.check(v.Verdict == evidence.Answered && !v.Late, "the evidence says of the %s: %s %s", v.Duty, v.Verdict, v.Why)
	}
	s.check(len(report.Verdicts) > 0, "the evidence gives no verdict")
	s.scene("north proves to an outsider what was said and when: %d steps, two fields of the warning opened, %d kept closed", steps(report), closed)
	return report
}

func steps(report evidence.Report) (n int) {
	for _, c := range report.Cases {
		n += len(c.Steps)
	}
	return n
}

// provenSilent has each side show what the other has not answered, while it
// cannot reach the other: the witnesses have all that it needs.
func (s *stage) provenSilent(code heed.Code) []evidence.Report {
	s.network(true)
	defer s.network(false)
	s.scene("the network is cut once more: each side proves its case alone")
	var reports []evidence.Report
	for _, one := range []struct {
		by, of *player
		duty   heed.DutyKind
	}{{s.north, s.south, heed.DutyAssess}, {s.south, s.north, heed.DutyAnswer}} {
		file := s.prove(one.by, code, "silence", "--silence", string(one.duty), "--wait", "20s")
		report := s.verify(file)
		reports = append(reports, report)
		s.check(len(report.Verdicts) == 1, "%d verdicts on the certificate of %s", len(report.Verdicts), one.by.party)
		for _, v := range report.Verdicts {
			s.check(v.Verdict == evidence.Silent && v.OwedBy == one.of.party && v.Duty == one.duty, "the certificate says of the %s owed by %s: %s %s", v.Duty, v.OwedBy, v.Verdict, v.Why)
			s.scene("%s proves: no %s on record from %s as of %s (due %s)", one.by.party, one.duty.Words(), one.of.party, heed.FormatTime(v.AsOf.Time), heed.FormatTime(v.Due.Time))
		}
	}
	return reports
}
