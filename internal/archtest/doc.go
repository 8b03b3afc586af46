// Package archtest holds redpoll's architecture by tests: which package may
// import which, and which outside library belongs to whom. DESIGN.md draws the
// same map for readers. The package has no code besides its tests.
package archtest
