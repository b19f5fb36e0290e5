// Package ecs reverts resizes of cloud servers, on Huawei Cloud ECS and every OpenStack Nova, and reports what became of them.
//
// A resize that waits for a decision (status VERIFY_RESIZE) can be confirmed or reverted. A revert brings the server back to
// its old flavor and host. THE DATA WRITTEN SINCE THE RESIZE IS LOST. [Client.RevertResize] fetches the server, checks the
// preconditions and only then sends the action:
//
//   - A nil error means that the cloud accepted a revert of the resize that was fetched.
//   - A definite error means that no revert of this call runs or has taken effect: it was refused, or it was accepted and
//     failed, which is a [*RevertFailedError].
//   - Where nobody can know, the error says so: it matches [ErrOutcomeUnknown].
//
// No client can know more. The API has no conditional request, so another resize can slip in between the GET and the POST. A
// lost response cannot be told from another caller's accepted revert of the same resize. Where the cloud's record of actions
// (os-instance-actions) cannot be read, some histories look alike, and the error says that the outcome is unknown.
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
// your own [TokenSource], which fetches tokens when they are needed and shares them; an [AccessKey] (AK/SK), which signs each
// request; or [MetadataCredentials], the temporary key of the machine that the program runs on. [NewClientFromEnv] takes all
// of them from the environment. Credentials never appear in errors or logs, and are never sent to another host: redirects are
// not followed. The examples gophercloud and huaweicloud of the repository use the login of a program that has one already.
//
// # Plan and resume
//
// RevertResize is [Client.PlanRevert] and [Client.ResumeRevert] in one. PlanRevert sends nothing that changes anything. A
// program that may be killed saves its [Revert], for example as JSON, before it calls ResumeRevert, and again what that
// returns. Any process may resume a saved Revert, any number of times: the resize that was planned is reverted at most once,
// and no other one ever.
//
// # Waiting
//
// [Client.WaitForVerifyResize] waits until a resize can be reverted, [Client.WaitForRevert] until a revert is finished. ACTIVE
// or SHUTOFF alone is no success: flavor, host, launch time and the record of actions are compared, so that a resize which was
// confirmed or rolled back is never reported as reverted. Waits have no timeout of their own: use a context with a deadline.
// They poll as [WithPollInterval] says and report to [WithProgress]. A [Revert] keeps its values through JSON, so that another
// process can go on waiting.
//
// # Fleets
//
// [Client.RevertResizeAll] reverts many servers at about one request each, by the same rules, and slows down together when the
// cloud throttles. See [WithConcurrency], [WithWait], [WithDryRun], [WithMaxFailures] and [WithFleetProgress]. With
// [WithJournal] a run goes on where an earlier one ended, however that was: see [OpenJournal].
//
// # Errors
//
// Errors are told apart with [errors.Is] and a sentinel, and hold details for [errors.As]. The first two also match why the
// last request failed ([ErrForbidden], say), so ask for them first. How to go on with each:
//
//   - [*OutcomeUnknownError] ([ErrOutcomeUnknown]): nobody can know. Call [Client.ResumeRevert] with its Revert, and then
//     [Client.WaitForRevert]. Do not start anew.
//   - [*WaitError] ([ErrWaitEnded]): the wait ended without a verdict, and the revert goes on. Call [Client.WaitForRevert]
//     with its Revert.
//   - [*RevertFailedError] ([ErrNotReverted]): the resize was confirmed by somebody else, or the revert was accepted and
//     failed. There is nothing to go on with: read Reason, and fetch the server.
//   - [ErrInvalidArgument]: nothing was sent. Correct the call.
//   - [*PreconditionError] ([ErrPrecondition], perhaps [ErrRevertInProgress]): the server does not wait for a decision, or not
//     on the same resize any more. Nothing was done by this call.
//   - [*APIError]: the cloud refused. See [ErrConflict], [ErrLocked], [ErrNotFound], [ErrUnauthorized], [ErrForbidden],
//     [ErrAPINotPublished]; after [ErrRateLimited] and [ErrUnavailable] call again later. Nothing was done by this call.
//   - [context.Canceled] or [context.DeadlineExceeded]: the context ended before anything was sent.
//   - [ErrNotStarted]: a fleet ended before the server's turn. Run it again.
//   - [ErrJournalInUse]: another process works on the same journal.
//
// Texts of errors are for people and may change.
//
// # Retries
//
// GETs are retried after network errors, 408, 429, every 5xx but 501 and 505, and a 200 that is cut off or no JSON: four
// attempts, the first pause at most 0.5 s, none over 30 s, with full jitter. A Retry-After is obeyed; if it asks for more than
// that, or for longer than the context's deadline allows, the call gives up at once. See [WithRetry], [WithTimeout] and
// [WithRateLimit].
//
// The action is never repeated blindly. It is sent again when the response proves that nothing was done (too many requests, a
// connection that could not be made, a token that had to be renewed), and when the response was lost and the server is seen
// untouched over a settle time of 5 s and at least three GETs. Before it is sent again the server is fetched, and must still
// wait for a decision on the same resize. After a refusal that those GETs contradict, only the cloud's record lets it be sent
// again. No response older than 5 s is acted on. After a lost response the server is fetched
// for 65 s at most, or twice the pause that the cloud asks for. Changes to these numbers are not breaking.
//
// # Watching
//
// [WithLogger] writes one debug record per attempt and one per decision. [WithTransport] puts a transport of yours around the
// SDK's own, which stays tuned for many callers: for spans, metrics or headers. [OperationFromContext] says there what a
// request is for. Its Name and Step are constants, and safe as labels.
//
// # Testing
//
// Package [github.com/revert-resize/ecs/ecstest] is a fake cloud to test against, with faults to inject. For mocks declare an
// interface of the methods that your code calls, such as
//
//	type reverter interface {
//		GetServer(ctx context.Context, projectID, serverID string) (*ecs.Server, error)
//		RevertResize(ctx context.Context, projectID, serverID string) (*ecs.Revert, error)
//		WaitForRevert(ctx context.Context, revert *ecs.Revert, opts ...ecs.WaitOption) (*ecs.Server, error)
//	}
//
// Every field of the error types is exported, so that a mock can return one made by hand: it matches its sentinels, as
// &ecs.APIError{StatusCode: 409, Code: "Ecs.0605"} does [ErrLocked]. A mock transport works too, see [WithHTTPClient]; give each test its own.
package ecs
