#!/usr/bin/env bash
# README's program gives the same weights on any number of ranks, also after a stop. guides.sh tests that
# it compiles as it is printed, with the line below it.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs h5dump python3

/usr/bin/python3 "$SOURCE/tests/package/guides.py" --extract program.c "$SOURCE/README.md" > program.c ||
    { fail "README has no program.c"; finish; }

cmake --install "$BUILD" --prefix "$work/prefix" > /dev/null
export PKG_CONFIG_PATH=$(dirname "$(find prefix -name shardstep.pc)")
export LD_LIBRARY_PATH=$(dirname "$(find "$work/prefix" -name libshardstep.so)")
command=$(sed -n 's/^    \$ \(mpicc .*program\.c .*\)/\1/p' "$SOURCE/README.md")
[ -n "$command" ] || fail "README does not say how to compile the program"
mpicc=$(sed -n 's/^MPI_C_COMPILER:FILEPATH=//p' "$BUILD/CMakeCache.txt") # of the MPI under test
for options in "-std=c11 -Wall -Wextra -Werror" ""; do
    eval "${command/mpicc/$mpicc $options}" || fail "README's program does not compile: $options"
done

# 200 images in the place of 60,000
head -c $((200 * 784)) /dev/zero | tr '\0' '\7' > images.bin
head -c 200 /dev/zero | tr '\0' '\3' > labels.bin
"$SHARDSTEP" import fashion.h5 train/images=raw:u8:200x28x28:images.bin train/labels=raw:u8:200:labels.bin > /dev/null
for ranks in 1 2; do
    on $ranks ./program < /dev/null || fail "README's program on $ranks ranks"
    h5dump -d state/weights "$(ls checkpoints/step-*.h5 | tail -n 1)" | grep -v '^HDF5' > weights.$ranks
    rm -r checkpoints
done
same "README's weights on 1 and 2 ranks" weights.1 weights.2

# a signal in the first step: saved there, and gone on from on another number of ranks
sed 's/^        model_gradient(&batch);/        raise(SIGUSR1);\n&/' program.c > stopped.c
command=${command/program.c/stopped.c}
eval "${command/mpicc/$mpicc} -o stopped" || fail "the program that is stopped does not compile"
code=0
on 2 ./stopped < /dev/null || code=$?
[ "$code" = 75 ] || fail "exit code $code of a program that was stopped, not 75"
[ -e checkpoints/step-0000000001.h5 ] || fail "no checkpoint of a stop: $(ls checkpoints)"
on 1 ./program < /dev/null || fail "README's program after a stop"
h5dump -d state/weights "$(ls checkpoints/step-*.h5 | tail -n 1)" | grep -v '^HDF5' > weights.stopped
same "README's weights with and without a stop" weights.1 weights.stopped
finish
