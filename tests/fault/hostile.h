/* Damaged HDF5 files: sound ones in many forms, and what is done to them. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes sound file `number`, the same bytes every time; false if there is no such number. One of
 * them leaves data in a file "raw" beside it, in the current folder. Ends the program if the file
 * cannot be written, as all of these do. */
bool hostile_make(unsigned number, const char *path);

/* The sound file's bytes, and the blocks in it that end with a checksum of what is before. */
struct hostile_file {
    unsigned char *bytes;
    size_t size;
    struct hostile_block {
        size_t begin, end; /* of what is summed; the sum follows */
    } * blocks;
    size_t n_blocks;
};

struct hostile_file hostile_read(const char *path);
void hostile_free(struct hostile_file *file);

/* Damage `number` to a file: bits flipped, bytes overwritten, moved or cut off; where checksums
 * would give it away, they are made to fit half of the time. Always the same for the same number.
 * Writes the result. */
void hostile_damage(const struct hostile_file *file, uint64_t number, const char *path);

#endif
