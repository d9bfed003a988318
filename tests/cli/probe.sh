#!/usr/bin/env bash
# Files are tried out in a process of its own: its death, delay and greed are ordinary errors.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5dump ps fashion

import_fashion fashion.h5
fields="--fields train/images,train/labels"
"$SHARDSTEP" --help | holds probe && fail "the command probe is not hidden"
"$SHARDSTEP" probe 9999 999 fashion.h5 > out.txt || fail "probe of a sound file"
echo ok > ok.txt
same "what probe says of a sound file" ok.txt out.txt
"$SHARDSTEP" probe 9999 999 fashion.h5 train/images,test/labels > out.txt && fail "probe of no dataset"
grep -q '^SHS_ERROR_FORMAT .*has 60000 rows but field test/labels has 10000' out.txt ||
    fail "probe of fields of different lengths says: $(cat out.txt)"

# the same with and without
"$SHARDSTEP" digest fashion.h5 $fields --vranks 6 --steps 3 > plain.txt
for ranks in 0 ${RANKS:-3}; do
    on "$ranks" "$SHARDSTEP" digest fashion.h5 $fields --vranks 6 --steps 3 --probe > tried.txt ||
        fail "digest --probe on $ranks ranks"
    same "digest --probe on $ranks ranks" plain.txt tried.txt
done

# a chunk of 47 MB
"$SHARDSTEP" import large.h5 train/images=$fashion/train-images-idx3-ubyte.gz --chunk 60000 > /dev/null
"$SHARDSTEP" info large.h5 > /dev/null || fail "info of a large chunk"

# one flipped bit, on which this HDF5's own tools die as well
"$BUILD/tests/hostile" damage 5 40 crash.h5
code=0
{ h5dump -d /floats crash.h5; } > /dev/null 2>&1 || code=$?
crashed='crash.h5: opening it crashed HDF5 \(signal 11\); the file is damaged'
if [ "$code" != 139 ]; then # HDF5 1.14, say, sees the damage
    "$BUILD/tests/hostile" damage 8 68 crash.h5
    crashed='crash.h5: .*its datasets cannot be listed'
fi

# an open that never ends, as where a file server does not answer
cp fashion.h5 slow.h5
slow="env LD_PRELOAD=$BUILD/tests/libslow_open.so"
for ranks in 0 ${RANKS:-3}; do
    refused "$ranks" "$crashed" "$SHARDSTEP" info crash.h5
    refused "$ranks" "$crashed" "$SHARDSTEP" digest crash.h5 --probe --vranks 6
    refused "$ranks" "holds no dataset 'x'; it holds .*train/images" \
        "$SHARDSTEP" digest fashion.h5 --probe --fields x --vranks 6
    refused "$ranks" 'slow.h5: opening it took more than 1 s' \
        $slow "$SHARDSTEP" info slow.h5 --probe-seconds 1
    refused "$ranks" 'large.h5: opening it took more than 64 MiB.*probe_mebibytes' \
        "$SHARDSTEP" digest large.h5 --fields train/images --vranks 6 --probe --probe-mebibytes 64
    refused "$ranks" 'cannot open nothing.h5: No such file' "$SHARDSTEP" info nothing.h5
    refused "$ranks" 'no HDF5 file' "$SHARDSTEP" info "$SHARDSTEP"
done

# no plug-in is loaded for a file that is tried out
"$BUILD/tests/plugin_file" filtered.h5
mkdir plugins
cp "$BUILD/tests/libplugin.so" plugins/
export HDF5_PLUGIN_PATH=$work/plugins MARK=$work/mark
"$SHARDSTEP" digest filtered.h5 --vranks 1 > /dev/null || fail "a filter that a plug-in has"
[ -e mark ] || fail "HDF5 looks for no plug-in: the next check checks nothing"
rm mark
for given in '' data; do
    "$SHARDSTEP" probe 9999 999 filtered.h5 $given > out.txt || fail "probe of a filtered file"
    same "what probe says of a filtered file" ok.txt out.txt
    [ ! -e mark ] || fail "the probe has loaded a plug-in"
    "$SHARDSTEP" probe-with-plugins 9999 999 filtered.h5 $given > out.txt || fail "a probe with plug-ins"
    [ -e mark ] || fail "the probe has loaded no plug-in"
    rm mark
done
for command in digest 'replay --step 0 --rank 0'; do
    set -- $command
    name=$1
    shift
    "$SHARDSTEP" $name filtered.h5 --vranks 1 --probe "$@" > out.txt 2> err.txt && fail "$name --probe: $(cat out.txt)"
    [ ! -e mark ] || fail "$name --probe has loaded a plug-in"
    "$SHARDSTEP" $name filtered.h5 --vranks 1 --probe --plugins "$@" > out.txt || fail "$name --probe --plugins"
    rm mark
done

# whoever waits for it may go: it goes, too
$slow "$SHARDSTEP" info slow.h5 --probe-seconds 60 > /dev/null 2>&1 &
waiting=$!
for i in {1..100}; do
    child=$(ps -o pid= --ppid "$waiting" | tr -d ' ' || true)
    [ -z "$child" ] || [ "$(ps -o args= -p "$child" | awk '{ print $2 }')" != probe ] || break
    sleep 0.1
done
[ -n "$child" ] || fail "no probe has begun"
sleep 0.2
kill -KILL "$waiting"
for i in {1..100}; do
    kill -0 "$child" 2> /dev/null || break
    sleep 0.1
done
kill -0 "$child" 2> /dev/null && fail "the probe is still there"
finish
