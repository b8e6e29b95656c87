package board

import (
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
)

const (
	// chunkLines and chunkBytes bound one chunk: small enough that letting one go
	// frees memory soon, large enough that 100,000 lines are a few hundred chunks.
	chunkLines = 1024
	chunkBytes = 1 << 20
)

// chunk is a run of log lines in compact form: the text of all lines is one
// string and a line is 40 bytes without pointers, so that the collector has
// nothing to look at. It is immutable.
type chunk struct {
	text   string
	lines  []packed
	labels []label
}

// label is what many lines share.
type label struct{ source, origin string }

// packed is one line; offsets are into the chunk's text.
type packed struct {
	sec                      int64
	nsec                     uint32
	raw, rawLen, msg, msgLen uint32
	label                    uint16
	level                    oncall.Level
	cut                      bool
}

// pack makes chunks of the lines, in their order.
func pack(lines []oncall.LogLine) []*chunk {
	out := make([]*chunk, 0, len(lines)/chunkLines+1)
	for len(lines) > 0 {
		n, size := 0, 0
		for n < len(lines) && n < chunkLines {
			c := cost(lines[n])
			if n > 0 && size+c > chunkBytes {
				break
			}
			size += c
			n++
		}
		out = append(out, packOne(lines[:n], size))
		lines = lines[n:]
	}
	return out
}

// cost returns the bytes of text that a line takes. A message is a part of the
// raw line unless it had to be decoded.
func cost(l oncall.LogLine) int {
	if strings.Contains(l.Raw, l.Message) {
		return len(l.Raw)
	}
	return len(l.Raw) + len(l.Message)
}

// packOne makes one chunk of lines that cost size bytes.
func packOne(lines []oncall.LogLine, size int) *chunk {
	c := &chunk{lines: make([]packed, 0, len(lines))}
	var text strings.Builder
	text.Grow(size)
	at := make(map[label]uint16)
	for _, l := range lines {
		p := packed{
			sec: l.At.Unix(), nsec: uint32(l.At.Nanosecond()), level: l.Level, cut: l.Cut,
			raw: uint32(text.Len()), rawLen: uint32(len(l.Raw)), msgLen: uint32(len(l.Message)),
		}
		text.WriteString(l.Raw)
		if i := strings.Index(l.Raw, l.Message); i >= 0 {
			p.msg = p.raw + uint32(i)
		} else {
			p.msg = uint32(text.Len())
			text.WriteString(l.Message)
		}
		p.label = c.label(at, label{l.Source, l.Origin})
		c.lines = append(c.lines, p)
	}
	c.text = text.String()
	return c
}

// label returns the number of a label, adding it if it is new. A chunk has no
// more labels than lines, so the number fits.
func (c *chunk) label(at map[label]uint16, l label) uint16 {
	i, ok := at[l]
	if !ok {
		i = uint16(len(c.labels))
		// The labels' text may be part of a large read buffer.
		c.labels = append(c.labels, label{strings.Clone(l.source), strings.Clone(l.origin)})
		at[l] = i
	}
	return i
}

// join makes one chunk of two.
func join(a, b *chunk) *chunk {
	c := &chunk{
		text:   a.text + b.text,
		lines:  make([]packed, 0, len(a.lines)+len(b.lines)),
		labels: slices.Clone(a.labels),
	}
	c.lines = append(c.lines, a.lines...)
	at := make(map[label]uint16, len(a.labels))
	for i, l := range a.labels {
		at[l] = uint16(i)
	}
	to := make([]uint16, len(b.labels))
	for i, l := range b.labels {
		to[i] = c.label(at, l)
	}
	shift := uint32(len(a.text))
	for _, p := range b.lines {
		p.raw, p.msg, p.label = p.raw+shift, p.msg+shift, to[p.label]
		c.lines = append(c.lines, p)
	}
	return c
}

// line unpacks line i.
func (c *chunk) line(i int) oncall.LogLine {
	p := &c.lines[i]
	return oncall.LogLine{
		At:      time.Unix(p.sec, int64(p.nsec)).UTC(),
		Level:   p.level,
		Source:  c.labels[p.label].source,
		Origin:  c.labels[p.label].origin,
		Raw:     c.text[p.raw : p.raw+p.rawLen],
		Message: c.text[p.msg : p.msg+p.msgLen],
		Cut:     p.cut,
	}
}
