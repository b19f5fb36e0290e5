package cloudenv

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A node is a part of a document: a text, a list or a mapping. It knows where it stands, and what the text looked like: a
// reader of YAML 1.1, such as openstacksdk's, may take a text without quotes for a number.
type node struct {
	file    string
	line    int
	kind    nodeKind
	text    string           // of a text
	quoted  bool             // it is text whatever it looks like
	number  bool             // it is a number of JSON
	list    []*node          // of a list
	fields  map[string]*node // of a mapping; a dash in a key counts as an underscore
	exact   map[string]*node // the same by the keys as they are written
	key     string           // under which it stands, as it is written
	twice   bool             // the key stands there with a dash and with an underscore, and the values differ
	unclear bool             // and the underscore does not come last, so that which one openstacksdk takes depends on the key
}

type nodeKind int

const (
	textNode nodeKind = iota
	nullNode
	listNode
	mapNode
	strangeNode // a type of YAML's own, or one that is not standard
)

// where names the place of the node, for an error.
func (n *node) where() string {
	if n.file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", n.file, n.line)
}

// maxDepth is more than any configuration needs, and bounds the recursion.
const maxDepth = 64

// A document is being read; its budget bounds what aliases may make of it.
type document struct {
	file   string
	form   string // what it should have the form of; "" for a clouds.yaml
	budget int
	offset int // up to where lines have been counted
	line   int // at offset
}

// lineAt returns the number of a line; the offset never goes back.
func (d *document) lineAt(data []byte, offset int) int {
	d.line += bytes.Count(data[d.offset:offset], []byte("\n"))
	d.offset = offset
	return d.line
}

// parse reads a file of YAML or JSON. Its errors name the file and, where the parser tells, the line; never a value.
func parse(file string, data []byte) (*node, error) {
	d := &document{file: file, budget: 100 + 4*len(data), line: 1}
	if strings.HasSuffix(file, "json") {
		return d.parseJSON(data)
	}
	return d.parseYAML(data)
}

func (d *document) parseYAML(data []byte) (*node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	switch {
	case errors.Is(err, io.EOF), err == nil && len(first.Content) == 0:
		return &node{file: d.file, kind: nullNode}, nil
	case err == nil:
		if err = decoder.Decode(&second); errors.Is(err, io.EOF) {
			return d.convert(first.Content[0], 0)
		}
		if err == nil {
			return nil, fmt.Errorf("%s:%d: not valid YAML, or not of the form of a %s: a second document begins", d.file, second.Line,
				cmp.Or(d.form, "clouds.yaml"))
		}
	}
	place, form := d.file, cmp.Or(d.form, "clouds.yaml")
	if line := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error()); line != nil {
		place += ":" + line[1]
	}
	hint := ""
	if regexp.MustCompile(`(?m)^ *\t`).Match(data) {
		hint = ": a line is indented by a tab"
	}
	return nil, fmt.Errorf("%s: not valid YAML, or not of the form of a %s%s", place, form, hint) // the parser's error quotes values
}

// convert makes a node of the parser's, with aliases and merges in place.
func (d *document) convert(y *yaml.Node, depth int) (*node, error) {
	if d.budget--; d.budget < 0 || depth > maxDepth {
		return nil, fmt.Errorf("%s:%d: too deep, or blown up by aliases", d.file, y.Line)
	}
	n := &node{file: d.file, line: y.Line}
	switch y.Kind {
	case yaml.AliasNode:
		return d.convert(y.Alias, depth+1)
	case yaml.SequenceNode:
		n.kind = listNode
		for _, item := range y.Content {
			converted, err := d.convert(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, converted)
		}
	case yaml.MappingNode:
		n.kind, n.fields, n.exact = mapNode, make(map[string]*node, len(y.Content)/2), make(map[string]*node, len(y.Content)/2)
		return n, d.convertMapping(n, y, depth)
	case yaml.ScalarNode:
		n.text, n.quoted = y.Value, y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
		tagged := y.Style&yaml.TaggedStyle != 0
		switch {
		case tagged && y.Tag == "!!str":
			n.quoted = true
		case tagged && y.Tag != "!" || y.Tag == "!!binary":
			n.kind = strangeNode
		case y.Tag == "!!null" && !n.quoted:
			n.kind = nullNode
		}
	default:
		n.kind = strangeNode
	}
	return n, nil
}

