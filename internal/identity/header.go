package identity

import (
	"errors"
	"fmt"
	"strings"
)

// IsHeaderText reports whether a credential can be sent as the value of a header as it is: it is not empty, and
// printable ASCII without spaces.
func IsHeaderText(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// CheckHeader refuses what can't be sent in a header as it is; the error never shows the value.
func CheckHeader(what, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("%s is empty", what)
	case !IsHeaderText(value):
		return fmt.Errorf("%s has spaces, line breaks or characters outside of ASCII", what)
	}
	return nil
}

// CheckKey refuses an access key that no request can be signed with. The token may be empty.
func CheckKey(accessKey, secretKey, securityToken string) error {
	if err := CheckHeader("access key", accessKey); err != nil {
		return err
	}
	if strings.ContainsAny(accessKey, ",=") { // they separate the parts of the Authorization header
		return errors.New("access key has a comma or an equals sign")
	}
	if err := CheckHeader("secret key", secretKey); err != nil || securityToken == "" {
		return err
	}
	return CheckHeader("security token", securityToken)
}
