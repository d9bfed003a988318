#!/usr/bin/env bash
# The wheel of a build without MPI: installed in an empty environment, beside an h5py with another HDF5.
# With SHARDSTEP_NO_SKIP=1 to skip it is a failure.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs xxhsum

leave_out() {
    if [ "${SHARDSTEP_NO_SKIP:-}" = 1 ]; then
        fail "$1"
        finish
    fi
    echo "SKIPPED: $1"
    exit 77
}
grep -q '^SHARDSTEP_MPI:BOOL=OFF$' "$BUILD/CMakeCache.txt" || leave_out "a wheel is made in a build without MPI"
[ -n "$(type -P patchelf)" ] || leave_out "patchelf is missing; Debian: apt install patchelf"
/usr/bin/python3 -m venv venv > venv.txt 2>&1 ||
    leave_out "python3 -m venv fails; Debian: apt install python3-venv: $(tail -n 1 venv.txt)"
cmake --build "$BUILD" --target wheel > build.txt 2>&1 || { cat build.txt; fail "the target wheel"; finish; }
wheel=$(tail -n 1 build.txt)

# two targets link HDF5's object, and parallel Make must not write it for both at once
cmake -S "$SOURCE" -B make -G "Unix Makefiles" -DSHARDSTEP_MPI=OFF -DSHARDSTEP_TESTS=OFF > make.txt 2>&1 ||
    { cat make.txt; fail "configuring for Make"; }
for target in wheel_library wheel_program; do
    grep -qx "CMakeFiles/$target.dir/all: CMakeFiles/wheel_hdf5.dir/all" make/CMakeFiles/Makefile2 ||
        fail "$target does not wait for HDF5's object"
done
venv/bin/pip install -q --disable-pip-version-check numpy h5py > pip.txt 2>&1 ||
    leave_out "pip cannot install numpy and h5py: $(tail -n 1 pip.txt)"

# the tag is honest
case $wheel in
*-py3-none-linux_*.whl) ;;
*-py3-none-manylinux_*.whl) auditwheel show "$wheel" | holds manylinux || fail "auditwheel does not say so: $wheel" ;;
*) fail "the wheel's name: $wheel" ;;
esac

# nothing but shs_ names and what every system has
unzip_wheel() { venv/bin/python -m zipfile -e "$wheel" unzipped; }
unzip_wheel
library=unzipped/shardstep/lib/libshardstep.so.0
nm -D --defined-only "$library" | awk '{ print $3 }' > names.txt
grep -vE '^shs_' names.txt && fail "the wheel's library exports more than shs_ names"
grep -qx shs_layouts names.txt || fail "no names were read of the wheel's library"
readelf -d "$library" "unzipped/shardstep/lib/shardstep" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort -u > needed.txt
grep -qE '^libz-[0-9a-f]{8}\.so' needed.txt || fail "zlib is not in the wheel: $(cat needed.txt)"
grep -vE '^lib[a-z0-9]+-[0-9a-f]{8}\.so|^(libc|libm|libdl|libpthread|libstdc\+\+|libgcc_s|ld-linux.*)\.so' needed.txt &&
    fail "the wheel needs what it does not bring"
[ -s "$(find unzipped -name libhdf5.txt)" ] || fail "the wheel has no licence of HDF5"

env -u PYTHONPATH -u SHARDSTEP_LIBRARY venv/bin/pip install -q --disable-pip-version-check "$wheel" > pip.txt 2>&1 ||
    { cat pip.txt; fail "pip install"; finish; }
unset PYTHONPATH SHARDSTEP_LIBRARY LD_LIBRARY_PATH
PATH=$work/venv/bin:$PATH

# the program of the wheel makes the file, and its digest is that of the build's program
python - << 'PY'
import numpy as np
random = np.random.RandomState(1)
random.randint(0, 256, (100, 28, 28), dtype=np.uint8).tofile("images.bin")
random.randint(0, 10, 100, dtype=np.uint8).tofile("labels.bin")
PY
"$work/venv/bin/shardstep" import fashion.h5 train/images=raw:u8:100x28x28:images.bin \
    train/labels=raw:u8:100:labels.bin > /dev/null || fail "shardstep import of the wheel"
digest() { "$1" digest fashion.h5 --seed 7 --batch 8 --steps 5 --augment 'train/images: random_crop(padding=2)'; }
digest "$SHARDSTEP" > expected.txt
digest "$work/venv/bin/shardstep" > found.txt
same "the digest of the wheel's program" expected.txt found.txt
python -c 'import shardstep; r = shardstep.Run(); r.dataset("fashion.h5", "train/images", probe=True)' ||
    fail "the wheel's library does not find the wheel's program"
code=0
"$work/venv/bin/shardstep" info nowhere.h5 2> err.txt || code=$?
[ "$code" = 2 ] || fail "the exit code of the wheel's program is $code, not 2: $(cat err.txt)"

python -m shardstep.bench fashion.h5 --batch 8 --rounds 1 --seconds 0.1 --json > bench.txt || fail "shardstep.bench"
grep -q '"ratio": [0-9]' bench.txt || fail "shardstep.bench does not compare: $(cat bench.txt)"

for part in module stops errors sums; do
    PYTHONPATH=$SOURCE/tests/python timeout 120 python -W error "$SOURCE/tests/python/$part.py" fashion.h5 ||
        fail "$part.py with the wheel"
done
for order in before after; do
    PYTHONPATH=$SOURCE/tests/python timeout 120 python "$SOURCE/tests/python/beside_h5py.py" fashion.h5 $order ||
        fail "h5py imported $order the module"
done
finish
