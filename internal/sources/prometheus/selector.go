package prometheus

import "strings"

// isSelector reports whether a query is nothing but a vector selector, such as
// job:errors:ratio5m{service="checkout"}. A false no costs only the sample's own
// time, so what is unusual is not recognised.
func isSelector(query string) bool {
	rest := strings.TrimSpace(query)
	name := 0
	for name < len(rest) && (isLetter(rest[name]) || (name > 0 && rest[name] >= '0' && rest[name] <= '9')) {
		name++
	}
	rest = strings.TrimSpace(rest[name:])
	if rest == "" {
		return name > 0
	}
	return rest[0] == '{' && closing(rest) == len(rest)-1
}

func isLetter(c byte) bool {
	return c == '_' || c == ':' || (c|0x20 >= 'a' && c|0x20 <= 'z')
}

// closing returns where the first brace closes, outside of quotes, or -1.
func closing(s string) int {
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '}':
			return i
		}
	}
	return -1
}
