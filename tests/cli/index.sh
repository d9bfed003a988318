#!/usr/bin/env bash
# index keeps what opening a dataset needs to know of its files: with it no file is opened before it is
# read, on any number of ranks, and the batches are the same. What has changed since is told.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

mkdir files parts
/usr/bin/python3 - <<'END'
import h5py, numpy as np
random = np.random.default_rng(1)
for i in range(5):
    with h5py.File(f'files/{i}.h5', 'w', libver='latest' if i % 2 else 'earliest') as f:
        f['images'] = random.integers(0, 255, (20, 4, 5)).astype('u1')
        f.create_dataset('packed', data=random.normal(size=(20, 6, 7)), chunks=(3, 6, 4), compression='gzip', shuffle=True)
        f.create_dataset('odd', data=np.arange(40).reshape(20, 2), chunks=(4, 2), scaleoffset=0)
        f['offsets'] = np.arange(0, 63, 3)
        f['values'] = np.arange(60, dtype='i8') + 60 * i
        f['valid'] = np.array([k % 7 != i for k in range(20)], dtype='u1')
        f['map'] = np.arange(4, dtype='f4')
        f['map'].attrs['scale_factor'] = 0.5
        f['pairs'] = np.array([(k, k / 2) for k in range(20)], dtype=[('a', 'i4'), ('b', 'f8')])
        scaled = f.create_dataset('scaled', data=random.integers(-9, 9, (20, 3, 4)).astype('i2'), chunks=(6, 3, 4), compression='gzip')
        scaled.attrs.update({'scale_factor': 0.5 + i, 'add_offset': np.float32(3), '_FillValue': np.int16(-9)})
        flags = f.create_dataset('flags', data=np.array([k % 5 != i for k in range(20)], dtype='u1'))
        flags.attrs['_FillValue'] = np.uint8(1)
        virtual = h5py.VirtualLayout((20, 3), 'f4')
        for part in range(2):
            with h5py.File(f'parts/{i}{part}.h5', 'w') as other:
                other.create_dataset('p', data=random.normal(size=(8, 3)).astype('f4'), chunks=(3, 3), compression='gzip')
            virtual[8 * part:8 * part + 8] = h5py.VirtualSource(f'../parts/{i}{part}.h5', 'p', (8, 3))
        f['rest'] = random.normal(size=(6, 3)).astype('f4')
        virtual[16:] = h5py.VirtualSource('.', 'rest', (6, 3))[2:]
        f.create_virtual_dataset('virtual', virtual)
        lengths = random.integers(0, 4, 20)
        f['X/indptr'] = np.concatenate([[0], np.cumsum(lengths)])
        f['X/indices'] = np.concatenate([np.sort(random.permutation(7)[:n]) for n in lengths]).astype('i4')
        f['X/data'] = random.normal(size=lengths.sum())
        f['X'].attrs.update({'encoding-type': 'csr_matrix', 'shape': [20, 7]} if i != 2 else {})
        for g in range(6):
            f[f'runs/g{g}/x'] = random.normal(size=(3 + (g * i) % 4, 4))
            f[f'runs/g{g}/y'] = np.arange(3 + (g * i) % 4)
END

opens() { # RANKS options...: how many opens of the files a run of no steps takes
    local ranks=$1
    shift
    rm -f opens
    # shellcheck disable=SC2086
    on "$ranks" env LD_PRELOAD="$BUILD/tests/libcount_opens.so" SHARDSTEP_TEST_OPENS="$work/opens" "$SHARDSTEP" digest files \
        --vranks 4 --batch 4 --steps 0 "$@" < /dev/null > out 2> err || fail "digest $*: $(cat out err)"
    if [ -e opens ]; then wc -l < opens; else echo 0; fi
}

digest() { # RANKS options...
    local ranks=$1
    shift
    on "$ranks" "$SHARDSTEP" digest files --vranks 4 --batch 4 "$@" < /dev/null
}

