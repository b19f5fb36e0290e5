package wire_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/revert-resize/ecs/internal/problem"
	"github.com/revert-resize/ecs/internal/wire"
)

// Random bytes seldom make a server. These generators do, with any type in any field, repeated keys and odd white space.

var serverKeys = []string{
	"id", "name", "status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state", "OS-EXT-STS:power_state", "flavor", "hostId", "tenant_id",
	"user_id", "OS-EXT-AZ:availability_zone", "key_name", "created", "updated", "OS-SRV-USG:launched_at", "OS-SRV-USG:terminated_at",
	"metadata", "addresses", "fault",
}

var innerKeys = []string{
	"id", "original_name", "addr", "version", "OS-EXT-IPS:type", "OS-EXT-IPS-MAC:mac_addr", "code", "message", "details", "created",
	"x", `\u0069d`, "é", `\ud800`, "",
}

func blank() *rapid.Generator[string] { return rapid.SampledFrom([]string{"", "", "", " ", "\n\t\r"}) }

func anyValue(depth int) *rapid.Generator[string] {
	scalars := rapid.OneOf(
		rapid.SampledFrom([]string{
			`null`, `true`, `false`, `0`, `-1`, `4`, `"4"`, `1.5e+3`, `""`, `"VERIFY_RESIZE"`, `"resized"`, `"\ud83d\ude00"`, `"\ud83d"`, "\"\xff\"",
			`"2019-05-22T07:48:19Z"`, `"2019-05-22T07:48:19.5"`, `"2019-05-22T07:48:19+08:00"`, `"2019-05-22T07:48:19-0800"`, `"Z"`,
		}),
		rapid.Map(rapid.String(), func(text string) string {
			quoted, err := json.Marshal(text)
			if err != nil {
				panic(err)
			}
			return string(quoted)
		}),
	)
	if depth == 0 {
		return scalars
	}
	return rapid.OneOf(scalars, object(innerKeys, anyValue(depth-1)), list(anyValue(depth-1)))
}

func object(keys []string, value *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		members := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			space := blank()
			return space.Draw(t, "s") + `"` + inSomeCase(rapid.SampledFrom(keys).Draw(t, "key"), rapid.IntRange(0, 9).Draw(t, "case")) + `"` + space.Draw(t, "s") + ":" + space.Draw(t, "s") + value.Draw(t, "value")
		}), 0, 6).Draw(t, "members")
		return "{" + strings.Join(members, ",") + blank().Draw(t, "s") + "}"
	})
}

// inSomeCase writes one key in ten in letters that are not its own, but that encoding/json takes for them.
func inSomeCase(key string, n int) string {
	if strings.Contains(key, `\`) {
		return key
	}
	switch n {
	case 0:
		return strings.ToUpper(key)
	case 1:
		return strings.NewReplacer("s", "\u017f", "k", "\u212a").Replace(key)
	default:
		return key
	}
}

func list(value *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(value, 0, 3), func(all []string) string { return "[" + strings.Join(all, " ,") + "]" })
}

// examples is how many bodies each test generates. They are the same in every run.
const examples = 3000

func TestDecodeServer_AgreesWithTheReference(t *testing.T) {
	t.Parallel()
	server := rapid.OneOf(object(serverKeys, anyValue(3)), object(serverKeys, anyValue(3)), anyValue(1))
	answer := damaged(object([]string{"server"}, server))
	accepted := 0
	for i := range examples {
		body := []byte(answer.Example(i))
		want, wantErr := referenceServer(body)
		reused := bytes.Clone(body)
		got, err := wire.DecodeServer(reused)
		clear(reused) // what is decoded holds copies
		require.Equal(t, wantErr == nil, err == nil, "%q: %v, reference: %v", body, err, wantErr)
		require.Equal(t, want, got, "%q", body)
		require.Equal(t, json.Valid(body), problem.DecodeError(body, nil).JSON, "%q", body)
		if err == nil {
			accepted++
		}
	}
	assert.Greater(t, accepted, examples/10)
}

func TestDecodeAction_AgreesWithTheReference(t *testing.T) {
	t.Parallel()
	event := object([]string{"event", "result", "start_time", "finish_time", "hostId"}, anyValue(1))
	value := rapid.OneOf(anyValue(2), list(rapid.OneOf(event, event, anyValue(1))))
	keys := []string{"action", "request_id", "message", "instance_uuid", "start_time", "updated_at", "events", "events", "user_id"}
	answer := damaged(object([]string{"instanceAction"}, rapid.OneOf(object(keys, value), object(keys, value), anyValue(1))))
	accepted := 0
	for i := range examples {
		body := []byte(answer.Example(i))
		want, wantErr := referenceAction(body)
		reused := bytes.Clone(body)
		got, err := wire.DecodeAction(reused)
		clear(reused) // what is decoded holds copies
		require.Equal(t, wantErr == nil, err == nil, "%q: %v, reference: %v", body, err, wantErr)
		require.Equal(t, want, got, "%q", body)
		if err == nil {
			accepted++
		}
	}
	assert.Greater(t, accepted, examples/5)
}

// damaged cuts one text in eight, and writes something foreign into another one.
func damaged(text *rapid.Generator[string]) *rapid.Generator[string] {
	foreign := rapid.SampledFrom(strings.Split(`{ } [ ] " : , \ 0 - a`+" \x00 \xff", " "))
	return rapid.Custom(func(t *rapid.T) string {
		whole := text.Draw(t, "whole")
		at := rapid.IntRange(0, len(whole)-1).Draw(t, "at")
		switch rapid.IntRange(0, 7).Draw(t, "damage") {
		case 0:
			return whole[:at]
		case 1:
			return whole[:at] + foreign.Draw(t, "foreign") + whole[at+1:]
		default:
			return whole
		}
	})
}
