#!/usr/bin/env bash
# The files and datasets that rows come from are kept, and replay and info name them.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - "$SOURCE/tests/cli" <<'EOF'
import os, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from import_reference import png
import h5py, numpy as np
for number, kind in enumerate(("cat", "dög")):
    os.makedirs(f"pets/{kind}")
    for i in range(40):
        image = np.full((4, 4), 50 * number + i, np.uint8)
        open(f"pets/{kind}/{'x' * (i % 5)}{i:02}.png", "wb").write(png(image))
with h5py.File("runs.h5", "w") as file:
    for i in range(12):
        file[f"run{i}/x"] = np.arange(i, dtype="f4") + 100 * i
EOF

# every row's name, read by h5py, is that of the image or dataset with its value
cat > compare.py <<'EOF'
import glob, sys
import h5py, numpy as np
names = sorted(glob.glob("pets/*/*.png"), key=lambda name: name.encode())
values = {name: int(name[-6:-4]) + 50 * ("cat" not in name) for name in names}
rows = 0
with h5py.File(sys.argv[1]) as file:
    for name in sys.argv[2:]:
        table = file[name + ".origin"][()]
        texts = [text.decode() for text in table["name"]]
        x = file[name][()]
        row = (file[name + ".origin_row"]["row"] if name + ".origin_row" in file
               else np.arange(len(x)))
        source = np.searchsorted(table["first_row"], row, side="right") - 1
        for i in range(len(x)):
            text = texts[source[i]]
            if text.startswith("pets"):
                assert x[i, 0, 0] == values[text], (name, i, text)
            else:
                run = int(text.split(":run")[1].split("/")[0])
                assert x[i] == 100 * run + row[i] - table["first_row"][source[i]], (name, i, text)
            rows += 1
print(rows)
EOF
"$SHARDSTEP" import whole.h5 x,y=pets > /dev/null
[ "$(/usr/bin/python3 compare.py whole.h5 x)" = 80 ] || fail "names of images"
"$SHARDSTEP" import parts.h5 x,y=pets --split 0.7,0.3 > /dev/null
[ "$(/usr/bin/python3 compare.py parts.h5 train/x test/x)" = 80 ] || fail "names of images of parts"
"$SHARDSTEP" import joined.h5 'x=h5:natural:runs.h5:*/x' > /dev/null
[ "$(/usr/bin/python3 compare.py joined.h5 x)" = 66 ] || fail "names of datasets"
for ranks in 2 3; do
    on $ranks "$SHARDSTEP" import ranks.h5 x,y=pets --split 0.7,0.3 > /dev/null
    same "names on $ranks ranks" parts.h5 ranks.h5
    rm ranks.h5
done
for file in whole joined parts; do
    "$SHARDSTEP" check $file.h5 > /dev/null || fail "check of $file.h5"
done

# replay and info name them, once for each dataset
"$SHARDSTEP" replay whole.h5 --vranks 1 --rank 0 --step 0 --batch 3 --shuffle none > out.txt
printf '%s\n' 'slot 0  row 0' '    x from pets/cat/00.png' 'slot 1  row 1' '    x from pets/cat/05.png' \
    'slot 2  row 2' '    x from pets/cat/10.png' > wanted.txt
tail -n 6 out.txt > got.txt
same "names in replay" wanted.txt got.txt
"$SHARDSTEP" replay joined.h5 --fields 'w=x(window=3)' --vranks 1 --rank 0 --step 0 --batch 1 --shuffle none > out.txt
grep -qx '    w from runs.h5:run1/x to runs.h5:run2/x, row 1' out.txt ||
    fail "a dataset in replay: $(cat out.txt)"
"$SHARDSTEP" info joined.h5 --sample 8 > out.txt
grep -qx '        from runs.h5:run4/x, row 2' out.txt || fail "info --sample: $(cat out.txt)"
"$SHARDSTEP" info joined.h5 --fields 'w=x(window=3)' --sample 8 > out.txt
grep -qx '        from runs.h5:run4/x, row 2 to runs.h5:run5/x, row 0' out.txt || fail "a window: $(cat out.txt)"
"$SHARDSTEP" info joined.h5 --sample 8 --json | holds '"from": *"runs.h5:run4/x, row 2"' || fail "info --sample --json"
"$SHARDSTEP" digest whole.h5 --steps 1 > /dev/null || fail "digest of all fields"

