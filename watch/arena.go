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

const blockHeader = 8 // the owner and the length

// put copies the block in and returns its reference, which is never 0. It
// reports false when the arena is full.
func (a *arena) put(owner uint32, block []byte) (uint32, bool) {
	need := blockHeader + len(block)
	if len(a.chunks) == 0 || len(a.chunks[a.now])+need > cap(a.chunks[a.now]) {
		if !a.fresh(max(need, chunkSize)) {
			return 0, false
		}
	}
	chunk := a.chunks[a.now]
	ref := uint32(a.now)<<16 | uint32(len(chunk))
	chunk = binary.LittleEndian.AppendUint32(chunk, owner)
	chunk = binary.LittleEndian.AppendUint32(chunk, uint32(len(block)))
	a.chunks[a.now] = append(chunk, block...)
	a.live[a.now] += int32(need)
	return ref, true
}

func (a *arena) fresh(size int) bool {
	a.bytes += size
	// The first bytes of a chunk stay empty, so that no reference is 0.
	chunk := make([]byte, 1, size+1)
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
	chunk := a.chunks[ref>>16][ref&0xffff:]
	return chunk[blockHeader : blockHeader+binary.LittleEndian.Uint32(chunk[4:])]
}

// drop gives the block up.
func (a *arena) drop(ref uint32) {
	which := int(ref >> 16)
	chunk := a.chunks[which]
	at := chunk[ref&0xffff:]
	const nobody = ^uint32(0)
	binary.LittleEndian.PutUint32(at, nobody)
	a.live[which] -= int32(blockHeader + binary.LittleEndian.Uint32(at[4:]))
	if which == a.now || int(a.live[which])*2 > len(chunk) {
		return
	}
	a.chunks[which] = nil
	a.live[which] = 0
	a.bytes -= cap(chunk) - 1
	a.free = append(a.free, uint16(which))
	for i := 1; i < len(chunk); {
		owner, size := binary.LittleEndian.Uint32(chunk[i:]), int(binary.LittleEndian.Uint32(chunk[i+4:]))
		if owner != nobody {
			// It fits: the chunk that held it has just been given up.
			if to, ok := a.put(owner, chunk[i+blockHeader:i+blockHeader+size]); ok {
				a.moved(owner, to)
			}
		}
		i += blockHeader + size
	}
}
