package wire

import (
	"errors"
	"fmt"
	"net/url"
)

// DecodeServers reads the answer of a list request, {"servers":[...],"servers_links":[...]}. next is the marker of the page
// that follows, and "" after the last one. A link to a next page without a readable marker is an error, because the list
// would silently end too early. The rules of [DecodeServer] hold for every server.
func DecodeServers(body []byte) (servers []Server, next string, err error) {
	s := scanner{data: body}
	found := false
	for key := range s.members {
		switch string(key) {
		case "servers":
			found = s.peek() == '['
			servers = s.servers()
		case "servers_links":
			next, err = s.nextMarker()
		default:
			s.skip()
		}
	}
	if syntax := s.end(); syntax != nil {
		return nil, "", syntax
	}
	if !found {
		return nil, "", fmt.Errorf("no list of servers: %w", ErrNoServer)
	}
	if err != nil {
		return nil, "", err
	}
	return servers, next, nil
}

// bytesPerServer is a low guess of what one server of a list takes, to reserve room for all of them at once.
const bytesPerServer = 1280

func (s *scanner) servers() []Server {
	servers := make([]Server, 0, (len(s.data)-s.pos)/bytesPerServer+1)
	for range s.elements {
		if s.peek() != '{' {
			s.stop(fmt.Errorf("element %d of the list of servers: %w", len(servers), ErrNoServer))
			break
		}
		servers = append(servers, Server{})
		s.server(&servers[len(servers)-1])
	}
	return servers
}

// nextMarker reads the links of a list.
func (s *scanner) nextMarker() (string, error) {
	var next string
	var found bool
	for range s.elements {
		var rel, href string
		for key := range s.members {
			switch string(key) {
			case "rel":
				rel = s.text()
			case "href":
				href = s.text()
			default:
				s.skip()
			}
		}
		if rel == "next" {
			next, found = href, true
		}
	}
	if !found {
		return "", nil
	}
	link, err := url.Parse(next)
	if err != nil || link.Query().Get("marker") == "" {
		return "", errors.New("answer's link to the next page holds no marker")
	}
	return link.Query().Get("marker"), nil
}
