#!/usr/bin/env bash
# normalize(from=FILE) gives the batches of the numbers that `stats` prints, on any number of ranks, and
# refuses files whose figures are not those of the field.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - <<'END'
import h5py, numpy as np
draw = np.random.default_rng(5)
with h5py.File('x.h5', 'w') as f:
    f['train/rgb'] = draw.integers(0, 200, (40, 6, 5, 3)).astype('u1')
    f['test/rgb'] = draw.integers(0, 200, (20, 6, 5, 3)).astype('u1')
    f['maps'] = (draw.normal(size=(40, 3, 6, 5)) * np.array([1, 2, 3])[:, None, None]).astype('f4')
    f['gray'] = draw.integers(0, 256, (40, 6, 5)).astype('u1')
    f['flat'] = np.stack([np.zeros((40, 4)), draw.normal(size=(40, 4))], axis=2).astype('f4')
    f['sparse'] = np.full((40, 3), np.nan, 'f4')
with h5py.File('y.h5', 'w') as f:
    f['train/rgb'] = draw.normal(size=(40, 6, 5, 3)).astype('f4')
    f['maps'] = draw.normal(size=(40, 2, 6, 5)).astype('f4')
END
write() { # FIELD FILE options...
    local field=$1 file=$2
    shift 2
    "$SHARDSTEP" stats x.h5 "$field" --write "$file" "$@" > "$file.txt" || fail "stats of $field"
}
write train/rgb rgb.stats --part 0,0.8
write train/rgb one.stats --channel-axis none
write maps maps.stats --channel-axis 1
write gray 'gray levels, of 8 bits.stats'
write flat flat.stats
write sparse sparse.stats

digest() { # FIELDS TEXT options...
    local fields=$1 text=$2
    shift 2
    "$SHARDSTEP" digest x.h5 --fields "$fields" --batch 8 --vranks 5 --augment "$text" "$@"
}
# The figures reach all ranks in the same way whatever the text: any number of ranks for the first.
numbers=${RANKS:-1 2 3 5}
like() { # FIELDS TEXT OTHER: both give the same batches
    digest "$1" "$2" > one.txt || fail "$2"
    digest "$1" "$3" > other.txt || fail "$3"
    same "$2" other.txt one.txt
    for ranks in $numbers; do
        on "$ranks" "$SHARDSTEP" digest x.h5 --fields "$1" --batch 8 --vranks 5 --augment "$2" > one.txt
        same "$2 on $ranks ranks" other.txt one.txt
    done
    numbers=2
}
like train/rgb 'train/rgb: normalize(from=rgb.stats)' "$(tail -n 1 rgb.stats.txt)"
like train/rgb 'train/rgb: random_flip(axis=w) normalize( from = "rgb.stats" )' \
    "$(tail -n 1 rgb.stats.txt | sed 's/normalize/random_flip(axis=w) normalize/')"
like train/rgb 'train/rgb: normalize(from=one.stats)' "$(tail -n 1 one.stats.txt)"
like maps 'maps: normalize(from=maps.stats)' "$(tail -n 1 maps.stats.txt)"
like maps,gray 'gray: normalize(from="gray levels, of 8 bits.stats"); maps: random_crop(padding=1, layout=chw) normalize(from=maps.stats)' \
    "$(tail -n 1 'gray levels, of 8 bits.stats.txt'); $(tail -n 1 maps.stats.txt | sed 's/normalize/random_crop(padding=1, layout=chw) normalize/')"
like a=train/rgb 'a: normalize(from=rgb.stats, layout=hwc)' "$(tail -n 1 rgb.stats.txt | sed 's/^[^:]*/a/; s/)$/, layout=hwc)/')"
like test/rgb 'test/rgb: normalize(from=rgb.stats, field=train/rgb)' "$(tail -n 1 rgb.stats.txt | sed 's/^[^:]*/test\/rgb/')"

