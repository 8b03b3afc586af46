// Package redpoll is the vocabulary that redpoll's stages share: targets,
// snapshots, endpoint figures, histograms, alerts and silences, and the
// arithmetic on them.
//
// It holds values only: no interface, lock, I/O, goroutine or wiring, and it
// imports nothing but the standard library. Every type names its one producer.
//
// Units are Prometheus' base units: seconds, ratios from 0 to 1, bytes. A
// figure that was not observed is a nil pointer, never NaN and never a
// made-up zero. Conversion to the wire's milliseconds and percent happens in
// package api alone.
package redpoll
