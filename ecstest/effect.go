package ecstest

import (
	"net/http"
	"strings"
	"time"
)

// Effect is what a [Fault] does to a request. Effects are made by the
// functions of this package and changed by the methods Applied, AppliedLate
// and And.
type Effect struct {
	name  string
	reach reach
	late  time.Duration // with reachLate
	reply replyKind
	size  int // of replyTruncated and replyStalled

	answer     func(*Server, *inbound) *Answer // instead of the cloud's
	rewrite    func(*Answer)
	meanwhile  func(*Server, string)
	outcome    *Outcome
	stale      time.Duration
	staleToken bool
}

// reach is whether a request gets to the cloud.
type reach int

const (
	reachUnset  reach = iota // normally; with an answer or a cut of its own never
	reachAlways              // normally, whatever the client is told
	reachNever
	reachLate
)

// replyKind is how the answer gets to the client.
type replyKind int

const (
	replyWhole     replyKind = iota
	replyCut                 // the connection breaks instead
	replyRefused             // there is no connection at all
	replyHang                // nothing comes until the client gives up
	replyTruncated           // the connection breaks in the body
	replyStalled             // the body stops coming
)

// Applied lets the request take effect in the cloud all the same, at once:
// GatewayTimeout().Applied() is a 504 for a request that was accepted.
func (e Effect) Applied() Effect {
	e.reach = reachAlways
	e.name += " (applied)"
	return e
}

// AppliedLate lets the request take effect in the cloud when d is over since the
// client got its answer, was cut off, or gave up.
func (e Effect) AppliedLate(d time.Duration) Effect {
	e.reach, e.late = reachLate, d
	e.name += " (applied late)"
	return e
}

// And joins two effects; where both say something of the same thing, the
// second one counts. RevertEnds(RevertRollsBack).And(DropAfter()) is a revert
// that is rolled back, and whose 202 got lost.
func (e Effect) And(other Effect) Effect {
	e.name = strings.TrimPrefix(e.name+" and "+other.name, " and ")
	if other.reach != reachUnset {
		e.reach, e.late = other.reach, other.late
	}
	if other.reply != replyWhole {
		e.reply, e.size = other.reply, other.size
	}
	if other.answer != nil {
		e.answer = other.answer
	}
	if other.rewrite != nil {
		e.rewrite = other.rewrite
	}
	if other.meanwhile != nil {
		e.meanwhile = other.meanwhile
	}
	if other.outcome != nil {
		e.outcome = other.outcome
	}
	if other.stale != 0 {
		e.stale = other.stale
	}
	e.staleToken = e.staleToken || other.staleToken
	return e
}

// reaches tells how the request gets to the cloud.
func (e Effect) reaches() reach {
	if e.reach != reachUnset {
		return e.reach
	}
	if e.answer != nil || e.reply == replyCut || e.reply == replyRefused || e.reply == replyHang {
		return reachNever
	}
	return reachAlways
}

// blocks tells whether the answer has to wait for something.
func (h hit) blocks() bool {
	return h.before > 0 || h.after > 0 || h.effect.reply == replyHang
}

// DropBefore cuts the connection; the request never got to the cloud.
func DropBefore() Effect { return Effect{name: "drop before", reply: replyCut} }

// DropAfter cuts the connection; the request took effect, its answer is lost.
func DropAfter() Effect { return Effect{name: "drop after", reply: replyCut, reach: reachAlways} }

// DeliverLate cuts the connection; the request takes effect when d is over.
func DeliverLate(d time.Duration) Effect {
	return Effect{name: "deliver late", reply: replyCut, reach: reachLate, late: d}
}

// Refused is a connection that could not be made, so that nothing was sent. On
// a real socket it is a cut connection, like [DropBefore].
func Refused() Effect { return Effect{name: "refused", reply: replyRefused} }

// Hang answers nothing until the client gives up; the request does not take
// effect, unless with Applied or AppliedLate.
func Hang() Effect { return Effect{name: "hang", reply: replyHang} }

// Truncate cuts the connection after so many bytes of the answer's body. Where
// the cloud's answer has no body it announces one.
func Truncate(bytes int) Effect {
	return Effect{name: "truncate", reply: replyTruncated, size: bytes}
}

// Stall stops sending after so many bytes of the answer's body, until the
// client gives up.
func Stall(bytes int) Effect { return Effect{name: "stall", reply: replyStalled, size: bytes} }

// Rewrite changes the cloud's answer on its way.
func Rewrite(change func(*Answer)) Effect { return Effect{name: "rewrite", rewrite: change} }

// Oversize blows the answer's body up to so many bytes, with spaces at its end.
func Oversize(bytes int) Effect {
	e := Rewrite(func(a *Answer) { a.pad(bytes) })
	e.name = "oversize"
	return e
}

// WrongID gives the details of a server another ID than the one asked for.
func WrongID() Effect {
	e := Rewrite(replaceID)
	e.name = "wrong id"
	return e
}

// Stale answers a look or a list as it was d ago, like a replica that lags.
func Stale(d time.Duration) Effect { return Effect{name: "stale", stale: d} }

// ExpireToken makes the token of the request invalid just before it is looked at.
func ExpireToken() Effect { return Effect{name: "expire token", staleToken: true} }

// Meanwhile does something just before the cloud handles the request, such as
// what another user does to the same server: the function gets the Server and
// the ID of the server in the request's path.
func Meanwhile(do func(s *Server, serverID string)) Effect {
	return Effect{name: "meanwhile", meanwhile: do}
}

// ConfirmedMeanwhile is somebody who confirms the resize just before the
// request comes: it finds the confirm still at work.
func ConfirmedMeanwhile() Effect {
	e := Meanwhile(func(s *Server, id string) { _ = s.Confirm(id) })
	e.name = "confirmed meanwhile"
	return e
}

// RevertEnds decides how the revert ends that the request starts.
func RevertEnds(how Outcome) Effect { return Effect{name: "revert outcome", outcome: &how} }

// Reply answers with these instead of the cloud; the request does not get
// there, unless with Applied or AppliedLate. A nil header means JSON.
func Reply(status int, header http.Header, body string) Effect {
	if header == nil {
		header = http.Header{"Content-Type": {jsonType}}
	}
	return Effect{name: "reply", answer: func(*Server, *inbound) *Answer {
		return &Answer{Status: status, Header: header.Clone(), Body: []byte(body)}
	}}
}
