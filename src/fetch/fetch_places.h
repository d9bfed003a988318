/* Rows of arrays, and the places in memory that they go to. A place becomes a piece when its file
 * is held. To be used in the caller's thread, unless a function says otherwise. */
#ifndef FETCH_PLACES_H
#define FETCH_PLACES_H

#include "data_files.h"
#include "fetch.h"
#include "fetch_box.h"

/* Rows [first, first + count) of an array of a file. */
struct fetch_place {
    size_t file, array;
    size_t number; /* index in the order in which places were added */
    uint64_t first, count;
    char *to;
    struct fetch_box *box; /* what is taken of the rows, or NULL: what the field takes */
};

/* Files that are held. */
struct fetch_held {
    struct data_held *file;
    size_t count, capacity;
};

/* The owner sets `files` and `counts`; the rest is zeroed. */
struct fetch_places {
    struct data_files *files;
    struct fetch_counts *counts; /* grow by what is read while places become pieces */
    struct fetch_place *place;
    size_t n_places, places_capacity;
    struct fetch_piece *piece;
    size_t n_pieces, pieces_capacity;
    size_t looked_at;           /* pieces of which those that only HDF5 can read have been read */
    struct fetch_checks checks; /* the checksums of the pieces */
    struct fetch_held held;     /* the files of the pieces */
};

/* Takes memory for what a batch needs, so that no more is taken later. */
shs_status fetch_places_reserve(struct fetch_places *places, const struct fetch_need *need);

void fetch_places_free(struct fetch_places *places);

/* Makes room for `count` elements of `bytes` bytes. *capacity is how many there is room for. */
shs_status fetch_grow(size_t count, size_t bytes, size_t *capacity, void *memory_pointer);

/* The first function holds a file, and counts what was read for that. The second gives all held
 * files back. */
shs_status fetch_hold(struct data_files *files, size_t file, struct fetch_counts *counts,
                      struct fetch_held *held);
void fetch_give_back(struct data_files *files, struct fetch_held *held);

/* Adds a place, unless it has no rows. */
shs_status fetch_places_add(struct fetch_places *places, struct fetch_place place);

/* Makes pieces of all places, and holds their files. If more files are held than may be, by these
 * places or by others of the dataset, the pieces are read group by group with `means`, and none or
 * only the last ones are left. */
shs_status fetch_places_take(struct fetch_places *places, const struct fetch_means *means);

/* The first function returns true if there are pieces that only HDF5 can read, and that have not
 * been read yet. The second reads the next of them, if there is one. The third reads all. */
bool fetch_places_have_more(struct fetch_places *places);
shs_status fetch_places_read_one(struct fetch_places *places, struct fetch_counts *counts);
shs_status fetch_places_read_through(struct fetch_places *places, struct fetch_counts *counts);

/* Reads all pieces at once, and gives their files back. The ticket of `means` is not used. */
shs_status fetch_places_read_early(struct fetch_places *places, const struct fetch_means *means);

/* Forgets the pieces, and gives their files back. */
void fetch_places_let_go(struct fetch_places *places);

#endif
