package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/wire"
)

// encoding/json takes keys in other letters for fields, and mixes the values of repeated keys. A body that has such must not make
// one server or state of another.
func TestDecodeServer_TakesNoKeyForAnother(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want wire.Server
	}{
		"in other letters, after":  {`{"server":{"id":"a","ID":"b","status":"ERROR","Status":"VERIFY_RESIZE"}}`, wire.Server{ID: "a", Status: "ERROR"}},
		"in other letters, before": {`{"server":{"Id":"b","id":"a","STATUS":"VERIFY_RESIZE","status":"ERROR"}}`, wire.Server{ID: "a", Status: "ERROR"}},
		"in letters that fold":     {`{"server":{"id":"a","status":"ERROR","\u017ftatus":"VERIFY_RESIZE","` + "\u017f" + `tatus":"ACTIVE"}}`, wire.Server{ID: "a", Status: "ERROR"}},
		"in a letter that folds":   {`{"server":{"id":"a","key_name":"c","\u212aey_name":"d","` + "\u212a" + `ey_name":"e"}}`, wire.Server{ID: "a", KeyName: "c"}},
		"after a backslash":        {`{"server":{"id":"a","name":"x\\","ID":"b","user_id":"y\\\"","Id":"c"}}`, wire.Server{ID: "a", Name: `x\`, UserID: `y\"`}},
		"another server":           {`{"server":{"id":"a"},"Server":{"id":"b","status":"ACTIVE"}}`, wire.Server{ID: "a"}},
		"two servers":              {`{"server":{"id":"b","status":"ACTIVE","metadata":{"k":"v"}},"server":{"id":"a"}}`, wire.Server{ID: "a"}},
		"escaped, repeated":        {`{"server":{"id":"b","\u0069d":"a"}}`, wire.Server{ID: "a"}},
		"below":                    {`{"server":{"id":"a","flavor":{"id":"1","ID":"2"},"fault":{"code":1},"fault":{"message":"x"}}}`, wire.Server{ID: "a", FlavorID: "1", Fault: &wire.Fault{Message: "x"}}},
		"in a list": {
			`{"server":{"id":"a","addresses":{"ID":[{"addr":"1","Addr":"2"}],"addr":[{"version":4}]}}}`,
			wire.Server{ID: "a", Addresses: map[string][]wire.Address{"ID": {{Addr: "1"}}, "addr": {{Version: 4}}}},
		},
		"names that users chose": {
			`{"server":{"id":"a","metadata":{"ID":"1","id":"2","Status":"3","status":"4","x":{"ID":1,"id":2}},"name":{"ID":1,"id":2}}}`,
			wire.Server{ID: "a", Name: `{"ID":1,"id":2}`, Metadata: map[string]string{"ID": "1", "id": "2", "Status": "3", "status": "4", "x": `{"ID":1,"id":2}`}},
		},
		"text that looks like keys": {`{"server":{"id":"a","name":"\",\"id\":\"b\",\"ID\":"}}`, wire.Server{ID: "a", Name: `","id":"b","ID":`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := []byte(test.body)
			server, err := wire.DecodeServer(body)
			require.NoError(t, err)
			assert.Equal(t, &test.want, server)
			assert.Equal(t, test.body, string(body), "the body itself is left as it is")
		})
	}
}
