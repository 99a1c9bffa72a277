package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be heed itself: scripts run it as processes of
// their own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"heed": main})
}
