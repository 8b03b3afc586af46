package exposition

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestFastTheSeriesOfAllReadersAreBounded has other targets hold all that is
// shared: few series are read nevertheless, and many again when those are gone.
func TestFastTheSeriesOfAllReadersAreBounded(t *testing.T) {
	claimed.Add(sharedSeries)
	few, many := NewLibrary(Options{}).NewReader(), NewLibrary(Options{}).NewReader()
	readAll(t, few, numbered(0, freeSeries))
	body := numbered(0, freeSeries+1)
	_, err := many.Read(context.Background(), Body{Bytes: body, Complete: true})
	claimed.Add(-sharedSeries)
	if limit, ok := errors.AsType[*LimitError](err); !ok || !strings.Contains(limit.Error(), "2001 series") {
		t.Fatalf("a body beyond what is shared gives %v, want a *LimitError with its series", err)
	}
	readAll(t, many, body)
	if few, many := few.plan.claim.held, many.plan.claim.held; few != 0 || many != 1 {
		t.Errorf("%d and %d series are claimed, want 0 and 1", few, many)
	}
	many.Close()
	many.Close()
	if held := many.plan.claim.held; held != 0 {
		t.Errorf("a closed reader holds %d series", held)
	}
}

// TestFastTheHelpOfABodyIsBounded reads more help than is kept.
func TestFastTheHelpOfABodyIsBounded(t *testing.T) {
	var body strings.Builder
	help := strings.Repeat("h", 2*maxHelp)
	for i := range 2 * maxHelps / maxHelp {
		fmt.Fprintf(&body, "# HELP f%04d %s\nf%04[1]d 1\n", i, help)
	}
	r := NewLibrary(Options{}).NewReader()
	defer r.Close()
	s, err := r.Read(context.Background(), Body{Bytes: []byte(body.String()), Complete: true})
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, f := range s.Families {
		kept += len(f.Help)
	}
	if kept > maxHelps || kept < maxHelps-maxHelp {
		t.Errorf("%d bytes of help are kept, want just %d", kept, maxHelps)
	}
}
