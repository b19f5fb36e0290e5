// Package killtest kills processes with SIGKILL in the middle of reverts, again and again, and holds what their successors answer
// against the fake cloud's own history. It has tests only.
package killtest
