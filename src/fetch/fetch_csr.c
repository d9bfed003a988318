#include "fetch_csr.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "fetch_places.h"
#include "fetch_plan.h"

enum {
    AT_ONCE = 256 /* columns that are looked at before their values are put there */
};

static const struct data_part *part_of(const struct fetch_csr *csr)
{
    return &csr->dataset->what.part[csr->part];
}

static size_t size_of(const struct fetch_csr *csr, size_t array)
{
    return shs_type_size(csr->dataset->files.shape[array].type);
}

/* Returns the words that have a bit for each column. */
static size_t seen_words(const struct fetch_csr *csr)
{
    return (size_t)(part_of(csr)->width / 64 + 1);
}

/* ---- Memory. */

static shs_status grow_product(uint64_t count, size_t bytes, size_t *capacity, void *memory_pointer)
{
    uint64_t all;
    if (!core_multiply(count, bytes, &all) || all > SIZE_MAX)
        return core_fail(SHS_ERROR_MEMORY, "no memory for %llu entries of a sparse matrix",
                         (ull)count);
    return fetch_grow((size_t)all, 1, capacity, memory_pointer);
}

static shs_status grow_entries(struct fetch_csr *csr, uint64_t entries)
{
    const struct data_part *part = part_of(csr);
    shs_status status =
        grow_product(entries, size_of(csr, part->array), &csr->values_capacity, &csr->values);
    if (status) return status;
    return grow_product(entries, size_of(csr, part->indices), &csr->indices_capacity,
                        &csr->indices);
}

shs_status fetch_csr_begin(struct fetch_csr *csr, const shs_dataset *dataset, size_t part,
                           uint64_t count, char *to)
{
    csr->dataset = dataset;
    csr->part = part;
    csr->to = to;
    csr->count = (size_t)count;
    shs_status status = fetch_grow((size_t)count, sizeof *csr->row, &csr->row_capacity, &csr->row);
    if (status) return status;
    return fetch_grow((size_t)count * seen_words(csr), sizeof *csr->seen, &csr->seen_capacity,
                      &csr->seen);
}

shs_status fetch_csr_reserve(struct fetch_csr *csr, const shs_dataset *dataset, size_t part,
                             uint64_t samples)
{
    uint64_t longest = dataset->offsets[dataset->what.part[part].offsets].longest, entries;
    shs_status status = fetch_csr_begin(csr, dataset, part, samples, NULL);
    csr->count = 0;
    if (status) return status;
    if (!core_multiply(longest, samples, &entries)) entries = UINT64_MAX;
    return grow_entries(csr, entries);
}

void fetch_csr_free(struct fetch_csr *csr)
{
    core_free(&csr->row);
    core_free(&csr->values);
    core_free(&csr->indices);
    core_free(&csr->seen);
}

/* ---- Places. */

shs_status fetch_csr_place(struct fetch_csr *csr)
{
    uint64_t all = 0;
    for (size_t i = 0; i < csr->count; i++) {
        csr->row[i].at = all;
        all += csr->row[i].entries;
    }
    return grow_entries(csr, all);
}

char *fetch_csr_values(const struct fetch_csr *csr, size_t row)
{
    return csr->values + csr->row[row].at * size_of(csr, part_of(csr)->array);
}

char *fetch_csr_indices(const struct fetch_csr *csr, size_t row)
{
    return csr->indices + csr->row[row].at * size_of(csr, part_of(csr)->indices);
}

/* ---- Columns. */

/* Widens some columns. A negative column becomes one beyond any matrix. */
static void widen(shs_type type, const char *from, size_t count, uint64_t columns[AT_ONCE])
{
#define WIDEN(of)                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                           \
        of column;                                                                                 \
        memcpy(&column, from + i * sizeof column, sizeof column);                                  \
        columns[i] = (uint64_t)column;                                                             \
    }                                                                                              \
    break
    switch (type) {
    case SHS_U8:
        WIDEN(uint8_t);
    case SHS_U16:
        WIDEN(uint16_t);
    case SHS_U32:
        WIDEN(uint32_t);
    case SHS_I8:
        WIDEN(int8_t);
    case SHS_I16:
        WIDEN(int16_t);
    case SHS_I32:
        WIDEN(int32_t);
    default:
        WIDEN(uint64_t);
    }
#undef WIDEN
}

/* What is known of a row's columns so far. */
struct walk {
    uint64_t before; /* the column before the next; unused if there is none */
    bool any;
    bool ascends;
    uint64_t beyond; /* a column that the matrix does not have, if there is one */
    bool fits;
};

