package faults

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

func incident(title string) pdserver.Incident {
	return pdserver.Incident{Title: title, Service: "PCHK", Key: title}
}

// raw answers with exactly these bytes and closes the connection.
func raw(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = conn.Write([]byte(s))
		_ = conn.Close()
	}
}

func body(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(s))
	}
}

func whole(s string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(s)) + "\r\n\r\n" + s
}

// TestBrokenAnswer is the rows "truncated body; wrong Content-Length; gzip cut" and
// "JSON of wrong type, null, missing field" as far as nothing can be read: what
// was known stays, marked with the cause, and no list is ever blank.
func TestBrokenAnswer(t *testing.T) {
	list := `{"incidents":[{"id":"PX1","title":"another","status":"triggered"}],"limit":100,"offset":0,"more":false}`
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(list))
	_ = z.Close()
	cut := zipped.String()[:zipped.Len()-12]
	for name, c := range map[string]struct {
		h     http.HandlerFunc
		cause string
	}{
		"Content-Length too long":   {raw(strings.Replace(whole(list), strconv.Itoa(len(list)), strconv.Itoa(len(list)+500), 1)), "unexpected EOF"},
		"Content-Length too short":  {raw(strings.Replace(whole(list), strconv.Itoa(len(list)), "40", 1)), "not the JSON that was expected"},
		"Content-Length negative":   {raw(strings.Replace(whole(list), strconv.Itoa(len(list)), "-1", 1)), "Content-Length"},
		"no HTTP at all":            {raw("SSH-2.0-OpenSSH_9.6\r\n"), "malformed HTTP"},
		"truncated body, no length": {raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"incidents\":[{\"\r\n"), "unexpected EOF"},
		"gzip cut":                  {raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: " + strconv.Itoa(len(cut)) + "\r\n\r\n" + cut), "unexpected EOF"},
		"gzip that is none":         {raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nhello hello hello he"), "gzip"},
		"half of the JSON":          {body(list[:len(list)/2]), "not the JSON that was expected"},
		"an object for the list":    {body(`{"incidents":{"id":"PX1"}}`), "no list of incidents"},
		"null for the list":         {body(`{"incidents":null,"more":false}`), "no list of incidents"},
		"a number for the list":     {body(`{"incidents":0}`), "no list of incidents"},
		"the list is missing":       {body(`{"limit":100,"more":false}`), "no list of incidents"},
		"null":                      {body(`null`), "no list of incidents"},
		"a list without its object": {body(`[]`), "not the JSON that was expected"},
		"nothing":                   {body(``), "not the JSON that was expected"},
		"a login page":              {body(`<html>sign in</html>`), "not the JSON that was expected"},
		"204":                       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "not the JSON that was expected"},
	} {
		bubble(t, name, setup{}, func(d *desk) {
			d.begin()
			d.answers(http.MethodGet, "/incidents", c.h)
			d.until(every+5*time.Second, `pd \d+s!`)
			d.see("PAGES 1 open LATE", c.cause)
			d.until(40*time.Second, `pd \d+[sm]!!`)
			d.see("STALE", "checkout 5xx above 5%", c.cause)
			d.unseen("nothing open", "nothing is open", "another", "0 open")
			d.well("prom", "gh")
			d.tamper.Store(nil)
			d.until(61*time.Second, `pd \d+s  `)
			d.unseen(c.cause)
		})
	}
}

