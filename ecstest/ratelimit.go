package ecstest

import "time"

// limiter is a token bucket, filled when somebody looks.
type limiter struct {
	rate, level, burst float64
	last               time.Time
}

func newLimiter(cfg config) limiter {
	return limiter{rate: cfg.rate, level: float64(cfg.burst), burst: float64(cfg.burst)}
}

// allow takes one request out of the bucket, if there is room for it.
func (l *limiter) allow(now time.Time) bool {
	if l.rate == 0 {
		return true
	}
	if !l.last.IsZero() {
		l.level = min(l.burst, l.level+now.Sub(l.last).Seconds()*l.rate)
	}
	l.last = now
	if l.level < 1 {
		return false
	}
	l.level--
	return true
}
