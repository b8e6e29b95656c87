package board

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
)

const (
	// chunkLines and chunkBytes bound one chunk: small enough that letting one go
	// frees memory soon and joining copies little, large enough that a million lines
	// are some hundred.
	chunkLines = 2048
	chunkBytes = 1 << 20
	// chunkLabels bounds the sources and origins of one chunk, by the bits that a
	// line has for them.
	chunkLabels = 1 << (16 - labelShift)
)

// chunk is a run of log lines in compact form: the text of all lines is one
// string, with a newline between two, and a line is 14 bytes beside it without pointers, 18 in a slow log, so
// that the collector has nothing to look at. It is immutable.
type chunk struct {
	text string
	// ends are where in the text each line ends; it begins behind the newline after
	// the one before.
	ends []uint32
	// base is the time of the first line in nanoseconds since 1970; the others are
	// in near as distances from it, or in far when they do not fit there.
	base int64
	near []uint32
	far  []int64
	// messages are where in its line each message begins, and its length in the
	// lower half. flags are the label, then late, cut and the level.
	messages []uint32
	flags    []uint16
	// odd are the few lines of which this cannot tell everything.
	odd    map[int]odd
	labels []label
}

// label is what many lines share.
type label struct{ source, origin string }

// odd is what does not fit into a line's 14 bytes: a decoded message, or a time
// beyond the three hundred years of 64 bits.
type odd struct {
	at      time.Time
	message string
}

// The bits of a line's flags.
const (
	levelMask  = 7
	cutBit     = 1 << 3
	lateBit    = 1 << 4
	labelShift = 5
)

// isOdd is the length of a message that is among the odd ones.
const isOdd = math.MaxUint16

// The times that 64 bits of nanoseconds hold.
const (
	firstYear = 1680
	lastYear  = 2260
)

func (c *chunk) len() int { return len(c.ends) }

func (c *chunk) start(i int) uint32 {
	if i == 0 {
		return 0
	}
	return c.ends[i-1] + 1
}

// raw returns the text of line i.
func (c *chunk) raw(i int) string { return c.text[c.start(i):c.ends[i]] }

// level returns the level of line i.
func (c *chunk) level(i int) oncall.Level { return oncall.Level(c.flags[i] & levelMask) }

func (c *chunk) late(i int) bool { return c.flags[i]&lateBit != 0 }

// time returns the time of line i.
func (c *chunk) time(i int) time.Time {
	if c.messages[i]&isOdd == isOdd {
		return c.odd[i].at
	}
	return time.Unix(0, c.nano(i)).UTC()
}

func (c *chunk) nano(i int) int64 {
	if c.far != nil {
		return c.far[i]
	}
	return c.base + int64(c.near[i])
}

// line unpacks line i.
func (c *chunk) line(i int) oncall.LogLine {
	raw, flags, m := c.raw(i), c.flags[i], c.messages[i]
	of := &c.labels[flags>>labelShift]
	l := oncall.LogLine{
		Level: oncall.Level(flags & levelMask), Source: of.source, Origin: of.origin, Raw: raw,
		Cut: flags&cutBit != 0, Late: flags&lateBit != 0,
	}
	if m&isOdd == isOdd {
		l.At, l.Message = c.odd[i].at, c.odd[i].message
		return l
	}
	from := m >> 16
	l.At, l.Message = time.Unix(0, c.nano(i)).UTC(), raw[from:from+m&isOdd]
	return l
}

// pack makes chunks of the lines, in their order. Where they are the lines of one
// of the texts, that becomes the chunk's as it is.
func pack(lines []oncall.LogLine, texts []string) []*chunk {
	out := make([]*chunk, 0, len(lines)/chunkLines+1)
	for len(lines) > 0 {
		n, text := 0, ""
		if len(texts) > 0 && strings.HasPrefix(texts[0], lines[0].Raw) {
			n, text = leading(lines, texts[0])
			texts = rest(texts, len(text))
		}
		if n == 0 {
			n, text = copied(lines, texts)
		}
		c, took := packOne(lines[:n], text)
		out = append(out, c)
		lines = lines[took:]
	}
	return out
}

// ownText is from how many bytes on a text is a chunk of its own: letting it be
// one costs less than putting it together with others.
const ownText = 32 << 10

// leading returns how many lines are those at the beginning of a text, with a
// newline between two, and that part of it. It is 0 when that is not worth it, or
// keeps much more from being freed.
func leading(lines []oncall.LogLine, text string) (n int, part string) {
	end := -1
	for n < min(len(lines), chunkLines) && end < len(text) {
		from, raw := end+1, lines[n].Raw
		// Of what is the same string only the length is compared.
		if (n > 0 && text[end] != '\n') || !strings.HasPrefix(text[from:], raw) {
			break
		}
		end = from + len(raw)
		n++
	}
	if end < ownText || (n < chunkLines && len(text)-end > len(text)/wasted) {
		return 0, ""
	}
	return n, text[:end]
}

// rest returns what is left of the texts after some of the first one, which with 0
// is of no use.
func rest(texts []string, after int) []string {
	if left := texts[0]; after > 0 && after+1 < len(left) {
		texts = slices.Clone(texts)
		texts[0] = left[after+1:]
		return texts
	}
	return texts[1:]
}

// copied returns how many of the lines make a chunk of copied text, and the text.
// The first line of one of the texts is left for the next chunk.
func copied(lines []oncall.LogLine, texts []string) (n int, text string) {
	size := 0
	for n < len(lines) && n < chunkLines {
		raw := lines[n].Raw
		if n > 0 && (size+len(raw) > chunkBytes || len(texts) > 0 && strings.HasPrefix(texts[0], raw)) {
			break
		}
		size += len(raw) + 1
		n++
	}
	var b strings.Builder
	b.Grow(size)
	for i := range lines[:n] {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(lines[i].Raw)
	}
	return n, b.String()
}

