#include "fetch_gather.h"

#include <string.h>

#include "core_memory.h"
#include "fetch_gather_parts.h"

shs_status fetch_gather_new(shs_dataset *dataset, struct fetch_gather **gather)
{
    shs_status status = core_new(1, sizeof **gather, "gathering", gather);
    if (status) return status;
    (*gather)->dataset = dataset;
    (*gather)->places.files = &dataset->files;
    memcpy((*gather)->stride, dataset->sample_bytes, sizeof(*gather)->stride);
    return SHS_OK;
}

static void free_cuts(struct fetch_gather *gather, size_t f)
{
    for (uint64_t i = 0; i < gather->n_cuts[f]; i++)
        fetch_box_free(&gather->cuts[f][i]);
    core_free(&gather->cuts[f]);
    gather->n_cuts[f] = 0;
}

shs_status fetch_gather_cut(struct fetch_gather *gather, size_t f, const struct core_box *boxes,
                            uint64_t count, size_t stride)
{
    free_cuts(gather, f);
    shs_status status = core_new(count, sizeof *gather->cuts[f], "parts of rows", &gather->cuts[f]);
    if (status) return status;
    gather->n_cuts[f] = count;
    gather->boxes[f] = boxes;
    gather->stride[f] = stride;
    return SHS_OK;
}

void fetch_gather_free(struct fetch_gather **gather)
{
    if (!*gather) return;
    fetch_gather_let_go(*gather);
    for (size_t f = 0; f < SHS_MAX_FIELDS; f++)
        free_cuts(*gather, f);
    fetch_places_free(&(*gather)->places);
    core_free(&(*gather)->file);
    core_free(&(*gather)->bounds);
    for (size_t p = 0; p < SHS_MAX_FIELDS; p++)
        fetch_csr_free(&(*gather)->csr[p]);
    core_free(&(*gather)->pairs);
    core_free(&(*gather)->spots_held.file);
    core_free(&(*gather)->held_at);
    fetch_images_free(&(*gather)->images);
    fetch_spots_free(&(*gather)->spots);
    core_free(gather);
}

shs_status fetch_gather_reserve(struct fetch_gather *gather, const struct fetch_need *need)
{
    struct fetch_spots *spots = &gather->spots;
    uint64_t held = need->spots ? need->files : 0;
    uint64_t files = need->spots ? gather->dataset->files.paths.count : 0;
    const struct {
        uint64_t count;
        size_t bytes, *capacity;
        void *memory_pointer;
    } lists[] = {{need->samples, sizeof *gather->file, &gather->file_capacity, &gather->file},
                 {need->ragged ? need->samples : 0, sizeof *gather->bounds,
                  &gather->bounds_capacity, &gather->bounds},
                 {need->pair_bytes ? need->samples : 0, need->pair_bytes, &gather->pairs_capacity,
                  &gather->pairs},
                 {need->images, sizeof *gather->images.image, &gather->images.capacity,
                  &gather->images.image},
                 {need->spots, sizeof *spots->spot, &spots->capacity, &spots->spot},
                 {need->spots, sizeof *spots->pieces, &spots->pieces_capacity, &spots->pieces},
                 {held, sizeof *gather->spots_held.file, &gather->spots_held.capacity,
                  &gather->spots_held.file},
                 {files, sizeof *gather->held_at, &gather->held_at_capacity, &gather->held_at}};
    shs_status status = fetch_places_reserve(&gather->places, need);
    for (size_t i = 0; i < sizeof lists / sizeof *lists && !status; i++)
        status =
            fetch_grow(lists[i].count, lists[i].bytes, lists[i].capacity, lists[i].memory_pointer);
    const struct data_sample *what = &gather->dataset->what;
    for (size_t p = 0; p < what->n_parts && !status; p++)
        if (what->part[p].kind == DATA_CSR)
            status = fetch_csr_reserve(&gather->csr[p], gather->dataset, p, need->samples);
    return status;
}

/* ---- The stages. */

bool fetch_gather_has_more(struct fetch_gather *gather)
{
    return fetch_places_have_more(&gather->places);
}

