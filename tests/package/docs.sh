#!/usr/bin/env bash
# The pages for contributors name paths, functions and tests that exist.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

pages="README.md .github/CONTRIBUTING.md .github/CHANGELOG.md src/ARCHITECTURE.md tests/README.md"

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
        grep -rqE --include='*.[ch]' "\b$name\(" "$SOURCE/src" "$SOURCE/include" "$SOURCE/tests" ||
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

# links within a page and to other pages
for page in $pages; do
    [ -s "$SOURCE/$page" ] || continue
    words '\]\([^)]*\)' "$page" > links.txt
    while IFS=: read -r line link; do
        target=${link#](}
        target=${target%)}
        case $target in
        http*) continue ;;
        '#'*) grep -qiE "^#+ $(tr - . <<< "${target#\#}")\$" "$SOURCE/$page" ||
            fail "$page, line $line: there is no heading for $target" ;;
        *) [ -e "$SOURCE/$(dirname "$page")/${target%%#*}" ] ||
            fail "$page, line $line: there is no file $target" ;;
        esac
    done < links.txt
done
finish
