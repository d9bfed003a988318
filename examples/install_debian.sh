#!/usr/bin/env bash
# Installs the Debian packages named as arguments, and those that Shardstep is built with, unless
# they are there. As root, or with sudo.
set -euo pipefail
packages="build-essential cmake ninja-build pkg-config openmpi-bin libopenmpi-dev
    libhdf5-openmpi-dev librandom123-dev libxxhash-dev zlib1g-dev libdeflate-dev
    libisal-dev libpng-dev libjpeg-dev liblzf-dev liblz4-dev libzstd-dev libblosc-dev libopenblas-dev
    dataset-fashion-mnist $*"
optional="libblosc2-dev" # from Debian 13 on

missing=
processor=$(dpkg --print-architecture) # packages of others may be there, too
for package in $packages; do
    dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "$package" 2> /dev/null |
        grep -qxE "($processor|all) installed" ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

become_root=
if [ "$(id -u)" != 0 ]; then
    become_root=sudo
    command -v sudo > /dev/null || {
        echo "these packages are missing, and there is neither root nor sudo to install them:$missing" >&2
        exit 2
    }
fi
echo "installing:$missing"
$become_root apt-get update -qq
for package in $optional; do
    ! apt-cache show "$package" > /dev/null 2>&1 || missing="$missing $package"
done
$become_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null
