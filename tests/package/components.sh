#!/usr/bin/env bash
# What is installed: each file belongs to one component, the job scripts' programs are there, a prefix can
# be moved and have a space in its name, and all of it can be removed again.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs gcc pkg-config readelf

# ---- components

parts="runtime development tools doc examples jobscripts"
[ ! -e "$SOURCE/src/python/shardstep" ] || parts="$parts python"
cmake --install "$BUILD" --prefix "$work/all" > install.txt || fail "cmake --install"
(cd all && find . ! -type d | sort) > all.files
for part in $parts; do
    cmake --install "$BUILD" --prefix "$work/part.$part" --component "$part" > install.txt || fail "the component $part"
    (cd "part.$part" && find . ! -type d | sort) > "$part.files"
    [ -s "$part.files" ] || fail "the component $part has no files"
done
cat $(printf '%s.files ' $parts) | sort > parts.files
same "the files of all components together" all.files parts.files
[ -z "$(uniq -d parts.files)" ] || fail "in several components: $(uniq -d parts.files)"
has() { # COMPONENT PATTERN: of a file
    grep -qE -- "^\./$2\$" "$1.files" || fail "the component $1 has no $2: $(head -n 20 "$1.files" | tr '\n' ' ')"
}
grep -vE '/libshardstep\.so\.[0-9.]+$' runtime.files && fail "more than the library in the component runtime"
has runtime 'lib.*/libshardstep\.so\.0'
has development 'lib.*/libshardstep\.so'
has development 'lib.*/libshardstep\.a'
has development 'include/shardstep\.h'
has development 'lib.*/pkgconfig/shardstep\.pc'
has tools bin/shardstep
has tools 'share/man/man1/shardstep-digest\.1(\.gz)?'
has tools 'share/bash-completion/completions/shardstep'
has doc 'share/doc/shardstep/(README\.md|LICENSE)'
has doc 'share/doc/shardstep/guides/install\.md'
has examples 'share/shardstep/examples/monte_carlo\.c'
has jobscripts 'share/shardstep/jobscripts/train\.sbatch'
for header in "$SOURCE"/include/shardstep/*.h; do
    grep -qx "./include/shardstep/${header##*/}" development.files || fail "${header##*/} is not installed"
done

# The program needs no other component.
"part.tools/bin/shardstep" --version | holds -x 'shardstep [0-9.]*' || fail "the component tools alone"

# ---- programs that job scripts start

sed -n 's/^PROGRAM=.*:-\([a-z_]*\)}$/\1/p' all/share/shardstep/jobscripts/*.sbatch | sort -u > programs.txt
[ -s programs.txt ] || fail "the job scripts name no program"
for script in all/share/shardstep/jobscripts/*.sbatch all/share/shardstep/jobscripts/*.sh; do
    [ -x "$script" ] || fail "$script cannot be executed"
    bash -n "$script" || fail "$script"
done

# ---- another prefix, with a space in its name, without any variable that names it

mv all "a prefix"
"a prefix/bin/shardstep" --version > /dev/null || fail "the program of a prefix that was moved"
while read -r program; do
    [ -x "$BUILD/examples/$program" ] || continue
    [ -x "a prefix/bin/$program" ] || { fail "the job scripts start $program, which is not installed"; continue; }
    if ! grep -qx 'CMAKE_INSTALL_PREFIX:PATH=/usr' "$BUILD/CMakeCache.txt"; then
        "a prefix/bin/$program" --help > /dev/null || fail "$program of a prefix that was moved"
    fi
done < programs.txt

# ---- array.sbatch, of which Slurm runs a copy, finds train.sbatch

mkdir -p spool tools submitted submitted/mine
cp "a prefix/share/shardstep/jobscripts/array.sbatch" spool/slurm_script
printf '#!/bin/bash\nprintf "%%s " "$@"\necho\n' > tools/srun
printf '#!/bin/bash\necho "   Command=$SUBMITTED"\n' > tools/scontrol
chmod +x tools/*
# array TRAIN_SBATCH [VARIABLE=VALUE...]: with a PATH that has no shardstep but that of a variable
array() {
    local expected=$1 code=0
    shift
    env -u TRAIN PATH="$work/tools:/usr/bin:/bin" SUBMITTED= SLURM_SUBMIT_DIR="$work/submitted" SLURM_JOB_ID=9 SLURM_ARRAY_TASK_ID=3 \
        DATA=d.h5 "$@" bash spool/slurm_script --epochs 2 > out.txt 2> err.txt || code=$?
    if [ -z "$expected" ]; then
        [ "$code" != 0 ] && [ ! -s out.txt ] && grep -q 'there is no train.sbatch in .*; name it by TRAIN=' err.txt ||
            fail "array.sbatch without a train.sbatch: code $code, $(cat out.txt err.txt)"
        return
    fi
    [ "$code" = 0 ] && grep -qxF "seed 3: $expected" out.txt &&
        grep -q 'train_fashion --data d.h5 .*--seed 3 --epochs 2 $' out.txt ||
        fail "array.sbatch with ${*:-no variable}: expected $expected, code $code, came $(cat out.txt err.txt)"
}
[ -e /usr/bin/shardstep ] || array ''
array "$work/a prefix/bin/../share/shardstep/jobscripts/train.sbatch" PATH="$work/tools:$work/a prefix/bin:/usr/bin:/bin"
array "$work/a prefix/share/shardstep/jobscripts/train.sbatch" SUBMITTED="$work/a prefix/share/shardstep/jobscripts/array.sbatch --epochs 2"
cp "a prefix/share/shardstep/jobscripts/train.sbatch" submitted/
array "$work/submitted/train.sbatch" SUBMITTED="$work/a prefix/share/shardstep/jobscripts/array.sbatch"
mv submitted/train.sbatch submitted/mine/
array "$work/submitted/mine/train.sbatch" TRAIN="$work/submitted/mine/train.sbatch"

if [ "$MPI_KIND" != none ]; then
    PKG_CONFIG_PATH=$(dirname "$(find "$work/a prefix" -name shardstep.pc)")
    export PKG_CONFIG_PATH
    eval "gcc -std=c11 -D_GNU_SOURCE -ffp-contract=off 'a prefix/share/shardstep/examples/monte_carlo.c' -o monte_carlo \
        $(pkg-config --cflags --libs shardstep) '-Wl,-rpath,$(dirname "$(find "$work/a prefix" -name libshardstep.so)")'" ||
        fail "a program by pkg-config, of a prefix with a space: $(pkg-config --cflags --libs shardstep)"
    ./monte_carlo > out.txt || fail "the program by pkg-config"
fi

# ---- and away again

mkdir lists
(cd "a prefix" && find . ! -type d | sed "s|^\.|$work/a prefix|") > lists/install_manifest.txt
: > "a prefix/share/shardstep/mine"
cmake -DBUILD="$work/lists" -P "$SOURCE/src/package/uninstall.cmake" > removed.txt || fail "uninstall"
find "a prefix" ! -type d > left.txt
echo "a prefix/share/shardstep/mine" > expected.txt
same "what is left after uninstall" expected.txt left.txt
[ -d "a prefix/share/shardstep" ] && [ ! -e "a prefix/share/shardstep/examples" ] && [ ! -e "a prefix/include/shardstep" ] ||
    fail "folders after uninstall: $(find "a prefix" -type d)"
cmake -DBUILD="$work/lists" -P "$SOURCE/src/package/uninstall.cmake" > said.txt 2>&1 && fail "uninstall of nothing"
tr -s ' \n' ' ' < said.txt | holds 'nothing was installed from .*: it has no install_manifest.txt' || fail "uninstall of nothing says: $(cat said.txt)"
finish
