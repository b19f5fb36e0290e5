package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/wire"
)

func TestDecodeServer_ReadsTheRecommendedAPIToo(t *testing.T) {
	t.Parallel()
	// The ECS-native API writes numbers as strings and has fields of its own.
	body := `{"server":{"id":"4f4b3dfa-eb70-47cf-a60a-998a53bd6666","name":"ecs-2ecf","status":"VERIFY_RESIZE","tenant_id":"p","user_id":"u",
		"OS-EXT-STS:vm_state":"resized","OS-EXT-STS:task_state":null,"OS-EXT-STS:power_state":"1","hostId":"h","key_name":"KeyPair-test",
		"flavor":{"id":"c3.6xlarge.2","name":"c3.6xlarge.2","vcpus":"24","ram":"49152","disk":"0","gpus":[]},
		"addresses":{"vpc":[{"addr":"192.168.3.22","version":"4","OS-EXT-IPS:port_id":"x","OS-EXT-IPS-MAC:mac_addr":"fa:16:3e:1b:35:78","OS-EXT-IPS:type":"fixed"},
			{"addr":"2001:db8::1","version":6,"OS-EXT-IPS:type":"floating"}]},
		"metadata":{"charging_mode":"0","vpc_id":"0dae26c9","os_bit":64,"x":null,"y":{"a": [true]}},
		"image":"","locked":false,"sys_tags":[{"key":"a","value":"0"}],"os-extended-volumes:volumes_attached":[{"id":"v","delete_on_termination":"false","bootIndex":"0"}],
		"OS-EXT-AZ:availability_zone":"cn-north-4a","created":"2019-05-22T07:48:19Z","updated":"2019-05-22T15:48:19+08:00",
		"OS-SRV-USG:launched_at":"2019-05-22T07:48:19.123456","OS-SRV-USG:terminated_at":null,"progress":0,
		"fault":{"code":"500","created":"2019-05-22T07:48:20Z","message":"No valid host","details":"Traceback"}}}`
	at := time.Date(2019, 5, 22, 7, 48, 19, 0, time.UTC)
	server, err := wire.DecodeServer([]byte(body))
	require.NoError(t, err)
	assert.Equal(t, &wire.Server{
		ID: "4f4b3dfa-eb70-47cf-a60a-998a53bd6666", Name: "ecs-2ecf", Status: "VERIFY_RESIZE", VMState: "resized", PowerState: 1,
		FlavorID: "c3.6xlarge.2", HostID: "h", ProjectID: "p", UserID: "u", AvailabilityZone: "cn-north-4a", KeyName: "KeyPair-test",
		Created: at, Updated: at, LaunchedAt: at.Add(123456 * time.Microsecond),
		Metadata: map[string]string{"charging_mode": "0", "vpc_id": "0dae26c9", "os_bit": "64", "x": "", "y": `{"a": [true]}`},
		Addresses: map[string][]wire.Address{"vpc": {
			{Addr: "192.168.3.22", Version: 4, Type: "fixed", MACAddr: "fa:16:3e:1b:35:78"},
			{Addr: "2001:db8::1", Version: 6, Type: "floating"},
		}},
		Fault: &wire.Fault{Code: 500, Message: "No valid host", Details: "Traceback", Created: at.Add(time.Second)},
	}, server)
}

