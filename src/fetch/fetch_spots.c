#include "fetch_spots.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "fetch_plan.h"

/* All rows of resident arrays that have checksums have them in memory. */
static const struct fetch_checks all_checks = {.any = true};

void fetch_spots_free(struct fetch_spots *spots)
{
    core_free(&spots->spot);
    core_free(&spots->pieces);
    *spots = (struct fetch_spots){0};
}

/* ---- Rows that are there. */

static struct data_range units_of(const struct fetch_spot *spot)
{
    uint64_t first = data_resident_unit(spot->array, spot->first);
    uint64_t last = data_resident_unit(spot->array, spot->first + spot->count - 1);
    return (struct data_range){first, last - first + 1};
}

static bool is_there(const struct fetch_spot *spot)
{
    if (data_resident_is_complete(spot->array)) return true;
    struct data_range units = units_of(spot);
    bool there = true;
    for (uint64_t i = 0; i < units.count && there; i++)
        there = data_resident_is_there(spot->array, units.first + i);
    return there;
}

/* Finds the rows that are there. Returns how many spots are missing; their `at` is NULL. */
static size_t find_rows(struct fetch_spots *spots)
{
    size_t missing = 0;
    for (size_t i = 0; i < spots->count; i++) {
        struct fetch_spot *spot = &spots->spot[i];
        bool there = is_there(spot);
        spot->at = there ? data_resident_row(spot->array, spot->first) : NULL;
        missing += !there;
    }
    return missing;
}

/* ---- Units. */

/* Units that this lane has claimed. */
struct claim {
    const struct data_resident_array *array[FETCH_SPOT_UNITS];
    uint64_t unit[FETCH_SPOT_UNITS];
    struct fetch_piece piece[FETCH_SPOT_UNITS];
    size_t count;
};

/* Reads rows that count as no rows of the batch. */
static shs_status read_pieces(const struct fetch_means *means, const struct fetch_piece *pieces,
                              size_t count, struct fetch_counts *counts)
{
    struct fetch_counts done = {0};
    shs_status status = fetch_direct(means, pieces, count, &all_checks, &done);
    done.rows = 0;
    fetch_counts_add(counts, &done);
    return status;
}

static void end_unit(const struct claim *claim, size_t i, bool filled)
{
    if (filled)
        data_resident_publish(claim->array[i], claim->unit[i]);
    else
        data_resident_give_up(claim->array[i], claim->unit[i]);
}

/* Returns true if units could not be read because of rows that the batch wants. */
static bool failed_for_wanted(const struct fetch_means *means, const struct fetch_spots *spots)
{
    for (size_t i = 0; i < spots->count; i++) {
        const struct fetch_spot *spot = &spots->spot[i];
        const struct fetch_piece wanted = {spot->field, spot->first, spot->count,
                                           NULL,        FETCH_TAKEN, NULL};
        if (!spot->at && fetch_failed_for(means->fetcher, &wanted)) return true;
    }
    return false;
}

/* Reads claimed units. A failure is an error only if it is one of wanted rows. Bytes that are wrong
 * once and good the next time are not to be trusted. */
static shs_status read_units(const struct fetch_means *means, const struct fetch_spots *spots,
                             const struct fetch_piece *pieces, size_t count, bool *filled,
                             struct fetch_counts *counts)
{
    shs_status status = read_pieces(means, pieces, count, counts);
    *filled = !status;
    return status && failed_for_wanted(means, spots) ? status : SHS_OK;
}

/* Fills the claimed units. If this fails, they are filled one by one, so that only those are given
 * up that cannot be filled. */
static shs_status fill_units(const struct fetch_means *means, const struct fetch_spots *spots,
                             struct claim *claim, struct fetch_counts *counts)
{
    struct fetch_means alone = *means;
    bool filled, good;
    alone.foresight = NULL;
    alone.passing = true;
    shs_status status = read_units(&alone, spots, claim->piece, claim->count, &filled, counts);
    for (size_t i = 0; i < claim->count; i++) {
        good = filled;
        if (!filled && claim->count > 1 && !status)
            status = read_units(&alone, spots, &claim->piece[i], 1, &good, counts);
        end_unit(claim, i, good);
    }
    claim->count = 0;
    return status;
}

/* Claims a unit if it is absent. */
static void claim_unit(struct claim *claim, const struct fetch_spot *spot, uint64_t unit)
{
    const struct data_resident_array *array = spot->array;
    struct data_range rows = data_resident_rows(array, unit);
    if (data_resident_claim(array, unit) != DATA_UNIT_ABSENT) return;
    claim->array[claim->count] = array;
    claim->unit[claim->count] = unit;
    claim->piece[claim->count++] = (struct fetch_piece){
        spot->field, rows.first, rows.count, data_resident_row(array, rows.first),
        FETCH_TAKEN, NULL};
}

