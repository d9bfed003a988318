#include "io_crc32c.h"

#include <isa-l/crc.h>

uint32_t io_crc32c(const void *bytes, size_t count)
{
    const size_t most = 1 << 30; /* it takes an int */
    const unsigned char *at = bytes;
    uint32_t crc = UINT32_MAX;
    for (size_t now; count; at += now, count -= now) {
        now = count < most ? count : most;
        /* not const by oversight: it only reads */
        crc = crc32_iscsi((unsigned char *)(uintptr_t)at, (int)now, crc);
    }
    return ~crc;
}
