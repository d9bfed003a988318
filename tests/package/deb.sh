#!/usr/bin/env bash
# The Debian packages of a build with -DSHARDSTEP_DEB=ON: what is in them, on what they depend, and that
# program and library run from where they are unpacked.
#
#   tests/package/deb.sh BUILD
#   SHARDSTEP_BARE=1 tests/package/deb.sh BUILD    also installs them, as root, on a bare Debian 12 that
#                                                  debootstrap makes: SHARDSTEP_BARE=trixie for Debian 13
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
# shellcheck source=tests/package/bare.sh
. "$SOURCE/tests/package/bare.sh"
if ! grep -q '^SHARDSTEP_DEB:BOOL=ON$' "$BUILD/CMakeCache.txt"; then
    echo "SKIPPED: this build makes no packages; configure with -DSHARDSTEP_DEB=ON"
    exit 77
fi
needs dpkg-deb dpkg-shlibdeps file

cpack --config "$BUILD/CPackConfig.cmake" -B "$work/made" > cpack.txt 2>&1 || { cat cpack.txt; fail "cpack"; finish; }
mkdir packages
mv made/*.deb packages/
version=$("$SHARDSTEP" -V | sed 's/^shardstep //')
machine=$(dpkg --print-architecture)
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
lib=usr/lib/$multiarch
package() { # NAME: its file
    echo "packages/$1_$version-1_$2.deb"
}
library=$(package libshardstep0 "$machine")
development=$(package libshardstep-dev "$machine")
tools=$(package shardstep-tools "$machine")
examples=$(package shardstep-examples "$machine")
printf '%s\n' "$library" "$development" "$tools" "$examples" > expected.txt
[ ! -e "$SOURCE/src/python/shardstep" ] || package python3-shardstep all >> expected.txt
sort -o expected.txt expected.txt
printf '%s\n' packages/*.deb | sort > found.txt
same "the packages" expected.txt found.txt
[ "$failures" = 0 ] || finish

# ---- what they say

field() { # PACKAGE NAME
    dpkg-deb --field "$1" "$2"
}
depends() { # PACKAGE PATTERN
    field "$1" Depends | holds -E -- "(^|, )$2(,|\$)" || fail "$1 does not depend on $2: $(field "$1" Depends)"
}
needs_mpi=none
case $MPI_KIND in
openmpi) needs_mpi='libopenmpi[0-9t]+ \(>= [^)]*\)' mpi_dev=libopenmpi-dev ;;
mpich) needs_mpi='libmpich[0-9t]+( \(>= [^)]*\))?' mpi_dev=libmpich-dev ;;
esac
for deb in "$library" "$tools"; do
    depends "$deb" 'libc6 \(>= [^)]*\)'
    depends "$deb" 'libhdf5-[a-z0-9-]+( \(>= [^)]*\))?'
    [ "$needs_mpi" = none ] || depends "$deb" "$needs_mpi"
done
field "$library" Depends | grep -E 'zlib1g|openblas' && fail "the library needs what only programs need"
depends "$development" "libshardstep0 \\(= $version-1\\)"
[ "$needs_mpi" = none ] || depends "$development" $mpi_dev
depends "$examples" "libshardstep0 \\(>= $version\\)"
for deb in packages/*.deb; do
    field "$deb" Maintainer | holds "<.*@.*>" || fail "$deb has no maintainer"
    field "$deb" Description > description.txt
    head -n 1 description.txt | holds '^parallel data loading' || fail "$deb is described as $(head -n 1 description.txt)"
    [ "$(wc -l < description.txt)" -ge 3 ] || fail "$deb has no description: $(cat description.txt)"
    awk 'length > 80 { exit 1 }' description.txt || fail "$deb has a description with lines of over 80 characters"
done

# ---- what is in them

for deb in packages/*.deb; do
    name=$(basename "${deb%%_*}")
    mkdir -p "apart/$name"
    dpkg-deb --extract "$deb" "apart/$name"
    (cd "apart/$name" && find . ! -type d | sed 's/^\.\///' | sort) > "$name.files"
    for file in copyright changelog.Debian.gz; do
        grep -qx "usr/share/doc/$name/$file" "$name.files" || fail "$name has no $file"
    done
    grep -vE '^usr/' "$name.files" && fail "$name has files outside of /usr"
done
sort ./*.files | uniq -d > twice.txt
[ ! -s twice.txt ] || fail "these files are in two packages: $(cat twice.txt)"
has() { # PACKAGE FILE...
    local name=$1 file
    shift
    for file in "$@"; do
        grep -qxF "$file" "$name.files" || fail "$name has no $file"
    done
}
printf '%s\n' "$lib/libshardstep.so.0" "$lib/libshardstep.so.$version" \
    usr/share/doc/libshardstep0/{changelog.Debian.gz,copyright} | sort > expected.txt
same "the files of libshardstep0" expected.txt libshardstep0.files
has libshardstep-dev usr/include/shardstep.h $lib/libshardstep.so $lib/libshardstep.a \
    $lib/pkgconfig/shardstep.pc $lib/cmake/shardstep/shardstep-config.cmake usr/share/doc/shardstep/README.md
has shardstep-tools usr/bin/shardstep usr/share/man/man1/shardstep.1.gz usr/share/man/man1/shardstep-digest.1.gz \
    usr/share/bash-completion/completions/shardstep
has shardstep-examples usr/share/shardstep/examples/monte_carlo.c usr/share/shardstep/examples/CMakeLists.txt \
    usr/share/shardstep/jobscripts/train.sbatch
sed -n 's/^PROGRAM=.*:-\([a-z_]*\)}$/\1/p' apart/shardstep-examples/usr/share/shardstep/jobscripts/*.sbatch | sort -u > programs.txt
[ -s programs.txt ] || fail "the job scripts name no program"
while read -r program; do
    [ ! -x "$BUILD/examples/$program" ] || has shardstep-examples "usr/bin/$program"
done < programs.txt
readelf -d apart/*/usr/bin/* apart/libshardstep0/"$lib"/*.so.0 | grep -E 'R(UN)?PATH' && fail "a program of a package has a path of libraries"
dpkg-deb --info "$library" | holds ' shlibs' || fail "libshardstep0 has no file shlibs"
dpkg-deb --info "$library" | holds ' triggers' || fail "libshardstep0 does not have the loader look anew"

# lintian, where it is: errors fail, and warnings that are not these. initial-upload-closes-no-bugs: no bug of
# Debian's is meant. bogus-mail-host: the maintainer's address is that of who packs. no-manual-page: of the example that job scripts start
if command -v lintian > /dev/null; then
    lintian --tag-display-limit 0 --suppress-tags \
        initial-upload-closes-no-bugs,maintscript-calls-ldconfig,bogus-mail-host,bogus-mail-host-in-debian-changelog packages/*.deb > lintian.txt 2>&1 || true
    grep -E '^[EW]:' lintian.txt | grep -vE 'no-manual-page .*train_fashion' > lintian.bad || true
    [ ! -s lintian.bad ] || fail "lintian: $(cat lintian.bad)"
fi

# ---- from where they are unpacked

mkdir root
for deb in packages/*.deb; do dpkg-deb --extract "$deb" root; done
export LD_LIBRARY_PATH=$work/root/$lib
program=$work/root/usr/bin/shardstep
printf '1,2\n3,4\n5,6\n' > t.csv
"$program" import t.h5 x=csv:1-2:t.csv > /dev/null || fail "import from the unpacked program"
"$program" digest t.h5 --batch 2 > one.txt || fail "digest of the unpacked program"
if [ "$MPI_KIND" != none ]; then
    on 2 "$program" digest t.h5 --batch 1 --vranks 2 > two.txt < /dev/null || fail "digest on 2 ranks"
    "$program" digest t.h5 --batch 1 --vranks 2 > alone.txt
    same "digest of the unpacked program on 1 and 2 ranks" alone.txt two.txt
    export PKG_CONFIG_PATH=$work/root/$lib/pkgconfig
    gcc -std=c11 -D_GNU_SOURCE -ffp-contract=off root/usr/share/shardstep/examples/monte_carlo.c -o monte_carlo \
        $(pkg-config --cflags --libs shardstep) || fail "an example against the unpacked package"
    ./monte_carlo > out.txt || fail "the example"
fi
unset LD_LIBRARY_PATH PKG_CONFIG_PATH

# ---- on a bare Debian

bare() { # SUITE
    local suite=$1 root=$work/bare
    local inside="bare_inside $root"
    bare_make "$suite" "$root" || { fail "debootstrap $suite"; return; }
    mkdir "$root/packages"
    cp packages/*.deb "$root/packages/"
    cp t.csv alone.txt "$root/root/"
    $inside apt-get update -qq
    $inside sh -c 'apt-get install -y -qq /packages/libshardstep0_*.deb /packages/shardstep-tools_*.deb' > "$work/apt.txt" 2>&1 ||
        { tail -n 20 "$work/apt.txt"; fail "installing the packages on $suite"; return; }
    $inside sh -c 'command -v gcc cc cmake' && fail "the bare system has a compiler: it tells nothing about run-time packages"
    $inside sh -c 'dpkg -l | grep -E "^ii  lib(openmpi|mpich|hdf5)[a-z-]*-dev"' && fail "the bare system has development packages"
    $inside sh -ec 'cd /root
        printf "$ shardstep --version\n" && shardstep --version
        shardstep import t.h5 x=csv:1-2:t.csv > /dev/null
        printf "$ shardstep info t.h5\n" && shardstep info t.h5
        printf "$ mpirun -n 2 shardstep digest t.h5 --batch 1 --vranks 2\n"
        mpirun --oversubscribe -n 2 shardstep digest t.h5 --batch 1 --vranks 2 < /dev/null > two.txt
        cat two.txt
        cmp alone.txt two.txt' || fail "the program on $suite"
    $inside sh -c 'apt-get install -y -qq --no-install-recommends gcc libc6-dev pkg-config /packages/libshardstep-dev_*.deb \
        /packages/shardstep-examples_*.deb' > "$work/apt.txt" 2>&1 ||
        { tail -n 20 "$work/apt.txt"; fail "installing the development packages on $suite"; return; }
    $inside sh -ec 'cd /root
        printf "$ gcc monte_carlo.c \$(pkg-config --cflags --libs shardstep)\n"
        gcc -std=c11 -D_GNU_SOURCE -ffp-contract=off /usr/share/shardstep/examples/monte_carlo.c -o monte_carlo \
            $(pkg-config --cflags --libs shardstep)
        ./monte_carlo > one.txt
        mpirun --oversubscribe -n 2 ./monte_carlo < /dev/null > two.txt
        cat two.txt
        ! command -v train_fashion || train_fashion --help > /dev/null' || fail "an example on $suite"
    if compgen -G "$root/packages/python3-shardstep_*.deb" > /dev/null; then
        $inside sh -c 'apt-get install -y -qq --no-install-recommends /packages/python3-shardstep_*.deb' > "$work/apt.txt" 2>&1 ||
            { tail -n 20 "$work/apt.txt"; fail "installing the module of Python on $suite"; return; }
        $inside sh -ec 'printf "$ python3 -c \"import shardstep\"\n"
            python3 -c "import shardstep; print(shardstep.Run, shardstep.Dataset, shardstep.Loader)"' || fail "the module of Python on $suite"
    fi
    $inside sh -c 'apt-get purge -y -qq "*shardstep*"' > "$work/apt.txt" 2>&1 ||
        fail "removing the packages on $suite"
    find "$root/usr" -name '*shardstep*' | grep . && fail "removed packages leave files behind"
    echo "the packages were installed, tried and removed on a bare $suite"
}
if [ -n "${SHARDSTEP_BARE:-}" ]; then
    bare_is_possible > why.txt || { fail "SHARDSTEP_BARE is set, but $(cat why.txt)"; finish; }
    [ "$SHARDSTEP_BARE" != 1 ] || SHARDSTEP_BARE=bookworm
    bare "$SHARDSTEP_BARE"
fi
finish