/* Fills the units of missing spots that nobody fills. */
static shs_status fill_missing(const struct fetch_means *means, const struct fetch_spots *spots,
                               struct fetch_counts *counts)
{
    struct claim claim = {.count = 0};
    shs_status status = SHS_OK;
    for (size_t i = 0; i < spots->count && !status; i++) {
        const struct fetch_spot *spot = &spots->spot[i];
        if (spot->at) continue;
        struct data_range units = units_of(spot);
        for (uint64_t k = 0; k < units.count && !status; k++) {
            claim_unit(&claim, spot, units.first + k);
            if (claim.count == FETCH_SPOT_UNITS) status = fill_units(means, spots, &claim, counts);
        }
    }
    if (claim.count && !status) status = fill_units(means, spots, &claim, counts);
    return status;
}

/* Rows of series are compared as whole series, as they are in units. */
static enum fetch_take take_of(const struct fetch_spot *spot)
{
    const struct data_field *field = spot->field;
    bool compares = field->row_axes == 2 && !field->part && data_field_has_checksums(field);
    return compares ? FETCH_SERIES : FETCH_TAKEN;
}

/* Reads the rows that are still missing. */
static shs_status read_missing(const struct fetch_means *means, struct fetch_spots *spots,
                               size_t missing, struct fetch_counts *counts)
{
    size_t count = 0;
    struct fetch_means alone = *means;
    alone.passing = true; /* the rows will be in their unit soon, so their chunks are not kept */
    if (spots->pieces_capacity < missing) {
        shs_status status =
            core_resize(spots->capacity, sizeof *spots->pieces, "a batch's pieces", &spots->pieces);
        if (status) return status;
        spots->pieces_capacity = spots->capacity;
    }
    for (size_t i = 0; i < spots->count; i++) {
        struct fetch_spot *spot = &spots->spot[i];
        if (spot->at) continue;
        spots->pieces[count++] = (struct fetch_piece){spot->field, spot->first,   spot->count,
                                                      spot->to,    take_of(spot), NULL};
        spot->at = spot->to;
    }
    return read_pieces(&alone, spots->pieces, count, counts);
}

/* ---- Copies. */

static size_t bytes_to_copy(const struct fetch_spot *spot)
{
    bool is_done = spot->stays || spot->at == spot->to;
    return is_done ? 0 : (size_t)spot->count * spot->array->row_bytes;
}

static shs_status copy_one(void *user, size_t i, unsigned lane)
{
    struct fetch_spot *spot = &((struct fetch_spots *)user)->spot[i];
    size_t bytes = bytes_to_copy(spot);
    (void)lane;
    if (!bytes) return SHS_OK;
    memcpy(spot->to, spot->at, bytes);
    spot->at = spot->to;
    return SHS_OK;
}

static shs_status copy_rows(const struct fetch_means *means, struct fetch_spots *spots)
{
    struct fetch_means shared = *means;
    uint64_t bytes = 0;
    for (size_t i = 0; i < spots->count && means->threads > 1; i++)
        bytes += bytes_to_copy(&spots->spot[i]);
    shared.threads = fetch_worth(means->threads, bytes);
    if (shared.threads > 1) return fetcher_do(&shared, spots->count, copy_one, spots);
    for (size_t i = 0; i < spots->count; i++)
        copy_one(spots, i, 0);
    return SHS_OK;
}

/* Wanted rows failed. They are read again, for an error that names them and not all rows of
 * their unit. If they are good now, the first error stays. */
static shs_status name_rows(const struct fetch_means *means, struct fetch_spots *spots,
                            shs_status status, struct fetch_counts *counts)
{
    char message[CORE_MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", shs_message());
    shs_status again = read_missing(means, spots, find_rows(spots), counts);
    return again ? again : core_tell(status, message, true, false);
}

shs_status fetch_spots_fill(const struct fetch_means *means, struct fetch_spots *spots,
                            struct fetch_counts *counts)
{
    shs_status status = SHS_OK;
    size_t missing = find_rows(spots);
    if (missing) {
        status = fill_missing(means, spots, counts);
        if (status) return name_rows(means, spots, status, counts);
        missing = find_rows(spots);
    }
    if (missing) status = read_missing(means, spots, missing, counts);
    for (size_t i = 0; i < spots->count; i++)
        counts->rows += spots->spot[i].count;
    return status ? status : copy_rows(means, spots);
}
