/* Memory whose borders show every byte that is read or written outside, by libraries too. */
#ifndef FENCED_H
#define FENCED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    FENCED_BYTES = 1 << 20,
    GUARD_BYTES = 64,
    GUARD = 0xC7
};

/* Memory that ends where no byte may be touched. */
struct fenced {
    unsigned char *end; /* of FENCED_BYTES bytes */
};

static inline bool fenced_make(struct fenced *fenced)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *start =
        mmap(NULL, FENCED_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return false;
    fenced->end = (unsigned char *)start + FENCED_BYTES;
    return mprotect(fenced->end, page, PROT_NONE) == 0;
}

static inline void fenced_free(struct fenced *fenced)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    munmap(fenced->end - FENCED_BYTES, FENCED_BYTES + page);
}

static inline bool fenced_is_all(const unsigned char *bytes, size_t count, unsigned char value)
{
    while (count && bytes[count - 1] == value)
        count--;
    return count == 0;
}

#endif
