package s3parquet

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"conway/internal/oncall"
)

// ask is a query, ready to be put to files.
type ask struct {
	filter filter
	// from and to bound the rows' times in nanoseconds, from inclusive, to not.
	from, to int64
	fields   []string
}

func askOf(f filter, w oncall.Window, fields []string) ask {
	a := ask{filter: f, from: math.MinInt64, to: math.MaxInt64, fields: fields}
	if !w.Start.IsZero() {
		a.from = w.Start.UnixNano()
	}
	if !w.End.IsZero() {
		a.to = w.End.UnixNano()
	}
	return a
}

// bound is a query bound to the columns of one file.
type bound struct {
	ask
	time *leaf
	// tests are cheap comparisons, texts those that look into long columns.
	tests, texts []test
	// never is true when the folders or the lack of a column rule the file out.
	never bool
}

// wrongValueError reports a value that its column cannot be compared with.
type wrongValueError struct{ column, value, want string }

// Error says what the column holds.
func (e *wrongValueError) Error() string {
	return fmt.Sprintf("the query compares %s with %s, but that column holds %s", quote(e.column), quote(e.value), e.want)
}

// bind looks the columns of a query up. Columns that folders name and the file
// does not hold are decided here.
func (a ask) bind(f *file) (bound, error) {
	b := bound{ask: a, time: f.schema.role[roleTime]}
	for _, t := range a.filter {
		l := f.schema.named(t.column)
		if l == nil {
			if !t.holdsOf(f.placed.columns) {
				b.never = true
			}
			continue
		}
		x := test{term: t, leaf: l}
		x.isLevel = l == f.schema.role[roleLevel] && t.level != oncall.LevelNone && t.op != contains && t.op != lacks &&
			(!t.numeric || l.kind == kindText)
		if err := x.check(); err != nil {
			return b, err
		}
		if t.op == contains || t.op == lacks || l == f.schema.role[roleMessage] {
			b.texts = append(b.texts, x)
		} else {
			b.tests = append(b.tests, x)
		}
	}
	return b, nil
}

// check refuses what cannot be compared.
func (t *test) check() error {
	if t.isLevel || t.op == contains || t.op == lacks {
		return nil
	}
	switch {
	case t.leaf.kind.timed() && !t.timed:
		return &wrongValueError{t.column, t.value, "times; write it as 2026-03-02T11:04:31Z, in quotes"}
	case (t.leaf.kind == kindNumber || t.leaf.kind == kindEpoch) && !t.numeric:
		return &wrongValueError{t.column, t.value, "numbers"}
	}
	return nil
}

// holdsOf reports whether a term holds of the columns that folders name. A column
// that is nowhere has no value.
func (t term) holdsOf(columns []partition) bool {
	for _, c := range columns {
		if strings.EqualFold(c.name, t.column) {
			return t.matchText(c.value)
		}
	}
	return t.op.negative()
}

// outside reports whether no time between two bounds lies in the window.
func (b *bound) outside(low, high parquet.Value) bool {
	first, last, ok := b.times(low, high)
	return ok && (last < b.from || first >= b.to)
}

// times returns bounds of the time column. It reports false for those that say
// nothing: there are none, or the text they are was cut, or the column's order
// is not that of time.
func (b *bound) times(low, high parquet.Value) (first, last int64, ok bool) {
	if low.IsNull() || high.IsNull() || b.time.kind == kindInt96 {
		return 0, 0, false
	}
	if b.time.kind == kindText && (!sortable(low) || !sortable(high)) {
		return 0, 0, false
	}
	first, ok1 := b.time.kind.nanos(low)
	last, ok2 := b.time.kind.nanos(high)
	return first, last, ok1 && ok2 && first <= last
}

// sortable reports whether the text is a time whose order as text is that of
// time: in UTC, with the year first.
func sortable(v parquet.Value) bool {
	s := string(v.ByteArray())
	return len(s) >= len(time.DateTime) && s[4] == '-' && (s[len(s)-1] == 'Z' || strings.HasSuffix(s, "+00:00"))
}
