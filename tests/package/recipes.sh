#!/usr/bin/env bash
# The recipes of Spack and Apptainer, and the toolchain file, fit the sources: versions, options, files and
# packages that they name are there.
#
#   SHARDSTEP_BARE=1 tests/package/recipes.sh BUILD    also does what the Apptainer file says, as root, on
#                                                      bare Debians that debootstrap makes: about ten minutes
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
# shellcheck source=tests/package/bare.sh
. "$SOURCE/tests/package/bare.sh"
needs python3

python=/usr/bin/python3
[ -x $python ] || python=python3
read_recipe() { $python -B "$SOURCE/tests/package/recipes.py" "$@"; }
version=$("$SHARDSTEP" -V | sed 's/^shardstep //')

# ---- Spack

recipe=$SOURCE/src/package/spack/packages/shardstep/package.py
read_recipe spack "$recipe" > recipe.txt || fail "the recipe of Spack"
grep -qx "versions $version" recipe.txt || fail "the recipe is for $(grep versions recipe.txt), not for $version"
grep -q '^  namespace: shardstep$' "$SOURCE/src/package/spack/repo.yaml" || fail "repo.yaml names no namespace"
grep -oE 'SHARDSTEP_[A-Z0-9_]+' recipe.txt | sort -u > given.txt
sed -nE 's/^(SHARDSTEP_[A-Z0-9]+):(BOOL|STRING|PATH|FILEPATH)=.*/\1/p' "$BUILD/CMakeCache.txt" | sort -u > options.txt
comm -23 given.txt options.txt > unknown.txt
[ ! -s unknown.txt ] || fail "the recipe gives options that CMake does not have: $(tr '\n' ' ' < unknown.txt)"
# every codec and library that a build can do without is a variant, or is left out by name
sed -nE 's/^(SHARDSTEP_(LZF|LZ4|ZSTD|BLOSC2?|JPEG|MPI)):BOOL=.*/\1/p' "$BUILD/CMakeCache.txt" | sort -u > needed.txt
[ "$(wc -l < needed.txt)" -ge 7 ] || fail "only these codecs are options: $(cat needed.txt)"
comm -13 given.txt needed.txt > missing.txt
[ ! -s missing.txt ] || fail "the recipe does not say whether to have $(tr '\n' ' ' < missing.txt)"
grep -q -- '^on .*-DSHARDSTEP_MPI:STRING=ON' recipe.txt && grep -q -- '^off .*-DSHARDSTEP_MPI:STRING=OFF' recipe.txt ||
    fail "the variant mpi changes nothing: $(cat recipe.txt)"

# ---- Apptainer

definition=$SOURCE/src/package/apptainer.def
while read -r from to; do
    [ -e "$SOURCE/$from" ] && [ "$to" = "/src/$from" ] || fail "apptainer.def copies $from to $to"
done < <(read_recipe section "$definition" build files)
for stage in build run; do
    read_recipe section "$definition" $stage post > post.sh
    sh -n post.sh || fail "apptainer.def: %post of the stage $stage"
    grep -q 'apt-get install' post.sh || fail "apptainer.def installs nothing in the stage $stage"
done
# what the build needs by examples/install_debian.sh, but for what only launches, downloads or tests
read_recipe section "$definition" build post | tr -s ' \n\\' '\n' | sort -u > packages.txt
sed -n '/^packages=/,/\$\*"/p' "$SOURCE/examples/install_debian.sh" | tr -s ' ="\n' '\n' |
    grep -vxE 'packages|\$\*|build-essential|openmpi-bin|dataset-fashion-mnist' | grep . | sort -u > needed.txt
[ "$(wc -l < needed.txt)" -ge 15 ] || fail "only these packages were read: $(cat needed.txt)"
comm -13 packages.txt needed.txt > missing.txt
[ ! -s missing.txt ] || fail "apptainer.def does not install $(tr '\n' ' ' < missing.txt)"

# ---- the toolchain file

cat > toolchain.cmake << 'CMAKE'
include("${FILE}")
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL aarch64 OR NOT CMAKE_C_COMPILER STREQUAL aarch64-linux-gnu-gcc)
  message(FATAL_ERROR "another processor or compiler: ${CMAKE_SYSTEM_PROCESSOR} ${CMAKE_C_COMPILER}")
endif()
CMAKE
cmake -DFILE="$SOURCE/src/package/toolchain-arm64.cmake" -P toolchain.cmake > said.txt 2>&1 || fail "toolchain-arm64.cmake: $(cat said.txt)"

# ---- what the Apptainer file says, on bare systems

bare_stage() { # STAGE: in the folder of its name
    read_recipe section "$definition" "$1" post > "$1/post.sh"
    { echo 'set -ex'; cat "$1/post.sh"; } > "$1/all.sh"
    bare_inside "$work/$1" sh /all.sh > "$1.txt" 2>&1 || { tail -n 20 "$1.txt"; fail "%post of the stage $1"; return 1; }
}
bare() {
    local from to
    for stage in build run; do
        bare_make bookworm "$work/$stage" || { fail "debootstrap"; return; }
    done
    while read -r from to; do
        mkdir -p "build/$(dirname "$to")"
        cp -r "$SOURCE/$from" "build/$to"
    done < <(read_recipe section "$definition" build files)
    bare_stage build || return 0
    while read -r from to; do
        [ "$from" = '#' ] || cp -r "build/$from" "run/$to"
    done < <(read_recipe section "$definition" run files)
    bare_stage run || return 0
    { echo 'set -ex'; read_recipe section "$definition" run test; } > run/test.sh
    bare_inside "$work/run" sh /test.sh || fail "%test"
    bare_inside "$work/run" sh -c 'command -v gcc' && fail "the image has a compiler"
    echo "the image was made and tested; it has $(du -sm --exclude=proc "$work/run" | cut -f 1) MB"
}
if [ -n "${SHARDSTEP_BARE:-}" ]; then
    bare_is_possible > why.txt || { fail "SHARDSTEP_BARE is set, but $(cat why.txt)"; finish; }
    bare
fi
finish
