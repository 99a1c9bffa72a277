package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"heed/control"
	"heed/names"
	"heed/names/bench"
	"heed/names/fit"
)

func (a *app) benchCommand() *cobra.Command {
	c := &cobra.Command{Use: "bench", Short: "Measure how well this program does"}
	c.AddCommand(a.benchNamesCommand())
	return c
}

// namesData is where the repository keeps the labelled names.
const namesData = "names/testdata/dev"

func (a *app) benchNamesCommand() *cobra.Command {
	var data, out string
	o := bench.Options{}
	c := &cobra.Command{
		Use: "names", Short: "Recall and false alarms of name matching, by cross-validation",
		Long: `Measure name matching on labelled names: recall at rank 1 and 10, recall at
thresholds that one innocent traveller in a hundred and in a thousand reaches,
per pair of scripts and category, with bootstrap intervals; records with wrong
dates of birth; two persons with similar names; the spellings of the missed
name; and how many false hits to expect.

Cross-validation is split by person, and thresholds come from the training
folds. On the set that the weights were fitted to, they are fitted again in
each fold without the persons measured in it, which takes some minutes; any other
directory of the same layout is measured with the shipped weights. The layout is
that of ` + namesData + `/README.md; pairs*.tsv and travellers*.tsv must be
there, plain or .gz.

With WATCHMAN_URL set, names that share no exact word with the name they look for
are searched by the Watchman that runs there, too, raw and romanised; else the
report says: not run. It is measured on the lists that it has, with names of
persons on the SDN list, and this program beside it on those persons: comparable
where the SDN list is what it has. With WATCHMAN_LIST both get the same lists: one
after the other is written to that file, which its configuration names; it has to
be started again, or to refresh its lists, when this program says so. Its
processor time and memory are read from WATCHMAN_METRICS, by default port 9094 of
the same host. docs/names.md has the configuration.`,
		Example: `  heed bench names
  heed bench names --data /srv/final --json
  heed bench names --quick 8
  WATCHMAN_URL=http://127.0.0.1:8084 heed bench names --quick 8
  WATCHMAN_URL=http://127.0.0.1:8084 WATCHMAN_LIST=/tmp/heed_bench.jsonl heed bench names --out report.txt`,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Quick < 1 {
				return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("--quick %d takes none of the names", o.Quick), Hint: "write 8 for one in eight, or leave it out for all"}
			}
			o.Watchman = a.watchman()
			set, err := fit.ReadSet(os.DirFS(data))
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fit.ErrNoSet) {
				return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("there are no labelled names in %s", data),
					Hint: "they come with the repository, not with the program: run this in its folder, or give --data DIR"}
			}
			if err != nil {
				return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "names/testdata/dev/README.md describes the files"}
			}
			if o.Model, err = names.Default(); err != nil {
				return err
			}
			o.Inputs, o.Machine, o.Now = o.Model.Inputs(), machine(), time.Now()
			began := time.Now()
			o.Clock = func() time.Duration { return time.Since(began) }
			o.CPU = processorTime
			o.Progress = benchProgress(a.err)
			report, err := bench.Run(c.Context(), set, o)
			if err != nil {
				return benchFault(c.Context(), err)
			}
			if out != "" {
				if err := writeWhole(out, []byte(report.Text())); err != nil {
					return fileFault("", err)
				}
			}
			return a.print(report, func(w io.Writer) { fmt.Fprint(w, report.Text()) })
		},
	}
	flags := c.Flags()
	flags.StringVar(&data, "data", namesData, "DIR of the labelled names")
	flags.IntVar(&o.Folds, "folds", 5, "NUMBER of folds, 2 to 20")
	flags.IntVar(&o.Resamples, "resamples", 1000, "NUMBER of bootstrap samples")
	flags.IntVar(&o.Quick, "quick", 1, "take one in NUMBER of the queries and travellers")
	flags.StringVar(&out, "out", "", "also write the report as text to FILE")
	return c
}

// watchmanPatience is how long Watchman may take to be started again with a list
// of 100,000 names, which alone takes it about 40 seconds of a core.
const watchmanPatience = 15 * time.Minute

// benchFault says what to do about a measurement that did not come to its end.
func benchFault(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, bench.ErrFolds):
		return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "--folds 5 is usual"}
	case errors.Is(err, bench.ErrWatchmanAddress):
		return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "write it with http:// or https://, or unset it to measure without Watchman"}
	case errors.Is(err, bench.ErrWatchmanSilent):
		return &control.Fault{Exit: control.ExitUnreachable, Message: err.Error(), Hint: "start Watchman, which answers once its lists are loaded, or mend WATCHMAN_URL, or unset it to measure without"}
	case errors.Is(err, bench.ErrWatchmanEmpty):
		return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "name lists in its configuration, or set WATCHMAN_LIST: docs/names.md has both"}
	}
	return err
}

// watchman is the other program to measure, as the environment names it.
func (a *app) watchman() bench.Watchman {
	at, list := a.env("WATCHMAN_URL"), a.env("WATCHMAN_LIST")
	other := bench.Watchman{URL: at, Metrics: a.env("WATCHMAN_METRICS"), Patience: watchmanPatience, Every: 2 * time.Second}
	if list == "" {
		return other
	}
	other.Give = func(data []byte) error {
		if err := writeWhole(list, data); err != nil {
			return fileFault("", err)
		}
		return nil
	}
	other.Waits = func() {
		fmt.Fprintf(a.err, "Waiting until the Watchman at %s has loaded %s: start it, or start it again.\n", at, list)
	}
	return other
}

// machine says what the figures were measured on.
func machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for _, line := range strings.Split(string(info), "\n") {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return strconv.Itoa(runtime.NumCPU()) + " x " + model
}

// processorTime is what this program has used of the processors.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// benchProgress shows one bar for each part of the work, on a terminal only.
func benchProgress(w io.Writer) func(string, int, int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	var mu sync.Mutex
	var bar *progressbar.ProgressBar
	now := ""
	return func(part string, done, of int) {
		mu.Lock()
		defer mu.Unlock()
		if part != now {
			now = part
			bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(part), progressbar.OptionClearOnFinish())
		}
		if bar.Set(done) != nil {
			return // a terminal that is gone needs no bar
		}
	}
}
