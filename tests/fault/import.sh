#!/usr/bin/env bash
# An import that cannot be finished says why, once, and leaves nothing under its name; nor does one that
# is killed.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs pgrep fashion

images=$fashion/t10k-images-idx3-ubyte.gz train=$fashion/train-images-idx3-ubyte.gz
nothing_left() { # WHAT
    ls out.h5* > /dev/null 2>&1 && fail "$1 left $(ls out.h5*)"
    return 0
}

# ranks that are not alike: wrapper RANK SHELL-COMMAND program...: that rank runs the command first
cat > wrapper << 'END'
#!/usr/bin/env bash
rank=$1 command=$2
shift 2
[ "${OMPI_COMM_WORLD_RANK:-0}" = "$rank" ] && eval "$command"
exec "$@"
END
chmod +x wrapper
mkdir elsewhere
gunzip -c $images > images.idx
for bad in 0 2; do
    on 3 ./wrapper $bad 'cd elsewhere' "$SHARDSTEP" import "$PWD/out.h5" a=images.idx \
        > log.txt 2> err.txt && fail "rank $bad does not see the source"
    [ "$(grep -c '^shardstep' err.txt)" = 1 ] || fail "not one message: $(cat err.txt)"
    grep -q "^shardstep: rank $bad: importing a=images.idx: cannot open images.idx" err.txt ||
        fail "rank $bad, source: $(cat err.txt)"
    nothing_left "a source that rank $bad does not see"
done
gunzip -c $fashion/t10k-labels-idx1-ubyte.gz > elsewhere/images.idx
on 3 ./wrapper 1 'cd elsewhere' "$SHARDSTEP" import "$PWD/out.h5" a=images.idx \
    > log.txt 2> err.txt && fail "rank 1 sees another source"
grep -q '^shardstep: rank 1: called import of 10000 bytes' err.txt || fail "rank 1: $(cat err.txt)"
nothing_left "another source of rank 1"
# only rank 0 writes: another one need not see the file, whose folder it may lack or have read-only
"$SHARDSTEP" import alone.h5 a=images.idx > /dev/null
on 3 timeout 60 ./wrapper 1 'cd elsewhere' "$SHARDSTEP" import out.h5 a="$PWD/images.idx" > log.txt ||
    fail "rank 1 does not see the file"
same "a file that only rank 0 sees" alone.h5 out.h5
rm -f out.h5
on 3 ./wrapper 0 'cd /proc' "$SHARDSTEP" import \
    out.h5 a="$PWD/images.idx" > log.txt 2> err.txt && fail "rank 0 can write nothing"
[ "$(grep -c '^shardstep: rank 0: ' err.txt)" = 1 ] || fail "rank 0 can write nothing: $(cat err.txt)"
nothing_left "a folder that rank 0 cannot write to"

# a rank that may write no more than 20 MB of the 47 in a file
on 3 ./wrapper 0 'trap "" XFSZ; ulimit -f 20000' "$SHARDSTEP" import out.h5 a=$train \
    > log.txt 2> err.txt && fail "rank 0 has written too much"
[ "$(grep -c '^shardstep: rank 0: ' err.txt)" = 1 ] || fail "limit: $(cat err.txt)"
nothing_left "a limit of rank 0"

# a machine whose /dev/shm is read-only, as in some containers
if unshare -m true 2> /dev/null; then
    unshare -m bash -c 'mount -t tmpfs -o ro tmpfs /dev/shm && exec timeout 60 mpirun --oversubscribe -n 2 "$@"' \
        sh "$SHARDSTEP" import out.h5 a=images.idx > log.txt 2> err.txt < /dev/null ||
        fail "a read-only /dev/shm: $(cat err.txt)"
    same "a file made with a read-only /dev/shm" alone.h5 out.h5
    rm -f out.h5
fi

