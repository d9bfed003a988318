#!/usr/bin/env bash
# Runs DLIO, the benchmark under MLPerf Storage, with its own PyTorch loader and with Shardstep
# (dlio_shardstep.py), in turns on the same files, and prints a table. The workloads are those of
# MLPerf Storage with an H100 as the accelerator, in HDF5. DLIO makes the files. It sleeps in the
# place of the accelerator.
#
#   unet3d      one large record a file, 7 a batch. A record has 34 MB in the place of 147, and the
#               time of computation is shorter by the same factor: the bytes a second are the same
#   cosmoflow   one record of 2.8 MB a file, 1 a batch
#   resnet50    1251 records of 115 KB a file, 400 a batch
#
#   examples/python/dlio.sh                          about ten minutes, 9 GB of disk, 12 GB of memory
#   examples/python/dlio.sh --quick                  small files, to see that all works
#   examples/python/dlio.sh --workload unet3d --record 16777216 --time 0.0370
#
# Options: --workload NAME (may be given again), --ranks "1 2", --cache "cold warm", --rounds N,
# --threads N (read_threads of DLIO), --prefetch N (prefetch_size), and for one workload --record
# BYTES, --time SECONDS (of computation, for a batch), --files N, --resize BYTES.
#
# Columns, for DLIO's loader, Shardstep and no loader at all (one array again and again):
#
#   AU          accelerator utilisation, of 1: time of computation / time, without the first batch, as
#               DLIO's summary.json has it. What DLIO's loop, log and sleep take counts as well: the AU
#               without a loader is the most that any loader reaches
#   wait ms     what a step waits for its batch, by the list `load` of DLIO's output.json: the mean over
#               the steps and ranks, without the first batch
#   samples/s   by DLIO's summary.json, with the first batch
#   CPU s       of all processes from their start to their end, less that without a loader. Ranks that
#               wait for each other in a barrier poll: this counts, too
#
# Where several rounds ran, each number is their median. Cold: the files are not in the page cache
# (posix_fadvise); the disk's rate stands above the table. DLIO's loader hands out copies of one random
# array of the size of a record, or of --resize bytes if given. Shardstep delivers what it has read.
#
# Settings, as environment variables: SHARDSTEP_WORK (a folder for what the script makes:
# build/dlio in this repository), SHARDSTEP_LIBRARY (libshardstep.so.0 with MPI; without it the script
# builds one), DLIO_PYTHON (a Python that has DLIO; without it the script makes an environment
# of Debian's packages and, from PyPI, DLIO 2.0.0), MPIRUN (the command that starts ranks).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${SHARDSTEP_WORK:-$root/build/dlio}
quick="" workloads=() ranks="1 2" caches="cold warm" rounds=1 threads=4 prefetch=4
record="" time="" files="" resize=0
while [ $# -gt 0 ]; do
    [ "$1" = --quick ] || [ $# -gt 1 ] || { echo "dlio.sh: $1 needs a value" >&2; exit 2; }
    case $1 in
    --quick) quick=yes; shift; continue ;;
    --workload) workloads+=("$2") ;;
    --ranks) ranks=$2 ;;
    --cache) caches=$2 ;;
    --rounds) rounds=$2 ;;
    --threads) threads=$2 ;;
    --prefetch) prefetch=$2 ;;
    --record) record=$2 ;;
    --time) time=$2 ;;
    --files) files=$2 ;;
    --resize) resize=$2 ;;
    *) echo "dlio.sh: there is no option '$1'; the head of this script has them" >&2; exit 2 ;;
    esac
    shift 2
