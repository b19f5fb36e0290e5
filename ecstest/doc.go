// Package ecstest is a fake cloud for tests: ECS (OpenStack Nova), IAM
// (Keystone) and the metadata service of a machine, in the test's own process.
// It answers like a real Nova, byte for byte where recordings of one exist,
// and goes through the same states at the same relative times.
//
// The package uses nothing but the standard library. It lives apart from the
// client that it tests and shares no code with it, so that a mistake of one
// side does not hide in the other; in particular it checks signatures with a
// check of its own.
//
// # The smallest test
//
//	srv := ecstest.NewServer()
//	defer srv.Close()
//	id := srv.AddServer(ecstest.Instance{}) // in VERIFY_RESIZE
//	client, err := ecs.NewClient(srv.URL, ecs.StaticToken(srv.Token()),
//		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond))
//	...
//	_, err = client.RevertResizeAndWait(ctx, srv.ProjectID(), id)
//	...
//	if srv.Instance(id).Status != "ACTIVE" { ... }
//
// It takes the second that a revert takes; [WithDurations] makes the cloud
// quicker. With the client's own poll interval, which is meant for real clouds,
// it would take two.
//
// [Server.AddServer] adds servers in any state, [Server.Credentials] and its
// siblings say how to log in at [Server.IdentityURL]. [Server.Resize],
// [Server.Confirm], [Server.Delete] and others are what other people do to the
// servers in the meantime.
//
// # Faults
//
// [Server.Inject] lets things go wrong, in order:
//
//	srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DropAfter()})
//	srv.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Times: 3, Do: ecstest.Throttled(2 * time.Second)})
//	srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.RevertEnds(ecstest.RevertRollsBack)})
//	srv.Inject(ecstest.Fault{On: ecstest.Any, Times: -1, Before: 100 * time.Millisecond})
//
// The first one accepts the revert and loses the response; the next spoils the
// second to fourth GET of a server. The third one waits for the revert after
// that, and the last one slows down all that the others leave alone.
// [Server.InjectRandom] spoils a share of all requests, the same ones for the
// same seed. [Stray] is a response of something between the client and the
// cloud. Whatever the client saw, [Server.History] has the truth: which
// operations were accepted, of which resize, and how each of them ended.
// [Server.Requests] is the log of what arrived.
//
// # Reads that lag, clocks that differ, other clients
//
// [WithLag] is a cloud whose replicas lag: GETs and lists show the past, each
// kind with a lag of its own, always or in turns. [WithClock] is a cloud whose
// clock differs from the test's. [Instance.AfterRevert] lets another client
// suspend, pause, shelve, rescue or resize the server in the moment in which
// its revert is done, and [Server.Act] at any other:
//
//	srv := ecstest.NewServer(ecstest.WithClock(-time.Hour), ecstest.WithLag(ecstest.Lag{Server: 30 * time.Second}))
//	id := srv.AddServer(ecstest.Instance{AfterRevert: []string{"createImage", "suspend"}})
//
// [WithRelease] chooses the release of Nova that the fake answers as.
// [WithRecord], [WithMicroseconds] and [WithoutLaunchedAt] are clouds that tell
// less or more than a plain Nova.
//
// # Where it listens
//
// [NewServer] listens on a free port of loopback. [WithAddress] chooses the
// address, [WithTLS] adds HTTPS with HTTP/2. [Server.Handler] is for a server of
// one's own; [NewUnstarted] with [Server.HTTPClient] needs no socket at all.
//
// # Virtual time
//
// The only clock is time.Now. What the cloud does takes place when somebody
// looks; nothing runs in the background. Inside a testing/synctest bubble
// minutes therefore pass in no time: create the fake inside the bubble with
// [NewUnstarted], which opens no socket, use [Server.HTTPClient], and close it
// before the bubble ends. Here a revert takes ten minutes, and the test none:
//
//	func TestRevert_ThatTakesLong(t *testing.T) {
//		t.Parallel()
//		synctest.Test(t, func(t *testing.T) {
//			srv := ecstest.NewUnstarted()
//			defer srv.Close()
//			id := srv.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: 10 * time.Minute}})
//			client, err := ecs.NewClient(srv.URL, ecs.StaticToken(srv.Token()), ecs.WithHTTPClient(srv.HTTPClient()))
//			if err != nil {
//				t.Fatal(err)
//			}
//			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
//			defer cancel()
//			server, err := client.RevertResizeAndWait(ctx, srv.ProjectID(), id)
//			if err != nil {
//				t.Fatal(err)
//			}
//			if server.Status != ecs.StatusActive || server.FlavorID != "1" {
//				t.Error(server.Status, server.FlavorID)
//			}
//		})
//	}
//
// # Limits
//
//   - At most one fault happens to a request: the first one injected that
//     matches it, scripted before random. The Skip and Times of a [Fault] count
//     the requests that got as far as to it, and not those that another has
//     hit. Join with [Effect.And] what is to happen together.
//   - [RevertEnds] happens to reverts alone, [Stale] and [WrongID] to looks and
//     lists; whatever else their fault would match, it leaves to others.
//   - [Server.Close] waits for every request. What is called for one (the
//     functions of [Meanwhile] and [Rewrite], a Match) must not call it.
//   - [WithSeed] does not reach tokens: they differ from run to run.
//   - Servers cannot be created by the API, and of the actions there are
//     os-resetState and those of [Server.Act]. Every other action is "no such
//     action". A shelved server stays SHELVED until shelveOffload. There are no
//     flavors, images, networks, volumes, quotas and migrations to be asked for.
//   - Servers have no addresses and no volumes. Metadata is shown sorted by
//     key. Admins see host names, but not the attributes that microversions
//     from 2.3 on add for them; the description and the reason of a lock are
//     always null.
//   - Every operation is atomic: two reverts that overlap are one 202 and one
//     409, where a real cloud may accept both. [WithOverlappingReverts],
//     [RevertRacesConfirm] and its siblings make up for that.
//   - The clock of [WithClock] runs as fast as the test's. The identity service
//     and whatever stands in front of the cloud have the same clock.
//   - A resize always succeeds and always changes the host. There is no
//     automatic confirm.
//   - Lists know the filters status, name and changes-since, limit and marker,
//     and Nova's default order. Other filters and orders are ignored.
//   - A user is a member of one project, in the one domain "default". Only
//     POST, GET and DELETE of tokens, the catalog, and GET of projects are
//     there. The text of the error for a malformed login is shortened.
//   - Of what differs between the releases of [WithRelease] there are the
//     microversions, the keys of the details, query parameters that are refused,
//     what is said of /v2, and the text of an exception; images have no properties.
//   - Under HTTP/2 a cut connection is a stream that is reset: the other
//     requests on the connection go on. There is no HTTP/2 without TLS.
//   - On a socket a 204 has no Content-Length, header names and reason phrases
//     are Go's, and connections stay open where Keystone closes them. A
//     connection cannot be refused there: [Refused] cuts it. When a connection
//     that was used before is cut, Go's transport sends a GET again by itself.
//   - The answers of Huawei Cloud's own gateway, of AK/SK checks and of the
//     metadata service follow their documentation; there are no recordings.
package ecstest
