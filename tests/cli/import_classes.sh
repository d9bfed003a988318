#!/usr/bin/env bash
# Texts of HDF5 and CSV files become classes: numbers and a table of the texts, on any number of ranks.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

cat > texts.py <<'END'
import sys
import h5py
import numpy as np

words = ['dog', 'ant', 'cat', 'ant', '', 'Zürich'] * 50
if sys.argv[1] == 'make':
    with h5py.File('texts.h5', 'w') as file:
        file['variable'] = words
        file.create_dataset('zipped', data=words, chunks=(7,), compression='gzip')
        file['fixed'] = np.array([word.encode() for word in words], 'S7')
        kind = h5py.h5t.C_S1.copy()
        kind.set_size(9)
        kind.set_strpad(h5py.h5t.STR_SPACEPAD) # as Fortran writes texts
        data = h5py.h5d.create(file.id, b'fortran', kind, h5py.h5s.create_simple((300,)))
        padded = np.array([word.encode().ljust(9) for word in words], 'S9')
        data.write(h5py.h5s.ALL, h5py.h5s.ALL, padded, kind)
        kinds = [('n', 'i4'), ('fixed', 'S7'), ('block', 'S7', (1,)), ('free', h5py.string_dtype()), ('two', 'S7', (2,))]
        table = np.zeros(300, kinds)
        table['n'] = range(300)
        table['fixed'] = table['block'][:, 0] = file['fixed'][()]
        table['free'] = words
        file.create_dataset('df/table', data=table, chunks=(64,), compression='gzip')
        file['many'] = [f'c{i * 7 % 300:03}' for i in range(600)]
        file['g/10/y'] = ['b', 'a']
        file['g/9/y'] = ['c', 'b', 'b']
        file['two'] = np.array([[b'a', b'b']])
        file['n'] = np.arange(3)
        file['x'] = np.arange(300.)
        file['vast'] = [str(i) for i in range(70000)]
        layout = h5py.VirtualLayout((300,), 'S7')
        layout[:] = h5py.VirtualSource('none.h5', 'fixed', (300,), 'S7')
        file.create_virtual_dataset('virtual', layout)
    sys.exit()
with h5py.File('classes.h5') as file:
    for name in ('variable', 'zipped', 'fixed', 'fortran', 'member', 'block', 'free'):
        table, numbers = file[name].attrs['classes'], file[name][()]
        table = [text.decode() if isinstance(text, bytes) else text for text in table]
        assert table == sorted(set(words), key=str.encode), (name, table)
        assert numbers.dtype == 'u1' and [table[n] for n in numbers] == words, name
    many = file['many']
    assert many.dtype == 'u2' and len(many.attrs['classes']) == 300
    assert (many[()] == np.arange(600) * 7 % 300).all()
    assert file['joined'][()].tolist() == [2, 1, 1, 1, 0]
END
/usr/bin/python3 texts.py make
fields=(variable=h5:classes:texts.h5:variable zipped=h5:classes:texts.h5:zipped fixed=h5:classes:texts.h5:fixed
    fortran=h5:classes:texts.h5:fortran member=h5:classes:texts.h5:df/table.fixed
    block=h5:classes:texts.h5:df/table.block free=h5:classes:texts.h5:df/table.free many=h5:classes:texts.h5:many
    'joined=h5:classes:natural:texts.h5:g/*/y')
"$SHARDSTEP" import classes.h5 "${fields[@]}" --any-rows > out.txt
/usr/bin/python3 texts.py check || fail "values"
grep -qx 'class 1: Zürich' out.txt || fail "no classes are told: $(cat out.txt)"
grep -qx '… and 200 more classes' out.txt || fail "not told that there are more classes: $(cat out.txt)"
on 3 "$SHARDSTEP" import ranks.h5 "${fields[@]}" --any-rows > /dev/null
same "the file of 3 ranks" classes.h5 ranks.h5
"$SHARDSTEP" import split.h5 y=h5:classes:texts.h5:fixed x=h5:texts.h5:x --split 0.5,0.5 > /dev/null
"$SHARDSTEP" check split.h5 > /dev/null || fail "the parts of a split"

refuses() { refused 0 "$2" "$SHARDSTEP" import new.h5 "y=$1"; }
refuses h5:classes:texts.h5:n 'dataset n is i64; classes are made of texts along one axis'
refuses h5:classes:texts.h5:two 'dataset two is of other axes'
refuses h5:classes:texts.h5:virtual 'dataset virtual is in other files'
refuses h5:classes:texts.h5:vast 'row 65536: there are more than 65536 different texts'
refuses h5:classes:texts.h5:fixes 'did you mean fixed'
refuses h5:classes:texts.h5:df/table.n 'dataset df/table.n is i32; classes are made of texts'
refuses h5:classes:texts.h5:df/table.two 'dataset df/table.two is array element; classes are made of texts'
refuses h5:classes:texts.h5:df/table.kind "dataset df/table has no member 'kind'; there are n i32, fixed text, block text\[1\]"
refuses h5:classes:texts.h5:df/table 'dataset df/table is compound; classes are made of texts'
refuses h5:u8:classes:texts.h5:fixed 'leave out the type and the order of axes'
head -c 9000 texts.h5 > short.h5
refuses h5:classes:short.h5:fixed 'short.h5: it is not complete'
"$SHARDSTEP" info texts.h5 | holds -F 'import numbers texts: NAME=h5:classes:FILE:fixed' || fail "info of texts"
[ ! -e new.h5 ] || fail "a refused import left a file"

# texts of CSV files, packed and quoted, in the order of the file and in another one
cat > csv.py <<'END'
import gzip
import sys
import h5py

words = ['dog', 'ant', 'cat, black', 'ant', 'say "miau"', 'Zürich'] * 500
if sys.argv[1] == 'make':
    quoted = ['"' + word.replace('"', '""') + '"' for word in words]
    with gzip.open('table.csv.gz', 'wt') as file:
        file.write('n,kind,x\r\n' + ''.join(f'{i},{word},{i % 7}.5\r\n' for i, word in enumerate(quoted)))
    with open('words.txt', 'w') as file:
        file.write('\n'.join(quoted))
    sys.exit()
with h5py.File(sys.argv[1]) as file:
    order = file['n'][()] if 'n' in file else range(len(words))
    assert sorted(order) == list(range(len(words)))
    table, numbers = file['kind'].attrs['classes'], file['kind'][()]
    table = [text.decode() if isinstance(text, bytes) else text for text in table]
    assert table == sorted(set(words), key=str.encode), table
    assert numbers.dtype == 'u1' and [table[n] for n in numbers] == [words[i] for i in order]
END
/usr/bin/python3 csv.py make
"$SHARDSTEP" import words.h5 kind=csv:classes:words.txt --heading no > out.txt
grep -qx 'words.txt: line 1 is a row' out.txt && grep -qx 'class 0: Zürich' out.txt || fail "notes: $(cat out.txt)"
/usr/bin/python3 csv.py words.h5 || fail "classes of a file of one column"
table=(n=csv:1:table.csv.gz kind=csv:classes:2:table.csv.gz)
"$SHARDSTEP" import table.h5 "${table[@]}" > /dev/null
/usr/bin/python3 csv.py table.h5 || fail "classes of a table"
on 2 "$SHARDSTEP" import ranks_table.h5 "${table[@]}" > /dev/null
same "the file of 2 ranks from a table" table.h5 ranks_table.h5
"$SHARDSTEP" import mixed.h5 "${table[@]}" --row-order random > /dev/null
/usr/bin/python3 csv.py mixed.h5 || fail "classes of a table in another order"
finish
