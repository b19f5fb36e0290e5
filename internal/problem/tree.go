package problem

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
)

// node is a value of a JSON or XML text that may describe an error.
type node struct {
	name     string // its key or tag; "" in a list
	kind     kind
	text     string // of a scalar
	children []node // of an object or a list, in order
}

type kind int

const (
	nothing kind = iota // null, true, false
	textual             // a string
	number
	record
	list
)

// maxAttributes is how many attributes are read of an element.
const maxAttributes = 20

// maxNodes is how many values are read of one text. Real errors have a few dozen.
const maxNodes = 1000

// jsonTree reads a valid JSON text. Of a repeated key the last one counts.
func jsonTree(text []byte) node {
	r := jsonReader{decoder: json.NewDecoder(bytes.NewReader(text)), left: maxNodes}
	r.decoder.UseNumber()
	root, _ := r.value()
	return root
}

type jsonReader struct {
	decoder *json.Decoder
	left    int
}

// value reads the next value. ok is false when enough has been read; then the value is what was read of it.
func (r *jsonReader) value() (n node, ok bool) {
	token, err := r.decoder.Token()
	if r.left--; err != nil || r.left < 0 {
		return n, false
	}
	switch token := token.(type) {
	case string:
		return node{kind: textual, text: token}, true
	case json.Number:
		return node{kind: number, text: strings.TrimSuffix(token.String(), ".0")}, true // some write every number as a float
	case json.Delim:
		n.kind = list
		if token == '{' {
			n.kind = record
		}
		for r.decoder.More() {
			if !r.child(&n) {
				return n, false
			}
		}
		_, err = r.decoder.Token() // the closing bracket
		return n, err == nil
	default:
		return n, true
	}
}

func (r *jsonReader) child(parent *node) bool {
	var name string
	if parent.kind == record {
		token, err := r.decoder.Token()
		if err != nil {
			return false
		}
		name, _ = token.(string)
	}
	child, ok := r.value()
	child.name = name
	for i := range parent.children {
		if parent.kind == record && parent.children[i].name == name {
			parent.children[i] = child
			return ok
		}
	}
	parent.children = append(parent.children, child)
	return ok
}

// xmlTree reads an XML text as an object with the root element in it. An element with attributes or other elements inside is an
// object, any other one a string. It is false for what is no complete XML.
func xmlTree(text []byte) (root node, ok bool) {
	r := xmlReader{decoder: xml.NewDecoder(bytes.NewReader(bytes.ToValidUTF8(text, []byte("\ufffd")))), left: maxNodes}
	r.decoder.Strict = false
	r.decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	root.kind = record
	for {
		token, err := r.decoder.Token()
		if err != nil {
			return root, false
		}
		if start, found := token.(xml.StartElement); found {
			element, ok := r.element(start)
			root.children = []node{element}
			return root, ok
		}
	}
}

type xmlReader struct {
	decoder *xml.Decoder
	left    int
}

// element reads the rest of an element whose start has been read.
func (r *xmlReader) element(start xml.StartElement) (n node, ok bool) {
	n = node{name: start.Name.Local, kind: textual}
	for _, a := range start.Attr[:min(len(start.Attr), maxAttributes)] {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && a.Name.Local != "lang" {
			n.children = append(n.children, node{name: a.Name.Local, kind: textual, text: a.Value})
		}
	}
	var text strings.Builder
	for {
		token, err := r.decoder.Token()
		if r.left--; err != nil || r.left < 0 {
			return n, false
		}
		switch token := token.(type) {
		case xml.StartElement:
			child, ok := r.element(token)
			n.children = append(n.children, child)
			if !ok {
				return n, false
			}
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			n.text = strings.TrimSpace(text.String())
			if len(n.children) > 0 {
				n.kind = record
			}
			return n, true
		}
	}
}
