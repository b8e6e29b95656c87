package s3parquet

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// row is a row of a plain lake.
type row struct {
	Time    time.Time `parquet:"ts,timestamp(microsecond)"`
	Level   string    `parquet:"level,dict"`
	Service string    `parquet:"service,dict"`
	Status  int32     `parquet:"status"`
	Message string    `parquet:"message"`
	Trace   *string   `parquet:"trace_id,optional"`
}

// encode returns rows as a Parquet file.
func encode[T any](tb testing.TB, rows []T, o ...parquet.WriterOption) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, o...)
	if _, err := w.Write(rows); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// s3 is one bucket, lake, as S3 answers for it.
type s3 struct {
	mu      sync.Mutex
	objects map[string][]byte
	// sent counts the bytes of objects that were sent, and gets the requests for them.
	sent, gets int
	// page is how many names one listing holds; 0 means 1000.
	page int
}

func newS3() *s3 { return &s3{objects: map[string][]byte{}} }

func (s *s3) put(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = data
}

func (s *s3) counts() (sent, gets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, s.gets
}

func etag(data []byte) string {
	return fmt.Sprintf("%q", fmt.Sprintf("%08x", crc32.ChecksumIEEE(data)))
}

func (s *s3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, ok := strings.CutPrefix(r.URL.Path, "/lake/")
	switch {
	case r.Method != http.MethodGet || !ok:
		s3Error(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case path == "":
		s.list(w, r.URL.Query())
	default:
		s.get(w, r, path)
	}
}

func s3Error(w http.ResponseWriter, code int, word, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(code)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message><RequestId>1</RequestId></Error>", word, message)
}

func (s *s3) list(w http.ResponseWriter, q url.Values) {
	prefix := q.Get("prefix")
	limit := max(s.page, 1)
	if s.page == 0 {
		limit = 1000
	}
	type contents struct {
		Key, ETag    string
		Size         int
		LastModified time.Time
	}
	type common struct{ Prefix string }
	out := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		EncodingType          string
		Contents              []contents
		CommonPrefixes        []common
	}{EncodingType: "url"}
	seen := map[string]bool{}
	n := 0
	for _, key := range sortedKeys(s.objects) {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		name, folder := key, false
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			name, folder = prefix+rest[:i+1], true
		}
		if seen[name] || name <= q.Get("continuation-token") {
			continue
		}
		if n == limit {
			out.IsTruncated = true
			break
		}
		seen[name] = true
		n++
		out.NextContinuationToken = name
		if folder {
			out.CommonPrefixes = append(out.CommonPrefixes, common{url.QueryEscape(name)})
			continue
		}
		data := s.objects[key]
		out.Contents = append(out.Contents, contents{url.QueryEscape(key), etag(data), len(data), time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)})
	}
	if !out.IsTruncated {
		out.NextContinuationToken = ""
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(out)
}

func (s *s3) get(w http.ResponseWriter, r *http.Request, key string) {
	data, ok := s.objects[key]
	if !ok {
		s3Error(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	if want := r.Header.Get("If-Match"); want != "" && want != etag(data) {
		s3Error(w, http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
		return
	}
	var from, to int
	if n, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); n != 2 || err != nil || from >= len(data) {
		s3Error(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
		return
	}
	to = min(to, len(data)-1)
	s.sent, s.gets = s.sent+to-from+1, s.gets+1
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(data)))
	w.Header().Set("Content-Length", strconv.Itoa(to-from+1))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = io.Copy(w, bytes.NewReader(data[from:to+1]))
}

// keyOf is where a lake puts a file of an hour.
func keyOf(t time.Time, name string) string {
	return t.UTC().Format("logs/dt=2006-01-02/hour=15/") + name + ".parquet"
}

// byHour parts rows by the hour of their time.
func byHour(rows []row) map[time.Time][]row {
	out := map[time.Time][]row{}
	for _, r := range rows {
		h := r.Time.UTC().Truncate(time.Hour)
		out[h] = append(out[h], r)
	}
	return out
}

func chunks[T any](s []T, n int) [][]T { return slices.Collect(slices.Chunk(s, n)) }

// served returns a lake in S3.
func served(tb testing.TB, s *s3) *Lake {
	tb.Helper()
	srv := httptest.NewServer(s)
	tr := &http.Transport{}
	tb.Cleanup(func() { tr.CloseIdleConnections(); srv.Close() })
	key := func(context.Context) (string, error) { return "AKIAEXAMPLE", nil }
	l, err := New(Options{Name: "lake", URL: srv.URL, Bucket: "lake", Prefix: "logs/", AccessKey: key, SecretKey: key, Transport: tr})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}
