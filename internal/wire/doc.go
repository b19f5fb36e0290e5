// Package wire turns the bytes of an ECS, Nova, API gateway or IAM response into plain Go values.
//
// What lives here: the decoders of server details, server lists and instance actions; package problem reads errors. What may not: HTTP
// (status codes, headers, requests), policy (what a response means for a caller), logging, and any import but the standard library
// and package problem.
//
// The decoders of servers and actions check the whole body: a cut, corrupt or continued one is an error, never a half-filled
// value. They are lenient where clouds differ (a time without a zone, a number written as a string, an optional field of
// another type) and strict where a wrong reading could do harm: identity and state must be strings or null. Keys are compared
// exactly, unknown ones are ignored, and of a repeated key the last one counts.
//
// Returned values hold copies: a body can be reused or dropped. All functions are safe for concurrent use.
package wire
