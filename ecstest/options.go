package ecstest

import (
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"time"
)

// Option changes how a [Server] behaves. An option that makes no sense panics.
type Option func(*config)

type config struct {
	seed            uint64
	address         string
	tls             bool
	prefix          string
	release         Release
	clockOffset     time.Duration
	lag             Lag
	durations       Durations
	tokenTTL        time.Duration
	thinkTime       time.Duration
	overlap         time.Duration
	rate            float64
	burst           int
	retryAfter      time.Duration
	noRequestLog    bool
	record          RecordMode
	precision       time.Duration
	noLaunchedAt    bool
	huaweiIdentity  bool
	noTokenMetadata bool
	noAgency        bool
	flavors         []Flavor
}

// Durations are the times that the cloud's own work takes. A zero field means
// the server's setting, and there the default given here.
type Durations struct {
	Spawn    time.Duration // BUILD to ACTIVE; default 1 s
	Resize   time.Duration // resize accepted to VERIFY_RESIZE; default 1 s
	Confirm  time.Duration // confirm accepted to ACTIVE or SHUTOFF; default 500 ms
	Revert   time.Duration // revert accepted to ACTIVE, in two halves as on a real cloud; default 1 s
	PowerOff time.Duration // powering-off to SHUTOFF; default 200 ms
	Task     time.Duration // any other action accepted to its end, as pause and createImage; default 500 ms
	Delete   time.Duration // delete accepted to DELETED, 404 half as long after that; default 500 ms
	// Record is how long after the server became ACTIVE, SHUTOFF or ERROR the
	// action's record is completed (events' results, message "Error").
	// A real cloud does the two in this order, too. Default 50 ms.
	Record time.Duration
}

func (d Durations) or(fallback Durations) Durations {
	pick := func(a, b time.Duration) time.Duration {
		if a != 0 {
			return a
		}
		return b
	}
	return Durations{
		Spawn:    pick(d.Spawn, fallback.Spawn),
		Resize:   pick(d.Resize, fallback.Resize),
		Confirm:  pick(d.Confirm, fallback.Confirm),
		Revert:   pick(d.Revert, fallback.Revert),
		PowerOff: pick(d.PowerOff, fallback.PowerOff),
		Task:     pick(d.Task, fallback.Task),
		Delete:   pick(d.Delete, fallback.Delete),
		Record:   pick(d.Record, fallback.Record),
	}
}

func defaults() config {
	return config{
		seed:      rand.Uint64(),
		release:   Hibiscus,
		address:   "127.0.0.1:0",
		precision: time.Second,
		tokenTTL:  24 * time.Hour,
		durations: Durations{
			Spawn:    time.Second,
			Resize:   time.Second,
			Confirm:  500 * time.Millisecond,
			Revert:   time.Second,
			PowerOff: 200 * time.Millisecond,
			Task:     500 * time.Millisecond,
			Delete:   500 * time.Millisecond,
			Record:   50 * time.Millisecond,
		},
	}
}

// WithSeed makes the generated IDs (of servers, projects, users and requests)
// reproducible, and what the metadata service gives out. Tokens are random
// whatever the seed, so that no two fakes take each other's.
func WithSeed(seed uint64) Option {
	return func(c *config) { c.seed = seed }
}

// WithAddress is where [NewServer] listens, as in "127.0.0.1:8774"; default
// "127.0.0.1:0", a free port of loopback. The host is also the one in URL.
func WithAddress(address string) Option {
	if _, _, err := net.SplitHostPort(address); err != nil {
		panic("ecstest: WithAddress: " + err.Error())
	}
	return func(c *config) { c.address = address }
}

