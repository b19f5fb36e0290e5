package ecstest

import (
	"net/http"
	"strconv"
)

// RecordMode is how a cloud offers os-instance-actions, its record of actions.
type RecordMode int

// The ways that clouds offer their record of actions.
const (
	RecordComplete      RecordMode = iota
	RecordWithoutEvents            // actions have no events, whatever the microversion
	RecordWithoutRoute             // 404 of Nova's router
	RecordNotPublished             // 404 APIGW.0101 of the gateway
	RecordForbidden                // 403 of Nova's policy
	RecordEmpty                    // 200 with an empty list; each single action is 404 itemNotFound
)

// WithRecord decides how the cloud offers its record of actions. A mode that is
// none of those above panics.
func WithRecord(mode RecordMode) Option {
	if mode < RecordComplete || mode > RecordEmpty {
		panic("ecstest: WithRecord: no record mode " + strconv.Itoa(int(mode)))
	}
	return func(c *config) { c.record = mode }
}

// WithoutActions is a cloud that does not offer os-instance-actions:
// [RecordWithoutRoute].
func WithoutActions() Option { return WithRecord(RecordWithoutRoute) }

// WithoutActionEvents is a cloud whose action records have no events:
// [RecordWithoutEvents].
func WithoutActionEvents() Option { return WithRecord(RecordWithoutEvents) }

// refuseRecord answers a read of the record where the cloud does not offer it;
// rule names the read in the policy.
func (s *Server) refuseRecord(in *inbound, rule string) *Answer {
	switch s.cfg.record {
	case RecordNotPublished:
		return s.notPublished(in)
	case RecordForbidden:
		return in.novaFault(&refusal{
			http.StatusForbidden, "forbidden",
			"Policy doesn't allow os_compute_api:os-instance-actions:" + rule + " to be performed.",
		})
	case RecordComplete, RecordWithoutEvents, RecordWithoutRoute, RecordEmpty:
	}
	return nil
}

func (s *Server) notPublished(in *inbound) *Answer {
	return s.gatewayError(in, http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment")
}
