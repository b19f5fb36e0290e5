package cloudenv

import "regexp"

// sdkText returns what openstacksdk makes of a scalar where it needs a text. Without quotes it may be read as a number, a
// switch or a date, as YAML 1.1 has it; problem says so where that would be another text than what is written.
func (n *node) sdkText() (text, problem string) {
	switch n.kind {
	case nullNode:
		return "", ""
	case listNode, mapNode:
		return "", "is not a text"
	case strangeNode:
		return "", "is of a type that is not read: write the text in quotes"
	case textNode:
	}
	switch {
	case n.quoted:
	case isSwitch(n.text):
		return "", "is the switch " + n.text + ", not a text: write it in quotes"
	case (n.number || isNumber(n.text)) && !isPlainNumber(n.text):
		return "", "is a number that openstacksdk writes in another way: write it in quotes"
	case regexp.MustCompile(`^\d{4}-\d\d?-\d\d?([Tt \t]|$)`).MatchString(n.text):
		return "", "is a date, not a text: write it in quotes"
	}
	return n.text, ""
}

// isSwitch reports whether YAML 1.1 takes a text without quotes for true or false.
func isSwitch(text string) bool {
	return regexp.MustCompile(`^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`).MatchString(text)
}

// isNumber reports whether YAML 1.1 takes a text without quotes for a number.
func isNumber(text string) bool {
	if text == "" || text[0] > '9' {
		return false
	}
	return regexp.MustCompile(`^[-+]?(0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(:[0-5]?[0-9])+)$`).MatchString(text) ||
		regexp.MustCompile(`^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|`+
			`[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`).MatchString(text)
}

// isPlainNumber reports whether a number is written as every reader writes it.
func isPlainNumber(text string) bool {
	return regexp.MustCompile(`^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]{0,11})\.([0-9]{0,2}[1-9]|0))$`).MatchString(text)
}