# names of fields and tables of other makers
refused 0 'belong to the names of files' "$SHARDSTEP" import new.h5 x.origin=h5:runs.h5:run3/x
/usr/bin/python3 - <<'EOF'
import h5py, numpy as np
with h5py.File("joined.h5", "r+") as file:
    table = file["x.origin"][()]
    table["first_row"][3] = 1000
    file["x.origin"][()] = table
with h5py.File("other.h5", "w") as file:
    file["x"], file["x.origin"] = np.arange(4), np.arange(4)
    file["z"] = np.arange(4)
    file.create_group("z.origin")
    file["y"], file["y.origin"] = np.arange(4), np.zeros(4, [("name", "f4"), ("first_row", "i4")])
EOF
refused 0 'joined.h5: the table x.origin cannot be read' "$SHARDSTEP" info joined.h5 --sample 8
"$SHARDSTEP" info other.h5 --fields x,y,z --sample 1 > out.txt
! grep -q from out.txt || fail "another table: $(cat out.txt)"

# tables that cannot be used are told: without NAME.origin_row the row would get another row's name
/usr/bin/python3 - <<'EOF'
import shutil
import h5py, numpy as np
def changed(name, table, change):
    """Copies parts.h5 to `name`, and takes the table out, for which `change` may make another object."""
    shutil.copy("parts.h5", name)
    with h5py.File(name, "r+") as file:
        records = file["train/x" + table][()]
        del file["train/x" + table]
        change(file, "train/x" + table, records)
def member(file, name, records):
    file[name] = records.astype([("other", "u8")])
def real(file, name, records):
    file[name] = records.astype([("row", "f8")])
changed("array.h5", ".origin_row", lambda file, name, records: file.create_dataset(name, data=records["row"]))
changed("member.h5", ".origin_row", member)
changed("real.h5", ".origin_row", real)
changed("group.h5", ".origin_row", lambda file, name, records: file.create_group(name))
changed("short.h5", ".origin_row", lambda file, name, records: file.create_dataset(name, data=records[:1]))
changed("many.h5", ".origin", lambda file, name, records: file.create_dataset(
    name, (2**40,), records.dtype, chunks=(1000,)))
changed("outside.h5", ".origin", lambda file, name, records: file.create_dataset(
    name, (2,), records.dtype, external=[("/dev/zero", 0, 1000)]))
shutil.copy("parts.h5", "header.h5")
with h5py.File("header.h5") as file:
    place = h5py.h5o.get_info(file["train/x.origin"].id).addr
with open("header.h5", "r+b") as file:
    file.seek(place + 20)
    byte = file.read(1)[0]
    file.seek(place + 20)
    file.write(bytes([byte ^ 1]))
EOF
named() { refused 0 "$2" "$SHARDSTEP" info $1.h5 --fields train/x --sample 5; }
for file in array member real group; do
    named $file "$file.h5: train/x.origin_row is no table with a whole number 'row', so it does not say which rows of train/x.origin those of train/x are; import the file anew"
done
named short 'short.h5: the table train/x.origin cannot be read'
named many 'many.h5: the table train/x.origin claims 1099511627776 records in 0 stored bytes'
named header 'header.h5: .*train/x.origin.* damaged'
code=0
"$SHARDSTEP" replay header.h5 --fields train/x --vranks 1 --rank 0 --step 0 > out.txt 2> err.txt || code=$?
[ $code = 2 ] && grep -q 'header.h5: .*train/x.origin' err.txt || fail "replay: exit code $code, not 2: $(cat err.txt)"
"$SHARDSTEP" info outside.h5 --fields train/x --sample 5 > out.txt || fail "a table outside the file"
! grep -q from out.txt || fail "a table outside the file: $(cat out.txt)"
finish
