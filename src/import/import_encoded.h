/* Images that import keeps as they are: their bytes one after the other, with offsets. */
#ifndef IMPORT_ENCODED_H
#define IMPORT_ENCODED_H

#include "import_origin.h"

/* Some images of an origin that import_origin_is_encoded(), in the order of their rows. A zeroed
 * struct is empty. */
struct import_encoded {
    const struct import_origin *origin; /* borrowed */
    uint64_t count;
    uint64_t *number; /* number of each in the origin */
    uint64_t *offset; /* first byte of each, and the end of the last */
};

/* Local. Takes over the list of numbers, *number becomes NULL, and finds the offsets. The caller
 * frees the struct, also after an error. */
shs_status import_encoded_find(const struct import_origin *origin, uint64_t **number,
                               uint64_t count, struct import_encoded *encoded);

void import_encoded_free(struct import_encoded *encoded);

/* Local. Functions to read rows for import_write.h, whose `user` is a struct import_encoded: bytes
 * of all images, and offsets. A file that has not the size any more that it had is an error. */
shs_status import_encoded_read_bytes(void *user, uint64_t first, uint64_t count, void *rows);
shs_status import_encoded_read_offsets(void *user, uint64_t first, uint64_t count, void *rows);

/* Local. Reads height, width and channels from the head of an image. */
shs_status import_encoded_look(const char *path, uint32_t size[3]);

#endif
