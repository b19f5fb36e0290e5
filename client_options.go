package ecs

import (
	"cmp"
	"crypto/x509"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/retry"
)

// Option configures a [Client]. Every option checks its argument when the client is made; a mistake matches
// [ErrInvalidArgument]. Of an option given twice, the last one counts.
type Option func(*options) error

type options struct {
	httpClient       *http.Client
	wrap             func(http.RoundTripper) http.RoundTripper // nil: not wrapped
	roots            *x509.CertPool                            // of a transport of the SDK's own; nil: the system's
	timeout          time.Duration
	policy           retry.Policy
	settle           time.Duration
	maxLookAge       time.Duration
	pollMin, pollMax time.Duration
	limiter          *rate.Limiter
	logger           *slog.Logger
	userAgent        string
	insecureHTTP     bool
	noProject        bool // the catalog's endpoint has no project in its path: neither have requests
}

const defaultTimeout = 30 * time.Second

func defaults() options {
	return options{
		timeout: defaultTimeout,
		policy:  retry.Policy{MaxAttempts: 4, BaseDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second},
		settle:  5 * time.Second, maxLookAge: 5 * time.Second,
		pollMin: 1500 * time.Millisecond, pollMax: time.Minute,
		userAgent: userAgent(""),
	}
}

func newOptions(opts []Option) (options, error) {
	o := defaults()
	for i, opt := range opts {
		if opt == nil {
			return o, invalid("option %d is nil", i+1)
		}
		if err := opt(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

// WithHTTPClient sets the HTTP client: its transport (proxy, TLS, tracing, a test double) and its timeout, of which and
// [WithTimeout] the shorter one counts. It is copied and never changed. Its cookie jar and redirect policy are not used. Without this option, or with a nil
// Transport, every client has a transport of its own, which takes a proxy from the environment as net/http does. With
// [WithTransport] this client's transport is the one that is wrapped.
func WithHTTPClient(hc *http.Client) Option {
	return func(o *options) error {
		if hc == nil {
			return invalid("HTTP client is nil")
		}
		if hc.Transport != nil && isNil(hc.Transport) {
			return invalid("HTTP client has a transport that is a nil pointer")
		}
		o.httpClient = hc
		return nil
	}
}

// WithTransport puts a transport of yours around the one that the client uses: for spans, metrics, headers of your own, or a log. wrap is
// called once, by [NewClient], with the SDK's own transport, which is tuned for many callers and finds dead connections; or with that of
// [WithHTTPClient], if that option brings one. What it returns gets every request as it is sent, the credential
// included, also those for a token; see [OperationFromContext] for what a request is for. It must be safe for concurrent use and keep the
// contract of [http.RoundTripper]. It must not send a request twice: a revert could then be refused that was accepted.
//
// A key that [MetadataCredentials] fetches from the cloud's own metadata service goes another way, and is not seen.
func WithTransport(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(o *options) error {
		if wrap == nil {
			return invalid("transport function is nil")
		}
		o.wrap = wrap
		return nil
	}
}

// transports is what requests go over.
type transports struct {
	outer http.RoundTripper
	inner http.RoundTripper // holds the connections
	own   bool              // inner is the SDK's own
}

// transports calls the function of WithTransport: it is called once for a client.
func (o *options) transports() (transports, error) {
	var t transports
	if o.httpClient != nil {
		t.inner = o.httpClient.Transport
	}
	if t.inner == nil {
		t.inner, t.own = rest.NewTransport(o.attemptTimeout(), o.roots), true
	}
	t.outer = t.inner
	if o.wrap == nil {
		return t, nil
	}
	t.outer = o.wrap(t.inner)
	if isNil(t.outer) {
		return t, invalid("the function of WithTransport returned nil")
	}
	return t, nil
}

// attemptTimeout is the shorter one of WithTimeout and of the caller's HTTP client.
func (o *options) attemptTimeout() time.Duration {
	if o.httpClient != nil && o.httpClient.Timeout > 0 {
		return min(o.timeout, o.httpClient.Timeout)
	}
	return o.timeout
}

// close closes what was opened, for an operation that needs no client.
func (t transports) close() {
	if t.own {
		rest.CloseIdleConnections(t.inner)
	}
}

// WithTimeout bounds one attempt, authentication and body included. The default is 30 s. A login has 30 s of its own. The whole call is
// bounded by its context.
func WithTimeout(d time.Duration) Option {
	return func(o *options) error {
		o.timeout = d
		return positive("timeout", d)
	}
}

// RetryPolicy says how often and how patiently the client tries again. Zero fields take the defaults.
type RetryPolicy struct {
	// MaxAttempts of one request, the first one included; 1 turns trying again off. The default is 4.
	MaxAttempts int
	// BaseDelay is the upper bound of the random pause after the first attempt; it doubles with each further one.
	// The default is 500 ms.
	BaseDelay time.Duration
	// MaxDelay is the upper bound of every pause. If the cloud asks for a longer one (Retry-After), the call gives
	// up at once. The default is 30 s.
	MaxDelay time.Duration
	// SettleTime is how long a revert request that got no response is given to arrive before it may be sent again.
	// The default is 5 s. The read-back after it takes at most eleven times as much, or twice the pause that is due where that is
	// longer, and up to 10 s more for the cloud's record. More than a day is an [ErrInvalidArgument].
	SettleTime time.Duration
	// MaxLookAge is how old the server's details may be when the revert is sent, counted from when they were requested. In place of
	// older ones they are fetched again. The default is 5 s.
	MaxLookAge time.Duration
}

// longestSettle keeps the products of a settle time in range.
const longestSettle = 24 * time.Hour

// WithRetry sets the retry policy; zero fields of p take their defaults, whatever an earlier WithRetry said. A negative one is
// an [ErrInvalidArgument].
func WithRetry(p RetryPolicy) Option {
	return func(o *options) error {
		if p.MaxAttempts < 0 || p.BaseDelay < 0 || p.MaxDelay < 0 || p.SettleTime < 0 || p.MaxLookAge < 0 {
			return invalid("retry policy has a negative field")
		}
		if p.SettleTime > longestSettle {
			return invalid("settle time is longer than %s", longestSettle)
		}
		d := defaults()
		o.policy = retry.Policy{
			MaxAttempts: cmp.Or(p.MaxAttempts, d.policy.MaxAttempts),
			BaseDelay:   cmp.Or(p.BaseDelay, d.policy.BaseDelay),
			MaxDelay:    cmp.Or(p.MaxDelay, d.policy.MaxDelay),
		}
		o.settle, o.maxLookAge = cmp.Or(p.SettleTime, d.settle), cmp.Or(p.MaxLookAge, d.maxLookAge)
		return nil
	}
}

// WithPollInterval bounds the pauses between the requests of a wait. They grow from lowest to highest with the time that the wait
// has taken, so that it notices its end within a tenth of that time on average. The defaults are 1.5 s and 1 min; a fleet, and a wait
// without the cloud's record, pause for less than three settle times.
func WithPollInterval(lowest, highest time.Duration) Option {
	return func(o *options) error {
		if highest < lowest {
			return invalid("poll interval: the highest, %s, is below the lowest, %s", highest, lowest)
		}
		o.pollMin, o.pollMax = lowest, highest
		return positive("poll interval", lowest)
	}
}

// WithRateLimit holds the client's requests of all goroutines together to perSecond, with bursts of at most burst.
// Waits for it obey the context: where the turn would come after its deadline, the call fails at once, with an error that matches
// [context.DeadlineExceeded]. Requests for a credential are not counted. The default is no limit.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(o *options) error {
		if !(perSecond > 0) || math.IsInf(perSecond, 0) || burst < 1 {
			return invalid("rate limit must be positive, with a burst of at least 1")
		}
		o.limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
		return nil
	}
}

// WithLogger sets where one debug record per attempt goes: method, path, status, duration, request ID, error; never
// a header or a body; and one per decision: a pause, a read-back, a request that is sent again, a verdict. Nil, the default, is silent;
// a logger without a handler is an [ErrInvalidArgument].
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error {
		if l != nil && l.Handler() == nil {
			return invalid("logger has no handler")
		}
		o.logger = l
		return nil
	}
}

// WithUserAgent puts product, such as "my-tool/1.0", in front of the SDK's own user agent.
func WithUserAgent(product string) Option {
	return func(o *options) error {
		if strings.TrimSpace(product) == "" || strings.ContainsFunc(product, func(r rune) bool { return r < ' ' || r > '~' }) {
			return invalid("user agent must be printable ASCII and not empty")
		}
		o.userAgent = userAgent(product + " ")
		return nil
	}
}

func userAgent(product string) string { return product + "revert-resize-ecs/" + Version }

// WithInsecureHTTP accepts an endpoint without TLS that is not on loopback. The credential then travels in the open.
func WithInsecureHTTP() Option {
	return func(o *options) error {
		o.insecureHTTP = true
		return nil
	}
}

func positive(name string, d time.Duration) error {
	if d <= 0 {
		return invalid("%s must be positive, not %s", name, d)
	}
	return nil
}
