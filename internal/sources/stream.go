package sources

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Stream returns a client with the manners of Client for an answer that goes on
// for as long as somebody reads, such as a tail or a WebSocket. Timeout bounds
// the wait for its head alone; how long and how large it gets is the reader's
// business, who ends it with the request's context.
func (h HTTP) Stream() *http.Client {
	limit := h.Timeout
	if limit == 0 {
		limit = RequestTimeout
	}
	c := h.Client()
	c.Timeout = 0
	c.Transport = headTimer{next: c.Transport, limit: limit}
	return c
}

// headTimer bounds the wait for the head of an answer.
type headTimer struct {
	next  http.RoundTripper
	limit time.Duration
}

// RoundTrip sends one request.
func (t headTimer) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	timer := time.AfterFunc(t.limit, cancel)
	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	if !timer.Stop() && req.Context().Err() == nil {
		if err == nil {
			_ = resp.Body.Close()
		}
		cancel()
		return nil, context.DeadlineExceeded
	}
	if err != nil {
		cancel()
		return nil, err
	}
	body := resp.Body
	if capped, ok := body.(*cappedBody); ok {
		body = capped.ReadCloser
	}
	stream := streamBody{ReadCloser: body, cancel: cancel}
	resp.Body = stream
	// After an upgrade the other side is written to through the body.
	if w, ok := body.(io.Writer); ok {
		resp.Body = upgradedBody{streamBody: stream, Writer: w}
	}
	return resp, nil
}

// streamBody ends its request when it is closed.
type streamBody struct {
	io.ReadCloser

	cancel context.CancelFunc
}

// Close ends the request.
func (b streamBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// upgradedBody is the body of a connection that now speaks another protocol.
type upgradedBody struct {
	streamBody
	io.Writer
}
