package s3parquet

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/s3utils"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// maxPages bounds the pages of one listing, a thousand names each.
const maxPages = 100

// bucket is a store on S3 or on what is compatible with it.
type bucket struct {
	http   sources.HTTP
	client *http.Client
	// base is the address of the bucket, the bucket's name in the path.
	base *url.URL
	// root is the folder of the lake within the bucket, empty or ending in a slash.
	root string
}

func newBucket(h sources.HTTP, endpoint, name, prefix string) (*bucket, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return nil, errors.New("url is no address; write it as https://HOST")
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	h.Header = http.Header{"Accept-Encoding": {"identity"}}
	return &bucket{http: h, client: h.Client(), base: u.JoinPath(name), root: prefix}, nil
}

// listing is the answer to ListObjectsV2.
type listing struct {
	XMLName   xml.Name `xml:"ListBucketResult"`
	Truncated bool     `xml:"IsTruncated"`
	Next      string   `xml:"NextContinuationToken"`
	Encoding  string   `xml:"EncodingType"`
	Contents  []struct {
		Key          string
		LastModified time.Time
		ETag         string
		Size         int64
	}
	CommonPrefixes []struct{ Prefix string }
}

func (b *bucket) list(ctx context.Context, folder string) (folders []string, objects []object, err error) {
	const op = "list files"
	next := ""
	for range maxPages {
		q := url.Values{
			"list-type": {"2"}, "delimiter": {"/"}, "prefix": {b.root + folder},
			"encoding-type": {"url"}, "max-keys": {"1000"},
		}
		if next != "" {
			q.Set("continuation-token", next)
		}
		var page listing
		if err := b.page(ctx, op, q, &page); err != nil {
			return nil, nil, err
		}
		for _, p := range page.CommonPrefixes {
			folders = append(folders, b.local(p.Prefix, page.Encoding))
		}
		for _, c := range page.Contents {
			o := object{key: b.local(c.Key, page.Encoding), size: c.Size, tag: c.ETag, changed: c.LastModified}
			// Not every store that is compatible marks what it did not write itself.
			o.version = c.ETag + " " + c.LastModified.UTC().Format(time.RFC3339Nano)
			objects = append(objects, o)
		}
		if next = page.Next; !page.Truncated || next == "" {
			return folders, objects, nil
		}
	}
	return nil, nil, &oncall.Fault{
		Kind: oncall.Rejected, Source: b.http.Source, Op: op,
		Detail: "more than 100,000 names lie in " + sources.Printable(folder, maxName),
		Fix:    "set prefix to a folder that is parted by date",
	}
}

func (b *bucket) page(ctx context.Context, op string, q url.Values, page *listing) error {
	req, err := b.request(ctx, "/", q)
	if err != nil {
		return oncall.AsFault(err, b.http.Source, op)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return b.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end below; nothing is left to lose
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return b.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	if resp.StatusCode != http.StatusOK {
		return b.refused(resp, op, body)
	}
	if err := xml.Unmarshal(body, page); err != nil {
		return &oncall.Fault{
			Kind: oncall.Malformed, Source: b.http.Source, Op: op, Status: resp.StatusCode,
			Detail: "the answer is no listing of a bucket: " + sources.Printable(err.Error(), maxName),
			Fix:    "check that url points at the S3 API itself and not at a console or proxy", Cause: err,
		}
	}
	return nil
}

// local returns a name of an answer without the root.
func (b *bucket) local(name, encoding string) string {
	if encoding == "url" {
		if s, err := url.QueryUnescape(name); err == nil {
			name = s
		}
	}
	return strings.TrimPrefix(name, b.root)
}

func (b *bucket) request(ctx context.Context, path string, q url.Values) (*http.Request, error) {
	u := *b.base
	u.Path += path
	// The path on the wire has to be the one that is signed.
	u.RawPath = s3utils.EncodePath(u.Path)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
}

func (b *bucket) read(ctx context.Context, o object, off int64, p []byte) error {
	const op = "read a file"
	req, err := b.request(ctx, "/"+b.root+o.key, nil)
	if err != nil {
		return oncall.AsFault(err, b.http.Source, op)
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1))
	if o.tag != "" {
		req.Header.Set("If-Match", o.tag)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return b.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // what was asked for has been read by then
	switch {
	case resp.StatusCode == http.StatusPartialContent:
	case resp.StatusCode == http.StatusOK && off == 0 && int64(len(p)) == o.size:
	case resp.StatusCode == http.StatusOK:
		return &oncall.Fault{
			Kind: oncall.Malformed, Source: b.http.Source, Op: op, Status: resp.StatusCode,
			Detail: "a part of a file was asked for, and all of it came", Fix: "check that url points at the S3 API itself",
		}
	default:
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		return b.unread(resp, op, o, body)
	}
	if _, err := io.ReadFull(resp.Body, p); err != nil {
		return b.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	return nil
}

// unread tells a file that is gone, or changed since it was listed, from a store
// that fails.
func (b *bucket) unread(resp *http.Response, op string, o object, body []byte) error {
	err := b.refused(resp, op, body)
	f := oncall.AsFault(err, b.http.Source, op)
	switch resp.StatusCode {
	case http.StatusNotFound:
		f.Detail = sources.Printable(o.key, maxName) + " is gone since it was listed"
	case http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		f.Detail = sources.Printable(o.key, maxName) + " was overwritten while it was read"
	case http.StatusForbidden:
		if !bytes.Contains(body, []byte("InvalidObjectState")) {
			return err
		}
		f.Kind, f.Detail, f.Fix = oncall.Rejected, sources.Printable(o.key, maxName)+" is in an archive", "restore it to read it"
	default:
		return err
	}
	return &goneError{f}
}

// refused is the fault of an answer that is none, in S3's own words.
func (b *bucket) refused(resp *http.Response, op string, body []byte) error {
	err := b.http.StatusFault(resp, op, body)
	var said struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	f := oncall.AsFault(err, b.http.Source, op)
	if xml.Unmarshal(body, &said) == nil && said.Code != "" {
		f.Detail = sources.Printable(said.Code+": "+said.Message, maxName)
	}
	if region := resp.Header.Get("X-Amz-Bucket-Region"); region != "" && resp.StatusCode < 500 {
		f.Fix = "set region to " + sources.Printable(region, 32)
	}
	return f
}
