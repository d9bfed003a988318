# Sourced by the scripts of cli/, fault/, known/ and package/. From ctest they get SHARDSTEP (the
# program), SOURCE and BUILD (folders), MPIRUN (a command) and MPI_KIND; by hand these come from the
# build folder, the first argument: tests/cli/digest.sh build. RANKS, the numbers of ranks to try, may
# be set.
set -euo pipefail
if [ -z "${SHARDSTEP:-}" ]; then
    if [ ! -e "${1:-}/tests/environment.sh" ]; then
        echo "usage: $0 BUILD_FOLDER, with the tests built; '${1:-}' has no tests/environment.sh" >&2
        exit 2
    fi
    # shellcheck disable=SC1091
    . "$1/tests/environment.sh"
    shift
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
# Open MPI 5.0 prints errors where a host has IPv4 and IPv6 (its issue 14079)
export OMPI_MCA_btl_tcp_disable_family=6
fashion=/usr/share/datasets/fashion-mnist

# package_of TOOL: the Debian package that holds it
package_of() {
    case $1 in
    h5dump | h5repack | h5ls) echo hdf5-tools ;;
    xxhsum) echo xxhash ;;
    fashion) echo dataset-fashion-mnist ;;
    h5py) echo python3-h5py python3-numpy ;;
    netCDF4) echo python3-netcdf4 ;;
    numpy) echo python3-numpy ;;
    pillow) echo python3-pil ;;
    torch) echo python3-torch ;;
    pgrep | ps) echo procps ;;
    nm | readelf) echo binutils ;;
    ninja) echo ninja-build ;;
    *) echo "$1" ;;
    esac
}

# needs TOOL...: skips the test if one is missing, and says which. h5py, numpy, pillow and torch are Python's,
# fashion the data
needs() {
    local tool
    for tool in "$@"; do
        case $tool in
        fashion) [ ! -d $fashion ] || continue ;;
        h5py) ! /usr/bin/python3 -c 'import h5py, numpy' 2> /dev/null || continue ;;
        netCDF4) ! /usr/bin/python3 -c 'import netCDF4' 2> /dev/null || continue ;;
        numpy) ! /usr/bin/python3 -c 'import numpy' 2> /dev/null || continue ;;
        pillow) ! /usr/bin/python3 -c 'import PIL.Image' 2> /dev/null || continue ;;
        torch) ! /usr/bin/python3 -c 'import torch' 2> /dev/null || continue ;;
        *) [ -z "$(type -P "$tool")" ] || continue ;;
        esac
        echo "SKIPPED: $tool is missing; Debian: apt install $(package_of "$tool")"
        exit 77
    done
}

# holds PATTERN: grep -q for a pipe, which it reads to its end, so that the writer is not killed
holds() {
    grep "$@" > /dev/null
}

# first BYTES: of a pipe, which it reads to its end
first() {
    head -c "$1"
    cat > /dev/null
}

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

# same WHAT EXPECTED FOUND: two files with the same content, which is not nothing; shows where they
# differ
same() {
    [ -s "$2" ] || fail "$1: $2 is empty"
    cmp -s "$2" "$3" || fail "$1: $2 (-) was expected, $3 (+) found: $(differences "$2" "$3")"
}

# differences EXPECTED FOUND: a few of their lines, or the first byte if they are no text
differences() {
    if grep -qI . "$1" && { [ ! -s "$2" ] || grep -qI . "$2"; }; then
        diff -U 0 "$1" "$2" | sed -n '3,12p' | cut -c 1-300 || true
    else
        cmp "$1" "$2" 2>&1 || true
    fi
}

# refused RANKS PATTERN command...: exit code 2 and one message, with the pattern
refused() {
    local ranks=$1 pattern=$2 code=0
    shift 2
    on "$ranks" timeout 60 "$@" > out.txt 2> err.txt < /dev/null || code=$?
    [ "$code" = 2 ] || fail "exit code $code, not 2, on $ranks ranks: $*"
    [ "$(grep -cE '^(shardstep|train_fashion|predict|rank [0-9]+)' err.txt)" = 1 ] ||
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

# FOLDER: waits up to a minute for the first checkpoint of a run in the background. Without one the
# script's own checks fail.
await_checkpoint() {
    for _ in $(seq 600); do
        ls "$1"/step-*.h5 > /dev/null 2>&1 && return 0
        sleep 0.1
    done
}

finish() {
    [ "$failures" = 0 ] || { echo "$failures checks failed" >&2; exit 1; }
    echo "all checks passed"
}
