/* Memory for shs_memory_use() that counts what is live, fails when told, fills new memory with
 * rubbish and moves every block that is resized, so that what relies on luck shows. */
#ifndef COUNTED_MEMORY_H
#define COUNTED_MEMORY_H

#include <stdlib.h>
#include <string.h>

#include "shardstep/status.h"

struct counted_memory {
    _Atomic long live;  /* blocks */
    _Atomic long calls; /* of reallocate */
    long fail_at;       /* the call that fails, counted from 1; 0: none */
    long failed;
};

enum {
    COUNTED_HEAD = 64,
    COUNTED_RUBBISH = 0xA5
};

static inline void counted_release(void *memory, void *user)
{
    struct counted_memory *counted = user;
    if (!memory) return;
    counted->live--;
    free((char *)memory - COUNTED_HEAD);
}

static inline void *counted_reallocate(void *memory, size_t bytes, void *user)
{
    struct counted_memory *counted = user;
    if (++counted->calls == counted->fail_at) {
        counted->failed++;
        return NULL;
    }
    char *block = malloc(COUNTED_HEAD + bytes);
    if (!block) return NULL;
    memcpy(block, &bytes, sizeof bytes);
    memset(block + COUNTED_HEAD, COUNTED_RUBBISH, bytes);
    counted->live++;
    if (memory) {
        size_t before;
        memcpy(&before, (char *)memory - COUNTED_HEAD, sizeof before);
        memcpy(block + COUNTED_HEAD, memory, before < bytes ? before : bytes);
        counted_release(memory, user);
    }
    return block + COUNTED_HEAD;
}

/* From now on the library's memory is counted here, until counted_end(). */
static inline void counted_begin(struct counted_memory *counted, long fail_at)
{
    *counted = (struct counted_memory){.fail_at = fail_at};
    shs_memory_use(&(shs_memory){counted_reallocate, counted_release, counted});
}

/* The blocks that were not released. */
static inline long counted_end(const struct counted_memory *counted)
{
    shs_memory_use(NULL);
    return counted->live;
}

#endif
