package oncall

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func readAt() time.Time {
	return time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("CET", 3600))
}

func TestParseLine(t *testing.T) {
	read := readAt()
	utc := func(h, m, s, ns int) time.Time { return time.Date(2026, 3, 2, h, m, s, ns, time.UTC) }
	tests := []struct {
		name, raw string
		at        time.Time
		level     Level
		message   string
	}{
		{"empty", "", read, LevelNone, ""},
		{"blank", "  \t", read, LevelNone, "  \t"},
		{"prose", "no error was found", read, LevelNone, "no error was found"},
		{"prose with a level later", "disk: error: bad sector", read, LevelError, "disk: error: bad sector"},
		{"capitals lead", "ERROR payment declined", read, LevelError, "payment declined"},
		{"capitals and colon", "WARNING: low on disk", read, LevelWarn, "low on disk"},
		{"python", "ERROR:root:it broke", read, LevelError, "root:it broke"},
		{"go panic", "panic: runtime error: index out of range", read, LevelFatal, "panic: runtime error: index out of range"},
		{"path in capitals", "GET /ERROR/x.html", read, LevelNone, "GET /ERROR/x.html"},
		{"constant in prose", "code ERROR_BAD set", read, LevelNone, "code ERROR_BAD set"},
		{"rfc3339", "2026-03-02T11:04:31Z ERROR declined", utc(11, 4, 31, 0), LevelError, "declined"},
		{"fraction and zone", "2026-03-02T11:04:31.120+01:00 warn slow", utc(10, 4, 31, 120e6), LevelWarn, "slow"},
		{"nanoseconds", "2026-03-02T11:04:31.123456789Z x", utc(11, 4, 31, 123456789), LevelNone, "x"},
		{"negative zone", "2026-03-02T11:04:31-0530 x", utc(16, 34, 31, 0), LevelNone, "x"},
		{"space, comma, no zone", "2026-03-02 11:04:31,123 - root - ERROR - it broke", utc(10, 4, 31, 123e6), LevelError, "root - ERROR - it broke"},
		{"zone after a space", "2026-03-02 11:04:31 +0000 INFO up", utc(11, 4, 31, 0), LevelInfo, "up"},
		{"postgres", "2026-03-02 11:04:31.5 UTC [12] ERROR:  deadlock detected", utc(11, 4, 31, 5e8), LevelError, "[12] ERROR:  deadlock detected"},
		{"brackets", "[2026-03-02 11:04:31] [error] boom", utc(10, 4, 31, 0), LevelError, "boom"},
		{"go log", "2026/03/02 11:04:31 listening on :80", utc(10, 4, 31, 0), LevelNone, "listening on :80"},
		{"nginx", "2026/03/02 11:04:31 [error] 12#0: *1 refused", utc(10, 4, 31, 0), LevelError, "12#0: *1 refused"},
		{"logback", "2026-03-02 11:04:31.1 [main] ERROR c.a.Foo - no", utc(10, 4, 31, 1e8), LevelError, "[main] ERROR c.a.Foo - no"},
		{"syslog", "Mar  2 11:04:31 host app[1]: error: gone", utc(10, 4, 31, 0), LevelError, "host app[1]: error: gone"},
		{"syslog, priority", "<11>Mar  2 11:04:31 host app: gone", utc(10, 4, 31, 0), LevelError, "host app: gone"},
		{"syslog, new", "<165>1 2026-03-02T11:04:31Z host app - - - up", utc(11, 4, 31, 0), LevelInfo, "host app - - - up"},
		{"apache", "[Mon Mar 02 11:04:31.5 2026] [core:warn] late", utc(10, 4, 31, 5e8), LevelNone, "[core:warn] late"},
		{"access log", `10.0.0.1 - - [02/Mar/2026:11:04:31 +0000] "GET / HTTP/1.1" 500 1`, utc(11, 4, 31, 0), LevelNone, `10.0.0.1 - - [02/Mar/2026:11:04:31 +0000] "GET / HTTP/1.1" 500 1`},
		{"klog", "E0302 11:04:31.123456       1 controller.go:114] sync failed", utc(10, 4, 31, 123456e3), LevelError, "sync failed"},
		{"not klog", "E0302 bananas", read, LevelNone, "E0302 bananas"},
		{"time only", "2026-03-02T11:04:31Z", utc(11, 4, 31, 0), LevelNone, "2026-03-02T11:04:31Z"},
		{"month 13", "2026-13-02T11:04:31Z x", read, LevelNone, "2026-13-02T11:04:31Z x"},
		{"level= in prose", `worker level="warn" slow`, read, LevelWarn, `worker level="warn" slow`},

		{"logfmt", `ts=2026-03-02T11:04:31Z level=error msg="payment declined" order=7`, utc(11, 4, 31, 0), LevelError, "payment declined"},
		{"logfmt, escapes", `level=info msg="say \"hi\""`, read, LevelInfo, `say "hi"`},
		{"logfmt, no message", `a=1 b=2`, read, LevelNone, `a=1 b=2`},
		{"logfmt after a time", `2026-03-02T11:04:31Z level=warn msg=slow`, utc(11, 4, 31, 0), LevelWarn, `slow`},
		{"logfmt, open quote", `level=warn msg="never ends`, read, LevelWarn, `"never`},

		{"json", `{"time":"2026-03-02T11:04:31.5Z","level":"error","msg":"declined","n":1}`, utc(11, 4, 31, 5e8), LevelError, "declined"},
		{"json, spaced", ` { "level" : "WARN" , "message" : "slow" } `, read, LevelWarn, "slow"},
		{"pino", `{"level":50,"time":1772449471123,"pid":1,"msg":"boom"}`, utc(11, 4, 31, 123e6), LevelError, "boom"},
		{"zap", `{"level":"info","ts":1772449471.123456,"msg":"up"}`, utc(11, 4, 31, 123456e3), LevelInfo, "up"},
		{"nanos", `{"ts":1772449471123456789,"msg":"up"}`, utc(11, 4, 31, 123456789), LevelNone, "up"},
		{"micros in quotes", `{"ts":"1772449471123456","msg":"up"}`, utc(11, 4, 31, 123456e3), LevelNone, "up"},
		{"ecs", `{"@timestamp":"2026-03-02T11:04:31Z","log.level":"fatal","message":"x"}`, utc(11, 4, 31, 0), LevelFatal, "x"},
		{"gelf", `{"level":3,"message":"x","timestamp":1772449471.5}`, utc(11, 4, 31, 5e8), LevelError, "x"},
		{"escapes", `{"msg":"a\nb \u00e9 \ud83d\ude00 \"q\" \/"}`, read, LevelNone, "a\nb é 😀 \"q\" /"},
		{"lone surrogate", `{"msg":"\ud83d x"}`, read, LevelNone, "\ufffd x"},
		{"nesting hides keys", `{"ctx":{"level":"error","msg":"inner","a":["}",{"b":"]"}]},"msg":"outer"}`, read, LevelNone, "outer"},
		{"number as message", `{"msg":42}`, read, LevelNone, "42"},
		{"null is absent", `{"msg":null,"message":"here","level":null}`, read, LevelNone, "here"},
		{"unknown level", `{"level":"odd","severity":"ERROR","msg":"x"}`, read, LevelError, "x"},
		{"no message", `{"a":1}`, read, LevelNone, `{"a":1}`},
		{"empty object", `{}`, read, LevelNone, `{}`},
		{"cut", `{"level":"error","time":"2026-03-02T11:04:31Z","msg":"it goes on and`, utc(11, 4, 31, 0), LevelError, `{"level":"error","time":"2026-03-02T11:04:31Z","msg":"it goes on and`},
		{"not json", `{a b} ERROR x`, read, LevelError, `{a b} ERROR x`},
		{"trailing garbage", `{"level":"error"} x`, read, LevelError, `{"level":"error"} x`},

		{"cri", `2026-03-02T11:04:31.5Z stdout F ERROR boom`, utc(11, 4, 31, 5e8), LevelError, "boom"},
		{"cri, empty", `2026-03-02T11:04:31.5Z stdout F `, utc(11, 4, 31, 5e8), LevelNone, ""},
		{"cri, json", `2026-03-02T11:04:31.5Z stderr F {"level":"warn","msg":"slow","time":"2020-01-01T00:00:00Z"}`, utc(11, 4, 31, 5e8), LevelWarn, "slow"},
		{"docker", `{"log":"ERROR boom\n","stream":"stdout","time":"2026-03-02T11:04:31.5Z"}`, utc(11, 4, 31, 5e8), LevelError, "boom"},
		{"docker, json", `{"log":"{\"level\":\"warn\",\"msg\":\"slow\"}\n","stream":"stdout","time":"2026-03-02T11:04:31.5Z"}`, utc(11, 4, 31, 5e8), LevelWarn, "slow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := ParseLine(tt.raw, read)
			if !l.At.Equal(tt.at) {
				t.Errorf("At = %v, want %v", l.At, tt.at)
			}
			if l.Level != tt.level {
				t.Errorf("Level = %v, want %v", l.Level, tt.level)
			}
			if l.Message != tt.message {
				t.Errorf("Message = %q, want %q", l.Message, tt.message)
			}
			if l.Raw != tt.raw {
				t.Errorf("Raw = %q, want the line", l.Raw)
			}
		})
	}
}

