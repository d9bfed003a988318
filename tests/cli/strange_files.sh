#!/usr/bin/env bash
# Files of strangers: each is named as what it is, with what to do. Damage is claimed only of files
# whose bytes contradict themselves.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5ls h5py


# digested FILE FIELDS PATTERN: refused by digest, stats and info or, for a field, told by info
digested() {
    refused 0 "$3" "$SHARDSTEP" digest "$1" --fields "$2" --vranks 1
    ! grep -q damaged err.txt || fail "damage is claimed of $1 $2: $(cat err.txt)"
}

# alike WHAT FILE FIELD FIELD: two fields of a file with the same samples
alike() {
    "$SHARDSTEP" digest "$2" --fields "x=$3" --vranks 2 --batch 7 > left.txt || fail "$1: $3"
    "$SHARDSTEP" digest "$2" --fields "x=$4" --vranks 2 --batch 7 > right.txt || fail "$1: $4"
    same "$1" left.txt right.txt
}

# ---- what is no HDF5 file
printf 'CDF\001\0\0\0\0' > classic.nc
printf 'CDF\002\0\0\0\0' > offset.nc
printf 'CDF\005\0\0\0\0' > five.nc
printf 'some words\nof text\n' > text.h5
printf 'text in a gzip file' | gzip > packed.h5
printf '\211PNG\r\n\032\n' > image.h5
printf '\001\002\003\004' > noise.h5
head -c 1000 /dev/zero > zeros.h5
: > empty.h5
/usr/bin/python3 -c "
import numpy as np
np.save('array.npy', [1, 2]); np.savez('arrays.npz', a=[1, 2])
header = b'{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}'
open('x.safetensors', 'wb').write(len(header).to_bytes(8, 'little') + header + b'1')"
tar cf pack.tar text.h5
for name in classic.nc offset.nc five.nc; do
    digested $name x "no HDF5 file: it begins like a netCDF-3 file; convert it: nccopy -k nc4"
done
digested text.h5 x 'begins like a text'
digested packed.h5 x 'begins like a gzip file'
digested image.h5 x 'begins like a PNG image; make an HDF5 file of it: shardstep import'
digested array.npy x 'begins like a NumPy array'
digested arrays.npz x 'begins like a zip archive'
digested pack.tar x 'begins like a tar archive'
digested x.safetensors x 'begins like a safetensors file'
digested zeros.h5 x 'begins like a file of zeros'
digested noise.h5 x 'it has no HDF5 signature'
digested empty.h5 x 'no HDF5 file: it is empty; get it anew or, if a program is writing it, wait'
refused 0 'netCDF-3' "$SHARDSTEP" info classic.nc
refused 0 'netCDF-3' "$SHARDSTEP" stats classic.nc x

# ---- files that are being written, or are not complete, and user blocks
/usr/bin/python3 - <<'END'
import fcntl, h5py, numpy as np, shutil
h = h5py.File('h.h5', 'w', libver='latest')
h['x'] = np.arange(60); h.flush(); shutil.copy('h.h5', 'marked.h5'); h.close()
h = h5py.File('h.h5', 'w', libver='latest')
h.create_dataset('x', data=np.arange(60), chunks=(9,), maxshape=(None,)); h.swmr_mode = True
shutil.copy('h.h5', 'swmr.h5'); h.close()
for block in 512, 4096:
    h5py.File(f'block{block}.h5', 'w', userblock_size=block)['x'] = np.arange(60)
    whole = open(f'block{block}.h5', 'rb').read()
    open(f'cut{block}.h5', 'wb').write(whole[:-100])
END
cp block512.h5 held.h5
digested marked.h5 x 'a program has it open for writing, or ended without closing it; wait until .*h5clear -s'
digested swmr.h5 x 'open for writing in SWMR mode'
refused 0 'a program has it open for writing' "$SHARDSTEP" info marked.h5
alike "user blocks" block512.h5 x x
for block in 512 4096; do
    "$SHARDSTEP" digest block$block.h5 --fields x --vranks 1 > block$block.txt || fail "a user block of $block"
    bytes=$(stat -c %s block$block.h5)
    digested cut$block.h5 x "it is not complete: it has $((bytes - 100)) bytes of $bytes;"
