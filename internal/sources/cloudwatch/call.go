package cloudwatch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"conway/internal/oncall"
)

const (
	// contentType is that of the protocol, JSON 1.1.
	contentType = "application/x-amz-json-1.1"
	// target is before the name of each operation.
	target = "Logs_20140328."
	// opResults is the operation that looks at a job.
	opResults = "GetQueryResults"
	// tries is how often a request is sent that is one too many for the account.
	tries = 4
	// overMuch is how long the account is left alone after that.
	overMuch = 10 * time.Second
)

// call sends one request, again after a pause when it is one too many.
func (s *Source) call(ctx context.Context, op, name string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return oncall.AsFault(fmt.Errorf("write the request: %w", err), s.o.Name, op)
	}
	pause := s.o.Pause
	for n := 1; ; n++ {
		err := s.send(ctx, op, name, body, out)
		f, ok := errors.AsType[*oncall.Fault](err)
		// An answer that says itself how long to wait is for whoever supervises.
		if !ok || f.Kind != oncall.RateLimited || f.RetryAfter != overMuch || n == tries {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s *Source) send(ctx context.Context, op, name string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base, bytes.NewReader(body))
	if err != nil {
		return s.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	sum := sha256.Sum256(body)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Amz-Target", target+name)
	req.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	resp, err := s.client.Do(req)
	if err != nil {
		// Nothing that is asked here changes anything.
		return s.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end below; nothing is left to lose
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return s.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	if resp.StatusCode/100 != 2 {
		return s.refusal(resp, op, name, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return s.malformed(op, err)
	}
	return nil
}

// refusal reads an answer that is none: what is wrong stands in its __type, and
// the status is 400 for nearly all of it.
func (s *Source) refusal(resp *http.Response, op, name string, body []byte) error {
	err := s.http.StatusFault(resp, op, body)
	f, ok := errors.AsType[*oncall.Fault](err)
	if !ok {
		return err
	}
	f.Ambiguous = false
	var a struct {
		Type string `json:"__type"`
	}
	if json.Unmarshal(body, &a) != nil {
		return f
	}
	kind := a.Type[strings.LastIndexByte(a.Type, '#')+1:]
	switch kind {
	case "ThrottlingException", "LimitExceededException", "TooManyRequestsException", "RequestLimitExceeded":
		f.Kind = oncall.RateLimited
		if f.RetryAfter == 0 {
			f.RetryAfter = overMuch
		}
	case "AccessDeniedException":
		f.Kind, f.Fix = oncall.Auth, "allow logs:FilterLogEvents, and for Logs Insights logs:StartQuery, GetQueryResults and StopQuery"
		if op == opEstimate {
			f.Fix = "allow logs:DescribeLogGroups"
		}
	case "UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException", "IncompleteSignature",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "InvalidClientTokenId":
		f.Kind, f.Fix = oncall.Auth, "renew the keys of "+s.o.Name+"; aws sso login does where they come from there"
	case "ResourceNotFoundException":
		f.Kind, f.Fix = oncall.Rejected, "check that each of groups exists in "+s.o.Region
		if name == opResults {
			// What is not there is the job, not a group.
			f.Kind, f.Detail, f.Fix = oncall.Unavailable, "the search has expired in Logs Insights, or somebody deleted it", "search again"
		}
	case "ServiceUnavailableException", "InternalFailure":
		f.Kind = oncall.Unavailable
	}
	return f
}

func (s *Source) malformed(op string, cause error) *oncall.Fault {
	return &oncall.Fault{
		Kind: oncall.Malformed, Source: s.o.Name, Op: op, Detail: "the answer is not one of CloudWatch Logs",
		Fix: "check that url, if there is one, points at an endpoint of CloudWatch Logs", Cause: cause,
	}
}
