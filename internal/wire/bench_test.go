package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/problem"
	"github.com/revert-resize/ecs/internal/wire"
)

// jsonServer is what a user of encoding/json would write to get the same fields.
type jsonServer struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Status    string            `json:"status"`
	VMState   string            `json:"OS-EXT-STS:vm_state"`
	TaskState *string           `json:"OS-EXT-STS:task_state"`
	Power     int               `json:"OS-EXT-STS:power_state"`
	HostID    string            `json:"hostId"`
	ProjectID string            `json:"tenant_id"`
	UserID    string            `json:"user_id"`
	Zone      string            `json:"OS-EXT-AZ:availability_zone"`
	KeyName   *string           `json:"key_name"`
	Created   string            `json:"created"`
	Updated   string            `json:"updated"`
	Launched  *string           `json:"OS-SRV-USG:launched_at"`
	Deleted   *string           `json:"OS-SRV-USG:terminated_at"`
	Metadata  map[string]string `json:"metadata"`
	Flavor    struct {
		ID           string `json:"id"`
		OriginalName string `json:"original_name"`
	} `json:"flavor"`
	Addresses map[string][]struct {
		Addr    string `json:"addr"`
		Version int    `json:"version"`
		Type    string `json:"OS-EXT-IPS:type"`
		MACAddr string `json:"OS-EXT-IPS-MAC:mac_addr"`
	} `json:"addresses"`
	Fault *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Details string `json:"details"`
		Created string `json:"created"`
	} `json:"fault"`
}

// jsonState is the least that a check of the preconditions needs.
type jsonState struct {
	Status    string  `json:"status"`
	VMState   string  `json:"OS-EXT-STS:vm_state"`
	TaskState *string `json:"OS-EXT-STS:task_state"`
}

type (
	jsonDetails struct {
		Server jsonServer `json:"server"`
	}
	jsonStates struct {
		Server jsonState `json:"server"`
	}
	jsonList struct {
		Servers []jsonServer `json:"servers"`
	}
)

// details returns a server details body of at least size bytes, with addresses, metadata and unknown fields.
func details(tb testing.TB, size int) []byte {
	tb.Helper()
	body := bytes.TrimSpace(readCapture(tb, "23-get-verify-resize-admin.http").body)
	var addresses, metadata, unknown []string
	full := func() []byte {
		text := bytes.Replace(body, []byte(`"addresses": {}`), []byte(`"addresses": {"vpc": [`+strings.Join(addresses, ", ")+`]}`), 1)
		text = bytes.Replace(text, []byte(`"metadata": {`), []byte(`"metadata": {`+strings.Join(metadata, "")), 1)
		return bytes.Replace(text, []byte(`"progress": 0`), []byte(`"progress": 0, "security_groups": [`+strings.Join(unknown, ", ")+`]`), 1)
	}
	for i := 0; len(full()) < size; i = 2*i + 1 {
		for n := range i + 1 {
			addresses = append(addresses, fmt.Sprintf(`{"version": 4, "addr": "192.168.%d.%d", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:1b:%02x:%02x"}`, n/256, n%256, n/256%256, n%256))
			metadata = append(metadata, fmt.Sprintf(`"key-%d-%d": "some value that is %d", `, i, n, n))
			unknown = append(unknown, fmt.Sprintf(`{"name": "default-%d", "id": "68269e6e-4a27-441b-8029-%012d"}`, n, n))
		}
	}
	text := full()
	require.True(tb, json.Valid(text))
	return text
}

func BenchmarkDecodeServer(b *testing.B) {
	for _, bench := range []struct {
		name string
		body []byte
	}{
		{"1.4KB", readCapture(b, "23-get-verify-resize.http").body},
		{"3KB", details(b, 3<<10)},
		{"300KB", details(b, 300<<10)},
	} {
		b.Run(bench.name+"/wire", func(b *testing.B) {
			b.SetBytes(int64(len(bench.body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.DecodeServer(bench.body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bench.name+"/encoding-json", func(b *testing.B) { benchmarkJSON[jsonDetails](b, bench.body) })
		b.Run(bench.name+"/encoding-json-3-fields", func(b *testing.B) { benchmarkJSON[jsonStates](b, bench.body) })
	}
}

func BenchmarkDecodeServers1000(b *testing.B) {
	one := bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(readCapture(b, "23-get-verify-resize.http").body), []byte(`{"server": `)), []byte("}"))
	body := []byte(`{"servers": [` + strings.Repeat(string(one)+", ", 999) + string(one) + `]}`)
	b.Run("wire", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if servers, _, err := wire.DecodeServers(body); err != nil || len(servers) != 1000 {
				b.Fatal(len(servers), err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) { benchmarkJSON[jsonList](b, body) })
}

func BenchmarkDecodeError(b *testing.B) {
	for _, bench := range []struct {
		name, capture string
		found         bool
	}{
		{"Nova", "24-revert-second-at-once.http", true},
		{"Flat", "43-not-a-project-id-in-path.http", true},
		{"HTML", "43-no-route-no-accept.http", false},
		{"NoError", "23-get-verify-resize.http", false},
	} {
		body := readCapture(b, bench.capture).body
		b.Run(bench.name+"/wire", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if problem.DecodeError(body, nil).Found != bench.found {
					b.Fatal("wrong verdict")
				}
			}
		})
		if json.Valid(body) {
			b.Run(bench.name+"/encoding-json", func(b *testing.B) { benchmarkJSON[map[string]any](b, body) })
		}
	}
}

func BenchmarkDecodeAction(b *testing.B) {
	body := readCapture(b, "28-instance-action-revert-2.84.http").body
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeAction(body); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkJSON[T any](b *testing.B, body []byte) {
	b.Helper()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var into T
		if err := json.Unmarshal(body, &into); err != nil {
			b.Fatal(err)
		}
	}
}
