package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"conway/internal/sources"
)

const (
	// execTimeout bounds a program that gives a credential.
	execTimeout = 30 * time.Second
	// renewEarly is how long before its end a credential is renewed.
	renewEarly = 30 * time.Second
	// keepFor is how long a credential is used that does not say when it ends.
	keepFor = 5 * time.Minute
)

// execConf is a program that gives a credential.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
type execConf struct {
	Version string   `yaml:"apiVersion"`
	Command string   `yaml:"command"`
	Args    []string `yaml:"args"`
	Env     []struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	} `yaml:"env"`
}

// executed is a credential from a program, kept until it ends.
type executed struct {
	conf    execConf
	dir     string
	environ []string

	mu    sync.Mutex
	value string
	until time.Time
}

// token returns the credential. The error holds none of what the program printed
// but its standard error.
func (e *executed) token(ctx context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.value != "" && time.Now().Before(e.until) {
		return e.value, nil
	}
	out, err := e.run(ctx)
	if err != nil {
		return "", err
	}
	var cred struct {
		Status struct {
			Token   string    `json:"token"`
			Expires time.Time `json:"expirationTimestamp"`
		} `json:"status"`
	}
	if err := json.Unmarshal(out, &cred); err != nil {
		return "", fmt.Errorf("%s printed no ExecCredential", filepath.Base(e.conf.Command))
	}
	if cred.Status.Token == "" {
		return "", fmt.Errorf("%s gave no token; certificates from programs are not supported", filepath.Base(e.conf.Command))
	}
	e.value, e.until = cred.Status.Token, time.Now().Add(keepFor)
	if !cred.Status.Expires.IsZero() {
		e.until = cred.Status.Expires.Add(-renewEarly)
	}
	return e.value, nil
}

func (e *executed) run(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, execTimeout)
	defer cancel()
	name := e.conf.Command
	if strings.ContainsRune(name, filepath.Separator) {
		name = within(e.dir, name)
	}
	cmd := exec.CommandContext(ctx, name, e.conf.Args...)
	cmd.Env = slices.Clone(e.environ)
	for _, kv := range e.conf.Env {
		cmd.Env = append(cmd.Env, kv.Name+"="+kv.Value)
	}
	cmd.Env = append(cmd.Env, `KUBERNETES_EXEC_INFO={"apiVersion":"`+e.conf.Version+`","kind":"ExecCredential","spec":{"interactive":false}}`)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	cmd.SysProcAttr = sources.OwnSession()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if said := sources.Printable(words.String(), maxWords); said != "" {
			err = errors.New(said)
		}
		return nil, fmt.Errorf("run %s of the kubeconfig: %w", filepath.Base(e.conf.Command), err)
	}
	return out.Bytes(), nil
}
