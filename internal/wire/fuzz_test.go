package wire_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/wire"
)

// seed adds the recorded bodies and some that no capture shows.
func seed(f *testing.F) {
	f.Helper()
	for _, c := range captures(f) {
		f.Add(c.body)
	}
	for _, body := range []string{
		``, ` `, `null`, `[]`, `{}`, `0`, `-0.1e+1`, `1.`, `01`, `+1`, `tru`, `"\ud83d\ude00\ud83d x"`, `"\u12G4"`, "\"\x00\"", "\"\xff\"",
		`{"server":null}`, `{"Server":{"id":"a"}}`, `{"server":{"id":"a"},"server":[]}`, `{"server":{"id":"a"}} x`,
		`{"server":{"id":"\u00e4\ud800","name":"\"\\\/\b\f\n\r\t","status":5}}`,
		`{"server":{"OS-EXT-STS:task_state":{},"OS-EXT-STS:power_state":"4","flavor":{"original_name":"x","id":null}}}`,
		`{"server":{"addresses":{"a":[{"addr":"1","version":"4","OS-EXT-IPS:type":"fixed","OS-EXT-IPS-MAC:mac_addr":"m"},5],"b":{}}}}`,
		`{"server":{"metadata":{"a":1,"b":null,"c":{"d":"é"}},"fault":{"code":"500","created":"2019-05-22T07:48:19+08:00"}}}`,
		`{"instanceAction":{"events":[{"result":null},1],"events":null,"message":{}}}`,
		`{"error":{"code":"a","message":"Ecs.0005","details":[{"code":"Ecs.0039"}]}}`,
		`{"error_code":"APIGW.0301","error_msg":"x","request_id":"y","encoded_authorization_message":"secret"}`,
		`{"overLimit":{"code":429,"message":"x","retryAfter":"5"}}`,
		"<html><title>a<br>&amp;\u2028b</title>", "\x1f\x8b\x00", "upstream error",
	} {
		f.Add([]byte(body))
	}
}

func FuzzDecodeServer(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := wire.DecodeServer(body)
		want, wantErr := referenceServer(body)
		require.Equal(t, wantErr == nil, err == nil, "%v, reference: %v", err, wantErr)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			assert.Less(t, len(err.Error()), 100)
			return
		}
		require.Equal(t, want, got)
	})
}

func FuzzDecodeServers(f *testing.F) {
	seed(f)
	f.Add([]byte(`{"servers":[{"id":"a"},{"id":"b"}],"servers_links":[{"rel":"next","href":"http://x/servers?limit=2&marker=b"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		reused := bytes.Clone(body)
		servers, _, err := wire.DecodeServers(reused)
		clear(reused) // what is decoded holds copies
		if err != nil {
			assert.Nil(t, servers)
			return
		}
		require.True(t, json.Valid(body))
		// Every server of a list reads as it would alone.
		var list json.RawMessage
		for _, m := range members(body) {
			if m.key == "servers" {
				list = m.value
			}
		}
		all := elements(list)
		require.Len(t, servers, len(all))
		for i, one := range all {
			alone, err := referenceServer([]byte(`{"server":` + string(one) + `}`))
			require.NoError(t, err)
			require.Equal(t, *alone, servers[i])
		}
	})
}

func FuzzDecodeAction(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := wire.DecodeAction(body)
		want, wantErr := referenceAction(body)
		require.Equal(t, wantErr == nil, err == nil, "%v, reference: %v", err, wantErr)
		require.Equal(t, want, got)
		list, err := wire.DecodeActions(bytes.Replace(body, []byte(`"instanceAction"`), []byte(`"instanceActions"`), 1))
		if err != nil {
			assert.Nil(t, list)
		}
	})
}
