/* CRC-32C, the Castagnoli polynomial of RFC 3720 (iSCSI), by ISA-L. */
#ifndef IO_CRC32C_H
#define IO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of "123456789": 0xe3069283. */
uint32_t io_crc32c(const void *bytes, size_t count);

#endif
