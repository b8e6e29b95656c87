package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// listPage is how many pods one request asks for.
	listPage = "500"
	// watchSeconds is how long one watch goes on before the server ends it.
	watchSeconds = "300"
)

// cluster is the other side.
type cluster struct {
	base       *url.URL
	namespace  string
	containers []string
	timeout    time.Duration
	http       sources.HTTP
	client     *http.Client
	stream     *http.Client
}

// pod is what matters of one.
type pod struct {
	Metadata struct {
		Name string `json:"name"`
		UID  string `json:"uid"`
	} `json:"metadata"`
	Spec struct {
		Init       []container `json:"initContainers"`
		Containers []container `json:"containers"`
		Ephemeral  []container `json:"ephemeralContainers"`
	} `json:"spec"`
	Status struct {
		Phase      string            `json:"phase"`
		Init       []containerStatus `json:"initContainerStatuses"`
		Containers []containerStatus `json:"containerStatuses"`
		Ephemeral  []containerStatus `json:"ephemeralContainerStatuses"`
	} `json:"status"`
}

type container struct {
	Name string `json:"name"`
}

type containerStatus struct {
	Name     string `json:"name"`
	Restarts int64  `json:"restartCount"`
	State    struct {
		Waiting    *struct{} `json:"waiting"`
		Terminated *struct {
			ExitCode int `json:"exitCode"`
		} `json:"terminated"`
	} `json:"state"`
	Last struct {
		Terminated *struct {
			Finished time.Time `json:"finishedAt"`
		} `json:"terminated"`
	} `json:"lastState"`
}

// podList is a list and where a watch goes on from it.
type podList struct {
	pods    []pod
	version string
}

// unit is one container of a pod.
type unit struct {
	pod, uid, container string
	restarts            int64
	// ended is when the one before it did, to the second, by the node's clock; zero if
	// it is not known.
	ended time.Time
	// waiting is true before its first start, over is true when its pod is, or when it
	// has done what it was for and is not started again.
	waiting, over bool
}

func (u unit) origin() string { return sources.Printable(u.pod+"/"+u.container, maxWords) }

// units returns the containers of a pod that are to be read: those that prepare it,
// its own, and those that somebody has put beside them to look into it.
func (c *cluster) units(p pod) []unit {
	ended := p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed"
	var out []unit
	each := func(containers []container, states []containerStatus, once func(exit int) bool) {
		for _, one := range containers {
			if len(c.containers) > 0 && !slices.Contains(c.containers, one.Name) {
				continue
			}
			u := unit{pod: p.Metadata.Name, uid: p.Metadata.UID, container: one.Name, over: ended}
			for _, st := range states {
				if st.Name == one.Name {
					u.restarts, u.waiting = st.Restarts, st.State.Waiting != nil && st.Restarts == 0
					if last := st.Last.Terminated; last != nil {
						u.ended = last.Finished
					}
					u.over = u.over || st.State.Terminated != nil && once(st.State.Terminated.ExitCode)
				}
			}
			out = append(out, u)
		}
	}
	each(p.Spec.Init, p.Status.Init, func(exit int) bool { return exit == 0 })
	each(p.Spec.Containers, p.Status.Containers, func(int) bool { return false })
	each(p.Spec.Ephemeral, p.Status.Ephemeral, func(int) bool { return true })
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *cluster) request(ctx context.Context, op, path string, params url.Values) (*http.Request, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = params.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, c.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	return req, nil
}

func (c *cluster) get(ctx context.Context, op, path string, params url.Values, out any) error {
	req, err := c.request(ctx, op, path, params)
	if err != nil {
		return err
	}
	_, err = c.http.Do(c.client, req, op, out)
	return err
}

func (c *cluster) malformed(op string) *oncall.Fault {
	return &oncall.Fault{
		Kind: oncall.Malformed, Source: c.http.Source, Op: op, Detail: "the answer is not one of the Kubernetes API",
		Fix: "check that the server in the kubeconfig is the API itself and not a login page",
	}
}

// resolve asks for the selector of a workload.
func (c *cluster) resolve(ctx context.Context, ch *choice) error {
	if ch.path == "" {
		return nil
	}
	group, rest, _ := strings.Cut(ch.path, "/v1/")
	var w struct {
		Spec struct {
			Selector *selector `json:"selector"`
		} `json:"spec"`
	}
	if err := c.get(ctx, opList, "apis/"+group+"/v1/namespaces/"+c.namespace+"/"+rest, nil, &w); err != nil {
		return err
	}
	if w.Spec.Selector == nil {
		return c.malformed(opList)
	}
	ch.labels = w.Spec.Selector.String()
	return nil
}

