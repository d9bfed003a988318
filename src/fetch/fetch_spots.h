/* Rows of resident arrays (data_resident.h) that a batch wants. They lie in memory as soon as their
 * units are filled. Then a batch copies them once, or leaves them where they are. */
#ifndef FETCH_SPOTS_H
#define FETCH_SPOTS_H

#include "data_resident.h"
#include "fetch.h"

enum {
    /* Units that are claimed and read together, so that the disk is kept busy. Other lanes can
     * claim the units behind them meanwhile. */
    FETCH_SPOT_UNITS = 16
};

/* Rows [first, first + count) of a resident array. */
struct fetch_spot {
    const struct data_resident_array *array;
    struct data_field *field; /* the same array, open */
    uint64_t first, count;
    void *to;       /* where the rows are copied */
    bool stays;     /* true if they need not be copied */
    const void *at; /* where the rows are, after fetch_spots_fill() */
};

/* A zeroed struct is empty. */
struct fetch_spots {
    struct fetch_spot *spot;
    size_t count, capacity;
    struct fetch_piece *pieces; /* memory for rows that are read as if they were not resident */
    size_t pieces_capacity;
};

void fetch_spots_free(struct fetch_spots *spots);

/* Finds the rows of all spots. Units that nobody has filled yet are read, checked and published.
 * Rows of units that others are filling, or that cannot be filled because some of their rows cannot
 * be read, are read to spot.to as if their array were not resident. May be called in any thread,
 * with a fetcher of its own. `means` has no ticket. *counts grows by what was done. */
shs_status fetch_spots_fill(const struct fetch_means *means, struct fetch_spots *spots,
                            struct fetch_counts *counts);

#endif
