package problem

import (
	"slices"
	"strings"
)

// missingFactors says which factors Keystone asks for beyond those of a login that was good so far. Its response is a receipt
// and the rules of the user, each a list of methods.
func missingFactors(root *node) string {
	receipt, rules := root.child("receipt"), root.child("requiredauthmethods")
	if receipt.kind != record || rules.kind != list {
		return ""
	}
	var ways []string
	for _, rule := range rules.children {
		var missing []string
		for _, method := range rule.children {
			done := slices.ContainsFunc(receipt.child("methods").children, func(m node) bool { return m.text == method.text })
			if !done && method.text != "" {
				missing = append(missing, method.text)
			}
		}
		if len(missing) > 0 {
			ways = append(ways, strings.Join(missing, " and "))
		}
	}
	if len(ways) == 0 {
		return ""
	}
	return "the login needs one more factor: " + strings.Join(ways, ", or ")
}
