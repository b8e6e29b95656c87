package documents_test

import (
	"strings"
	"testing"

	"conway/internal/documents"
)

// TestDeepFilesEnd reads what nests as deeply as a file has room for: running out
// of stack would end the program, and nothing could recover it.
func TestDeepFilesEnd(t *testing.T) {
	for name, data := range map[string]string{
		"brackets": strings.Repeat("[", documents.MaxFile),
		"braces":   strings.Repeat("{a: ", documents.MaxFile/4),
		"dashes":   strings.Repeat("- ", documents.MaxFile/2),
		"tags":     strings.Repeat("!a ", documents.MaxFile/3),
		"blocks": func() string {
			var b strings.Builder
			for i := 0; b.Len() < documents.MaxFile-2000; i++ {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			all, problem := documents.Read([]byte(data))
			for _, d := range all {
				var into any
				_ = d.Decode(&into) // it must come back
				d.Line("a.a.a")
			}
			if problem == nil {
				t.Errorf("%d documents nest without end", len(all))
			}
		})
	}
}
