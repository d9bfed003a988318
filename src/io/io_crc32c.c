#include "io_crc32c.h"

#include <endian.h>
#include <isa-l/crc.h>
#include <string.h>

#include "core_text.h"
#include "io_bytes.h"

static uint32_t add(uint32_t crc, const void *bytes, size_t count)
{
    const size_t most = 1 << 30; /* crc32_iscsi() takes the size as an int */
    const unsigned char *at = bytes;
    for (size_t now; count; at += now, count -= now) {
        now = count < most ? count : most;
        /* crc32_iscsi() only reads, though its parameter lacks const */
        crc = crc32_iscsi((unsigned char *)(uintptr_t)at, (int)now, crc);
    }
    return crc;
}

size_t io_crc32c_suffix(const char *name)
{
    if (core_ends_in(name, IO_CRC32C_SUFFIX)) return strlen(IO_CRC32C_SUFFIX);
    if (core_ends_in(name, IO_CHUNK_CRC32C_SUFFIX)) return strlen(IO_CHUNK_CRC32C_SUFFIX);
    return 0;
}

uint32_t io_crc32c(const void *bytes, size_t count)
{
    return ~add(UINT32_MAX, bytes, count);
}

#if BYTE_ORDER == LITTLE_ENDIAN

uint32_t io_crc32c_elements(const void *elements, size_t count, size_t size)
{
    return io_crc32c(elements, count * size);
}

#else

uint32_t io_crc32c_elements(const void *elements, size_t count, size_t size)
{
    unsigned char swapped[4096];
    const unsigned char *at = elements;
    uint32_t crc = UINT32_MAX;
    for (size_t bytes = count * size, now; bytes; at += now, bytes -= now) {
        now = bytes < sizeof swapped ? bytes : sizeof swapped;
        memcpy(swapped, at, now);
        io_swap(swapped, now / size, size);
        crc = add(crc, swapped, now);
    }
    return ~crc;
}

#endif
