#!/usr/bin/env python3
"""h5py with its own HDF5 reads in a thread while the module reads through HDF5, too. Arguments: a file, and
whether h5py is imported `before` or `after` the module."""

import sys
import threading

if sys.argv[2] == "before":
    import h5py
    import shardstep
else:
    import shardstep
    import h5py

import numpy as np

import checks

# a compact dataset is not read by position, so the module calls its HDF5 for each batch
PATH = "through_hdf5.h5"
values = np.arange(1500 * 8, dtype=np.int32).reshape(1500, 8)
with h5py.File(PATH, "w") as file:
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple(values.shape)
    h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_INT32, space, layout).write(h5py.h5s.ALL, h5py.h5s.ALL, values)
    file.create_dataset("packed", data=values, chunks=(50, 8), compression="gzip", shuffle=True)

done = threading.Event()
errors, rounds = [], [0]


def read():
    """Reads, writes and fails by h5py."""
    try:
        while not done.is_set():
            with h5py.File(PATH, "r") as file:
                if not (file["x"][...] == values).all() or not (file["packed"][100:200] == values[100:200]).all():
                    raise ValueError("h5py read other numbers")
            with h5py.File("written.h5", "w") as file:
                file["y"] = values
            try:
                h5py.File("nowhere.h5", "r")
                raise ValueError("h5py opened a file that is not there")
            except OSError:
                pass
            rounds[0] += 1
    except Exception as error:
        errors.append(error)


thread = threading.Thread(target=read)
thread.start()
rows = 0
for seed in range(16):
    run = shardstep.Run(seed=seed)
    data = run.dataset(PATH, "x,packed")
    for batch in data.loader(batch=64, ahead=2, threads=1):
        expected = values[batch.index.astype(np.int64)]
        if not (batch["x"] == expected).all() or not (batch["packed"] == expected).all():
            checks.fail(f"other numbers in step {batch.step}")
            break
        rows += batch.rows
    checks.raises(shardstep.Error, "nowhere.h5", run.dataset, "nowhere.h5", "x")
done.set()
thread.join()
checks.same("errors of h5py", [], errors)
checks.is_more(rounds[0], 0, "rounds of h5py")
checks.same("rows", 16 * 1500, rows)
# images, as the module and as h5py read them
data = shardstep.Run().dataset(sys.argv[1], "train/images")
with h5py.File(sys.argv[1], "r") as file:
    found = next(iter(data.loader(batch=len(data), shuffle="none")))[0]
    checks.holds((file["train/images"][...] == found).all(), "h5py reads other images")
print(f"HDF5 {h5py.version.hdf5_version} of h5py, imported {sys.argv[2]}: {rounds[0]} rounds")
checks.finish()
