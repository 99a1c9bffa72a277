package watch

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	subjects := devWatch(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begun := time.Now()
	cpu0 := cpuTime()
	x := filled(t, subjects)
	_ = begun
	runtime.GC()
	runtime.ReadMemStats(&after)
	n := 0
	for _, s := range subjects {
		n += len(s.Person.Names)
	}
	t.Logf("put %d subjects, %d names: %v (cpu), %.0f B a name, %d tokens, %d keys", len(subjects), n, cpuTime()-cpu0, float64(after.HeapAlloc-before.HeapAlloc)/float64(n), x.names.high, len(x.names.byKey))
	records, of := devRecords(t)
	travellers := devTravellers(t)
	s := x.NewScreener()
	for _, set := range []struct {
		name    string
		records []Record
	}{{"records", records}, {"travellers", travellers[:10000]}, {"again", travellers[:10000]}} {
		begun = time.Now()
		cpu := cpuTime()
		hits, first := 0, 0
		var times []time.Duration
		for i, r := range set.records {
			at := time.Now()
			h := s.Screen(r)
			times = append(times, time.Since(at))
			hits += min(1, len(h))
			if set.name == "records" && len(h) > 0 && h[0].Subject == of[i] {
				first++
			}
		}
		took := time.Since(begun)
		slices.Sort(times)
		t.Logf("%s: %d of %d hit, %d first; %.0f/s, cpu %v each, p50 %v p99 %v", set.name, hits, len(set.records), first, float64(len(set.records))/took.Seconds(), (cpuTime()-cpu)/time.Duration(len(set.records)), times[len(times)/2], times[len(times)*99/100])
	}
	runtime.KeepAlive(x)
}

func TestTryOracle(t *testing.T) {
	subjects := devWatch(t)[:1200]
	x := filled(t, subjects)
	spelt := map[SubjectID][]spelling{}
	for i := range subjects {
		spelt[subjects[i].ID] = spellings(&subjects[i])
	}
	records, of := devRecords(t)
	s := x.NewScreener()
	want, missed, tried := 0, 0, 0
	for i, r := range append(records, devTravellers(t)[:40]...) {
		if i < len(records) {
			if _, ok := spelt[of[i]]; !ok {
				continue
			}
		}
		if tried++; tried > 160 && i < len(records) {
			continue
		}
		q := ask(&r)
		var hits []Hit
		for k := range subjects {
			if h, ok := x.judge.score(q, &subjects[k], spelt[subjects[k].ID]); ok {
				hits = append(hits, h)
			}
		}
		hits = rank(hits)
		got := s.Screen(r)
		for _, h := range hits {
			want++
			if !slices.ContainsFunc(got, func(g Hit) bool { return g.Subject == h.Subject }) {
				missed++
				if missed < 12 {
					t.Logf("missed %s for %s %q: %s", h.Subject, r.ID, r.Names[0].Text, h.Explanation.Text())
				}
			}
		}
	}
	t.Logf("%d of %d missed", missed, want)
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