// WithPrefix serves everything below a path, as behind a shared gateway:
// WithPrefix("/ecs") puts the details at URL + "/v2.1/..." with URL ending in "/ecs".
// A path that is not written as in a URL panics: "/a%20b", not "/a b".
func WithPrefix(path string) Option {
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") {
		panic("ecstest: WithPrefix: the path starts with a slash and does not end with one: " + path)
	}
	if u, err := url.Parse(path); err != nil || u.EscapedPath() != path {
		panic("ecstest: WithPrefix: not a path as URLs write it: " + path)
	}
	return func(c *config) { c.prefix = path }
}

// WithDurations sets how long the cloud's work takes for every server that
// does not say otherwise in its [Instance]. It panics if one is negative.
func WithDurations(d Durations) Option {
	d.check("WithDurations")
	return func(c *config) { c.durations = d.or(c.durations) }
}

// WithTokenTTL sets how long a token is valid; default 24 h. It is valid until
// a whole second, as Keystone says it, and therefore up to a second longer.
func WithTokenTTL(d time.Duration) Option {
	if d <= 0 {
		panic("ecstest: WithTokenTTL: not a positive duration: " + d.String())
	}
	return func(c *config) { c.tokenTTL = d }
}

// WithThinkTime lets every request take at least d, which must not be negative.
func WithThinkTime(d time.Duration) Option {
	checkDurations("WithThinkTime", d)
	return func(c *config) { c.thinkTime = d }
}

// WithRateLimit answers 429 (APIGW.0308) to what exceeds perSecond requests a
// second with bursts of up to burst; IAM and metadata are not limited. With a
// positive retryAfter the answer has a Retry-After header, in whole seconds.
func WithRateLimit(perSecond float64, burst int, retryAfter time.Duration) Option {
	if !(perSecond > 0) || burst < 1 { // NaN included
		panic("ecstest: WithRateLimit: rate and burst must be positive")
	}
	return func(c *config) { c.rate, c.burst, c.retryAfter = perSecond, burst, retryAfter }
}

// WithOverlappingReverts accepts a second revert of the same resize that comes
// within d after an accepted one, as real clouds do when two requests pass the
// check before either has saved. Both end together. A negative d panics.
func WithOverlappingReverts(d time.Duration) Option {
	checkDurations("WithOverlappingReverts", d)
	return func(c *config) { c.overlap = d }
}

// WithoutRequestLog keeps [Server.Requests] empty, for measurements with very
// many requests.
func WithoutRequestLog() Option {
	return func(c *config) { c.noRequestLog = true }
}

// WithoutLaunchedAt leaves OS-SRV-USG:launched_at out of the details.
func WithoutLaunchedAt() Option {
	return func(c *config) { c.noLaunchedAt = true }
}

// WithMicroseconds shows launched_at and the times of action records in
// microseconds, as some clouds do. Nova shows whole seconds.
func WithMicroseconds() Option {
	return func(c *config) { c.precision = time.Microsecond }
}

// WithHuaweiIdentity makes the identity service behave like Huawei Cloud's IAM
// where that is more lenient than Keystone: every user may list the projects
// by name (with Huawei's fields), and a project given by name needs no domain.
func WithHuaweiIdentity() Option {
	return func(c *config) { c.huaweiIdentity = true }
}

// WithoutMetadataTokens is a metadata service that knows no session tokens:
// PUT /meta-data/latest/api/token gives 404.
func WithoutMetadataTokens() Option {
	return func(c *config) { c.noTokenMetadata = true }
}

// WithoutAgency is a metadata service of a machine without an agency: asking
// for credentials gives 401 "Please configure Cloud Service Agency first".
func WithoutAgency() Option {
	return func(c *config) { c.noAgency = true }
}

// WithFlavors adds flavors to the two that are there, "1" (lab.small) and
// "2" (lab.big). A flavor that is not described is accepted all the same; one
// without an ID panics.
func WithFlavors(flavors ...Flavor) Option {
	for _, f := range flavors {
		if f.ID == "" {
			panic("ecstest: WithFlavors: a flavor without an ID")
		}
	}
	return func(c *config) { c.flavors = append(c.flavors, flavors...) }
}
