#include "data_resident.h"

#include <string.h>

#include "core_assert.h"
#include "core_hash.h"
#include "core_memory.h"
#include "data_open_file.h"

enum {
    UNIT_BYTES = 256 << 10,  /* bytes of a unit of a contiguous array, which is one read */
    LEAST_BAND_BYTES = 4096, /* smaller bands of chunks are put together */
    ALIGNMENT = MPI_WINDOW_ALIGNMENT
};

/* ---- The units of an array. */

static const struct data_field *field_of(const struct data_files *files, size_t file, size_t array)
{
    return &files->file[file].open->arrays[array];
}

/* Returns the rows of a band of chunks, or 1 for a contiguous array. Rows of series come as whole
 * series, which have a checksum each, and as all the series of their chunks. */
static uint64_t band_rows(const struct data_field *field)
{
    const struct io_layout *layout = io_reader_layout(field->direct);
    if (layout->row_axes == 2) {
        uint64_t series = layout->chunked ? layout->chunk[0] : 1;
        return (series < layout->shape[0] ? series : layout->shape[0]) * layout->series_rows;
    }
    if (!layout->chunked) return 1;
    return layout->chunk[0] < field->rows ? layout->chunk[0] : field->rows;
}

/* Sets the rows and the units of a file's array. Its rows must fit memory. */
static void set_units(const struct data_field *field, struct data_resident_array *array)
{
    uint64_t band = band_rows(field), band_bytes = band * field->row_bytes, bands = 1;
    if (!io_reader_layout(field->direct)->chunked)
        bands = UNIT_BYTES / band_bytes;
    else if (band_bytes < LEAST_BAND_BYTES)
        bands = (LEAST_BAND_BYTES + band_bytes - 1) / band_bytes;
    array->rows = field->rows;
    array->row_bytes = field->row_bytes;
    array->unit_rows = band * (bands ? bands : 1);
    array->units = (field->rows + array->unit_rows - 1) / array->unit_rows;
}

/* Returns the bytes of the numbers that stand for a file's array: how many units are there, and the
 * state of each. */
static uint64_t state_bytes(const struct data_resident_array *array)
{
    return array->units ? (1 + array->units) * sizeof(atomic_uint) : 0;
}

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static uint64_t row_bytes(const struct data_resident_array *array)
{
    return aligned(array->rows * array->row_bytes);
}

/* ---- The choice of arrays. */

static bool is_wanted(const struct data_sample *sample, size_t array)
{
    for (size_t p = 0; p < sample->n_parts; p++)
        if (data_part_reads(&sample->part[p], array)) return true;
    return false;
}

/* Returns true if the array can be held in memory of `most` bytes at all. */
static bool is_holdable(const struct data_files *files, size_t array, uint64_t most)
{
    uint64_t left = most;
    if (!is_wanted(files->sample, array)) return false;
    for (size_t file = 0; file < files->paths.count; file++) {
        const struct data_field *field = field_of(files, file, array);
        if (!field->rows || !field->row_bytes) continue;
        if (!field->direct || field->checked_by || field->rows > left / field->row_bytes)
            return false;
        left -= field->rows * field->row_bytes;
    }
    return left < most;
}

/* An array that may become resident. */
struct candidate {
    size_t array;
    uint64_t bytes; /* bytes of its rows in all files, and of the states of its units */
};

static struct candidate measure(const struct data_files *files, size_t array)
{
    struct candidate candidate = {.array = array};
    for (size_t file = 0; file < files->paths.count; file++) {
        const struct data_field *field = field_of(files, file, array);
        struct data_resident_array units = {0};
        if (field->rows && field->row_bytes) set_units(field, &units);
        candidate.bytes += row_bytes(&units) + state_bytes(&units);
    }
    return candidate;
}

/* Puts the arrays that can be held in the order of their bytes, and returns how many there are. */
static size_t list_candidates(const struct data_files *files, uint64_t most,
                              struct candidate *candidates)
{
    size_t count = 0;
    for (size_t s = 0; s < files->sample->n_arrays; s++) {
        if (!is_holdable(files, s, most)) continue;
        const struct candidate next = measure(files, s);
        size_t at = count++;
        for (; at && candidates[at - 1].bytes > next.bytes; at--)
            candidates[at] = candidates[at - 1];
        candidates[at] = next;
    }
    return count;
}

/* Chooses the smallest arrays, as many as fit the files' cache_bytes together. */
static void choose(const struct data_files *files, struct data_resident *resident)
{
    struct candidate candidates[2 * SHS_MAX_FIELDS];
    uint64_t left = files->cache_bytes;
    bool all_open = !files->one_a_file && files->n_open == files->paths.count;
    if (left < ALIGNMENT || !all_open) return;
    left -= ALIGNMENT; /* for the gap between the states and the rows */
    size_t count = list_candidates(files, left, candidates);
    for (size_t i = 0; i < count && candidates[i].bytes <= left; i++) {
        left -= candidates[i].bytes;
        resident->holds[candidates[i].array] = true;
    }
}

/* ---- The places in the memory. */