shs_status fetch_gather_read_one(struct fetch_gather *gather, struct fetch_counts *counts,
                                 bool *more)
{
    shs_status status = fetch_places_read_one(&gather->places, counts);
    *more = !status && fetch_places_have_more(&gather->places);
    return status;
}

/* Tells which elements of a sample are no NaN. */
static void find_valid(shs_type type, const char *sample, size_t elements, unsigned char *valid)
{
    size_t size = shs_type_size(type);
    uint64_t infinity = type == SHS_F16   ? UINT64_C(0x7C00)
                        : type == SHS_F32 ? UINT64_C(0x7F800000)
                                          : UINT64_C(0x7FF0000000000000);
    memset(valid, 1, elements);
    if (type != SHS_F16 && type != SHS_F32 && type != SHS_F64) return;
    for (size_t i = 0; i < elements; i++) {
        uint64_t bits = 0;
        memcpy(&bits, sample + i * size, size);
        valid[i] = (bits & ~(UINT64_C(1) << (8 * size - 1))) <= infinity;
    }
}

/* Sets the fields that tell which elements of others are missing, once these are there. */
static void tell_missing(const struct fetch_gather *gather)
{
    const shs_dataset *dataset = gather->dataset;
    for (size_t p = 0; p < dataset->what.n_parts; p++) {
        const struct data_part *part = &dataset->what.part[p];
        if (part->kind != DATA_VALID) continue;
        for (uint64_t slot = 0; slot < gather->count; slot++)
            find_valid(dataset->sample[part->of].type, fetch_gather_sample(gather, part->of, slot),
                       dataset->sample_bytes[p],
                       (unsigned char *)gather->to[p] + slot * gather->stride[p]);
    }
}

shs_status fetch_gather_fill(struct fetch_gather *gather, const struct fetch_means *means,
                             struct fetch_counts *counts)
{
    const struct fetch_places *places = &gather->places;
    struct fetch_means in_no_order = *means;
    shs_status status = SHS_OK;
    in_no_order.ticket = 0;
    if (places->n_pieces)
        status = fetch_direct(means, places->piece, places->n_pieces, &places->checks, counts);
    else
        fetch_store_pass(fetcher_store(means->fetcher), means->ticket);
    if (!status) status = fetch_spots_fill(&in_no_order, &gather->spots, counts);
    for (size_t p = 0; p < SHS_MAX_FIELDS && !status; p++)
        if (gather->csr[p].count) status = fetch_csr_spread(&in_no_order, &gather->csr[p]);
    if (status) return status;
    tell_missing(gather);
    return fetch_images_decode(means, gather->dataset, &gather->images, &gather->spots, counts);
}

void fetch_gather_let_go(struct fetch_gather *gather)
{
    fetch_places_let_go(&gather->places);
    fetch_give_back(gather->places.files, &gather->spots_held);
}

/* Reads what was prepared, and gives its files back. */
static shs_status read_now(struct fetch_gather *gather, const struct fetch_means *means,
                           struct fetch_counts *counts)
{
    shs_status status = fetch_places_read_through(&gather->places, counts);
    if (!status) status = fetch_gather_fill(gather, means, counts);
    fetch_gather_let_go(gather);
    return status;
}

/* ---- Preparing. */

void fetch_gather_leave(struct fetch_gather *gather, size_t f)
{
    gather->leaves[f] = true;
}

void fetch_gather_space(struct fetch_gather *gather, const uint64_t *spacing)
{
    gather->spacing = spacing;
}

const void *fetch_gather_sample(const struct fetch_gather *gather, size_t f, uint64_t slot)
{
    size_t first = gather->first_spot[f];
    if (first == FETCH_GATHER_NONE) return (char *)gather->to[f] + slot * gather->stride[f];
    return gather->spots.spot[first + slot].at;
}

static shs_status find_files(struct fetch_gather *gather)
{
    shs_status status = fetch_grow((size_t)gather->count, sizeof *gather->file,
                                   &gather->file_capacity, &gather->file);
    for (uint64_t slot = 0; slot < gather->count && !status; slot++)
        gather->file[slot] = data_files_of(&gather->dataset->files, gather->index[slot]);
    return status;
}

