// Package cloudtest is what the tests of several packages share. Tests import it with a dot, since it is the language that they
// are written in. Only tests may import it.
//
//   - [ProjectID], [ServerID], [SecretToken], [RevertID]: the IDs and the token that every test uses
//   - [Details] and its makers ([VerifyResize], [Reverting], [PoweringOff], [Reverted], [RolledBack], [Confirmed], [InError] ...): a
//     server's details as Nova writes them; the fields may be changed before [Details.JSON]
//   - [Step] and its makers ([See], [Reply], [Fault], [Accept], [Dropped], [NotDialled], [Hang], [After] ...): one answer of a cloud
//   - [Cloud]: a scripted transport, which records every request with its virtual time
//   - [NewClient] and [FakeAuth]: a client whose only network is such a transport
//   - [Bubble]: runs a test with a virtual clock, which starts at [Epoch]; a [Cloud] that answers a POST needs one
//   - [WaitCase] and [RunWaits]: one wait to its end, and a table of them
//   - [OneLine], [AssertSecret]: the rules that every error text obeys
//   - [FakeCloud], [FakeClient], [FleetBubble] ...: the fake cloud of package ecstest, and clients of it
package cloudtest
