package patterns_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"conway/internal/patterns"
)

func at(s int) time.Time { return time.Date(2026, 3, 2, 3, 0, s, 0, time.UTC) }

// kinds are lines as well-known programs write them, each with what it is made
// from: a kind of line is one group.
var kinds = map[string]func(r *rand.Rand) string{
	"sshd": func(r *rand.Rand) string {
		return fmt.Sprintf("sshd[%d]: Failed password for invalid user %s from 10.0.%d.%d port %d ssh2", r.IntN(9999), pick(r, "admin", "test", "oracle"), r.IntN(256), r.IntN(256), r.IntN(65536))
	},
	"block": func(r *rand.Rand) string {
		return fmt.Sprintf("Receiving block blk_%d src: /10.251.%d.1:%d dest: /10.251.%d.2:50010", r.Int64(), r.IntN(256), r.IntN(65536), r.IntN(256))
	},
	"responder": func(r *rand.Rand) string {
		return fmt.Sprintf("PacketResponder %d for block blk_%d terminating", r.IntN(3), r.Int64())
	},
	"declined": func(r *rand.Rand) string {
		return fmt.Sprintf("payment declined upstream=%s order=%d amount=%d.%02d", pick(r, "acquirer", "bank", "card"), r.IntN(1e6), r.IntN(500), r.IntN(100))
	},
	"placed": func(r *rand.Rand) string { return fmt.Sprintf("order placed order=%d", r.IntN(1e6)) },
	"get": func(r *rand.Rand) string {
		return fmt.Sprintf(`"GET /api/v1/orders/%d HTTP/1.1" 200 %d`, r.IntN(1e6), r.IntN(9999))
	},
	"worker": func(r *rand.Rand) string {
		return fmt.Sprintf("workerEnv.init() ok /etc/httpd/conf/workers%d.properties", r.IntN(9))
	},
	"child": func(r *rand.Rand) string {
		return fmt.Sprintf("jk2_init() Found child %d in scoreboard slot %d", r.IntN(9999), r.IntN(20))
	},
	"pool": func(r *rand.Rand) string {
		return fmt.Sprintf("connection pool exhausted: %d of %d in use, waited %dms", r.IntN(50), 50, r.IntN(5000))
	},
	"started": func(*rand.Rand) string { return "Started Session of user root" },
}

func pick(r *rand.Rand, words ...string) string { return words[r.IntN(len(words))] }

func TestEachKindOfLineIsOneGroup(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tree := patterns.New(0)
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	of := map[string]map[int]int{}
	for i := range 20_000 {
		name := names[r.IntN(len(names))]
		if of[name] == nil {
			of[name] = map[int]int{}
		}
		of[name][tree.Add(kinds[name](r), at(i/1000))]++
	}
	seen := map[int]string{}
	for name, ids := range of {
		if len(ids) != 1 {
			t.Errorf("%s is %d groups", name, len(ids))
		}
		for id := range ids {
			if other, ok := seen[id]; ok {
				t.Errorf("%s and %s are one group", name, other)
			}
			seen[id] = name
		}
	}
	for _, g := range slices.Collect(tree.All()) {
		t.Logf("%6d %s", g.Count, g.Pattern())
		if g.Count < 1000 || g.First.After(at(1)) || g.Last.Before(at(18)) || g.Again || g.Example == "" {
			t.Errorf("group %+v", g)
		}
	}
	if !strings.Contains(slices.Collect(tree.All())[0].Pattern(), "<*>") && len(slices.Collect(tree.All())) < 5 {
		t.Error("nothing is left open")
	}
}

func TestPattern(t *testing.T) {
	tree := patterns.New(0)
	tree.Add("payment 17 declined by acquirer-2 trace=4bf92f3577b34da6 reason=limit", at(1))
	tree.Add("payment 18 declined by acquirer-3 trace=00f067aa0ba902b7 reason=fraud", at(0))
	g := slices.Collect(tree.All())
	if len(g) != 1 || g[0].Pattern() != "payment <*> declined by <*> trace=<*> <*>" || g[0].Count != 2 || !g[0].First.Equal(at(0)) || !tree.Oldest().Equal(at(0)) {
		t.Errorf("groups %+v: %s", g, g[0].Pattern())
	}
}

// TestMemoryIsBounded: lines of which no two are alike, and lines that are too
// long, take no more than was said; and what comes back is not new.
func TestMemoryIsBounded(t *testing.T) {
	tree := patterns.New(0)
	letters := func(i int) string {
		var b strings.Builder
		for ; i > 0; i /= 26 {
			b.WriteByte(byte('a' + i%26))
		}
		return b.String()
	}
	tree.Add("the first of all", at(0))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 100_000 {
		tree.Add(letters(i)+" "+strings.Repeat(letters(i*7)+" ", i%200), at(1))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := len(slices.Collect(tree.All())); n > 2000 {
		t.Errorf("%d groups are kept", n)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 6<<20 {
		t.Errorf("%d KB for 2000 groups", grown>>10)
	}
	id := tree.Add("the first of all", at(2))
	if g := slices.Collect(tree.All())[0]; g.ID != id || !g.Again {
		t.Errorf("what was let go came back as new: %+v", g)
	}
}

// TestEveryLineIsCounted: whatever comes, a line is counted once, in a group that
// it can be of.
func TestEveryLineIsCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := patterns.New(0)
		in := rapid.SliceOfN(rapid.StringOf(rapid.RuneFrom([]rune("ab1= []é\t"))), 0, 60).Draw(t, "lines")
		for _, s := range in {
			tree.Add(s, at(0))
		}
		var n uint64
		for _, g := range slices.Collect(tree.All()) {
			n += g.Count
		}
		if n != uint64(len(in)) {
			t.Fatalf("%d lines counted of %d", n, len(in))
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var in []string
	for range 5000 {
		for _, f := range kinds {
			in = append(in, f(r))
		}
	}
	tree := patterns.New(0)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		tree.Add(in[i%len(in)], at(0))
		i++
	}
}

func TestWhatBegan(t *testing.T) {
	tree := patterns.New(0)
	add := func(message string, times ...int) {
		for _, s := range times {
			tree.Add(message, at(s))
		}
	}
	add("order placed order=1", 1, 12)
	add("pool exhausted after 3 ms", 21, 22, 23)
	add("late payment refused", 20)
	add("cache is cold", 15, 16)
	add("much too late for it", 50, 51, 52, 53)
	words := func(from, until, most int) string {
		var out []string
		for _, g := range tree.Began(at(from), at(until), most) {
			out = append(out, strings.Fields(g.Pattern())[0])
		}
		return strings.Join(out, " ")
	}
	if got := words(10, 40, 9); got != "cache late pool" {
		t.Errorf("began: %q, want them in their order", got)
	}
	if got := words(10, 40, 2); got != "cache pool" {
		t.Errorf("of many: %q, want those with the most lines", got)
	}
	if got := words(1, 40, 9) + words(0, 40, 9); got != "" {
		t.Errorf("without a line from before: %q", got)
	}
	if got := patterns.New(0).Began(at(1), at(40), 9); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
