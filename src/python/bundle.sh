#!/usr/bin/env bash
# Puts the shared libraries that the files of a stage need beside them, so that a wheel runs where they are
# not installed. Each gets a name with a hash, so that no other copy in the process is taken for it.
#
#   bundle.sh STAGE STATIC...   STAGE/lib has the library and the program, whose run path is $ORIGIN;
#                               STATIC are static libraries that they hold, for their licences
#
# Left to the system: the C and C++ libraries, which every manylinux platform has.
set -euo pipefail
stage=$1
shift
system='^(linux-vdso|ld-linux[^/]*|libc|libm|libdl|libpthread|librt|libresolv|libgcc_s|libstdc\+\+)\.so'

# The Debian package of a file, or nothing. Folders such as /lib are links.
package_of() {
    local file
    file=$(readlink -f "$1")
    { dpkg -S "$file" || dpkg -S "${file#/usr}" || true; } 2> /dev/null | sed 's/:.*//;q'
}

# Puts the licence of a library into the stage, as Debian has it.
take_licence() { # PATH NAME
    local package
    package=$(package_of "$1")
    if [ -n "$package" ] && [ -e "/usr/share/doc/$package/copyright" ]; then
        cp -L "/usr/share/doc/$package/copyright" "$stage/licenses/$2.txt"
    fi
}

mkdir -p "$stage/licenses"
for file in "$@"; do take_licence "$file" "$(basename "$file" .a)"; done

# The whole tree of what is needed, as the loader finds it now.
for file in "$stage"/lib/*; do ldd "$file"; done | awk '$3 ~ /^\// { print $1, $3 }' | sort -u |
    while read -r name path; do
        if [[ $name =~ $system ]] || [[ $path == "$stage"/* ]]; then continue; fi
        echo "$name $path"
    done > "$stage/needs.txt"

patchelf --set-soname libshardstep.so.0 "$stage/lib/libshardstep.so.0"
renamed=()
while read -r name path; do
    hash=$(sha256sum "$path" | cut -c 1-8)
    new=${name%%.so*}-$hash.so${name#*.so}
    cp -L "$path" "$stage/lib/$new"
    chmod 644 "$stage/lib/$new"
    patchelf --set-soname "$new" --set-rpath "\$ORIGIN" "$stage/lib/$new"
    renamed+=(--replace-needed "$name" "$new")
    take_licence "$path" "${name%%.so*}"
done < "$stage/needs.txt"
for file in "$stage"/lib/*; do
    [ "${#renamed[@]}" = 0 ] || patchelf "${renamed[@]}" "$file"
done
rm "$stage/needs.txt"
