# Sourced by the scripts of cli/, fault/ and package/. They get SHARDSTEP (the program), SOURCE and
# BUILD (folders), MPIRUN (a command) and MPI_KIND from ctest; RANKS, the numbers of ranks to try,
# may be set.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
fashion=/usr/share/datasets/fashion-mnist

# on RANKS command...: under the MPI's launcher, or alone for 0 ranks
on() {
    local ranks=$1
    shift
    if [ "$ranks" = 0 ]; then "$@"; else $MPIRUN -n "$ranks" "$@"; fi
}

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# what_is_said FILE: its lines without those in which Open MPI 5 tells of a host without a network
what_is_said() {
    grep -vE '^\[|between local and remote interfaces' "$1" || true
}

# same WHAT A B: two files with the same content, which is not nothing
same() {
    [ -s "$2" ] || fail "$1: $2 is empty"
    cmp -s "$2" "$3" || fail "$1: $2 and $3 differ"
}

# refused RANKS PATTERN command...: exit code 2 and one message, with the pattern
refused() {
    local ranks=$1 pattern=$2 code=0
    shift 2
    on "$ranks" timeout 60 "$@" > out.txt 2> err.txt < /dev/null || code=$?
    [ "$code" = 2 ] || fail "exit code $code, not 2, on $ranks ranks: $*"
    [ "$(grep -cE '^(shardstep|train_fashion|rank [0-9]+)' err.txt)" = 1 ] ||
        fail "not one message on $ranks ranks: $* said: $(cat err.txt)"
    grep -qE -- "$pattern" err.txt || fail "no '$pattern' on $ranks ranks: $* said: $(cat err.txt)"
    [ ! -s out.txt ] || fail "output beside an error: $*"
}

import_fashion() {
    "$SHARDSTEP" import "$1" \
        train/images=$fashion/train-images-idx3-ubyte.gz \
        train/labels=$fashion/train-labels-idx1-ubyte.gz \
        test/images=$fashion/t10k-images-idx3-ubyte.gz \
        test/labels=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null
}

finish() {
    [ "$failures" = 0 ] || { echo "$failures checks failed" >&2; exit 1; }
    echo "all checks passed"
}
