//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"conway/internal/oncall"
	"conway/internal/sources/s3parquet"
)

const (
	lakeKey, lakeSecret = "conwaylakekey", "conway-lake-secret"
	lakeQuery           = `service=checkout level>=error`
	// gateway is the S3 server under which the lake lies.
	gateway = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
)

// lakeRow is a row of the lake.
type lakeRow struct {
	Time    time.Time `parquet:"ts,timestamp(microsecond)"`
	Level   string    `parquet:"level,dict"`
	Service string    `parquet:"service,dict"`
	Status  int32     `parquet:"status"`
	Message string    `parquet:"message"`
	Trace   *string   `parquet:"trace_id,optional"`
}

// lake is a folder that an S3 server serves as the bucket lake.
type lake struct {
	dir, url string
	bytes    int64
	start    time.Time
}

// tool returns a program that an environment variable names, or installs it.
func tool(tb testing.TB, variable, pkg string) string {
	tb.Helper()
	if program := os.Getenv(variable); program != "" {
		return program
	}
	dir := tb.TempDir()
	cmd := exec.Command("go", "install", pkg)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0", "GOFLAGS=-mod=mod")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Skipf("%s cannot be installed: %v\n%s", pkg, err, out)
	}
	program, _, _ := strings.Cut(path.Base(pkg), "@")
	return filepath.Join(dir, program)
}

// newLake writes rows evenly over hours, a file each, and serves them.
func newLake(tb testing.TB, hours, rows int) *lake {
	tb.Helper()
	l := &lake{dir: filepath.Join(tb.TempDir(), "root"), start: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
	rnd := rand.New(rand.NewPCG(7, 7))
	step := time.Hour / time.Duration(rows)
	for h := range hours {
		from := l.start.Add(time.Duration(h) * time.Hour)
		dir := filepath.Join(l.dir, "lake", "logs", from.Format("dt=2006-01-02"), from.Format("hour=15"))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			tb.Fatal(err)
		}
		f, err := os.Create(filepath.Join(dir, "part-0001.parquet"))
		if err != nil {
			tb.Fatal(err)
		}
		buf := bufio.NewWriterSize(f, 1<<20)
		w := parquet.NewGenericWriter[lakeRow](buf, parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(128<<10), parquet.MaxRowsPerRowGroup(125_000))
		batch := make([]lakeRow, 0, 10_000)
		for i := range rows {
			batch = append(batch, aLakeRow(rnd, from.Add(time.Duration(i)*step)))
			if len(batch) < cap(batch) && i+1 < rows {
				continue
			}
			if _, err := w.Write(batch); err != nil {
				tb.Fatal(err)
			}
			batch = batch[:0]
		}
		if err := w.Close(); err != nil {
			tb.Fatal(err)
		}
		if err := buf.Flush(); err != nil {
			tb.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			tb.Fatal(err)
		}
		l.bytes += info.Size()
		if err := f.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	l.serve(tb)
	return l
}

func aLakeRow(rnd *rand.Rand, at time.Time) lakeRow {
	levels := []string{"debug", "info", "info", "info", "info", "info", "info", "warn", "error", "error"}
	services := []string{"checkout", "web", "ledger", "search", "auth"}
	r := lakeRow{
		Time: at.Truncate(time.Microsecond), Level: levels[rnd.IntN(len(levels))], Service: services[rnd.IntN(len(services))],
		Status: int32(200 + 100*rnd.IntN(4)),
	}
	r.Message = fmt.Sprintf("request %016x to /v1/orders/%d of customer %d took %d ms", rnd.Uint64(), rnd.IntN(1e6), rnd.IntN(1e5), rnd.IntN(3000))
	if rnd.IntN(2) == 0 {
		r.Trace = new(fmt.Sprintf("%016x%016x", rnd.Uint64(), rnd.Uint64()))
	}
	return r
}

// serve starts the S3 server and waits until it answers.
func (l *lake) serve(tb testing.TB) {
	tb.Helper()
	bin := tool(tb, "CONWAY_VERSITYGW", gateway)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	cmd := exec.Command(bin, "--port", addr, "--quiet", "--keep-alive", "posix", "--sidecar", tb.TempDir(), l.dir)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+lakeKey, "ROOT_SECRET_ACCESS_KEY="+lakeSecret)
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	l.url = "http://" + addr
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(l.url)
		if err == nil {
			_ = resp.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("the S3 server does not answer: %v", err)
		}
	}
}

