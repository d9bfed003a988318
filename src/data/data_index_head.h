/* The head of an index: see data_index.h. */
#ifndef DATA_INDEX_HEAD_H
#define DATA_INDEX_HEAD_H

#include "core_hash.h"
#include "data_pack.h"

enum {
    DATA_INDEX_MARK = 8,
    DATA_INDEX_VERSION = 3 /* raise it when the form of an index changes */
};

/* Structs follow as they are in memory. */
struct data_index_head {
    char mark[DATA_INDEX_MARK];
    uint32_t byte_order, version;
    uint64_t field_bytes, layout_bytes, part_bytes; /* of these structs */
    uint64_t bytes;                                 /* of all of the index */
    uint64_t packed;           /* 1: some arrays have attributes of packed numbers */
    struct core_digest digest; /* of all bytes behind the head */
};

/* Returns the head of an index of this library on this machine, without what only its end tells. */
struct data_index_head data_index_head_of_this(void);

/* Computes the digest of the bytes behind the head. */
shs_status data_index_digest(const struct data_pack *pack, struct core_digest *digest);

#endif
