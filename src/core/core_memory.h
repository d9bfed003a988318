/* Takes memory through the user's functions, with sizes that cannot overflow. */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stdint.h>

#include "core_status.h"

enum {
    /* The value of __builtin_classify_type() of gcc and clang for a pointer. */
    CORE_POINTER_CLASS = 5
};

/* Takes zeroed memory for `count` elements of `bytes` bytes each, at least one byte, and puts it
 * into *memory_pointer. On error *memory_pointer is NULL, and the message names `what` and the
 * size. The caller releases the memory with core_free(). */
shs_status core_new(size_t count, size_t bytes, const char *what, void *memory_pointer);

/* Resizes memory to `count` elements of `bytes` bytes each. The content is kept, and new bytes are
 * not cleared. On error *memory_pointer is as it was. */
shs_status core_resize(size_t count, size_t bytes, const char *what, void *memory_pointer);

/* Releases the memory that a pointer points to and sets the pointer to NULL: core_free(&pointer).
 * An argument that is not the address of a pointer, as in core_free(pointer), does not compile. */
#define core_free(address)                                                                         \
    ((void)sizeof(struct {                                                                         \
         _Static_assert(__builtin_classify_type(*(address)) == CORE_POINTER_CLASS,                 \
                        "core_free() takes the address of a pointer");                             \
         int unused;                                                                               \
     }),                                                                                           \
     core_release(address))

/* Releases memory like core_free(), for an address whose type is not known. */
void core_release(void *memory_pointer);

enum {
    /* Bytes that the user's functions are asked for beside those that the caller wants. */
    CORE_MEMORY_HEAD = 16
};

/* Returns the bytes that the calling thread has taken, less those that it has released, with
 * CORE_MEMORY_HEAD for each block. The difference of two calls is what was done between them. */
int64_t core_memory_balance(void);

/* Copies a string. The caller releases *copy with core_free(). */
shs_status core_copy(const char *text, char **copy);

/* Sets *product to a * b. Returns false if the product does not fit. */
static inline bool core_multiply(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

#endif
