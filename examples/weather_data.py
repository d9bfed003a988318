#!/usr/bin/env python3
"""Makes invented data for weather_windows.c: weather_data.py FOLDER

The files are year-2001.nc, year-2002.nc and year-2003.nc. Each has the temperature t2m of 200 hours on a grid of 8 x 16: a random walk, and the time of day.
They are HDF5 files as the netCDF-4 library writes them, with deflate and chunks of 16 hours.
"""
import sys

import h5py
import numpy as np

folder = sys.argv[1] if len(sys.argv) > 1 else "."
latitude, longitude = np.linspace(70, -70, 8), np.arange(16) * 22.5
hour = np.arange(200)
for year in (2001, 2002, 2003):
    steps = np.random.default_rng(year).normal(0, 0.15, (200, 8, 16))
    day = np.sin(2 * np.pi * (hour[:, None, None] / 24 + longitude / 360))
    t2m = 285 - 0.3 * np.abs(latitude)[:, None] + np.cumsum(steps, axis=0) + 5 * day
    with h5py.File(f"{folder}/year-{year}.nc", "w") as file:
        file.create_dataset("t2m", data=t2m.astype("f4"), chunks=(16, 8, 16), shuffle=True,
                            compression="gzip", compression_opts=4).attrs["units"] = "K"
        for name, values in (("time", hour), ("lat", latitude), ("lon", longitude)):
            file[name] = values
            file[name].make_scale(name)
        for axis, name in enumerate(("time", "lat", "lon")):
            file["t2m"].dims[axis].attach_scale(file[name])
