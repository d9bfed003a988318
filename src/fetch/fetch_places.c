#include "fetch_places.h"

#include <stdlib.h>

#include "core_memory.h"

void fetch_places_free(struct fetch_places *places)
{
    fetch_places_let_go(places);
    fetch_checks_free(&places->checks);
    core_free(&places->place);
    core_free(&places->piece);
    core_free(&places->held.file);
}

shs_status fetch_grow(size_t count, size_t bytes, size_t *capacity, void *memory_pointer)
{
    if (count <= *capacity) return SHS_OK;
    size_t enough = count > 2 * *capacity ? count : 2 * *capacity;
    shs_status status = core_resize(enough, bytes, "a batch's pieces", memory_pointer);
    if (!status) *capacity = enough;
    return status;
}

shs_status fetch_places_reserve(struct fetch_places *places, const struct fetch_need *need)
{
    struct fetch_held *held = &places->held;
    shs_status status =
        fetch_grow(need->places, sizeof *places->place, &places->places_capacity, &places->place);
    if (!status)
        status = fetch_grow(need->places, sizeof *places->piece, &places->pieces_capacity,
                            &places->piece);
    if (!status && need->places)
        status = fetch_grow(need->files, sizeof *held->file, &held->capacity, &held->file);
    if (status || !need->sums) return status;
    return fetch_checks_reserve(&places->checks, need->places, need->sums);
}

/* ---- Files. */

shs_status fetch_hold(struct data_files *files, size_t file, struct fetch_counts *counts,
                      struct fetch_held *held)
{
    shs_status status =
        fetch_grow(held->count + 1, sizeof *held->file, &held->capacity, &held->file);
    if (!status) status = data_files_hold(files, file, &held->file[held->count], &counts->bytes);
    if (!status) held->count++;
    return status;
}

void fetch_give_back(struct data_files *files, struct fetch_held *held)
{
    while (held->count)
        data_files_give_back(files, &held->file[--held->count]);
}

void fetch_places_let_go(struct fetch_places *places)
{
    fetch_give_back(places->files, &places->held);
    places->n_pieces = places->looked_at = 0;
}

/* ---- Reading. */

bool fetch_places_have_more(struct fetch_places *places)
{
    while (places->looked_at < places->n_pieces &&
           !fetch_needs_hdf5(&places->piece[places->looked_at]))
        places->looked_at++;
    return places->looked_at < places->n_pieces;
}

shs_status fetch_places_read_one(struct fetch_places *places, struct fetch_counts *counts)
{
    if (!fetch_places_have_more(places)) return SHS_OK;
    return fetch_through_hdf5(&places->piece[places->looked_at++], counts);
}

shs_status fetch_places_read_through(struct fetch_places *places, struct fetch_counts *counts)
{
    shs_status status = SHS_OK;
    while (!status && fetch_places_have_more(places))
        status = fetch_places_read_one(places, counts);
    return status;
}

shs_status fetch_places_read_early(struct fetch_places *places, const struct fetch_means *means)
{
    struct fetch_means early = *means;
    early.ticket = 0;
    shs_status status = fetch_places_read_through(places, places->counts);
    if (!status)
        status =
            fetch_direct(&early, places->piece, places->n_pieces, &places->checks, places->counts);
    fetch_places_let_go(places);
    return status;
}

/* Reads the pieces so far, which leave no room for another file. */
static shs_status read_group(struct fetch_places *places, const struct fetch_means *means)
{
    shs_status status = fetch_checks_read(&places->checks, places->piece, places->n_pieces);
    return status ? status : fetch_places_read_early(places, means);
}

/* ---- Places to pieces. */

shs_status fetch_places_add(struct fetch_places *places, struct fetch_place place)
{
    if (!place.count) return SHS_OK;
    shs_status status = fetch_grow(places->n_places + 1, sizeof *places->place,
                                   &places->places_capacity, &places->place);
    place.number = places->n_places;
    if (!status) places->place[places->n_places++] = place;
    return status;
}

static int compare_places(const void *left, const void *right)
{
    const struct fetch_place *a = left, *b = right;
    if (a->file != b->file) return a->file < b->file ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Makes one piece of rows that are neighbours both in the file and in memory. Returns false if they
 * are not. */
static bool extend_piece(struct fetch_places *places, const struct fetch_piece *more)
{
    if (!places->n_pieces) return false;
    struct fetch_piece *last = &places->piece[places->n_pieces - 1];
    size_t bytes = fetch_piece_bytes(last);
    if (last->field != more->field || last->part || more->part ||
        last->first + last->count != more->first || (char *)last->to + bytes != more->to)
        return false;
    last->count += more->count;
    return true;
}

static shs_status add_piece(struct fetch_places *places, struct data_field *arrays,
                            const struct fetch_place *place)
{
    struct data_field *field = &arrays[place->array];
    struct fetch_piece piece = {field, place->first, place->count, place->to, FETCH_TAKEN, NULL};
    if (place->first > field->rows || place->count > field->rows - place->first)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s has %llu rows, but rows %llu to %llu are wanted",
                         field->path, field->sample.name, (ull)field->rows, (ull)place->first,
                         (ull)(place->first + place->count - 1));
    if (place->box && field->dataset_bytes) /* a file that was not looked at before */
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s: its elements are members of a compound, unlike those of "
                         "the first file, and a crop of such rows cannot be read by itself; set "
                         "pushdown off",
                         field->path, field->sample.name);
    if (place->box) {
        shs_status status = fetch_box_cut(place->box, field, &piece.part);
        if (status) return status;
    }
    if (extend_piece(places, &piece)) return SHS_OK;
    shs_status status = fetch_grow(places->n_pieces + 1, sizeof *places->piece,
                                   &places->pieces_capacity, &places->piece);
    if (!status) places->piece[places->n_pieces++] = piece;
    return status;
}

shs_status fetch_places_take(struct fetch_places *places, const struct fetch_means *means)
{
    struct data_files *files = places->files;
    const struct fetch_held *held = &places->held;
    shs_status status = SHS_OK;
    if (files->paths.count > 1 && places->n_places)
        qsort(places->place, places->n_places, sizeof *places->place, compare_places);
    for (size_t i = 0; i < places->n_places && !status; i++) {
        const struct fetch_place *place = &places->place[i];
        if (i == 0 || place->file != places->place[i - 1].file) {
            if (!data_files_has_room(files, place->file)) status = read_group(places, means);
            if (!status) status = fetch_hold(files, place->file, places->counts, &places->held);
        }
        if (!status) status = add_piece(places, held->file[held->count - 1].arrays, place);
    }
    places->n_places = 0;
    if (!status && files->n_held > files->most_open) return read_group(places, means);
    return status ? status : fetch_checks_read(&places->checks, places->piece, places->n_pieces);
}