func TestDecodeServer_ReadsAnAnswerWithoutExtensions(t *testing.T) {
	t.Parallel()
	body := `{"server":{"addresses":{"68269e6e-4a27-441b-8029-35373ad50bd9":[{"addr":"192.168.0.3","version":4,"OS-EXT-IPS-MAC:mac_addr":"fa:16:3e:1b:35:78",
		"OS-EXT-IPS:type":"fixed"}]},"created":"2012-08-20T21:11:09Z","flavor":{"id":"1","links":[{"href":"http://cloud.example.com/flavors/1","rel":"bookmark"}]},
		"hostId":"65201c14","id":"893c7791-f1df-4c3d-8383-3caae9656c62","image":"","links":[{"href":"https://None/v2.1/x","rel":"self"}],"metadata":{},
		"name":"new-server-test","progress":0,"status":"ACTIVE","tenant_id":"openstack","updated":"2012-08-20T21:11:09Z","user_id":"fake"}}`
	at := time.Date(2012, 8, 20, 21, 11, 9, 0, time.UTC)
	server, err := wire.DecodeServer([]byte(body))
	require.NoError(t, err)
	assert.Equal(t, &wire.Server{
		ID: "893c7791-f1df-4c3d-8383-3caae9656c62", Name: "new-server-test", Status: "ACTIVE", FlavorID: "1", HostID: "65201c14",
		ProjectID: "openstack", UserID: "fake", Created: at, Updated: at,
		Addresses: map[string][]wire.Address{"68269e6e-4a27-441b-8029-35373ad50bd9": {{Addr: "192.168.0.3", Version: 4, Type: "fixed", MACAddr: "fa:16:3e:1b:35:78"}}},
	}, server)
}

func TestDecodeServer_IsLenientWhereNothingDependsOnIt(t *testing.T) {
	t.Parallel()
	second := time.Date(2019, 5, 22, 7, 48, 19, 0, time.UTC)
	tests := map[string]struct {
		fields string
		want   wire.Server
	}{
		"nothing at all":               {``, wire.Server{}},
		"null everywhere":              {`"id":null,"name":null,"status":null,"OS-EXT-STS:vm_state":null,"OS-EXT-STS:task_state":null,"OS-EXT-STS:power_state":null,"flavor":null,"created":null,"metadata":null,"addresses":null,"fault":null`, wire.Server{}},
		"empty everywhere":             {`"id":"","status":"","OS-EXT-STS:task_state":"","flavor":{},"created":"","metadata":{},"addresses":{},"key_name":""`, wire.Server{}},
		"wrong types":                  {`"flavor":"x","created":5,"metadata":[],"addresses":[{}],"fault":"x","OS-EXT-STS:power_state":[]`, wire.Server{}},
		"unreadable":                   {`"OS-EXT-STS:power_state":"running","created":"yesterday","updated":"2019-13-22T07:48:19Z","OS-SRV-USG:launched_at":"2019-05-22"`, wire.Server{}},
		"other names' values":          {`"name":5,"key_name":true,"hostId":{"a":1}`, wire.Server{Name: "5", KeyName: "true", HostID: `{"a":1}`}},
		"other case of keys":           {`"ID":"a","Status":"ACTIVE","os-ext-sts:vm_state":"active"`, wire.Server{}},
		"escaped keys":                 {`"\u0069d":"a","OS-EXT-STS:vm\u005fstate":"active"`, wire.Server{ID: "a", VMState: "active"}},
		"repeated keys":                {`"status":"ACTIVE","metadata":{"a":"1"},"flavor":{"id":"1"},"status":"ERROR","metadata":{"b":"2"},"flavor":null`, wire.Server{Status: "ERROR", Metadata: map[string]string{"b": "2"}}},
		"flavor's old name":            {`"flavor":{"vcpus":1,"original_name":"s3.medium.2","extra_specs":{"id":"x"}}`, wire.Server{FlavorID: "s3.medium.2"}},
		"flavor's ID before its name":  {`"flavor":{"original_name":"s3.medium.2","id":"7"}`, wire.Server{FlavorID: "7"}},
		"flavor's empty ID":            {`"flavor":{"id":null,"original_name":"s3.medium.2"}`, wire.Server{FlavorID: "s3.medium.2"}},
		"time with an offset":          {`"created":"2019-05-22T15:48:19+08:00","updated":"2019-05-22T03:48:19-04:00"`, wire.Server{Created: second, Updated: second}},
		"time without a zone":          {`"created":"2019-05-22T07:48:19","updated":"2019-05-22T07:48:19.000000"`, wire.Server{Created: second, Updated: second}},
		"time with nanoseconds":        {`"created":"2019-05-22T07:48:19.000000001Z"`, wire.Server{Created: second.Add(1)}},
		"time that goes on and on":     {`"created":"2019-05-22T07:48:19.0000000010000000000000000000000000000"`, wire.Server{Created: second.Add(1)}},
		"networks of all sorts":        {`"addresses":{"a":[null,{"addr":"1"},[]],"b":[],"c":{}}`, wire.Server{Addresses: map[string][]wire.Address{"a": {{Addr: "1"}}, "b": nil, "c": nil}}},
		"large numbers":                {`"OS-EXT-STS:power_state":99999999999999999999,"fault":{"code":5e2}`, wire.Server{Fault: &wire.Fault{}}},
		"text in every script":         {`"name":"\u00e4 云服务器 \ud83d\ude00 \"\\\/\b\f\n\r\t"`, wire.Server{Name: "ä 云服务器 😀 \"\\/\b\f\n\r\t"}},
		"text that is broken":          {"\"name\":\"\\ud83d \\ude00\\ud83dx \xff\xe9\",\"key_name\":[\"\xff\"]", wire.Server{Name: "\uFFFD \uFFFD\uFFFDx \uFFFD\uFFFD", KeyName: "[\"\uFFFD\"]"}},
		"text broken late":             {"\"name\":\"abcdefgh\x80ijklmnopq\"", wire.Server{Name: "abcdefgh\uFFFDijklmnopq"}},
		"text longer than a block":     {`"name":"` + strings.Repeat("n", 1000) + `","id":"` + strings.Repeat("i", 100) + `","hostId":"` + strings.Repeat("h", 100) + `"`, wire.Server{Name: strings.Repeat("n", 1000), ID: strings.Repeat("i", 100), HostID: strings.Repeat("h", 100)}},
		"names of states not known":    {`"status":"PASSWORD","OS-EXT-STS:task_state":"updating_password"`, wire.Server{Status: "PASSWORD", TaskState: "updating_password"}},
		"unknown fields of every type": {`"a":null,"b":[1,-2.5e+3,0E5,{"c":[[]]}],"d":"","e":{"f":{}},"g":false`, wire.Server{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := wire.DecodeServer([]byte(` { "links" : [ ] , "server" : {` + test.fields + "} , \"x\":1}\r\n"))
			require.NoError(t, err)
			assert.Equal(t, &test.want, server)
		})
	}
}