func (l *lake) source(tb testing.TB) *s3parquet.Lake {
	tb.Helper()
	is := func(s string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return s, nil }
	}
	tr := &http.Transport{}
	tb.Cleanup(tr.CloseIdleConnections)
	s, err := s3parquet.New(s3parquet.Options{
		Name: "lake", URL: l.url, Bucket: "lake", Prefix: "logs", AccessKey: is(lakeKey), SecretKey: is(lakeSecret),
		Transport: tr, Every: 50 * time.Millisecond,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// TestParquet searches and follows a small lake on a real S3 server.
func TestParquet(t *testing.T) {
	l := newLake(t, 4, 10_000)
	s := l.source(t)
	end := l.start.Add(2*time.Hour + 30*time.Minute)
	q := oncall.LogQuery{Query: lakeQuery, Window: oncall.Window{Start: end.Add(-15 * time.Minute), End: end}, Limit: 20}
	var got []oncall.LogLine
	f, err := s.Search(t.Context(), q, func(p oncall.LogPart) { got = append(slices.Clone(p.Lines), got...) })
	if err != nil || len(got) != 20 || f.Complete {
		t.Fatalf("found %d lines, %+v, %v", len(got), f, err)
	}
	for i, x := range got {
		if !q.Window.Contains(x.At) || x.Level != oncall.LevelError || !strings.Contains(x.Raw, `"service":"checkout"`) || i > 0 && x.At.Before(got[i-1].At) {
			t.Errorf("line %d is %+v", i, x)
		}
	}
	cost, err := s.Estimate(t.Context(), q)
	if err != nil || cost.Parts != 1 || cost.Bytes <= 0 || cost.Bytes > l.bytes/3 {
		t.Errorf("an estimate of %+v of %d bytes, %v", cost, l.bytes, err)
	}
	l.follow(t, s)
	wrong := l.source(t)
	if _, err := wrong.Search(t.Context(), oncall.LogQuery{Query: "level>="}, func(oncall.LogPart) {}); err == nil {
		t.Error("half a query was asked")
	}
}

// follow has a file come while the lake is followed.
func (l *lake) follow(t *testing.T, s *s3parquet.Lake) {
	t.Helper()
	now := time.Now().UTC()
	dir := filepath.Join(l.dir, "lake", "logs", now.Format("dt=2006-01-02"), now.Format("hour=15"))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Follow(oncall.LogQuery{Scope: "checkout", Query: "fresh", Window: oncall.Window{Start: now.Add(-time.Minute)}})
	lines := make(chan oncall.LogLine, 16)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, func(e oncall.Event) {
			if err := e.Meta().Err; err != nil {
				t.Errorf("the tail reports %v", err)
			}
			for _, x := range e.(oncall.LinesEvent).Lines {
				lines <- x
			}
		})
	}()
	var b bytes.Buffer
	if err := parquet.Write(&b, []lakeRow{{Time: now, Level: "warn", Message: "a fresh line"}}); err != nil {
		t.Fatal(err)
	}
	// A file of a lake appears whole.
	part := filepath.Join(l.dir, "part")
	if err := os.WriteFile(part, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(part, filepath.Join(dir, "fresh.parquet")); err != nil {
		t.Fatal(err)
	}
	select {
	case x := <-lines:
		if x.Message != "a fresh line" {
			t.Errorf("followed %+v", x)
		}
	case err := <-done:
		t.Fatalf("Run returned %v", err)
	case <-time.After(patience):
		t.Fatal("the fresh line did not come")
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v after cancel", err)
	}
	if len(lines) > 0 {
		t.Errorf("%d more lines came", len(lines))
	}
}

// lakeAnswer is what lakeread and duckread print of one search.
type lakeAnswer struct {
	Lines  int
	Bytes  int64
	Oldest time.Time
	Took   time.Duration
}

// asked runs a program, and returns what it printed and how long it took in all.
func asked(b *testing.B, argv ...string) ([]lakeAnswer, time.Duration) {
	b.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "LAKE_ACCESS_KEY="+lakeKey, "LAKE_SECRET_KEY="+lakeSecret)
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	took := time.Since(start)
	if err != nil {
		b.Fatal(err)
	}
	var answers []lakeAnswer
	for line := range bytes.Lines(out) {
		var a lakeAnswer
		if err := json.Unmarshal(line, &a); err != nil {
			b.Fatal(err)
		}
		answers = append(answers, a)
	}
	return answers, took
}

