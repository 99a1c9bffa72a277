package watch

import "encoding/binary"

// chunkSize is what an arena takes of memory at a time. A larger block gets a
// chunk of its own.
const chunkSize = 1 << 16

// maxChunks is what a block's reference can tell apart.
const maxChunks = 1 << 16

// arena keeps blocks of bytes, each with its owner, close together. A chunk of
// which more than half is given up is emptied into the current one, so that at
// most half of the memory is lost, and no change moves more than one chunk.
type arena struct {
	chunks [][]byte
	live   []int32 // bytes in use, by chunk
	free   []uint16
	now    int                           // the chunk that is being filled
	moved  func(owner uint32, to uint32) // tells the owner where its block is
	bytes  int                           // taken
}

// ownerSize is what stands before a block and its length, a uvarint: its owner.
const ownerSize = 4

// put copies the block in and returns its reference, which is never 0. It
// reports false when the arena is full. A block has less than 2 MiB.
func (a *arena) put(owner uint32, block []byte) (uint32, bool) {
	need := blockSize(len(block))
	if len(a.chunks) == 0 || len(a.chunks[a.now])+need > cap(a.chunks[a.now]) {
		if !a.fresh(max(need+1, chunkSize)) {
			return 0, false
		}
	}
	chunk := a.chunks[a.now]
	ref := uint32(a.now)<<16 | uint32(len(chunk))
	chunk = binary.LittleEndian.AppendUint32(chunk, owner)
	chunk = binary.AppendUvarint(chunk, uint64(len(block)))
	a.chunks[a.now] = append(chunk, block...)
	a.live[a.now] += int32(need)
	return ref, true
}

// blockSize is what a block of so many bytes takes.
func blockSize(n int) int {
	var b [binary.MaxVarintLen64]byte
	return ownerSize + binary.PutUvarint(b[:], uint64(n)) + n
}

// block is what begins at a place of a chunk.
func block(at []byte) []byte {
	size, n := binary.Uvarint(at[ownerSize:])
	return at[ownerSize+n:][:size]
}

func (a *arena) fresh(size int) bool {
	a.bytes += size
	// The first byte of a chunk stays empty, so that no reference is 0.
	chunk := make([]byte, 1, size)
	if n := len(a.free); n > 0 {
		a.now = int(a.free[n-1])
		a.free = a.free[:n-1]
		a.chunks[a.now] = chunk
		return true
	}
	if len(a.chunks) == maxChunks {
		return false
	}
	a.now = len(a.chunks)
	a.chunks = append(a.chunks, chunk)
	a.live = append(a.live, 0)
	return true
}

// at is the block of a reference. It must not be changed, and is valid until
// the next put or drop.
func (a *arena) at(ref uint32) []byte {
	return block(a.chunks[ref>>16][ref&0xffff:])
}

// first is the first byte of what is kept of a block, to have it at hand.
func (a *arena) first(ref uint32) byte { return a.chunks[ref>>16][ref&0xffff] }

// drop gives the block up.
func (a *arena) drop(ref uint32) {
	which := int(ref >> 16)
	chunk := a.chunks[which]
	at := chunk[ref&0xffff:]
	const nobody = ^uint32(0)
	binary.LittleEndian.PutUint32(at, nobody)
	a.live[which] -= int32(blockSize(len(block(at))))
	if which == a.now || int(a.live[which])*2 > len(chunk) {
		return
	}
	a.chunks[which] = nil
	a.live[which] = 0
	a.bytes -= cap(chunk)
	a.free = append(a.free, uint16(which))
	for i := 1; i < len(chunk); {
		owner, kept := binary.LittleEndian.Uint32(chunk[i:]), block(chunk[i:])
		if owner != nobody {
			// It fits: the chunk that held it has just been given up.
			if to, ok := a.put(owner, kept); ok {
				a.moved(owner, to)
			}
		}
		i += blockSize(len(kept))
	}
}
