#!/usr/bin/env bash
# From a fresh Debian 12 or 13 to a trained network, and the proof that the random augmentation was the
# same on any number of ranks. Run it from anywhere, as often as you like.
#
# Settings, as environment variables: EPOCHS (8), RANKS (2), SHARDSTEP_WORK (a folder for what it
# makes: build/quickstart in this repository).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=${SHARDSTEP_WORK:-$root/build/quickstart}
ranks=${RANKS:-2}
epochs=${EPOCHS:-8}
source_data=/usr/share/datasets/fashion-mnist

say() { printf '\n== %s\n' "$*"; }
show() {
    printf '$ %s\n' "$*"
    "$@"
}

# mpirun refuses root unless told twice, and more ranks than cores unless told so.
as_root=
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    as_root='
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1'
fi
# Open MPI 5.0 prints errors where a host has IPv4 and IPv6 (its issue 14079).
export OMPI_MCA_btl_tcp_disable_family=6
on() {
    local n=$1
    shift
    mpirun --oversubscribe -n "$n" "$@" < /dev/null
}

say "Packages and build"
"$root/examples/install_debian.sh"
mkdir -p "$work"
cmake -S "$root" -B "$work/build" -G Ninja -DSHARDSTEP_TESTS=OFF > "$work/cmake.log" 2>&1 ||
    { cat "$work/cmake.log" >&2; exit 2; }
cmake --build "$work/build" > "$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 2; }
PATH=$work/build:$work/build/examples:$PATH
cd "$work"
echo "built in $work/build"

say "Fashion-MNIST as HDF5"
[ -e fashion.h5 ] || show shardstep import fashion.h5 \
    train/images=$source_data/train-images-idx3-ubyte.gz \
    train/labels=$source_data/train-labels-idx1-ubyte.gz \
    test/images=$source_data/t10k-images-idx3-ubyte.gz \
    test/labels=$source_data/t10k-labels-idx1-ubyte.gz
show shardstep info fashion.h5

say "Training on $ranks ranks, $epochs epochs"
rm -rf checkpoints training.log
train="train_fashion --data fashion.h5 --vranks 4 --epochs $epochs --checkpoints checkpoints --log training.log"
echo "\$ mpirun -n $ranks $train"
on "$ranks" $train

say "The proof: the same batches, augmented alike, on 1, 2 and 3 ranks"
augment='train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)'
for n in 1 2 3; do
    echo "\$ mpirun -n $n shardstep digest fashion.h5 --fields train/images,train/labels --vranks 4 --steps 20 --augment '...' > digest.$n"
    on $n shardstep digest fashion.h5 --fields train/images,train/labels --vranks 4 --steps 20 \
        --augment "$augment" > digest.$n
done
head -n 3 digest.1
echo "... (20 steps)"
if cmp -s digest.1 digest.2 && cmp -s digest.1 digest.3 && [ "$(wc -l < digest.1)" = 20 ]; then
    echo "the digests on 1, 2 and 3 ranks are the same, byte for byte"
else
    echo "THE DIGESTS DIFFER: please report this" >&2
    exit 1
fi

say "Done"
cat << TEXT
in $work:
  fashion.h5     the data            training.log   a JSON line an epoch
  checkpoints/   the newest two      build/         shardstep, train_fashion, worker_bug

What to try next, there:
  export PATH=$work/build:$work/build/examples:\$PATH$as_root
  worker_bug                                       the bug that this toolkit ends, live
  mpirun --oversubscribe -n 3 train_fashion --data fashion.h5 --vranks 4 --steps 50 --hash
                                                   then with -n 1, 2 and 4: the same weights
  shardstep plan fashion.h5 --fields train/images --vranks 4 --step 0
                                                   which rows each virtual rank takes
TEXT