// BenchmarkParquet asks for the newest thousand errors of a service within a
// quarter of an hour, of five million rows in twenty files on an S3 server, beside
// DuckDB over the same files on the disk: as whole processes that begin with
// nothing, and again and again in one process.
func BenchmarkParquet(b *testing.B) {
	l := newLake(b, 20, 250_000)
	end := l.start.Add(12*time.Hour + 30*time.Minute).Format(time.RFC3339)
	ours := filepath.Join(b.TempDir(), "lakeread")
	if err := build(ours, "conway/internal/e2e/lakeread"); err != nil {
		b.Fatal(err)
	}
	lakeArgs := []string{ours, "-url", l.url, "-query", lakeQuery, "-end", end}
	duckArgs := []string{duck(b), "-dir", filepath.Join(l.dir, "lake", "logs"), "-end", end}
	var cold, duckCold, warm, duckWarm []time.Duration
	var a, d lakeAnswer
	const runs = 11
	for range runs {
		answers, took := asked(b, lakeArgs...)
		a, cold = answers[0], append(cold, took)
		answers, took = asked(b, duckArgs...)
		d, duckCold = answers[0], append(duckCold, took)
	}
	for range 3 {
		mine, _ := asked(b, append(lakeArgs, "-times", "16")...)
		its, _ := asked(b, append(duckArgs, "-times", "16")...)
		for i := 1; i < len(mine); i++ {
			warm, duckWarm = append(warm, mine[i].Took), append(duckWarm, its[i].Took)
		}
	}
	if a.Lines != 1000 || d.Lines != 1000 || !a.Oldest.Equal(d.Oldest) {
		b.Errorf("the answers differ: %+v and %+v", a, d)
	}
	share := 100 * float64(a.Bytes) / float64(l.bytes)
	b.Logf("read %.2f MB of %.0f MB", float64(a.Bytes)/1e6, float64(l.bytes)/1e6)
	b.ReportMetric(share, "%bytes")
	b.ReportMetric(median(cold), "cold-ms")
	b.ReportMetric(median(duckCold), "duckdb-cold-ms")
	b.ReportMetric(median(cold)/median(duckCold), "x-cold-duckdb")
	b.ReportMetric(median(warm), "warm-ms")
	b.ReportMetric(median(duckWarm), "duckdb-warm-ms")
	b.ReportMetric(median(warm)/median(duckWarm), "x-warm-duckdb")
	b.ReportMetric(0, "ns/op")
	if share >= 3 {
		b.Errorf("%.2f %% of the bytes were read, want less than 3 %%", share)
	}
}

// duck builds the other engine's program, which needs a C compiler.
func duck(b *testing.B) string {
	b.Helper()
	if path := os.Getenv("CONWAY_DUCKREAD"); path != "" {
		return path
	}
	path := filepath.Join(b.TempDir(), "duckread")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir = "duckread"
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Skipf("DuckDB cannot be built: %v\n%s", err, out)
	}
	return path
}
