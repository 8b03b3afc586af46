package lint

import (
	"bufio"
	"errors"
	"io"
)

// line is one line of a body.
type line struct {
	text    []byte // without the line feed; valid until the next line is read
	ended   bool   // by a line feed; only the last line may lack it
	tooLong bool   // text is the beginning of more than MaxLine bytes
}

// lineReader cuts a body into lines of bounded length.
type lineReader struct {
	from *bufio.Reader
	long []byte // a line that is longer than the buffer of from
}

func newLineReader(body io.Reader) *lineReader {
	return &lineReader{from: bufio.NewReaderSize(body, 64<<10)}
}

// next gives the next line, or io.EOF after the last one.
func (r *lineReader) next() (line, error) {
	piece, err := r.from.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return cutLine(piece, false, err)
	}
	r.long = append(r.long[:0], piece...)
	tooLong := false
	for errors.Is(err, bufio.ErrBufferFull) {
		piece, err = r.from.ReadSlice('\n')
		if tooLong = tooLong || len(r.long)+len(piece) > MaxLine+1; !tooLong {
			r.long = append(r.long, piece...)
		}
	}
	if tooLong && len(piece) > 0 && piece[len(piece)-1] == '\n' {
		r.long = append(r.long, '\n')
	}
	return cutLine(r.long, tooLong, err)
}

// cutLine makes a line of what was read up to err.
func cutLine(read []byte, tooLong bool, err error) (line, error) {
	if err != nil && (!errors.Is(err, io.EOF) || len(read) == 0) {
		return line{}, err
	}
	l := line{text: read, ended: err == nil, tooLong: tooLong}
	if l.ended {
		l.text = read[:len(read)-1]
	}
	return l, nil
}
