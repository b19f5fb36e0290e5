package oracle_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// raw is a scalar as it stands in a YAML file, whatever a reader takes it for; other texts are written in quotes where they
// need them.
type raw string

// pair is one key of a mapping, in the order in which it is written. Its value is a string, a raw, a []any or a mapping.
type pair struct {
	key   string
	value any
}

type mapping []pair

func (m *mapping) add(key string, value any) { *m = append(*m, pair{key, value}) }

func document(key string, m mapping) string { return key + ":\n" + block(m, 1) }

// block writes a mapping in YAML.
func block(m mapping, depth int) string {
	var b strings.Builder
	indent := strings.Repeat("  ", depth)
	for _, p := range m {
		switch value := p.value.(type) {
		case mapping:
			if len(value) == 0 {
				fmt.Fprintf(&b, "%s%s: {}\n", indent, p.key)
				continue
			}
			fmt.Fprintf(&b, "%s%s:\n%s", indent, p.key, block(value, depth+1))
		default:
			fmt.Fprintf(&b, "%s%s: %s\n", indent, p.key, flow(value))
		}
	}
	return b.String()
}

// flow writes a value in one line.
func flow(value any) string {
	switch value := value.(type) {
	case raw:
		return string(value)
	case string:
		if strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_./") == "" && value != "" && value[0] > '9' {
			return value
		}
		text, _ := json.Marshal(value)
		return string(text)
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			parts[i] = flow(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapping:
		parts := make([]string, len(value))
		for i, p := range value {
			parts[i] = p.key + ": " + flow(p.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "null"
}

// asJSON writes a value in JSON; a scalar of YAML's own becomes a number or a text.
func asJSON(value any) string {
	switch value := value.(type) {
	case raw:
		if json.Valid([]byte(value)) {
			return string(value)
		}
		return asJSON(string(value))
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			parts[i] = asJSON(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapping:
		parts := make([]string, len(value))
		for i, p := range value {
			parts[i] = asJSON(p.key) + ":\n" + asJSON(p.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, _ := json.Marshal(value)
	return string(text)
}
