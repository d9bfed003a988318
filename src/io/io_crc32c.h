/* Computes CRC-32C with the Castagnoli polynomial of RFC 3720 (iSCSI), by ISA-L. */
#ifndef IO_CRC32C_H
#define IO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Import writes an array NAME.crc32c of u32 beside each array NAME. It holds the CRC-32C of each
 * row's bytes, with the elements in little-endian order. */
#define IO_CRC32C_SUFFIX ".crc32c"

/* Beside it lies NAME.chunk_crc32c, of two u32 for each chunk in row-major order of their grid: the
 * CRC-32C of the chunk's bytes as they are stored, and how many these are; 0 and 0 for a chunk that
 * is not in the file. Its attribute "version" is a text. The checksums are those of other chunks,
 * and say nothing, if the array's chunks have other numbers of bytes: a program such as h5repack
 * has then stored the array anew. */
#define IO_CHUNK_CRC32C_SUFFIX  ".chunk_crc32c"
#define IO_CHUNK_CRC32C_VERSION "1"
#define IO_CHUNK_CRC32C_NUMBERS 2

/* Returns how many bytes at the end of a dataset's name say that it has checksums, 0 if none do. */
size_t io_crc32c_suffix(const char *name);

/* Returns the CRC-32C of `count` bytes. That of "123456789" is 0xe3069283. */
uint32_t io_crc32c(const void *bytes, size_t count);

/* Returns the CRC-32C of the little-endian bytes of `count` elements of `size` bytes (1, 2, 4 or
 * 8), which are in the machine's byte order. */
uint32_t io_crc32c_elements(const void *elements, size_t count, size_t size);

#endif
