package cloudenv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// reader looks names up and remembers what it saw.
type reader struct {
	lookup         func(name string) (string, bool)
	regionName     string // what the region is called in the family that was chosen
	found, missing []string
	problems       []error
}

// has reports whether one of the names has a value.
func (r *reader) has(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		value, _ := r.lookup(name)
		return value != ""
	})
}

// get returns the first value that is set, and notes its name.
func (r *reader) get(names ...string) string {
	value, _ := r.first(names...)
	return value
}

// first is get, with the name that has the value.
func (r *reader) first(names ...string) (value, name string) {
	for _, name := range names {
		value, _ := r.lookup(name)
		if value == "" {
			continue
		}
		if !slices.Contains(r.found, name) {
			r.found = append(r.found, name)
		}
		return value, name
	}
	return "", ""
}

// need is get for what must be there.
func (r *reader) need(names ...string) string {
	value := r.get(names...)
	if value == "" {
		r.missing = append(r.missing, strings.Join(names, " or "))
	}
	return value
}

// problem notes a setting that can't be followed. Its text must hold no secret.
func (r *reader) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

// unusable is the error of the problems, on one line.
func (r *reader) unusable(source string) error {
	texts := make([]string, len(r.problems))
	for i, problem := range r.problems {
		texts[i] = problem.Error()
	}
	return errors.New(source + ": " + strings.Join(texts, "; "))
}

// refuse notes a problem for each of the names that has a value.
func (r *reader) refuse(names ...string) {
	for _, name := range names {
		if r.has(name) {
			r.problem("%s is set, but not supported", name)
		}
	}
}

// refuseInsecure notes a problem if certificates are not to be checked.
func (r *reader) refuseInsecure(names ...string) {
	for _, name := range names {
		if truth(r.get(name)) {
			r.problem("%s is set, but certificates are always checked: unset it, and name the authority's certificate instead", name)
		}
	}
}