// TestOddAnswer is the rows about JSON that can be read in part: the row is kept
// with a mark.
func TestOddAnswer(t *testing.T) {
	answer := func(incidents string) http.HandlerFunc {
		return body(`{"incidents":[` + incidents + `],"limit":100,"offset":0,"more":false}`)
	}
	for name, c := range map[string]struct {
		incidents string
		rows      int
		see       []string
	}{
		"unknown enum":              {`{"id":"PX1","title":"another","status":"exploded","urgency":"severe"}`, 2, []string{"another", "? odd answer"}},
		"wrong types":               {`{"id":"PX1","title":["another"],"status":7,"created_at":"yesterday","alert_counts":"many","assignments":{}}`, 2, []string{"PX1", "? odd answer"}},
		"null in every field":       {`{"id":"PX1","title":null,"status":null,"urgency":null,"service":null,"assignments":null,"created_at":null,"acknowledgements":null,"pending_actions":null,"teams":null}`, 2, []string{"PX1", "? odd answer"}},
		"every field is missing":    {`{"id":"PX1"}`, 2, []string{"PX1", "? odd answer"}},
		"no id, but a number":       {`{"incident_number":42,"title":"another","status":"triggered"}`, 2, []string{"another", "? odd answer"}},
		"duplicate ids":             {`{"id":"PX1","title":"older","status":"triggered"},{"id":"PX1","title":"newer","status":"acknowledged"}`, 2, []string{"newer"}},
		"rows that are no objects":  {`{"id":"PX1","title":"another","status":"triggered"},7,"x",null,[]`, 2, []string{"another", "the list was cut short", "LATE"}},
		"nothing says which it is":  {`{"id":"PX1","title":"another","status":"triggered"},{"title":"nameless"}`, 2, []string{"another", "the list was cut short", "LATE"}},
		"unknown and extra fields":  {`{"id":"PX1","title":"another","status":"triggered","zz":{"a":[1,2,{"b":null}]},"urgency":"low"}`, 2, []string{"another"}},
		"a title of control bytes":  {`{"id":"PX1","title":"a\u001b[2Jnother\u202e","status":"triggered"}`, 2, []string{"a␛[2Jnother"}},
		"deep nesting in one field": {`{"id":"PX1","title":"another","status":"triggered","body":` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `}`, 2, []string{"another"}},
	} {
		bubble(t, name, setup{}, func(d *desk) {
			d.begin()
			d.answers(http.MethodGet, "/incidents", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/incidents" || r.URL.Query().Get("service_ids[]") != "" {
					d.pd.ServeHTTP(w, r) // the look-up of the page that left the list
					return
				}
				answer(c.incidents)(w, r)
			})
			d.pass(15 * time.Second)
			d.see(append(c.see, "checkout 5xx above 5%")...)
			d.unseen("nothing open", "nothing is open")
			if n := d.rows(); n != c.rows {
				d.Errorf("%d rows are shown, want %d:\n%s", n, c.rows, d.screen())
			}
			d.well("prom", "gh")
		})
	}
}

func (d *desk) rows() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.model.Board().Pages())
}

// TestHundredThousandIncidents is the row "10^5 incidents": what can be listed is
// shown, and that it is not all.
func TestHundredThousandIncidents(t *testing.T) {
	bubble(t, "10^5 incidents", setup{every: time.Minute}, func(d *desk) {
		d.begin()
		var asked atomic.Int32
		d.answers(http.MethodGet, "/incidents", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/incidents" || r.URL.Query().Get("service_ids[]") != "" {
				d.pd.ServeHTTP(w, r)
				return
			}
			asked.Add(1)
			offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
			var b strings.Builder
			b.WriteString(`{"limit":100,"more":true,"total":100000,"incidents":[`)
			for i := range 100 {
				if i > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `{"id":"P%06d","title":"storm %d","status":"triggered","created_at":"2000-01-01T00:00:00Z"}`, offset+i, offset+i)
			}
			b.WriteString(`]}`)
			body(b.String())(w, r)
		})
		d.pass(90 * time.Second)
		d.see("10001 open", "the list was cut short", "LATE", "checkout 5xx above 5%")
		if n := asked.Load(); n != 100 && n != 200 {
			d.Errorf("%d requests", n)
		}
		d.well("prom", "gh")
	})
}

// TestListChangesWhilePaging is the row "page list changing while paging": a page
// that slips between two parts of the list is not lost.
func TestListChangesWhilePaging(t *testing.T) {
	bubble(t, "page list changing while paging", setup{}, func(d *desk) {
		d.begin()
		var ids []string
		for i := range 120 {
			ids = append(ids, d.pd.Trigger(incident(fmt.Sprintf("page %03d", i))))
			time.Sleep(time.Second / 2)
		}
		d.pass(15 * time.Second)
		d.see("121 open")
		var next atomic.Int32
		d.answers(http.MethodGet, "/incidents", func(w http.ResponseWriter, r *http.Request) {
			d.pd.ServeHTTP(w, r)
			if n := int(next.Load()); r.URL.Path == "/incidents" && r.URL.Query().Get("offset") == "0" && n < 5 {
				next.Store(int32(n) + 1)
				d.pd.Resolve(ids[n], "PBEN") // all that follow move up by one
			}
		})
		for range 8 {
			d.pass(5 * time.Second)
			d.mu.Lock()
			open := map[string]bool{}
			for _, r := range d.model.Board().Pages() {
				open[r.Page.Title] = r.Page.Open()
			}
			d.mu.Unlock()
			for i := 5; i < 120; i++ {
				if !open[fmt.Sprintf("page %03d", i)] {
					d.Fatalf("page %d is lost", i)
				}
			}
		}
		d.pass(20 * time.Second)
		d.see("116 open")
		if n := next.Load(); n != 5 {
			d.Errorf("%d were resolved meanwhile", n)
		}
	})
}