done
same "user blocks of 512 and 4096" block512.txt block4096.txt
# a program with the old format's lock on a file that is not whole yet
cp cut512.h5 locked.h5
flock locked.h5 -c "'$SHARDSTEP' digest locked.h5 --fields x" 2> err.txt && fail "a locked part of a file"
grep -q 'another program has it open for writing' err.txt || fail "a locked file: $(cat err.txt)"
: > begun.h5
for name in begun.h5/x block512.h5/later; do
    flock ${name%/*} -c "'$SHARDSTEP' digest ${name%/*} --fields ${name#*/}" 2> err.txt && fail "locked: $name"
    grep -q 'another program has it open for writing; wait until it is closed' err.txt || fail "locked $name: $(cat err.txt)"
done
# the lock that netCDF and h5py hold on a file that could be read; a reader's lock says nothing
for command in info check 'stats block512.h5 x' 'digest block512.h5 --fields x' 'info block512.h5 --fields x'; do
    [[ $command == *' '* ]] || command="$command block512.h5"
    code=0
    flock block512.h5 -c "'$SHARDSTEP' $command" > out.txt 2> err.txt || code=$?
    [ "$code" = 2 ] && grep -q 'cannot open block512.h5: another program has it open for writing; wait until it is closed' err.txt ||
        fail "$command of a locked file: exit code $code: $(cat err.txt)"
    flock -s block512.h5 -c "'$SHARDSTEP' $command" > out.txt 2> err.txt || fail "$command beside a reader: $(cat err.txt)"
done
/usr/bin/python3 - <<'END' || fail "a file that h5py writes"
import h5py, os, subprocess, sys
shardstep = os.environ['SHARDSTEP']
with h5py.File('written.h5', 'w') as f:
    f['x'] = range(60)
    f.flush()
    told = subprocess.run([shardstep, 'info', 'written.h5'], capture_output=True, text=True)
    assert told.returncode == 2 and 'has it open for writing' in told.stderr, told
assert subprocess.run([shardstep, 'info', 'written.h5'], capture_output=True).returncode == 0
END

# ---- attributes that give numbers another meaning, and names of files that hold them
/usr/bin/python3 - <<'END'
import h5py, numpy as np, os
os.mkdir('packed')
for name in 'a.nc', 'b.nc4', 'c.he5', 'd.hdf5', 'e.h5', 'f.txt':
    with h5py.File('packed/' + name, 'w') as f:
        f['t2m'] = np.arange(60, dtype='i2')
        f['t2m'].attrs.update(scale_factor=0.01, add_offset=273.0, _FillValue=np.int16(-1), units='K')
        f['plain'] = np.arange(60)
END
note='attributes scale_factor 0.01, add_offset 273, _FillValue -1 are not applied: numbers are as stored; --cf applies them'
"$SHARDSTEP" info packed/a.nc > info.txt || fail "info of packed numbers"
[ "$(grep -c "^    meaning    $note\$" info.txt)" = 1 ] || fail "info of packed numbers: $(cat info.txt)"
"$SHARDSTEP" info packed/a.nc --json | /usr/bin/python3 -c "
import json, sys
told = {d['name']: d['attributes_not_applied'] for d in json.load(sys.stdin)['datasets']}
assert told == {'plain': [], 't2m': ['scale_factor', 'add_offset', '_FillValue']}, told" || fail "info --json of packed numbers"
"$SHARDSTEP" stats packed/a.nc t2m > out.txt 2> err.txt || fail "stats of packed numbers"
grep -q "^shardstep: note: packed/a.nc: ${note/, _FillValue -1/}\$" err.txt || fail "stats of packed numbers: $(cat err.txt)"
grep -q '^missing values, which are left out: -1 (attribute _FillValue)$' out.txt || fail "stats of packed numbers: $(cat out.txt)"
"$SHARDSTEP" stats packed/a.nc plain > out.txt 2> err.txt && [ ! -s err.txt ] || fail "stats of plain numbers: $(cat err.txt)"
"$SHARDSTEP" info packed --fields t2m > info.txt || fail "a folder of netCDF files"
grep -q '^300 samples in 5 files: packed/a.nc to packed/e.h5$' info.txt || fail "a folder of netCDF files: $(cat info.txt)"

# ---- a variable of netCDF that ends before its unlimited dimension, and arrays that have no dimension
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('short.nc', 'w') as f:
    for name, rows in ('time', 60), ('t2m', 60), ('tp', 57):
        f.create_dataset(name, data=np.arange(rows, dtype='f4'), maxshape=(None,), chunks=(8,))
    f['fixed'] = np.arange(57, dtype='f4')
    f['time'].make_scale('time')
    for name in 't2m', 'tp', 'fixed':
        f[name].dims[0].attach_scale(f['time'])
