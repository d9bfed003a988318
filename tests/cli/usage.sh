#!/usr/bin/env bash
# What the program says of itself, and of words that it does not take.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# all of them, as the program lists them
commands=$("$SHARDSTEP" 2>&1 | sed -n 's/^commands: //p' | tr -d ,) || true
[ "$(wc -w <<< "$commands")" -ge 9 ] || fail "only these commands are listed: $commands"

# prints RANKS PATTERN command...: exit code 0, the pattern on stdout, nothing on stderr
prints() {
    local ranks=$1 pattern=$2 code=0
    shift 2
    on "$ranks" timeout 60 "$@" > out.txt 2> err.txt < /dev/null || code=$?
    [ "$code" = 0 ] || fail "exit code $code, not 0, on $ranks ranks: $*"
    [ "$(grep -cE -- "$pattern" out.txt)" = 1 ] || fail "not one '$pattern' on $ranks ranks: $* printed: $(cat out.txt)"
    [ -z "$(what_is_said err.txt)" ] || fail "$* said: $(cat err.txt)"
}

# options FILE: those that a help lists, each with its value's name
options() {
    sed -E '/^(Fields|Examples):/,$d' "$1" | sed -nE 's/^  (-[a-z], )?(--[a-z-]+)( [^ ]+)?(  .*)?$/\2\3/p'
}

# ---- of the program

"$SHARDSTEP" > out.txt 2> err.txt && fail "no word is no error"
[ ! -s out.txt ] && [ "$(wc -l < err.txt)" = 3 ] && grep -q '^usage: shardstep COMMAND' err.txt ||
    fail "no word: $(cat out.txt err.txt)"
for ranks in 0 2; do
    prints $ranks '^usage: shardstep COMMAND' "$SHARDSTEP" --help
    cp out.txt help.txt
    for command in $commands; do
        grep -q "^  $command  " help.txt || fail "--help does not name $command"
    done
    refused $ranks "shardstep: there is no command 'digset'; did you mean digest\? 'shardstep --help'" \
        "$SHARDSTEP" digset
done
refused 0 "shardstep: there is no command 'colour'; 'shardstep --help' lists" "$SHARDSTEP" help colour
for words in -h help; do
    prints 0 '^usage: shardstep COMMAND' "$SHARDSTEP" $words
    same "help of all" help.txt out.txt
done
prints 0 '^shardstep [0-9]+\.[0-9]+\.[0-9]+$' "$SHARDSTEP" --version
prints 0 '^shardstep [0-9]+\.[0-9]+\.[0-9]+$' "$SHARDSTEP" -V
refused 0 "the first word is a command, not '--json'" "$SHARDSTEP" --json info x.h5
# help of one option, and of one operator
for words in "bench --reduce" "bench reduce"; do
    prints 0 '^  --reduce +Measures the mean' "$SHARDSTEP" help $words
    [ "$(wc -l < out.txt)" -lt 4 ] || fail "help $words prints more than one option"
done
"$SHARDSTEP" augment normalize cast > one.txt
prints 0 '^  cast' "$SHARDSTEP" help augment normalize cast
same "help of two operators" one.txt out.txt
refused 0 "shardstep help: unknown option --seeed; did you mean --seed\? " "$SHARDSTEP" help bench seeed
refused 0 "shardstep help: option --output is for replay, index, not for plan" "$SHARDSTEP" help plan -o
refused 0 "there is no operator 'norm'; did you mean normalize\? 'shardstep augment' lists them" "$SHARDSTEP" help augment norm
prints 0 '^usage: shardstep COMMAND' "$SHARDSTEP" help help
same "help of help" help.txt out.txt
refused 0 "no command 'version'; 'shardstep --version' prints it" "$SHARDSTEP" version
refused 0 "threads takes a whole number from 0 to 64, or a range of them, such as 1..4, not '4..1'" "$SHARDSTEP" bench x.h5 --threads 4..1
for words in "help normalize" normalize; do
    refused 0 "no command 'normalize'; it is an operator of --augment, which 'shardstep augment normalize' describes" \
        "$SHARDSTEP" $words
