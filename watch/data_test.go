package watch

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"heed"
	"heed/names"
)

// The development data and where it is from: names/testdata/dev/README.md.
const dev = "../names/testdata/dev"

func lines(t testing.TB, name string) []string {
	t.Helper()
	file, err := os.Open(filepath.Join(dev, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	scanner := bufio.NewScanner(unzipped)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		all = append(all, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func born(t testing.TB, s string) heed.Birth {
	t.Helper()
	if s == "" {
		return heed.Birth{}
	}
	b, err := heed.ParseBirth(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func devWatch(t testing.TB) []Subject {
	t.Helper()
	var all []Subject
	for _, line := range lines(t, "watch_dev.jsonl.gz") {
		var person struct {
			ID    string
			Names []struct{ Name, Script string }
			DOB   []string
		}
		if err := json.Unmarshal([]byte(line), &person); err != nil {
			t.Fatal(err)
		}
		s := Subject{ID: SubjectID(person.ID), Urgency: heed.UrgencyExpected, Person: &heed.Person{}}
		for _, n := range person.Names[:min(len(person.Names), heed.MaxNames)] {
			s.Person.Names = append(s.Person.Names, heed.Name{Text: n.Name, Script: n.Script})
		}
		for _, d := range person.DOB {
			s.Person.Born = append(s.Person.Born, born(t, d))
		}
		all = append(all, s)
	}
	return all
}

// devRecords are records of persons of devWatch, with the id each is of.
func devRecords(t testing.TB) ([]Record, []SubjectID) {
	t.Helper()
	var all []Record
	var of []SubjectID
	for _, line := range lines(t, "records_dev.tsv.gz")[1:] {
		f := strings.Split(line, "\t")
		all = append(all, Record{ID: f[0], Names: []heed.Name{{Text: f[1], Script: f[2]}}, Born: born(t, f[3])})
		of = append(of, SubjectID(f[6]))
	}
	return all, of
}

func devTravellers(t testing.TB) []Record {
	t.Helper()
	var all []Record
	for _, line := range lines(t, "travellers_dev.tsv.gz")[1:] {
		f := strings.Split(line, "\t")
		all = append(all, Record{ID: f[0], Names: []heed.Name{{Text: f[1]}}, Born: born(t, f[3]), Sex: heed.Sex(f[4])})
	}
	return all
}

var theModel = sync.OnceValues(names.Default)

func model(t testing.TB) *names.Model {
	t.Helper()
	m, err := theModel()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
