package ecstest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Effect is what a [Fault] does to a request. Effects are made by the
// functions of this package and changed by the methods Applied, AppliedLate
// and And. What an effect cannot happen to it leaves alone: [RevertEnds] waits
// for a revert, [Stale] and [WrongID] for a look or a list, [ExpireToken] for a
// request that comes with a token, [ConfirmedMeanwhile] for one about a server.
type Effect struct {
	name  string
	only  Kind // what it can happen to; zero = Any
	reach reach
	late  time.Duration // with reachLate
	reply replyKind
	size  int // of replyTruncated and replyStalled

	answer     func(*Server, *inbound) *Answer // instead of the cloud's
	rewrite    func(*Answer)
	meanwhile  func(*Server, string)
	outcome    *Outcome
	after      []string // actions of another client after the revert
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
	replyDead                // the connection goes dead
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
// client got its answer, was cut off, or gave up. A negative d panics.
func (e Effect) AppliedLate(d time.Duration) Effect {
	checkDurations("AppliedLate", d)
	e.reach, e.late = reachLate, d
	e.name += " (applied late)"
	return e
}

// And joins two effects. Where both rewrite the answer, or do something
// meanwhile, they do so one after the other; where both say something else of
// the same thing, the second one counts. RevertEnds(RevertRollsBack).And(DropAfter())
// is a revert that is rolled back, and whose 202 got lost. And panics if no
// request can have both, as with RevertEnds and Stale.
func (e Effect) And(other Effect) Effect {
	if e.only = e.kinds() & other.kinds(); e.only == 0 {
		panic("ecstest: And: no request can have both: " + e.name + " and " + other.name)
	}
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
	if first, second := e.rewrite, other.rewrite; first != nil && second != nil {
		e.rewrite = func(a *Answer) { first(a); second(a) }
	} else if second != nil {
		e.rewrite = second
	}
	if first, second := e.meanwhile, other.meanwhile; first != nil && second != nil {
		e.meanwhile = func(s *Server, id string) { first(s, id); second(s, id) }
	} else if second != nil {
		e.meanwhile = second
	}
	if other.outcome != nil {
		e.outcome = other.outcome
	}
	if other.after != nil {
		e.after = other.after
	}
	if other.stale != 0 {
		e.stale = other.stale
	}
	e.staleToken = e.staleToken || other.staleToken
	return e
}

// kinds are the kinds of requests that it can happen to.
func (e Effect) kinds() Kind {
	if e.only == 0 {
		return Any
	}
	return e.only
}

// reaches tells how the request gets to the cloud.
func (e Effect) reaches() reach {
	if e.reach != reachUnset {
		return e.reach
	}
	if e.answer != nil || e.reply == replyCut || e.reply == replyRefused || e.reply == replyDead || e.reply == replyHang {
		return reachNever
	}
	return reachAlways
}

// blocks tells whether the answer has to wait for something.
func (h hit) blocks() bool {
	return h.before > 0 || h.after > 0 || h.effect.reply == replyHang || h.effect.reply == replyDead || h.effect.reply == replyStalled
}

// DropBefore cuts the connection; the request never got to the cloud.
func DropBefore() Effect { return Effect{name: "drop before", reply: replyCut} }

// DropAfter cuts the connection; the request took effect, its answer is lost.
func DropAfter() Effect { return Effect{name: "drop after", reply: replyCut, reach: reachAlways} }

// DeliverLate cuts the connection; the request takes effect when d is over,
// which must not be negative.
func DeliverLate(d time.Duration) Effect {
	checkDurations("DeliverLate", d)
	return Effect{name: "deliver late", reply: replyCut, reach: reachLate, late: d}
}

// Refused is a connection that could not be made, so that nothing was sent. On
// a real socket it is a cut connection, like [DropBefore].
func Refused() Effect { return Effect{name: "refused", reply: replyRefused} }

// Hang answers nothing until the client gives up; the request does not take
// effect, unless with Applied or AppliedLate.
func Hang() Effect { return Effect{name: "hang", reply: replyHang} }

// Truncate cuts the connection after so many bytes of the answer's body. Where
// the cloud's answer has no body it announces one; where it cannot have one
// (204, or the answer to a HEAD) the connection is cut before the answer.
func Truncate(bytes int) Effect {
	checkSize("Truncate", bytes)
	return Effect{name: "truncate", reply: replyTruncated, size: bytes}
}

// Stall stops sending after so many bytes of the answer's body, until the
// client gives up. An answer that cannot have a body does not begin to come.
func Stall(bytes int) Effect {
	checkSize("Stall", bytes)
	return Effect{name: "stall", reply: replyStalled, size: bytes}
}

func checkSize(what string, bytes int) {
	if bytes < 0 {
		panic("ecstest: " + what + ": not a number of bytes: " + strconv.Itoa(bytes))
	}
}

// Rewrite changes the cloud's answer on its way. The function may keep the
// answer's body, and put one of its own in its place; it must not write into
// either after it has returned. A nil function panics.
func Rewrite(change func(*Answer)) Effect {
	checkFunction("Rewrite", change == nil)
	return Effect{name: "rewrite", rewrite: change}
}

// Oversize blows the answer's body up to so many bytes, with spaces at its end.
func Oversize(bytes int) Effect {
	checkSize("Oversize", bytes)
	e := Rewrite(func(a *Answer) { a.pad(bytes) })
	e.name = "oversize"
	return e
}

// WrongID gives the details of a server another ID than the one asked for, and
// so it does to the first server of a list.
func WrongID() Effect { return Effect{name: "wrong id", only: Look | List, rewrite: replaceID} }

// Stale answers a look or a list as it was d ago, like a replica that lags. A
// negative d panics.
func Stale(d time.Duration) Effect {
	checkDurations("Stale", d)
	return Effect{name: "stale", only: Look | List, stale: d}
}

// ExpireToken makes the token of the request invalid just before it is looked at.
func ExpireToken() Effect {
	return Effect{name: "expire token", only: Any &^ (Login | Metadata), staleToken: true}
}

// Meanwhile does something just before the cloud handles the request, such as
// what another user does to the same server: the function gets the Server and
// the ID of the server in the request's path. If the request is delivered late
// it comes late, too; if the request never gets there, when it would have. A nil
// function panics.
func Meanwhile(do func(s *Server, serverID string)) Effect {
	checkFunction("Meanwhile", do == nil)
	return Effect{name: "meanwhile", meanwhile: do}
}

// ConfirmedMeanwhile is somebody who confirms the resize just before the
// request comes: it finds the confirm still at work.
func ConfirmedMeanwhile() Effect {
	e := Meanwhile(func(s *Server, id string) { _ = s.Confirm(id) })
	e.name, e.only = "confirmed meanwhile", Look|ActionRecord|AnyAction|Delete
	return e
}

// RevertEnds decides how the revert ends that the request starts. An outcome
// that there is not panics.
func RevertEnds(how Outcome) Effect {
	how.check("RevertEnds")
	return Effect{name: "revert outcome", only: Revert, outcome: &how}
}

// Reply answers with these instead of the cloud; the request does not get
// there, unless with Applied or AppliedLate. A nil header means JSON. A status
// that is not from 200 to 999 panics.
func Reply(status int, header http.Header, body string) Effect {
	checkReply("Reply", status)
	if header == nil {
		header = http.Header{"Content-Type": {jsonType}}
	}
	return Effect{name: "reply", answer: func(*Server, *inbound) *Answer {
		return &Answer{Status: status, Header: header.Clone(), Body: []byte(body)}
	}}
}
