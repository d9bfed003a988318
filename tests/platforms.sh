#!/usr/bin/env bash
# Builds and tests on other platforms, and prints a line for each: system, compiler, HDF5, MPI; tests
# passed, failed and skipped; what must be the same everywhere, and the example's weights.
#
#   tests/platforms.sh [SUITE]...     on bare Debians of those names (bookworm trixie): README's two
#                                     commands, MPICH and an HDF5 without MPI. As root
#   tests/platforms.sh --here [BUILD]...      on this system, builds of tests/run.sh (mpich serial)
#
# Settings, as environment variables: SHARDSTEP_WORK, a folder for all it makes (build/tests in this
# repository); MIRROR, of Debian (the one that apt uses); BUILDS, those of tests/run.sh to try on a
# bare system (release mpich serial).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=${SHARDSTEP_WORK:-$root/build/tests}
format='%-10s %-8s %-10s %-7s %-16s %6s %6s %7s  %-32s  %-16s  %s\n'

heading() {
    printf "$format" system build compiler HDF5 MPI passed failed skipped digest "plain weights" \
        "train_fashion"
}

attribute() { # NAME FILE: of the results' first element
    grep -om 1 "[[:space:]]$1=\"[0-9]*\"" "$2" | tr -dc 0-9
}

row() { # BUILD
    local build=$work/$1 results=$work/$1.xml system compiler hdf5 mpi all failed skipped values
    [ -e "$results" ] || { echo "$1: no results; see $work/$1.out"; return 1; }
    system=$(. /etc/os-release && echo "$ID$VERSION_ID")
    compiler="$(basename "$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")") $(gcc -dumpfullversion)"
    hdf5=$(sed -n 's/.*HDF5 \([0-9.]*\): .*/\1/p' "$work/$1.log" | head -n 1)
    mpi=$("$(sed -n 's/^SHARDSTEP_MPIRUN:[A-Z]*=//p' "$build/CMakeCache.txt")" --version |
        sed -n 's/.*(Open MPI) */Open MPI /p; s/.*Version: */MPICH /p' | head -n 1)
    all=$(attribute tests "$results") failed=$(attribute failures "$results")
    skipped=$(($(attribute skipped "$results") + $(attribute disabled "$results")))
    values=$(cd "$build" && ctest -R '^package.platform$' -V | sed -n 's/.*values: //p')
    printf "$format" "$system" "$1" "$compiler" "$hdf5" "$mpi" $((all - failed - skipped)) "$failed" \
        "$skipped" ${values:-none}
    [ "$failed" = 0 ]
}

here() { # BUILD...: exit code 1 if anything failed
    local build code=0
    mkdir -p "$work"
    for build in "$@"; do
        rm -f "$work/$build.xml"
        "$root/tests/run.sh" "$build" > "$work/$build.out" 2>&1 || code=1
    done
    for build in "$@"; do
        row "$build" || code=1
    done
    return $code
}

# A bare system in a folder, with devices of its own, which a defective program, as root, could replace.
# The mounts end with the process that made them.
inside() { # FOLDER command...
    local folder=$1
    shift
    unshare --mount --propagation private bash -c 'set -e
        mount -t proc proc "$0/proc"
        mount --rbind /sys "$0/sys"
        mount -t tmpfs dev "$0/dev"
        mkdir -m 1777 "$0/dev/shm"
        mkdir "$0/dev/pts"
        mount -t devpts -o newinstance,ptmxmode=666 devpts "$0/dev/pts"
        ln -s pts/ptmx "$0/dev/ptmx"
        ln -s /proc/self/fd "$0/dev/fd"
        for name in stdin:0 stdout:1 stderr:2; do ln -s /proc/self/fd/${name#*:} "$0/dev/${name%:*}"; done
        for name in null:3 zero:5 full:7 random:8 urandom:9; do
            mknod -m 666 "$0/dev/${name%:*}" c 1 ${name#*:}
        done
        exec chroot "$0" "$@"' "$folder" "$@"
}

bare() { # SUITE
    local folder=$work/platforms/$1 code=0
    local mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 'debian/*$')}
    rm -rf "$folder"
    mkdir -p "$folder"
    debootstrap --variant=minbase "$1" "$folder" "$mirror" > "$folder.log" 2>&1 ||
        { cat "$folder.log" >&2; return 2; }
    cp -L /etc/resolv.conf "$folder/etc/"
    cp /etc/apt/apt.conf.d/* "$folder/etc/apt/apt.conf.d/" 2> /dev/null || true
    mkdir "$folder/shardstep"
    (cd "$root" && git ls-files -z | tar -c --null -T - ) | tar -x -C "$folder/shardstep"
    unset SHARDSTEP_WORK # the folders are inside
    inside "$folder" env EPOCHS=1 /shardstep/examples/quickstart.sh > "$folder.quickstart" 2>&1 ||
        { tail -n 20 "$folder.quickstart" >&2; echo "$1: examples/quickstart.sh failed" >&2; code=1; }
    inside "$folder" /shardstep/tests/platforms.sh --here ${BUILDS:-release mpich serial} || code=1
    return $code
}

code=0
if [ "${1:-}" = --here ]; then
    shift
    heading
    here ${*:-mpich serial} || code=1
else
    command -v debootstrap > /dev/null && [ "$(id -u)" = 0 ] ||
        { echo "a bare system is made by debootstrap, as root" >&2; exit 2; }
    for suite in ${*:-bookworm trixie}; do
        bare "$suite" || code=1
    done
fi
exit $code
