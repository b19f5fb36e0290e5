// Package bench holds the benchmarks of the SDK and the gates: the costs that may not grow. Each is measured beside the same
// operation written by hand with net/http and encoding/json.
package bench