if mkdir small && mount -t tmpfs -o size=4m none small 2> /dev/null; then
    trap 'umount "$work/small"; rm -rf "$work"' EXIT
    for options in "" "--deflate 1" "--deflate 1 --chunk 1" "--byteshuffle" "--split 0.5,0.5"; do
        for ranks in 0 3; do
            refused $ranks 'No space left on device' "$SHARDSTEP" import small/out.h5 a=$images $options
            [ -z "$(ls small)" ] || fail "a full disk: $options left $(ls small)"
        done
    done
    head -c 4194304 /dev/zero > small/filler 2> /dev/null || true
    refused 0 'No space left on device' "$SHARDSTEP" import small/out.h5 a=$images
    [ "$(ls small)" = filler ] || fail "a disk without any room: $(ls small)"
fi

# killed in the middle, in every way and on any rank: only a kill leaves something, until the next import
"$SHARDSTEP" import whole.h5 a=$train b=$train --deflate 6 > /dev/null
half() { # of the file that is being made: its bytes
    stat -c %s out.h5.*.tmp 2> /dev/null | sort -n | tail -n 1
}
for ranks in 0 3; do
    for signal in TERM INT KILL; do
        rm -f out.h5.*.tmp
        launcher=
        [ $ranks = 0 ] || launcher="$MPIRUN -n $ranks"
        env --default-signal=INT $launcher "$SHARDSTEP" import out.h5 a=$train b=$train \
            --deflate 6 > log.txt 2> err.txt &
        job=$!
        for _ in $(seq 300); do
            [ "$(half || true)" != "" ] && [ "$(half)" -gt 4000000 ] && break
            sleep 0.02
        done
        victim=$job
        [ $ranks = 0 ] || [ $signal = INT ] || victim=$(pgrep -P $job -n "shardstep" || echo $job)
        kill -$signal $victim || fail "$signal: nothing to kill on $ranks ranks"
        code=0
        wait $job || code=$?
        [ $code != 0 ] || fail "$signal on $ranks ranks: ended well"
        [ ! -e out.h5 ] || fail "$signal on $ranks ranks left a file that looks complete"
        [ $signal = KILL ] || [ $ranks != 0 ] || nothing_left "SIG$signal"
    done
done
"$SHARDSTEP" import out.h5 a=$train b=$train --deflate 6 > /dev/null
same "an import after one that was killed" whole.h5 out.h5
[ "$(ls out.h5*)" = out.h5 ] || fail "the temporary file is still there: $(ls out.h5*)"
rm -f out.h5

# several imports to one name at a time: one makes its file, the others are told
for trial in 1 2 3 4; do
    for i in 1 2 3; do
        { code=0; "$SHARDSTEP" import out.h5 a=images.idx b=images.idx > out$i.txt 2> err$i.txt || code=$?
          echo $code > code$i.txt; } &
    done
    wait
    [ "$(sort code?.txt | tr '\n' ' ')" = "0 2 2 " ] || fail "of three: $(cat code?.txt err?.txt)"
    [ "$(cat err?.txt | grep -c 'out.h5 is there already')" = 2 ] || fail "of three: $(cat err?.txt)"
    "$SHARDSTEP" check out.h5 > /dev/null || fail "of three: the file is not whole"
    rm -f out.h5 out?.txt err?.txt
    nothing_left "three imports at a time"
done

# what was printed cannot be written: the file is there, and the message says so
code=0
"$SHARDSTEP" import out.h5 a=images.idx > /dev/full 2> err.txt || code=$?
[ $code = 2 ] && grep -q 'out.h5 is there and whole, but standard output cannot be written: No space' err.txt ||
    fail "a full standard output: $code, $(cat err.txt)"
same "a file whose command could not print" alone.h5 out.h5

# what stands under the name is replaced only if that is wished, and only a plain file
refused 0 'out.h5 is there already' "$SHARDSTEP" import out.h5 a=$images
"$SHARDSTEP" import out.h5 a=images.idx --overwrite > /dev/null || fail "overwriting"
same "an overwritten file" alone.h5 out.h5
ln -s out.h5 outlink
refused 0 'outlink is there already: it is a symbolic link' "$SHARDSTEP" import outlink a=$images --overwrite
refused 2 'images.idx is what a is imported from' "$SHARDSTEP" import images.idx a=images.idx --overwrite
finish
