#!/usr/bin/env bash
# The man pages and the completion for bash, which the build makes, have what the help has: every
# command, option and value. What reads man pages finds no fault with them.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

pages=$BUILD/pages
commands=$("$SHARDSTEP" 2>&1 | sed -n 's/^commands: //p' | tr -d ,) || true
[ "$(wc -w <<< "$commands")" -ge 9 ] || fail "only these commands are listed: $commands"
[ -s "$pages/shardstep.1" ] && [ -s "$pages/shardstep.bash" ] || { fail "the build has made no pages in $pages"; finish; }

# shown PAGE: as text, in one line, without what the reader adds for the layout
shown() {
    if command -v mandoc > /dev/null; then
        mandoc -Tutf8 -Owidth=900 "$1"
    else
        MANWIDTH=900 man --no-hyphenation --no-justification -l "$1"
    fi | sed $'s/.\b//g' | tr -s ' \n' ' '
}

# ---- man pages

readers=0
if command -v mandoc > /dev/null; then
    readers=$((readers + 1))
    mandoc -Tlint "$pages"/*.1 > said.txt 2>&1 || fail "mandoc -Tlint: $(head -n 5 said.txt)"
    [ ! -s said.txt ] || fail "mandoc -Tlint: $(head -n 5 said.txt)"
fi
if command -v groff > /dev/null; then
    readers=$((readers + 1))
    for page in "$pages"/*.1; do
        groff -man -Tutf8 -ww -z "$page" > said.txt 2>&1 || fail "groff ends with an error: $page"
        [ ! -s said.txt ] || fail "groff -ww on $page: $(head -n 3 said.txt)"
    done
fi
[ "$readers" -gt 0 ] || echo "skipped in part: neither mandoc nor groff; Debian: apt install mandoc groff-base"

page_of() { # COMMAND: the words of its page; without it those of the program's
    if command -v mandoc > /dev/null || command -v man > /dev/null; then
        LC_ALL=C.UTF-8 shown "$pages/shardstep${1:+-$1}.1" > page.txt
        return 0
    fi
    return 1
}
if page_of ''; then
    for command in $commands; do
        summary=$("$SHARDSTEP" --help | tr -s ' \n' ' ' | grep -oP " $command \K\w+ \w+ \w+" | head -n 1)
        grep -qF "shardstep-$command(1) $summary" page.txt || fail "shardstep.1 does not say 'shardstep-$command(1) $summary'"
    done
fi
for command in $commands; do
    [ -s "$pages/shardstep-$command.1" ] || { fail "$command has no man page"; continue; }
    "$SHARDSTEP" $command --help > help.txt
    page_of $command || continue
    # Each line of the help with an option, and the words of each other line, come in the page.
    sed -E '/^(Fields|Examples):/,$d' help.txt | sed -nE 's/^  (-[a-z], )?(--[a-z-]+)( [^ ]+)?(  .*)?$/\2\3/p' > options.txt
    [ -s options.txt ] || fail "no options were read of $command --help"
    while read -r option; do
        grep -qF -- " $option " page.txt || fail "shardstep-$command.1 has no $option"
    done < options.txt
    # a help has words in the same order, but for its headings and its usage
    sed -E '1d; /^[A-Z].*:$/d' help.txt | tr -s ' \n' '\n' | grep . | sort -u > words.help
    tr -s ' \n' '\n' < page.txt | sort -u > words.page
    comm -23 words.help words.page > missing.txt
    [ ! -s missing.txt ] || fail "shardstep-$command.1 lacks words of the help: $(head -n 5 missing.txt | tr '\n' ' ')"
done

# ---- the hidden commands

refused 0 '^shardstep: usage: shardstep man-page DATE \[COMMAND\]' "$SHARDSTEP" man-page
refused 0 "^shardstep: there is no command 'digset'" "$SHARDSTEP" man-page 2026-01-02 digset
"$SHARDSTEP" man-page 2026-01-02 digest | holds '^\.TH SHARDSTEP\\-DIGEST 1 "2026-01-02"' || fail "the page of another date"
"$SHARDSTEP" bash-completion | cmp -s - "$pages/shardstep.bash" || fail "the completion of the build is another one"
for words in 'man-page 2026-01-02 digest' bash-completion; do
    code=0
    "$SHARDSTEP" $words > /dev/full 2> err.txt || code=$?
    [ "$code" = 2 ] && grep -q 'No space left' err.txt || fail "$words > /dev/full: $code $(cat err.txt)"
done

# ---- the completion

! command -v shellcheck > /dev/null || shellcheck -s bash "$pages/shardstep.bash" || fail "shellcheck on the completion"

# completes WORD... : what bash would offer for the last word, in a line
cat > complete.sh << 'BASH'
. "$1"
shift
complete -p shardstep | grep -q -- '-F _shardstep shardstep' || echo "no completion is set"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_shardstep
echo "${COMPREPLY[*]}"
BASH
completes() {
    bash complete.sh "$pages/shardstep.bash" shardstep "$@"
}
offers() { # EXPECTED WORD...
    local expected=$1 found
    shift
    found=$(completes "$@" 2>&1) || true
    [ "$found" = "$expected" ] || fail "after '$*' the completion offers '$found', not '$expected'"
}
offers "$(echo $commands) help --help --version" ''
offers "$(echo $commands)" help ''
offers '--fields' help digest --fi
offers digest di
for command in $commands; do
    "$SHARDSTEP" $command --help > help.txt
    sed -E '/^(Fields|Examples):/,$d' help.txt |
        sed -nE 's/^  (-[a-z], )?(--[a-z-]+)( [^ ]+)?(  .*)?$/\1\2/p' | sed 's/, /\n/' | sort > options.txt
    completes $command - | tr ' ' '\n' | sort > offered.txt
    same "options that the completion offers for $command" options.txt offered.txt
done
offers '--shuffle --shard' digest --sh
offers 'full blocks none' digest x.h5 --shuffle ''
offers 'blocks' digest x.h5 --shuffle = bl
offers 'full blocks none' digest x.h5 --shuffle =
offers 'yes no' import x.h5 --heading ''
offers '' digest --seed ''
offers '' digest --batch 3
mkdir "a folder"
: > "a folder.h5"
: > log
offers 'a folder a folder.h5' digest a
offers 'a folder a folder.h5' replay x.h5 -o a
offers 'a folder a folder.h5' import new.h5 x = a
offers log digest x.h5 --rows l
offers random_flip augment random_fl
finish
