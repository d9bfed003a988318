#!/usr/bin/env bash
# README, the guides and the pages for contributors name paths, functions, commands, options, pages and
# headings that exist.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

guides=$(cd "$SOURCE" && ls src/doc/*.md)
pages="README.md $guides jobscripts/README.md .github/CONTRIBUTING.md .github/CHANGELOG.md src/ARCHITECTURE.md
    tests/README.md"

# words PATTERN PAGE: LINE:WORD for each match
words() {
    grep -noP "$1" "$SOURCE/$2" || true
}

checked=0
for page in $pages; do
    [ -s "$SOURCE/$page" ] || { fail "there is no $page"; continue; }

    # paths, also with NAME for any name: src/augment/augment_NAME.c, and folders that end with /
    words '(?<![/\w])(src|tests|include|examples|jobscripts)/[\w./*-]*[\w*/]' "$page" > paths.txt
    while IFS=: read -r line path; do
        checked=$((checked + 1))
        compgen -G "$SOURCE/${path//NAME/*}" > /dev/null || fail "$page, line $line: $path does not exist"
    done < paths.txt

    # functions in backticks with (): `shs_next()`, `core_fail()`
    words '`[a-z_0-9]+\(\)`' "$page" > functions.txt
    while IFS=: read -r line word; do
        checked=$((checked + 1))
        name=${word//[\`()]/}
        case $name in init_process_group | allgather) continue ;; esac # PyTorch's and mpi4py's
        grep -rqE --include='*.[ch]' "\b$name\(" "$SOURCE/src" "$SOURCE/include" "$SOURCE/tests" ||
            grep -rqE --include='*.py' "\bdef $name\(" "$SOURCE/src/python" ||
            fail "$page, line $line: there is no function $name()"
    done < functions.txt

    # `function()` (`file`), also over the end of a line: the file has the function
    tr '\n' ' ' < "$SOURCE/$page" | sed 's/  */ /g' > page.txt
    { grep -oP '`\w+\(\)` \(`[\w./]+`\)' page.txt || true; } > pairs.txt
    while IFS='`' read -r _ function _ file _; do
        checked=$((checked + 1))
        grep -qF "${function%)}" "$SOURCE/$file" || fail "$page: $file has no $function"
    done < pairs.txt
done
[ "$checked" -ge 100 ] || fail "only $checked paths and functions were found: the test tests nothing"

# commands and options of the program in backticks: `shardstep plan --samples N`, `--mix`
"$SHARDSTEP" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' > commands.txt
for command in $(cat commands.txt); do "$SHARDSTEP" "$command" --help; done | grep -oE -- '--[a-z][a-z-]+' | sort -u > options.txt
[ "$(wc -l < commands.txt)" -ge 13 ] && [ "$(wc -l < options.txt)" -ge 60 ] || fail "few commands or options: $(cat commands.txt)"
elsewhere='^--(oversubscribe|mpi|requeue|plain|component|install|prefix|build|user|no-index|version)$' # of other programs
for page in README.md $guides; do
    words '`(shardstep )?[a-z]+ (--|PATH|FILE|OPERATOR|OUT)[^`]*`|`shardstep [a-z]+[^`]*`' "$page" > named.txt
    while IFS=: read -r line text; do
        command=$(tr -d '`' <<< "$text" | sed 's/^shardstep //; s/ .*//')
        case $command in help) continue ;; esac
        case $text in '`shardstep '*) grep -qxF -- "$command" commands.txt ||
            fail "$page, line $line: shardstep has no command $command" ;; esac
    done < named.txt
    case $page in
    */clusters.md | */install.md) words '`shardstep [^`]*--[a-z][^`]*`' "$page" > named.txt ;; # others' options
    *) words '`[^`]*--[a-z][^`]*`' "$page" > named.txt ;;
    esac
    while IFS=: read -r line text; do
        grep -qE 'srun|mpirun|cmake|sbatch|SBATCH|scancel|train_fashion|pip|debug.sh|compare_|run.sh|dpkg|apt|python|pkg-config' <<< "$text" && continue
        for option in $(grep -oE -- '--[a-z][a-z-]+' <<< "$text"); do
            grep -qxF -- "$option" options.txt || grep -qE -- "$elsewhere" <<< "$option" ||
                fail "$page, line $line: no command has the option $option"
        done
    done < named.txt
done

# links to pages and files, and to headings by the names that GitHub gives them
headings() { # PAGE
    awk '/^ *```/ { inside = !inside } !inside && /^#+ / { sub(/^#+ /, ""); print tolower($0) }' "$SOURCE/$1" |
        sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}
for page in $pages; do
    [ -s "$SOURCE/$page" ] || continue
    words '\]\([^)]*\)' "$page" > links.txt
    while IFS=: read -r line link; do
        target=${link#](}
        target=${target%)}
        case $target in http*) continue ;; esac
        file=$page
        [ -z "${target%%#*}" ] || file=$(realpath -m --relative-to="$SOURCE" "$SOURCE/$(dirname "$page")/${target%%#*}")
        [ -e "$SOURCE/$file" ] || { fail "$page, line $line: there is no file $file"; continue; }
        case $target in
        *'#'*) headings "$file" | holds -xF -- "${target#*#}" ||
            fail "$page, line $line: $file has no heading ${target#*#}" ;;
        esac
    done < links.txt
done

# every guide is linked from README
for guide in $guides; do
    grep -qF "($guide)" "$SOURCE/README.md" || fail "README.md does not link $guide"
done
finish