END
refused 0 'short.nc: field t2m has 60 rows but field tp has 57; .*; both grow along time, and nobody has written the last 3 rows of tp, for which netCDF gives fill' \
    "$SHARDSTEP" info short.nc --fields t2m,tp
refused 0 'short.nc: field t2m has 60 rows but field fixed has 57; all fields need one row a sample$' \
    "$SHARDSTEP" info short.nc --fields t2m,fixed

# ---- folders that do not exist
refused 0 'cannot create nowhere/x.h5: the folder nowhere does not exist; make it' \
    "$SHARDSTEP" replay packed/a.nc --fields t2m --rank 0 --step 0 --vranks 1 -o nowhere/x.h5
refused 0 'cannot create nowhere/x.h5: the folder nowhere does not exist; make it' \
    "$SHARDSTEP" import nowhere/x.h5 x=array.npy

# ---- links, groups, and members
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('links.h5', 'w') as f:
    f['g/x'] = np.arange(60)
    f['table'] = np.zeros(5, [('x', 'f4'), ('n', 'i4')])
    f['type'] = np.dtype('f4')
    for name, to in [('soft', '/g/x'), ('group', 'g'), ('nothing', '/g/y'), ('first', 'second'), ('second', 'first'),
                     ('on', 'nothing')]:
        f[name] = h5py.SoftLink(to)
    f['g/near'] = h5py.SoftLink('x')
    for name, to in [('far', ('other.h5', '/x')), ('gone', ('gone.h5', '/x')), ('empty', ('other.h5', '/y')),
                     ('text', ('text.h5', '/x'))]:
        f[name] = h5py.ExternalLink(*to)
h5py.File('other.h5', 'w')['x'] = np.arange(60)
with h5py.File('many.h5', 'w') as f:
    for i in range(4):
        f[f'many/{i}/y'] = np.arange(15) + 15 * i
h5py.File('links.h5', 'a')['many'] = h5py.ExternalLink('many.h5', '/many')
END
alike "groups in another file" links.h5 'many/*/y' g/x
for name in soft group/x group/near g/near far; do alike "a link" links.h5 $name g/x; done
"$SHARDSTEP" info links.h5 > info.txt || fail "info of links"
for line in 'far: external link to /x in other.h5' 'nothing: soft link to /g/y' 'gone: external link to /x in gone.h5'; do
    grep -qxF "$line" info.txt || fail "info has no line '$line': $(cat info.txt)"
done
"$SHARDSTEP" info links.h5 --json > info.json || fail "info of links as JSON"
/usr/bin/python3 - <<'END' || fail "info of links: $(cat info.json)"
import h5py, json
expected = []
def visit(group, path):
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink): expected.append({'name': path + name, 'target': link.path})
        elif isinstance(link, h5py.ExternalLink):
            expected.append({'name': path + name, 'file': link.filename, 'target': link.path})
        elif isinstance(group.get(name), h5py.Group): visit(group[name], path + name + '/')
visit(h5py.File('links.h5'), '')
assert len(expected) > 5 and json.load(open('info.json'))['links'] == expected, expected
END
digested links.h5 nothing "'nothing' is a soft link to '/g/y': links.h5 holds no dataset 'g/y'"
digested links.h5 on "'on' is a soft link to 'nothing': .*holds no dataset 'g/y'"
digested links.h5 first "'first' is a soft link to 'second': .*they lead in a circle"
digested links.h5 gone "'gone' is an external link to '/x' in gone.h5, which is missing; put .*HDF5_EXT_PREFIX"
digested links.h5 empty "'empty' is an external link to '/y' in other.h5: .*other.h5 holds no dataset 'y'; it holds x"
digested links.h5 text "'text' is an external link to '/x' in text.h5: .*begins like a text"
digested links.h5 table/x "'x' is a member of the compound dataset table"
digested links.h5 table/y "holds no dataset 'table/y': table is a dataset, not a group"
digested links.h5 g "links.h5 holds no dataset 'g': it is a group; give a dataset in it"
digested links.h5 type "links.h5 holds no dataset 'type': it is a type"
digested links.h5 / "holds no dataset '/'"

