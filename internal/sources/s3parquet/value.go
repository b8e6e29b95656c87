package s3parquet

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"conway/internal/oncall"
)

// kind is what the values of a column are.
type kind uint8

const (
	kindOther kind = iota
	kindText
	kindNumber
	kindBool
	// kindEpoch is a number that is a time if the column is one of times; its unit
	// is told by its size.
	kindEpoch
	kindMillis
	kindMicros
	kindNanos
	kindInt96
	kindDate
)

func kindOf(c *parquet.Column) kind {
	t := c.Type()
	if lt := t.LogicalType(); lt != nil {
		switch {
		case strings.HasPrefix(lt.String(), "TIMESTAMP"):
			return timestampKind(lt.String())
		case strings.HasPrefix(lt.String(), "DATE"):
			return kindDate
		case strings.HasPrefix(lt.String(), "DECIMAL"), strings.HasPrefix(lt.String(), "UUID"):
			return kindOther
		}
	}
	if ct := t.ConvertedType(); ct != nil {
		switch *ct {
		case deprecated.TimestampMillis:
			return kindMillis
		case deprecated.TimestampMicros:
			return kindMicros
		default:
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return kindBool
	case parquet.Int32, parquet.Float, parquet.Double:
		return kindNumber
	case parquet.Int64:
		return kindEpoch
	case parquet.Int96:
		return kindInt96
	case parquet.ByteArray:
		return kindText
	case parquet.FixedLenByteArray:
	}
	return kindOther
}

// plain reports whether a column holds bytes of which the file does not say more.
func plain(c *parquet.Column) bool {
	t := c.Type()
	if t.LogicalType() != nil || t.ConvertedType() != nil {
		return false
	}
	return t.Kind() == parquet.ByteArray || t.Kind() == parquet.FixedLenByteArray
}

func timestampKind(s string) kind {
	switch {
	case strings.Contains(s, "MILLIS"):
		return kindMillis
	case strings.Contains(s, "MICROS"):
		return kindMicros
	}
	return kindNanos
}

// timed reports whether the values are times by their type alone.
func (k kind) timed() bool { return k >= kindMillis && k <= kindInt96 }

// nanos returns a value as a time in nanoseconds since 1970.
func (k kind) nanos(v parquet.Value) (int64, bool) {
	if v.IsNull() {
		return 0, false
	}
	switch k {
	case kindNanos:
		return v.Int64(), true
	case kindMicros:
		return scaled(v.Int64(), int64(time.Microsecond))
	case kindMillis:
		return scaled(v.Int64(), int64(time.Millisecond))
	case kindEpoch:
		n := v.Int64()
		return scaled(n, epochUnit(n))
	case kindInt96:
		return int96Nanos(v)
	case kindText:
		t, ok := oncall.ParseTime(string(v.ByteArray()), time.Unix(0, 0).UTC())
		return t.UnixNano(), ok
	case kindNumber:
		if v.Kind() != parquet.Double || math.IsNaN(v.Double()) || math.Abs(v.Double()) > 9e9 {
			return 0, false
		}
		return int64(v.Double() * float64(time.Second)), true
	case kindOther, kindBool, kindDate:
	}
	return 0, false
}

func scaled(n, unit int64) (int64, bool) {
	if n > math.MaxInt64/unit || n < math.MinInt64/unit {
		return 0, false
	}
	return n * unit, n != 0
}

// epochUnit tells the unit of a number of the time since 1970 by its size.
func epochUnit(n int64) int64 {
	switch {
	case n < 1e11:
		return int64(time.Second)
	case n < 1e14:
		return int64(time.Millisecond)
	case n < 1e17:
		return int64(time.Microsecond)
	}
	return 1
}

// int96Nanos reads the old form of times: nanoseconds of the day and a Julian day.
func int96Nanos(v parquet.Value) (int64, bool) {
	const epochDay = 2_440_588
	x := v.Int96()
	days := int64(x[2]) - epochDay
	if days < -50_000 || days > 100_000 {
		return 0, false
	}
	return days*int64(24*time.Hour) + int64(x[1])<<32 + int64(x[0]), true
}

func number(v parquet.Value) float64 {
	switch v.Kind() {
	case parquet.Int32:
		return float64(v.Int32())
	case parquet.Int64:
		return float64(v.Int64())
	case parquet.Float:
		return float64(v.Float())
	case parquet.Double:
		return v.Double()
	case parquet.Boolean:
		if v.Boolean() {
			return 1
		}
	case parquet.Int96, parquet.ByteArray, parquet.FixedLenByteArray:
	}
	return 0
}

// textOf returns a value as text, empty for none.
func (l *leaf) textOf(v parquet.Value) string {
	if v.IsNull() {
		return ""
	}
	if l.kind == kindText {
		if b := v.ByteArray(); !l.raw(b) {
			return printableBytes(b)
		}
		return hex.EncodeToString(v.ByteArray())
	}
	var s string
	if json.Unmarshal(l.appendJSON(nil, v), &s) == nil {
		return s
	}
	return string(l.appendJSON(nil, v))
}

// raw reports whether bytes are an id that is not written out: they have its length,
// and are no text, or none that an id of a trace or a span is written in.
func (l *leaf) raw(b []byte) bool {
	if len(b) != rawTrace && len(b) != rawSpan {
		return false
	}
	return !utf8.Valid(b) || l.id && bytes.IndexFunc(b, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("-_.:", r)
	}) >= 0
}