func TestParseTimeYear(t *testing.T) {
	for _, tt := range []struct{ s, near, want string }{
		{"Dec 31 23:59:58", "2026-01-01T00:00:01Z", "2025-12-31T23:59:58Z"},
		{"Jan  1 00:00:01", "2025-12-31T23:59:58Z", "2026-01-01T00:00:01Z"},
		{"Jun 15 08:00:00", "2026-03-02T00:00:00Z", "2025-06-15T08:00:00Z"},
		{"Mar  1 08:00:00", "2026-03-02T00:00:00Z", "2026-03-01T08:00:00Z"},
	} {
		near, err := time.Parse(time.RFC3339, tt.near)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := ParseTime(tt.s, near)
		if !ok || got.Format(time.RFC3339) != tt.want {
			t.Errorf("ParseTime(%q near %s) = %v, %v; want %s", tt.s, tt.near, got, ok, tt.want)
		}
	}
}

func TestParseTimeRefuses(t *testing.T) {
	for _, s := range []string{"", "x", "12", "0123456789", "2026-03-02", "2026-03-02T11:04:31Zx", "2026-03-02T25:04:31Z", "17724494711234567890123", "1772449471x", "Foo  2 11:04:31", "-1772449471"} {
		if got, ok := ParseTime(s, readAt()); ok {
			t.Errorf("ParseTime(%q) = %v, want refusal", s, got)
		}
	}
}