# ---- newer formats, and filters that are not there; each file has another dataset that can be read
unpack() {
    /usr/bin/python3 -c "
import base64, sys, zlib
sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.argv[1])))" "$1"
}
# written by HDF5 2.0 with the bounds «latest»: six numbers in a deflated chunk, and native complex
unpack eNrr9HBx4+WS4mLm4GCAgf9QIAIVMoCKV8bzJPt7uAQxMVQwCSErhAEuJgZGBgY2PgYgxZyXWr4ZqhEqkp+Tsp8RKmTCQBbYsfF4BdgJjAyMjCIM\
DEyMjIxsMFugNDMPA6MAA8hGEOBgYAW6ipmbGygKVM0AgiwgcRkGoAwTEyMbIyMfshWwcJjHMMjBhE9CH8kKCy4OYOwxM/JxoKpl2MEwZEG+zG0HhlEwCkbB\
KBgFxIOKuOSElKS0RFYGBk0GAWAVyczCCgABzjC+ > chunk.h5
unpack eNrr9HBx4+WS4mLm4GCAgf9QwAYVMoCKX+GX2OXv4RLExFDBJISsEAa4mBgYGRjYBBmAFFteYklmWepmqF42PpAgc35OynlGqJAhA+mA6afkGbATFEXl\
uLORMQMjowhQnpGRkRmqFk7LMDBGAy0F+UZQQZ6BBSyqwCDOwSBeD2SxAl3NzMUB9BEzI8wnEjALVzAMGdAtO+UZOGwYEWHBBgt+WFjwMDAKMICiAgQ4UPzO\
wIGqlmEHw5AFEfs+hTCMglEwCkbBKMADGJmYWVgBs6k6kA== > complex.h5
"$BUILD/tests/plugin_file" filter.h5
/usr/bin/python3 - <<'END'
import h5py, numpy as np, struct
with h5py.File('filter.h5', 'a') as f:
    f['old'] = np.arange(6, dtype='u1')
    def dataset(name, filter, options=(), shape=(6,), type=h5py.h5t.STD_U8LE, chunk=3):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((chunk,))
        plist.set_filter(filter, h5py.h5z.FLAG_OPTIONAL, options)
        h5py.h5d.create(f.id, name, type, h5py.h5s.create_simple(shape, shape), plist)
        return f[name]
    d = dataset(b'encoded', 32012)
    for at in 0, 3: d.id.write_direct_chunk((at,), b'abc', 0)
    d = dataset(b'skipped', 32012) # no chunk went through the filter
    for at in 0, 3: d.id.write_direct_chunk((at,), bytes([at, at + 1, at + 2]), 1)
    # HDF5 lacks the filter: chunks of fewer than 8 elements, and 16 in two blocks without compression
    for name, lie in (b'shuffled', 0), (b'lying', 1):
        d = dataset(name, 32008, (0, 2, 1, 0, 2))
        for at in 0, 3: d.id.write_direct_chunk((at,), struct.pack('>QI', 3 + lie, 8192) + bytes([at, at + 1, at + 2]), 0)
    d = dataset(b'numbers', 32008, (0, 4, 4, 8, 0), (16,), h5py.h5t.STD_U32LE, 16)
    numbers = np.arange(16, dtype='<u4') * 0x1010307
    bits = np.unpackbits(numbers.view('u1').reshape(2, 8, 4), axis=2, bitorder='little')
    d.id.write_direct_chunk((0,), np.packbits(bits.transpose(0, 2, 1), axis=2, bitorder='little').tobytes(), 0)
    f['plain'] = numbers
    dataset(b'unwritten', 32013)
    # what to install: a plug-in with its packages, one of unknown origin, a filter without a name
    for name, filter in (b'zfp', 32013), (b'bzip2', 307), (b'nameless', 511):
        d = dataset(name, filter)
        for at in 0, 3: d.id.write_direct_chunk((at,), b'abc', 0)
    layout = h5py.VirtualLayout((6,), 'u1')
    layout[:] = h5py.VirtualSource('filter.h5', 'encoded', (6,))
with h5py.File('master.h5', 'w') as f:
    f.create_virtual_dataset('x', layout)
