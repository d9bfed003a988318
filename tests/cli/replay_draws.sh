#!/usr/bin/env bash
# What replay -o writes beside a batch: its place, and every draw that replay prints, as numbers.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - << 'END'
import h5py, numpy
with h5py.File('a.h5', 'w') as file:
    file['train/images'] = numpy.arange(40 * 8 * 8 * 3, dtype='u1').reshape(40, 8, 8, 3)
    file['masks'] = numpy.arange(40 * 8 * 8, dtype='u1').reshape(40, 8, 8)
    file['draws'] = numpy.arange(40)
END
augment='train/images,masks: random_crop(padding=2) one_of(random_flip(axis=w), sometimes(p=0.3, random_flip(axis=h)));
    train/images: color_jitter(brightness=0.5..1.5, hue=-0.1..0.1, p=0.5) channel_drop(p=0.3) cast(type=f32)
    cutmix(alpha=1, p=0.7) random_rotation(degrees=-10..10)'
run=(a.h5 --fields train/images,masks --vranks 2 --rank 1 --step 0 --epoch 1 --batch 12 --tail pad --seed 9 --augment "$augment")
"$SHARDSTEP" replay "${run[@]}" -o batch.h5 > said.txt 2> told.txt || fail "replay: $(cat told.txt)"
grep -q 'weight 0' said.txt && fail "a step without padding was expected here"
"$SHARDSTEP" replay "${run[@]}" --step 1 -o padded.h5 > padded.txt
grep -q 'weight 0' padded.txt || fail "no row of weight 0"

cat > compare.py << 'END'
import re, sys, h5py, numpy
file, said = h5py.File(sys.argv[1]), open(sys.argv[2]).read()
head = re.match(r'step (\d+) \(epoch (\d+), epoch step (\d+)\), virtual rank (\d+) of (\d+): (\d+) rows, (\d+) of', said)
names = ['step', 'epoch', 'epoch_step', 'vrank', 'vranks', 'rows', 'count']
for name, number in zip(names, head.groups()):
    if name != 'rows':
        assert file.attrs[name] == int(number), (name, file.attrs[name], number)
for name, due in {'seed': 9, 'stream': 0, 'augment_by': 'rank'}.items():
    assert file.attrs[name] == due, f'attribute {name}: expected {due}, came {file.attrs[name]}'
for line in 'hash ' + file.attrs['hash'], 'augmentation ' + file.attrs['augment']:
    assert line + '\n' in said, f'the file says {line}, and replay printed: {said}'
slots = re.findall(r'^slot (\d+)  row (\d+)  (.*?)(?:  weight 0)?$', said, re.M)
assert [int(row) for _, row, _ in slots] == list(file['index'])
draws = file['draws']
assert set(draws['masks']) == {'0_random_crop', '1_one_of', '2_random_flip', '3_sometimes', '4_random_flip'}
image = draws['train/images']
assert set(image) - set(draws['masks']) == {'5_color_jitter', '6_channel_drop', '8_cutmix', '9_random_rotation'}
assert image['0_random_crop'].attrs['layout'] == 'hwc' and draws['masks/0_random_crop'].attrs['layout'] == 'hw'
assert image['0_random_crop'].attrs['text'] == 'random_crop(padding=2)'
assert image['9_random_rotation/degrees'].attrs['unit'] == 'degrees'

def check(group, slot, words):
    """Compares an operator's numbers with its words, such as "y=1, x=2"; None: not applied."""
    assert group['applied'][slot] == (words is not None), (group.name, slot, words)
    for name in group:
        value = group[name][slot]
        if words is None and name != 'applied':
            assert numpy.isnan(value).all(), (group.name, name, slot)
        found = words and re.search(r'\b%s=([^=]*?)(?:, \w+=.*)?$' % name, words)
        if not found:
            continue
        if name == 'dropped':
            told = [] if found[1] == 'none' else [int(c) for c in found[1].split(',')]
            assert list(numpy.flatnonzero(value)) == told, (value, found[1])
            continue
        told = [{'yes': 1, 'no': 0}.get(n) if n in ('yes', 'no') else float(n) for n in found[1].split('..')]
        assert numpy.allclose(value, told, rtol=1e-5, atol=0), (group.name, name, slot, value, told)

