/* Stored bytes that a codec takes from their beginning on. */
#ifndef IO_INPUT_H
#define IO_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct io_input {
    const unsigned char *at;
    size_t left;
};

/* Takes a big-endian number of `bytes` bytes from the input. Returns false at the input's end. */
static inline bool io_input_number(struct io_input *input, size_t bytes, uint64_t *number)
{
    if (input->left < bytes) return false;
    *number = 0;
    for (size_t i = 0; i < bytes; i++)
        *number = *number << 8 | input->at[i];
    input->at += bytes;
    input->left -= bytes;
    return true;
}

/* Takes `bytes` bytes from the input. Returns NULL if the input has fewer. */
static inline const unsigned char *io_input_bytes(struct io_input *input, uint64_t bytes)
{
    const unsigned char *taken = input->at;
    if (input->left < bytes) return NULL;
    input->at += bytes;
    input->left -= (size_t)bytes;
    return taken;
}

#endif
