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
// string, with a newline between two, and a line is a few bytes beside it. It is
// immutable.
type chunk struct {
	lineIndex

	text string
	// odd are the few lines of which this cannot tell everything.
	odd    map[int]odd
	labels []label
}

// label is what many lines share.
type label struct{ source, origin string }

// odd is what does not fit into a line's entry: a decoded message, or a time
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

func (c *chunk) size(from, to int) int { return int(c.end(to-1)+1) - int(c.start(from)) }

func (c *chunk) find(i int) (*chunk, int) { return c, i }

// raw returns the text of line i.
func (c *chunk) raw(i int) string { return c.text[c.start(i):c.end(i)] }

// level returns the level of line i.
func (c *chunk) level(i int) oncall.Level { return c.kind(i).level() }

func (c *chunk) late(i int) bool { return c.kind(i).flags&lateBit != 0 }

func (k kind) level() oncall.Level { return oncall.Level(k.flags & levelMask) }

// label returns the number of the label of lines of this kind.
func (k kind) label() uint16 { return k.flags >> labelShift }

func (k kind) isOdd() bool { return k.message&isOdd == isOdd }

// time returns the time of line i.
func (c *chunk) time(i int) time.Time {
	if c.kind(i).isOdd() {
		return c.odd[i].at
	}
	return time.Unix(0, c.nano(i)).UTC()
}

// line unpacks line i.
func (c *chunk) line(i int) oncall.LogLine {
	raw, k := c.raw(i), c.kind(i)
	of := &c.labels[k.label()]
	l := oncall.LogLine{
		Level: k.level(), Source: of.source, Origin: of.origin, Raw: raw,
		Cut: k.flags&cutBit != 0, Late: k.flags&lateBit != 0,
	}
	if k.isOdd() {
		l.At, l.Message = c.odd[i].at, c.odd[i].message
		return l
	}
	from := k.message >> 16
	l.At, l.Message = time.Unix(0, c.nano(i)).UTC(), raw[from:from+k.message&isOdd]
	return l
}

// packer makes chunks of lines. The zero value is ready. It is not safe for
// concurrent use.
type packer struct {
	pauses

	// entries is room for those of one chunk.
	entries []lineEntry
	// labels are those of the chunk before, which the next one mostly shares.
	labels []label
}

// pack makes chunks of the lines, in their order. Where they are the lines of one
// of the texts, that becomes the chunk's as it is.
func (p *packer) pack(lines []oncall.LogLine, texts []string) []*chunk {
	out := make([]*chunk, 0, len(lines)/chunkLines+1)
	if p.entries == nil {
		p.entries = make([]lineEntry, 0, min(len(lines), chunkLines))
	}
	for len(lines) > 0 {
		n, text := 0, ""
		if len(texts) > 0 && strings.HasPrefix(texts[0], lines[0].Raw) {
			n, text = leading(lines, texts[0])
			texts = rest(texts, len(text))
		}
		if n == 0 {
			n, text = p.copied(lines, texts)
		}
		c, took := p.one(lines[:n], text)
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
func (p *packer) copied(lines []oncall.LogLine, texts []string) (n int, text string) {
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
		p.step()
	}
	return n, b.String()
}

// one makes one chunk of lines, whose text it is given. It returns how many of the
// lines it took: fewer when they have too many labels.
func (p *packer) one(lines []oncall.LogLine, text string) (*chunk, int) {
	c := &chunk{}
	entries := p.entries[:0]
	end := -1
	at := make(map[label]uint16, 4)
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
		m, nano, ok := squeeze(l)
		if !ok {
			if c.odd == nil {
				c.odd = map[int]odd{}
			}
			c.odd[i] = odd{at: l.At.Round(0).UTC(), message: strings.Clone(l.Message)}
		}
		entries = append(entries, lineEntry{uint32(end), nano, kind{m, flags}})
		p.step()
	}
	c.text = text[:end]
	c.lineIndex = indexOf(entries)
	if slices.Equal(c.labels, p.labels) {
		c.labels = p.labels
	}
	p.labels, p.entries = c.labels, entries
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

// before returns the first n lines as a chunk of their own. It shares what it can.
func (c *chunk) before(n int) *chunk {
	h := *c
	h.text, h.lineIndex = c.text[:c.end(n-1)], c.head(n)
	if len(c.text)-len(h.text) > len(c.text)/wasted {
		// The rest comes again in another chunk.
		h.text, h.lineIndex = strings.Clone(h.text), h.clone()
	}
	return &h
}

// between is a weave of the one chunk.
func (c *chunk) between(from, to int) block {
	if from == 0 && to == c.len() {
		return c
	}
	order := make([]uint16, 0, to-from)
	for i := from; i < to; i++ {
		order = append(order, uint16(i))
	}
	return &weave{parts: []part{{c, from, to}}, order: order, bytes: c.size(from, to)}
}

// joins reports whether two neighbours become one chunk.
func joins(a, b *chunk) bool {
	return a.len() <= 2*b.len() && a.len()+b.len() <= chunkLines && len(a.text)+len(b.text) <= chunkBytes &&
		len(a.labels)+len(b.labels) <= chunkLabels
}

// join makes one chunk of two.
func join(a, b *chunk) *chunk {
	c := &chunk{text: a.text + "\n" + b.text, labels: slices.Clone(a.labels)}
	at := make(map[label]uint16, len(a.labels))
	for i, l := range a.labels {
		at[l] = uint16(i)
	}
	to := make([]uint16, len(b.labels))
	for i, l := range b.labels {
		to[i], _ = c.label(at, l)
	}
	entries := a.entries(make([]lineEntry, 0, a.len()+b.len()), 0)
	entries = b.entries(entries, uint32(len(a.text)+1))
	for i := range entries[a.len():] {
		e := &entries[a.len()+i]
		e.flags = to[e.label()]<<labelShift | e.flags&(1<<labelShift-1)
	}
	c.lineIndex = indexOf(entries)
	if len(a.odd)+len(b.odd) > 0 {
		c.odd = make(map[int]odd, len(a.odd)+len(b.odd))
		maps.Copy(c.odd, a.odd)
		for i, o := range b.odd {
			c.odd[a.len()+i] = o
		}
	}
	return c
}
