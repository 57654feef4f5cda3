package pgstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// errPrepared names the setting that a pooler in transaction mode needs.
var errPrepared = &Problem{
	What: "prepared statements do not survive a pooler in transaction mode, such as PgBouncer",
	Hint: "add default_query_exec_mode=cache_describe (or exec, or simple_protocol) to the connection string",
	Fix:  Fix{Setting: "default_query_exec_mode=cache_describe"},
}

// checkPooler finds a pooler that gives the server's connection to someone else
// between two of our statements, under an execution mode that does not bear it.
// It would work in a quiet hour and fail under load, so it is provoked: another
// connection holds the server on which a statement was prepared.
func (s *Store) checkPooler(ctx context.Context) (string, error) {
	switch s.pool.Config().ConnConfig.DefaultQueryExecMode {
	case pgx.QueryExecModeCacheStatement, pgx.QueryExecModeDescribeExec:
	default:
		return "", nil
	}
	first, err := s.pool.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer first.Release()
	conn := first.Conn()
	var pid uint32
	if err := conn.QueryRow(ctx, `SELECT pg_backend_pid()`, pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return "", err
	}
	// A pooler shows its clients process ids of its own.
	if pid == conn.PgConn().PID() || s.pool.Config().MaxConns < 2 {
		return "", nil
	}
	if _, err := conn.PgConn().Prepare(ctx, "echosession_probe", `SELECT 1`, nil); err != nil {
		return "", err
	}
	second, err := s.pool.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer second.Release()
	if _, err := second.Exec(ctx, `BEGIN`, pgx.QueryExecModeSimpleProtocol); err != nil {
		return "", err
	}
	result := conn.PgConn().ExecPrepared(ctx, "echosession_probe", nil, nil, nil).Read()
	_, err = second.Exec(ctx, `ROLLBACK`, pgx.QueryExecModeSimpleProtocol)
	if result.Err != nil {
		if isCode(result.Err, "26000") || errors.Is(result.Err, context.DeadlineExceeded) {
			return "", errPrepared
		}
		return "", result.Err
	}
	_, _ = conn.PgConn().Exec(ctx, `DEALLOCATE echosession_probe`).ReadAll()
	return "", err
}
