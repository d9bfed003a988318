#!/usr/bin/env bash
# Installs what is missing (Debian 12 or 13, as root or with sudo), builds, and runs every test.
#
#   tests/run.sh              all builds but serial and coverage: release, address and undefined
#                             sanitizers, clang, MPICH, without MPI, what has threads under the
#                             thread sanitizer, lint, which builds nothing (see tests/lint.sh), and
#                             cluster
#   tests/run.sh release      one or several of: release sanitize thread clang mpich nompi serial lint
#                             cluster coverage
#   tests/run.sh abi          by the ABI of the MPI-5 standard, with MPI libraries of PyPI: see tests/abi.sh
#   tests/run.sh arm64        or s390x: without MPI for an emulated processor, as root: see tests/foreign.sh
#   tests/run.sh cluster      the job scripts on a Slurm cluster in namespaces of this machine, as root:
#                             see tests/cluster/run.sh. Skipped where no such cluster can be made,
#                             unless SHARDSTEP_NO_SKIP=1 is set: then it fails
#   tests/run.sh --build release   builds and runs nothing; then `cd build/tests/release` and, say,
#                             `ctest -R unit.test_order --output-on-failure`
#   tests/run.sh --platforms  a table of platforms, on bare Debians; `--platforms --quick` for the
#                             digest and the weights alone: see tests/platforms.sh
#
# coverage compares the lines that tests run with the floors of tests/coverage.txt. It takes longer
# than CI has, so it is run on request.
#
# SHARDSTEP_WORK is a folder for the builds: build/tests in this repository unless it is set.
# SHARDSTEP_TARGETS, if it is set, are the only targets to build. With SHARDSTEP_NO_SKIP=1 the test
# cluster, the Python wheel and the build abi fail where they would be skipped.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=${SHARDSTEP_WORK:-$root/build/tests}
[ "${1:-}" != --platforms ] || { shift; exec "$root/tests/platforms.sh" "$@"; }
only_build=
[ "${1:-}" != --build ] || { shift; only_build=yes; }
builds=${*:-lint sanitize thread clang mpich nompi release cluster}
# Ranks and scripts wait much of their time, so that more of them run than there are cores.
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$((4 * $(nproc)))}

packages="hdf5-tools xxhash clang clang-format libclang-rt-dev g++ gcc binutils procps gcc-aarch64-linux-gnu
    gcc-s390x-linux-gnu libc6-dev-arm64-cross libc6-dev-s390x-cross qemu-user-static python3-h5py python3-numpy
    python3-pil python-tables-data time mpich libmpich-dev libhdf5-mpich-dev libhdf5-dev gdb valgrind clang-tidy
    cppcheck shellcheck doxygen gcovr git mandoc groff-base dpkg-dev file python3-mpi4py python3-torch python3-venv
    patchelf libaec-dev"
[ "$builds" != cluster ] || packages=
# shellcheck disable=SC2086
"$root/examples/install_debian.sh" libcunit1-dev $packages

# Builds that users do not make are optimised little, where gcc takes some texts to be longer than they are, and linked
# by a faster linker, which not every system has.
quick=(-DCMAKE_BUILD_TYPE=Quick "-DCMAKE_C_FLAGS_QUICK=-O1 -DNDEBUG -Wno-format-truncation")
gold=()
! command -v ld.gold > /dev/null || gold=(-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=gold)

# What the tests that ctest would run need, as targets of Ninja: programs, and what scripts say of BUILD.
targets_of() { # NAME ctest options...
    local folder=$work/$1 word
    shift
    (cd "$folder" && ctest -N -V "$@" 2>&1) | sed -n 's/^[0-9]*: Test command: //p; s/^Could not find executable //p' | tr ' ' '\n' | tr -d '"' | sort -u |
        while read -r word; do
            case $word in
            "$folder"/*) echo "${word#"$folder"/}" ;;
            "$root"/*.sh) { grep -ohE '\$\{?BUILD\}?"?/[A-Za-z0-9_./]+' "$word" || true; } | sed 's,[^/]*/,,' && echo shardstep ;;
            esac
        done | sort -u | comm -12 - <(ninja -C "$folder" -t targets all | sed 's/:.*//' | sort -u)
}

