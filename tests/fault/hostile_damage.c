/* What is done to a file, as a function of a number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "metadata_checksum.h"

enum {
    LONGEST_BLOCK = 4096
};

static void need(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "a file cannot be damaged: %s\n", what);
    exit(2);
}

/* ---- the file */

static void find_block(struct hostile_file *file, size_t begin)
{
    for (size_t length = 8; length < LONGEST_BLOCK && begin + length + 4 <= file->size; length++) {
        size_t end = begin + length;
        if (metadata_word(file->bytes, file->size, end) !=
            metadata_checksum(file->bytes + begin, length))
            continue;
        file->blocks = realloc(file->blocks, (file->n_blocks + 1) * sizeof *file->blocks);
        need(file->blocks != NULL, "memory");
        file->blocks[file->n_blocks++] = (struct hostile_block){begin, end};
        return;
    }
}

/* Signatures of blocks that end with a checksum. */
static void find_blocks(struct hostile_file *file)
{
    static const char *const signatures[] = {"\211HDF", "OHDR", "OCHK", "FRHP", "FHDB", "FHIB",
                                             "FSHD",    "FSSE", "BTHD", "BTIN", "BTLF", "FAHD",
                                             "FADB",    "EAHD", "EAIB", "EASB", "EADB", "SMTB"};
    for (size_t at = 0; at + 4 <= file->size; at++)
        for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
            if (!memcmp(file->bytes + at, signatures[i], 4)) find_block(file, at);
}

struct hostile_file hostile_read(const char *path)
{
    struct hostile_file file = {0};
    FILE *from = fopen(path, "rb");
    need(from && fseek(from, 0, SEEK_END) == 0, path);
    file.size = (size_t)ftell(from);
    file.bytes = malloc(file.size + 1);
    rewind(from);
    need(file.bytes && fread(file.bytes, 1, file.size, from) == file.size, path);
    fclose(from);
    find_blocks(&file);
    return file;
}

void hostile_free(struct hostile_file *file)
{
    free(file->bytes);
    free(file->blocks);
    *file = (struct hostile_file){0};
}

/* ---- the damage */

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators. OOPSLA'14). */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* Most blocks hold more zeros than anything else, and damage to padding does nothing. */
static size_t draw_place(const struct hostile_file *file, uint64_t *state)
{
    size_t place = 0;
    for (int attempt = 0; attempt < 8; attempt++) {
        place = draw(state) % file->size;
        if (file->bytes[place]) return place;
    }
    return place;
}

static void set_run(unsigned char *bytes, size_t size, uint64_t *state, size_t at)
{
    size_t length = 1 + draw(state) % 16;
    static const unsigned char values[] = {0, 0xff, 0x7f, 0x80, 1};
    unsigned kind = (unsigned)(draw(state) % 6);
    for (size_t i = at; i < size && i < at + length; i++)
        bytes[i] = kind < 5 ? values[kind] : (unsigned char)draw(state);
}

static void copy_run(unsigned char *bytes, size_t size, uint64_t *state, size_t at)
{
    size_t length = 1 + draw(state) % 64, from = draw(state) % size;
    if (length > size - at) length = size - at;
    if (length > size - from) length = size - from;
    memmove(bytes + at, bytes + from, length);
}

static void damage_once(const struct hostile_file *file, unsigned char *bytes, uint64_t *state)
{
    size_t at = draw_place(file, state);
    switch (draw(state) % 4) {
    case 0:
    case 1:
        bytes[at] ^= (unsigned char)(1U << draw(state) % 8);
        break;
    case 2:
        set_run(bytes, file->size, state, at);
        break;
    case 3:
        copy_run(bytes, file->size, state, at);
        break;
    }
}

static void mend_checksums(const struct hostile_file *file, unsigned char *bytes)
{
    for (size_t i = 0; i < file->n_blocks; i++) {
        const struct hostile_block *block = &file->blocks[i];
        metadata_sum_up(bytes + block->begin, block->end - block->begin);
    }
}

void hostile_damage(const struct hostile_file *file, uint64_t number, const char *path)
{
    uint64_t state = number;
    size_t size = file->size;
    unsigned char *bytes = malloc(size);
    need(bytes != NULL, "memory");
    memcpy(bytes, file->bytes, size);
    if (draw(&state) % 16 == 0) {
        size = draw(&state) % size;
    } else {
        for (uint64_t times = 1 + draw(&state) % 2; times; times--)
            damage_once(file, bytes, &state);
        if (draw(&state) % 4) mend_checksums(file, bytes);
    }
    FILE *to = fopen(path, "wb");
    need(to && fwrite(bytes, 1, size, to) == size && fclose(to) == 0, path);
    free(bytes);
}
