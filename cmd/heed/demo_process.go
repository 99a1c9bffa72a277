package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is one of the demonstration's that runs beside it: a node, a witness,
// the depositary.
type process struct {
	name string
	log  *os.File
	cmd  *exec.Cmd
}

// launch starts this program once more and reads what it prints, line by line,
// until ready is satisfied. What it complains of goes to a log.
func launch(ctx context.Context, program, name, log string, ready func(line string) bool, args ...string) (*process, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	p := &process{name: name, log: file, cmd: exec.CommandContext(ctx, program, args...)}
	p.cmd.Env = append(os.Environ(), "HEED_OFFICER=", "HEED_HOME=")
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	p.cmd.Stderr = file
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	greeting := bufio.NewScanner(out)
	for greeting.Scan() {
		if !ready(greeting.Text()) {
			continue
		}
		go func() {
			// Nothing more is said, but a full pipe would stop the process.
			if _, err := io.Copy(file, out); err != nil {
				return
			}
		}()
		return p, nil
	}
	return nil, errors.Join(fmt.Errorf("%s ended while it was starting; it said: %s", name, p.logged()), p.stop())
}

func (p *process) logged() string {
	data, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(data))
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := p.cmd.Wait()
	var ended *exec.ExitError
	if errors.As(err, &ended) || errors.Is(err, context.Canceled) {
		err = nil // it was told to
	}
	return errors.Join(err, p.log.Close())
}
