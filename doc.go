// Package ecs reverts resizes of cloud servers, on Huawei Cloud ECS and every OpenStack Nova, and tells the truth about
// what became of them.
//
// A resize that waits for a decision (status VERIFY_RESIZE) can be confirmed or reverted. A revert brings the server back to
// its old flavor and host; what was written since the resize is lost. [Client.RevertResize] looks at the server, checks the
// preconditions and only then sends the action. Its answer is the truth:
//
//   - A nil error means that the cloud accepted a revert of the resize that was looked at.
//   - A definite error means that no revert of this call runs or has taken effect: it was refused, or it was accepted and
//     failed, which is a [*RevertFailedError].
//   - Where nobody can know, the error says so: it matches [ErrOutcomeUnknown].
//
// No client can promise more. The API has no conditional request, so another resize can slip in between the look and the
// action; and an answer that was lost can't be told from another caller's accepted revert of the same resize.
//
//	client, err := ecs.NewClient(ecs.RegionEndpoint("eu-de"), ecs.StaticToken(token))
//	if err != nil {
//		return err
//	}
//	server, err := client.RevertResizeAndWait(ctx, projectID, serverID)
//
// # Authentication
//
// A [Client] takes an [Authenticator]: [StaticToken]; [TokenAuth] over [PasswordCredentials], [ApplicationCredential] or
// your own [TokenSource], which gets tokens when they are needed and shares them; an [AccessKey] (AK/SK), which signs each
// request; or [MetadataCredentials], the temporary key of the machine that the program runs on. [NewClientFromEnv] takes all
// of them from the environment. Credentials never appear in errors or logs, and are never sent to another host: redirects are
// not followed.
//
// # Errors
//
// Errors are told apart with [errors.Is] and a sentinel, and hold details for [errors.As]. The first three also match what the
// last request or look was told ([ErrForbidden], say), so ask for them first:
//
//   - [*OutcomeUnknownError] ([ErrOutcomeUnknown]): look at the server before you do anything else.
//   - [*WaitError]: the wait ended without a verdict; the revert goes on, and so can the wait.
//   - [*RevertFailedError] ([ErrNotReverted]): the resize was confirmed by somebody else, or the revert was accepted and failed.
//   - [ErrInvalidArgument]: nothing was sent. Correct the call.
//   - [*PreconditionError] ([ErrPrecondition], perhaps [ErrRevertInProgress]): the server does not wait for a decision, or not
//     on the same resize any more. Nothing was done by this call.
//   - [*APIError]: the cloud refused, see [ErrConflict], [ErrLocked], [ErrNotFound], [ErrUnauthorized], [ErrForbidden],
//     [ErrAPINotPublished], [ErrRateLimited], [ErrUnavailable]. Nothing was done by this call.
//   - [context.Canceled] or [context.DeadlineExceeded]: the context ended before anything was sent.
//
// Texts of errors are for people and may change.
//
// # Retries
//
// Looks (GETs) are retried after network errors, 408, 429, 500, 502, 503, 504 and Ecs.0603, with exponential pauses and full
// jitter: four attempts, the first pause at most 0.5 s, none over 30 s. A Retry-After is obeyed; if it asks for more than
// that, or for longer than the context's deadline allows, the call gives up at once. See [WithRetry], [WithTimeout] and
// [WithRateLimit].
//
// The action is never repeated blindly. It is sent again when the answer proves that nothing was done (too many requests, a
// connection that could not be made, a token that had to be renewed), and when the answer was lost and looking at the
// server shows, over a settle time of 5 s and at least three looks, that it did not arrive. Before it is sent again the
// server is looked at, and must still wait for a decision on the same resize. No look older than 5 s is acted on. After a lost
// answer the server is looked at for a minute at most. Changes to these numbers are not breaking.
//
// # Waiting
//
// [Client.WaitForVerifyResize] waits until a resize can be reverted, [Client.WaitForRevert] until a revert is finished. ACTIVE
// or SHUTOFF alone is no success: flavor, host, launch time and the cloud's own record of the action are compared, so that a
// resize which was confirmed or rolled back is never reported as reverted. Waits have no timeout of their own: use a context
// with a deadline. They poll as [WithPollInterval] says and tell what they see to [WithProgress]. A [Revert] keeps its values
// through JSON, so that another process can go on waiting.
//
// # Fleets
//
// [Client.RevertResizeAll] reverts many servers at about one request each, by the same rules, and slows down together when the
// cloud says so. See [WithConcurrency], [WithWait], [WithDryRun], [WithMaxFailures] and [WithFleetProgress].
//
// # Watching
//
// [WithLogger] writes one record per attempt. Traces and metrics belong into the transport of [WithHTTPClient].
//
// # Testing
//
// Package [github.com/revert-resize/ecs/ecstest] is a fake cloud to test against, with faults to inject. A mock transport
// works too, see [WithHTTPClient].
package ecs
