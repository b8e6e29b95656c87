package logs

import (
	"iter"
	"strings"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// around is how many lines are shown before and after an opened one that is
// among filtered ones.
const around = 3

// toggleOpen opens the selected line, or closes it.
func (p *Pane) toggleOpen(f pane.Frame, r rows) pane.Intent {
	if r.len() == 0 {
		return pane.Say{Reason: "there is no line to open"}
	}
	if p.Following() {
		p.put(r.len()-1, f, r)
	}
	if p.opened == p.at {
		p.opened = 0
		return nil
	}
	p.opened = p.at
	return nil
}

// inside draws what an opened line holds: its source, its fields one by one, and,
// when it stands among filtered lines, those around it.
func (p *Pane) inside(l oncall.LogLine, seq uint64, f pane.Frame, t board.Tail) []pane.Line {
	field := func(key, value string) []pane.Line {
		head := pane.L(pane.S(style.Accent, text.Sprintf("      %s ", key)))
		var out []pane.Line
		for i, v := range text.Decode(value).Wrap(max(1, f.Width-head.Width())) {
			if i > 0 {
				head = pane.L(pane.S(style.Text, text.Safe{}.Pad(head.Width())))
			}
			out = append(out, append(append(pane.Line{}, head...), p.marked(pane.L(pane.S(style.Text, v)))...))
		}
		return out
	}
	where := l.Source
	if l.Origin != "" {
		where += " " + l.Origin
	}
	out := field("from", where)
	// What the row's head shows already comes last.
	fields := l.Fields()
	for _, shown := range []bool{false, true} {
		for _, x := range fields {
			if headField(x.Key) == shown {
				out = append(out, field(x.Key, x.Value)...)
			}
		}
	}
	if fields == nil {
		out = append(out, field("line", l.Raw)...)
	}
	if p.filter.All() && !p.index.found {
		return out
	}
	out = append(out, pane.L(pane.S(style.Dim, text.Const("      around it:"))))
	i := int(seq - t.FirstSeq())
	for j := max(0, i-around); j <= min(t.Len()-1, i+around); j++ {
		o := t.At(j)
		role := style.Dim
		if j == i {
			role = style.Text
		}
		out = append(out, pane.L(pane.S(role, text.Sprintf("      %s %s %s", f.Seconds(o.At), text.Decode(o.Level.String()).Pad(5), o.Message))))
	}
	return out
}

// withInside returns a line's rows with what it holds, in the room there is.
func (p *Pane) withInside(head []pane.Line, r rows, i int, f pane.Frame, room int) []pane.Line {
	rows := append(head, p.inside(r.line(i), r.seq(i), f, r.tail)...)
	if len(rows) <= room {
		return rows
	}
	more := text.Sprintf("      … %d rows more; a larger pane shows them", len(rows)-room+1)
	return append(rows[:max(0, room-1)], pane.L(pane.S(style.Dim, more)))
}

// traceOf returns the id by which a line's request is known, and its field.
func traceOf(l oncall.LogLine) (key, value string) {
	for _, want := range []string{"traceid", "requestid", "correlationid", "xrequestid", "spanid", "reqid"} {
		for _, f := range l.Fields() {
			plain := strings.Map(func(r rune) rune {
				if strings.ContainsRune("_.-", r) {
					return -1
				}
				return r
			}, strings.ToLower(f.Key))
			if (plain == want || strings.HasSuffix(plain, want)) && f.Value != "" {
				return f.Key, f.Value
			}
		}
	}
	return "", ""
}

// trace shows every held line of the selected line's request, from all sources.
// Where they are shown already, it asks for more than the held ones.
func (p *Pane) trace(r rows, f pane.Frame, b board.Board) pane.Intent {
	if r.len() == 0 {
		return pane.Say{Reason: "there is no line to follow a request from"}
	}
	key, id := traceOf(r.line(p.position(r)))
	if id == "" {
		return pane.Say{Reason: "this line has no trace_id, request_id or the like"}
	}
	filter := `"` + strings.ReplaceAll(strings.ReplaceAll(id, `\`, `\\`), `"`, `\"`) + `"`
	again := p.wide && p.typed == filter
	if !again {
		p.Filter(filter)
		p.wide = true
		r = p.index.rows(p.look(f, b))
	}
	return pane.Trace{Key: key, ID: id, Held: r.len(), Again: again}
}

// saved asks for the lines that are shown to be written to a file.
func (p *Pane) saved(r rows) pane.Intent {
	if r.len() == 0 {
		return pane.Say{Reason: "there is no line to write"}
	}
	r.seqs = r.seqs.clone()
	return pane.Save{Name: "lines.log", What: "log lines", Lines: r.texts()}
}

// texts yields the lines as they came.
func (r rows) texts() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range r.len() {
			if !yield(r.line(i).Raw) {
				return
			}
		}
	}
}