END
needs='needs filter 32012 \(JPEG-LS\), which is not there; .*HDF5_PLUGIN_PATH.*h5repack'
folder="install its plug-in \(Debian's %s or Python's hdf5plugin\) and name the plug-in's folder in HDF5_PLUGIN_PATH, or write"
digested filter.h5 zfp "needs filter 32013 \(ZFP\), which is not there; $(printf "$folder" hdf5-filter-plugin-zfp-serial)"
digested filter.h5 bzip2 "needs filter 307 \(bzip2\), which is not there; $(printf "$folder" hdf5-filter-plugin)"
digested filter.h5 nameless 'needs filter 511 \(unregistered\), which is not there; name the folder of its plug-in in HDF5_PLUGIN_PATH'
digested filter.h5 data 'needs filter 305 \(LZO\)'
digested filter.h5 encoded "$needs"
digested master.h5 x "$needs"
refused 0 "$needs" "$SHARDSTEP" stats filter.h5 encoded
refused 0 'needs filter 32008 \(bitshuffle\), which is not there; .*; a loader reads it without HDF5, from this file as it is$' \
    "$SHARDSTEP" import new.h5 x=h5:filter.h5:numbers
refused 0 "$needs -f NONE IN OUT$" "$SHARDSTEP" import new.h5 x=h5:filter.h5:encoded
alike "a filter that no chunk went through" filter.h5 skipped old
"$SHARDSTEP" info filter.h5 > info.txt || true
if sed -n '/^shuffled:/,/checksums/p' info.txt | grep -q '^    read       directly, by position; not compared'; then
    alike "bitshuffle with LZ4" filter.h5 shuffled old
    refused 0 'lying: .*filter 32008 \(bitshuffle\): it decodes to 4 bytes, not to 3' "$SHARDSTEP" digest filter.h5 --fields lying
fi
alike "bitshuffle" filter.h5 numbers plain
"$SHARDSTEP" digest filter.h5 --fields unwritten > /dev/null || fail "a filter of no chunks"
layout='new needs a newer HDF5: it uses version 5 of the layout message, written by HDF5 2.0 or newer, and this is'
if HDF5=$(h5ls -V 2> /dev/null) && [[ $HDF5 == *"Version 1."* ]]; then
    digested chunk.h5 new "$layout .*h5repack --high=v110"
    digested complex.h5 native 'version 5 of the datatype message'
    refused 0 "$layout" "$SHARDSTEP" digest chunk.h5
    "$SHARDSTEP" info chunk.h5 > info.txt 2> err.txt && fail "info leaves a newer dataset out and exits with 0"
    grep -q "^new: not looked at: dataset $layout" info.txt || fail "info of a newer dataset: $(cat info.txt)"
    grep -q '^old: u8 6$' info.txt || fail "a newer dataset hides another: $(cat info.txt)"
    { "$SHARDSTEP" info chunk.h5 --json 2> err.txt || true; } | /usr/bin/python3 -c "
import json, sys
told = {d['name']: d for d in json.load(sys.stdin)['datasets']}
assert told['old']['readable'] and not told['new']['readable'] and 'newer HDF5' in told['new']['reason'], told" ||
        fail "info --json of a newer dataset"
fi
for file in chunk complex filter; do alike "beside what cannot be read" $file.h5 old old; done
"$SHARDSTEP" info filter.h5 > info.txt || fail "info of filters"
grep -qE "read       cannot be read: (dataset encoded )?$needs" info.txt || fail "info of a filter: $(cat info.txt)"
for stored in '3, filter 32012 \(JPEG-LS\)' '3, filter 32008 \(bitshuffle\)' '3, filter 511'; do
    grep -qE "^    stored     chunked $stored, " info.txt || fail "info does not name $stored: $(cat info.txt)"
done

# ---- names with slashes and dots that mean nothing, and checksums wherever a name leads
/usr/bin/python3 - <<'END'
import h5py, numpy as np
np.save('x.npy', np.arange(60, dtype='u2').reshape(30, 2))
with h5py.File('way.h5', 'w') as f:
    f['far'] = h5py.ExternalLink('sums.h5', '/g/x')
    f['folder'] = h5py.ExternalLink('sums.h5', '/g')
END
"$SHARDSTEP" import sums.h5 g/x=npy:x.npy > /dev/null
/usr/bin/python3 - <<'END'
import h5py
with h5py.File('sums.h5', 'a') as f:
    f['soft'] = h5py.SoftLink('/g/x')
    f['g/near'] = h5py.SoftLink('x')
    f['group'] = h5py.SoftLink('g')
    f['twice'] = h5py.SoftLink('group/near')
    f['hard'] = f['g/x']
