package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/echosession/session/cmd/echosession/internal/doctor"
)

// Servers of versions that no package here installs: as much of one as doctor asks
// before it knows the version.

// listen serves each connection until the test ends, and returns the address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// oldPostgres says that it is Postgres 11, and knows nothing newer.
func oldPostgres(t *testing.T) string {
	return listen(t, func(conn net.Conn) {
		b := pgproto3.NewBackend(conn, conn)
		if _, err := b.ReceiveStartupMessage(); err != nil {
			return
		}
		b.Send(&pgproto3.AuthenticationOk{})
		for name, value := range map[string]string{"server_version": "11.22", "server_encoding": "UTF8", "client_encoding": "UTF8", "standard_conforming_strings": "on"} {
			b.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
		}
		for {
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
			if b.Flush() != nil {
				return
			}
			m, err := b.Receive()
			if err != nil {
				return
			}
			switch q, ok := m.(*pgproto3.Query); {
			case !ok:
				return // it wants to end, or to prepare
			case strings.Contains(q.String, "server_version_num"):
				b.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{
					{Name: []byte("current_setting"), DataTypeOID: 23, DataTypeSize: 4, TypeModifier: -1},
					{Name: []byte("current_setting"), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1},
				}})
				b.Send(&pgproto3.DataRow{Values: [][]byte{[]byte("110022"), []byte("11.22")}})
				b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
			default:
				b.Send(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "0A000", Message: "not here"})
			}
		}
	})
}

// redisThat tells this of itself, and knows PING besides: not even HELLO, as go-redis
// begins.
func redisThat(t *testing.T, info ...string) string {
	return listen(t, func(conn net.Conn) {
		for r := bufio.NewReader(conn); ; {
			command, err := readCommand(r)
			if err != nil {
				return
			}
			answer := "-ERR unknown command\r\n"
			switch strings.ToUpper(command) {
			case "PING":
				answer = "+PONG\r\n"
			case "INFO":
				text := "# Server\r\n" + strings.Join(info, "\r\n") + "\r\n"
				answer = fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)
			}
			if _, err := io.WriteString(conn, answer); err != nil {
				return
			}
		}
	})
}

// readCommand reads a command of Redis's protocol, and returns its name.
func readCommand(r *bufio.Reader) (name string, err error) {
	number := func() int {
		line, e := r.ReadString('\n')
		if e != nil || len(line) < 4 {
			err = io.ErrUnexpectedEOF
			return 0
		}
		n, e := strconv.Atoi(line[1 : len(line)-2])
		if e != nil {
			err = e
		}
		return n
	}
	for i, args := 0, number(); i < args && err == nil; i++ {
		text := make([]byte, number()+2)
		if _, e := io.ReadFull(r, text); e != nil {
			return "", e
		}
		if i == 0 {
			name = string(text[:len(text)-2])
		}
	}
	return name, err
}

// TestDoctorOfAnOldPostgres: it is told, and nothing is guessed of what it lacks.
func TestDoctorOfAnOldPostgres(t *testing.T) {
	t.Parallel()
	real := migrated(t)
	e := real.with("DATABASE_URL", "postgres://app@"+oldPostgres(t)+"/app?sslmode=disable")
	report, _ := diagnosed(t, e)
	if strings.Count(told(report), `"failed"`) != 1 {
		t.Error("more than one thing is said:", told(report))
	}
	broken{check: "postgres server", says: "the server is Postgres 11", setup: func(*testing.T) environment { return e }, byHand: func(*testing.T) {
		e["DATABASE_URL"] = real["DATABASE_URL"]
	}}.mend(t)
}

// TestDoctorOfAnOldRedis: it is told with its version.
func TestDoctorOfAnOldRedis(t *testing.T) {
	t.Parallel()
	real := redisOnly(t, nil)
	e := real.with("REDIS_URL", "redis://"+redisThat(t, "redis_version:6.2.14", "role:master"))
	broken{check: "redis version", says: "the server is Redis 6.2.14", setup: func(*testing.T) environment { return e }, byHand: func(*testing.T) {
		e["REDIS_URL"] = real["REDIS_URL"]
	}}.mend(t)
}

// TestDoctorOfValkey: it says which Redis it is like, and is named by its own name.
func TestDoctorOfValkey(t *testing.T) {
	t.Parallel()
	at := redisThat(t, "redis_version:7.2.4", "server_name:valkey", "valkey_version:8.0.1", "role:master")
	report, _ := diagnosed(t, environment{"SESSION_STORE": "redis-only", "REDIS_URL": "redis://" + at, "SESSION_SECRET": secret})
	if !slices.Contains(report.Results, doctor.Result{Check: "redis version", Status: doctor.OK, Note: "Valkey 8.0.1"}) {
		t.Error(told(report))
	}
}
