package ecstest

import (
	"errors"
	"time"
)

// This file holds what other people do to the servers, past the API: as the
// admin (a lock does not stop him), with Nova's checks of the state.

// Revert reverts the resize of a server, as somebody else would. Like its
// siblings it returns Nova's refusal as an error, or nil.
func (s *Server) Revert(id string) error {
	return s.outOfBand(id, func(r *record, by actor) *refusal { return s.revert(r, by, r.usualPlan()) })
}

// Confirm confirms the resize of a server. Until its duration is over the
// server still reads VERIFY_RESIZE, but no longer accepts a revert.
func (s *Server) Confirm(id string) error {
	return s.outOfBand(id, s.confirm)
}

// Resize resizes a server that is ACTIVE or SHUTOFF; with its own flavor it is
// a cold migration. After its duration the server is in VERIFY_RESIZE on
// another host, with another launched_at. An empty flavor panics.
func (s *Server) Resize(id, flavorID string) error {
	if flavorID == "" {
		panic("ecstest: Resize: no flavor")
	}
	return s.outOfBand(id, func(r *record, by actor) *refusal { return s.resize(r, by, flavorID) })
}

// Delete deletes a server.
func (s *Server) Delete(id string) error {
	return s.outOfBand(id, s.remove)
}

// Lock locks a server, as an admin: its owner cannot unlock it.
func (s *Server) Lock(id string) error {
	return s.outOfBand(id, func(r *record, by actor) *refusal { return s.setLock(r, by, true) })
}

// Unlock unlocks a server, whoever has locked it.
func (s *Server) Unlock(id string) error {
	return s.outOfBand(id, func(r *record, by actor) *refusal { return s.setLock(r, by, false) })
}

// Stop shuts a server down.
func (s *Server) Stop(id string) error {
	return s.outOfBand(id, func(r *record, by actor) *refusal { return s.perform(r, by, "os-stop") })
}

// Start starts a server.
func (s *Server) Start(id string) error {
	return s.outOfBand(id, func(r *record, by actor) *refusal { return s.perform(r, by, "os-start") })
}

// Thaw lets a revert go on that hangs ([RevertHangsEarly], [RevertHangsLate]),
// as when the compute host comes back that held it: it finishes, after what is
// left of its duration. It is an error if no revert of this server hangs.
func (s *Server) Thaw(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	r := s.cloud.find(id, now)
	if r == nil {
		return noSuchServer(id)
	}
	if r.frozen == nil {
		return errors.New("ecstest: no revert of server " + id + " hangs")
	}
	goOn := r.frozen
	r.frozen = nil
	goOn(now)
	return nil
}

func (s *Server) outOfBand(id string, do func(*record, actor) *refusal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	r := s.cloud.find(id, now)
	if r == nil || r.now.gone {
		return noSuchServer(id)
	}
	if no := do(r, s.somebody(now)); no != nil {
		return no
	}
	return nil
}

// somebody is another client who acts at this time, with an admin's rights.
func (s *Server) somebody(at time.Time) actor {
	admin := s.identity.admin
	return actor{
		operation: operation{at: at, requestID: s.newRequestID(), user: admin.UserID, project: admin.ProjectID},
		admin:     true,
	}
}
