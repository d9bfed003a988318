/* The rows between offsets: of ragged fields, of images and of sparse matrices. */
#include <string.h>

#include "fetch_gather_parts.h"

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
                                                       .first = fetch_gather_number(gather, slot),
                                                       .count = 2,
                                                       .to = gather->pairs + slot * size});
    if (!status) status = fetch_places_take(&gather->places, means);
    if (!status) status = fetch_places_read_early(&gather->places, means);
    for (uint64_t slot = 0; slot < gather->count && !status; slot++) {
        field.path = files->paths.path[gather->file[slot]];
        status = data_offsets_check(&field, fetch_gather_number(gather, slot),
                                    gather->pairs + slot * size, UINT64_MAX,
                                    &gather->bounds[slot][0], &gather->bounds[slot][1]);
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
        status = fetch_gather_add_rows(gather, place, false);
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
        status = fetch_gather_add_rows(gather, place, true);
        images->image[images->count++] =
            (struct fetch_image){.field = p,
                                 .file = file,
                                 .number = fetch_gather_number(gather, slot),
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
                                   .number = fetch_gather_number(gather, slot),
                                   .entries = gather->bounds[slot][1] - gather->bounds[slot][0]};
    if (!status) status = fetch_csr_place(csr);
    for (size_t slot = 0; slot < gather->count && !status; slot++) {
        struct fetch_place place = {.file = gather->file[slot],
                                    .array = part->array,
                                    .first = gather->bounds[slot][0],
                                    .count = csr->row[slot].entries,
                                    .to = fetch_csr_values(csr, slot)};
        status = fetch_gather_add_rows(gather, place, false);
        place.array = part->indices;
        place.to = fetch_csr_indices(csr, slot);
        if (!status) status = fetch_gather_add_rows(gather, place, false);
    }
    return status;
}

shs_status fetch_gather_find_run(struct fetch_gather *gather, size_t p, void *const *to,
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
