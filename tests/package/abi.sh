#!/usr/bin/env bash
# What a program that was linked with the library relies on: its functions with their arguments, the
# members of its structs, the numbers of its enumerations. tests/package/abi.txt has them. A change shows
# here, so that none is made unawares, and none of a released version without another soname.
#
#   tests/package/abi.sh BUILD            compares
#   tests/package/abi.sh BUILD --write    writes abi.txt anew, after a change that is meant
set -euo pipefail
[ "${*: -1}" = --write ] && write=yes || write=
. "$(dirname "$0")/../cli/common.sh"
needs gcc clang nm readelf

list=$SOURCE/tests/package/abi.txt
mpi=-DSHARDSTEP_NO_MPI
[ "$MPI_KIND" = none ] || mpi=$(sed -n 's/^MPI_C_HEADER_DIR:PATH=/-I/p' "$BUILD/CMakeCache.txt")
version=$("$SHARDSTEP" -V | sed 's/^shardstep //')
flags="-std=gnu11 $mpi -I$SOURCE/include"
printf '#include <shardstep.h>\n#include <shardstep/must.h>\n' > all.c

# functions that are declared and not defined in a header
gcc $flags -fsyntax-only -aux-info prototypes.txt all.c
sed -n "s|^/\* $SOURCE/include/[^ ]*:NC \*/ extern \(.*\);\$|function \1|p" prototypes.txt |
    sed 's/_Bool/bool/g; s/  */ /g' | sort > functions.txt
# the members of structs: where each begins, and the size of all
clang $flags -Xclang -fdump-record-layouts-complete -fsyntax-only all.c 2> /dev/null > layouts.txt
awk '/^\*\*\* Dumping AST Record Layout/ { text = ""; next }
     match($0, /\[sizeof=[0-9]+/) { if (name ~ /^shs_/) print "struct " name, substr($0, RSTART + 8, RLENGTH - 8) ":" text
                                    text = ""; name = ""; next }
     / \| / { if (text == "" && name == "") { name = $NF; next }
              if ($0 ~ /\| (struct|union)/ && $0 !~ /\|   /) next
              text = text " " $1 "@" $NF }' layouts.txt | sort -u > structs.txt
gcc $flags -E -P all.c | grep -owE 'SHS_[A-Z0-9_]+' | sort -u > names.txt
{
    printf '#include <stdio.h>\n#include <shardstep/must.h>\n#include <shardstep.h>\nint main(void)\n{\n'
    sed 's/.*/    printf("enum & %lld\\n", (long long)&);/' names.txt
    printf '    return 0;\n}\n'
} > enums.c
gcc $flags enums.c -o enums -Wl,--unresolved-symbols=ignore-all
./enums | sort > enums.txt
soname=$(readelf -d "$BUILD/libshardstep.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
for part in functions structs enums; do
    [ "$(wc -l < $part.txt)" -ge 30 ] || fail "only $(wc -l < $part.txt) $part were found: the test tests nothing"
done

# Exported is what the headers declare, neither more nor less, from both libraries.
sed -E 's/.*\b(shs_[a-z0-9_]+) \(.*/\1/' functions.txt | sort > declared.txt
nm -D --defined-only "$BUILD/libshardstep.so" | awk '$2 ~ /[A-Z]/ { print $3 }' | sort > shared.txt
nm -g --defined-only "$BUILD/libshardstep.a" | awk 'NF == 3 { print $3 }' | sort > static.txt
same "what the shared library exports, and the headers declare" declared.txt shared.txt
same "what the static library exports, and the headers declare" declared.txt static.txt
[ "$soname" = libshardstep.so.0 ] || grep -q "^soname $soname\$" "$list" || fail "the soname is $soname"

{
    echo "version ${version%.*}"
    echo "soname $soname"
    cat functions.txt structs.txt enums.txt
} > now.txt
[ -s "$list" ] || { [ -n "$write" ] && : > "$list"; }
# a build without MPI lacks functions that take a communicator
if [ "$MPI_KIND" = none ]; then grep -v MPI_Comm "$list"; else cat "$list"; fi > then.txt || true
comm -23 <(sort then.txt) <(sort now.txt) > gone.txt
comm -13 <(sort then.txt) <(sort now.txt) > new.txt
unreleased=
! grep -q "^## $version, not released yet" "$SOURCE/.github/CHANGELOG.md" || unreleased=yes
if [ -n "$write" ]; then
    [ "$MPI_KIND" != none ] || { fail "a build without MPI lacks functions: write by another one"; finish; }
    if [ -s gone.txt ] && [ -z "$unreleased" ] && grep -qx "soname $soname" "$list"; then
        fail "version $version is released, and programs that are linked with it rely on: $(cat gone.txt)
raise SHS_VERSION_MINOR in include/shardstep/status.h and SOVERSION in CMakeLists.txt first"
        finish
    fi
    cp now.txt "$list"
elif [ -s gone.txt ] || [ -s new.txt ]; then
    cut -c 1-300 gone.txt | sed 's/^/- /' >&2
    cut -c 1-300 new.txt | sed 's/^/+ /' >&2
    fail "the binary interface is not that of tests/package/abi.txt: gone or changed (-), new or changed (+).
If it is meant: 'tests/package/abi.sh BUILD --write'${unreleased:+; version $version is not released yet, so programs are built anew}.
Of a released version, what is gone or changed also needs another SHS_VERSION_MINOR and SOVERSION"
fi
finish
