package lint

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// sample is what a line says that is neither metadata nor a comment. It is
// read again and again into the same memory.
type sample struct {
	name         []byte
	labels       []label // by name, once checked
	value        float64
	timestamp    float64 // as the format writes it
	hasTimestamp bool
	exemplar     exemplar
	hasExemplar  bool
}

// exemplar is an example of what a bucket or counter has counted.
type exemplar struct {
	labels []label
	value  float64
}

// sample reads a whole line.
func (s *scanner) sample(to *sample) (err error) {
	to.hasTimestamp, to.hasExemplar = false, false
	s.blanks()
	if to.name, to.labels, err = s.series(to.labels[:0]); err != nil {
		return err
	}
	if err := s.gap("value"); err != nil {
		return err
	}
	if len(s.rest) == 0 {
		return errors.New("the sample has no value; write it after a space")
	}
	if to.value, err = parseNumber(s.token(), s.openMetrics); err != nil {
		return fmt.Errorf("value: %w", err)
	}
	if s.openMetrics {
		return s.afterOpenMetricsValue(to)
	}
	return s.afterTextValue(to)
}

// afterTextValue reads an optional timestamp and the end of the line.
func (s *scanner) afterTextValue(to *sample) (err error) {
	s.blanks()
	if len(s.rest) == 0 {
		return nil
	}
	if s.rest[0] == '#' {
		return errors.New("an exemplar, or a comment after a sample; the text format has neither: leave it out or expose OpenMetrics")
	}
	if to.timestamp, err = parseTimestamp(s.token(), false); err != nil {
		return err
	}
	to.hasTimestamp = true
	if s.blanks(); len(s.rest) > 0 {
		return fmt.Errorf("%s after the timestamp; the line has to end there", show(s.rest))
	}
	return nil
}

// afterOpenMetricsValue reads an optional timestamp, an optional exemplar and
// the end of the line.
func (s *scanner) afterOpenMetricsValue(to *sample) (err error) {
	if len(s.rest) == 0 {
		return nil
	}
	if err := s.gap("timestamp or exemplar"); err != nil {
		return err
	}
	if len(s.rest) == 0 {
		return errors.New("a space at the end of the line; take it away")
	}
	if s.rest[0] != '#' {
		if to.timestamp, err = parseTimestamp(s.token(), true); err != nil {
			return err
		}
		to.hasTimestamp = true
		if len(s.rest) == 0 {
			return nil
		}
		if err := s.gap("exemplar"); err != nil {
			return err
		}
	}
	to.hasExemplar = true
	return s.readExemplar(&to.exemplar)
}

// readExemplar reads what begins with # and ends with the line.
func (s *scanner) readExemplar(to *exemplar) (err error) {
	if !bytes.HasPrefix(s.rest, []byte("# {")) {
		return fmt.Errorf(`%s after the sample is no exemplar; write it as # {name="value"} 0.5, or end the line before`, show(s.rest))
	}
	s.rest = s.rest[len("# {"):]
	if to.labels, err = s.labels(to.labels[:0], false); err != nil {
		return fmt.Errorf("exemplar: %w", err)
	}
	if err := s.gap("value of the exemplar"); err != nil {
		return err
	}
	if to.value, err = parseNumber(s.token(), true); err != nil {
		return fmt.Errorf("value of the exemplar: %w", err)
	}
	if len(s.rest) == 0 {
		return nil
	}
	if err := s.gap("timestamp of the exemplar"); err != nil {
		return err
	}
	if len(s.rest) == 0 {
		return errors.New("a space at the end of the line; take it away")
	}
	if _, err := parseTimestamp(s.token(), true); err != nil {
		return fmt.Errorf("exemplar: %w", err)
	}
	if len(s.rest) > 0 {
		return fmt.Errorf("%s after the exemplar; the line has to end there", show(s.rest))
	}
	return nil
}

// label finds a label by its name. The labels have been sorted.
func (s *sample) label(name string) ([]byte, bool) {
	i, ok := slices.BinarySearchFunc(s.labels, name, func(l label, name string) int {
		return bytes.Compare(l.name, []byte(name))
	})
	if !ok {
		return nil, false
	}
	return s.labels[i].value, true
}
