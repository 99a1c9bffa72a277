package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"heed/names"
	"heed/names/fit"
)

func TestTry(t *testing.T) {
	dir := os.Getenv("DIR")
	set, err := fit.ReadSet(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	model, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	q, _ := strconv.Atoi(os.Getenv("QUICK"))
	began := time.Now()
	o := Options{Folds: 5, Resamples: 200, Model: model, Quick: q, Inputs: model.Inputs(), Clock: func() time.Duration { return time.Since(began) }, CPU: func() time.Duration { return time.Since(began) }}
	if os.Getenv("SHIPPED") != "" {
		o.Inputs = ""
	}
	r, err := Run(context.Background(), set, o)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(r.Text())
}
