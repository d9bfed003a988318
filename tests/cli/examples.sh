#!/usr/bin/env bash
# The example programs compute the same, to the last bit, on any number of ranks, and the regression
# after a stop by a signal, too.
set -euo pipefail
. "$(dirname "$0")/common.sh"

"$SOURCE/examples/regression_data.sh" table.h5 "$SHARDSTEP" > import.txt || fail "regression_data.sh"
for ranks in ${RANKS:-1 2 3 5}; do
    on "$ranks" "$BUILD/examples/regression" table.h5 "straight.$ranks" 6 > out.txt < /dev/null ||
        fail "regression on $ranks ranks"
    [ -e reference.txt ] || cp out.txt reference.txt
    same "the regression on $ranks ranks" reference.txt out.txt
done
# the data were made with the slopes -1.75, -1.25 ... 1.75 and the intercept 0.5
awk '/^weight/ { d = $3 - ($2 < 8 ? ($2 - 3.5) / 2 : 0.5); n += d * d < 0.001 } END { exit n != 9 }' \
    reference.txt || fail "weights are far from those of the data: $(cat reference.txt)"
awk '/^epoch/ { if (!n++) first = $3; last = $3 } END { exit !(n == 6 && last < first / 2) }' \
    reference.txt || fail "the loss does not fall: $(cat reference.txt)"

# a field of another type is refused in its first batch, and not read as floats
"$SHARDSTEP" import doubles.h5 x=h5:f64:table.h5:x y=h5:table.h5:y > import.txt
code=0
"$BUILD/examples/regression" doubles.h5 doubles 1 > out.txt 2> err.txt || code=$?
[ "$code" = 2 ] && grep -q 'shs_batch_f32: field x has elements of type f64, not f32; take them by shs_batch_f64(), or' err.txt ||
    fail "the regression of doubles: code $code: $(cat err.txt)"

# a signal: saved, exit code 75; the same command goes on, on another number of ranks
code=0
$MPIRUN -n 3 "$BUILD/examples/regression" table.h5 stopped 1000000 > out.txt 2> err.txt < /dev/null &
job=$!
await_checkpoint stopped
kill -USR1 $job
wait $job || code=$?
[ "$code" = 75 ] || fail "exit code $code, not 75, after a signal: $(cat err.txt)"
step_of() { sed -n '1s/^step-0*\([0-9]*\).*/\1/p' "$1/latest"; }
step=$(step_of stopped)
epochs=$((step * 6 / $(step_of straight.1) + 2))
on 2 "$BUILD/examples/regression" table.h5 stopped $epochs < /dev/null | grep weight > resumed.txt
on 1 "$BUILD/examples/regression" table.h5 whole $epochs < /dev/null | grep weight > whole.txt
same "weights after a stop at step $step of $epochs epochs" whole.txt resumed.txt

if ! /usr/bin/python3 -c 'import h5py, numpy' 2> /dev/null; then
    echo "weather_windows is left out: no h5py and numpy (python3-h5py, python3-numpy)"
    finish
    exit
fi
/usr/bin/python3 "$SOURCE/examples/weather_data.py" . || fail "weather_data.py"
for ranks in ${RANKS:-1 2 3 5}; do
    on "$ranks" "$BUILD/examples/weather_windows" 'year-*.nc' 5 > "weather.$ranks" < /dev/null ||
        fail "weather_windows on $ranks ranks"
    same "the weather on $ranks ranks" "weather.${first:=$ranks}" "weather.$ranks"
done
awk '/^epoch 5 / { better = $5 < $4 && $8 < $7 } END { exit !better }' "weather.$first" ||
    fail "the model is no better than persistence: $(cat "weather.$first")"
finish
