/* CRC-32C, the Castagnoli polynomial of RFC 3720 (iSCSI), by ISA-L. */
#ifndef IO_CRC32C_H
#define IO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Beside a field NAME that import writes stands a dataset NAME.crc32c of u32: the CRC-32C of each
 * row's bytes, its elements in little-endian order. */
#define IO_CRC32C_SUFFIX ".crc32c"

/* Of "123456789": 0xe3069283. */
uint32_t io_crc32c(const void *bytes, size_t count);

/* Of the little-endian bytes of elements of `size` bytes (1, 2, 4 or 8) in the machine's order. */
uint32_t io_crc32c_elements(const void *elements, size_t count, size_t size);

#endif
