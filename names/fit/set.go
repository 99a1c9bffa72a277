package fit

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
)

// A Set is a directory of labelled names in the layout of
// names/testdata/dev/README.md: pairs of names, persons to watch, records with
// labelled errors, innocent travellers, the incident's spellings and judged
// cases. Only pairs and travellers must be there.
type Set struct {
	Pairs      []Labelled
	Persons    []Person
	Records    []Record
	Travellers []Traveller
	Incident   []Labelled
	Cases      []Labelled

	// Digest is the SHA-256 of the names and bytes of the files read.
	Digest string
}

// Labelled is two names and whether they are of one person.
type Labelled struct {
	ID, Source          string
	Same                bool
	Category            string
	Left, LeftScript    string
	Right, RightScript  string
	LeftID, RightID     string // of the persons; equal when Same
	LeftBorn, RightBorn string
}

// Person is one entry of a watch list.
type Person struct {
	ID    string   `json:"id"`
	Type  string   `json:"type"`
	Names []Called `json:"names"`
	Born  []string `json:"dob"`
	Home  string   `json:"country"`
}

// Called is one name of a Person: primary, alias or weak.
type Called struct {
	Name   string `json:"name"`
	Script string `json:"script"`
	Kind   string `json:"kind"`
}

// Primary is the name under which the person is listed.
func (p Person) Primary() string {
	for _, n := range p.Names {
		if n.Kind == "primary" {
			return n.Name
		}
	}
	if len(p.Names) > 0 {
		return p.Names[0].Name
	}
	return ""
}

// Record is a variant of a person's name with a date of birth that may be
// wrong in a labelled way, and the person it should find.
type Record struct {
	ID, Name, Script, Born, BirthError, Category, Expect string
}

// Traveller is a person whom no list means.
type Traveller struct {
	ID, Name, Script, Born, Sex, Nationality string
}

// The longest file and line that are read, in bytes.
const (
	maxFile = 256 << 20
	maxLine = 1 << 20
)

// ErrNoSet is returned where a directory has no pairs or no travellers.
var ErrNoSet = errors.New("no labelled names here: the directory must hold pairs*.tsv and travellers*.tsv (plain or .gz), as names/testdata/dev/README.md says")

// ReadSet reads every file of the layout in dir. Files are found by how their
// names begin, so that another set (pairs_final.tsv.gz) is read as well.
func ReadSet(dir fs.FS) (*Set, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, fmt.Errorf("labelled names: %w", err)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	set, digest := &Set{}, sha256.New()
	for _, entry := range entries {
		read := set.reader(entry.Name())
		if entry.IsDir() || read == nil {
			continue
		}
		raw, err := contents(dir, entry.Name())
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(digest, "%s %d\n", entry.Name(), len(raw))
		digest.Write(raw)
		if err := read(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
	}
	if len(set.Pairs) == 0 || len(set.Travellers) == 0 {
		return nil, ErrNoSet
	}
	set.Digest = hex.EncodeToString(digest.Sum(nil))
	return set, nil
}

func (s *Set) reader(name string) func([]byte) error {
	base := strings.TrimSuffix(name, ".gz")
	switch ext := path.Ext(base); {
	case strings.HasPrefix(base, "pairs") && ext == ".tsv":
		return s.readPairs
	case strings.HasPrefix(base, "watch") && ext == ".jsonl":
		return s.readPersons
	case strings.HasPrefix(base, "records") && ext == ".tsv":
		return s.readRecords
	case strings.HasPrefix(base, "travellers") && ext == ".tsv":
		return s.readTravellers
	case strings.HasPrefix(base, "incident") && ext == ".tsv":
		return s.readIncident
	case strings.HasPrefix(base, "nk_name_bench") && ext == ".csv":
		return s.readCases
	}
	return nil
}

// contents are the file's bytes, unpacked if it is packed.
func contents(dir fs.FS, name string) ([]byte, error) {
	file, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	var from io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		from = unpacked
	}
	raw, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(raw) > maxFile {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, maxFile)
	}
	return raw, nil
}

// rows calls each with the columns of every line after the heading, found by
// their names in the heading; the files have no quoting.
func rows(raw []byte, columns []string, each func([]string)) error {
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, maxLine)
	var at []int
	for number := 1; lines.Scan(); number++ {
		fields := strings.Split(lines.Text(), "\t")
		if at == nil {
			for _, column := range columns {
				found := -1
				for i, field := range fields {
					if field == column {
						found = i
					}
				}
				if found < 0 {
					return fmt.Errorf("no column %q in the heading", column)
				}
				at = append(at, found)
			}
			continue
		}
		row := make([]string, len(columns))
		for i, column := range at {
			if column >= len(fields) {
				return fmt.Errorf("line %d has %d columns, the heading more", number, len(fields))
			}
			row[i] = fields[column]
		}
		each(row)
	}
	return lines.Err()
}

func (s *Set) readPairs(raw []byte) error {
	return rows(raw, []string{"id", "source", "kind", "category", "left", "left_script", "right", "right_script", "left_id", "right_id", "dob_left", "dob_right"}, func(c []string) {
		s.Pairs = append(s.Pairs, Labelled{ID: c[0], Source: c[1], Same: c[2] == "pos", Category: c[3], Left: c[4], LeftScript: c[5],
			Right: c[6], RightScript: c[7], LeftID: c[8], RightID: c[9], LeftBorn: c[10], RightBorn: c[11]})
	})
}

func (s *Set) readPersons(raw []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		var p Person
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		s.Persons = append(s.Persons, p)
	}
	return lines.Err()
}

func (s *Set) readRecords(raw []byte) error {
	return rows(raw, []string{"id", "name", "name_script", "dob", "dob_error", "name_category", "expect_id"}, func(c []string) {
		s.Records = append(s.Records, Record{ID: c[0], Name: c[1], Script: c[2], Born: c[3], BirthError: c[4], Category: c[5], Expect: c[6]})
	})
}

func (s *Set) readTravellers(raw []byte) error {
	return rows(raw, []string{"id", "name", "script", "dob", "gender", "nationality"}, func(c []string) {
		s.Travellers = append(s.Travellers, Traveller{ID: c[0], Name: c[1], Script: c[2], Born: c[3], Sex: c[4], Nationality: c[5]})
	})
}

func (s *Set) readIncident(raw []byte) error {
	return rows(raw, []string{"id", "kind", "system", "left", "right"}, func(c []string) {
		s.Incident = append(s.Incident, Labelled{ID: c[0], Source: "incident", Same: c[1] == "pos", Category: c[2], Left: c[3], Right: c[4]})
	})
}

func (s *Set) readCases(raw []byte) error {
	lines := csv.NewReader(bytes.NewReader(raw))
	heading, err := lines.Read()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, column := range heading {
		at[column] = i
	}
	for _, column := range []string{"case_group", "schema", "name1", "name2", "is_match", "category"} {
		if _, ok := at[column]; !ok {
			return fmt.Errorf("no column %q in the heading", column)
		}
	}
	for number := 0; ; number++ {
		row, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.Cases = append(s.Cases, Labelled{ID: fmt.Sprintf("nkb%d", number), Source: row[at["schema"]], Category: row[at["category"]],
			Left: row[at["name1"]], Right: row[at["name2"]], Same: row[at["is_match"]] == "true"})
	}
}
