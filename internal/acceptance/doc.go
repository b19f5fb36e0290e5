// Package acceptance holds the proof that the SDK tells the truth about a real cloud, and that ecstest behaves like
// one. It has tests only; nothing may import it.
//
// The tests behind the build tag "acceptance" need a cloud that is an OpenStack Nova with Keystone. The scripts in
// the folder nova start one on a Debian 12 machine:
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
// slow, failing and frozen operations. Texts in the conformance table are those of the release that the scripts start.
//
// What the cloud itself recorded (os-instance-actions) is the truth that the SDK's verdicts are compared with. It is
// read with plain HTTP, by code that shares nothing with the SDK.
//
// The table of conformance cases runs on a real cloud with the tag, and on ecstest always.
package acceptance
