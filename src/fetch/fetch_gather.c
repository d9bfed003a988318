#include "fetch_gather.h"

#include <string.h>

#include "core_memory.h"
#include "data_joined.h"
#include "fetch_csr.h"
#include "fetch_images.h"
#include "fetch_places.h"
#include "fetch_spots.h"

#define NONE SIZE_MAX

struct fetch_gather {
    shs_dataset *dataset;
    const uint64_t *index; /* numbers of the samples that are prepared now */
    uint64_t count;
    const uint64_t *spacing; /* as fetch_gather_space() sets it */
    size_t *file;            /* file of each sample */
    size_t file_capacity;
    uint64_t (*bounds)[2]; /* first row and end of each sample of a ragged field, in its file */
    size_t bounds_capacity;
    struct fetch_csr csr[SHS_MAX_FIELDS]; /* for each field that is a sparse matrix */
    char *pairs;                          /* two offsets for each sample, as they were read */
    size_t pairs_capacity;
    struct fetch_places places;
    struct fetch_images images;
    struct fetch_spots spots;          /* rows of resident arrays */
    struct fetch_held spots_held;      /* their files */
    size_t *held_at, held_at_capacity; /* for each file its index in `spots_held`, or NONE */
    bool leaves[SHS_MAX_FIELDS];       /* the fields that fetch_gather_leave() named */
    void *to[SHS_MAX_FIELDS];
    const struct core_box *boxes[SHS_MAX_FIELDS]; /* of a field's samples; NULL: whole samples */
    struct fetch_box *cuts[SHS_MAX_FIELDS];       /* the parts of rows that these take */
    uint64_t n_cuts[SHS_MAX_FIELDS];
    size_t stride[SHS_MAX_FIELDS];     /* bytes from a sample to the next one in to[f] */
    size_t first_spot[SHS_MAX_FIELDS]; /* for a field of which each sample is a spot; or NONE */
};

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

/* ---- Samples to places. */

static uint64_t number_in_file(const struct fetch_gather *gather, uint64_t slot)
{
    return data_files_number(&gather->dataset->files, gather->file[slot], gather->index[slot]);
}

static shs_status find_files(struct fetch_gather *gather)
{
    shs_status status = fetch_grow((size_t)gather->count, sizeof *gather->file,
                                   &gather->file_capacity, &gather->file);
    for (uint64_t slot = 0; slot < gather->count && !status; slot++)
        gather->file[slot] = data_files_of(&gather->dataset->files, gather->index[slot]);
    return status;
}

/* Sets the rows of sample i of its file, for a field that is not ragged. If these are several runs,
 * the rows are those of the first run. */
static void set_rows(const shs_dataset *dataset, size_t p, uint64_t i, struct fetch_place *place)
{
    const struct data_files *files = &dataset->files;
    const struct data_part *part = &dataset->what.part[p];
    const shs_tensor *shape = &files->shape[part->array];
    place->array = part->array;
    if (part->kind == DATA_WHOLE) {
        place->first = 0;
        place->count = shape->axes ? shape->shape[0] : 1;
        return;
    }
    place->first = data_part_first(part, data_files_series(files, place->file, part->array), i);
    place->count = data_part_rows(part) / data_part_runs(part);
}

/* ---- Places in resident arrays. */

/* Finds a file's open array, and holds the file. All files of a dataset with resident arrays can be
 * open. */
static shs_status hold_spot(struct fetch_gather *gather, const struct fetch_place *place,
                            struct data_field **field)
{
    size_t *at = &gather->held_at[place->file];
    shs_status status = SHS_OK;
    if (*at == NONE) {
        status = fetch_hold(gather->places.files, place->file, gather->places.counts,
                            &gather->spots_held);
        if (!status) *at = gather->spots_held.count - 1;
    }
    if (!status) *field = &gather->spots_held.file[*at].arrays[place->array];
    return status;
}

static shs_status add_spot(struct fetch_gather *gather, const struct fetch_spot *spot)
{
    struct fetch_spots *spots = &gather->spots;
    shs_status status =
        fetch_grow(spots->count + 1, sizeof *spots->spot, &spots->capacity, &spots->spot);
    if (!status) spots->spot[spots->count++] = *spot;
    return status;
}

