#!/usr/bin/env bash
# Files that other versions of HDF5 wrote (tests/versions). Files of the usual format are read as they are.
# In the newest format of a version a dataset is read as it is, or refused because the library is older.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

export PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 - "$SOURCE/tests/versions" "$SHARDSTEP" <<'EOF' || fail "files of other versions of HDF5"
import glob, os, subprocess, sys
import h5py, numpy as np
folder, program = sys.argv[1:]
sys.path.insert(0, folder)
import make

def plain(array):
    if array.dtype == bool:
        return array.astype("u1")
    if array.dtype.kind == "c":
        return np.stack([array.real, array.imag], axis=-1)
    return array

read, refused, wrong = 0, 0, 0
names = [f"{kind}_{way}" for i, kind in enumerate(make.TYPES) for j, way in enumerate(make.WAYS)
         if way == "plain" or (i + j) % 4 == 0]
files = sorted(glob.glob(folder + "/*.h5"))
assert len(files) == 6, f"{len(files)} files"
for path in files:
    for name in names:
        case = f"{os.path.basename(path)} {name}"
        done = subprocess.run([program, "replay", path, "--fields", name, "--shuffle", "none", "--vranks", "1",
                               "--rank", "0", "--step", "0", "--batch", str(make.ROWS), "-o", "out.h5", "--overwrite"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            if "latest" in path and "needs a newer HDF5" in done.stderr:
                refused += 1
                continue
            wrong += 1
            print(f"{case}: {done.stderr.strip()}")
            continue
        with h5py.File("out.h5") as out:
            got = out[name][()]
        expected = plain(make.make(make.TYPES[name.split("_")[0]]))
        read += 1
        if got.shape != expected.shape or (got != expected).any():
            wrong += 1
            print(f"{case}: {got.ravel()[:8]}, expected {expected.ravel()[:8]}")
print(f"{read} arrays read, {refused} refused")
sys.exit(wrong > 0 or read < 3 * len(names))
EOF
finish
