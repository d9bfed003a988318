#!/usr/bin/env bash
# What tools say of the code without running it: clang-tidy (.clang-tidy), cppcheck
# (tests/cppcheck.txt), shellcheck (.shellcheckrc) and Doxygen (src/doc/Doxyfile). Each finding that
# is left out is named in that tool's file, with the reason.
#
#   tests/lint.sh                     all of them
#   tests/lint.sh tidy cppcheck ...   one or several of: tidy cppcheck shell doxygen
#
# The analyzer of clang-tidy takes most of the time: it follows paths into the functions that are called.
# With SHARDSTEP_LONG=1 it does so in all files, without it in every eighth; in the others it enters
# only the smallest functions. SHARDSTEP_LINT_PART (0 to 7; 0) chooses the eighth.
#
# SHARDSTEP_WORK is a folder for the builds: build/tests in this repository unless it is set.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${SHARDSTEP_WORK:-$PWD/build/tests}
mkdir -p "$work"
includes=$(for folder in include src/*/; do printf -- '-I%s ' "$folder"; done)

# clang_tidy OPTION...: of the files whose names come in, some to a process
clang_tidy() {
    xargs -r -P "$(nproc)" -n 6 clang-tidy --quiet -p "$work/lint" "$@" 2>> "$work/lint.log"
}

# The library, the program and the examples. Tests are left to the compilers' warnings: they would
# take as long again.
tidy() {
    cmake -S . -B "$work/lint" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang \
        -DCMAKE_EXPORT_COMPILE_COMMANDS=ON > "$work/lint.log" 2>&1 || { cat "$work/lint.log"; return 1; }
    local absent='^$' code=0 all=0 shallow=(-Xclang -analyzer-config -Xclang mode=shallow)
    [ "${SHARDSTEP_LONG:-}" != 1 ] || all=1
    pkg-config --exists blosc2 || absent='/io_blosc2\.c$' # its library's header is not there
    : > "$work/lint.log"
    printf '%s\n' src/*/*.c examples/*.c | grep -vE "$absent" |
        awk -v all=$all -v part="${SHARDSTEP_LINT_PART:-0}" -v whole="$work/lint.whole" \
            '{ if (all || NR % 8 == part) print > whole; else print }' > "$work/lint.shallow"
    clang_tidy < "$work/lint.whole" || code=1
    clang_tidy "${shallow[@]/#/--extra-arg=}" < "$work/lint.shallow" || code=1
    [ $code = 0 ] || grep -vE 'warnings? (generated|treated)|^Suppressed|^Use -header' "$work/lint.log" || true
    return $code
}

cppcheck_all() {
    # shellcheck disable=SC2086
    cppcheck --enable=warning,performance,portability --error-exitcode=1 --std=c11 --quiet \
        -j "$(nproc)" $includes --suppressions-list=tests/cppcheck.txt src examples
}

shell() {
    # Not by git, which refuses a repository of another user, and may be missing.
    find tests examples jobscripts src .ci \( -name '*.sh' -o -name '*.sbatch' -o -path .ci/run \) \
        -exec shellcheck -S warning -x {} +
}

# Every public header, function, type and member has a comment. Doxygen looks into a header only if
# its first comment says @file.
reference() {
    local bare
    bare=$(grep -L '@file' include/shardstep.h include/shardstep/*.h || true)
    [ -z "$bare" ] || { echo "the first comment does not begin with '/** @file':" $bare; return 1; }
    mkdir -p build
    doxygen src/doc/Doxyfile
}

code=0
for tool in ${*:-shell doxygen cppcheck tidy}; do
    printf '\n== %s\n' "$tool"
    begin=$SECONDS
    case $tool in
    tidy) tidy ;;
    cppcheck) cppcheck_all ;;
    shell) shell ;;
    doxygen) reference ;;
    *)
        echo "there is no tool '$tool': tidy, cppcheck, shell or doxygen" >&2
        exit 2
        ;;
    esac || { echo "FAILED: $tool"; code=1; }
    echo "$((SECONDS - begin)) s"
done
exit $code
