#!/usr/bin/env bash
# A run that changes its number of ranks on the way, and not a bit of its weights: it starts on 1 rank,
# is killed in the middle of an epoch, goes on with 3 ranks, is stopped by a signal, and goes on with 2
# ranks to its end. Another run does the same steps undisturbed. The script compares the hashes of their
# weights, and returns 1 if they differ. On two cores it takes a minute. Run it from anywhere, as often as
# you like.
#
# Settings, as environment variables: STEPS (200; an epoch has 157), SHARDSTEP_WORK (a folder for what it
# makes: build/quickstart in this repository, where examples/quickstart.sh may have built and imported
# already), BUILD (a build folder that is there; without it the script builds), DATA (Fashion-MNIST as
# HDF5, if it is there), MPIRUN (the command that starts ranks).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=${SHARDSTEP_WORK:-$root/build/quickstart}
data=${DATA:+$(realpath "$DATA")}
build=${BUILD:+$(realpath "$BUILD")}
steps=${STEPS:-200}
source_data=/usr/share/datasets/fashion-mnist

# mpirun refuses root unless told twice, and more ranks than cores unless told so.
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpirun=${MPIRUN:-mpirun --oversubscribe}

say() { printf '\n== %s\n' "$*"; }
give_up() {
    printf 'resize.sh: %s\n' "$1" >&2
    for file in "${@:2}"; do cat "$file" >&2; done
    exit 1
}

mkdir -p "$work"
if [ -z "$build" ]; then
    say "Packages and build"
    build=$work/build
    "$root/examples/install_debian.sh"
    { cmake -S "$root" -B "$build" -G Ninja -DSHARDSTEP_TESTS=OFF && cmake --build "$build"; } \
        > "$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 2; }
fi
PATH=$build:$build/examples:$PATH
cd "$work"
if [ -z "$data" ]; then
    data=fashion.h5
    [ -e $data ] || shardstep import $data \
        train/images=$source_data/train-images-idx3-ubyte.gz train/labels=$source_data/train-labels-idx1-ubyte.gz \
        test/images=$source_data/t10k-images-idx3-ubyte.gz test/labels=$source_data/t10k-labels-idx1-ubyte.gz
fi

# The step of the newest checkpoint.
saved_step() {
    local newest
    newest=$(ls resized 2> /dev/null | sed -n 's/^step-0*\([0-9]*\)\.h5$/\1/p' | sort -n | tail -n 1)
    echo "${newest:-0}"
}

# SIGNAL STEP: sends it to the job in the background once that step is saved. The job's exit code is in
# $code. Nobody waits here for a job that has ended.
job=
signal_after() {
    while kill -0 "$job" 2> /dev/null && [ "$(saved_step)" -lt "$2" ]; do sleep 0.05; done
    kill "-$1" "$job" 2> /dev/null || true
    code=0
    wait "$job" 2> /dev/null || code=$?
    job=
}
trap '[ -z "$job" ] || kill "$job" 2> /dev/null || true' EXIT

train="train_fashion --data $data --vranks 6 --batch 64 --epochs 4"
resized="$train --checkpoints resized --checkpoint-every 5"
rm -rf resized

say "On 1 rank, until it is killed"
echo "\$ $resized &"
$resized > out.txt 2> log.txt < /dev/null &
job=$!
signal_after KILL $((steps / 4))
[ "$code" = 137 ] || give_up "exit code $code, not 137: the run was not killed" out.txt log.txt
echo "killed by SIGKILL; the newest checkpoint is of step $(saved_step)"

say "On 3 ranks, until a signal stops it"
echo "\$ mpirun -n 3 $resized &"
$mpirun -n 3 $resized > out.txt 2> log.txt < /dev/null &
job=$!
signal_after USR1 $((steps / 2))
[ "$code" = 75 ] || give_up "exit code $code, not 75: the run was not stopped" out.txt log.txt
grep -E '^(resumed|stopped) after step' log.txt

say "On 2 ranks, to the end"
[ "$(saved_step)" -lt "$steps" ] || steps=$(($(saved_step) + 5)) # the signal came late
echo "\$ mpirun -n 2 $resized --steps $steps --hash"
$mpirun -n 2 $resized --steps $steps --hash > out.txt 2> log.txt < /dev/null || give_up "the run failed:" log.txt
grep '^resumed after step' log.txt
found=$(tail -n 1 out.txt)

say "Another run, undisturbed, on 2 ranks"
echo "\$ mpirun -n 2 $train --steps $steps --hash"
$mpirun -n 2 $train --steps $steps --hash > out.txt 2> log.txt < /dev/null || give_up "the run failed:" log.txt
expected=$(tail -n 1 out.txt)

say "The weights after $steps steps"
printf '%s  undisturbed\n%s  on 1, 3 and 2 ranks, killed and stopped\n' "$expected" "$found"
grep -qxE '[0-9a-f]{32}' <<< "$expected" || give_up "these are no hashes"
[ "$expected" = "$found" ] || give_up "THE WEIGHTS DIFFER: please report this"
echo "the same, bit for bit"
