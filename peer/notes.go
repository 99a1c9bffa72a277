package peer

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Bounds of what is read of a party's cards or successions: far more than a
// party that renews its card every day makes in ten years.
const (
	maxNotes      = 4096
	maxNotesBytes = 32 << 20
)

// noteLength is what stands before each note: its length, big endian.
const noteLength = 4

// errNotes is about notes with their lengths that are none.
var errNotes = errors.New("not a list of notes")

// joinNotes puts its length before each note.
func joinNotes(notes [][]byte) []byte {
	out := []byte{}
	for _, note := range notes {
		out = binary.BigEndian.AppendUint32(out, uint32(len(note)))
		out = append(out, note...)
	}
	return out
}

// splitNotes takes a list of notes apart, of at most limit bytes each. They
// are parts of data.
func splitNotes(data []byte, limit int) ([][]byte, error) {
	var notes [][]byte
	for len(data) > 0 {
		if len(notes) == maxNotes {
			return nil, fmt.Errorf("%w: more than %d", errNotes, maxNotes)
		}
		note, rest, err := cutNote(data, limit)
		if err != nil {
			return nil, fmt.Errorf("note %d: %w", len(notes)+1, err)
		}
		notes, data = append(notes, note), rest
	}
	return notes, nil
}

// cutNote takes one note of 1 to limit bytes off the front.
func cutNote(data []byte, limit int) (note, rest []byte, err error) {
	if len(data) < noteLength {
		return nil, nil, fmt.Errorf("%w: %d bytes, and a length has %d", errNotes, len(data), noteLength)
	}
	size := int64(binary.BigEndian.Uint32(data))
	data = data[noteLength:]
	if size == 0 || size > int64(limit) || size > int64(len(data)) {
		return nil, nil, fmt.Errorf("%w: a note of %d bytes, where %d follow and at most %d are read", errNotes, size, len(data), limit)
	}
	return data[:size:size], data[size:], nil
}
