package ecs_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
)

// pipes returns a dialler whose connections end in a server within the process, so that a synctest bubble holds both
// ends. It answers every request with the body, and closes when the client does.
func pipes(body func() string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go servePipe(far, body)
		return near, nil
	}
}

func servePipe(conn net.Conn, body func() string) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		text := body()
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(text))+"\r\n\r\n"+text); err != nil {
			return
		}
	}
}
