package demo

import (
	"math/rand/v2"
	"sync"
)

// dice is a random source that goroutines may share.
type dice struct {
	mu  sync.Mutex // rand.Rand is not safe for concurrent use
	rng *rand.Rand
}

// newDice seeds the source; 0 stands for a seed that differs at each call.
func newDice(seed uint64) *dice {
	if seed == 0 {
		seed = rand.Uint64()
	}
	return &dice{rng: rand.New(rand.NewPCG(seed, seed))}
}

// uniform draws from [0, 1).
func (d *dice) uniform() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64()
}

// normal draws from the normal distribution with mean 0 and deviation 1.
func (d *dice) normal() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.NormFloat64()
}

// exponential draws from the exponential distribution with mean 1.
func (d *dice) exponential() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.ExpFloat64()
}
