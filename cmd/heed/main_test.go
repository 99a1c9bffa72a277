package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var (
	binaryDir string
	buildOnce sync.Once
	buildErr  error
)

// TestMain gives the tests a folder for the program that they run.
func TestMain(m *testing.M) {
	var err error
	if binaryDir, err = os.MkdirTemp("", "heed-test-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	if err := os.RemoveAll(binaryDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// heedBinary builds the program once for all tests, and never with the race
// detector: the scripts would take ten times as long, and the nodes that are
// killed are to be as fast, and so as concurrent, as they are for people.
// Races are looked for where many parties run in one process.
func heedBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(binaryDir, "heed")
	buildOnce.Do(func() {
		if out, err := exec.Command("go", "build", "-race=false", "-o", path, ".").CombinedOutput(); err != nil {
			buildErr = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return path
}
