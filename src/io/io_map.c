#include "io_map.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core_assert.h"
#include "core_memory.h"
#include "io_fail.h"

/* Why pages are noted when they were read: mincore() answers truly only to a file's owner and to
 * those who may write to it, and a look at each row takes more time than the copy of a small row. A
 * read that does not wait (RWF_NOWAIT) tells the truth to everybody, and gives the row, too. */
struct io_map {
    void *memory; /* what the span shows */
    struct io_span span;
    unsigned shift; /* a page has 1 << shift bytes */
    size_t words;
    _Atomic uint64_t *noted; /* a bit for each page */
};

enum {
    WORD = 64,
    /* A thread looks whether it had to wait for a disk after so many copies. */
    COPIES_A_LOOK = 64
};

static shs_status map_pages(struct io_map *map, int file, const char *path)
{
    void *memory = mmap(NULL, map->span.bytes, PROT_READ, MAP_SHARED, file, (off_t)map->span.at);
    if (memory == MAP_FAILED)
        return io_fail("cannot map", path, errno, "open the dataset without the option map");
    map->span.memory = map->memory = memory;
    return SHS_OK;
}

shs_status io_map_open(int file, const char *path, uint64_t at, uint64_t bytes, struct io_map **map)
{
    shs_status status = core_new(1, sizeof **map, "a map", map);
    if (status) return status;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t pages = (at + bytes - 1) / page - at / page + 1;
    (*map)->shift = (unsigned)__builtin_ctzl(page);
    (*map)->words = (size_t)((pages - 1) / WORD + 1);
    (*map)->span = (struct io_span){.at = at / page * page, .bytes = (size_t)pages * page};
    status = core_new((*map)->words, sizeof *(*map)->noted, "a map", &(*map)->noted);
    if (!status) status = map_pages(*map, file, path);
    if (status) io_map_close(map);
    return status;
}

void io_map_close(struct io_map **map)
{
    if (!*map) return;
    if ((*map)->memory) munmap((*map)->memory, (*map)->span.bytes);
    core_free(&(*map)->noted);
    core_free(map);
}

/* Finds the pages [*first, *end) that bytes lie on. */
static void pages_of(const struct io_map *map, uint64_t at, size_t bytes, uint64_t *first,
                     uint64_t *end)
{
    core_assert(at >= map->span.at && bytes && at - map->span.at + bytes <= map->span.bytes);
    *first = (at - map->span.at) >> map->shift;
    *end = ((at - map->span.at + bytes - 1) >> map->shift) + 1;
}

static bool is_noted(const struct io_map *map, uint64_t page)
{
    return atomic_load_explicit(&map->noted[page / WORD], memory_order_relaxed) >> page % WORD & 1;
}

void io_map_note(struct io_map *map, uint64_t at, size_t bytes)
{
    uint64_t first, end;
    pages_of(map, at, bytes, &first, &end);
    for (uint64_t page = first; page < end; page++)
        if (!is_noted(map, page))
            atomic_fetch_or_explicit(&map->noted[page / WORD], UINT64_C(1) << page % WORD,
                                     memory_order_relaxed);
}

bool io_map_has(const struct io_map *map, uint64_t at, size_t bytes)
{
    uint64_t first, end;
    pages_of(map, at, bytes, &first, &end);
    while (first < end && is_noted(map, first))
        first++;
    return first == end;
}

static void forget(struct io_map *map)
{
    for (size_t i = 0; i < map->words; i++)
        atomic_store_explicit(&map->noted[i], 0, memory_order_relaxed);
}

/* Returns true if the thread has waited for a page from a disk since it last looked. */
static bool has_waited(size_t copies)
{
    static _Thread_local struct {
        bool begun;
        size_t copies;
        long waits;
    } seen;
    struct rusage use;
    seen.copies += copies;
    if ((seen.begun && seen.copies < COPIES_A_LOOK) || getrusage(RUSAGE_THREAD, &use) < 0)
        return false;
    bool waited = seen.begun && use.ru_majflt > seen.waits;
    seen.begun = true;
    seen.copies = 0;
    seen.waits = use.ru_majflt;
    return waited;
}

size_t io_map_copy(struct io_map *map, const struct io_copy *copies, size_t count)
{
    size_t done = io_guard_copy(&map->span, copies, count);
    if (has_waited(count)) forget(map);
    return done;
}

const void *io_map_memory(const struct io_map *map, uint64_t at)
{
    return map->span.memory + (at - map->span.at);
}
