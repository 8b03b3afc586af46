package exposition

import "math"

// strictTail is tail for OpenMetrics, whose timestamps are in seconds.
func (s *scanner) strictTail() (timestamp int64, stamped bool, err error) {
	if s.next() == ' ' && !s.atExemplar() {
		seconds, err := s.strictNumber("timestamp")
		if err != nil {
			return 0, false, err
		}
		if math.IsNaN(seconds) || math.IsInf(seconds, 0) {
			return 0, false, s.fault("a timestamp is %v", seconds)
		}
		timestamp, stamped = int64(seconds*1000), true
	}
	if s.atExemplar() {
		if err := s.exemplar(); err != nil {
			return 0, false, err
		}
	}
	if s.next() != '\n' {
		return 0, false, s.fault("expected a timestamp, an exemplar or the end of the line, got %s", s.got())
	}
	s.at++
	return timestamp, stamped, nil
}

const exemplarStart = " # {"

func (s *scanner) atExemplar() bool {
	return len(s.body)-s.at >= len(exemplarStart) && s.body[s.at:s.at+len(exemplarStart)] == exemplarStart
}

// exemplar checks one; nothing of it is used.
func (s *scanner) exemplar() error {
	s.at += len(exemplarStart)
	labels, name := s.labels, s.name
	s.labels, s.name = nil, "exemplar" // which has no name in quotes
	err := s.braces()
	s.labels, s.name = labels, name
	if err != nil {
		return err
	}
	if _, err := s.strictNumber("value of an exemplar"); err != nil {
		return err
	}
	if s.next() != ' ' {
		return nil
	}
	seconds, err := s.strictNumber("timestamp of an exemplar")
	if err == nil && (math.IsNaN(seconds) || math.IsInf(seconds, 0)) {
		err = s.fault("the timestamp of an exemplar is %v", seconds)
	}
	return err
}

// strictNumber reads a space and a number.
func (s *scanner) strictNumber(what string) (float64, error) {
	if s.next() != ' ' {
		return 0, s.fault("expected a space and the %s, got %s", what, s.got())
	}
	v, end, ok := readNumber(s.body, s.at+1)
	if !ok || end == s.at+1 || end < len(s.body) && s.body[end] != ' ' && s.body[end] != '\n' {
		return 0, s.fault("expected the %s, got %s", what, s.got())
	}
	s.at = end
	return v, nil
}
