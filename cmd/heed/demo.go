package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"heed/control"
)

func (a *app) demoCommand() *cobra.Command {
	var exit bool
	c := &cobra.Command{
		Use: "demo", Short: "Play two stories between two parties on this machine",
		Long: `Play two stories between two invented parties, each a separate process with its
own home, keys, database and port on this machine; eight hours take eight
seconds. In the first a warning is heeded; in the second it is acknowledged and
then nobody answers, on either side. Three witnesses and a depositary run beside
them, and what the stories end with is evidence that is verified by a process of
its own. No home is needed and none is touched.`,
		Example: `  heed demo
  heed demo --exit
  heed demo --exit --json`,
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), exit) },
	}
	c.Flags().BoolVar(&exit, "exit", false, "end after the stories, with status 0 if every check in them held")
	return c
}

// demo sets the stage, plays the stories, and leaves both desks open.
func (a *app) demo(ctx context.Context, exit bool) (err error) {
	say := a.out
	if a.json {
		say = a.err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stage, err := newStage(ctx, say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.clear()) }()

	heeded := stage.heeded()
	unanswered := stage.unanswered()
	ended := stage.failures
	if a.json {
		if err := a.print(map[string]any{"heeded": heeded, "unanswered": unanswered, "failed": stage.failed()}, nil); err != nil {
			return err
		}
	}
	if len(ended) > 0 {
		return &control.Fault{Exit: control.ExitFault, Message: fmt.Sprintf("%d checks of the demonstration failed: %v", len(ended), errors.Join(ended...))}
	}
	stage.tell("\nEvery check held.")
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if exit {
		return nil
	}
	stage.tell("\nBoth desks stay open for a look (a browser will warn of their self-signed certificates):\n")
	for _, p := range []*player{stage.north, stage.south} {
		stage.tell("  %s   %s", p.party, p.desk)
	}
	stage.tell("\nPress Ctrl-C to end.")
	<-ctx.Done()
	return nil
}

// stage is both parties and what has gone wrong.
type stage struct {
	ctx          context.Context
	out          io.Writer
	dir          string
	began        time.Time
	north, south *player
	link         [2]*relay // to the north, to the south
	keeper       *keeper
	witnesses    []*process
	policy       string // file: what whoever verifies believes
	failures     []error
}

func newStage(ctx context.Context, out io.Writer) (s *stage, err error) {
	dir, err := os.MkdirTemp("", "heed-demo-")
	if err != nil {
		return nil, err
	}
	s = &stage{ctx: ctx, out: out, dir: dir, began: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.clear())
		}
	}()
	if s.keeper, err = s.startKeeper(); err != nil {
		return s, err
	}
	s.tell("Two parties, each a process of its own with its own home, keys, database and port.")
	if s.north, s.link[0], err = s.newPlayer("north"); err != nil {
		return s, err
	}
	if s.south, s.link[1], err = s.newPlayer("south"); err != nil {
		return s, err
	}
	for _, p := range []*player{s.north, s.south} {
		if err := p.start(ctx); err != nil {
			return s, err
		}
		s.tell("  %s   %s", p.party, p.desk)
	}
	if err := s.introduce(); err != nil {
		return s, err
	}
	if err := s.startWitnesses(); err != nil {
		return s, err
	}
	s.tell("They have exchanged cards and compared fingerprints by telephone:\n  %s   %s\n  %s   %s", s.north.party, s.north.fingerprint, s.south.party, s.south.fingerprint)
	return s, nil
}

// clear ends the processes and removes everything that the demonstration made.
func (s *stage) clear() error {
	var errs []error
	for _, p := range []*player{s.north, s.south} {
		if p != nil {
			errs = append(errs, p.stop())
		}
	}
	for _, w := range s.witnesses {
		errs = append(errs, w.stop())
	}
	if s.keeper != nil {
		errs = append(errs, s.keeper.process.stop())
	}
	for _, l := range s.link {
		if l != nil {
			errs = append(errs, l.close())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

func (s *stage) tell(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// scene narrates one step with the seconds since the beginning, and leaves
// people a moment to see it on the desks.
func (s *stage) scene(format string, args ...any) {
	defer s.pause(300 * time.Millisecond)
	s.tell("%5.1fs  "+format, append([]any{time.Since(s.began).Seconds()}, args...)...)
}

// check notes what did not come out as the story has it.
func (s *stage) check(ok bool, format string, args ...any) {
	if !ok {
		err := fmt.Errorf(format, args...)
		s.failures = append(s.failures, err)
		s.tell("        CHECK FAILED: %v", err)
	}
}

func (s *stage) must(err error, what string) { s.check(err == nil, "%s: %v", what, err) }

func (s *stage) failed() []string {
	out := []string{}
	for _, err := range s.failures {
		out = append(out, err.Error())
	}
	return out
}
