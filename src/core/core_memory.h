/* Memory through the user's functions, with sizes that cannot overflow. */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stdint.h>

#include "core_status.h"

enum {
    CORE_POINTER_CLASS = 5 /* what __builtin_classify_type() of gcc and clang gives for a pointer */
};

/* Zeroed memory for count elements of `bytes` each, put into *memory; at least one byte. On error
 * *memory is NULL and the message names `what` and the size. */
shs_status core_new(size_t count, size_t bytes, const char *what, void *memory_pointer);

/* Resizes *memory to count elements; its content is kept, what is new is not cleared. On error
 * *memory is as it was. */
shs_status core_resize(size_t count, size_t bytes, const char *what, void *memory_pointer);

/* Releases the memory that a pointer points to and leaves NULL there: core_free(&pointer). What is
 * not the address of a pointer, as in core_free(pointer), does not compile. */
#define core_free(address)                                                                         \
    ((void)sizeof(struct {                                                                         \
         _Static_assert(__builtin_classify_type(*(address)) == CORE_POINTER_CLASS,                 \
                        "core_free() takes the address of a pointer");                             \
         int unused;                                                                               \
     }),                                                                                           \
     core_release(address))

/* The same for an address whose type is not known. */
void core_release(void *memory_pointer);

/* A copy of a string. */
shs_status core_copy(const char *text, char **copy);

/* *product = a * b; false if it does not fit. */
static inline bool core_multiply(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

#endif
