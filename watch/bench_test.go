package watch

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// sdn is how many entities the SDN list of November 2023 has.
const sdn = 11_443

// generated is an index of the persons of watch_dev, as far as they go, and of
// generated ones, and the memory that it takes for each name.
func generated(b testing.TB, subjects int) (x *Index, names int, bytesEach float64) {
	var before, after runtime.MemStats
	m := model(b)
	runtime.GC()
	runtime.ReadMemStats(&before)
	x = New(m)
	all := devWatch(b)
	g := newGenerator(b, 20261123)
	all = all[:min(len(all), subjects)]
	next := 0
	fill(b, x, subjects, func() Subject {
		if next++; next <= len(all) {
			names += len(all[next-1].Person.Names)
			return all[next-1]
		}
		names++
		return g.subject()
	})
	g, all = nil, nil
	runtime.GC()
	runtime.ReadMemStats(&after)
	return x, names, float64(after.HeapAlloc-before.HeapAlloc) / float64(names)
}

// fill puts n more subjects on watch, on all processors; one at a time is taken.
func fill(b testing.TB, x *Index, n int, take func() Subject) {
	var mu sync.Mutex
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for {
				mu.Lock()
				if n == 0 {
					mu.Unlock()
					return
				}
				n--
				s := take()
				mu.Unlock()
				if err := x.Put(s); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// changes puts and removes a subject n times, and gives what a half of that took
// at p99, by the clock.
func changes(b testing.TB, x *Index, g *generator, n int) time.Duration {
	var times []time.Duration
	for range n {
		s := g.subject()
		s.ID = "another"
		at := time.Now()
		if err := x.Put(s); err != nil {
			b.Fatal(err)
		}
		x.Remove(s.ID)
		times = append(times, time.Since(at)/2)
	}
	slices.Sort(times)
	return times[len(times)*99/100]
}

func processorTime(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// screened is what screening a stream of records took.
type screened struct {
	each, p50, p99 time.Duration // of processor time; of the clock
	rate           float64
	hits           int
}

// screen passes n records of the development travellers, each of them once
// before any comes again, through a screener a processor.
func screen(b testing.TB, x *Index, records []Record, n int) screened {
	workers := runtime.GOMAXPROCS(0)
	var next, hits atomic.Int64
	times := make([][]time.Duration, workers)
	begun, spent := time.Now(), processorTime(b)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			s := x.NewScreener()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				at := time.Now()
				if len(s.Screen(records[i%len(records)])) > 0 {
					hits.Add(1)
				}
				times[w] = append(times[w], time.Since(at))
			}
		})
	}
	group.Wait()
	took := time.Since(begun)
	all := slices.Concat(times...)
	slices.Sort(all)
	return screened{
		each: (processorTime(b) - spent) / time.Duration(n), p50: all[len(all)/2], p99: all[len(all)*99/100],
		rate: float64(n) / took.Seconds(), hits: int(hits.Load()),
	}
}

// BenchmarkScreen screens innocent travellers against lists of growing size.
// What is reported is of the whole stream, on all processors.
func BenchmarkScreen(b *testing.B) {
	records := devTravellers(b)
	for _, subjects := range []int{1000, sdn, 100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(subjects), func(b *testing.B) {
			x, names, each := generated(b, subjects)
			b.ResetTimer()
			got := screen(b, x, records, b.N)
			b.ReportMetric(got.rate, "records/s")
			b.ReportMetric(float64(got.each.Nanoseconds())/1000, "cpu-µs/record")
			b.ReportMetric(float64(got.p50.Nanoseconds())/1000, "p50-µs")
			b.ReportMetric(float64(got.p99.Nanoseconds())/1000, "p99-µs")
			b.ReportMetric(each, "B/name")
			b.ReportMetric(float64(names), "names")
			b.ReportMetric(float64(got.hits)*10_000/float64(b.N), "hits/10000")
		})
	}
}

// BenchmarkChange puts and removes one subject of a full index, a thousand times.
func BenchmarkChange(b *testing.B) {
	for _, subjects := range []int{sdn, 1_000_000} {
		b.Run(fmt.Sprint(subjects), func(b *testing.B) {
			x, _, _ := generated(b, subjects)
			g := newGenerator(b, 7)
			for b.Loop() {
				b.ReportMetric(float64(changes(b, x, g, 1000).Nanoseconds())/1000, "p99-µs")
			}
		})
	}
}

// BenchmarkSnapshot writes and reads one.
func BenchmarkSnapshot(b *testing.B) {
	for _, subjects := range []int{sdn, 1_000_000} {
		x, names, _ := generated(b, subjects)
		var out bytes.Buffer
		b.Run(fmt.Sprintf("write/%d", subjects), func(b *testing.B) {
			for b.Loop() {
				out.Reset()
				if err := x.WriteSnapshot(&out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(out.Len())/float64(names), "B/name")
		})
		b.Run(fmt.Sprintf("read/%d", subjects), func(b *testing.B) {
			for b.Loop() {
				if _, err := ReadSnapshot(bytes.NewReader(out.Bytes()), model(b)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
