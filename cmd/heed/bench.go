package main

import (
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

With WATCHMAN_URL set, the same queries go to the Watchman that runs there, over
its HTTP interface, raw and romanised; else the report says: not run.`,
		Example: `  heed bench names
  heed bench names --data /srv/final --json
  heed bench names --quick 8
  WATCHMAN_URL=http://127.0.0.1:8084 heed bench names --out report.txt`,
		RunE: func(c *cobra.Command, _ []string) error {
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
			o.Inputs, o.Watchman, o.Machine, o.Now = o.Model.Inputs(), a.env("WATCHMAN_URL"), machine(), time.Now()
			began := time.Now()
			o.Clock = func() time.Duration { return time.Since(began) }
			o.CPU = processorTime
			o.Progress = benchProgress(a.err)
			report, err := bench.Run(c.Context(), set, o)
			if errors.Is(err, bench.ErrFolds) {
				return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "--folds 5 is usual"}
			}
			if err != nil {
				return err
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