// TestParseTimeAgrees compares the hand-written reader with package time.
func TestParseTimeAgrees(t *testing.T) {
	base := time.Date(2024, 2, 28, 23, 59, 59, 987654321, time.UTC)
	for i := range 500 {
		want := base.Add(time.Duration(i) * 7919 * time.Minute).In(time.FixedZone("", (i%27-13)*1800))
		for _, form := range []string{time.RFC3339, time.RFC3339Nano, "2006-01-02 15:04:05.000-07:00", "2006-01-02T15:04:05.000000 -0700"} {
			s := want.Format(form)
			ref, err := time.Parse(form, s)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := ParseTime(s, readAt()); !ok || !got.Equal(ref) {
				t.Fatalf("ParseTime(%q) = %v, %v; want %v", s, got, ok, ref)
			}
		}
	}
}

func TestParseLevel(t *testing.T) {
	for s, want := range map[string]Level{
		"": LevelNone, "x": LevelNone, "error": LevelError, "Err": LevelError, "E": LevelError, "w": LevelWarn,
		"NOTICE": LevelInfo, "CRITICAL": LevelFatal, "EMERGENCY": LevelFatal, "DEFAULT": LevelNone,
		"10": LevelTrace, "20": LevelDebug, "30": LevelInfo, "35": LevelInfo, "40": LevelWarn, "50": LevelError, "60": LevelFatal,
		"0": LevelFatal, "3": LevelError, "7": LevelDebug, "8": LevelNone, "70": LevelNone, "99999999999999999999": LevelNone,
		"informational": LevelInfo, "informationally": LevelNone,
	} {
		if got := ParseLevel(s); got != want {
			t.Errorf("ParseLevel(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      []Field
	}{
		{"prose", "hello there", nil},
		{"prose after a time", "2026-03-02T11:04:31Z hello", nil},
		{"json", `{"b":"x","a":1,"c":null,"d":true}`, []Field{{"b", "x"}, {"a", "1"}, {"c", "null"}, {"d", "true"}}},
		{"json, nested", `{"a": { "x" : [ 1, "two  words" ] } , "b": [] }`, []Field{{"a", `{"x":[1,"two  words"]}`}, {"b", "[]"}}},
		{"json, escapes", `{"a\u0062":"\t\"x\""}`, []Field{{"ab", "\t\"x\""}}},
		{"json, same key twice", `{"a":1,"a":2}`, []Field{{"a", "1"}, {"a", "2"}}},
		{"json, cut", `{"a":"x","b":"nev`, []Field{{"a", "x"}}},
		{"json, garbage", `{"a":"x"} y`, nil},
		{"logfmt", `a=1 flag b="x y" c=`, []Field{{"a", "1"}, {"flag", ""}, {"b", "x y"}, {"c", ""}}},
		{"logfmt after a time", `2026-03-02T11:04:31Z a=1`, []Field{{"a", "1"}}},
		{"cri", `2026-03-02T11:04:31Z stdout F {"a":1}`, []Field{{"a", "1"}}},
		{"docker", `{"log":"a=1 b=2\n","stream":"stdout"}`, []Field{{"a", "1"}, {"b", "2"}}},
		{"docker, prose", `{"log":"hi\n","stream":"stdout"}`, []Field{{"log", "hi\n"}, {"stream", "stdout"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := (LogLine{Raw: tt.raw}).Fields(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Fields() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDeepNestingIsCheap(t *testing.T) {
	raw := `{"a":` + strings.Repeat("[", 1<<20)
	if l := ParseLine(raw, readAt()); l.Message != raw {
		t.Error("a line that never ends is not shown as it is")
	}
	raw = `{"a":` + strings.Repeat("[", 1<<18) + strings.Repeat("]", 1<<18) + `,"msg":"x"}`
	if l := ParseLine(raw, readAt()); l.Message != "x" {
		t.Error("the message after deep nesting was not found")
	}
}

// benchLine is 195 bytes, the line of the project's other measurements.
const benchLine = `{"time":"2026-03-02T11:04:31.123456Z","level":"error","msg":"payment declined by the acquirer","service":"checkout","order":"a1b2c3d4e5f6","upstream":"acquirer","status":502,"latency_ms":1893.25}`

func TestParseLineAllocatesNothing(t *testing.T) {
	read := readAt()
	for _, raw := range []string{
		benchLine,
		`ts=2026-03-02T11:04:31Z level=error msg="payment declined" order=7`,
		`2026-03-02 11:04:31,123 ERROR payment declined`,
		`{"log":"ERROR boom\n","stream":"stdout","time":"2026-03-02T11:04:31.5Z"}`,
		`2026-03-02T11:04:31.5+01:00 stdout F {"level":"warn","msg":"slow"}`,
	} {
		if n := testing.AllocsPerRun(100, func() { ParseLine(raw, read) }); n != 0 {
			t.Errorf("ParseLine(%q) allocates %v times, want 0", raw, n)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{
		benchLine, "", "{", `{"`, `{"a":"\`, `{"msg":"\u12`, `{"msg":"\ud83d\u`, `{"log":"{\"log\":\"x\"}"}`, "[2026-03-02 11:04:31]", "<34>1 ",
		"2026-03-02T11:04:31Z stdout P:x y", "2026-03-02T11:04:31Z stdout F", "Mar  2 11:04:31", "E0302 11:04:31.1 ] ", `a="\"`, "[error", "<error>", "level=", "\ufeff{}",
		"Mon Mar  2 11:04:31 2026", `x [02/Mar/2026:11:04:31 +0`, `{"time":123456789.`, `{"time":9223372036854775807999}`,
	} {
		f.Add(s)
	}
	read := readAt()
	f.Fuzz(func(t *testing.T, raw string) {
		l := ParseLine(raw, read)
		if again := ParseLine(raw, read); again != l {
			t.Errorf("two readings differ: %+v and %+v", l, again)
		}
		if l.Raw != raw {
			t.Errorf("Raw = %q, want %q", l.Raw, raw)
		}
		if !strings.Contains(raw, l.Message) && !strings.Contains(raw, `\`) {
			t.Errorf("Message %q is not in %q", l.Message, raw)
		}
		if l.Level > LevelFatal {
			t.Errorf("Level = %d", l.Level)
		}
		if a, b := l.Fields(), l.Fields(); !reflect.DeepEqual(a, b) {
			t.Errorf("two readings of the fields differ: %q and %q", a, b)
		}
	})
}

func BenchmarkParseLine(b *testing.B) {
	read := readAt()
	for _, bb := range []struct{ name, raw string }{
		{"json", benchLine},
		{"logfmt", `ts=2026-03-02T11:04:31.123456Z level=error msg="payment declined by the acquirer" service=checkout order=a1b2c3d4e5f6 upstream=acquirer status=502`},
		{"text", `2026-03-02 11:04:31,123 ERROR payment declined by the acquirer order=a1b2c3d4e5f6 upstream=acquirer status=502`},
		{"prose", `the quick brown fox jumps over the lazy dog and goes on to do so for as long as it takes to fill a line of a log`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.raw)))
			for b.Loop() {
				ParseLine(bb.raw, read)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
		})
	}
}

func BenchmarkFields(b *testing.B) {
	l := LogLine{Raw: benchLine}
	b.ReportAllocs()
	for b.Loop() {
		l.Fields()
	}
}
