#!/usr/bin/env bash
# Makes, as root, a folder with the Debian packages of another processor that a build without MPI needs,
# for a cross compiler and an emulator, and installs these two. The packages are only unpacked: no program
# of theirs is run, and the system's own stay as they are.
#
#   tests/foreign.sh arm64 FOLDER        or s390x
set -euo pipefail
machine=$1 folder=$2
[ "$1" != arm64 ] || machine=aarch64
"$(dirname "$0")/../examples/install_debian.sh" "gcc-$machine-linux-gnu" "libc6-dev-$1-cross" qemu-user-static debootstrap
[ ! -e "$folder.made" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "debootstrap is run by root" >&2; exit 2; }
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 'debian/*$')}
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
rm -rf --one-file-system "$folder"
mkdir -p "$folder"
debootstrap --foreign "--arch=$1" --variant=minbase \
    --include=libc6-dev,libhdf5-dev,librandom123-dev,libxxhash-dev,zlib1g-dev,libdeflate-dev,libisal-dev,libpng-dev,libjpeg-dev,libcunit1-dev \
    "$suite" "$folder" "$mirror" > "$folder.log" 2>&1 || { tail -n 20 "$folder.log" >&2; exit 1; }
for package in "$folder"/var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$folder" --keep-directory-symlink
    rm "$package"
done
touch "$folder.made"
