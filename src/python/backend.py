#!/usr/bin/env python3
"""Makes a wheel of the module: alone, as a build backend of pip (PEP 517), or with the library.

    backend.py --stage FOLDER --out FOLDER     a wheel with the files of the stage in shardstep/lib, for this
                                               platform; licences are in the stage's folder `licenses`

A manylinux tag is given only if auditwheel is there and says that it holds. The same files give the same
bytes.
"""

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "shardstep"


def version():
    with open(os.path.join(HERE, NAME, "_version.py")) as file:
        return re.search(r'^VERSION = "(.*)"$', file.read(), re.M).group(1)


def metadata():
    return f"""Metadata-Version: 2.1
Name: {NAME}
Version: {version()}
Summary: Data-parallel loading from HDF5 with reproducible random augmentation
License: MIT
Requires-Python: >=3.9
Requires-Dist: numpy>=1.23
"""


def files_below(folder):
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            full = os.path.join(path, name)
            yield os.path.relpath(full, folder), full


def content(stage, tag):
    """All files of the wheel but RECORD: (name, bytes, whether it is a program)."""
    info = f"{NAME}-{version()}.dist-info"
    for name, full in files_below(os.path.join(HERE, NAME)):
        if name.endswith((".py", ".typed")) and name != "_installed.py":
            yield f"{NAME}/{name}", read(full), False
    if stage:
        for name, full in files_below(os.path.join(stage, "lib")):
            yield f"{NAME}/lib/{name}", read(full), os.access(full, os.X_OK)
        for name, full in files_below(os.path.join(stage, "licenses")):
            yield f"{info}/licenses/{name}", read(full), False
        yield f"{info}/entry_points.txt", b"[console_scripts]\nshardstep = shardstep._program:main\n", False
    yield f"{info}/METADATA", metadata().encode(), False
    pure = "false" if stage else "true"
    yield f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: shardstep\nRoot-Is-Purelib: {pure}\nTag: {tag}\n".encode(), False


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(folder, stage, tag):
    name = f"{NAME}-{version()}-{tag}.whl"
    record_name = f"{NAME}-{version()}.dist-info/RECORD"
    record = []
    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(os.path.join(folder, name), "w", zipfile.ZIP_DEFLATED) as wheel:

        def put(file_name, data, program):
            entry = zipfile.ZipInfo(file_name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if program else 0o100644) << 16
            wheel.writestr(entry, data, zipfile.ZIP_DEFLATED)

        for file_name, data, program in content(stage, tag):
            put(file_name, data, program)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{file_name},sha256={digest},{len(data)}\n")
        put(record_name, ("".join(record) + f"{record_name},,\n").encode(), False)
    return name


def manylinux(wheel):
    """The manylinux platform that auditwheel finds for a wheel, or None."""
    try:
        said = subprocess.run(["auditwheel", "show", wheel], capture_output=True, text=True)
    except OSError:
        return None
    found = re.search(r'platform\s+tag:\s+"(manylinux_\d+_\d+_\w+)"', said.stdout)
    return found.group(1) if found else None


# ---- What pip calls.


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return write(wheel_directory, None, "py3-none-any")


def build_sdist(sdist_directory, config_settings=None):
    raise RuntimeError("there is no source distribution of the module alone: take the sources of Shardstep")


def main():
    arguments = argparse.ArgumentParser(description="Makes a wheel with the library in it.")
    arguments.add_argument("--stage", required=True, help="the folder with lib/ and licenses/")
    arguments.add_argument("--out", required=True, help="the folder that the wheel is written to")
    given = arguments.parse_args()
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    with tempfile.TemporaryDirectory() as folder:
        trial = os.path.join(folder, write(folder, given.stage, f"py3-none-{platform}"))
        platform = manylinux(trial) or platform
    print(os.path.join(given.out, write(given.out, given.stage, f"py3-none-{platform}")))


if __name__ == "__main__":
    sys.exit(main())