/* Adds rows: as a spot if they lie in a resident array, otherwise as a place. A file that was
 * opened again may have its checksums in the file, where no thread can read them. */
static shs_status add_rows(struct fetch_gather *gather, struct fetch_place place, bool stays)
{
    const shs_dataset *dataset = gather->dataset;
    uint64_t key = data_files_key(&dataset->files, place.file, place.array);
    struct fetch_spot spot = {.array = data_resident_find(&dataset->resident, key),
                              .first = place.first,
                              .count = place.count,
                              .to = place.to,
                              .stays = stays};
    if (!place.count || !spot.array || place.first > spot.array->rows ||
        place.count > spot.array->rows - place.first)
        return fetch_places_add(&gather->places, place);
    shs_status status = hold_spot(gather, &place, &spot.field);
    if (status) return status;
    if (!spot.field->direct || spot.field->checked_by)
        return fetch_places_add(&gather->places, place);
    return add_spot(gather, &spot);
}

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
    if (first == NONE) return (char *)gather->to[f] + slot * gather->stride[f];
    return gather->spots.spot[first + slot].at;
}

/* Returns the rows from one row of a sample to the next. */
static uint64_t every_of(const struct fetch_gather *gather, const struct data_part *part,
                         uint64_t slot)
{
    if (!part->spacing || !gather->spacing) return part->every;
    return gather->spacing[slot * gather->dataset->what.n_spacings + part->spacing - 1];
}

/* Adds the rows of a sample. A sample of several runs cannot stay where it is in memory. */
static shs_status add_sample(struct fetch_gather *gather, size_t p, uint64_t slot, char *to)
{
    const shs_dataset *dataset = gather->dataset;
    const struct data_part *part = &dataset->what.part[p];
    uint64_t runs = data_part_runs(part), every = every_of(gather, part, slot);
    size_t bytes = dataset->sample_bytes[p] / runs;
    struct fetch_place place = {.file = gather->file[slot], .to = to};
    shs_status status = SHS_OK;
    set_rows(dataset, p, number_in_file(gather, slot), &place);
    for (uint64_t run = 0; run < runs && !status; run++) {
        status = add_rows(gather, place, gather->leaves[p] && runs == 1);
        place.first += every;
        place.to += bytes;
    }
    return status;
}

/* Adds the rows of a window that may reach over an end of its series or of its file, and sets the
 * mask of the next field, if the window is padded. */
static shs_status add_reaching(struct fetch_gather *gather, size_t p, uint64_t slot, char *to)
{
    const shs_dataset *dataset = gather->dataset;
    const struct data_part *part = &dataset->what.part[p];
    size_t bytes = dataset->sample_bytes[p] / part->window;
    size_t file = gather->file[slot];
    unsigned char *mask = NULL;
    struct fetch_place place = {.file = file, .array = part->array, .count = 1, .to = to};
    struct data_stand stand =
        data_files_stand(&dataset->files, part, file, number_in_file(gather, slot));
    shs_status status = SHS_OK;
    stand.every = every_of(gather, part, slot);
    if (part->pad) mask = (unsigned char *)gather->to[p + 1] + slot * part->window;
    for (uint64_t k = 0; k < part->window && !status; k++, place.to += bytes) {
        bool there = data_stand_row(part, &stand, k, &place.first);
        if (mask) mask[k] = there;
        if (part->joins) place.file = data_joined_find(&dataset->files, file, &place.first);
        if (there || part->pad == DATA_PAD_EDGE)
            status = add_rows(gather, place, false);
        else
            memset(place.to, 0, bytes);
    }
    return status;
}

/* Adds the rows that a sample's box takes, and the part of them. */
static shs_status add_box(struct fetch_gather *gather, size_t p, uint64_t slot, char *to)
{
    const shs_dataset *dataset = gather->dataset;
    const struct data_part *part = &dataset->what.part[p];
    const shs_tensor *sample = &dataset->sample[p];
    const struct core_box *box = &gather->boxes[p][slot];
    struct fetch_box *cut = &gather->cuts[p][slot];
    uint64_t first = 0, count = 1, every = every_of(gather, part, slot);
    shs_status status = SHS_OK;
    struct fetch_place place = {.file = gather->file[slot], .to = to, .box = cut};
    set_rows(dataset, p, number_in_file(gather, slot), &place);
    cut->box = box;
    cut->row_axis = part->kind != DATA_ROW;
    if (cut->row_axis) {
        first = box->begin[0];
        count = box->size[0];
    }
    if (data_part_runs(part) == 1) {
        place.first += first;
        place.count = count;
        return fetch_places_add(&gather->places, place);
    }
    place.first += first * every;
    for (uint64_t row = 0; row < count && !status; row++) {
        status = fetch_places_add(&gather->places, place);
        place.first += every;
        place.to += fetch_box_elements(box, 1, sample->axes) * shs_type_size(sample->type);
    }
    return status;
}

