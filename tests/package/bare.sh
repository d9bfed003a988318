# Sourced by scripts that try something on a bare Debian, as root: a system that debootstrap makes in a
# folder, from the mirror that apt uses (or MIRROR).

# bare_is_possible: otherwise says why not
bare_is_possible() {
    [ "$(id -u)" = 0 ] || { echo "a bare Debian is made as root"; return 1; }
    command -v debootstrap > /dev/null || { echo "debootstrap is missing; Debian: apt install debootstrap"; return 1; }
    unshare --mount true 2> /dev/null || { echo "this process may not mount"; return 1; }
}

# bare_make SUITE FOLDER
bare_make() {
    local suite=$1 folder=$2
    local mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 'debian/*$')}
    mkdir -p "$folder"
    debootstrap --variant=minbase "$suite" "$folder" "$mirror" > "$folder.log" 2>&1 || { cat "$folder.log" >&2; return 1; }
    cp -L /etc/resolv.conf "$folder/etc/"
    cp /etc/apt/apt.conf.d/* "$folder/etc/apt/apt.conf.d/" 2> /dev/null || true
}

# bare_inside FOLDER command...: with devices of its own, which a defective program, as root, could
# replace. The mounts end with the process that made them.
bare_inside() {
    local folder=$1
    shift
    unshare --mount --propagation private bash -c 'set -e
        mount -t proc proc "$0/proc"
        mount --rbind /sys "$0/sys"
        mount -t tmpfs dev "$0/dev"
        mkdir -m 1777 "$0/dev/shm"
        mkdir "$0/dev/pts"
        mount -t devpts -o newinstance,ptmxmode=666 devpts "$0/dev/pts"
        ln -s pts/ptmx "$0/dev/ptmx"
        ln -s /proc/self/fd "$0/dev/fd"
        for name in stdin:0 stdout:1 stderr:2; do ln -s /proc/self/fd/${name#*:} "$0/dev/${name%:*}"; done
        for name in null:3 zero:5 full:7 random:8 urandom:9; do
            mknod -m 666 "$0/dev/${name%:*}" c 1 ${name#*:}
        done
        exec chroot "$0" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "$@"' "$folder" "$@"
}