done
refused 0 "no command 'a\\\\x1b\[31m\\\\x0ab\\\\xff'" "$SHARDSTEP" $'a\e[31m\nb\xff'

# ---- of each command

for command in $commands; do
    prints 0 "^usage: shardstep $command" "$SHARDSTEP" $command --help
    mv out.txt $command.txt
    awk 'length > 80 { exit 1 }' $command.txt || fail "$command --help has lines of over 80 characters"
    grep -q '^Exit codes:' $command.txt || fail "$command --help names no exit codes"
    grep -q "^  shardstep $command " $command.txt || fail "$command --help has no example"
    for words in "$command -h" "help $command" "$command x --help y z"; do
        prints 0 "^usage: shardstep $command" "$SHARDSTEP" $words
        same "help by $words" $command.txt out.txt
    done
    options $command.txt | sort > $command.options
    [ -z "$(uniq -d $command.options)" ] || fail "$command --help lists an option twice"
done
prints 2 '^usage: shardstep digest PATH' "$SHARDSTEP" digest -h

# A command takes the options of its help, and no others: of these a fixed quarter is tried, each with
# other commands, or all with SHARDSTEP_LONG=1.
every=4 first=0
[ "${SHARDSTEP_LONG:-}" != 1 ] || every=1
sort -u ./*.options > all.txt
[ "$(wc -l < all.txt)" -ge 50 ] || fail "only $(wc -l < all.txt) options in all"
for command in $commands; do
    first=$((first + 1)) turn=$first
    while read -r option value; do
        turn=$((turn + 1)) own=
        ! grep -qE -- "^$option( |\$)" $command.options || own=yes
        [ "$own" ] || [ $((turn % every)) = 0 ] || continue
        code=0 word=1
        [[ "$value" != *"|"* ]] || word=${value%%|*}
        "$SHARDSTEP" $command $option ${value:+$word} --help > out.txt 2> err.txt || code=$?
        if [ "$own" ]; then
            [ $code = 0 ] || fail "$command does not take its option $option: $(cat err.txt)"
        else
            [ $code = 2 ] && grep -qE "^shardstep $command: option $option is for [a-z, ]+, not for $command; " err.txt ||
                fail "$command $option, which is not its own: $code $(cat err.txt)"
        fi
    done < all.txt
done

for words in window= stride= lead= offsets= most=; do
    for command in digest replay; do
        grep -qF "  $words" $command.txt || fail "$command --help does not explain $words"
    done
done
for command in digest replay; do
    grep -qF "There are random_crop, random_flip, normalize, cast," $command.txt || fail "$command --help names no operators"
done
prints 0 '^  normalize\(\.\.\.\)' "$SHARDSTEP" help augment
prints 0 '^  random_flip\(\.\.\.\)' "$SHARDSTEP" augment
prints 0 '^    padding=N' "$SHARDSTEP" augment random_flip random_crop
refused 1 "there is no operator 'random_clip'; did you mean random_flip\? 'shardstep augment' lists" "$SHARDSTEP" augment random_clip
for words in '    size=N|[N,N,...]' '    layout=L' '    mean=X|[X,X,...]' '  scale=auto|none' '  example' \
    'from 0 to 1048576' 'mean=[0.49,0.48,0.45]'; do
    "$SHARDSTEP" help augment | holds -F -- "$words" || fail "help augment does not say $words"
done
"$SHARDSTEP" help augment | awk 'length > 80' | grep . && fail "help augment has lines of over 80 characters"
grep -qE "window=|random_crop" check.txt random.txt && fail "help of what the command does not take"

# ---- words that are wrong

for ranks in 0 2; do
    d="digest x.h5"
    refused $ranks "^shardstep digest: unknown option --augmnet; did you mean --augment\? 'shardstep digest --help'" \
        "$SHARDSTEP" $d --augmnet x
    refused $ranks "^shardstep digest: PATH is missing; usage: shardstep digest PATH" "$SHARDSTEP" digest
    refused $ranks "--tail is 'dorp'; it must be one of: short, drop, pad; did you mean drop\?" \
        "$SHARDSTEP" $d --tail dorp
done
refused 0 "option --count is for random, not for digest" "$SHARDSTEP" $d --count 3
refused 0 "option --seed needs a value: --seed S, a whole number from 0 to 2\^64-1" "$SHARDSTEP" $d --seed
for value in 3x 0 -3 '' ' 3' 0x10 1e3 4294967296 99999999999999999999 $'\e[31m'; do
    refused 0 "--batch takes a whole number from 1 to 2\^32-1, not '|value of --batch is empty; write --batch B" \
        "$SHARDSTEP" $d --batch "$value"
done
refused 0 "threads takes a whole number from 0 to 64, not '65'" "$SHARDSTEP" $d --threads 65
refused 0 "ahead takes a whole number from 0 to 4096, not '4097'" "$SHARDSTEP" $d --ahead 4097
refused 0 "vranks takes a whole number from 1 to 2\^24, not '0'" "$SHARDSTEP" $d --vranks=0
refused 0 "option --fields needs a value: --fields A,B" "$SHARDSTEP" $d --fields
refused 0 "--fields needs a value, but the option --seed follows; .* write --fields=--seed" \
    "$SHARDSTEP" $d --fields --seed 3
refused 0 "value of --rows is empty; write --rows FILE" "$SHARDSTEP" $d --rows ''
refused 0 "option --json takes no value; leave out 'yes'" "$SHARDSTEP" info x.h5 --json=yes
refused 0 "unknown option -seed; did you mean --seed\?.* for a file of that name write ./-NAME, or put -- before it" "$SHARDSTEP" $d -seed 3
refused 0 "cannot open -x: No such file" "$SHARDSTEP" digest -- -x
refused 0 "cannot open --seed: No such file" "$SHARDSTEP" digest --batch 3 -- --seed
refused 0 "'b.h5' is one argument too many; usage: .*; several files are a folder, a pattern in quotes" \
    "$SHARDSTEP" digest a.h5 b.h5
refused 0 "FIELD is missing; usage: shardstep stats" "$SHARDSTEP" stats x.h5
refused 0 "NAME=ORIGIN is missing; usage" "$SHARDSTEP" import x.h5
refused 0 "argument 1 is empty; usage: shardstep info" "$SHARDSTEP" info ''
refused 0 "only --read and --save take a FOLDER, which 'x' would be" "$SHARDSTEP" bench --order x
refused 0 "--part is '0.8'; give FROM,TO, two numbers from 0 to 1, .* such as 0.8,1" "$SHARDSTEP" $d --part 0.8
refused 0 "--mix is 'a,b'; give up to 256 whole numbers such as 7,3" "$SHARDSTEP" $d --mix a,b
printf '0\n5 seven\n' > rows.txt
printf '1\n2\n' > n.csv
refused 0 "--rows: rows.txt, line 2: it has 'seven' in place of row number 2; .* such as 0 5 7" "$SHARDSTEP" $d --rows rows.txt
refused 0 "--split is '0.8'; give 2 or 3 numbers, such as 0.8,0.1,0.1" "$SHARDSTEP" import new.h5 x=n.csv --split 0.8

# ---- words that are right in both ways

"$SHARDSTEP" plan --samples 100 --batch 7 --seed 3 > wanted.txt
"$SHARDSTEP" plan --samples=100 --batch=7 --seed=3 > came.txt
same "--option=value" wanted.txt came.txt
printf '\xef\xbb\xbf3 5\n' > rows.txt
[ "$("$SHARDSTEP" plan --samples 9 --rows rows.txt --shuffle none)" = '0 0 2 3 5' ] || fail "a list behind a byte order mark"
for command in "help digest" --version --help "plan --samples 9"; do
    code=0
    "$SHARDSTEP" $command > /dev/full 2> err.txt || code=$?
    [ "$code" = 2 ] && [ "$(wc -l < err.txt)" = 1 ] && grep -q 'No space left' err.txt ||
        fail "$command > /dev/full: $code $(cat err.txt)"
    code=0
    "$SHARDSTEP" $command >&- 2> err.txt || code=$?
    [ "$code" = 2 ] && [ "$(wc -l < err.txt)" = 1 ] && grep -q 'cannot write to standard output' err.txt ||
        fail "$command with stdout closed: $code $(cat err.txt)"
done
finish
