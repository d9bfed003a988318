#!/usr/bin/env bash
# The comparison of augmentation prints a line for each operator and peer. Peers that are not installed
# are said and left out.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs numpy

export SHARDSTEP SHARDSTEP_WORK=$work
compare() {
    "$SOURCE/examples/compare_python.sh" --augment --quick "$@" > out.txt 2> err.txt ||
        fail "compare_python.sh --augment --quick $*: $(cat err.txt)"
    [ -z "$(what_is_said err.txt)" ] || fail "--augment --quick $* says: $(cat err.txt)"
}

# lines EXPECTED PATTERN: so many lines of the output match
lines() {
    local found
    found=$(grep -cE -- "$2" out.txt || true)
    [ "$found" = "$1" ] || fail "$1 lines '$2' were expected, $found found in: $(cat out.txt)"
}

# there MODULE: 1 if Python has it, else 0
there() {
    if /usr/bin/python3 -c "import $1" 2> /dev/null; then echo 1; else echo 0; fi
}

number='[1-9][0-9]*'
end=" +$number +[0-9]+\.[0-9][0-9] times as fast$"
opencv=$(there cv2)
torch=$(there torch)
vision=$(there torchvision)
mixup=$("$SHARDSTEP" augment | grep -c '^  mixup(' || true)
compare
lines 1 '^NumPy [0-9]'
lines $((1 - opencv)) '^OpenCV is not installed and left out; Debian: apt install python3-opencv$'
lines $((1 - torch)) '^PyTorch is not installed and left out; Debian: apt install python3-torch$'
lines 1 '^one core, samples/s, a few samples, to see that all works$'
lines $((1 - mixup)) '^this Shardstep has no mixup, whose line is left out$'
lines 1 '^sample +operator +Shardstep +beside it +samples/s +Shardstep is$'
for small in 'u8 28x28 +crop 2' 'u8 32x32x3 +crop 4'; do
    lines "$torch" "^$small, flip, normalize +$number +PyTorch$end"
    lines $((torch * opencv)) "^$small, flip, normalize +$number +NumPy, OpenCV, PyTorch$end"
done
lines "$opencv" "^u8 256x256x3 +resized crop 224, flip, normalize +$number +OpenCV, (PyTorch|NumPy)$end"
lines "$opencv" "^u8 256x256x3 +color_jitter of four +$number +OpenCV, NumPy$end"
for operator in 'gaussian_blur 7' 'gaussian_blur 23' 'random_affine, 15 degrees'; do
    lines "$opencv" "^u8 256x256x3 +$operator +$number +OpenCV$end"
done
lines $((2 * opencv)) "^u8 256x256x3 +elastic, sigma 5 +$number +OpenCV, noise a (pixel|node)$end"
lines $((6 * torch * vision)) "^u8 256x256x3 .* torchvision$end"
lines 1 "^f32 3x64x64 +gaussian_noise +$number +NumPy$end"
lines "$torch" "^f32 3x64x64 +gaussian_noise +$number +PyTorch$end"
lines 1 "^f32 64x64x64x3 +random_symmetry +$number +NumPy$end"
lines 1 "^f32 64x64x64x3 +random_symmetry +$number +memcpy, by NumPy$end"

lines $((torch * mixup)) "^f32 3x32x32 +mixup +$number +PyTorch$end"

# Each command that is printed works
sed -n "s/^    shardstep //p" out.txt > commands.txt
[ "$(wc -l < commands.txt)" -ge 10 ] || fail "fewer than 10 commands: $(cat out.txt)"
while read -r command; do
    eval "\"$SHARDSTEP\" $command --quick" < /dev/null > said.txt 2>&1 || fail "shardstep $command: $(cat said.txt)"
done < commands.txt

# Without peers, and as Markdown
mkdir hidden
for module in cv2 torch torchvision; do
    echo 'raise ImportError("hidden")' > hidden/$module.py
done
PYTHONPATH=$work/hidden compare --markdown
for peer in OpenCV PyTorch torchvision; do
    lines 1 "^$peer is not installed and left out; Debian: apt install python3-"
done
lines 1 '^\| sample \| operator \| Shardstep \| beside it \| samples/s \| Shardstep is \|$'
lines 1 '^\| --- \| --- \| ---: \| --- \| ---: \| --- \|$'
lines 1 "^\| u8 32x32x3 \| crop 4, flip, normalize \| $number \| none is installed \|  \|  \|$"
lines 1 "^\| f32 3x64x64 \| gaussian_noise \| $number \| NumPy \| $number \| [0-9.]+ times as fast \|$"

code=0
"$SOURCE/examples/compare_python.sh" --augment --rounds 0 > out.txt 2> err.txt || code=$?
[ "$code" != 0 ] || fail "exit code 0 of --rounds 0"
grep -q -- '--rounds takes a whole number from 1 on' err.txt || fail "--rounds 0: $(cat err.txt)"
finish
