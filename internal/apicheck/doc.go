// Package apicheck keeps the public API as it was, and documented. It has tests only; nothing may import it.
//
// Folder testdata lists every exported declaration of the public packages. A test compares the lists with the source:
// what is missing or changed breaks the programs of users, and what is new must be kept from then on. After an intended
// change write them anew, and tell it in CHANGELOG.md:
//
//	go test ./internal/apicheck -update
package apicheck