static shs_status add_samples(struct fetch_gather *gather, size_t p, char *to)
{
    const shs_dataset *dataset = gather->dataset;
    bool single = data_part_runs(&dataset->what.part[p]) == 1 && !gather->boxes[p];
    shs_status status = SHS_OK;
    size_t first = gather->spots.count;
    for (uint64_t slot = 0; slot < gather->count && !status; slot++) {
        char *at = to + slot * gather->stride[p];
        status = gather->boxes[p]                            ? add_box(gather, p, slot, at)
                 : data_part_reaches(&dataset->what.part[p]) ? add_reaching(gather, p, slot, at)
                                                             : add_sample(gather, p, slot, at);
    }
    if (single && gather->spots.count - first == gather->count)
        gather->first_spot[p] = first;
    else
        for (size_t i = first; i < gather->spots.count; i++)
            gather->spots.spot[i].stays = false;
    return status;
}

/* ---- Ragged fields. */

/* Looks up offsets that are in memory. Each file has one offset more than samples. */
static void look_up_bounds(struct fetch_gather *gather, const struct data_offsets *offsets)
{
    for (uint64_t slot = 0; slot < gather->count; slot++)
        memcpy(gather->bounds[slot], offsets->all + gather->index[slot] + gather->file[slot],
               sizeof *gather->bounds);
}

static shs_status read_bounds(struct fetch_gather *gather, const struct data_part *part,
                              const struct fetch_means *means)
{
    const struct data_files *files = &gather->dataset->files;
    struct data_field field = {.sample = files->shape[part->offsets]}; /* for messages */
    field.sample.name = gather->dataset->what.array[part->offsets];
    size_t size = 2 * shs_type_size(field.sample.type);
    shs_status status =
        fetch_grow((size_t)gather->count, size, &gather->pairs_capacity, &gather->pairs);
    for (uint64_t slot = 0; slot < gather->count && !status; slot++)
        status = fetch_places_add(&gather->places,
                                  (struct fetch_place){.file = gather->file[slot],
                                                       .array = part->offsets,
                                                       .first = number_in_file(gather, slot),
                                                       .count = 2,
                                                       .to = gather->pairs + slot * size});
    if (!status) status = fetch_places_take(&gather->places, means);
    if (!status) status = fetch_places_read_early(&gather->places, means);
    for (uint64_t slot = 0; slot < gather->count && !status; slot++) {
        field.path = files->paths.path[gather->file[slot]];
        status =
            data_offsets_check(&field, number_in_file(gather, slot), gather->pairs + slot * size,
                               UINT64_MAX, &gather->bounds[slot][0], &gather->bounds[slot][1]);
    }
    return status;
}

/* Adds the rows of a ragged field, and zeros behind them. `lengths` belong to the field that
 * follows.
 */
static shs_status add_ragged(struct fetch_gather *gather, size_t p, char *to, uint64_t *lengths)
{
    const shs_dataset *dataset = gather->dataset;
    const struct data_part *part = &dataset->what.part[p];
    size_t bytes = dataset->sample_bytes[p], row_bytes = part->most ? bytes / part->most : 0;
    shs_status status = SHS_OK;
    for (uint64_t slot = 0; slot < gather->count && !status; slot++, to += bytes) {
        uint64_t begin = gather->bounds[slot][0], rows = gather->bounds[slot][1] - begin;
        if (rows > part->most) rows = part->most;
        lengths[slot] = rows;
        memset(to + rows * row_bytes, 0, bytes - rows * row_bytes);
        const struct fetch_place place = {.file = gather->file[slot],
                                          .array = part->array,
                                          .first = begin,
                                          .count = rows,
                                          .to = to};
        status = add_rows(gather, place, false);
    }
    return status;
}

