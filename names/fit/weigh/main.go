// Command weigh fits the name model, and the weights of what stands beside a
// name, to names/testdata/dev. It writes names/weights.json, names/frequency.txt,
// names/fit/REPORT.md and watch/weights.json, the same bytes each time. It is run
// by go generate ./names, in the folder names, and takes a minute or two.
package main

import (
	"log"
	"os"

	"heed/names/fit"
)

func main() {
	log.SetFlags(0)
	if err := weigh(); err != nil {
		log.Fatal(err)
	}
}

func weigh() error {
	program, err := fit.ProgramDigest(os.DirFS("."))
	if err != nil {
		return err
	}
	set, err := fit.ReadSet(os.DirFS("testdata/dev"))
	if err != nil {
		return err
	}
	pairs := append(append([]fit.Labelled{}, set.Pairs...), fit.Compose(set)...)
	read := fit.NewReader()
	fitted, err := fit.Fit(set, pairs, read, true)
	if err != nil {
		return err
	}
	fitted.Weights.Inputs = set.Digest
	fitted.Weights.Program = program
	model, err := fitted.Model()
	if err != nil {
		return err
	}
	beside := fit.FitBeside(set, set.Records)
	beside.Needed = fit.FitNeeded(set, model, beside, read)
	records, err := beside.JSON()
	if err != nil {
		return err
	}
	weights, err := fitted.WeightsJSON()
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name string
		text []byte
	}{
		{"weights.json", weights}, {"frequency.txt", fitted.FrequencyText()}, {"fit/REPORT.md", fitted.ReportText(beside)}, {"../watch/weights.json", records},
	} {
		if err := os.WriteFile(file.name, file.text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
