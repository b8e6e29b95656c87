//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// freePort returns a port that nobody listens on, for a server that has to be
// told one.
func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	return port
}

// daemon runs a server until the test ends and waits until it answers at ready.
func daemon(tb testing.TB, ready string, argv ...string) {
	tb.Helper()
	var mu sync.Mutex
	var said bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out := writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return said.Write(p)
	})
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed
	}()
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	eventually(tb, filepath.Base(argv[0])+" answers at "+ready, func() bool {
		select {
		case <-ended:
			mu.Lock()
			defer mu.Unlock()
			tb.Fatalf("%v ended: %s", argv, said.String())
		default:
		}
		resp, err := http.Get(ready)
		if err != nil {
			return false
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return errors.Join(err, resp.Body.Close()) == nil && resp.StatusCode == http.StatusOK
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// prometheus is a real Prometheus that scrapes itself and a real node exporter,
// which it takes for the service checkout.
type prometheus struct {
	tb  testing.TB
	url string
}

func newPrometheus(tb testing.TB) *prometheus {
	tb.Helper()
	program := need(tb, "prometheus", "prometheus")
	exporter := need(tb, "prometheus-node-exporter", "prometheus-node-exporter")
	dir := tb.TempDir()
	node, own := freePort(tb), freePort(tb)
	nodeAddr, ownAddr := fmt.Sprintf("127.0.0.1:%d", node), fmt.Sprintf("127.0.0.1:%d", own)
	daemon(tb, "http://"+nodeAddr+"/metrics", exporter, "--web.listen-address="+nodeAddr,
		"--collector.disable-defaults", "--collector.meminfo", "--collector.loadavg", "--collector.time")
	config := writeFile(tb, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(`global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: [%q]}]
  - job_name: node
    static_configs: [{targets: [%q], labels: {service: checkout}}]
`, ownAddr, nodeAddr), 0o600)
	p := &prometheus{tb, "http://" + ownAddr}
	daemon(tb, p.url+"/-/ready", program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+ownAddr, "--log.level=error")
	return p
}

// value asks Prometheus itself; ok is false while there is no sample.
func (p *prometheus) value(query string) (v float64, ok bool) {
	p.tb.Helper()
	resp, err := http.Get(p.url + "/api/v1/query?" + url.Values{"query": {query}}.Encode())
	if err != nil {
		p.tb.Fatal(err)
	}
	var body struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	err = json.NewDecoder(resp.Body).Decode(&body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		p.tb.Fatal(err)
	}
	if len(body.Data.Result) != 1 {
		return 0, false
	}
	s, _ := body.Data.Result[0].Value[1].(string)
	v, err = strconv.ParseFloat(s, 64)
	return v, err == nil
}

func mustNotExist(tb testing.TB, path string) {
	tb.Helper()
	if _, err := os.Stat(path); err == nil {
		tb.Errorf("%s is there", path)
	}
}
