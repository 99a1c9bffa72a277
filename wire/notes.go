package wire

import "encoding/binary"

// noteLength is what stands before each note of a list: its length, big endian.
const noteLength = 4

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
		if len(list) < noteLength {
			return nil, malformed("note %d: %d bytes, and a length has %d", len(notes)+1, len(list), noteLength)
		}
		length := int64(binary.BigEndian.Uint32(list))
		if list = list[noteLength:]; length == 0 || length > int64(size) || length > int64(len(list)) {
			return nil, malformed("note %d: it has %d bytes, where %d follow and 1 to %d are read", len(notes)+1, length, len(list), size)
		}
		notes, list = append(notes, list[:length:length]), list[length:]
	}
	return notes, nil
}
