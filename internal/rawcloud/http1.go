package rawcloud

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
)

// headers are those of a real Nova.
const headers = "Content-Type: application/json\r\nOpenstack-Api-Version: compute 2.1\r\nX-Openstack-Nova-Api-Version: 2.1\r\n" +
	"Vary: OpenStack-API-Version\r\nVary: X-OpenStack-Nova-API-Version\r\nX-Openstack-Request-Id: " + requestID +
	"\r\nX-Compute-Request-Id: " + requestID + "\r\nDate: " + date + "\r\n"

const (
	requestID = "req-058300d3-87bd-4c10-a42d-6c31441300b4"
	date      = "Sun, 22 Nov 2026 22:19:03 GMT"
)

// serveHTTP1 answers one request after the other. It goes through an answer only once it has the whole request.
func (s *Server) serveHTTP1(conn net.Conn) {
	in := bufio.NewReaderSize(conn, 16<<10)
	var request, body, out []byte
	for {
		length := 0
		request = request[:0]
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			if len(request) == 0 {
				request = append(request, line...)
			} else if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
				length = number(value)
			}
			if len(line) <= len("\r\n") {
				break
			}
		}
		if _, err := in.Discard(length); err != nil {
			return
		}
		method, rest, _ := bytes.Cut(request, []byte(" "))
		path, _, _ := bytes.Cut(rest, []byte(" "))
		if method[0] == 'P' {
			s.cloud.Revert(path)
			out = append(append(append(out[:0], "HTTP/1.1 202 Accepted\r\n"...), headers...), "Content-Length: 0\r\n\r\n"...)
		} else {
			body = s.cloud.Look(body[:0], path)
			out = append(append(append(out[:0], "HTTP/1.1 200 OK\r\n"...), headers...), "Content-Length: "...)
			out = append(strconv.AppendInt(out, int64(len(body)), 10), "\r\n\r\n"...)
			out = append(out, body...)
		}
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// number reads the digits that text begins with.
func number(text []byte) int {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}
