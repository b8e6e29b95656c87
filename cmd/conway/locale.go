package main

import "strings"

// utf8Locale reports whether a locale's character set is UTF-8: en_US.UTF-8,
// C.utf8.
func utf8Locale(v string) bool {
	v = strings.ToLower(v)
	return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
}
