package wire

// Bounds of what goes with a version of an accord.
const (
	MaxAccordFile      = 32 << 20 // bytes, all in all
	MaxAccordFileNotes = 10_000   // of each type
)

const accordFileFirst = "heed-accord-file/v1\n"

// The types of an accord file's parts, in the order in which they stand. They
// are no envelope's.
const (
	fileVersion PartType = 1 + iota
	fileAct
	fileCard
)

// AccordFile is what goes with a version of an accord to those to whom it is
// proposed: signed notes, each list in its author's order. Nothing here says
// that they are what they should be; whoever takes one in parses and verifies
// each of them.
type AccordFile struct {
	Versions [][]byte // the versions before it
	Acts     [][]byte // acts about them, and about the version itself
	Cards    [][]byte // cards of those who stand in them
}

func (f AccordFile) notes(t PartType) [][]byte {
	switch t {
	case fileVersion:
		return f.Versions
	case fileAct:
		return f.Acts
	}
	return f.Cards
}

// Bytes is the content of media type application/vnd.heed.accord-file. Errors
// match ErrMalformed: a note is empty, there are more than 10,000 of one type,
// or all of them have more than 32 MiB.
func (f AccordFile) Bytes() ([]byte, error) {
	size := int64(len(accordFileFirst))
	for t := fileVersion; t <= fileCard; t++ {
		notes := f.notes(t)
		if len(notes) > MaxAccordFileNotes {
			return nil, malformed("accord file: %d notes of type %d, and at most %d go with a version", len(notes), t, MaxAccordFileNotes)
		}
		for i, note := range notes {
			if len(note) == 0 {
				return nil, malformed("accord file: note %d of type %d is empty", i+1, t)
			}
			size += partHead + int64(len(note))
		}
	}
	if size > MaxAccordFile {
		return nil, malformed("accord file of %d bytes, and at most %d go with a version", size, MaxAccordFile)
	}
	out := append(make([]byte, 0, size), accordFileFirst...)
	for t := fileVersion; t <= fileCard; t++ {
		for _, note := range f.notes(t) {
			out = Part{Type: t, Data: note}.append(out)
		}
	}
	return out, nil
}

// ParseAccordFile takes the content apart; what it gives are parts of data. It
// checks the form only, which has one spelling, and verifies nothing. Errors
// match ErrMalformed.
func ParseAccordFile(data []byte) (AccordFile, error) {
	var f AccordFile
	if len(data) > MaxAccordFile {
		return f, malformed("accord file of %d bytes, and at most %d are read", len(data), MaxAccordFile)
	}
	if len(data) < len(accordFileFirst) || string(data[:len(accordFileFirst)]) != accordFileFirst {
		return f, malformed("the accord file does not begin with %q", accordFileFirst[:len(accordFileFirst)-1])
	}
	last := fileVersion
	for n, rest := 1, data[len(accordFileFirst):]; len(rest) > 0; n++ {
		part, after, err := cutPart(rest, n)
		switch {
		case err != nil:
			return AccordFile{}, err
		case part.Type < last || part.Type > fileCard:
			return AccordFile{}, malformed("part %d of the accord file is of type %d, which is unknown or out of order", n, part.Type)
		case len(part.Data) == 0:
			return AccordFile{}, malformed("part %d of the accord file is empty", n)
		case len(f.notes(part.Type)) == MaxAccordFileNotes:
			return AccordFile{}, malformed("the accord file has more than %d parts of type %d", MaxAccordFileNotes, part.Type)
		}
		last, rest = part.Type, after
		switch part.Type {
		case fileVersion:
			f.Versions = append(f.Versions, part.Data)
		case fileAct:
			f.Acts = append(f.Acts, part.Data)
		default:
			f.Cards = append(f.Cards, part.Data)
		}
	}
	return f, nil
}
