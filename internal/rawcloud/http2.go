package rawcloud

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
)

// Frames and flags of HTTP/2, RFC 9113.
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	frameSettings     = 0x4
	framePing         = 0x6
	frameWindowUpdate = 0x8

	flagAck        = 0x1
	flagEndStream  = 0x1
	flagEndHeaders = 0x4

	frameHeader = 9                                  // bytes before each frame's payload
	preface     = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" // what a client begins with
)

// serveHTTP2 answers a request when it is complete: a look has no body, so it ends with its headers, a revert with its
// data. So no header needs to be read, and [Cloud] gets no path.
func (s *Server) serveHTTP2(conn net.Conn) {
	in := bufio.NewReaderSize(conn, 32<<10)
	if _, err := in.Discard(len(preface)); err != nil {
		return
	}
	out := appendFrame(nil, frameSettings, 0, 0, nil)
	out = appendFrame(out, frameWindowUpdate, 0, 0, []byte{0x7f, 0, 0, 0}) // room for the bodies of all requests
	looked, accepted := headerBlock("200"), headerBlock("202")
	var body []byte
	head := make([]byte, frameHeader)
	for {
		if len(out) > 0 {
			if _, err := conn.Write(out); err != nil {
				return
			}
		}
		if _, err := io.ReadFull(in, head); err != nil {
			return
		}
		payload, err := in.Peek(int(binary.BigEndian.Uint32(head) >> 8))
		if err != nil {
			return
		}
		kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
		out = out[:0]
		switch {
		case kind == frameSettings && flags&flagAck == 0:
			out = appendFrame(out, frameSettings, flagAck, 0, nil)
		case kind == framePing && flags&flagAck == 0:
			out = appendFrame(out, framePing, flagAck, 0, payload)
		case kind == frameHeaders && flags&flagEndStream != 0:
			body = s.cloud.Look(body[:0], nil)
			out = appendFrame(out, frameHeaders, flagEndHeaders, stream, looked)
			out = appendFrame(out, frameData, flagEndStream, stream, body)
		case kind == frameData && flags&flagEndStream != 0:
			s.cloud.Revert(nil)
			out = appendFrame(out, frameHeaders, flagEndHeaders|flagEndStream, stream, accepted)
		}
		if _, err := in.Discard(len(payload)); err != nil {
			return
		}
	}
}

func appendFrame(out []byte, kind, flags byte, stream uint32, payload []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload))<<8|uint32(kind)) // a frame is short
	out = append(out, flags)
	out = binary.BigEndian.AppendUint32(out, stream)
	return append(out, payload...)
}

// headerBlock returns the headers of an answer, none of them compressed (RFC 7541, section 6.2.2).
func headerBlock(status string) []byte {
	var block []byte
	for _, header := range [][2]string{
		{":status", status},
		{"content-type", "application/json"},
		{"openstack-api-version", "compute 2.1"},
		{"x-openstack-nova-api-version", "2.1"},
		{"vary", "OpenStack-API-Version"},
		{"vary", "X-OpenStack-Nova-API-Version"},
		{"x-openstack-request-id", requestID},
		{"x-compute-request-id", requestID},
		{"date", date},
	} {
		block = append(block, 0)
		for _, text := range header {
			block = append(append(block, byte(len(text))), text...)
		}
	}
	return block
}
