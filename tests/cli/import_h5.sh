#!/usr/bin/env bash
# Datasets of HDF5 files as origins of import, against h5py, and what is refused.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

reference="/usr/bin/python3 $SOURCE/tests/cli/import_h5_reference.py"
mkdir sources
$reference make sources
split -l 60 sources/cases.txt cases-
for list in cases-*; do
    mapfile -t cases < $list
    "$SHARDSTEP" import alone.h5 "${cases[@]}" --any-rows > out.txt
    [ "$($reference check alone.h5 sources)" = ${#cases[@]} ] || fail "values of $list"
    for ranks in $([ $list = cases-ad ] && echo 2) 3; do
        on $ranks "$SHARDSTEP" import ranks.h5 "${cases[@]}" --any-rows > /dev/null
        same "$list on $ranks ranks" alone.h5 ranks.h5
        rm ranks.h5
    done
    rm alone.h5
done
grep 'case.*plain.h5' sources/cases.txt | sed -n '1,40p' > some.txt
mapfile -t cases < some.txt
for options in "--chunk 2 --deflate 2 --byteshuffle" "--chunk 1000"; do
    "$SHARDSTEP" import chunks.h5 "${cases[@]}" --any-rows $options > /dev/null
    [ "$($reference check chunks.h5 sources)" = 40 ] || fail "values with $options"
    rm chunks.h5
done
"$SHARDSTEP" import split.h5 x=h5:f32:axes=1,0:sources/large.h5:plain --split 0.8,0.2 > /dev/null
"$SHARDSTEP" check split.h5 > /dev/null || fail "checksums"

# what was taken for granted is said
"$SHARDSTEP" import notes.h5 m=h5:sources/matlab.mat:x "g=h5:sources/groups.h5:data/*/actions" --any-rows > out.txt
grep -qx 'sources/matlab.mat: MATLAB wrote the axes of this double array last axis first, and they are kept so; h5:reversed:FILE:DATASET gives MATLAB.s order' out.txt ||
    fail "MATLAB's axes: $(cat out.txt)"
grep -qx 'sources/groups.h5: 23 datasets joined in the order of their names, byte by byte: data/demo_0/actions, data/demo_1/actions, data/demo_10/actions, …, data/demo_9/actions' out.txt ||
    fail "order: $(cat out.txt)"

# listed files keep their order, also with natural, and an error names the line of the list
/usr/bin/python3 -c "
import h5py, numpy as np
for i in (10, 9, 2):
    with h5py.File(f'run{i}.h5', 'w') as f:
        f['x1'], f['x10'], f['x2'] = [i], [i + 100], [i + 50]"
joins() {
    "$SHARDSTEP" import order.h5 "x=h5:$1:x*" > out.txt || fail "import of $1"
    grep -qF " datasets joined in the order of $2: " out.txt || fail "the order of $1: $(cat out.txt)"
    /usr/bin/python3 -c "
import sys, h5py
x = h5py.File('order.h5')['x'][()].tolist()
assert x == [$3], ('expected', [$3], 'came', x)" || fail "rows of $1"
    rm order.h5
}
printf '%s\n' run9.h5 run10.h5 run2.h5 > list.txt
listed='the listed files and, in each, of their names'
joins @list.txt "$listed, byte by byte" 9,109,59,10,110,60,2,102,52
joins natural:@list.txt "$listed, with numbers by size" 9,59,109,10,60,110,2,52,102
joins natural:run10.h5,run2.h5 "$listed, with numbers by size" 10,60,110,2,52,102
joins 'run[0-9]*.h5' 'their names, byte by byte' 10,110,60,2,102,52,9,109,59
joins 'natural:run[0-9]*.h5' 'their names, with numbers by size' 2,52,102,9,59,109,10,60,110
echo none.h5 >> list.txt
for name in x1 'x*'; do
    refused 0 'list.txt, line 4: .*none.h5' "$SHARDSTEP" import order.h5 "x=h5:@list.txt:$name"
done

# no value is changed in silence, and what is no number is named
/usr/bin/python3 - <<'EOF'
import h5py, numpy as np
with h5py.File("bad.h5", "w") as f:
    f["large"] = np.array([[1, 2], [3, 1e300]])
    f["half"] = np.array([[1, 2], [3.5, 4]])
    f["nan"] = np.array([1, np.nan])
    f["exact"] = np.array([2**53, 2**53 + 1], "i8")
    f["minus"] = np.array([3, -1], "i1")
    f["texts"] = np.array([b"a", b"bc"])
    f["words"] = np.array(["a", "bc"], dtype=h5py.string_dtype())
    f["table"] = np.zeros(3, [("a", "f4"), ("b", "i4")])
    f["lists"] = np.array([np.arange(2), np.arange(3)], dtype=object).astype(h5py.vlen_dtype("i4"))
    f["single"] = 3.0
    f["nothing"] = np.zeros((0, 3))
    f["null"] = h5py.Empty("f4")
    f["g/1/x"], f["g/2/x"], f["t/1/x"], f["t/2/x"] = [
        np.zeros((2, 3)), np.zeros((2, 4)), np.zeros((2, 3), "f4"), np.zeros((2, 3), "f8")]
    f["c/1/x"], f["c/2/x"] = np.zeros((2, 3), "c8"), np.zeros((2, 3, 2), "f4")
EOF
refuses() { refused "${ranks:-0}" "$2" "$SHARDSTEP" import new.h5 "x=$1"; }
for ranks in 0 3; do
    refuses h5:f32:bad.h5:large 'bad.h5: dataset large: row 1: its element 1 is 1.*e\+300, which f32 cannot hold'
    refuses h5:f32:reversed:bad.h5:large 'row 1: its element 1 is'
    refuses h5:i32:bad.h5:half 'dataset half: row 1: its element 0 is 3.5, which i32 cannot hold'
    refuses h5:bad.h5:texts 'dataset texts is text; a field must be of plain'
    refuses h5:f32:axes=0:bad.h5:large 'dataset large has 2 axes; axes= must list each of 0 to 1 once'
done
unset ranks
refuses h5:i64:bad.h5:nan 'row 1: its element 0 is nan, which i64 cannot hold'
refuses h5:f64:bad.h5:exact 'row 1: its element 0 is 9007199254740993, which f64 cannot hold'
refuses h5:u8:bad.h5:minus 'row 1: its element 0 is -1, which u8 cannot hold'
refuses h5:bad.h5:words 'dataset words is text'
refuses h5:bad.h5:table 'dataset table is compound'
refuses h5:bad.h5:lists 'dataset lists is variable-length sequence'
refuses h5:bad.h5:single 'dataset single is a single number'
refuses h5:bad.h5:null 'neither axes nor elements'
refuses h5:bad.h5:nothing 'has no elements'
refuses h5:bad.h5:larg 'did you mean large'
refuses 'h5:bad.h5:g/*/x' 'dataset g/2/x is f64 2x4, where that of bad.h5: dataset g/1/x is f64 2x3; .*first axis only'
refuses 'h5:bad.h5:t/*/x' 'dataset t/2/x is f64, where bad.h5: dataset t/1/x is f32; name the type'
refuses 'h5:bad.h5:c/*/x' 'dataset c/2/x is f32 2x3x2, where'
refuses 'h5:bad.h5:z/*/x' 'no dataset matches z/\*/x'
refuses 'h5:axes=1,1:bad.h5:large' 'must list each of 0 to 1 once'
refuses 'h5:axes=1,b:bad.h5:large' 'given as h5:FILE:DATASET'

# an origin that was taken apart in another way than was meant: the message says how it is given
refuses bad.h5:large 'bad.h5 is an HDF5 file, .*; its dataset large is given as h5:bad.h5:large$'
refuses bad.h5/g/1/x 'bad.h5 is an HDF5 file, .*; its dataset g/1/x is given as h5:bad.h5:g/1/x$'
refuses csv:bad.h5:large 'its dataset large is given as h5:bad.h5:large$'
refuses h5:bad.h5/g/1:x 'its dataset g/1/x is given as h5:bad.h5:g/1/x$'
refuses h5:bad.h5:a:b 'DATASET begins behind the last colon: in a DATASET a \? stands for a colon$'
refuses h5:10:bad.h5:large "'10' is none of the words that may stand before FILE in h5:FILE:DATASET"
refuses h5:classes:10:bad.h5/words "'10' was taken for FILE and 'bad.h5/words' for DATASET"
refuses classes:bad.h5:words "'classes' is none of the formats that may stand before a colon: idx,"
refuses h5:bad.h5:texts 'numbered from 0: shardstep import OUT.h5 NAME=h5:classes:bad.h5:texts$'
for command in info check "digest --fields x"; do
    for path in bad.h5:large bad.h5/large; do
        refused 0 "cannot open $path: .*; bad.h5 is an HDF5 file, whose datasets are named apart, not in the path" \
            "$SHARDSTEP" $command $path
    done
done
refuses h5:none.h5:large 'cannot open none.h5: No such file or directory; check the path$'
refuses h5:bad.h5 'given as h5:FILE:DATASET'
refuses h5:f32:bad.h5: 'given as h5:FILE:DATASET'
refuses bad.h5 'bad.h5 is an HDF5 file; name a dataset of it, as in h5:bad.h5:DATASET'
refuses h5:none.h5:x 'none.h5'
refuses 'h5:none*.h5:x' 'none\*.h5'
refuses h5:sources/matlab.mat:text "is MATLAB's text"
refuses h5:sources/matlab.mat:empty 'is an empty array of MATLAB'
/usr/bin/python3 -c "
import h5py, numpy as np
with h5py.File('heap.mat', 'w') as f:
    f['x'] = np.arange(3, dtype='u2')
    f['x'].attrs['MATLAB_class'] = 'char'
data = open('heap.mat', 'rb').read()
assert data.count(b'GCOL') == 1
open('heap.mat', 'wb').write(data.replace(b'GCOL', b'GCOX'))"
refuses h5:heap.mat:x 'heap.mat: dataset x: its attribute MATLAB_class cannot be read'
head -c 3000 bad.h5 > short.h5
refuses h5:short.h5:large 'short.h5'
cp sources/part1.h5 part.h5
cp sources/part2.h5 other.h5
refused 0 'other.h5 is what x is imported from' \
    "$SHARDSTEP" import other.h5 'x=h5:f32:part.h5,other.h5:x' --overwrite
[ ! -e new.h5 ] || fail "a refused import left a file"
finish
