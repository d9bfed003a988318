#!/usr/bin/env bash
# Arrays of NPZ files as origins of import; cli/import_h5.sh compares their values. Here: what is
# said, and files that are hostile.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - <<'EOF'
import struct, warnings, zipfile
import numpy as np
warnings.simplefilter("ignore")
x, y = np.arange(300, dtype="i4").reshape(100, 3), np.ones(5)
np.savez("stored.npz", x=x, y=y)
np.savez_compressed("packed.npz", x=x, y=y)
np.savez("one.npz", x=x)
np.savez("objects.npz", x=np.array([1, "a"], dtype=object))
np.save("x.npy", x)
member = open("x.npy", "rb").read()


def write(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as file:
        for name in members:
            file.writestr(name, member)


write("twice.npz", ["x.npy", "x.npy"])
write("none.npz", ["x.txt"])
write("empty.npz", [])
write("lzma.npz", ["x.npy"], compression=zipfile.ZIP_LZMA)
write("bzip2.npz", ["x.npy"], compression=zipfile.ZIP_BZIP2)


def changed(path, source, change):
    data = bytearray(open(source, "rb").read())
    change(data, data.index(b"PK\1\2"), data.rindex(b"PK\5\6"))
    open(path, "wb").write(data)


def put(offset, form, value, end=False):
    """Changes a number in the first entry of the directory, or in the record at the end."""
    return lambda data, entry, last: struct.pack_into(form, data, (last if end else entry) + offset, value)


def twice(offset, value):
    """Changes a number in the first entry of the directory, and in the first member's head."""
    def change(data, entry, last):
        struct.pack_into("<I", data, entry + offset, value)
        struct.pack_into("<I", data, offset - 2, value)
    return change


def flip(at):
    def change(data, entry, last):
        data[at] ^= 4
    return change


changed("encrypted.npz", "stored.npz", put(8, "<H", 1))
changed("flip_stored.npz", "stored.npz", flip(500))
changed("flip_packed.npz", "packed.npz", flip(200))
changed("crc.npz", "packed.npz", twice(16, 7))
changed("larger.npz", "packed.npz", twice(24, 100000))
changed("shorter.npz", "packed.npz", twice(20, 100))
changed("two_sizes.npz", "stored.npz", put(24, "<I", 3))
changed("outside.npz", "stored.npz", put(42, "<I", 0x7fffffff))
changed("other_head.npz", "stored.npz", put(42, "<I", 3))
changed("name.npz", "stored.npz", lambda data, entry, last: struct.pack_into("1s", data, 30, b"z"))
local = lambda offset: lambda data, entry, last: struct.pack_into("<I", data, offset, 7)
changed("head_crc.npz", "packed.npz", local(14))
changed("head_packed.npz", "packed.npz", local(18))
changed("head_bytes.npz", "packed.npz", local(22))
changed("entry.npz", "stored.npz", put(0, "<I", 3))
changed("wide.npz", "stored.npz", put(24, "<I", 0xffffffff))
changed("directory.npz", "stored.npz", put(16, "<I", 0x7fffffff, True))
changed("wide_end.npz", "stored.npz", put(16, "<I", 0xffffffff, True))
changed("entries.npz", "stored.npz", put(10, "<H", 900, True))
changed("hidden.npz", "stored.npz", put(10, "<H", 1, True))
class Pipe:
    """A file without seek(): sizes lie behind the members."""
    def __init__(self, path): self.write = open(path, "wb", 0).write
    def flush(self): pass
write(Pipe("pipe.npz"), ["x.npy"], compression=zipfile.ZIP_DEFLATED)
changed("disks.npz", "stored.npz", put(4, "<H", 2, True))
for i in range(60):
    changed(f"cut{i}.npz", "packed.npz", lambda data, entry, last: data.__delitem__(slice(len(data) * i // 60, None)))
EOF
"$SHARDSTEP" import one.h5 x=one.npz > out.txt
grep -qx 'one.npz: member x.npy is its only array' out.txt || fail "the only array: $(cat out.txt)"
"$SHARDSTEP" import pipe.h5 x=npz:pipe.npz:x > /dev/null || fail "sizes behind a member"
for ranks in 0 3; do
    refused $ranks 'stored.npz holds 2 arrays; name one, as in npz:stored.npz:NAME: x, y' \
        "$SHARDSTEP" import new.h5 a=stored.npz
    refused $ranks 'flip_packed.npz: member x.npy is damaged: ' "$SHARDSTEP" import new.h5 a=npz:flip_packed.npz:x
done
refuses() { refused 0 "$2" "$SHARDSTEP" import new.h5 a=npz:$1:x; }
refused 0 'stored.npz holds no array z; it holds x, y' "$SHARDSTEP" import new.h5 a=npz:stored.npz:z
refuses objects.npz 'member x.npy holds pickled Python objects'
refuses twice.npz 'twice.npz has 2 members named x.npy, and readers differ in which they take'
refuses none.npz 'none.npz is a zip file without arrays'
refuses empty.npz 'empty.npz is a zip file without arrays'
refuses lzma.npz 'member x.npy is packed by method 14, not stored or deflated'
refuses bzip2.npz 'member x.npy is packed by method 12'
refuses encrypted.npz 'encrypted.npz: member x.npy is encrypted'
refuses flip_stored.npz 'flip_stored.npz: member x.npy is damaged: its CRC-32 is .* where the directory says'
refuses crc.npz 'member x.npy is damaged: its CRC-32 is .*, where the directory says 00000007'
refuses larger.npz 'is damaged: it is 1328 bytes, .* where the directory says 100000 and'
refuses shorter.npz 'is damaged: its packed bytes end too early'
refuses two_sizes.npz 'is damaged: a member that is not packed has two sizes'
refuses outside.npz 'is damaged: a member lies outside it'
for file in other_head name head_crc head_packed head_bytes; do
    refuses $file.npz 'is damaged: the head of a member is not what the directory says'
done
refuses entry.npz 'is damaged: an entry of its directory is none'
refuses wide.npz 'is damaged: a size of 64 bits is missing'
refuses directory.npz 'is damaged: its directory lies outside it'
refuses wide_end.npz "is damaged: its directory's place is missing"
refuses hidden.npz 'is damaged: its directory goes on after the number of entries that it has'
refuses disks.npz 'one of several files that a zip file was split into'
refuses entries.npz 'is damaged: '
for i in $(seq 0 59); do
    refuses cut$i.npz "cut$i.npz (has no zip file's directory at its end; it is not complete)"
done
[ ! -e new.h5 ] || fail "a refused import left a file"
finish