declare -A fields=([plain]='images,packed' [part]='p=packed(select=1[0 3 5], crop=2[2:6])'
    [unpacked]='scaled(window=2, valid=flags),v=flags(window=2)' [sparse]='X=csr(X, width=7),images'
    [groups]='x=runs/*/x(window=2),y=runs/*/y(window=2)' [virtual]='virtual,w=virtual(select=1[2 0])'
    [slab]='s=scaled(slab=2, select=1[0 2]),p=packed(slab=1)'
    [through]='images,odd' [ragged]='values(offsets=offsets)' [constant]='images,m=map(constant),n=map(constant, select=0[1 3])' [member]='pairs.b,images'
    [valid]='images(window=3, valid=valid)')
for kind in "${!fields[@]}"; do
    with="${fields[$kind]}"
    options=(--fields "$with")
    case $kind in unpacked | slab) options+=(--cf) ;; esac
    alone=$(opens 0 "${options[@]}")
    digest 0 "${options[@]}" > "$kind.expected"
    "$SHARDSTEP" index files "${options[@]}" -o "$kind.index" > out || fail "index of $kind: $(cat out)"
    holds "^5 files, 5 of them in the index" < out || fail "index of $kind: $(cat out)"
    digest 0 "${options[@]}" --index "$kind.index" > out 2> err || fail "$kind with an index: $(cat out err)"
    cmp -s out "$kind.expected" || fail "$kind: with an index come other batches"
    [ ! -s err ] || fail "$kind: the index of the same files: $(cat err)"
    [ "$(opens 0 "${options[@]}" --index "$kind.index")" = 0 ] || fail "$kind: $(cat opens)"
    for ranks in ${RANKS:-2 3}; do
        [ "$kind,$ranks" != slab,2 ] || options+=(--group 2)
        now=$(opens "$ranks" "${options[@]}")
        [ "$now" = "$alone" ] || fail "$kind: $now opens on $ranks ranks, $alone on one"
        digest "$ranks" "${options[@]}" --index "$kind.index" > out 2> err || fail "$kind on $ranks ranks: $(cat out err)"
        cmp -s out "$kind.expected" || fail "$kind: with an index on $ranks ranks come other batches"
        [ "$kind" != slab ] || options=(--fields "$with" --cf)
    done
done

# said NAME WORDS...: the latest error has the words
said() {
    local name=$1 word
    shift
    for word in "$@"; do
        holds -F -- "$word" < err || fail "$name: expected «$word», came: $(cat err)"
    done
}

# refused NAME INDEX WORDS...
refused() {
    local name=$1 index=$2 ranks
    shift 2
    for ranks in 0 2; do
        if digest "$ranks" --fields images,packed --index "$index" > out 2> err; then fail "$name is taken"; fi
        said "$name on $ranks ranks" "rank 0: shs_dataset_open: " "$@"
    done
}

size=$(stat -c %s plain.index)
for at in 0 9 13 60 100 $((size / 2)) $((size - 1)); do
    cp plain.index damaged
    printf '\xa5' | dd of=damaged bs=1 seek="$at" conv=notrunc 2> /dev/null
    refused "a byte at $at" damaged damaged
done
cp plain.index foreign
printf '\1\2\3\4' | dd of=foreign bs=1 seek=8 conv=notrunc 2> /dev/null
refused "the other byte order" foreign "another kind of machine" "make it anew"
head -c $((size - 5)) plain.index > short
refused "a short index" short "not complete" "make it anew"
head -c 11 plain.index > short
refused "eleven bytes" short "it is no index"
: > empty
refused "an empty file" empty "it is no index"
refused "a data file" files/0.h5 "it is no index"
refused "no file" nowhere "No such file"
refused "a folder" files "it is a folder"
if digest 0 --fields "${fields[unpacked]}" --index unpacked.index > out 2> err; then fail "an index with cf is taken without"; fi
said "an index with cf" "the index was made with other options: cf"
# An index that lacks the rows that opening needs is of no use for its files, which is told.
"$SHARDSTEP" index files --fields images,valid -o other.index > out || fail "index: $(cat out)"
digest 0 --fields "${fields[valid]}" --index other.index > out 2> err || fail "without rows: $(cat out err)"
cmp -s out valid.expected || fail "without rows come other batches"
said "without rows" "does not describe 5 of 5 files"
refused "another field's index" through.index "the index has no dataset packed"
refused "another part's index" part.index "the index has no dataset images"

