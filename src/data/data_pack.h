/* Bytes that values are packed into one after the other, and taken out of again. */
#ifndef DATA_PACK_H
#define DATA_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

/* Bytes that grow. A zeroed struct is empty. After an error the status stays, and further values
 * are dropped. */
struct data_pack {
    char *bytes;
    size_t length, capacity;
    shs_status status;
};

/* Each function appends a value: bytes as they are, a number, a text (NULL is allowed). */
void data_pack_bytes(struct data_pack *pack, const void *bytes, size_t count);
void data_pack_number(struct data_pack *pack, uint64_t number);
void data_pack_text(struct data_pack *pack, const char *text);

/* Appends a struct of at most DATA_PACK_STRUCT bytes, without its words that are zero. */
#define DATA_PACK_STRUCT 1024
void data_pack_struct(struct data_pack *pack, const void *bytes, size_t count);

void data_pack_free(struct data_pack *pack);

/* The bytes that are left to take. They are borrowed. */
struct data_unpack {
    const char *at;
    size_t left;
};

/* Each function takes a value. Too few bytes are SHS_ERROR_FORMAT. A text is new memory, which the
 * caller releases with core_free(), or NULL. */
shs_status data_unpack_bytes(struct data_unpack *unpack, void *to, size_t count);
shs_status data_unpack_number(struct data_unpack *unpack, uint64_t *number);
shs_status data_unpack_struct(struct data_unpack *unpack, void *to, size_t count);
shs_status data_unpack_text(struct data_unpack *unpack, char **text);

/* Takes `count` elements of `size` bytes into new memory. `what` names them in a message. */
shs_status data_unpack_array(struct data_unpack *unpack, uint64_t count, size_t size,
                             const char *what, void *memory_pointer);

#endif
