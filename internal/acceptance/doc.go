// Package acceptance holds the proof that the SDK tells the truth about a real cloud, and that ecstest behaves like
// one. It has tests only; nothing may import it.
//
// The tests behind the build tag "acceptance" need a cloud that is an OpenStack Nova with Keystone. The scripts in
// the folder nova start one on a Debian 12 machine, of one of three releases:
//
//	env=$(internal/acceptance/nova/up) && eval "$env"
//	go test -tags acceptance ./internal/acceptance/...
//	internal/acceptance/nova/down
//
// Any other cloud does too, given by the usual OS_* variables and ECS_TEST_IMAGE, ECS_TEST_FLAVOR and
// ECS_TEST_NEW_FLAVOR, the IDs of an image and of two flavors. A user with a password and a project, by ID or by name,
// is logged in with plain HTTP; with anything else that ecs.NewClientFromEnv knows (OS_CLOUD, an application credential, a
// token) the SDK logs in, and the cases that are about logging in are skipped. A private certificate authority is named
// by SSL_CERT_FILE. Some cases need more and are skipped without it: ECS_TEST_OTHER_* (a user of another project),
// ECS_TEST_ADMIN_* (an administrator), and ECS_NOVA_DIR, which says that the cloud is the scripts' own, with its knobs for
// slow, failing and frozen operations.
//
// What the cloud itself recorded (os-instance-actions) is the truth that the SDK's verdicts are compared with. It is
// read with plain HTTP, by code that shares nothing with the SDK.
//
// The table of conformance cases runs on a real cloud with the tag, and on ecstest always, as each release. What differs between the
// releases is data of the table. With -table FILE a run writes how the cloud answered each case; CONFORMANCE.md shows that of the
// last runs, side by side with ecstest, and says how it is made. RUNS.md is the log of the rows of ten.
//
// No case may fail because a machine is slow: waits look again until what they wait for is there, with a bound of minutes, and what
// must not be over too early is slowed down by a knob for longer than the requests in between take.
package acceptance