# A file that has changed is examined anew, which is told. The batches are those of the files as they are.
stale() { # NAME
    for ranks in 0 2; do
        digest "$ranks" --fields images,packed > expected
        digest "$ranks" --fields images,packed --index plain.index > out 2> err || fail "$1: $(cat out err)"
        cmp -s out expected || fail "$1: the batches are not those of the files"
        said "$1 on $ranks ranks" "does not describe 1 of 5 files as they are now, files/3.h5 the first" "examined anew"
    done
}
touch files/3.h5
stale "a touched file"
cp -p files/3.h5 kept
/usr/bin/python3 -c "
import h5py
with h5py.File('files/3.h5', 'r+') as f: f['images'][7, 2, 1] ^= 1"
[ "$(stat -c %s files/3.h5)" = "$(stat -c %s kept)" ] || fail "the test needs files of the same size"
stale "a file with another byte"
cp -p files/2.h5 other
mv other files/3.h5
stale "another file in its place"
cp kept copy
mv copy files/3.h5

# A copy of the same bytes is not examined; a copy of all files is used like the files.
digest 0 --fields images,packed --index plain.index > out 2> err || fail "a copy: $(cat out err)"
[ ! -s err ] || fail "a copy of the same bytes: $(cat err)"
cmp -s out plain.expected || fail "a copy gives other batches"

# A virtual field whose source has changed is examined anew.
touch parts/21.h5
digest 0 --fields "${fields[virtual]}" --index virtual.index > out 2> err || fail "a touched source: $(cat out err)"
cmp -s out virtual.expected || fail "a touched source gives other batches"
said "a touched source" "does not describe 2 of 5 files as they are now, files/2.h5 the first"

# The constant fields of a file that is a copy are read anew, and compared with the others.
cp files/4.h5 kept
/usr/bin/python3 -c "
import h5py
with h5py.File('kept', 'r+') as f: f['map'][1] = 9"
mv kept files/4.h5
if digest 0 --fields "${fields[constant]}" --index constant.index > out 2> err; then fail "another constant is taken"; fi
said "another constant" "files/4.h5: constant field m has other values than in files/0.h5"

# Variable-length arrays of the same lengths and other numbers are another file.
/usr/bin/python3 - << 'END'
import h5py, numpy as np
for name in ('lists.h5', 'others.h5'):
    with h5py.File(name, 'w') as f:
        lists = f.create_dataset('lists', (60,), h5py.vlen_dtype('i4'), track_times=False)
        for i in range(60):
            lists[i] = np.full(1000, len(name) if i == 31 else i, dtype='i4')
END
"$SHARDSTEP" index lists.h5 --fields 'x=lists(offsets=lists)' -o lists.index > out
for name in lists.h5 others.h5; do
    cp $name here.h5
    "$SHARDSTEP" digest here.h5 --fields 'x=lists(offsets=lists)' --index lists.index < /dev/null > out 2> err ||
        fail "a copy of $name: $(cat out err)"
    [ $name = others.h5 ] || [ ! -s err ] || fail "a copy of the same arrays: $(cat err)"
    [ $name = lists.h5 ] || said "a copy of other arrays" "does not describe 1 of 1 files"
done

"$SHARDSTEP" index files -o plain.index --fields images > out 2> err && fail "an index is replaced"
said "an index that is there" "--overwrite"
"$SHARDSTEP" index files --fields images > out 2> err && fail "an index without a name"
said "an index without a name" "-o"
"$SHARDSTEP" index files --fields images -o files/0.h5 --overwrite > out 2> err && fail "an index replaces a data file"
said "an index in a data file's place" "choose another name"

finish
