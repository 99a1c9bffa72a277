package watch

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

var (
	growthPlot = flag.String("growth", "", "where BenchmarkGrowth draws its plot; none, if it is empty")
	growthTo   = flag.Int("growth-to", 1_000_000, "the size of list up to which BenchmarkGrowth goes, from 1,000 on, in tenfold steps")
)

// grown is one size of BenchmarkGrowth.
type grown struct {
	subjects int
	each     time.Duration
	p99      time.Duration
	bytes    float64       // a name
	change   time.Duration // p99
}

// BenchmarkGrowth lets one list grow tenfold from step to step, and at each size
// screens 5,000 innocent travellers that have not been screened before.
//
//	go test ./watch -run '^$' -bench Growth -benchtime 1x -timeout 2h -growth ../docs/growth.svg -growth-to 10000000
func BenchmarkGrowth(b *testing.B) {
	records := devTravellers(b)
	for b.Loop() {
		var before, after runtime.MemStats
		m := model(b)
		g := newGenerator(b, 20261123)
		runtime.GC()
		runtime.ReadMemStats(&before)
		x := New(m)
		made := func() float64 { // what the generator itself remembers
			n := 16 * cap(g.made)
			for _, w := range g.made {
				n += (len(w) + 7) / 8 * 8
			}
			return float64(n)
		}
		var all []grown
		const perSize = 5000
		from := 0
		for size := 1000; size <= *growthTo; size *= 10 {
			fill(b, x, size-x.Len(), g.subject)
			change := changes(b, x, g, 500)
			x.memory = memory{} // what it knows of records is no part of the list
			runtime.GC()
			runtime.ReadMemStats(&after)
			if from+perSize > len(records) {
				from = 0
			}
			got := screen(b, x, records[from:from+perSize], perSize)
			from += perSize
			step := grown{size, got.each, got.p99, (float64(after.HeapAlloc-before.HeapAlloc) - made()) / float64(size), change}
			b.Logf("%d subjects: %v of processor time a record, p50 %v, p99 %v, %.0f/s, %.0f hits in 10,000; %.0f bytes a name; a Put or a Remove at p99 %v",
				size, step.each, got.p50, step.p99, got.rate, float64(got.hits)*10_000/perSize, step.bytes, change)
			all = append(all, step)
		}
		if *growthPlot != "" {
			if err := os.WriteFile(*growthPlot, []byte(plot(all)), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// plot draws cost, on a logarithmic axis, and memory over the size of the list.
func plot(all []grown) string {
	const (
		width, height       = 720, 420
		left, right         = 70, 690
		top, bottom         = 40, 360
		lowest, highest     = 10.0, 1_000_000.0 // µs
		lowestMem, mostMem  = 0.0, 1000.0
		ink, faint, dots    = "#1a1a1a", "#d0d0d0", "#0b5cad"
		second, secondLabel = "#b3541e", "bytes a name"
	)
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img" aria-labelledby="t">`+"\n", width, height)
	fmt.Fprintf(&s, `<title id="t">Processor time to screen a record, and memory a name, from 10^3 to 10^%d subjects</title>`+"\n", int(math.Log10(float64(all[len(all)-1].subjects))))
	fmt.Fprintf(&s, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	decades := math.Log10(float64(all[len(all)-1].subjects)) - 3
	xOf := func(n int) float64 { return left + (math.Log10(float64(n))-3)/math.Max(decades, 1)*(right-left-60) }
	yOf := func(d time.Duration) float64 {
		v := math.Log10(float64(d.Nanoseconds()) / 1000 / lowest)
		return bottom - v/math.Log10(highest/lowest)*(bottom-top)
	}
	memOf := func(v float64) float64 { return bottom - (v-lowestMem)/(mostMem-lowestMem)*(bottom-top) }
	for us := lowest; us <= highest; us *= 10 {
		y := yOf(time.Duration(us) * time.Microsecond)
		label := fmt.Sprintf("%g µs", us)
		if us >= 1000 {
			label = fmt.Sprintf("%g ms", us/1000)
		}
		fmt.Fprintf(&s, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="%s"/><text x="%d" y="%.1f" text-anchor="end" fill="%s">%s</text>`+"\n", left, right-60, y, y, faint, left-8, y+4, ink, label)
	}
	for v := 0.0; v <= mostMem; v += 100 {
		fmt.Fprintf(&s, `<text x="%d" y="%.1f" fill="%s">%g B</text>`+"\n", right-50, memOf(v)+4, second, v)
	}
	line := func(colour, dash string, y func(grown) float64) {
		var points []string
		for _, g := range all {
			points = append(points, fmt.Sprintf("%.1f,%.1f", xOf(g.subjects), y(g)))
			fmt.Fprintf(&s, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", xOf(g.subjects), y(g), colour)
		}
		fmt.Fprintf(&s, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.Join(points, " "), colour, dash)
	}
	line(dots, "", func(g grown) float64 { return yOf(g.each) })
	line(dots, ` stroke-dasharray="2 4"`, func(g grown) float64 { return yOf(g.p99) })
	line(second, ` stroke-dasharray="7 4"`, func(g grown) float64 { return memOf(math.Min(g.bytes, mostMem)) })
	for _, g := range all {
		fmt.Fprintf(&s, `<text x="%.1f" y="%d" text-anchor="middle" fill="%s">10<tspan dy="-5" font-size="10">%d</tspan></text>`+"\n", xOf(g.subjects), bottom+20, ink, int(math.Round(math.Log10(float64(g.subjects)))))
	}
	fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="middle" fill="%s">subjects on watch, one name each</text>`+"\n", (left+right-60)/2, bottom+45, ink)
	fmt.Fprintf(&s, `<text x="%d" y="22" fill="%s">processor time a record (line), slowest of a hundred by the clock (dots)</text>`+"\n", left, dots)
	fmt.Fprintf(&s, `<text x="%d" y="22" text-anchor="end" fill="%s">%s</text>`+"\n", right+20, second, secondLabel)
	s.WriteString("</svg>\n")
	return s.String()
}
