package lines

import "strings"

// partial joins the pieces into which the container runtime interface tears
// lines longer than 16 KiB: "… stdout P first ", "… stdout F last". The joined
// line carries the first piece's time and the tag F.
type partial struct {
	// text is what has been joined so far, nil for nothing.
	text []byte
	// stream is where it came from; the two streams of a file interleave.
	stream string
	cut    bool
}

func (p *partial) add(raw string, cut bool, limit int, line Line) {
	stream, tag, at := criHead(raw)
	if p.text == nil && tag != 'P' {
		line(raw, cut)
		return
	}
	switch {
	case p.text == nil:
		p.text = append([]byte{}, raw...)
		p.text[at-2] = 'F'
		p.stream, p.cut = stream, cut
		return
	case tag == 0, stream != p.stream:
		// Something else in between: better two pieces than a wrong join.
		p.flush(line)
		p.add(raw, cut, limit, line)
		return
	}
	piece := raw[at:]
	if room := limit - len(p.text); len(piece) > room {
		piece, p.cut = piece[:max(0, room)], true
	}
	p.text = append(p.text, piece...)
	p.cut = p.cut || cut
	if tag == 'F' {
		p.flush(line)
	}
}

func (p *partial) flush(line Line) {
	if p.text == nil {
		return
	}
	text, cut := string(p.text), p.cut
	*p = partial{}
	line(text, cut)
}

// criHead reads the time, stream and tag before a line of the container runtime
// interface. The tag is 0 for any other line; at is where the text begins.
func criHead(raw string) (stream string, tag byte, at int) {
	const shortest = len("2026-03-02T11:04:31Z stdout F ")
	if len(raw) < shortest || raw[4] != '-' || raw[10] != 'T' {
		return "", 0, 0
	}
	i := strings.IndexByte(raw[:min(len(raw), 40)], ' ')
	const rest = len(" stdout F ")
	if i < 0 || len(raw) < i+rest || raw[i+7] != ' ' || raw[i+9] != ' ' {
		return "", 0, 0
	}
	stream, tag = raw[i+1:i+7], raw[i+8]
	if (stream != "stdout" && stream != "stderr") || (tag != 'P' && tag != 'F') {
		return "", 0, 0
	}
	return stream, tag, i + rest
}
