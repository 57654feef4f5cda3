#!/usr/bin/env bash
# Runs every fuzz target of the modules given as arguments, one after another,
# each for FUZZTIME (default 1m). An input that fails is kept by go test under
# testdata/fuzz of its package: commit it with the fix.
set -euo pipefail

fuzztime=${FUZZTIME:-1m}
count=0
for module in "$@"; do
	# "go test -list" prints the names of a package, then "ok <package> <time>".
	names=()
	while read -r word package _; do
		case $word in
		Fuzz*) names+=("$word") ;;
		ok)
			for name in ${names[@]+"${names[@]}"}; do
				echo "== $package $name ($fuzztime)"
				(cd "$module" && go test -run='^$' -fuzz="^$name\$" -fuzztime="$fuzztime" "$package" </dev/null)
				count=$((count + 1))
			done
			names=()
			;;
		FAIL) exit 1 ;;
		*) ;; # "?", for a package without tests
		esac
	done < <(cd "$module" && go test -list '^Fuzz' ./... || echo FAIL)
done
echo "fuzz targets run: $count"