/* Adds the bytes of images, which stay where they are if they are in memory. */
static shs_status add_images(struct fetch_gather *gather, size_t p, char *to)
{
    const struct data_part *part = &gather->dataset->what.part[p];
    struct fetch_images *images = &gather->images;
    uint64_t bytes = 0;
    for (uint64_t slot = 0; slot < gather->count; slot++)
        bytes += gather->bounds[slot][1] - gather->bounds[slot][0];
    shs_status status = fetch_images_grow(images, p, bytes, gather->count);
    char *at = images->encoded[p];
    for (uint64_t slot = 0; slot < gather->count && !status; slot++) {
        uint64_t begin = gather->bounds[slot][0], count = gather->bounds[slot][1] - begin;
        size_t spots = gather->spots.count, file = gather->file[slot];
        const struct fetch_place place = {
            .file = file, .array = part->array, .first = begin, .count = count, .to = at};
        status = add_rows(gather, place, true);
        images->image[images->count++] =
            (struct fetch_image){.field = p,
                                 .file = file,
                                 .number = number_in_file(gather, slot),
                                 .bytes = at,
                                 .count = count,
                                 .spot = gather->spots.count > spots ? spots : FETCH_NO_SPOT,
                                 .box = gather->boxes[p] ? &gather->boxes[p][slot] : NULL,
                                 .to = to + slot * gather->stride[p]};
        at += count;
    }
    return status;
}

/* Adds the entries of the rows of a sparse matrix: their values and their columns. */
static shs_status add_csr(struct fetch_gather *gather, size_t p, char *to)
{
    const struct data_part *part = &gather->dataset->what.part[p];
    struct fetch_csr *csr = &gather->csr[p];
    shs_status status = fetch_csr_begin(csr, gather->dataset, p, gather->count, to);
    for (size_t slot = 0; slot < gather->count && !status; slot++)
        csr->row[slot] =
            (struct fetch_csr_row){.file = gather->file[slot],
                                   .number = number_in_file(gather, slot),
                                   .entries = gather->bounds[slot][1] - gather->bounds[slot][0]};
    if (!status) status = fetch_csr_place(csr);
    for (size_t slot = 0; slot < gather->count && !status; slot++) {
        struct fetch_place place = {.file = gather->file[slot],
                                    .array = part->array,
                                    .first = gather->bounds[slot][0],
                                    .count = csr->row[slot].entries,
                                    .to = fetch_csr_values(csr, slot)};
        status = add_rows(gather, place, false);
        place.array = part->indices;
        place.to = fetch_csr_indices(csr, slot);
        if (!status) status = add_rows(gather, place, false);
    }
    return status;
}

static shs_status find_run(struct fetch_gather *gather, size_t p, void *const *to,
                           const struct fetch_means *means)
{
    const struct data_part *part = &gather->dataset->what.part[p];
    const struct data_offsets *offsets = &gather->dataset->offsets[part->offsets];
    shs_status status = fetch_grow((size_t)gather->count, sizeof *gather->bounds,
                                   &gather->bounds_capacity, &gather->bounds);
    if (status) return status;
    if (offsets->all)
        look_up_bounds(gather, offsets);
    else
        status = read_bounds(gather, part, means);
    if (status) return status;
    if (part->kind == DATA_IMAGE) return add_images(gather, p, to[p]);
    if (part->kind == DATA_CSR) return add_csr(gather, p, to[p]);
    return add_ragged(gather, p, to[p], to[p + 1]);
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
        gather->held_at[i] = NONE;
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
        gather->first_spot[p] = NONE;
    }
    shs_status status = begin(gather, counts);
    if (!status) status = find_files(gather);
    for (size_t p = 0; p < what->n_parts && !status; p++)
        if (data_part_is_run(&what->part[p])) status = find_run(gather, p, to, means);
    for (size_t p = 0; p < what->n_parts && !status; p++)
        if (!data_part_is_run(&what->part[p]) && !data_part_is_beside(&what->part[p]))
            status = add_samples(gather, p, to[p]);
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
        set_rows(dataset, 0, data_files_number(&dataset->files, file, run.first + i), &place);
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