static void look(const uint64_t *columns, size_t count, uint64_t width, struct walk *walk)
{
    bool ascends = !walk->any || columns[0] > walk->before, fits = true;
    for (size_t i = 1; i < count; i++)
        ascends &= columns[i] > columns[i - 1];
    for (size_t i = 0; i < count; i++)
        fits &= columns[i] < width;
    walk->ascends &= ascends;
    walk->before = columns[count - 1];
    walk->any = true;
    for (size_t i = 0; i < count && !fits && walk->fits; i++) {
        if (columns[i] < width) continue;
        walk->beyond = columns[i];
        walk->fits = false;
    }
}

/* Puts values into their columns. Columns that are not taken are DATA_NO_COLUMN. */
static void put(const uint64_t *columns, size_t count, const char *values, size_t size, char *row)
{
#define PUT(of)                                                                                    \
    for (size_t i = 0; i < count; i++)                                                             \
        if (columns[i] != DATA_NO_COLUMN)                                                          \
            memcpy(row + columns[i] * sizeof(of), values + i * sizeof(of), sizeof(of));            \
    break
    switch (size) {
    case sizeof(uint8_t):
        PUT(uint8_t);
    case sizeof(uint16_t):
        PUT(uint16_t);
    case sizeof(uint32_t):
        PUT(uint32_t);
    default:
        PUT(uint64_t);
    }
#undef PUT
}

static shs_status fail(const struct fetch_csr *csr, size_t row, uint64_t column, const char *what)
{
    const shs_dataset *dataset = csr->dataset;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s: row %llu of the sparse matrix %s has an entry in column "
                     "%lld, %s",
                     dataset->files.paths.path[csr->row[row].file],
                     dataset->what.array[part_of(csr)->indices], (ull)csr->row[row].number,
                     part_of(csr)->group, (long long)column, what);
}

static shs_status fail_beyond(const struct fetch_csr *csr, size_t row, uint64_t column)
{
    char what[128];
    snprintf(what, sizeof what,
             "but there are %llu columns, counted from 0; write the matrix anew, or give its true "
             "width",
             (ull)part_of(csr)->width);
    return fail(csr, row, column, what);
}

/* Refuses a row that has a column twice. Its columns do not ascend. */
static shs_status check_once(const struct fetch_csr *csr, size_t row)
{
    const struct fetch_csr_row *of = &csr->row[row];
    shs_type type = csr->dataset->files.shape[part_of(csr)->indices].type;
    size_t words = seen_words(csr), size = shs_type_size(type);
    uint64_t *seen = csr->seen + row * words, columns[AT_ONCE];
    const char *indices = fetch_csr_indices(csr, row);
    memset(seen, 0, words * sizeof *seen);
    for (uint64_t at = 0, now; at < of->entries; at += now) {
        now = of->entries - at < AT_ONCE ? of->entries - at : AT_ONCE;
        widen(type, indices + at * size, (size_t)now, columns);
        for (size_t i = 0; i < now; i++) {
            uint64_t bit = UINT64_C(1) << columns[i] % 64, *word = &seen[columns[i] / 64];
            if (*word & bit)
                return fail(csr, row, columns[i],
                            "and a second one there; write the matrix anew with each column once "
                            "a row, in Python by X.sum_duplicates()");
            *word |= bit;
        }
    }
    return SHS_OK;
}

/* Makes one dense row. */
static shs_status spread(void *user, size_t row, unsigned lane)
{
    const struct fetch_csr *csr = user;
    const struct fetch_csr_row *of = &csr->row[row];
    const struct data_columns *taken = &csr->dataset->columns[csr->part];
    shs_type type = csr->dataset->files.shape[part_of(csr)->indices].type;
    size_t size = size_of(csr, part_of(csr)->array), index_size = shs_type_size(type);
    const char *values = fetch_csr_values(csr, row), *indices = fetch_csr_indices(csr, row);
    char *to = csr->to + row * csr->dataset->sample_bytes[csr->part];
    struct walk walk = {.ascends = true, .fits = true};
    uint64_t columns[AT_ONCE];
    (void)lane;
    memset(to, 0, csr->dataset->sample_bytes[csr->part]);
    for (uint64_t at = 0, now; at < of->entries; at += now) {
        now = of->entries - at < AT_ONCE ? of->entries - at : AT_ONCE;
        widen(type, indices + at * index_size, (size_t)now, columns);
        look(columns, (size_t)now, taken->width, &walk);
        if (!walk.fits) return fail_beyond(csr, row, walk.beyond);
        for (size_t i = 0; i < now && taken->place; i++)
            columns[i] = taken->place[columns[i]];
        put(columns, (size_t)now, values + at * size, size, to);
    }
    return walk.ascends ? SHS_OK : check_once(csr, row);
}

shs_status fetch_csr_spread(const struct fetch_means *means, struct fetch_csr *csr)
{
    struct fetch_means shared = *means;
    uint64_t bytes = csr->count ? csr->count * csr->dataset->sample_bytes[csr->part] : 0;
    shared.threads = fetch_worth(means->threads ? means->threads : 1, bytes);
    return fetcher_do(&shared, csr->count, spread, csr);
}