/* Makes the table of what each file has of the resident arrays. */
static shs_status make_table(const struct data_files *files, struct data_resident *resident)
{
    size_t arrays = files->sample->n_arrays;
    bool any = false;
    for (size_t s = 0; s < arrays; s++)
        any = any || resident->holds[s];
    if (!any) return SHS_OK;
    resident->keys = files->paths.count * arrays;
    shs_status status =
        core_new(resident->keys, sizeof *resident->array, "resident arrays", &resident->array);
    for (size_t key = 0; key < resident->keys && !status; key++) {
        const struct data_field *field = field_of(files, key / arrays, key % arrays);
        if (resident->holds[key % arrays] && field->rows && field->row_bytes)
            set_units(field, &resident->array[key]);
    }
    return status;
}

/* Makes a hash of what ranks must have alike to share: their files and slabs, and the places of
 * units. */
static shs_status hash_places(const struct data_files *files, const struct data_resident *resident,
                              uint64_t *key)
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add(hash, &files->unchecked, sizeof files->unchecked);
    for (size_t k = 0; k < resident->keys; k++) {
        const struct data_resident_array *array = &resident->array[k];
        const struct io_identity *file = &files->file[k / files->sample->n_arrays].identity;
        const struct data_slab *slab = &files->slab[k % files->sample->n_arrays];
        const uint64_t place[] = {array->rows, array->row_bytes, array->unit_rows, file->device,
                                  file->inode, file->bytes,      slab->first,      slab->count};
        core_hash_add(hash, place, sizeof place);
    }
    struct core_digest digest = core_hash_digest(hash);
    memcpy(key, digest.bytes, sizeof *key);
    core_hash_free(&hash);
    return SHS_OK;
}

/* Sets what to ask the run for: first the numbers of all arrays, then their rows. */
static shs_status ask(const struct data_files *files, const struct data_resident *resident,
                      struct mpi_window_wish *wish)
{
    uint64_t states = 0, rows = 0;
    for (size_t key = 0; key < resident->keys; key++) {
        states += state_bytes(&resident->array[key]);
        rows += row_bytes(&resident->array[key]);
    }
    wish->zeroed = (size_t)states;
    wish->bytes = (size_t)(aligned(states) + rows);
    core_assert(wish->bytes <= files->cache_bytes);
    return hash_places(files, resident, &wish->key);
}

/* Gives each file's arrays their places in the memory. Atomic numbers of zero bytes are zero. */
static void place(struct data_resident *resident, size_t states)
{
    char *state = resident->window.memory, *rows = state + aligned(states);
    for (size_t key = 0; key < resident->keys; key++) {
        struct data_resident_array *array = &resident->array[key];
        array->there = (atomic_uint *)(void *)state;
        array->states = array->there + 1;
        array->memory = rows;
        state += state_bytes(array);
        rows += row_bytes(array);
    }
}

/* ---- Opening and closing. */

/* Collective. Takes the memory. Without memory a rank does without resident arrays. */
static shs_status take(shs_run *run, const struct mpi_window_wish *wish,
                       struct data_resident *resident)
{
    shs_status status = mpi_window_take(run, wish, &resident->window);
    if (resident->window.memory) place(resident, wish->zeroed);
    return status == SHS_ERROR_MEMORY ? SHS_OK : status;
}

shs_status data_resident_open(shs_run *run, const struct data_files *files,
                              struct data_resident *resident)
{
    struct mpi_window_wish wish = {0};
    *resident = (struct data_resident){0};
    choose(files, resident);
    shs_status status = make_table(files, resident);
    if (!status) status = ask(files, resident, &wish);
    status = mpi_agree(run, core_wrap(status, "shs_dataset_open"), "shs_dataset_open");
    if (!status) {
        status = take(run, &wish, resident);
        status = mpi_agree(run, core_wrap(status, "shs_dataset_open"), "shs_dataset_open");
    }
    if (status || !resident->window.memory) data_resident_close(resident);
    return status;
}

void data_resident_close(struct data_resident *resident)
{
    mpi_window_give_back(&resident->window);
    core_free(&resident->array);
    *resident = (struct data_resident){0};
}

uint64_t data_resident_bytes(const struct data_resident *resident)
{
    return resident->window.bytes;
}

/* ---- The states of units. */

enum data_unit data_resident_claim(const struct data_resident_array *array, uint64_t unit)
{
    unsigned state = DATA_UNIT_ABSENT;
    core_assert(unit < array->units);
    atomic_compare_exchange_strong_explicit(&array->states[unit], &state, DATA_UNIT_BEING_WRITTEN,
                                            memory_order_acquire, memory_order_acquire);
    return (enum data_unit)state;
}

void data_resident_publish(const struct data_resident_array *array, uint64_t unit)
{
    core_assert(atomic_load(&array->states[unit]) == DATA_UNIT_BEING_WRITTEN);
    atomic_store_explicit(&array->states[unit], DATA_UNIT_THERE, memory_order_release);
    atomic_fetch_add_explicit(array->there, 1, memory_order_release);
}

void data_resident_give_up(const struct data_resident_array *array, uint64_t unit)
{
    core_assert(atomic_load(&array->states[unit]) == DATA_UNIT_BEING_WRITTEN);
    atomic_store_explicit(&array->states[unit], DATA_UNIT_ABSENT, memory_order_release);
}
