#include "core_memory.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void *plain_reallocate(void *memory, size_t bytes, void *user)
{
    (void)user;
    return realloc(memory, bytes);
}

static void plain_release(void *memory, void *user)
{
    (void)user;
    free(memory);
}

static shs_memory current = {plain_reallocate, plain_release, NULL};

/* What lies before all memory, so that the bytes that are released are known. */
struct head {
    size_t bytes; /* with the head itself */
    char unused[CORE_MEMORY_HEAD - sizeof(size_t)];
};

_Static_assert(sizeof(struct head) == CORE_MEMORY_HEAD, "no padding");
_Static_assert(CORE_MEMORY_HEAD % _Alignof(max_align_t) == 0, "memory is aligned for any type");

static _Thread_local int64_t balance;

int64_t core_memory_balance(void)
{
    return balance;
}

void shs_memory_use(const shs_memory *memory)
{
    current = memory ? *memory : (shs_memory){plain_reallocate, plain_release, NULL};
}

static size_t bytes_of(const struct head *head)
{
    return head ? head->bytes : 0;
}

/* Returns the head of memory that core_resize() gave. */
static struct head *head_of(void *memory)
{
    return memory ? (struct head *)memory - 1 : NULL;
}

shs_status core_resize(size_t count, size_t bytes, const char *what, void *memory_pointer)
{
    void *memory;
    uint64_t total;
    memcpy(&memory, memory_pointer, sizeof memory);
    if (!core_multiply(count, bytes, &total) || total > PTRDIFF_MAX - sizeof(struct head))
        return core_fail(SHS_ERROR_MEMORY,
                         "%zu times %zu bytes for %s are more than a process can address", count,
                         bytes, what);
    struct head *head = head_of(memory);
    size_t before = bytes_of(head), now = (total ? (size_t)total : 1) + sizeof *head;
    head = current.reallocate(head, now, current.user);
    if (!head)
        return core_fail(SHS_ERROR_MEMORY, "no memory for %s (%zu times %zu bytes)", what, count,
                         bytes);
    head->bytes = now;
    balance += (int64_t)now - (int64_t)before;
    memory = head + 1;
    memcpy(memory_pointer, &memory, sizeof memory);
    return SHS_OK;
}

shs_status core_new(size_t count, size_t bytes, const char *what, void *memory_pointer)
{
    void *memory = NULL;
    memcpy(memory_pointer, &memory, sizeof memory);
    shs_status status = core_resize(count, bytes, what, &memory);
    if (status) return status;
    memset(memory, 0, count * bytes);
    memcpy(memory_pointer, &memory, sizeof memory);
    return SHS_OK;
}

void core_release(void *memory_pointer)
{
    void *memory;
    memcpy(&memory, memory_pointer, sizeof memory);
    if (!memory) return;
    struct head *head = head_of(memory);
    balance -= (int64_t)head->bytes;
    current.release(head, current.user);
    memory = NULL;
    memcpy(memory_pointer, &memory, sizeof memory);
}

shs_status core_copy(const char *text, char **copy)
{
    size_t bytes = strlen(text) + 1;
    shs_status status = core_new(bytes, 1, "a text", copy);
    if (status) return status;
    memcpy(*copy, text, bytes);
    return SHS_OK;
}
