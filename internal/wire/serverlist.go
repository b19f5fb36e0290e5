package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// DecodeServers reads the response to a list request, {"servers":[...],"servers_links":[...]}. next is the marker of the page
// that follows, and "" after the last one. A link to a next page without a readable marker is an error, because the list
// would silently end too early. The rules of [DecodeServer] hold for every server.
func DecodeServers(body []byte) (servers []Server, next string, err error) {
	body = exactKeys(body)
	var response struct {
		Servers []*serverJSON `json:"servers"`
		Links   []link        `json:"servers_links"`
	}
	mismatch, err := decode(body, &response)
	switch {
	case err != nil:
		return nil, "", err
	case response.Servers == nil:
		return nil, "", fmt.Errorf("no list of servers: %w", ErrNoServer)
	}
	var elements []json.RawMessage
	if mismatch {
		elements = rawServers(body).Servers
	}
	servers = make([]Server, len(response.Servers))
	for i, s := range response.Servers {
		if s == nil || mismatch && !isObject(elements[i]) {
			return nil, "", fmt.Errorf("element %d of the list of servers: %w", i, ErrNoServer)
		}
		if err := s.server(&servers[i]); err != nil {
			return nil, "", err
		}
	}
	if next, err = nextMarker(response.Links); err != nil {
		return nil, "", err
	}
	return servers, next, nil
}

type link struct {
	Rel  text `json:"rel"`
	Href text `json:"href"`
}

// nextMarker returns the marker of the last link that is called next.
func nextMarker(links []link) (string, error) {
	for _, l := range slices.Backward(links) {
		if l.Rel != "next" {
			continue
		}
		target, err := url.Parse(string(l.Href))
		if err != nil || target.Query().Get("marker") == "" {
			return "", errors.New("response's link to the next page holds no marker")
		}
		return target.Query().Get("marker"), nil
	}
	return "", nil
}
