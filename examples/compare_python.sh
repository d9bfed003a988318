#!/usr/bin/env bash
# Measures PyTorch's ways to load an HDF5 file, plain and by an expert, and Shardstep beside them: the
# same files, augmentation and cores, in one run, as tables. compare_python.py has the ways. The
# script installs Debian's PyTorch and h5py if they are missing; they take about 1 GB of disk.
#
#   examples/compare_python.sh                   all cores, about ten minutes, 1 GB of disk for files
#   examples/compare_python.sh --quick           few rows, each way once, to see that all works
#   examples/compare_python.sh --cores 1 --rounds 5
#                                                options of compare_python.py
#   examples/compare_python.sh --augment         augmentation alone, on one core, with rows in memory,
#                                                beside OpenCV, NumPy, PyTorch and torchvision: about
#                                                ten minutes, 1 GB of memory. Takes --quick, too, and
#                                                the options of compare_augment.py
#
# Settings, as environment variables: SHARDSTEP_WORK (a folder for what it makes: build/compare_python
# in this repository), SHARDSTEP (a program that is there; without it the script builds one), MPIRUN
# (the command that starts ranks). With --augment and SHARDSTEP the script installs nothing: what is
# missing is said and left out.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=${SHARDSTEP_WORK:-$root/build/compare_python}
python=/usr/bin/python3
fashion=/usr/share/datasets/fashion-mnist
quick=
augment=
while true; do
    case ${1:-} in
    --quick) quick=yes ;;
    --augment) augment=yes ;;
    *) break ;;
    esac
    shift
done

[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpirun=${MPIRUN:-mpirun --oversubscribe --bind-to none}

# Packages and build. Of the packages of --augment all but NumPy may be missing.
if [ -z "$augment" ]; then
    $python -c 'import torch, h5py, numpy' 2> /dev/null && [ -n "${SHARDSTEP:-}" ] ||
        "$root/examples/install_debian.sh" python3-torch python3-h5py python3-numpy
elif [ -z "${SHARDSTEP:-}" ]; then
    "$root/examples/install_debian.sh" python3-numpy
    for package in python3-opencv python3-torch python3-torchvision; do
        "$root/examples/install_debian.sh" $package || echo "going on without $package" >&2
    done
fi
mkdir -p "$work"
if [ -z "${SHARDSTEP:-}" ]; then
    { cmake -S "$root" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSHARDSTEP_TESTS=OFF &&
        cmake --build "$work/build"; } > "$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 2; }
    SHARDSTEP=$work/build/shardstep
fi
cd "$work"
machine="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores"

# Augmentation
if [ -n "$augment" ]; then
    echo "$machine; Python $($python -c 'import platform; print(platform.python_version())')"
    exec $python "$root/examples/compare_augment.py" --shardstep "$SHARDSTEP" ${quick:+--quick} "$@"
fi

# Files: Fashion-MNIST as quickstart.sh imports it, the same in deflated chunks of 64 rows, and 3 x 64 x
# 64 floats without chunks
images=$fashion/train-images-idx3-ubyte.gz
labels=$fashion/train-labels-idx1-ubyte.gz
floats=8192
prefix=
if [ -n "$quick" ]; then
    prefix=quick-
    floats=300
    gzip -dc $images | tail -c +17 | head -c $((600 * 784)) > images.bin || true
    gzip -dc $labels | tail -c +9 | head -c 600 > labels.bin || true
    images=raw:u8:600x28x28:images.bin
    labels=raw:u8:600:labels.bin
fi
import() { # FILE options...
    local file=$prefix$1
    shift
    [ -e "$file" ] || "$SHARDSTEP" import "$file" train/images=$images train/labels=$labels "$@" > import.log
}
import fashion.h5
import deflated.h5 --chunk 64 --deflate 4
[ -e ${prefix}floats.h5 ] || $python - ${prefix}floats.h5 $floats << 'PYTHON'
import os, sys
import h5py, numpy
path, rows = sys.argv[1], int(sys.argv[2])
random = numpy.random.default_rng(0)
with h5py.File(path + ".tmp", "w") as file:
    images = file.create_dataset("images", (rows, 3, 64, 64), "f4")
    for begin in range(0, rows, 256):
        images[begin:begin + 256] = random.random((min(256, rows - begin), 3, 64, 64), "f4")
    file["labels"] = numpy.arange(rows)
os.rename(path + ".tmp", path)
PYTHON

# Tables
compare() { # FILE options...
    local file=$prefix$1
    shift
    echo
    $python "$root/examples/compare_python.py" "$file" "$@" --shardstep "$SHARDSTEP" --mpirun "$mpirun" \
        ${quick:+--rounds 1 --seconds 0.1} "${options[@]}"
}
options=("$@")
echo "$machine; $($python -c '
import platform, torch, h5py
print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}")')"
compare fashion.h5 --images train/images --labels train/labels --mean 0.286 --std 0.353
compare deflated.h5 --images train/images --labels train/labels --mean 0.286 --std 0.353 --blocks
compare floats.h5 --images images --labels labels --mean 0.5 --std 0.2887