done
[ ${#workloads[@]} -gt 0 ] || workloads=(unet3d cosmoflow resnet50)
mkdir -p "$work"
cd "$work"

# Packages and build. DLIO imports TensorFlow also where a workload does not use it; an empty module will do.
python=${DLIO_PYTHON:-$work/python/bin/python}
if [ ! -x "$python" ]; then
    "$root/examples/install_debian.sh" python3-venv python3-torch python3-h5py python3-mpi4py python3-pandas \
        python3-psutil python3-pil python3-yaml
    /usr/bin/python3 -m venv --system-site-packages python
    python/bin/pip install -q --no-deps dlio-benchmark==2.0.0 pydftracer==1.0.2 hydra-core==1.3.2 omegaconf==2.3.0 \
        antlr4-python3-runtime==4.9.3
fi
mkdir -p empty
: > empty/tensorflow.py
if [ -z "${SHARDSTEP_LIBRARY:-}" ]; then
    { cmake -S "$root" -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DSHARDSTEP_TESTS=OFF &&
        cmake --build build; } > build.log 2>&1 || { cat build.log >&2; exit 2; }
    SHARDSTEP_LIBRARY=$work/build/libshardstep.so.0
fi
export SHARDSTEP_LIBRARY PYTHONPATH=$root/src/python:$here:$work/empty DFTRACER_ENABLE=0 PYTHONDONTWRITEBYTECODE=1
export OMP_NUM_THREADS=1 HDF5_USE_FILE_LOCKING=FALSE
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# A rank that waits in a barrier lets others run: DLIO's workers and Shardstep's threads need the cores.
mpirun=${MPIRUN:-mpirun --oversubscribe --bind-to none --mca mpi_yield_when_idle 1}

# The workload's settings, and its files by DLIO's generator. The buffer of the generator is one file's
# records, or 2 GB of random numbers would be drawn for each file.
choose() { # WORKLOAD
    local of_files of_record of_time
    case $1 in
    unet3d) of_files=168 samples=1 of_record=33554432 batch=7 of_time=0.0740 ;;
    cosmoflow) of_files=600 samples=1 of_record=2828486 batch=1 of_time=0.0035 ;;
    resnet50) of_files=10 samples=1251 of_record=114660 batch=400 of_time=0.224 ;;
    *) echo "dlio.sh: there is no workload '$1': unet3d, cosmoflow or resnet50" >&2; exit 2 ;;
    esac
    if [ -n "$quick" ]; then
        case $1 in
        unet3d) of_files=42 of_record=1000000 of_time=0.0022 ;;
        cosmoflow) of_files=40 of_record=100000 ;;
        resnet50) of_files=4 samples=40 batch=10 of_record=10000 of_time=0.0056 ;;
        esac
    fi
    count=${files:-$of_files} bytes=${record:-$of_record} seconds=${time:-$of_time}
    data=$work/data/$1-$count-$samples-$bytes
    settings=(++workload.model="$1" ++workload.framework=pytorch ++workload.workflow.evaluation=False
        ++workload.workflow.checkpoint=False ++workload.dataset.format=hdf5
        ++workload.dataset.data_folder="$data" ++workload.dataset.num_files_train="$count"
        ++workload.dataset.num_files_eval=0 ++workload.dataset.num_subfolders_train=0
        ++workload.dataset.num_subfolders_eval=0 ++workload.dataset.num_samples_per_file="$samples"
        ++workload.dataset.record_length="$bytes" ++workload.dataset.record_length_resize="$resize"
        ++workload.dataset.generation_buffer_size=$((bytes * samples))
        ++workload.reader.data_loader=pytorch ++workload.reader.batch_size="$batch"
        ++workload.reader.read_threads="$threads" ++workload.reader.prefetch_size="$prefetch"
        ++workload.reader.sample_shuffle=seed ++workload.train.epochs=1
        ++workload.train.computation_time="$seconds")
    [ -e "$data.made" ] && return
    dlio 1 ++workload.workflow.generate_data=True ++workload.workflow.train=False
    touch "$data.made"
}

dlio() { # RANKS settings...
    local count=$1
    shift
    rm -rf run
    # shellcheck disable=SC2086
    $mpirun -n "$count" "$python" -W ignore -m dlio_benchmark.main "${settings[@]}" hydra.run.dir="$work/run" "$@" \
        > dlio.log 2>&1 < /dev/null || { tail -n 40 dlio.log >&2; echo "dlio.sh: DLIO has failed" >&2; exit 1; }
}

