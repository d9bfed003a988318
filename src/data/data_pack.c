#include "data_pack.h"

#include <string.h>

#include "core_assert.h"
#include "core_memory.h"

#define NO_TEXT UINT64_MAX

static shs_status make_room(struct data_pack *pack, size_t count)
{
    if (count <= pack->capacity - pack->length) return SHS_OK;
    size_t capacity = 2 * pack->capacity;
    if (capacity < pack->length + count) capacity = pack->length + count;
    shs_status status = core_resize(capacity, 1, "an index", &pack->bytes);
    if (!status) pack->capacity = capacity;
    return status;
}

void data_pack_bytes(struct data_pack *pack, const void *bytes, size_t count)
{
    if (!pack->status) pack->status = make_room(pack, count);
    if (pack->status || !count) return;
    memcpy(pack->bytes + pack->length, bytes, count);
    pack->length += count;
}

void data_pack_number(struct data_pack *pack, uint64_t number)
{
    data_pack_bytes(pack, &number, sizeof number);
}

void data_pack_text(struct data_pack *pack, const char *text)
{
    data_pack_number(pack, text ? strlen(text) : NO_TEXT);
    if (text) data_pack_bytes(pack, text, strlen(text));
}

enum {
    WORDS = DATA_PACK_STRUCT / sizeof(uint64_t)
};

/* Before the words stands a bit for each word: whether it is there. */
void data_pack_struct(struct data_pack *pack, const void *bytes, size_t count)
{
    uint64_t word[WORDS] = {0}, there[WORDS / 64] = {0};
    size_t words = (count + sizeof *word - 1) / sizeof *word, left = 0;
    core_assert(count <= sizeof word);
    memcpy(word, bytes, count);
    for (size_t i = 0; i < words; i++) {
        if (!word[i]) continue;
        there[i / 64] |= UINT64_C(1) << i % 64;
        word[left++] = word[i];
    }
    data_pack_bytes(pack, there, sizeof there);
    data_pack_bytes(pack, word, left * sizeof *word);
}

void data_pack_free(struct data_pack *pack)
{
    core_free(&pack->bytes);
    *pack = (struct data_pack){0};
}

static shs_status check(const struct data_unpack *unpack, uint64_t count, size_t size)
{
    if (count <= unpack->left / size) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "an entry of the index ends too early");
}

shs_status data_unpack_bytes(struct data_unpack *unpack, void *to, size_t count)
{
    shs_status status = check(unpack, count, 1);
    if (status) return status;
    if (count) memcpy(to, unpack->at, count);
    unpack->at += count;
    unpack->left -= count;
    return SHS_OK;
}

shs_status data_unpack_struct(struct data_unpack *unpack, void *to, size_t count)
{
    uint64_t word[WORDS] = {0}, there[WORDS / 64];
    core_assert(count <= sizeof word);
    shs_status status = data_unpack_bytes(unpack, there, sizeof there);
    for (size_t i = 0; i < WORDS && !status; i++)
        if (there[i / 64] >> i % 64 & 1)
            status = data_unpack_bytes(unpack, &word[i], sizeof word[i]);
    if (!status) memcpy(to, word, count);
    return status;
}

shs_status data_unpack_number(struct data_unpack *unpack, uint64_t *number)
{
    *number = 0;
    return data_unpack_bytes(unpack, number, sizeof *number);
}

shs_status data_unpack_array(struct data_unpack *unpack, uint64_t count, size_t size,
                             const char *what, void *memory_pointer)
{
    void *memory;
    shs_status status = check(unpack, count, size);
    if (!status) status = core_new((size_t)count, size, what, &memory);
    if (status) return status;
    memcpy(memory_pointer, &memory, sizeof memory);
    return data_unpack_bytes(unpack, memory, (size_t)count * size);
}

shs_status data_unpack_text(struct data_unpack *unpack, char **text)
{
    uint64_t length;
    *text = NULL;
    shs_status status = data_unpack_number(unpack, &length);
    if (status || length == NO_TEXT) return status;
    status = check(unpack, length, 1);
    if (!status) status = core_new((size_t)length + 1, 1, "a text", text);
    return status ? status : data_unpack_bytes(unpack, *text, (size_t)length);
}
