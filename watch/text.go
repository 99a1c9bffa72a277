package watch

import "unsafe"

// textOf reads bytes of an arena as a string without copying them. A block's
// bytes never change once they are written, and the string keeps them alive.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
