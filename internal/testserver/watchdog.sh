# Lines of the input: "server SIGNAL:PID" for a process, and the signal that ends
# it soon, "dir PATH", and both with "no-" before them for what has ended.
trap '' HUP INT TERM
servers=
while read -r verb what; do
	case $verb in
	server) servers="$servers $what" ;;
	no-server)
		left=
		for s in $servers; do
			[ "$s" = "$what" ] || left="$left $s"
		done
		servers=$left
		;;
	dir) set -- "$@" "$what" ;;
	no-dir)
		for d; do
			shift
			[ "$d" = "$what" ] || set -- "$@" "$d"
		done
		;;
	esac
done

# The children of a process of Postgres are in groups of their own.
children() { cat "/proc/$1/task/$1/children" 2>/dev/null || pgrep -P "$1"; }

exec 2>/dev/null
for s in $servers; do
	pid=${s#*:}
	kill -s "${s%%:*}" "$pid"
	kill -s CONT "$pid" $(children "$pid") # they may be paused
done
tries=0
for s in $servers; do
	pid=${s#*:}
	while kill -s 0 "$pid" && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	for p in $(children "$pid") "$pid" "-$pid"; do
		kill -s KILL -- "$p"
	done
done
for d; do
	# A server of Postgres that did not end well leaves a bit of shared memory.
	for file in "$d"/data/postmaster.pid; do
		[ ! -f "$file" ] || ipcrm -m "$(sed -n '7s/.* //p' "$file")"
	done
	rm -rf "$d" || { sleep 1 && rm -rf "$d"; }
done