END
names='g/x g/x/ /g/x ./g/x g/./x //g//x g/x/. soft /soft/ g/near group/x group/near twice'
for name in $names; do alike "a name" sums.h5 $name g/x; done
for name in far folder/x folder/near; do
    "$SHARDSTEP" digest way.h5 --fields x=$name --vranks 2 --batch 7 > right.txt || fail "$name"
    same "$name" left.txt right.txt
done
"$SHARDSTEP" info sums.h5 --fields g/x/,./soft > info.txt || fail "info of names"
[ "$(grep -c '^    read directly, by position, and checked' info.txt)" = 2 ] && grep -q '^g/x: ' info.txt &&
    grep -q '^soft: ' info.txt || fail "info of names: $(cat info.txt)"
/usr/bin/python3 -c "
import h5py
layout = h5py.VirtualLayout((30, 2), 'u2'); layout[:] = h5py.VirtualSource('sums.h5', 'g/x', (30, 2))
h5py.File('over.h5', 'w').create_virtual_dataset('x', layout)"
"$SHARDSTEP" info over.h5 > info.txt || fail "info of a virtual dataset"
grep -q '^    checksums  none; those of its sources are not used$' info.txt || fail "virtual: $(cat info.txt)"
# row 17 is no longer what was written
/usr/bin/python3 -c "
import h5py
with h5py.File('sums.h5', 'a') as f: f['g/x'][17, 1] += 1"
changed='row 17 is not what was written: its checksum is'
for name in $names; do refused 0 "$changed" "$SHARDSTEP" digest sums.h5 --fields x=$name --vranks 2; done
for name in far folder/x folder/near; do refused 0 "$changed" "$SHARDSTEP" digest way.h5 --fields $name --vranks 2; done
refused 0 'field x is given twice' "$SHARDSTEP" digest links.h5 --fields x=g/x,x=./g/x
refused 0 'field g/x is given twice' "$SHARDSTEP" digest links.h5 --fields g/x,./g/x/

# ---- folders, marks of byte order, and files without rows
mkdir -p many/b.h5 only/c.h5
cp other.h5 many/a.h5
"$SHARDSTEP" digest many --fields x --vranks 2 > left.txt || fail "a folder with a folder b.h5"
"$SHARDSTEP" digest 'many/*' --fields x --vranks 2 > right.txt || fail "a pattern that a folder matches"
same "folders are passed over" left.txt right.txt
"$SHARDSTEP" digest many/a.h5 --fields x --vranks 2 > right.txt
same "folders are passed over" left.txt right.txt
refused 0 "only/c.h5 holds no file \*.h5" "$SHARDSTEP" digest only/c.h5 --fields x
refused 0 "only holds no file \*.h5" "$SHARDSTEP" digest only --fields x
refused 0 "no file matches 'only/\*', only folders do" "$SHARDSTEP" digest 'only/*' --fields x
printf '\357\273\277many/a.h5\r\n' > marked.txt
printf '\377\376a\0\n\0' > wide.txt
printf 'many/b.h5\n' > folder.txt
"$SHARDSTEP" digest @marked.txt --fields x --vranks 2 > right.txt || fail "a list with a mark"
same "a list with a mark" left.txt right.txt
refused 0 'wide.txt is a text in UTF-16; save it as UTF-8' "$SHARDSTEP" digest @wide.txt --fields x
refused 0 'many/b.h5: it is a folder' "$SHARDSTEP" digest @folder.txt --fields x
printf '\357\273\2773\r\n5\r\n' > rows.txt
printf '3 5' > plain.txt
"$SHARDSTEP" digest other.h5 --fields x --vranks 1 --rows rows.txt > left.txt || fail "rows with a mark"
"$SHARDSTEP" digest other.h5 --fields x --vranks 1 --rows plain.txt > right.txt
same "rows with a mark" left.txt right.txt
mkfifo pipe.h5
refused 0 'pipe.h5: it is a named pipe' "$SHARDSTEP" digest pipe.h5 --fields x