// The lengths in bytes of the ids of traces and spans, by the W3C's Trace Context.
const (
	rawTrace = 16
	rawSpan  = 8
)

func printableBytes(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// appendJSON writes a value as JSON.
func (l *leaf) appendJSON(b []byte, v parquet.Value) []byte {
	if v.IsNull() {
		return append(b, "null"...)
	}
	if l.kind.timed() {
		if ns, ok := l.kind.nanos(v); ok {
			return appendString(b, time.Unix(0, ns).UTC().Format(time.RFC3339Nano))
		}
		return append(b, "null"...)
	}
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.AppendBool(b, v.Boolean())
	case parquet.Int32:
		if l.kind == kindDate {
			return appendString(b, time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly))
		}
		return strconv.AppendInt(b, int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case parquet.Float, parquet.Double:
		f := number(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return append(b, "null"...)
		}
		return strconv.AppendFloat(b, f, 'g', -1, 64)
	case parquet.ByteArray:
		return l.appendBytes(b, v.ByteArray())
	case parquet.FixedLenByteArray:
		return appendString(b, hex.EncodeToString(v.ByteArray()))
	case parquet.Int96:
	}
	return appendString(b, v.String())
}

// appendBytes writes text as it is, identifiers in hex, and other bytes in base64.
func (l *leaf) appendBytes(b, value []byte) []byte {
	switch {
	case l.raw(value):
		return appendString(b, hex.EncodeToString(value))
	case utf8.Valid(value):
		return appendString(b, string(value))
	}
	return appendString(b, base64.StdEncoding.EncodeToString(value))
}

// appendString writes a JSON string. Only what JSON asks for is escaped.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// test is a term bound to a column of one file.
type test struct {
	term
	leaf *leaf
	// isLevel is true when the value is compared as a level.
	isLevel bool
}

// match reports whether the term holds of a value.
func (t *test) match(v parquet.Value) bool {
	if v.IsNull() {
		return t.op.negative()
	}
	switch {
	case t.isLevel:
		level := severity(t.leaf.name, t.leaf.textOf(v))
		return level != oncall.LevelNone && t.op.holds(cmp.Compare(level, t.level))
	case t.op == contains || t.op == lacks:
		return t.matchText(t.leaf.textOf(v))
	case t.leaf.kind.timed():
		ns, ok := t.leaf.kind.nanos(v)
		return ok && t.op.holds(cmp.Compare(ns, t.at.UnixNano()))
	case t.numbers():
		return t.op.holds(cmp.Compare(number(v), t.number))
	case t.identifies():
		b := string(v.ByteArray())
		return (b == t.id || b == t.value) == (t.op == equal)
	case t.leaf.kind == kindText && !t.leaf.id:
		return t.op.holds(cmp.Compare(string(v.ByteArray()), t.value))
	}
	return t.op.holds(cmp.Compare(t.leaf.textOf(v), t.value))
}

func (t *test) numbers() bool {
	return t.numeric && (t.leaf.kind == kindNumber || t.leaf.kind == kindEpoch)
}

// identifies reports whether the term asks for an id that the column may hold raw or
// written out.
func (t *test) identifies() bool {
	return t.id != "" && t.leaf.plain && (t.op == equal || t.op == notEqual)
}

// excludes reports whether no value between two bounds can fulfil the term.
// Bounds may be wider than the values, never narrower.
func (t *test) excludes(low, high parquet.Value) bool {
	if low.IsNull() || high.IsNull() || t.op.negative() || t.op == contains {
		return false
	}
	var below, above int
	switch {
	case t.isLevel:
		// Words of levels have no order of their own.
		return t.leaf.textOf(low) == t.leaf.textOf(high) && !t.match(low)
	case t.leaf.kind.timed():
		a, ok1 := t.leaf.kind.nanos(low)
		b, ok2 := t.leaf.kind.nanos(high)
		if !ok1 || !ok2 || t.leaf.kind == kindInt96 {
			return false
		}
		below, above = cmp.Compare(a, t.at.UnixNano()), cmp.Compare(b, t.at.UnixNano())
	case t.numbers():
		below, above = cmp.Compare(number(low), t.number), cmp.Compare(number(high), t.number)
	case t.leaf.id && t.op != equal:
		return false // what is compared then is the id written out
	case t.leaf.kind == kindText && t.identifies():
		first, last := string(low.ByteArray()), string(high.ByteArray())
		return (t.value < first || t.value > last) && (t.id < first || t.id > last)
	case t.leaf.kind == kindText:
		below, above = cmp.Compare(string(low.ByteArray()), t.value), cmp.Compare(string(high.ByteArray()), t.value)
	default:
		return false
	}
	switch t.op {
	case equal:
		return below > 0 || above < 0
	case less:
		return below >= 0
	case lessEqual:
		return below > 0
	case greater:
		return above <= 0
	case greaterEqual:
		return above < 0
	case notEqual, contains, lacks:
	}
	return false
}