static shs_status begin(struct fetch_gather *gather, struct fetch_counts *counts)
{
    const shs_dataset *dataset = gather->dataset;
    size_t files = dataset->resident.array ? dataset->files.paths.count : 0;
    fetch_gather_let_go(gather);
    gather->places.counts = counts;
    gather->places.n_places = gather->spots.count = gather->images.count = 0;
    for (size_t p = 0; p < SHS_MAX_FIELDS; p++)
        gather->csr[p].count = 0;
    shs_status status =
        fetch_grow(files, sizeof *gather->held_at, &gather->held_at_capacity, &gather->held_at);
    for (size_t i = 0; i < files && !status; i++)
        gather->held_at[i] = FETCH_GATHER_NONE;
    return status;
}

/* Rows between offsets come first, because the offsets may have to be read before they are known.
 */
shs_status fetch_gather_prepare(struct fetch_gather *gather, const struct fetch_means *means,
                                const uint64_t *index, uint64_t count, void *const *to,
                                struct fetch_counts *counts)
{
    const struct data_sample *what = &gather->dataset->what;
    gather->index = index;
    gather->count = count;
    for (size_t p = 0; p < what->n_parts; p++) {
        gather->to[p] = to[p];
        gather->first_spot[p] = FETCH_GATHER_NONE;
    }
    shs_status status = begin(gather, counts);
    if (!status) status = find_files(gather);
    for (size_t p = 0; p < what->n_parts && !status; p++)
        if (data_part_is_run(&what->part[p])) status = fetch_gather_find_run(gather, p, to, means);
    for (size_t p = 0; p < what->n_parts && !status; p++)
        if (!data_part_is_run(&what->part[p]) && !data_part_is_beside(&what->part[p]))
            status = fetch_gather_add_samples(gather, p, to[p]);
    return status ? status : fetch_places_take(&gather->places, means);
}

shs_status fetch_gather(struct fetch_gather *gather, const struct fetch_means *means,
                        const uint64_t *index, uint64_t count, void *const *to,
                        struct fetch_counts *counts)
{
    shs_status status = fetch_gather_prepare(gather, means, index, count, to, counts);
    if (!status) status = read_now(gather, means, counts);
    fetch_gather_let_go(gather);
    return status;
}

/* Adds samples of one file: as one place if samples are rows, otherwise each by itself. */
static shs_status add_run(struct fetch_gather *gather, size_t file, struct data_range run, char *to)
{
    const shs_dataset *dataset = gather->dataset;
    const struct data_part *part = &dataset->what.part[0];
    uint64_t at_once = part->kind == DATA_ROW ? run.count : 1, runs = data_part_runs(part);
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < run.count && !status; i += at_once) {
        struct fetch_place place = {.file = file, .to = to + i * dataset->sample_bytes[0]};
        fetch_gather_set_rows(dataset, 0, data_files_number(&dataset->files, file, run.first + i),
                              &place);
        place.count *= at_once;
        for (uint64_t k = 0; k < runs && !status; k++) {
            status = fetch_places_add(&gather->places, place);
            place.first += part->every;
            place.to += dataset->sample_bytes[0] / runs;
        }
    }
    return status;
}

shs_status fetch_gather_runs(struct fetch_gather *gather, const struct fetch_means *means,
                             const struct data_range *runs, size_t count, void *to,
                             struct fetch_counts *counts)
{
    const struct data_files *files = &gather->dataset->files;
    char *at = to;
    shs_status status = begin(gather, counts);
    gather->count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t sample = runs[i].first, end = sample + runs[i].count;
        while (sample < end && !status) {
            size_t file = data_files_of(files, sample);
            uint64_t stop = files->file[file + 1].first;
            uint64_t now = (stop < end ? stop : end) - sample;
            status = add_run(gather, file, (struct data_range){sample, now}, at);
            at += now * gather->dataset->sample_bytes[0];
            sample += now;
        }
    }
    if (!status) status = fetch_places_take(&gather->places, means);
    if (!status) status = read_now(gather, means, counts);
    fetch_gather_let_go(gather);
    return status;
}
