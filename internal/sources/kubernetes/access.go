package kubernetes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"conway/internal/sources/command"
)

const (
	dialTimeout = 5 * time.Second
	// accountDir is where a pod finds its own account.
	accountDir = "/var/run/secrets/kubernetes.io/serviceaccount"
)

// access is how to reach a cluster.
type access struct {
	server, namespace string
	authorize         func(*http.Request) error
	transport         http.RoundTripper
}

// config is a kubeconfig.
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
type config struct {
	Current  string `yaml:"current-context"`
	Contexts []struct {
		Name    string `yaml:"name"`
		Context struct {
			Cluster   string `yaml:"cluster"`
			User      string `yaml:"user"`
			Namespace string `yaml:"namespace"`
		} `yaml:"context"`
	} `yaml:"contexts"`
	Clusters []struct {
		Name    string      `yaml:"name"`
		Cluster clusterConf `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		Name string   `yaml:"name"`
		User userConf `yaml:"user"`
	} `yaml:"users"`
}

type clusterConf struct {
	Server     string `yaml:"server"`
	CAFile     string `yaml:"certificate-authority"`
	CAData     string `yaml:"certificate-authority-data"`
	Insecure   bool   `yaml:"insecure-skip-tls-verify"`
	ServerName string `yaml:"tls-server-name"`
	Proxy      string `yaml:"proxy-url"`
}

type userConf struct {
	Token     string    `yaml:"token"`
	TokenFile string    `yaml:"tokenFile"`
	CertFile  string    `yaml:"client-certificate"`
	CertData  string    `yaml:"client-certificate-data"`
	KeyFile   string    `yaml:"client-key"`
	KeyData   string    `yaml:"client-key-data"`
	User      string    `yaml:"username"`
	Password  string    `yaml:"password"`
	Exec      *execConf `yaml:"exec"`
	Provider  any       `yaml:"auth-provider"`
}

func (s *Source) getenv(name string) string {
	for _, kv := range s.o.Environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// readAccess finds out how to reach the cluster.
func (s *Source) readAccess() (access, error) {
	path := s.o.Kubeconfig
	if path == "" {
		// Of several files, the first is used; merging them is left to kubectl.
		path, _, _ = strings.Cut(s.getenv("KUBECONFIG"), string(os.PathListSeparator))
	}
	if path == "" {
		path = filepath.Join(s.getenv("HOME"), ".kube", "config")
		if _, err := os.Stat(path); err != nil && s.getenv("KUBERNETES_SERVICE_HOST") != "" {
			return s.ownAccount(accountDir)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return access{}, fmt.Errorf("read the kubeconfig: %w", err)
	}
	var c config
	if err := yaml.Unmarshal(data, &c); err != nil {
		// The words of the decoder quote the file, which holds secrets.
		return access{}, errors.New("the kubeconfig " + path + " is no YAML of the expected form")
	}
	return s.fromConfig(c, filepath.Dir(path))
}

// ownAccount is the account of the pod that this runs in.
func (s *Source) ownAccount(dir string) (access, error) {
	pool, err := poolOf(filepath.Join(dir, "ca.crt"), "", "")
	if err != nil {
		return access{}, err
	}
	namespace, err := os.ReadFile(filepath.Join(dir, "namespace"))
	if err != nil {
		return access{}, fmt.Errorf("read the pod's own namespace: %w", err)
	}
	return access{
		server:    "https://" + net.JoinHostPort(s.getenv("KUBERNETES_SERVICE_HOST"), s.getenv("KUBERNETES_SERVICE_PORT")),
		namespace: strings.TrimSpace(string(namespace)),
		authorize: s.bearer(func(context.Context) (string, error) { return readToken(filepath.Join(dir, "token")) }),
		transport: transportOf(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}),
	}, nil
}

// fromConfig picks the context out of a kubeconfig in a directory.
func (s *Source) fromConfig(c config, dir string) (access, error) {
	name := s.o.Context
	if name == "" {
		name = c.Current
	}
	var a access
	var cl *clusterConf
	var user *userConf
	found := false
	for _, one := range c.Contexts {
		if one.Name != name {
			continue
		}
		found = true
		a.namespace = one.Context.Namespace
		for i := range c.Clusters {
			if c.Clusters[i].Name == one.Context.Cluster {
				cl = &c.Clusters[i].Cluster
			}
		}
		for i := range c.Users {
			if c.Users[i].Name == one.Context.User {
				user = &c.Users[i].User
			}
		}
	}
	switch {
	case !found:
		return a, fmt.Errorf("the kubeconfig has no context %q", name)
	case cl == nil || user == nil:
		return a, fmt.Errorf("the context %q names a cluster or a user that the kubeconfig does not have", name)
	case user.Provider != nil:
		return a, errors.New("the kubeconfig uses auth-provider, which Kubernetes has given up; use exec")
	case cl.Insecure:
		return a, errors.New("the kubeconfig asks not to check the cluster's certificate (insecure-skip-tls-verify); give certificate-authority instead")
	case cl.Proxy != "":
		return a, errors.New("the kubeconfig uses proxy-url, which is not supported; set HTTPS_PROXY")
	}
	a.server = cl.Server
	conf, err := tlsOf(*cl, *user, dir)
	if err != nil {
		return a, err
	}
	a.transport = transportOf(conf)
	a.authorize = s.authorizeAs(*user, dir)
	return a, nil
}

// tlsOf is how the cluster is known, and how this side is where that is by a
// certificate.
func tlsOf(cl clusterConf, user userConf, dir string) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cl.ServerName}
	if cl.CAFile != "" || cl.CAData != "" {
		pool, err := poolOf(cl.CAFile, cl.CAData, dir)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = pool
	}
	if user.CertFile == "" && user.CertData == "" {
		return conf, nil
	}
	cert, err := pemOf(user.CertFile, user.CertData, dir)
	if err != nil {
		return nil, fmt.Errorf("read the client certificate: %w", err)
	}
	key, err := pemOf(user.KeyFile, user.KeyData, dir)
	if err != nil {
		return nil, fmt.Errorf("read the client key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, errors.New("the client certificate and key of the kubeconfig do not belong together")
	}
	conf.Certificates = []tls.Certificate{pair}
	return conf, nil
}

// pemOf returns what is given in a file or, encoded, as data.
func pemOf(file, data, dir string) ([]byte, error) {
	if data != "" {
		out, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return nil, errors.New("its data is no base64")
		}
		return out, nil
	}
	return os.ReadFile(within(dir, file))
}

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func poolOf(file, data, dir string) (*x509.CertPool, error) {
	text, err := pemOf(file, data, dir)
	if err != nil {
		return nil, fmt.Errorf("read the cluster's certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("the cluster's certificate authority holds no certificate")
	}
	return pool, nil
}

func transportOf(conf *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig: conf, TLSHandshakeTimeout: dialTimeout, MaxResponseHeaderBytes: 1 << 20,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
	}
}

// authorizeAs returns what sets the credential of a user, or nil for none.
func (s *Source) authorizeAs(user userConf, dir string) func(*http.Request) error {
	switch {
	case user.TokenFile != "":
		return s.bearer(func(context.Context) (string, error) { return readToken(within(dir, user.TokenFile)) })
	case user.Token != "":
		return s.bearer(func(context.Context) (string, error) { return user.Token, nil })
	case user.User != "":
		return func(r *http.Request) error {
			s.o.Learn(user.Password)
			r.SetBasicAuth(user.User, user.Password)
			return nil
		}
	case user.Exec != nil:
		e := &executed{conf: *user.Exec, dir: dir, environ: command.Env(s.o.Environ)}
		return s.bearer(e.token)
	}
	return nil
}

func (s *Source) bearer(token func(context.Context) (string, error)) func(*http.Request) error {
	return func(r *http.Request) error {
		t, err := token(r.Context())
		if err != nil {
			return err
		}
		s.o.Learn(t)
		r.Header.Set("Authorization", "Bearer "+t)
		return nil
	}
}

// readToken reads a token anew each time, because it is renewed in its file.
func readToken(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