// convertMapping fills n with what is merged into the mapping, and with its own keys, which win. Of a key that stands there
// twice the last one counts.
func (d *document) convertMapping(n *node, y *yaml.Node, depth int) error {
	merge := func(source *yaml.Node) error {
		merged, err := d.convert(source, depth+1)
		if err != nil {
			return err
		}
		if merged.kind != mapNode {
			return fmt.Errorf("%s:%d: a merge of what is no mapping", d.file, source.Line)
		}
		for _, field := range merged.fields {
			n.put(field)
		}
		maps.Copy(n.exact, merged.exact)
		return nil
	}
	for i := 0; i+1 < len(y.Content); i += 2 {
		if y.Content[i].Tag != "!!merge" {
			continue
		}
		source := y.Content[i+1]
		if source.Kind == yaml.AliasNode {
			source = source.Alias
		}
		if source.Kind != yaml.SequenceNode {
			if err := merge(source); err != nil {
				return err
			}
			continue
		}
		for k := len(source.Content) - 1; k >= 0; k-- { // the first of the list wins
			if err := merge(source.Content[k]); err != nil {
				return err
			}
		}
	}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Tag == "!!merge" || key.Kind != yaml.ScalarNode {
			continue
		}
		value, err := d.convert(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		field := *value // an alias may stand under several keys
		field.key, field.line = key.Value, key.Line
		n.put(&field)
	}
	return nil
}

// put sets a field of a mapping.
func (n *node) put(field *node) {
	name := strings.ReplaceAll(field.key, "-", "_")
	n.fields[name], n.exact[field.key] = field.instead(n.fields[name]), field
}

// instead returns the field for the place of another one, and remembers that the two are spelled differently.
func (n *node) instead(old *node) *node {
	if old == nil {
		return n
	}
	differs := old.key != n.key && old.text != n.text
	copied := *n
	copied.twice = old.twice || differs
	copied.unclear = old.unclear || differs && strings.Contains(n.key, "-")
	return &copied
}

func (d *document) parseJSON(data []byte) (*node, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	n, err := d.decode(decoder, data, 0)
	if err == nil {
		if _, more := decoder.Token(); errors.Is(more, io.EOF) {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%s:%d: not valid JSON, or not of the form of a clouds.json", d.file, d.lineAt(data, int(decoder.InputOffset())))
}

// decode reads the next value; the line of a node is where its value, or the key before it, ends.
func (d *document) decode(decoder *json.Decoder, data []byte, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errors.New("too deep")
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err //nolint:wrapcheck // only whether there is one counts
	}
	n := &node{file: d.file}
	switch value := token.(type) {
	case string:
		n.text, n.quoted = value, true
	case json.Number:
		n.text, n.number = value.String(), true
	case bool:
		n.text = strconv.FormatBool(value)
	case nil:
		n.kind = nullNode
	case json.Delim:
		n.kind = listNode
		if value == '{' {
			n.kind, n.fields, n.exact = mapNode, make(map[string]*node), make(map[string]*node)
		}
		for decoder.More() {
			if err := d.decodeMember(n, decoder, data, depth); err != nil {
				return nil, err
			}
		}
		if _, err := decoder.Token(); err != nil {
			return nil, err //nolint:wrapcheck // likewise
		}
	}
	return n, nil
}

func (d *document) decodeMember(n *node, decoder *json.Decoder, data []byte, depth int) error {
	var key string
	if n.kind == mapNode {
		token, err := decoder.Token()
		if err != nil {
			return err //nolint:wrapcheck // likewise
		}
		key = fmt.Sprint(token)
	}
	line := d.lineAt(data, int(decoder.InputOffset()))
	value, err := d.decode(decoder, data, depth+1)
	if err != nil {
		return err
	}
	value.line = line
	if n.kind == listNode {
		n.list = append(n.list, value)
		return nil
	}
	value.key = key
	n.put(value)
	return nil
}