func (ch choice) params() url.Values {
	v := url.Values{}
	if ch.labels != "" {
		v.Set("labelSelector", ch.labels)
	}
	if ch.field != "" {
		v.Set("fieldSelector", ch.field)
	}
	return v
}

func (c *cluster) podsPath() string { return "api/v1/namespaces/" + c.namespace + "/pods" }

// list lists the pods of a choice.
func (c *cluster) list(ctx context.Context, ch choice) (podList, error) {
	var out podList
	params := ch.params()
	params.Set("limit", listPage)
	for {
		var page struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Version  string `json:"resourceVersion"`
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []pod `json:"items"`
		}
		if err := c.get(ctx, opList, c.podsPath(), params, &page); err != nil {
			return out, err
		}
		if page.Kind != "PodList" {
			return out, c.malformed(opList)
		}
		out.pods = append(out.pods, page.Items...)
		out.version = page.Metadata.Version
		if page.Metadata.Continue == "" {
			return out, nil
		}
		params.Set("continue", page.Metadata.Continue)
	}
}

// errExpired marks a watch that has to begin with a list again.
var errExpired = errors.New("the watch has expired")

// watch hands on the pods of a choice as they change, until the server ends the
// watch, which it does every few minutes.
func (c *cluster) watch(ctx context.Context, ch choice, version *string, take func(p pod, gone bool)) error {
	params := ch.params()
	params.Set("watch", "true")
	params.Set("resourceVersion", *version)
	params.Set("allowWatchBookmarks", "true")
	params.Set("timeoutSeconds", watchSeconds)
	const op = "watch pods"
	resp, err := c.open(ctx, op, c.podsPath(), params)
	if err != nil {
		if f, ok := errors.AsType[*oncall.Fault](err); ok && f.Status == http.StatusGone {
			return errExpired
		}
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is left to lose
	d := json.NewDecoder(resp.Body)
	for {
		var e struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		var p struct {
			pod
			Metadata struct {
				Name    string `json:"name"`
				UID     string `json:"uid"`
				Version string `json:"resourceVersion"`
			} `json:"metadata"`
		}
		err := d.Decode(&e)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return c.http.TransportFault(ctx, http.MethodGet, op, err)
		case e.Type == "ERROR":
			return errExpired
		}
		if json.Unmarshal(e.Object, &p) != nil {
			return c.malformed(op)
		}
		*version = p.Metadata.Version
		if e.Type != "BOOKMARK" {
			p.pod.Metadata.Name, p.pod.Metadata.UID = p.Metadata.Name, p.Metadata.UID
			take(p.pod, e.Type == "DELETED")
		}
	}
}

// open begins an answer that goes on.
func (c *cluster) open(ctx context.Context, op, path string, params url.Values) (*http.Response, error) {
	req, err := c.request(ctx, op, path, params)
	if err != nil {
		return nil, err
	}
	resp, err := c.stream.Do(req)
	if err != nil {
		return nil, c.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is left to lose
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, c.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	return nil, c.http.StatusFault(resp, op, body)
}

// logs opens the log of one container from a moment on.
func (c *cluster) logs(ctx context.Context, op string, u unit, since time.Time, follow, previous bool) (*http.Response, error) {
	params := url.Values{"container": {u.container}, "timestamps": {"true"}, "sinceTime": {since.UTC().Truncate(time.Second).Format(time.RFC3339)}}
	if follow {
		params.Set("follow", "true")
	}
	if previous {
		params.Set("previous", "true")
	}
	return c.open(ctx, op, c.podsPath()+"/"+u.pod+"/log", params)
}

// lineOf reads one line with the kubelet's time before it.
func lineOf(raw string, cut bool, u unit) tailing.Entry {
	stamp, text, _ := strings.Cut(raw, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return tailing.Unread(raw, u.uid+"/"+u.container, u.origin())
	}
	l := oncall.ParseLine(text, at)
	l.At, l.Origin, l.Cut = at.UTC(), u.origin(), cut
	return tailing.Entry{Line: l, Key: u.uid + "/" + u.container}
}
