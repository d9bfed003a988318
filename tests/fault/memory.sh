#!/usr/bin/env bash
# A dataset of 4 GiB, contiguous or compressed, is read by 2 ranks in 200 MiB of memory each.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs time

"$BUILD/tests/vast_files" .
[ "$(du -sk . | cut -f1)" -lt 200000 ] || { echo "skipped: no holes in files here"; exit 77; }

# A rank's greatest resident memory, in KiB, to kib.RANK
cat > measured <<'EOF'
#!/bin/sh
exec time -f %M -o kib.$OMPI_COMM_WORLD_RANK "$@"
EOF
chmod +x measured

# vast NAME ROWS options...: all of a file, each row once, in 200 MiB
vast() {
    local name=$1 kib
    shift
    on 2 ./measured "$SHARDSTEP" digest "$@" --batch 512 > out.txt 2> err.txt ||
        { fail "$name: $(cat err.txt)"; return; }
    [ "$(grep -c . out.txt)" = 256 ] || fail "$name: not 256 steps"
    for rank in 0 1; do
        kib=$(cat kib.$rank)
        echo "$name: rank $rank: $((kib / 1024)) MiB"
        [ "$kib" -lt $((200 * 1024)) ] || fail "$name: $kib KiB"
    done
}

vast "contiguous" contiguous.h5 --threads 2
vast "chunked, file order" chunked.h5 --shuffle none --threads 2
vast "chunked, blocks" chunked.h5 --shuffle blocks --threads 2
finish