// packOne makes one chunk of lines, whose text it is given. It returns how many
// of them it took: fewer when they have too many labels.
func packOne(lines []oncall.LogLine, text string) (*chunk, int) {
	c := &chunk{
		ends: make([]uint32, 0, len(lines)), messages: make([]uint32, 0, len(lines)), flags: make([]uint16, 0, len(lines)),
	}
	end := -1
	at := make(map[label]uint16, 4)
	times := make([]int64, 0, len(lines))
	last, lastLabel := label{}, uint16(0)
	for i := range lines {
		l := &lines[i]
		of := label{l.Source, l.Origin}
		if i == 0 || of != last {
			n, ok := c.label(at, of)
			if !ok {
				break
			}
			last, lastLabel = of, n
		}
		flags := lastLabel<<labelShift | uint16(l.Level)&levelMask
		if l.Cut {
			flags |= cutBit
		}
		if l.Late {
			flags |= lateBit
		}
		end += 1 + len(l.Raw)
		c.ends = append(c.ends, uint32(end))
		c.flags = append(c.flags, flags)
		m, nano, ok := squeeze(l)
		if !ok {
			if c.odd == nil {
				c.odd = map[int]odd{}
			}
			c.odd[i] = odd{at: l.At.Round(0).UTC(), message: strings.Clone(l.Message)}
		}
		c.messages, times = append(c.messages, m), append(times, nano)
	}
	c.text = text[:end]
	c.setTimes(times)
	return c, c.len()
}

// squeeze returns a line's message and time in 12 bytes, and false when they do
// not fit.
func squeeze(l *oncall.LogLine) (message uint32, nano int64, ok bool) {
	if y := l.At.Year(); y < firstYear || y > lastYear {
		return isOdd, 0, false
	}
	i := strings.Index(l.Raw, l.Message)
	if i < 0 || i > math.MaxUint16 || len(l.Message) >= isOdd {
		return isOdd, l.At.UnixNano(), false
	}
	return uint32(i)<<16 | uint32(len(l.Message)), l.At.UnixNano(), true
}

// setTimes keeps the times in four bytes each where they lie near enough.
func (c *chunk) setTimes(times []int64) {
	c.base = times[0]
	low, high := slices.Min(times), slices.Max(times)
	if low < c.base || high-low > math.MaxUint32 || high < low {
		c.far = times
		return
	}
	c.near = make([]uint32, len(times))
	for i, t := range times {
		c.near[i] = uint32(t - c.base)
	}
}

// label returns the number of a label, adding it if it is new and there is room.
func (c *chunk) label(at map[label]uint16, l label) (uint16, bool) {
	i, ok := at[l]
	if !ok {
		if len(c.labels) == chunkLabels {
			return 0, false
		}
		i = uint16(len(c.labels))
		// The labels' text may be part of a large read buffer.
		c.labels = append(c.labels, label{strings.Clone(l.source), strings.Clone(l.origin)})
		at[l] = i
	}
	return i, true
}

// wasted is the share of a chunk's text that a part of it may keep from being
// freed, as a divisor.
const wasted = 16

// head returns the first n lines as a chunk of their own. It shares what it can.
func (c *chunk) head(n int) *chunk {
	h := *c
	h.text, h.ends, h.messages, h.flags = c.text[:c.ends[n-1]], c.ends[:n:n], c.messages[:n:n], c.flags[:n:n]
	if c.far != nil {
		h.far = c.far[:n:n]
	} else {
		h.near = c.near[:n:n]
	}
	if len(c.text)-len(h.text) > len(c.text)/wasted {
		// The rest comes again in another chunk.
		h.text, h.ends, h.messages, h.flags = strings.Clone(h.text), slices.Clone(h.ends), slices.Clone(h.messages), slices.Clone(h.flags)
		h.near, h.far = slices.Clone(h.near), slices.Clone(h.far)
	}
	return &h
}

// joins reports whether two neighbours become one chunk.
func joins(a, b *chunk) bool {
	return a.len() <= 2*b.len() && a.len()+b.len() <= chunkLines && len(a.text)+len(b.text) <= chunkBytes &&
		len(a.labels)+len(b.labels) <= chunkLabels
}

// join makes one chunk of two.
func join(a, b *chunk) *chunk {
	n := a.len() + b.len()
	c := &chunk{
		text: a.text + "\n" + b.text, labels: slices.Clone(a.labels),
		ends: append(make([]uint32, 0, n), a.ends...), messages: append(append(make([]uint32, 0, n), a.messages...), b.messages...),
		flags: append(make([]uint16, 0, n), a.flags...),
	}
	shift := uint32(len(a.text) + 1)
	for _, e := range b.ends {
		c.ends = append(c.ends, e+shift)
	}
	at := make(map[label]uint16, len(a.labels))
	for i, l := range a.labels {
		at[l] = uint16(i)
	}
	to := make([]uint16, len(b.labels))
	for i, l := range b.labels {
		to[i], _ = c.label(at, l)
	}
	for _, f := range b.flags {
		c.flags = append(c.flags, to[f>>labelShift]<<labelShift|f&(1<<labelShift-1))
	}
	if len(a.odd)+len(b.odd) > 0 {
		c.odd = make(map[int]odd, len(a.odd)+len(b.odd))
		maps.Copy(c.odd, a.odd)
		for i, o := range b.odd {
			c.odd[a.len()+i] = o
		}
	}
	times := make([]int64, 0, n)
	for i := range a.len() {
		times = append(times, a.nano(i))
	}
	for i := range b.len() {
		times = append(times, b.nano(i))
	}
	c.setTimes(times)
	return c
}
