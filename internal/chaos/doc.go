// Package chaos runs several nodes of the reference application on Postgres with
// copies in Redis, breaks what is around them, and checks what their clients saw
// against the promise: a session that ended is refused by every node within a
// second, whatever Redis does; no acknowledged write is lost; no session is lost;
// Redis alone makes nobody see an error.
//
// Nodes are processes, each with proxies of its own to a real Postgres with a
// standby and a real Redis with a replica. Clients record every operation in a
// history, a nemesis records what is broken when, and [Check] reads both.
//
// # Seeds
//
// One seed decides which faults come when, and which operations each client asks
// for. Processes take the time they take, so a second run of a seed meets the
// same faults in the same order, and not the same interleaving.
//
// # What the checker cannot know
//
// An operation without an answer may have happened, or may happen later: what was
// sent into a stalled connection arrives when it heals. So an unknown end excuses
// a refusal, and demands none, until the session has been refused once: from then
// on it may not come back.
//
// An Express save overwrites the document by design, so counters and values are
// checked only for sessions that Express does not save. An UPDATE that sets
// expire into the past is not sent to sessions that Express saves: a save that was
// under way sets expire forward again, as it does between two Express processes.
package chaos
