package api

import "testing"

// tickAt has no more than a mailbox looks at.
func tickAt(seq uint64) *tick { return &tick{seq: seq, update: &message{seq: seq}} }

// The writer looks up the current tick first and asks the mailbox then; a
// publish may come in between.
func TestFastWSDueSnapshotIsNeverOlderThanAnUpdateThatWasHeldBackForIt(t *testing.T) {
	for name, prepare := range map[string]func(*mailbox){
		"of a new client": func(*mailbox) {},
		"after losses": func(b *mailbox) {
			b.take(tickAt(3))
			b.offer(tickAt(4))
			b.offer(tickAt(5))
			b.take(tickAt(5))
		},
		"after a pause": func(b *mailbox) {
			b.take(tickAt(5))
			b.pause()
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newMailbox(1)
			prepare(b)
			b.offer(tickAt(6))
			if b.paused {
				b.resume()
			}
			<-b.wake
			if m, snapshot := b.take(tickAt(5)); m != nil || snapshot {
				t.Errorf("took message %v, snapshot %v of tick 5 although 6 has been offered", m, snapshot)
			}
			if _, snapshot := b.take(tickAt(6)); !snapshot {
				t.Error("no snapshot of tick 6: it is no longer due")
			}
			if b.offer(tickAt(6)) || b.offer(tickAt(7)) {
				t.Error("updates count as lost")
			}
			if m, _ := b.take(tickAt(7)); m == nil {
				t.Error("the update after the snapshot is missing")
			}
		})
	}
}

func TestFastWSPauseKeepsAnswersAndNothingElse(t *testing.T) {
	b := newMailbox(8)
	b.take(tickAt(1))
	b.offer(tickAt(2))
	answer := &message{}
	b.post(answer)
	b.offer(tickAt(3))
	b.pause()
	b.offer(tickAt(4))
	if m, _ := b.take(tickAt(4)); m != answer {
		t.Errorf("took %v, want the answer", m)
	}
	if m, snapshot := b.take(tickAt(4)); m != nil || snapshot {
		t.Errorf("took message %v, snapshot %v, want nothing", m, snapshot)
	}
}
