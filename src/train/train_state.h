/* The program's state in a checkpoint: its tensors, how they are checked, hashed and listed. */
#ifndef TRAIN_STATE_H
#define TRAIN_STATE_H

#include "core_hash.h"

enum {
    TRAIN_TENSOR_NAME_BYTES = 256 /* with the final NUL */
};

/* The caller keeps the tensors and their elements. */
struct train_state {
    const shs_tensor *tensors;
    size_t count;
};

/* Local. SHS_ERROR_ARGUMENT if a tensor has no data, no name, an unfit name or the name of another
 * tensor, or if its shape is refused by shs_tensor_bytes(). All other functions of this file need a
 * state that has passed this check. */
shs_status train_state_check(const struct train_state *state);

/* Bytes of a tensor's elements. */
uint64_t train_tensor_bytes(const shs_tensor *tensor);

/* Bytes of the elements of all tensors together. */
uint64_t train_state_bytes(const struct train_state *state);

/* Local. Sets *list to a text with a line "tensor NAME = TYPE SHAPE" for each tensor. The caller
 * frees the text. */
shs_status train_state_list(const struct train_state *state, char **list);

/* Adds names, types and shapes to a hash. If `contents` is not NULL, the hash also takes
 * contents[t], the elements of tensor t, for each tensor. */
void train_state_hash(const struct train_state *state, void *const *contents,
                      struct core_hash *hash);

/* The digest of one tensor's elements. */
struct train_content {
    char digest[CORE_DIGEST_TEXT];
};

/* Local. Sets *contents to an array with a digest for each tensor, which the caller frees, also
 * after an error. */
shs_status train_state_digest(const struct train_state *state, struct train_content **contents);

#endif