# behind a cast the elements are as they are stored, and no scale is due
/usr/bin/python3 - > raw.txt <<'END'
lines = dict(line.rstrip('\n').split(' = ', 1) for line in open('rgb.stats') if ' = ' in line)
lists = [','.join('%.9g' % float(x) for x in lines[name].split(',')) for name in ('mean', 'std')]
print('train/rgb: cast(type=f32) normalize(mean=[%s], std=[%s], scale=none)' % tuple(lists))
END
like train/rgb 'train/rgb: cast(type=f32) normalize(from=rgb.stats)' "$(cat raw.txt)"

# within other operators the elements are as they reach the call; what one_of applies in its place does not come first
like train/rgb 'train/rgb: sometimes(cast(type=f32) normalize(from=rgb.stats))' \
    "$(sed 's/: /: sometimes(/; s/$/)/' raw.txt)"
like maps 'maps: one_of(log1p(), sometimes(normalize(from=maps.stats), p=0.5))' \
    "$(tail -n 1 maps.stats.txt | sed 's/: normalize.*/: one_of(log1p(), sometimes(&, p=0.5))/; s/sometimes(: /sometimes(/')"

# the numbers stand in what is printed
"$SHARDSTEP" replay x.h5 --fields train/rgb --rank 0 --step 0 --vranks 1 --augment 'train/rgb: normalize(from=rgb.stats)' > told.txt
grep -q '^augmentation .*normalize(mean=\[0\.[0-9]*,' told.txt || fail "no numbers: $(head -n 3 told.txt)"
grep -q 'rgb.stats' told.txt && fail "a file's name in place of its numbers: $(head -n 3 told.txt)"

# ---- what is refused, with one message
wrong() { # PATTERN FIELDS TEXT
    for ranks in 0 3; do
        refused "$ranks" "rank 0: shs_loader_open: $1" "$SHARDSTEP" digest x.h5 --fields "$2" --vranks 3 --augment "$3"
    done
}
sed 's/xxh3.*/xxh3 = 0/' rgb.stats > cut.stats
head -c 300 rgb.stats > half.stats
sed 's/mean = ./mean = 9/' rgb.stats > changed.stats
sed 's/^shardstep stats 1/shardstep stats 2/' rgb.stats > newer.stats
printf 'mean 3\n' > words.stats
: > empty.stats
mkdir folder.stats
at="augmentation, character 12: normalize's from: "
wrong "${at}cannot open nowhere.stats: No such file or directory" train/rgb 'train/rgb: normalize(from=nowhere.stats)'
wrong "${at}.*folder.stats.* folder" train/rgb 'train/rgb: normalize(from=folder.stats)'
wrong "${at}cut.stats is cut short: its last line" train/rgb 'train/rgb: normalize(from=cut.stats)'
wrong "${at}half.stats is cut short: its last line" train/rgb 'train/rgb: normalize(from=half.stats)'
wrong "${at}changed.stats is damaged, or was changed by hand: its checksum is" train/rgb 'train/rgb: normalize(from=changed.stats)'
wrong "${at}newer.stats has version '2'" train/rgb 'train/rgb: normalize(from=newer.stats)'
wrong "${at}words.stats is no file of statistics: .* make it with shardstep stats --write" train/rgb 'train/rgb: normalize(from=words.stats)'
wrong "${at}empty.stats is no file of statistics" train/rgb 'train/rgb: normalize(from=empty.stats)'
wrong "augmentation, character 11: normalize's from: the file has the figures of train/rgb, not of test/rgb; .* normalize.from=rgb.stats, field=train/rgb." \
    test/rgb 'test/rgb: normalize(from=rgb.stats)'
wrong "augmentation, character 7: .* the file has the figures of maps, not of train/rgb" maps 'maps: normalize(from=maps.stats, field=train/rgb)'
wrong "augmentation, character 7: .* figures of train/rgb in u8, but field maps is f32" maps 'maps: normalize(from=rgb.stats, field=train/rgb)'
wrong "augmentation, character 7: .* samples of field gray are u8 6x5, but the figures are of train/rgb, with 3 channels in axis 3" \
    gray 'gray: normalize(from=rgb.stats, field=train/rgb)'
