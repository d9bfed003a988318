#!/usr/bin/env bash
# Builds and tests on other platforms, and prints a table of them. A line is a cell: system, build,
# compiler, HDF5, MPI; tests passed, failed and skipped; what must be the same in all cells: the digest of
# a dataset, and the weights of a model in plain C (tests/package/platform.sh). The last line says whether
# all cells agree. Exit code 1 if they do not, or if a test failed.
#
#   tests/platforms.sh [--quick] [SUITE]...     bare Debians of those names (bookworm trixie), as root,
#                                               each with README's two commands and the builds of BUILDS
#   tests/platforms.sh [--quick] --here [BUILD]...      on this system, builds of tests/run.sh
#
# --quick builds only what package.platform needs, and runs it alone: minutes for a build, not an hour.
#
# A run that is interrupted leaves no mounts and no processes. The next one goes on: it keeps a bare system
# that is whole, what is built, and the cells that are done, as long as the sources are the same.
#
# Settings, as environment variables: SHARDSTEP_WORK, a folder for all it makes (build/tests in this
# repository); MIRROR, of Debian (the one that apt uses); BUILDS, those of tests/run.sh to try on each
# system (release mpich serial nompi abi, and arm64 on trixie, s390x on others).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=${SHARDSTEP_WORK:-$root/build/tests}
format='%-10s %-8s %-10s %-7s %-20s %6s %6s %7s  %-32s  %-16s%s\n'
mode=all
[ "${1:-}" != --quick ] || { mode=quick; shift; }

heading() {
    printf "$format" system build compiler HDF5 MPI passed failed skipped digest "plain weights" ""
}

# The cells of files, which have a cell in a line, its columns apart by tabs.
show() { # FILE...
    local columns
    while IFS=$'\t' read -r -a columns; do
        printf "$format" "${columns[@]:0:10}" "${columns[10]:+  ${columns[10]}}"
    done < <(cat "$@")
}

# Whether all cells agree, in a line. A cell without an MPI library that has the build's ABI counts for
# nothing.
verdict() { # FILE...
    cat "$@" | awk -F '\t' '
        $11 ~ /^left out/ { left++; next }
        { cells++ }
        $7 != 0 || $9 == "none" { failed = failed " " $1 "/" $2 }
        !($9 " " $10 in seen) { seen[$9 " " $10] = 1; values++; value = "digest " $9 ", weights " $10 }
        END {
            if (!cells) print "NO CELL WAS RUN"
            else if (failed) print "CELLS FAILED:" failed
            else if (values > 1) print "THE CELLS DIFFER: " values " pairs of digest and weights"
            else print "all " cells " cells agree: " value (left ? " (" left " left out)" : "")
            exit !cells || failed || values > 1
        }'
}

# ---- On this system

attribute() { # NAME FILE: of the results' first element
    grep -om 1 "[[:space:]]$1=\"[0-9]*\"" "$2" | tr -dc 0-9
}

# What --version of a launcher says, in two words.
mpi_of() { # LAUNCHER
    "$1" --version 2> /dev/null | sed -n 's/.*(Open[^)]*) */Open MPI /p
        s/^Intel.*Version \([^ ]*\).*/Intel MPI \1/p; s/.*Version: */MPICH /p' | head -n 1
}

# The cell of a build's results. Another launcher than that of the build has run them, if one is given.
row() { # BUILD RESULTS [LAUNCHER]
    local build=$work/$1 results=$2 launcher=${3:-} system compiler all failed skipped values mpi=none
    local cache=$build/CMakeCache.txt
    system=$(. /etc/os-release && echo "$ID$VERSION_ID")
    [ -e "$results" ] || {
        printf '%s\t%s\t-\t-\t-\t0\t1\t0\tnone\tnone\tno results\n' "$system" "$1"
        return
    }
    compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$cache")
    compiler="gcc $("$compiler" -dumpfullversion)"
    launcher=${launcher:-$(sed -n 's/^SHARDSTEP_MPIRUN:[A-Z]*=//p' "$cache")}
    [ -z "$launcher" ] || mpi=$(mpi_of "$launcher")
    all=$(attribute tests "$results") failed=$(attribute failures "$results")
    skipped=$(($(attribute skipped "$results") + $(attribute disabled "$results")))
    values=$(sed -nE 's/.*values: ([0-9a-f]{32} [0-9a-f]{16})$/\1/p' "$results" | head -n 1)
    values=${values:-none none}
    printf '%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t\n' "$system" "$1" "$compiler" \
        "$(sed -n 's/.*HDF5 \([0-9.]*\): .*/\1/p' "$work/$1.log" | head -n 1)" "${mpi:-unknown}" \
        $((all - failed - skipped)) "$failed" "$skipped" "${values%% *}" "${values##* }"
}

left_out() { # BUILD MPI REASON
    printf '%s\t%s\t-\t-\t%s\t0\t0\t0\t-\t-\tleft out: %s\n' "$(. /etc/os-release && echo "$ID$VERSION_ID")" "$@"
}

# Builds, runs the tests, and writes what came of it to a file, a cell in a line.
cells() { # BUILD FILE
    local build=$1 file=$2 library why
    rm -f "$file" "$work/$build".xml "$work/$build".*.xml
    if [ $mode = quick ]; then
        quick "$build"
    else
        "$root/tests/run.sh" "$build"
    fi > "$work/$build.out" 2>&1 || true
    if [ "$build" != abi ]; then
        row "$build" "$work/$build.xml"
    elif why=$(grep -o 'SKIPPED: .*' "$work/abi.out"); then
        left_out abi - "${why##*abi: }"
    else
        for library in mpich impi openmpi; do
            why=$("$root/tests/abi.sh" lacks "$work/mpi" $library)
            [ -z "$why" ] || { left_out abi - "$why"; continue; }
            row abi "$work/abi.$library.xml" "$work/mpi/$library/bin/mpiexec"
        done
    fi > "$file.new"
    mv "$file.new" "$file"
}

