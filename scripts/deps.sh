#!/usr/bin/env bash
# Installs what the tests need and this machine lacks.
#
# On Debian and Ubuntu, as root, that is done with apt-get; anywhere else the
# script says what is missing and goes on, since the tests that need it skip on
# a laptop. Nothing is started: the tests start private servers of their own.
set -euo pipefail

# One line for each need: a command, or a path (with wildcards), and the Debian
# package that brings it.
needs='
gcc                   gcc
/usr/include/stdlib.h libc6-dev
curl                  curl
node                  nodejs
npm                   npm
chromium              chromium
redis-server          redis-server
pgbouncer             pgbouncer
initdb                postgresql
'

# Where servers are that a user does not start: internal/testserver looks there,
# too.
for dir in ${PGBIN:+"$PGBIN"} /usr/sbin /usr/lib/postgresql/*/bin; do
	PATH=$PATH:$dir
done

have() {
	case $1 in
	/*) compgen -G "$1" >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# A package may bring what several lines ask for, so names may repeat: apt-get
# does not mind.
missing=()
while read -r need package; do
	if [ -n "$need" ] && ! have "$need"; then
		missing+=("$package")
	fi
done <<<"$needs"
if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	cat >&2 <<TEXT
deps: missing on this machine (names of Debian packages): ${missing[*]}
deps: install them with your package manager; as root on Debian and Ubuntu this
deps: script does it. compose.yaml offers the servers. Tests that need what is
deps: missing will skip here, and fail where CI is set.
TEXT
	exit 0
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
policy_is_ours=
clean() {
	if [ -n "$policy_is_ours" ]; then
		rm -f "$policy"
	fi
	rm -f "$log"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Packages of servers start them. A policy that answers 101, "not allowed",
# prevents it; one that is already there belongs to the machine and stays.
if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
	policy_is_ours=yes
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

# An update may fail over one source that has nothing to do with us: whether the
# packages could be installed is what counts.
export DEBIAN_FRONTEND=noninteractive
install() {
	apt-get -qq update </dev/null || true
	apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=60 \
		install --no-install-recommends "${missing[@]}" </dev/null
}

echo "deps: installing ${missing[*]}"
if install >"$log" 2>&1 || { sleep 5 && install >>"$log" 2>&1; }; then
	exit 0
fi
tail -n 40 "$log" >&2
echo "deps: could not install ${missing[*]}" >&2
if [ -n "${CI:-}" ]; then
	exit 1
fi
