#!/usr/bin/env bash
# What a crop keeps is read alone, and the digests are those of whole samples: 60 random cases, or 3,000 with
# SHARDSTEP_LONG=1, and any number of ranks. A failing case names its number. bench says what is read, and why
# all is.
#
#   tests/reference/pushdown.py build/shardstep --case 17    one case alone, in the current folder
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

cases=60
[ "${SHARDSTEP_LONG:-}" != 1 ] || cases=3000
export PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 "$SOURCE/tests/reference/pushdown.py" "$SHARDSTEP" --cases "$cases" ||
    fail "push-down changes what is read"

/usr/bin/python3 - << 'END'
import h5py, numpy as np
rng = np.random.default_rng(7)
with h5py.File('v.h5', 'w') as f:
    f.create_dataset('x', data=rng.integers(0, 99, (9, 32, 32, 32)).astype('f4'), chunks=(1, 8, 8, 8),
                     compression='gzip')
    f['y'] = np.arange(9)
END
crop='x: random_flip(axis=x, layout=zyx) random_crop(size=8, axes=zyx, padding=1) normalize(mean=1, std=2)'

# any number of ranks
digest() {
    on "$1" "$SHARDSTEP" digest v.h5 --batch 2 --vranks 3 --augment "$crop" --cache-bytes 100000 "${@:2}" < /dev/null
}
digest 0 --pushdown off > expected.txt
for ranks in ${RANKS:-1 2 3}; do
    digest "$ranks" --threads 2 > found.txt
    same "digests of $ranks ranks" expected.txt found.txt
done

# what bench tells, and counts
bench() {
    "$SHARDSTEP" bench v.h5 --batch 3 --augment "$1" --cache-bytes 100000 --steps 3 --quick "${@:2}" < /dev/null
}
bench "$crop" > bench.txt
grep -qF 'push-down: of x only what random_crop keeps is read, at most 512 of the 32768 elements of a sample' \
    bench.txt || fail "bench does not tell what is read: $(cat bench.txt)"
bench "$crop" --json | /usr/bin/python3 -c '
import json, sys
decoded = json.load(sys.stdin)["chunks_decoded_per_1000"]
sys.exit(f"{decoded} chunks of 1000 samples are decoded" if not 0 < decoded <= 8000 else 0)' ||
    fail "more than 8 chunks a sample are decoded"
bench "$crop" --pushdown off > bench.txt
grep -qF 'no push-down: whole samples of x are read: the option pushdown is off' bench.txt ||
    fail "bench does not tell that push-down is off: $(cat bench.txt)"
bench 'x: normalize(mean=1, std=2) random_crop(size=8, axes=zyx, layout=zyx)' > bench.txt
grep -qF 'no push-down: whole samples of x are read: normalize comes before any crop, and may need whole samples' \
    bench.txt || fail "bench does not tell what needs whole samples: $(cat bench.txt)"
bench 'x: random_crop(size=31, axes=zyx, layout=zyx)' > bench.txt
grep -qF 'the crop keeps most of what must be read' bench.txt || fail "a large crop is pushed down: $(cat bench.txt)"

# the same samples as they are before the crop
"$SHARDSTEP" preview v.h5 found.png --fields x,y --augment "$crop" --cache-bytes 100000 > /dev/null < /dev/null
"$SHARDSTEP" preview v.h5 expected.png --fields x,y --augment "$crop" --pushdown off > /dev/null < /dev/null
same "previews" expected.png found.png
finish