func TestDecodeServer_IsStrictAboutIdentityAndState(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"id", "status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state"} {
		for _, value := range []string{`0`, `false`, `true`, `{}`, `[]`, `-1.5`, `["resized"]`} {
			t.Run(field+"="+value, func(t *testing.T) {
				t.Parallel()
				server, err := wire.DecodeServer([]byte(`{"server":{"` + field + `":` + value + `}}`))
				require.EqualError(t, err, `response's field "`+field+`" is neither a string nor null`)
				assert.Nil(t, server)
			})
		}
	}
}

func TestDecodeServer_SaysWhatIsWrongWithAnAnswer(t *testing.T) {
	t.Parallel()
	const none = "response holds no server"
	tests := map[string]string{
		`{}`:                               none,
		`null`:                             none,
		`[]`:                               none,
		`"server"`:                         none,
		`7`:                                none,
		`{"server":null}`:                  none,
		`{"server":[{"id":"a"}]}`:          none,
		`{"server":"a"}`:                   none,
		`{"Server":{"id":"a"}}`:            none,
		`{"servers":[{"id":"a"}]}`:         none,
		`{"server":{"id":"a"},"server":1}`: none,
		``:                                 "response is empty",
		" \n\t":                            "response is empty",
		`<html><body>502</body></html>`:    "response is a page of HTML or XML instead of JSON",
		"\n <!DOCTYPE html>":               "response is a page of HTML or XML instead of JSON",
		`upstream error`:                   "response is something else than JSON",
		"\x1f\x8b\x08":                     "response is something else than JSON",
		"\ufeff{}":                         "response is something else than JSON",
		`nul`:                              "response is cut off after 3 bytes",
		`{"server":{"id":"a"}`:             "response is cut off after 20 bytes",
		`{"server":{"id":"a`:               "response is cut off after 18 bytes",
		`{"server":{"id":"a\`:              "response is cut off after 19 bytes",
		`{"server":{"id":"a\u12`:           "response is cut off after 22 bytes",
		`{"server":{"progress":-`:          "response is cut off after 23 bytes",
		`{"server":{"id":"a"}} {}`:         "response goes on after the end of its JSON at byte 22",
		`{"server":{"id":"a"},}`:           "response is not valid JSON at byte 21",
		`{"server":{"a":[1,]}}`:            "response is not valid JSON at byte 18",
		`{"server":{"a":01}}`:              "response is not valid JSON at byte 16",
		`{"server":{"a":1.}}`:              "response is not valid JSON at byte 17",
		`{"server":{"a":+1}}`:              "response is not valid JSON at byte 15",
		`{"server":{"a":1e}}`:              "response is not valid JSON at byte 17",
		`{"server":{"a":nil}}`:             "response is not valid JSON at byte 16",
		`{"server":{"a":"\x"}}`:            "response is not valid JSON at byte 17",
		`{"server":{"a":"\u12g4"}}`:        "response is not valid JSON at byte 20",
		"{\"server\":{\"a\":\"\n\"}}":      "response is not valid JSON at byte 16",
		`{"server":{"a":'x'}}`:             "response is not valid JSON at byte 15",
		`{"server":{a:1}}`:                 "response is not valid JSON at byte 11",
		`{"server":{"a" 1}}`:               "response is not valid JSON at byte 15",
		`{"server":{"a":1 "b":2}}`:         "response is not valid JSON at byte 17",
		`{"server":]}`:                     "response is not valid JSON at byte 10",
		"{\"server\":\x00}":                "response is not valid JSON at byte 10",
		strings.Repeat(`{"a":`, 201):       "response is cut off after 1005 bytes",
		strings.Repeat(`[`, 1<<20):         "response is nested too deep",
	}
	for body, want := range tests {
		t.Run(body[:min(len(body), 30)], func(t *testing.T) {
			t.Parallel()
			server, err := wire.DecodeServer([]byte(body))
			require.EqualError(t, err, want)
			assert.Nil(t, server)
			if want == none {
				assert.ErrorIs(t, err, wire.ErrNoServer)
			}
		})
	}
}

func TestDecodeServer_RefusesEveryCutOfAnAnswer(t *testing.T) {
	t.Parallel()
	body := strings.TrimSpace(string(readCapture(t, "50-fail-revert-get-admin.http").body))
	for end := range len(body) {
		_, err := wire.DecodeServer([]byte(body[:end]))
		require.Error(t, err, "cut after %d bytes", end)
	}
}

func TestDecodeServer_KeepsNothingOfTheBody(t *testing.T) {
	t.Parallel()
	body := details(t, 4<<10)
	want, err := wire.DecodeServer(append([]byte(nil), body...))
	require.NoError(t, err)
	got, err := wire.DecodeServer(body)
	require.NoError(t, err)
	clear(body)
	assert.Equal(t, want, got)
}

// The number of allocations stays near that of encoding/json with plain fields. It must not run beside other tests.
func TestDecodeServer_AllocatesLittle(t *testing.T) { //nolint:paralleltest // testing.AllocsPerRun counts those of the whole process
	body := readCapture(t, "23-get-verify-resize.http").body
	allocations := testing.AllocsPerRun(100, func() {
		_, err := wire.DecodeServer(body)
		require.NoError(t, err)
	})
	plain := testing.AllocsPerRun(100, func() { require.NoError(t, json.Unmarshal(body, new(jsonDetails))) })
	assert.LessOrEqual(t, allocations, 1.6*plain)
}
