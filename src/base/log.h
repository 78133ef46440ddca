#pragma once

/*
 * One line per event on stderr: time, event, key=value pairs. Only the edges log (the programs,
 * the server, the pool's events); rooms return errors. For one thread.
 */

/* log_event("worker.exit", "pid=%d status=%d", pid, status) */
void log_event(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
