#!/usr/bin/env bash
# jobscripts/debug.sh: one rank without a launcher, as it is, in gdb, under valgrind, and the batch of another
# rank made again from the record of a run.
set -euo pipefail
. "$(dirname "$0")/common.sh"
debug=$SOURCE/jobscripts/debug.sh
export PATH=$(dirname "$SHARDSTEP"):$PATH

# 500 rows of 8 x 8 bytes
{ printf '\0\0\10\3\0\0\1\364\0\0\0\10\0\0\0\10'; first 32000 < "$SHARDSTEP"; } > images.idx
"$SHARDSTEP" import small.h5 images=images.idx > /dev/null
digest=(shardstep digest small.h5 --vranks 6 --batch 16 --steps 2)
"${digest[@]}" > expected.txt

# As it is, but for the variables of a job whose launcher did not start it: Open MPI would end the process.
"$debug" "${digest[@]}" > found.txt
same "digest by debug.sh" expected.txt found.txt
SLURM_JOB_ID=7 SLURM_STEP_NUM_TASKS=4 PMI_RANK=0 PMIX_RANK=0 OMPI_COMM_WORLD_SIZE=4 OMPI_MCA_btl=self "$debug" env > env.txt
! grep -E '^(SLURM_|PMIX?_|OMPI_COMM)' env.txt || fail "the job's variables are still there: $(cat env.txt)"
grep -qx OMPI_MCA_btl=self env.txt || fail "a setting of Open MPI is gone"

# The exit code is the program's.
code=0
"$debug" bash -c 'exit 75' || code=$?
[ $code = 75 ] || fail "expected the code 75 of the program, got $code"

# A batch of another rank: the record has the options.
augment='images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)'
on 2 "$BUILD/tests/record_run" path=small.h5 fields=images vranks=6 batch=16 augment="$augment" log=run.record steps=4 < /dev/null
"$SHARDSTEP" digest small.h5 --fields images --vranks 6 --batch 16 --seed 7 --augment "$augment" --per-rank --steps 4 |
    sed -n 's/^3 4 /hash /p' > expected.txt
"$debug" --replay run.record small.h5 4 3 -o batch.h5 > replay.txt || fail "replay: $(cat replay.txt)"
grep '^hash' replay.txt > found.txt || true
same "the hash of the batch made again" expected.txt found.txt
grep -q '^slot 0 .*random_crop(' replay.txt || fail "the draws are not told: $(head -n 5 replay.txt)"
[ -s batch.h5 ] || fail "the option -o was not handed on"
code=0
"$debug" --replay images.idx small.h5 4 3 > out.txt 2> err.txt || code=$?
[ "$code" = 2 ] || fail "a file that is no record: code $code"
grep -q 'images.idx is no record of a run' err.txt || fail "a file that is no record: $(cat err.txt)"
for words in "" --gdb --valgrind "--replay run.record" --what; do
    code=0
    # shellcheck disable=SC2086
    "$debug" $words > out.txt 2> err.txt || code=$?
    [ "$code" = 2 ] || fail "debug.sh $words: code $code"
    grep -q -- '--replay RECORD DATA RANK STEP' err.txt || fail "debug.sh $words tells no usage: $(cat err.txt)"
done

# Tools that may be missing.
"${digest[@]}" > expected.txt
if [ -n "$(type -P gdb)" ]; then
    "$debug" --gdb "${digest[@]}" < /dev/null > gdb.txt 2>&1 || fail "gdb: $(tail -n 5 gdb.txt)"
    grep -E '^[0-9]+ [0-9a-f]{32}$' gdb.txt > found.txt || true
    same "digest in gdb" expected.txt found.txt
    grep -q 'exited normally' gdb.txt || fail "gdb: $(tail -n 5 gdb.txt)"
fi
if [ -n "$(type -P valgrind)" ]; then
    "$debug" --valgrind "${digest[@]}" > found.txt 2> valgrind.txt || fail "valgrind: $(tail -n 5 valgrind.txt)"
    same "digest under valgrind" expected.txt found.txt
    [ ! -s valgrind.txt ] || fail "valgrind: $(cat valgrind.txt)"
    cat > fault.c << 'END'
#include <stdlib.h>
int main(void)
{
    volatile char *bytes = malloc(8);
    free((void *)bytes);
    return bytes[1];
}
END
    cc -w -g fault.c -o fault
    code=0
    "$debug" --valgrind ./fault 2> valgrind.txt || code=$?
    [ $code = 99 ] || fail "a read of freed memory: code $code, not 99: $(cat valgrind.txt)"
fi
needs gdb valgrind # what is missing is told
finish
