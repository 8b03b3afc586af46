package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Snapshots are written by hand, exactly as encoding/json would write them: the
// endpoints are nearly all of what every message consists of, and encoding/json
// takes its time over each figure, then reads every byte of it again, twice.

// encode writes the snapshot as JSON.
func (s *wireSnapshot) encode() ([]byte, error) {
	rest, err := json.Marshal(&s.wireOverview)
	if err != nil {
		return nil, fmt.Errorf("encode snapshot: %w", err)
	}
	const usual = 320 // bytes for one endpoint
	b := make([]byte, 0, len(rest)+64+usual*len(s.Endpoints))
	b = strconv.AppendInt(append(b, `{"timestamp":`...), s.Timestamp, 10)
	b = strconv.AppendInt(append(b, `,"interval":`...), s.Interval, 10)
	b = append(b, `,"endpoints":[`...)
	for i := range s.Endpoints {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.Endpoints[i].appendTo(b)
	}
	b = append(b, "],"...)
	return append(b, rest[1:]...), nil // without its {
}

func (e *wireEndpoint) appendTo(b []byte) []byte {
	b = appendText(append(b, `{"job":`...), e.Job)
	b = appendText(append(b, `,"method":`...), e.Method)
	b = appendText(append(b, `,"path":`...), e.Path)
	b = e.P50.appendTo(append(b, `,"p50":`...))
	b = e.P95.appendTo(append(b, `,"p95":`...))
	b = e.P99.appendTo(append(b, `,"p99":`...))
	b = e.Mean.appendTo(append(b, `,"mean":`...))
	if e.Ranges != (wireRanges{}) {
		b = e.Ranges.appendTo(append(b, `,"ranges":`...))
	}
	if e.Own {
		b = append(b, `,"own":true`...)
	}
	b = e.ErrorRate.appendTo(append(b, `,"errorRate":`...))
	b = e.ClientErrorRate.appendTo(append(b, `,"clientErrorRate":`...))
	b = e.Throughput.appendTo(append(b, `,"throughput":`...))
	b = strconv.AppendUint(append(b, `,"requests":`...), e.Requests, 10)
	b = strconv.AppendInt(append(b, `,"instances":`...), int64(e.Instances), 10)
	if e.NoData != "" {
		b = appendText(append(b, `,"noData":`...), e.NoData)
	}
	return append(b, '}')
}

// encode writes the message as JSON.
func (m *streamMessage) encode() ([]byte, error) {
	var alerts []byte
	if m.Alerts != nil {
		var err error
		if alerts, err = json.Marshal(m.Alerts); err != nil {
			return nil, fmt.Errorf("encode alerts: %w", err)
		}
	}
	b := make([]byte, 0, len(m.Data)+len(alerts)+128)
	b = appendText(append(b, `{"type":`...), m.Type)
	b = strconv.AppendUint(append(b, `,"seq":`...), m.Seq, 10)
	b = strconv.AppendInt(append(b, `,"timestamp":`...), m.Timestamp, 10)
	b = append(append(b, `,"data":`...), m.Data...)
	if alerts != nil {
		b = append(append(b, `,"alerts":`...), alerts...)
	}
	return append(b, '}'), nil
}

// appendText leaves whatever needs escaping to encoding/json.
func appendText(b []byte, s string) []byte {
	if strings.ContainsFunc(s, needsEscape) {
		quoted, _ := json.Marshal(s) // of a string it cannot fail
		return append(b, quoted...)
	}
	return append(append(append(b, '"'), s...), '"')
}

func needsEscape(c rune) bool {
	return c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&'
}