# The page cache
cold() {
    "$python" - "$data"/train << 'PYTHON'
import os, sys
for entry in os.scandir(sys.argv[1]):
    file = os.open(entry.path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)
PYTHON
    local left
    left=$(fincore --noheadings --bytes --output RES "$data"/train/* | awk '{ n += $1 } END { print int(n / 1e6) }')
    [ "$left" -lt 20 ] || echo "dlio.sh: $left MB of the files stay in the page cache" >&2
}
warm() { cat "$data"/train/* > /dev/null; }

# The bytes a second that 16 threads get of cold files, in pieces of 1 MB
disk_rate() {
    cold
    "$python" - "$data"/train << 'PYTHON'
import concurrent.futures, os, sys, time
PIECE = 1 << 20
def read(piece):
    path, at = piece
    file = os.open(path, os.O_RDONLY)
    size = os.preadv(file, [bytearray(PIECE)], at)
    os.close(file)
    return size
pieces = [(e.path, at) for e in os.scandir(sys.argv[1]) for at in range(0, e.stat().st_size, PIECE)]
begin = time.perf_counter()
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    size = sum(pool.map(read, pieces))
print(f"{size / 1e9 / (time.perf_counter() - begin):.2f}")
PYTHON
}

measure() { # LOADER RANKS CACHE
    local own=()
    case $1 in
    shardstep) own=(ShardstepLoader) ;;
    none) own=(NoLoader) ;;
    esac
    [ ${#own[@]} = 0 ] || own=(++workload.reader.data_loader_classname="dlio_shardstep.${own[0]}"
        ++workload.reader.data_loader_sampler=none)
    local TIMEFORMAT='%U %S' cpu
    { time dlio "$2" ++workload.workflow.train=True "${own[@]}" 2>&3; } 3>&2 2> cpu.txt
    cpu=$(tail -n 1 cpu.txt)
    "$python" - "$workload" "$2" "$3" "$1" "$cpu" << 'PYTHON' >> results.txt
import json, sys
workload, ranks, cache, loader, cpu = sys.argv[1:]
metric = json.load(open("run/summary.json"))["metric"]
waits = []
for rank in range(int(ranks)):
    waits += json.load(open(f"run/{rank}_output.json"))["1"]["load"]["block1"][1:]
print(workload, ranks, cache, loader, metric["train_au_mean_percentage"] / 100,
      metric["train_throughput_mean_samples_per_second"], sum(map(float, cpu.split())),
      1000 * sum(waits) / len(waits), sep="\t")
PYTHON
}

: > results.txt
sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1 | tr '\n' ','
echo " $(nproc --all) cores; load before: $(cut -d ' ' -f 1 /proc/loadavg); read_threads $threads, prefetch_size $prefetch," \
    "rounds $rounds, resize $resize"
for workload in "${workloads[@]}"; do
    choose "$workload"
    echo "$workload: $count files of $samples x $bytes bytes, batch $batch, computation $seconds s:" \
        "$(awk "BEGIN { printf \"%.2f\", $bytes * $batch / $seconds / 1e9 }") GB/s a rank;" \
        "the disk gives $(disk_rate) GB/s"
    for count_ranks in $ranks; do
        for ((round = 0; round < rounds; round++)); do
            measure none "$count_ranks" any
            for cache in $caches; do
                order="dlio shardstep"
                [ $((round % 2)) = 0 ] || order="shardstep dlio"
                for loader in $order; do
                    "$cache"
                    measure "$loader" "$count_ranks" "$cache"
                done
            done
        done
    done
done

"$python" - << 'PYTHON'
import statistics
found = {}
for line in open("results.txt"):
    workload, ranks, cache, loader, *numbers = line.rstrip("\n").split("\t")
    found.setdefault((workload, ranks, cache, loader), []).append([float(n) for n in numbers])
middle = {key: [statistics.median(column) for column in zip(*rows)] for key, rows in found.items()}
print()
print("| workload | ranks | files | AU DLIO | AU Shardstep | AU no loader | wait ms DLIO | Shardstep | samples/s DLIO "
      "| Shardstep | CPU s DLIO | Shardstep |")
print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
for workload, ranks, cache, loader in middle:
    if loader != "none" and (workload, ranks, cache) not in found:
        found[workload, ranks, cache] = None
        dlio, ours = (middle[workload, ranks, cache, name] for name in ("dlio", "shardstep"))
        none = middle[workload, ranks, "any", "none"]
        print(f"| {workload} | {ranks} | {cache} | {dlio[0]:.3f} | {ours[0]:.3f} | {none[0]:.3f} | {dlio[3]:.3f} "
              f"| {ours[3]:.3f} | {dlio[1]:.0f} | {ours[1]:.0f} | {dlio[2] - none[2]:.1f} | {ours[2] - none[2]:.1f} |")
PYTHON