# ---- bool, enumerations, complex numbers: the digests are those of the same numbers stored plainly
/usr/bin/python3 - <<'END'
import h5py, numpy as np
r = np.random.default_rng(1)
with h5py.File('numbers.h5', 'w') as f:
    b = r.integers(0, 2, (30, 4))
    f['bool'] = b.astype(bool); f['bool.plain'] = b.astype('u1')
    f.create_dataset('masks', data=b.astype(bool), chunks=(7, 3), compression='gzip'); f['masks.plain'] = b.astype('u1')
    def enumeration(name, base, values, data, plain, **how):
        names = {f'v{i}': v for i, v in enumerate(values)}
        f.create_dataset(name, data=data, dtype=h5py.enum_dtype(names, basetype=base), **how)
        f[name + '.plain'] = np.asarray(data, plain)
    few = r.integers(0, 200, 30)
    enumeration('bytes', 'u1', [0, 200], few, 'u1')
    enumeration('signed', 'i1', [0, 100], few // 2, 'u1', chunks=(4,))
    enumeration('minus', 'i1', [-1, 1], few // 2 - 50, 'i1')
    enumeration('wide', 'i4', [0, 42], few, 'u1')
    enumeration('swapped', '>i8', [0, 42], few, 'u1', chunks=(4,), compression='gzip')
    enumeration('large', 'i4', [0, 256], few * 1000, 'i4')
    enumeration('beyond', 'i4', [0, 42], few + 100, 'u2')
    for name, type in ('single', 'c8'), ('double', 'c16'), ('big', '>c8'):
        c = (r.standard_normal((30, 4)) + 1j * r.standard_normal((30, 4))).astype(type)
        pairs = np.stack([c.real, c.imag], -1)
        f[name] = c; f[name + '.plain'] = pairs
        f.create_dataset(name + 'chunks', data=c, chunks=(7, 3), shuffle=True, compression='gzip',
                         fletcher32=True)
        f[name + 'chunks.plain'] = pairs
    d = f.create_dataset('gaps', (30, 4), 'c8', chunks=(7, 3)); d[:9] = 1 + 2j
    f['gaps.plain'] = np.stack([d[:].real, d[:].imag], -1)
    d = f.create_dataset('filled', (30, 4), 'c8', chunks=(7, 3), fillvalue=1 - 2j); d[:9] = 1 + 2j
    f['filled.plain'] = np.stack([d[:].real, d[:].imag], -1)
    c = f['single'][:]
    for name, parts, offsets, size in [('matlab', ('real', 'imag'), (0, 4), 8), ('apart', 'ri', (4, 12), 16),
                                       ('turned', 'ri', (4, 0), 8)]:
        a = np.zeros((30, 4), np.dtype({'names': parts, 'formats': ['f4'] * 2, 'offsets': offsets, 'itemsize': size}))
        a[parts[0]] = c.real; a[parts[1]] = c.imag
        f[name] = a; f[name + '.plain'] = np.stack([c.real, c.imag], -1)
    # bools of PyTables
    from h5py import h5d, h5p, h5s, h5t
    h5d.create(f.id, b'bits', h5t.STD_B8LE, h5s.create_simple((30, 4))).write(h5s.ALL, h5s.ALL, b.astype('u1'), h5t.NATIVE_B8)
    f['bits.plain'] = b.astype('u1')
    packed = h5p.create(h5p.DATASET_CREATE); packed.set_chunk((7,)); packed.set_deflate(1)
    row = h5t.create(h5t.COMPOUND, 5)
    row.insert(b'n', 0, h5t.NATIVE_INT32); row.insert(b'flag', 4, h5t.STD_B8LE)
    table = np.zeros(30, [('n', 'i4'), ('flag', 'u1')])
    table['flag'] = b[:, 0]
    h5d.create(f.id, b'table', row, h5s.create_simple((30,)), packed).write(h5s.ALL, h5s.ALL, table.view('V5'), row)
    f['table.flag.plain'] = b[:, 0].astype('u1')
    f['one'] = 1 + 2j
    f['three'] = np.zeros(30, [('r', 'f4'), ('i', 'f4'), ('j', 'f4')])
    f['mixed'] = np.zeros(30, [('r', 'f4'), ('i', 'f8')])
    f['words'] = np.zeros(30, [('r', 'i4'), ('i', 'i4')])
END
for name in bool masks bytes signed minus wide swapped large single double big singlechunks doublechunks bigchunks \
    gaps filled matlab apart turned bits table.flag; do
    alike "what is stored as numbers" numbers.h5 $name $name.plain
done
refused 0 'have a value that is beyond u8 and no member of their enumeration' \
    "$SHARDSTEP" digest numbers.h5 --fields beyond --vranks 1 --batch 30
refused 0 'one is a single complex number' "$SHARDSTEP" digest numbers.h5 --fields one
for name in three mixed words; do digested numbers.h5 $name "dataset $name is compound"; done
"$SHARDSTEP" digest numbers.h5 --fields 'x=double(window=5, stride=2)' --vranks 2 > left.txt || fail "windows"
"$SHARDSTEP" digest numbers.h5 --fields 'x=double.plain(window=5, stride=2)' --vranks 2 > right.txt
same "windows of complex numbers" left.txt right.txt
"$SHARDSTEP" info numbers.h5 --json > info.json || fail "info of numbers"
/usr/bin/python3 - <<'END' || fail "info of numbers: $(cat info.json)"
import h5py, json
told = {d['name']: d for d in json.load(open('info.json'))['datasets']}
assert (told['bool']['type'], told['bool']['stored_as'], told['minus']['type']) == ('u8', 'bool', 'i8')
assert (told['bits']['type'], told['bits']['stored_as'], told['bits']['direct']) == ('u8', 'bit field', True)
assert (told['wide']['type'], told['wide']['stored_as'], told['large']['type']) == ('u8', 'enumeration', 'i32')
assert told['double']['type'] == 'f64' and told['double']['stored_as'] == 'complex' and told['double']['shape'] == [30, 4, 2]
through = {n for n, d in told.items() if d['field'] and not d['direct']}
assert through == {'wide', 'swapped', 'beyond', 'apart', 'turned', 'filled'}, through
assert not told['one']['field'] and not told['three']['field'] and not told['three']['stored_as']
END
"$SHARDSTEP" info numbers.h5 > info.txt || fail "info of numbers"
grep -q '^double: f64 30x4x2, the real and imaginary parts of complex numbers$' info.txt &&
    grep -q '^bits: u8 30x4, stored as bit fields$' info.txt && grep -q '^table: .*' info.txt &&
    grep -q '^    members    n i32, flag u8$' info.txt &&
    grep -q '^masks: u8 30x4, stored as bool$' info.txt || fail "info of numbers: $(cat info.txt)"

# ---- rows without elements: nothing can be loaded of them, and the other arrays are loaded
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('bare.h5', 'w') as file:
    file['x'] = np.arange(60)
    file['bare'] = np.zeros((60, 0, 4), 'f4')
    file.create_dataset('chunked', (60, 4, 0), 'u1', chunks=(8, 4, 1), maxshape=(None, 4, None))
    file['none'] = np.zeros((0, 0), 'u1')
END
digested bare.h5 bare 'dataset bare: its 60 rows have no elements: each is f32 0x4; leave it out of the fields'
digested bare.h5 x,chunked 'dataset chunked: its 60 rows have no elements: each is u8 4x0; leave it out'
digested bare.h5 none 'dataset none: its 0 rows have no elements'
for command in "replay --vranks 1 --rank 0 --step 0" plan bench "info"; do
    refused 0 'dataset bare: its 60 rows have no elements' "$SHARDSTEP" $command bare.h5 --fields bare
done

"$SHARDSTEP" digest bare.h5 --vranks 2 > left.txt || fail "all fields beside empty ones"
"$SHARDSTEP" digest bare.h5 --fields x --vranks 2 > right.txt || fail "x"
same "all fields beside empty ones" left.txt right.txt
"$SHARDSTEP" info bare.h5 > info.txt && grep -q '^bare: f32 60x0x4$' info.txt || fail "info: $(cat info.txt)"
"$SHARDSTEP" stats bare.h5 bare | grep -q '0 elements' || fail "stats of no elements"
"$SHARDSTEP" check bare.h5 > check.txt || fail "check of no elements: $(cat check.txt)"

# ---- a damaged group does not hold nothing: names in it cannot be looked for
/usr/bin/python3 - << 'END'
import h5py
with h5py.File('root.h5', 'w', libver='latest') as file:
    file['x'] = [1.0, 2.0]
    file['y'] = [1.0, 2.0]
content = bytearray(open('root.h5', 'rb').read())
content[content.index(b'OHDR') + 20] ^= 1
open('root.h5', 'wb').write(content)
END
refused 0 'the file is damaged' "$SHARDSTEP" digest root.h5 --fields x --vranks 1
! grep -q 'holds no dataset' err.txt || fail "a damaged root group is said to hold no dataset: $(cat err.txt)"

finish
