// Package awsauth signs requests the way AWS and what is compatible with it ask
// for (Signature Version 4), with keys that were configured or, without any, with
// those that AWS' own tools would use: the environment's, the shared files'
// (AWS_PROFILE, single sign-on and credential_process included) and the
// machine's. It must not know what the requests are for.
package awsauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/signer"

	"conway/internal/sources"
)

// askTimeout bounds asking the machine or a sign-on portal for keys. Nobody
// answers on a machine outside of the cloud.
const askTimeout = 3 * time.Second

// unsigned says that the body is not part of the signature; there is none.
const unsigned = "UNSIGNED-PAYLOAD"

// Options says whose requests these are.
type Options struct {
	// Service and Region are AWS' names, such as s3 and eu-west-1.
	Service, Region string
	// AccessKey and SecretKey are a key of one's own, and Session the token of a
	// temporary one or nil. Both nil means the keys that AWS' tools would use.
	AccessKey, SecretKey, Session sources.Secret
	// Anonymous sends requests without a signature, for public data.
	Anonymous bool
	// Transport is for tests; nil means the default.
	Transport http.RoundTripper
}

// Signer signs requests. It is safe for concurrent use.
type Signer struct {
	o     Options
	chain *credentials.Credentials
	ask   *http.Client
}

// New returns a signer. The error says what is missing.
func New(o Options) (*Signer, error) {
	if (o.AccessKey == nil) != (o.SecretKey == nil) {
		return nil, errors.New("access_key and secret_key belong together; give both, or neither to use the keys of AWS' own tools")
	}
	return &Signer{
		o: o, ask: &http.Client{Timeout: askTimeout, Transport: o.Transport},
		chain: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		}),
	}, nil
}

// Sign signs a request. A body that is signed has its SHA-256 in the header
// X-Amz-Content-Sha256 before. The error holds no part of a key.
func (s *Signer) Sign(req *http.Request) error {
	if s.o.Anonymous {
		return nil
	}
	v, err := s.keys(req.Context())
	if err != nil {
		return err
	}
	if req.Header.Get("X-Amz-Content-Sha256") == "" {
		req.Header.Set("X-Amz-Content-Sha256", unsigned)
	}
	signed := signer.SignV4WithServiceType(*req, v.AccessKeyID, v.SecretAccessKey, v.SessionToken, s.o.Region, s.o.Service)
	req.Header = signed.Header
	return nil
}

func (s *Signer) keys(ctx context.Context) (credentials.Value, error) {
	if s.o.AccessKey == nil {
		v, err := s.chain.GetWithContext(&credentials.CredContext{Client: s.ask, Context: ctx})
		if err != nil || v.AccessKeyID == "" {
			return v, errors.New("no keys were found in the environment, in ~/.aws or on this machine; sign on with aws sso login, or set access_key and secret_key")
		}
		return v, nil
	}
	var v credentials.Value
	for _, part := range []struct {
		from sources.Secret
		to   *string
	}{{s.o.AccessKey, &v.AccessKeyID}, {s.o.SecretKey, &v.SecretAccessKey}, {s.o.Session, &v.SessionToken}} {
		if part.from == nil {
			continue
		}
		value, err := part.from(ctx)
		if err != nil {
			return v, err
		}
		*part.to = value
	}
	if v.AccessKeyID == "" || v.SecretAccessKey == "" {
		return v, errors.New("access_key or secret_key is empty; correct what they refer to")
	}
	return v, nil
}