for field in draws['masks'], image:
    for slot, _, text in slots:
        slot = int(slot)
        crop, choice, rest = re.match(r'random_crop\((.*?)\) one_of\((.*?\)\)?)\) color_jitter(.*)', text).groups()
        check(field['0_random_crop'], slot, crop)
        check(field['1_one_of'], slot, '')
        assert field['1_one_of/choice'][slot] == choice.startswith('sometimes')
        flip = re.match(r'random_flip\((.*)\)', choice)
        check(field['2_random_flip'], slot, flip and flip[1])
        some = re.match(r'sometimes\(random_flip\((.*)\)\)', choice)
        check(field['3_sometimes'], slot, '' if some else None)
        check(field['4_random_flip'], slot, some and some[1])
        if field is image:
            jitter, drop, mix, turn = re.match(r'\((.*?)\) channel_drop\((.*?)\) cutmix\((.*?)\) random_rotation\((.*?)\)', rest).groups()
            check(field['5_color_jitter'], slot, None if jitter == 'no' else jitter)
            check(field['6_channel_drop'], slot, drop)
            check(field['8_cutmix'], slot, None if mix == 'no' else mix)
            check(field['9_random_rotation'], slot, turn)
assert numpy.isnan(image['8_cutmix/partner']).any() and not numpy.isnan(image['8_cutmix/partner']).all()
END
for name in batch padded; do
    /usr/bin/python3 compare.py $name.h5 $([ $name = batch ] && echo said.txt || echo padded.txt) || fail "the draws of $name.h5"
done

# sometimes without p draws nothing, and stands in the record as it does in the line
"$SHARDSTEP" replay a.h5 --fields masks --vranks 2 --rank 0 --step 0 --augment 'masks: sometimes(cast(type=f32))' -o sure.h5 > sure.txt
grep -q '^slot 0 .*sometimes(yes)$' sure.txt || fail "the line of a slot without draws: $(grep '^slot 0' sure.txt)"
/usr/bin/python3 -c "
import h5py
applied = h5py.File('sure.h5')['draws/masks/0_sometimes/applied'][...]
assert len(applied) and (applied == 1).all(), applied" || fail "the record of sometimes without draws"

# no draws: no group. A field in the way is named
"$SHARDSTEP" replay a.h5 --fields draws --vranks 2 --rank 0 --step 0 -o plain.h5 > /dev/null
/usr/bin/python3 -c "
import h5py
file = h5py.File('plain.h5')
assert set(file) == {'draws', 'index'} and file.attrs['augment'] == '' and len(file['draws']) == 20" ||
    fail "a batch without draws"
refused 0 '-o writes the draws of the batch to draws of the new file, where field draws would lie; leave this field out by --fields' \
    "$SHARDSTEP" replay a.h5 --fields draws,masks --vranks 2 --rank 0 --step 0 --augment 'masks: random_flip(axis=w)' -o other.h5

# fields whose names clash in a file, and names with slashes and dots that mean nothing
clash() { refused 0 "$2" "$SHARDSTEP" replay a.h5 --fields "$1" --vranks 2 --rank 0 --step 0 -o other.h5; }
clash a=masks,a/b=draws 'cannot write both field a and field a/b to one file: their names make an array a group; give one of them another name, as in --fields x=DATASET'
clash a/b/c=masks,/a/b=draws 'both field a/b/c and field /a/b to one file: their names make an array a group'
clash a=masks,/a=draws 'both field a and field /a to one file: their names mean the same; give'
clash g/a=masks,./g//a/=draws 'both field g/a and field ./g//a/ to one file: their names mean the same'
clash ./index/=masks 'writes the row numbers of the batch to index of the new file, where field ./index/ would lie'
clash /=masks 'cannot write field /, whose name is that of the root group; give it another name'
[ ! -e other.h5 ] || fail "a refused file was made"
"$SHARDSTEP" replay a.h5 --fields ./g//masks/=masks,ab=draws,a=masks --vranks 2 --rank 0 --step 0 \
    --augment './g//masks/: random_flip(axis=w)' -o odd.h5 > /dev/null || fail "odd names"
/usr/bin/python3 -c "
import h5py
file = h5py.File('odd.h5')
assert set(file) == {'g', 'ab', 'a', 'draws', 'index'} and file['g/masks'].shape == (20, 8, 8), set(file)
assert len(file['draws/g/masks/0_random_flip/applied']) == 20, list(file['draws'])" || fail "the file of odd names"
finish