wrong "augmentation, character 7: .* channel 0 of flat has one value everywhere" flat 'flat: normalize(from=flat.stats)'
wrong "augmentation, character 9: .* channel 0 of sparse has no values but missing ones" sparse 'sparse: normalize(from=sparse.stats)'
for before in 'unpack(scale=0.01, offset=280)' 'log1p()' 'asinh()' 'normalize(mean=0, std=1)' 'sometimes(p=0.5, log1p())' \
    'normalize(from=maps.stats)' 'random_flip(axis=w, layout=chw) asinh() clip(min=0, max=1)'; do
    called=$(sed 's/.*(p=0.5, //; s/.*chw) //; s/(.*//' <<< "$before")
    wrong "augmentation, character [0-9]+: normalize's from: the file has the figures of maps as it is stored, but $called comes first and makes other numbers of field maps; give the mean and std of these numbers" \
        maps "maps: $before normalize(from=maps.stats)"
done
within() { # TEXT OPERATOR: refused within another operator, where figures of other numbers come
    wrong "augmentation, character [0-9]+: normalize's from: the file has the figures of maps as it is stored, but $2 comes first and makes other numbers of field maps; give the mean and std of these numbers" \
        maps "maps: $1"
}
within 'sometimes(p=0.5, log1p() normalize(from=maps.stats))' log1p
within 'sometimes(asinh(), normalize(from=maps.stats), p=0.5)' asinh
within 'one_of(clip(min=0, max=1), sometimes(unpack(scale=2) sometimes(normalize(from=maps.stats))))' unpack
within 'sometimes(p=0.5, normalize(from=maps.stats), normalize(from=maps.stats))' normalize
within 'sometimes(p=0.5, one_of(log1p(), clip(min=0, max=1)), normalize(from=maps.stats))' log1p
within 'log1p() one_of(asinh(), normalize(from=maps.stats))' log1p
wrong "${at}the file gives mean, std and scale; leave std out, or from" train/rgb 'train/rgb: normalize(from=rgb.stats, std=2)'
wrong "augmentation, character 1: the dataset has no field 'train/rbg'|.*no field .train/rbg" train/rgb 'train/rbg: normalize(from=rgb.stats)'
wrong "with its numbers the augmentation is 'train/rgb: normalize.mean=.*: there is no operator 'turn'" train/rgb \
    'train/rgb: normalize(from=rgb.stats) turn(axis=w)'
refused 0 'figures of train/rgb in u8, but field train/rgb is f32' \
    "$SHARDSTEP" digest y.h5 --fields train/rgb --augment 'train/rgb: normalize(from=rgb.stats)'
refused 3 'samples of field maps are f32 2x6x5, but the figures are of maps, with 3 channels in axis 1' \
    "$SHARDSTEP" digest y.h5 --fields maps --vranks 3 --augment 'maps: normalize(from=maps.stats)'

# ranks whose texts differ wait for nobody
cat > by_rank.sh << 'SH'
rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
if [ "$rank" = 0 ]; then text=$1; else text=$2; fi
exec "$SHARDSTEP" digest x.h5 --fields train/rgb --vranks 2 --augment "$text"
SH
refused 2 'rank 1: called shs_loader_open.* where rank 0 called shs_loader_open.augment with from=' bash by_rank.sh 'train/rgb: normalize(from=rgb.stats)' 'train/rgb: normalize(mean=1, std=2)'
refused 2 'rank 1: called shs_loader_open.* where rank 0 called shs_loader_open.augment with from=' bash by_rank.sh 'train/rgb: normalize(from=rgb.stats)' 'train/rgb: normalize(from=one.stats)'
finish
