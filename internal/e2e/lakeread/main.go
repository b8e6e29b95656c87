// Command lakeread searches a log lake some times over and prints how long each
// search took, for the benchmark beside another engine.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/s3parquet"
)

// answer is what one search gave.
type answer struct {
	Lines  int           `json:"lines"`
	Bytes  int64         `json:"bytes"`
	Oldest time.Time     `json:"oldest"`
	Took   time.Duration `json:"took"`
}

func main() {
	url := flag.String("url", "", "the S3 API")
	query := flag.String("query", "", "the query")
	end := flag.String("end", "", "the window's end")
	times := flag.Int("times", 1, "how many searches")
	flag.Parse()
	if err := run(*url, *query, *end, *times); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url, query, end string, times int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	at, err := time.Parse(time.RFC3339, end)
	if err != nil {
		return err
	}
	l, err := s3parquet.New(s3parquet.Options{
		Name: "lake", URL: url, Bucket: "lake", Prefix: "logs",
		AccessKey: fromEnv("LAKE_ACCESS_KEY"), SecretKey: fromEnv("LAKE_SECRET_KEY"),
	})
	if err != nil {
		return err
	}
	for range times {
		start := time.Now()
		var a answer
		f, err := l.Search(ctx, oncall.LogQuery{
			Query: query, Window: oncall.Window{Start: at.Add(-15 * time.Minute), End: at}, Limit: 1000,
		}, func(p oncall.LogPart) {
			if len(p.Lines) > 0 {
				a.Oldest = p.Lines[0].At
			}
		})
		if err != nil {
			return err
		}
		a.Lines, a.Bytes, a.Took = f.Lines, f.Scanned, time.Since(start)
		if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
			return err
		}
	}
	return nil
}

func fromEnv(name string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return os.Getenv(name), nil }
}