choice=() # options of ctest, for a build of which only some tests are run
programs= # targets; empty: all that these tests need
build() { # NAME options...
    local name=$1 targets=${SHARDSTEP_TARGETS:-$programs}
    shift
    {
        cmake -S "$root" -B "$work/$name" -G Ninja -DSHARDSTEP_WERROR=ON "$@" &&
            { [ -n "$only_build$targets" ] || [ ${#choice[@]} = 0 ] || targets=$(targets_of "$name" "${choice[@]}"); } &&
            cmake --build "$work/$name" ${targets:+--target} $targets
    } > "$work/$name.log" 2>&1 || {
        cat "$work/$name.log" >&2
        echo "the $name build failed" >&2
        exit 1
    }
}

build_release() {
    build release -DCMAKE_BUILD_TYPE=Release "-DSHARDSTEP_TEST_RANKS=1;2;5"
}

run() { # NAME
    [ -z "$only_build" ] || { echo "$work/$1"; return 0; }
    printf '\n== %s build\n' "$1"
    (cd "$work/$1" && ctest --output-on-failure --test-output-size-passed 65536 --output-junit "$work/$1.xml" "${choice[@]}")
}

# The packages' daemons must not start: the test starts its own.
install_cluster() {
    local policy=/usr/sbin/policy-rc.d made=
    if [ "$(id -u)" = 0 ] && [ ! -e $policy ]; then
        made=yes
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' > $policy
        chmod +x $policy
    fi
    "$root/examples/install_debian.sh" slurmctld slurmd slurm-client munge slurm-wlm-basic-plugins iproute2 util-linux \
        python3-numpy python3-torch
    [ -z $made ] || rm -f $policy
}

# It runs alone: a job has a limit of time, and its nodes share the cores of this machine.
run_cluster() {
    local code=0
    printf '\n== cluster\n'
    setpriv --pdeathsig TERM "$root/tests/cluster/all.sh" "$work/release" || code=$?
    [ $code = 77 ] || return $code
    [ "${SHARDSTEP_NO_SKIP:-}" != 1 ] || { echo "FAILED: the cluster is required here (SHARDSTEP_NO_SKIP)" >&2; return 1; }
}

case " $builds " in
*" cluster "*) ! "$root/tests/cluster/cluster.sh" --possible > /dev/null || install_cluster ;;
esac
mkdir -p "$work"
for name in $builds; do
    choice=() programs=
    case $name in
    release) # everything; 3 ranks are in the other builds
        build_release
        run release
        ;;
    sanitize) # with sanitizers gcc warns of what the other builds know to be sound
        choice=(-L '^(unit|mpi)$')
        build sanitize -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -DNDEBUG" "${gold[@]}" \
            -DSHARDSTEP_WERROR=OFF -DSHARDSTEP_SANITIZE=address,undefined -DSHARDSTEP_TEST_RANKS=3 -DSHARDSTEP_EXAMPLES=OFF
        run sanitize
        ;;
    thread)
        choice=(-R '^(unit\.test_(pool|decodes|fetch|fetch_errors|field|field_corners|filter|filter_codecs|gather|store|resident|keep|step_batches|ahead|ahead_errors)|mpi\.test_loader(_cursor|_errors)?(_ahead)?\.3|mpi\.test_checkpoint_later\.3)$')
        build thread -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -DNDEBUG" "${gold[@]}" \
            -DSHARDSTEP_WERROR=OFF -DSHARDSTEP_SANITIZE=thread -DSHARDSTEP_TEST_RANKS=3 -DSHARDSTEP_EXAMPLES=OFF
        run thread
        ;;
    clang)
        choice=(-L '^(unit|mpi)$')
        build clang -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang -DSHARDSTEP_ASSERTS=ON "${gold[@]}" \
            -DSHARDSTEP_TEST_RANKS=3
        run clang
        ;;
    mpich | serial) # the other MPI library, and an HDF5 without MPI; pure rooms have neither
        option="-DMPI_C_COMPILER=mpicc.mpich -DSHARDSTEP_DEB=ON" # and Debian packages, which package.deb looks at
        [ $name = mpich ] || option=-DSHARDSTEP_HDF5=serial
        # other builds try ranks that something else than MPI joins (_gathered), and threads that read ahead:
        # another MPI library does not change these
        choice=(-LE '^pure$' -E '_(gathered|ahead)' -R '^(unit|mpi)\.|^cli\.(launcher|import_ranks|stats)$|^package\.(platform|deb)$')
        [ $name = serial ] || programs=all # package.deb installs it
        # shellcheck disable=SC2086
        build $name "${quick[@]}" "${gold[@]}" $option -DSHARDSTEP_TEST_RANKS=3
        RANKS='1 2 3' run $name
        ;;
    nompi)
        choice=(-LE '^pure$' -R '^unit\.|^package\.(nompi|layers|headers|nulls|abi|pages|platform)$|^python\.wheel$')
        programs=all # package.nompi installs it
        build nompi "${quick[@]}" "${gold[@]}" -DSHARDSTEP_MPI=OFF
        run nompi
        ;;
    abi) # with the HDF5 that needs no MPI; only what is run is built
        tests="agree calls tree dataset loader loader_errors gradient buckets checkpoint checkpoint_later window"
        if "$root/tests/abi.sh" install "$work/mpi"; then
            programs="shardstep_program plain_model levels test_${tests// / test_}"
            build abi -DCMAKE_BUILD_TYPE=Release "-DMPI_C_COMPILER=$work/mpi/mpich/bin/mpicc_abi" \
                -DSHARDSTEP_TEST_RANKS=3 -DSHARDSTEP_EXAMPLES=OFF
            [ -n "$only_build" ] || "$root/tests/abi.sh" run "$work/mpi" "$work/abi" "$work/abi" \
                -R "^mpi\.(levels|test_(${tests// /|}))\.3$|^package\.platform$"
        elif [ $? != 77 ] || [ "${SHARDSTEP_NO_SKIP:-}" = 1 ]; then
            exit 1
        fi
        ;;
    arm64 | s390x)
        machine=s390x
        [ $name = s390x ] || machine=aarch64
        system=$work/$name.system
        "$root/tests/foreign.sh" $name "$system"
        choice=(-R '^package\.platform$')
        programs="shardstep_program plain_model"
        PKG_CONFIG_SYSROOT_DIR=$system \
            PKG_CONFIG_LIBDIR=$system/usr/lib/$machine-linux-gnu/pkgconfig:$system/usr/share/pkgconfig \
            build $name -DCMAKE_BUILD_TYPE=Release -DSHARDSTEP_MPI=OFF -DCMAKE_SYSTEM_NAME=Linux \
            -DCMAKE_SYSTEM_PROCESSOR=$machine -DCMAKE_C_COMPILER=$machine-linux-gnu-gcc \
            "-DCMAKE_SYSROOT=$system" \
            -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
            -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-$machine-static;-L;$system"
        run $name
        ;;
    lint)
        [ -n "$only_build" ] || SHARDSTEP_WORK=$work "$root/tests/lint.sh"
        ;;
    cluster)
        programs="shardstep train_fashion plain_train"
        build_release
        [ -n "$only_build" ] || run_cluster
        ;;
    coverage)
        choice=(-L '^(unit|mpi|cli|fault)$' -E '^(cli\.(dieharder|train|examples)|fault\.hostile)$')
        build coverage -DCMAKE_BUILD_TYPE=Debug -DSHARDSTEP_TEST_RANKS=3 -DSHARDSTEP_EXAMPLES=OFF \
            "-DCMAKE_C_FLAGS=--coverage -fprofile-update=prefer-atomic -O1"
        find "$work/coverage" -name '*.gcda' -delete
        run coverage
        [ -n "$only_build" ] || "$root/tests/coverage.sh" "$work/coverage"
        ;;
    *)
        echo "there is no build '$name': release, sanitize, thread, clang, mpich, nompi, serial, abi, arm64, s390x, lint, cluster or coverage" >&2
        exit 2
        ;;
    esac
done
