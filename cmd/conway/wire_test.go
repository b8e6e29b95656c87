package main

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"conway/internal/sources/splunk/splunktest"
	"conway/internal/sources/sumologic/sumotest"
)

// TestLogStoresAreWired has a store of each kind that is followed by a query of
// its own, and its line printed. The stores let nobody in without the credential.
func TestLogStoresAreWired(t *testing.T) {
	const secret = "s3cret-that-nobody-may-see"
	key := write(t, "key", secret+"\n")
	spl := splunktest.New(splunktest.Options{Token: secret, User: "ana", Password: secret})
	spl.Add(splunktest.Event{Time: time.Now().Add(-time.Minute), Raw: "a line of splunk", Index: "prod"})
	splunk := httptest.NewServer(spl)
	defer splunk.Close()
	sum := sumotest.New(sumotest.Options{ID: "access", Key: secret})
	sum.Add(sumotest.Message{Time: time.Now().Add(-time.Minute), Raw: "a line of sumo", Category: "prod"})
	sumo := httptest.NewServer(sum)
	defer sumo.Close()
	for name, c := range map[string]struct{ source, want string }{
		"token":   {fmt.Sprintf("{type: splunk, name: s, url: %q, token: {file: %q}, query: index=prod}", splunk.URL, key), "a line of splunk"},
		"basic":   {fmt.Sprintf("{type: splunk, name: s, url: %q, basic: {user: ana, password: {file: %q}}, query: index=prod}", splunk.URL, key), "a line of splunk"},
		"session": {fmt.Sprintf("{type: splunk, name: s, url: %q, basic: {user: ana, password: {file: %q}}, session: true, query: index=prod}", splunk.URL, key), "a line of splunk"},
		"sumo":    {fmt.Sprintf("{type: sumologic, name: s, url: %q, access_id: access, access_key: {file: %q}, query: _sourceCategory=prod}", sumo.URL+"/api", key), "a line of sumo"},
	} {
		t.Run(name, func(t *testing.T) {
			r := conway(t, "--config", write(t, "config.yaml", "logs: ["+c.source+"]"), "logs", "--wait", "20s")
			if r.code != exitOK || !strings.Contains(r.stdout, c.want) || strings.Contains(r.stdout+r.err, secret) {
				t.Errorf("exit %d, printed %q and %q", r.code, r.stdout, r.err)
			}
		})
	}
	r := conway(t, "--config", write(t, "config.yaml", fmt.Sprintf("logs: [{type: splunk, name: s, url: %q, token: {file: %q}, ca: %q, query: a}]", splunk.URL, key, key)), "logs")
	if want := "s: ca holds no certificate: " + key + "; give the authority's certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"; r.code != exitUsage || !strings.Contains(r.err, want) {
		t.Errorf("exit %d, said %q, want %q", r.code, r.err, want)
	}
}

// TestTemplatesWait has a query that is filled in from a page, and no page: the
// store is not asked for it as it is written.
func TestTemplatesWait(t *testing.T) {
	spl := splunktest.New(splunktest.Options{})
	splunk := httptest.NewServer(spl)
	defer splunk.Close()
	key := write(t, "key", "secret")
	source := fmt.Sprintf("logs: [{type: splunk, name: s, url: %q, token: {file: %q}, query: 'service=\"{{service}}\"'}]", splunk.URL, key)
	_ = conway(t, "--config", write(t, "config.yaml", source), "logs", "--wait", "200ms")
	if n := len(spl.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}
