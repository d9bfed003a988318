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
    bool is_little; /* the elements are little-endian, on any machine */
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

/* A copy of a state that lasts. Its elements are little-endian. */
struct train_copy {
    struct train_state state;
    shs_tensor *tensors; /* those of `state` */
    char *names;
    char *elements; /* memory of the elements, which is kept for the next copy */
    uint64_t bytes; /* size of this memory */
};

/* Local. Copies names and shapes of a state, and if `elements` is true its elements. Otherwise the
 * tensors have no data. After an error the caller releases the copy, too. */
shs_status train_copy_take(struct train_copy *copy, const struct train_state *state, bool elements);

/* Releases all but the memory of the elements. */
void train_copy_drop(struct train_copy *copy);

void train_copy_free(struct train_copy *copy);

/* The digest of one tensor's elements. */
struct train_content {
    char digest[CORE_DIGEST_TEXT];
};

/* Local, in any thread. Sets *contents to an array with a digest for each tensor, which the caller
 * frees, also after an error. */
shs_status train_state_digest(const struct train_state *state, struct train_content **contents);

#endif
