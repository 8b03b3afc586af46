package scrape

import (
	"math/bits"
	"sync"
)

// Buffers for bodies have a power of two as their size, so that one that a
// target has left fits others.
const (
	minBuffer = 16 << 10 // in bytes; every scrape that gets an answer takes one
	maxPooled = 64 << 20 // larger ones are left to the garbage collector
)

// buffers are free ones by their sizes, beginning with minBuffer. Targets share
// them: at a steady pace there are as many as bodies arrive and are read at a
// time, and what a burst needed beyond that goes to the garbage collector, which
// empties a sync.Pool of what was not used between two of its cycles.
var buffers [13]sync.Pool // of *[]byte, up to maxPooled

// bufferSize is that of a buffer for n bytes.
func bufferSize(n int64) int64 {
	if n <= minBuffer {
		return minBuffer
	}
	return 1 << bits.Len64(uint64(n-1))
}

// poolOf are the free buffers of a size; nil if it is not pooled.
func poolOf(size int) *sync.Pool {
	if size < minBuffer || size > maxPooled || size&(size-1) != 0 {
		return nil
	}
	return &buffers[bits.TrailingZeros(uint(size))-bits.TrailingZeros(minBuffer)]
}

// takeBuffer gives an empty buffer of a size that bufferSize gave. What is
// behind its length is anyone's old body.
func takeBuffer(size int64) *[]byte {
	if pool := poolOf(int(size)); pool != nil {
		if b, ok := pool.Get().(*[]byte); ok {
			return b
		}
	}
	b := make([]byte, 0, size)
	return &b
}

// giveBuffer takes a buffer back that nobody refers to any more.
func giveBuffer(b *[]byte) {
	if pool := poolOf(cap(*b)); pool != nil {
		*b = (*b)[:0]
		pool.Put(b)
	}
}