quick() { # BUILD
    SHARDSTEP_TARGETS="shardstep_program plain_model" "$root/tests/run.sh" --build "$1" || return
    if [ "$1" != abi ]; then
        (cd "$work/$1" && ctest --output-on-failure --test-output-size-passed 65536 --output-junit "$work/$1.xml" -R '^package\.platform$')
    elif [ -e "$work/abi" ]; then
        "$root/tests/abi.sh" run "$work/mpi" "$work/abi" "$work/abi" -R '^package\.platform$'
    fi
}

here() { # BUILD...
    local build files=()
    mkdir -p "$work"
    for build in "$@"; do
        cells "$build" "$work/$mode.$build.cells"
        files+=("$work/$mode.$build.cells")
    done
    table "${files[@]}"
}

table() { # FILE...
    heading
    show "$@"
    verdict "$@"
}

# ---- On bare systems

# Runs a command whose mounts and processes end with it, or with this script, whatever ends it.
contained() { # command...
    setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child=KILL "$@" < /dev/null &
    wait $! # in the background, for unshare blocks the signal that shall end this script
}

# Runs a command in a bare system in a folder, with devices of its own, which a defective program, as root,
# could replace. The folder is the root of its mounts, as on a machine, so that tests may make mounts of theirs.
inside() { # FOLDER command...
    local folder=$1
    shift
    contained bash -c 'set -e
        mount --bind "$0" "$0"
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
        cd "$0"
        pivot_root . mnt
        umount -l mnt
        exec chroot . "$@"' "$folder" "$@"
}

# A bare system, unless it is there.
make_system() { # SUITE FOLDER
    local mirror
    [ ! -e "$2.made" ] || return 0
    mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 'debian/*$')}
    rm -rf --one-file-system "$2"
    mkdir -p "$2"
    contained debootstrap --variant=minbase "$1" "$2" "$mirror" > "$2.log" 2>&1 || { cat "$2.log" >&2; return 2; }
    cp -L /etc/resolv.conf "$2/etc/"
    cp /etc/apt/apt.conf.d/* "$2/etc/apt/apt.conf.d/" 2> /dev/null || true
    mkdir -p "$2/usr/local/share/ca-certificates" # of this site, which pip may need
    cp -L /usr/local/share/ca-certificates/* "$2/usr/local/share/ca-certificates/" 2> /dev/null || true
    echo force-unsafe-io > "$2/etc/dpkg/dpkg.cfg.d/unsafe" # the system is thrown away
    touch "$2.made"
}

# The sources in a bare system. Others than those that are there take with them the cells that are done.
copy_sources() { # FOLDER
    local into=$1/shardstep sum
    sum=$(cd "$root" && git ls-files -z | xargs -0 sha256sum | sha256sum)
    [ "$(cat "$into/.sources" 2> /dev/null)" != "$sum" ] || return 0
    mkdir -p "$into/build/tests"
    find "$into" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
    rm -f "$into"/build/tests/*.cells "$into/build/tests/quickstart.done"
    (cd "$root" && git ls-files -z | tar -c --null -T -) | tar -x -m -C "$into"
    echo "$sum" > "$into/.sources"
}

say() {
    printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2
}

# README's two commands.
quickstart() { # SUITE FOLDER
    local done=$2/shardstep/build/tests/quickstart.done
    [ ! -e "$done" ] || return 0
    say "$1: examples/quickstart.sh"
    inside "$2" env EPOCHS=1 /shardstep/examples/quickstart.sh > "$2.quickstart" 2>&1 ||
        { tail -n 20 "$2.quickstart" >&2; echo "$1: examples/quickstart.sh failed" >&2; return 1; }
    touch "$done"
}

bare() { # SUITE: its cells are in its folder afterwards
    local folder=$work/platforms/$1 code=0 build builds option=
    make_system "$1" "$folder"
    copy_sources "$folder"
    [ $mode = all ] || option=--quick
    [ $mode = quick ] || quickstart "$1" "$folder" || code=1
    builds=${BUILDS:-release mpich serial nompi abi $([ "$1" = trixie ] && echo arm64 || echo s390x)}
    # what builds have in common is compiled once
    inside "$folder" env DEBIAN_FRONTEND=noninteractive sh -ec 'apt-get update -qq
        apt-get install -y -qq --no-install-recommends ca-certificates ccache python3-venv' > "$folder.ccache" 2>&1 ||
        { cat "$folder.ccache" >&2; return 2; }
    for build in $builds; do
        cells=$folder/shardstep/build/tests/$mode.$build.cells
        if [ ! -e "$cells" ]; then
            say "$1: $build"
            inside "$folder" env -u SHARDSTEP_WORK CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=/shardstep \
                CCACHE_DIR=/shardstep/build/ccache /shardstep/tests/platforms.sh $option --here "$build" \
                > "$folder.$build.out" 2>&1 || true
        fi
        [ -e "$cells" ] || { cat "$folder.$build.out" >&2; echo "$1: $build has no results" >&2; return 2; }
        files+=("$cells")
    done
    return $code
}

code=0
if [ "${1:-}" = --here ]; then
    shift
    here ${*:-mpich serial}
else
    command -v debootstrap > /dev/null && [ "$(id -u)" = 0 ] ||
        { echo "a bare system is made by debootstrap, as root" >&2; exit 2; }
    files=()
    for suite in ${*:-bookworm trixie}; do
        bare "$suite" || code=$?
        [ $code != 2 ] || exit 2
    done
    table "${files[@]}" || code=1
    exit $code
fi
