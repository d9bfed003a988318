#!/usr/bin/env bash
# The structs of the Python module are those of the headers, and another version is refused.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"

$python "$SOURCE/tests/python/layouts.py" "$SOURCE/include" || fail "layouts"

version=$("$SHARDSTEP" -V | sed 's/^shardstep //')
[ "$($python -c 'import shardstep; print(shardstep.__version__)')" = "$version" ] ||
    fail "the module's _version.py is not $version"

# a module of another version, and no library
cp -r "$SOURCE/src/python/shardstep" .
sed -i 's/^VERSION = .*/VERSION = "9.7.0"/' shardstep/_version.py
refused_by() { # WORDS
    if PYTHONPATH=. $python -c 'import shardstep' 2> err.txt; then fail "the module was imported: $1"; fi
    grep -qF "$1" err.txt || fail "no '$1' in: $(tail -n 1 err.txt)"
}
refused_by "the module is of version 9.7.0, and does not fit the library $SHARDSTEP_LIBRARY: it is of version $version"
sed -i "s/^VERSION = .*/VERSION = \"$version\"/" shardstep/_version.py
cat > old.c << 'C'
const char *shs_version(void);
const char *shs_version(void) { return VERSION; }
C
cc -shared -fPIC -DVERSION="\"$version\"" old.c -o libold.so
export SHARDSTEP_LIBRARY=$PWD/libold.so
refused_by 'it is older, because it has no function shs_layouts()'
export SHARDSTEP_LIBRARY=$PWD/nowhere.so
refused_by "$PWD/nowhere.so (named by SHARDSTEP_LIBRARY): there is no such file"
finish
