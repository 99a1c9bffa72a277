package wire

import (
	"encoding/binary"
	"fmt"
)

// NoteLength is what stands before each note of a list, in bytes: its length,
// big endian.
const NoteLength = 4

// JoinNotes makes a list of signed notes, each after its length in four bytes,
// as cards and successions are served (docs/protocol.md, section 2).
func JoinNotes(notes [][]byte) []byte {
	list := []byte{}
	for _, note := range notes {
		list = binary.BigEndian.AppendUint32(list, uint32(len(note)))
		list = append(list, note...)
	}
	return list
}

// SplitNotes takes a list of at most count notes apart, of 1 to size bytes
// each. It checks the form only, and what it gives are parts of list. Errors
// match ErrMalformed.
func SplitNotes(list []byte, count, size int) ([][]byte, error) {
	var notes [][]byte
	for len(list) > 0 {
		if len(notes) == count {
			return nil, malformed("a list of more than %d notes", count)
		}
		note, rest, err := CutNote(list, int64(size))
		if err != nil {
			return nil, fmt.Errorf("note %d: %w", len(notes)+1, err)
		}
		notes, list = append(notes, note), rest
	}
	return notes, nil
}

// CutNote takes one note of 1 to size bytes, with its length, off the front of
// data. Both are parts of data. Errors match ErrMalformed.
func CutNote(data []byte, size int64) (note, rest []byte, err error) {
	if len(data) < NoteLength {
		return nil, nil, malformed("%d bytes, and a length has %d", len(data), NoteLength)
	}
	length := int64(binary.BigEndian.Uint32(data))
	if data = data[NoteLength:]; length == 0 || length > size || length > int64(len(data)) {
		return nil, nil, malformed("a note of %d bytes, where %d follow and 1 to %d are read", length, len(data), size)
	}
	return data[:length:length], data[length:], nil
}
