#include "fetch_need.h"

#include "core_memory.h"
#include "data_sources.h"
#include "fetch_cache.h"
#include "fetch_spots.h"

enum {
    LEAST_UNKNOWN = 4096 /* bytes of a chunk */
};

static uint64_t product(uint64_t a, uint64_t b)
{
    uint64_t all;
    return core_multiply(a, b, &all) ? all : UINT64_MAX;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Returns the most rows of the part's array that a sample has. */
static uint64_t most_rows(const shs_dataset *dataset, const struct data_part *part)
{
    const shs_tensor *shape = &dataset->files.shape[part->array];
    if (data_part_is_run(part)) return part->most;
    if (part->kind == DATA_WHOLE) return shape->axes ? shape->shape[0] : 1;
    return data_part_rows(part);
}

/* Returns the most chunks that lie in some neighbouring rows. Rows of two series may lie in one
 * band more, and rows of more series in all bands of each. */
static uint64_t most_chunks(const struct io_layout *layout, const struct io_part *part,
                            uint64_t rows)
{
    uint64_t height = layout->chunk[layout->row_axes - 1];
    uint64_t all = layout->n_chunks / layout->chunks_a_band;
    uint64_t bands = rows > 1 ? (rows - 2) / height + 2 : 1;
    if (layout->row_axes == 2 && rows > 1) bands++;
    if (layout->row_axes == 2 && rows > layout->series_rows)
        bands = product(rows / layout->series_rows + 2, layout->grid[1]);
    return product(bands < all ? bands : all, io_layout_chunks_of(layout, part));
}

/* Returns the part of its rows that is read of an array. */
static const struct io_part *read_part(const struct data_field *field)
{
    return field->compares_whole ? NULL : field->part;
}

/* Returns the most uses that neighbouring rows of an array make, which is not virtual. */
static uint64_t uses_of(const struct data_field *field, const struct io_part *part, uint64_t rows)
{
    const struct io_layout *layout = io_reader_layout(field->direct);
    return layout->chunked ? most_chunks(layout, part, rows) : 1;
}

/* Returns the most uses that neighbouring rows of a virtual array make: those of as many rows of a
 * source, and two for each piece that they may be in. */
static uint64_t uses_of_sources(const struct data_field *field, uint64_t rows, uint64_t pieces)
{
    uint64_t most = 0, taken = product(rows, data_sources_most(field->sources));
    for (size_t i = 0; i < data_sources_count(field->sources); i++) {
        const struct data_field *source = data_sources_field(field->sources, i);
        uint64_t uses = uses_of(source, read_part(field), taken);
        if (pieces > 1) uses = sum(uses, product(pieces, uses_of(source, read_part(field), 2)));
        if (uses > most) most = uses;
    }
    return most;
}

/* What a run of neighbouring rows of an array takes at most, in any open file. */
struct most {
    uint64_t uses, pieces;
    bool virtual; /* true if pieces of sources or of extents are read */
    bool summed;  /* true if the rows have checksums in files */
};

static void raise_to(uint64_t *most, uint64_t more)
{
    if (*most < more) *most = more;
}

static struct most most_of(const shs_dataset *dataset, size_t array, uint64_t rows)
{
    struct most most = {.pieces = 1};
    for (size_t i = 0; i < dataset->files.paths.count; i++) {
        const struct data_open_file *open = dataset->files.file[i].open;
        if (!open) continue;
        const struct data_field *field = data_files_array(open, array);
        most.summed |= field->checked_by != NULL;
        if (!data_field_is_direct(field) || !field->rows) continue;
        if (field->direct) {
            /* the rows of a run lie in one extent */
            most.virtual |= io_reader_layout(field->direct)->extents != NULL;
            raise_to(&most.uses, uses_of(field, read_part(field), rows));
            continue;
        }
        uint64_t pieces = data_sources_pieces(field->sources, rows);
        most.virtual = true;
        raise_to(&most.pieces, pieces);
        raise_to(&most.uses, uses_of_sources(field, rows, pieces));
    }
    return most;
}

/* Returns the bytes of memory in which a row is read to be cut or unpacked. */
static uint64_t staged_bytes(const struct data_field *field)
{
    uint64_t whole = field->compares_whole ? field->whole_bytes : 0;
    return sum(whole, field->unpack ? field->stored_bytes : 0);
}

/* Returns the most such bytes of a row of an array in any open file. */
static uint64_t whole_bytes(const shs_dataset *dataset, size_t array)
{
    uint64_t most = 0;
    for (size_t i = 0; i < dataset->files.paths.count; i++) {
        const struct data_open_file *open = dataset->files.file[i].open;
        const struct data_field *field = open ? data_files_array(open, array) : NULL;
        if (field && data_field_is_direct(field)) raise_to(&most, staged_bytes(field));
    }
    return most;
}

/* Adds the need of the rows that a field takes of an array. */
static void add_rows(const shs_dataset *dataset, const struct data_part *part, size_t array,
                     uint64_t samples, struct fetch_need *need, bool *resolves)
{
    uint64_t rows = most_rows(dataset, part), times = data_part_runs(part);
    uint64_t runs = product(samples, times);
    const struct most most = most_of(dataset, array, rows / times);
    if (dataset->resident.holds[array])
        need->spots = sum(need->spots, runs);
    else
        need->places = sum(need->places, runs);
    need->uses = sum(need->uses, product(runs, most.uses));
    need->resolved = sum(need->resolved, product(runs, most.pieces));
    *resolves |= most.virtual;
    need->whole_bytes =
        sum(need->whole_bytes, product(product(samples, rows), whole_bytes(dataset, array)));
    if (most.summed) need->sums = sum(need->sums, product(samples, rows));
}

static void add_part(const shs_dataset *dataset, const struct data_part *part, uint64_t samples,
                     struct fetch_need *need, bool *resolves)
{
    if (data_part_is_beside(part)) return;
    add_rows(dataset, part, part->array, samples, need, resolves);
    if (part->kind == DATA_CSR) add_rows(dataset, part, part->indices, samples, need, resolves);
    if (!data_part_is_run(part)) return;
    if (part->kind == DATA_IMAGE) need->images = sum(need->images, samples);
    need->ragged = true;
    if (dataset->offsets[part->offsets].all) return;
    size_t pair = 2 * shs_type_size(dataset->files.shape[part->offsets].type);
    if (need->pair_bytes < pair) need->pair_bytes = pair;
    if (need->places < samples) need->places = samples;
    need->early = true;
}

/* Adds the uses of units of resident arrays, which are filled some at a time. */
static void add_units(const shs_dataset *dataset, struct fetch_need *need)
{
    const struct data_resident *resident = &dataset->resident;
    size_t arrays = dataset->what.n_arrays;
    for (size_t key = 0; key < resident->keys; key++) {
        const struct data_open_file *open = dataset->files.file[key / arrays].open;
        const struct data_resident_array *array = data_resident_find(resident, key);
        if (!array || !open) continue;
        const struct io_layout *layout =
            io_reader_layout(data_files_array(open, key % arrays)->direct);
        const struct io_part *part = read_part(data_files_array(open, key % arrays));
        uint64_t uses = layout->chunked ? most_chunks(layout, part, array->unit_rows) : 1;
        if (layout->extents)
            uses = layout->n_extents < array->unit_rows ? layout->n_extents : array->unit_rows;
        uses = product(uses, FETCH_SPOT_UNITS);
        raise_to(&need->uses, uses);
        if (layout->extents) raise_to(&need->resolved, uses);
        uint64_t rows = product(array->unit_rows, FETCH_SPOT_UNITS);
        raise_to(&need->whole_bytes,
                 product(rows, staged_bytes(data_files_array(open, key % arrays))));
    }
}

static void add_chunks(const struct io_layout *layout, struct fetch_need *need)
{
    need->chunks = sum(need->chunks, layout->n_chunks);
    need->chunk_bytes = sum(need->chunk_bytes, product(layout->n_chunks, layout->chunk_bytes));
    if (!need->smallest || need->smallest > layout->chunk_bytes)
        need->smallest = layout->chunk_bytes;
    if (need->largest < layout->chunk_bytes) need->largest = layout->chunk_bytes;
}

/* Adds what an array, or its sources, needs to be read. */
static void add_reader(const struct data_field *field, bool parts, bool held, struct io_need *own,
                       struct fetch_need *need)
{
    for (size_t i = 0; i < data_sources_count(field->sources); i++)
        add_reader(data_sources_field(field->sources, i), parts, held, own, need);
    if (!field->direct) return;
    const struct io_layout *layout = io_reader_layout(field->direct);
    io_reader_need(field->direct, parts, own);
    if (layout->chunked && !held) add_chunks(layout, need);
}

/* Adds what an array of all open files needs. */
static void add_array(const shs_dataset *dataset, size_t array, const bool *boxed,
                      struct fetch_need *need)
{
    struct io_need own = {0};
    bool parts = false;
    for (size_t p = 0; boxed && p < dataset->what.n_parts; p++)
        parts |= boxed[p] && dataset->what.part[p].array == array;
    for (size_t i = 0; i < dataset->files.paths.count; i++) {
        const struct data_open_file *open = dataset->files.file[i].open;
        const struct data_field *field = open ? data_files_array(open, array) : NULL;
        if (field && field->rows)
            add_reader(field, parts || read_part(field), dataset->resident.holds[array], &own,
                       need);
    }
    if (own.chunk || own.stored) need->array[need->n_arrays++] = own;
}

void fetch_need_find(const shs_dataset *dataset, uint64_t rows, const bool *boxed,
                     struct fetch_need *need)
{
    const struct data_files *files = &dataset->files;
    *need = (struct fetch_need){.samples = rows, .files = rows};
    bool resolves = false;
    for (size_t p = 0; p < dataset->what.n_parts; p++)
        if (dataset->what.part[p].joins)
            raise_to(&need->files, product(rows, files->paths.count)); /* of any file */
    if (need->files > files->paths.count) need->files = files->paths.count;
    for (size_t p = 0; p < dataset->what.n_parts; p++)
        add_part(dataset, &dataset->what.part[p], rows, need, &resolves);
    if (!resolves) need->resolved = 0;
    for (size_t array = 0; array < dataset->what.n_arrays; array++)
        add_array(dataset, array, boxed, need);
    add_units(dataset, need);
    if (files->n_open == files->paths.count) return;
    need->early = true;
    if (need->chunks) need->chunks = need->chunk_bytes = UINT64_MAX;
}

/* Where files are opened later, nobody knows how many chunks there are. As many as the budget holds
 * of the smallest ones would take more memory for their places than for their bytes. */
static uint64_t bytes_of_one(const struct fetch_need *need)
{
    bool is_known = need->chunks < UINT64_MAX;
    return is_known || need->smallest > LEAST_UNKNOWN ? need->smallest : LEAST_UNKNOWN;
}

struct fetch_kept fetch_need_kept(const struct fetch_need *need, uint64_t budget, unsigned users)
{
    struct fetch_kept kept = {0};
    const uint64_t one = bytes_of_one(need);
    if (!need->chunks || budget < need->smallest) return kept;
    kept.chunks = budget < one ? 1 : budget / one;
    if (kept.chunks > need->chunks) kept.chunks = need->chunks;
    kept.bytes = budget < need->chunk_bytes ? budget : need->chunk_bytes;
    if (need->smallest == need->largest) kept.bytes = kept.chunks * need->smallest;
    if (users < 2 || kept.chunks == need->chunks) return kept;
    kept.pinned = budget / FETCH_PINNED_PART;
    kept.pinned -= kept.pinned % (need->smallest == need->largest ? need->smallest : 1);
    kept.chunks += kept.pinned / one;
    return kept;
}
