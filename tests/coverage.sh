#!/usr/bin/env bash
# The lines that tests ran, folder by folder, beside the least that tests/coverage.txt asks for.
#
#   tests/coverage.sh BUILD_FOLDER   one that was built with --coverage and whose tests have run
set -euo pipefail
[ -n "${1:-}" ] || { echo "usage: $0 BUILD_FOLDER" >&2; exit 2; }
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
gcovr --root . --filter 'src/' --object-directory "$build" --csv "$build/coverage.csv" "$build" \
    --gcov-ignore-parse-errors 2> "$build/gcovr.log" || { cat "$build/gcovr.log" >&2; exit 1; }

# coverage.csv has a line a file: its name, its lines, and how many of them ran.
awk -F, '
    FNR == NR { if ($0 !~ /^#/ && split($0, word, " ") == 2) floor[word[1]] = word[2]; next }
    FNR == 1 { next }
    { split($1, part, "/"); lines[part[2]] += $2; ran[part[2]] += $3 }
    END {
        for (folder in lines) {
            if (!lines[folder]) continue
            found = 100 * ran[folder] / lines[folder]
            printf "%-10s %5.1f%% of %5d lines, at least %s%%\n", folder, found, lines[folder], \
                folder in floor ? floor[folder] : "?"
            if (!(folder in floor)) {
                print "FAILED: src/" folder " has no floor in tests/coverage.txt"
                failures++
            } else if (found < floor[folder]) {
                printf "FAILED: src/%s: tests run %.1f%% of the lines, and %s%% is the floor\n", \
                    folder, found, floor[folder]
                failures++
            }
        }
        for (folder in floor)
            if (!lines[folder]) { print "FAILED: src/" folder " has a floor, and no lines"; failures++ }
        exit failures > 0
    }
' tests/coverage.txt "$build/coverage.csv"
