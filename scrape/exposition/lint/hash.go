package lint

import "hash/maphash"

// key stands for a name or a series. It is as wide as it takes for two that
// differ never to be taken for each other, even where somebody tries: the seeds
// are random.
type key [2]uint64

type hasher struct{ halves [2]maphash.Hash }

func newHasher() *hasher {
	h := &hasher{}
	for i := range h.halves {
		h.halves[i].SetSeed(maphash.MakeSeed())
	}
	return h
}

// name is the key of a name.
func (h *hasher) name(name []byte) (k key) {
	for i := range h.halves {
		k[i] = maphash.Bytes(h.halves[i].Seed(), name)
	}
	return k
}

// series is the key of a name and of labels that are sorted, except one. A
// label without a value is as none.
func (h *hasher) series(name []byte, labels []label, except string) (k key) {
	const end = 0xff // is in no UTF-8
	for i := range h.halves {
		half := &h.halves[i]
		half.Reset()
		_, _ = half.Write(name)
		for _, l := range labels {
			if len(l.value) == 0 || string(l.name) == except {
				continue
			}
			_ = half.WriteByte(end)
			_, _ = half.Write(l.name)
			_ = half.WriteByte(end)
			_, _ = half.Write(l.value)
		}
		k[i] = half.Sum64()
	}
	return k
}
