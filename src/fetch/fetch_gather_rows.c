/* The rows of samples: of one row, of windows, also padded ones, and of the parts that a crop
 * keeps.
 */
#include <string.h>

#include "data_joined.h"
#include "fetch_gather_parts.h"

uint64_t fetch_gather_number(const struct fetch_gather *gather, uint64_t slot)
{
    return data_files_number(&gather->dataset->files, gather->file[slot], gather->index[slot]);
}

void fetch_gather_set_rows(const shs_dataset *dataset, size_t p, uint64_t i,
                           struct fetch_place *place)
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
    if (*at == FETCH_GATHER_NONE) {
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

shs_status fetch_gather_add_rows(struct fetch_gather *gather, struct fetch_place place, bool stays)
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
    fetch_gather_set_rows(dataset, p, fetch_gather_number(gather, slot), &place);
    for (uint64_t run = 0; run < runs && !status; run++) {
        status = fetch_gather_add_rows(gather, place, gather->leaves[p] && runs == 1);
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
        data_files_stand(&dataset->files, part, file, fetch_gather_number(gather, slot));
    shs_status status = SHS_OK;
    stand.every = every_of(gather, part, slot);
    if (part->pad) mask = (unsigned char *)gather->to[p + 1] + slot * part->window;
    for (uint64_t k = 0; k < part->window && !status; k++, place.to += bytes) {
        bool there = data_stand_row(part, &stand, k, &place.first);
        if (mask) mask[k] = there;
        if (part->joins) place.file = data_joined_find(&dataset->files, file, &place.first);
        if (there || part->pad == DATA_PAD_EDGE)
            status = fetch_gather_add_rows(gather, place, false);
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
    fetch_gather_set_rows(dataset, p, fetch_gather_number(gather, slot), &place);
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

shs_status fetch_gather_add_samples(struct fetch_gather *gather, size_t p, char *to)
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
