// Command empty is what the others are compared with: a program that uses net/http and encoding/json, as most services do.
package main

import (
	"encoding/json"
	"net/http"
	"os"
)

func main() {
	res, err := http.Get(os.Args[1]) //nolint:gosec,noctx // as small as it can be
	if err != nil {
		os.Exit(1)
	}
	var into any
	if json.NewDecoder(res.Body).Decode(&into) != nil || res.Body.Close() != nil {
		os.Exit(1)
	}
}
