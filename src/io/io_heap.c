#include "io_heap.h"

#include <string.h>

#include "core_memory.h"
#include "io_content.h"
#include "io_witness.h"

enum {
    HEAD = 16 /* bytes of a collection's head, and of an object's */
};

shs_status io_heap_open(const char *path, struct io_heap *heap)
{
    *heap = (struct io_heap){.file = -1};
    shs_status status = core_copy(path, &heap->path);
    if (!status) status = io_open(path, &heap->file);
    if (!status) status = io_identify(heap->file, path, &heap->identity);
    if (!status) io_witness_open(path, &heap->identity, false);
    if (status) io_heap_close(heap);
    return status;
}

void io_heap_close(struct io_heap *heap)
{
    if (heap->path && heap->file >= 0) io_close(heap->file);
    core_free(&heap->path);
    core_free(&heap->collection);
    *heap = (struct io_heap){0};
}

static uint64_t number_at(const unsigned char *from, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | from[i];
    return number;
}

static shs_status damaged(const struct io_heap *heap, uint64_t address, const char *what)
{
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: the variable-length arrays at byte %llu %s; the file is damaged, get it "
                     "anew",
                     heap->path, (ull)address, what);
}

static shs_status read_at(const struct io_heap *heap, uint64_t address, void *to, size_t bytes)
{
    size_t got;
    shs_status status = io_read_at(heap->file, address, to, bytes, &got);
    if (status) return core_wrap(status, "cannot read %s", heap->path);
    io_witness_read(&heap->identity, address, to, got);
    return got == bytes ? SHS_OK : damaged(heap, address, "are cut off by the end of the file");
}

static shs_status read_collection(struct io_heap *heap, uint64_t address)
{
    unsigned char head[HEAD];
    if (heap->bytes && heap->address == address) return SHS_OK;
    heap->bytes = 0;
    if (heap->identity.bytes < HEAD || address > heap->identity.bytes - HEAD)
        return damaged(heap, address, "lie beyond the end of the file");
    shs_status status = read_at(heap, address, head, sizeof head);
    if (status) return status;
    uint64_t bytes = number_at(head + 8, 8);
    if (memcmp(head, "GCOL", 4) != 0 || head[4] != 1 || bytes < HEAD)
        return damaged(heap, address, "have no head of a collection");
    if (bytes > heap->identity.bytes - address)
        return damaged(heap, address, "reach beyond the end of the file");
    if (bytes > heap->capacity) {
        status = core_resize((size_t)bytes, 1, "variable-length arrays", &heap->collection);
        if (status) return status;
        heap->capacity = (size_t)bytes;
    }
    status = read_at(heap, address, heap->collection, (size_t)bytes);
    if (status) return status;
    heap->address = address;
    heap->bytes = (size_t)bytes;
    return SHS_OK;
}

/* The objects follow one another, each in a multiple of 8 bytes. Number 0 is the free space behind
 * them. */
shs_status io_heap_object(struct io_heap *heap, uint64_t address, uint32_t number, uint64_t bytes,
                          const void **object)
{
    shs_status status = read_collection(heap, address);
    for (size_t at = HEAD; !status && heap->bytes - at >= HEAD;) {
        const unsigned char *head = heap->collection + at;
        uint64_t found = number_at(head, 2), has = number_at(head + 8, 8);
        size_t left = heap->bytes - at - HEAD;
        if (!found) break;
        if (has > left) return damaged(heap, address, "reach beyond their collection");
        if (found == number) {
            *object = head + HEAD;
            return has == bytes ? SHS_OK : damaged(heap, address, "have another size than is said");
        }
        uint64_t padded = has + (8 - has % 8) % 8;
        if (padded > left) break;
        at += HEAD + (size_t)padded;
    }
    return status ? status : damaged(heap, address, "lack one that is referred to");
}
