#!/usr/bin/env bash
# import --row-order random: rows stand in the order in which a loader with that seed takes them, for
# origins of every kind, with a split, and on any number of ranks.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - <<'EOF'
import gzip
import h5py, numpy as np
rows = np.arange(20000, dtype="<i8").reshape(-1, 1) * np.array([1, 7])
np.save("x.npy", rows)
np.save("turned.npy", np.asfortranarray(rows))
np.savez_compressed("x.npz", x=rows)
np.savetxt("x.csv", rows, fmt="%d", delimiter=",")
rows.tofile("x.raw")
open("x.raw.gz", "wb").write(gzip.compress(rows.tobytes(), 1))
with h5py.File("x.h5", "w") as file:
    for part in range(4):
        file.create_dataset(f"{part}/x", data=rows[part * 5000 : (part + 1) * 5000], chunks=(700, 2), compression=1)
EOF
origins='npy=x.npy turned=turned.npy npz=npz:x.npz:x csv=csv:i64:x.csv raw=raw:i64:20000x2:x.raw
    gz=raw:i64:20000x2:x.raw.gz h5=h5:x.h5:*/x'
order='--row-order random --order-seed 5'
"$SHARDSTEP" import new.h5 $origins $order > /dev/null
"$SHARDSTEP" import parts.h5 $origins $order --split 0.7,0.3 --deflate 1 > /dev/null
"$SHARDSTEP" plan --samples 20000 --seed 5 --vranks 1 --batch 20000 --step 0 > plan.txt
/usr/bin/python3 - <<'EOF' || fail "the order of rows"
import h5py, numpy as np
rows = np.arange(20000).reshape(-1, 1) * np.array([1, 7])
order = np.array([int(word) for word in open("plan.txt").read().split()[3:]])
assert sorted(order) == list(range(20000)) and (order != np.arange(20000)).mean() > 0.9, "plan's order"
with h5py.File("new.h5") as file, h5py.File("parts.h5") as parts:
    for name in "npy turned npz csv raw gz h5".split():
        got = file[name][()]
        wrong = np.flatnonzero((got != rows[order]).any(1))
        assert not len(wrong), f"{name}: row {wrong[0]} is {got[wrong[0]]}, not {rows[order][wrong[0]]}"
        for part in ("train", "test"):
            taken = parts[part + "/" + name][:, 0]
            place = {row: position for position, row in enumerate(order)}
            positions = [place[row] for row in taken]
            assert positions == sorted(positions), f"{part}/{name} is not in the order of the whole"
        both = np.concatenate([parts["train/" + name][:, 0], parts["test/" + name][:, 0]])
        assert sorted(both) == list(range(20000)), f"{name}: the parts are not all rows"
EOF
"$SHARDSTEP" check new.h5 > /dev/null || fail "check of new.h5"
for ranks in 2 3; do
    on $ranks "$SHARDSTEP" import other.h5 $origins $order --overwrite > /dev/null
    same "new.h5 on $ranks ranks" new.h5 other.h5
    on $ranks "$SHARDSTEP" import other.h5 $origins $order --split 0.7,0.3 --deflate 1 --overwrite > /dev/null
    same "parts.h5 on $ranks ranks" parts.h5 other.h5
done

# the names of origins go with their rows
row=$(/usr/bin/python3 -c 'print(open("plan.txt").read().split()[3])')
"$SHARDSTEP" info new.h5 --fields h5 --sample 0 > out.txt
grep -qx "        from x.h5:$((row / 5000))/x, row $((row % 5000))" out.txt || fail "row $row: $(cat out.txt)"

# a disk without room for the copies
refused 0 'copying the rows of x.csv: cannot make a temporary file in ./none: No such file or directory; set TMPDIR' \
    env TMPDIR=./none "$SHARDSTEP" import bad.h5 csv=csv:i64:x.csv $order
[ ! -e bad.h5 ] || fail "bad.h5 was made"
finish
