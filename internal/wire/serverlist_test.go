package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/wire"
)

func TestDecodeServers_ReadsAPageAndItsEnd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body, next string
		ids        []string
	}{
		"no servers":     {`{"servers":[]}`, "", nil},
		"last page":      {`{"servers":[{"id":"a"},{"id":"b"}],"servers_links":[]}`, "", []string{"a", "b"}},
		"no links":       {`{"servers":[{"id":"a"}],"servers_links":null}`, "", []string{"a"}},
		"other links":    {`{"servers":[{"id":"a"}],"servers_links":[{"rel":"self","href":"http://h/?marker=x"},5]}`, "", []string{"a"}},
		"next page":      {`{"servers_links":[{"href":"http://h/v2.1/p/servers/detail?limit=1&marker=a","rel":"next"}],"servers":[{"id":"a"}]}`, "a", []string{"a"}},
		"escaped marker": {`{"servers":[{"id":"a"}],"servers_links":[{"rel":"next","href":"http://h/?marker=a%2Fb\u0026limit=1"}]}`, "a/b", []string{"a"}},
		"relative link":  {`{"servers":[{"id":"a"}],"servers_links":[{"rel":"next","href":"?marker=a"}]}`, "a", []string{"a"}},
		"repeated keys":  {`{"servers":null,"servers_links":[{"rel":"next"}],"servers":[{"id":"a"}],"servers_links":[]}`, "", []string{"a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers, next, err := wire.DecodeServers([]byte(test.body))
			require.NoError(t, err)
			assert.Equal(t, test.next, next)
			var ids []string
			for _, server := range servers {
				ids = append(ids, server.ID)
			}
			assert.Equal(t, test.ids, ids)
		})
	}
}

func TestDecodeServers_RefusesWhatWouldLoseServers(t *testing.T) {
	t.Parallel()
	const (
		none     = "no list of servers: response holds no server"
		noMarker = "response's link to the next page holds no marker"
	)
	tests := map[string]string{
		`{}`:                                           none,
		`null`:                                         none,
		`{"servers":null}`:                             none,
		`{"servers":{"id":"a"}}`:                       none,
		`{"server":{"id":"a"}}`:                        none,
		`{"servers":[],"servers":5}`:                   none,
		`{"servers":[{"id":"a"},null]}`:                "element 1 of the list of servers: response holds no server",
		`{"servers":[[]]}`:                             "element 0 of the list of servers: response holds no server",
		`{"servers":[{"id":"a","status":1}]}`:          `response's field "status" is neither a string nor null`,
		`{"servers":[{"id":"a"},]}`:                    "response is not valid JSON at byte 23",
		`{"servers":[{"id":"a"}`:                       "response is cut off after 22 bytes",
		`{"servers":[{"id":"a"}]`:                      "response is cut off after 23 bytes",
		`{"servers":[],"servers_links":[{"rel":"next"`: "response is cut off after 44 bytes",
		``:       "response is empty",
		`<html>`: "response is a page of HTML or XML instead of JSON",
		`{"servers":[],"servers_links":[{"rel":"next"}]}`:                              noMarker,
		`{"servers":[],"servers_links":[{"rel":"next","href":null}]}`:                  noMarker,
		`{"servers":[],"servers_links":[{"rel":"next","href":"http://h/?limit=1"}]}`:   noMarker,
		`{"servers":[],"servers_links":[{"rel":"next","href":"http://h/?marker="}]}`:   noMarker,
		`{"servers":[],"servers_links":[{"rel":"next","href":"http://[h/?marker=a"}]}`: noMarker,
	}
	for body, want := range tests {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			servers, next, err := wire.DecodeServers([]byte(body))
			require.EqualError(t, err, want)
			assert.Nil(t, servers)
			assert.Empty(t, next)
			if want == none {
				assert.ErrorIs(t, err, wire.ErrNoServer)
			}
		})
	}
}
