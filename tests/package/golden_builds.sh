# Sourced by golden.sh and golden_augment.sh behind cli/common.sh: compile() builds a program that
# prints hashes, and the sources that it needs, with any compiler and options. $sources has these
# sources, and $includes the options with the folders of their headers.
export sources includes
# the flags of the build
export flags="-std=c11 -D_GNU_SOURCE -ffp-contract=off -fno-math-errno -fno-trapping-math"
avx512=$(grep -o -m1 '"-mavx512[^"]*"' "$SOURCE/CMakeLists.txt" | tr -d '"' | tr ';' ' ')
# by the letter of C11, gcc computes with floats as doubles on s390x; clang does not know the flag
gcc_flags=$(grep -o -m1 -e -fexcess-precision=fast "$SOURCE/CMakeLists.txt" || true)
export avx512 gcc_flags
for flag in $flags $avx512 -mavx2; do
    [ "$flag" = -std=c11 ] || grep -q -- "${flag#-D}" "$SOURCE/CMakeLists.txt" ||
        fail "the build does not use $flag"
done

# No other header of this machine: they would be wrong for another.
mkdir headers
for folder in "$(sed -n 's/^SHARDSTEP_RANDOM123_INCLUDE:[A-Z]*=//p' "$BUILD/CMakeCache.txt")" \
    "$(sed -n 's/^SHARDSTEP_libxxhash_INCLUDEDIR:[A-Z]*=//p' "$BUILD/CMakeCache.txt")" /usr/include; do
    for header in Random123 xxhash.h xxh3.h; do
        [ ! -e "$folder/$header" ] || ln -sfn "$folder/$header" "headers/$header"
    done
done

compile() { # FOLDER COMPILER options...
    local folder=$1 compiler=$2 file extra
    shift 2
    mkdir "$folder"
    for file in $sources; do
        extra=
        case $compiler:$file in
        *-linux-gnu-gcc:*avx*) ;;
        *avx512.c) extra=$avx512 ;;
        *avx2.c) extra=-mavx2 ;;
        *golden_*.c) extra=-O2 ;; # it only sums up
        *core_hash.c) extra=-DXXH_INLINE_ALL ;; # another machine's library is not here
        esac
        case $compiler in *gcc) extra="$extra $gcc_flags" ;; esac
        # shellcheck disable=SC2086
        "$compiler" $flags "$@" $extra -isystem headers $includes -c "$file" \
            -o "$folder/$(basename "$file" .c).o" || return 1
    done
    "$compiler" "$@" "$folder"/*.o -o "$folder/golden"
}

# One that is not installed is told of, and no failure.
has() {
    command -v "$1" > /dev/null || { echo "skipped: $1 is not installed" >> results.txt; return 1; }
}
export -f compile
