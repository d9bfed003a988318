/* A batch while it is loaded: where it belongs, its rows, and what went wrong with it. It lies in a
 * unit of memory, and is handed out when its turn comes. Its stages:
 *
 *     place      in the calling thread: which rows, in which unit
 *     prepare    in the calling thread: their numbers, their files
 *     read_one   in the calling thread, again and again: what only HDF5 can read
 *     fill       in any thread, with a lane's tools: reading, decoding, augmentation
 *     let_go     in the calling thread: files are given back
 *
 * An error stays in the batch with its message. Its rows are then undefined, and the stages that
 * are left do nothing. */
#ifndef LOAD_BATCH_H
#define LOAD_BATCH_H

#include "load_account.h"
#include "load_mix.h"
#include "load_tools.h"
#include "load_units.h"

/* The epoch that is read. Files may have changed since the epoch before, so they are compared anew
 * in each. A zeroed struct means none. */
struct load_round {
    bool begun;
    uint64_t epoch;
    uint32_t round; /* round of the dataset's files at the epoch's beginning */
};

/* Local. Begins to read an epoch, unless that was done. Returns its round. */
uint32_t load_round_of(struct load_round *round, shs_dataset *dataset, uint64_t epoch);

/* A zeroed batch may be freed. */
struct load_batch {
    struct load_unit *unit;       /* the memory that it is handed out in; NULL: none */
    shs_batch *what;              /* the batch as it is handed out */
    uint64_t *index;              /* the numbers of its rows */
    uint64_t *planned;            /* memory for `what->replaced` */
    uint64_t *spacing;            /* spacings that are drawn for its samples; NULL: none are */
    uint64_t *partner;            /* memory for `what->partner`; NULL: no mixing */
    float *partner_weight;        /* memory for `what->partner_weight` */
    void *own[SHS_MAX_FIELDS];    /* memory for rows that the augmentation changes; else NULL */
    void *read[SHS_MAX_FIELDS];   /* rows as stored: in `own`, or where they are handed out */
    void *output[SHS_MAX_FIELDS]; /* rows as they are handed out */
    size_t read_bytes[SHS_MAX_FIELDS];   /* bytes from one row of `read` to the next */
    size_t output_bytes[SHS_MAX_FIELDS]; /* bytes of one row of `output` */
    /* The boxes that `read` has of the rows' samples; NULL: whole samples. */
    struct core_box *boxes[SHS_MAX_FIELDS];
    bool boxed;       /* true if there are boxes of some field */
    size_t fields;    /* without the constant fields */
    size_t constants; /* constant fields, which come behind the others */
    struct load_mix mix;

    struct fetch_gather *gather;
    bool staged; /* true if all rows were put into `read` one by one; else `gather` has them */

    /* What came of it. */
    bool found;     /* true if `index` has been found */
    bool augmented; /* true if its rows have been read, and an error is one of the augmentation */
    shs_status status;
    char message[CORE_MESSAGE_BYTES]; /* message of an error */
    struct fetch_counts counts;       /* what was read; its rows are samples */
    uint32_t round;                   /* round of the dataset's files when it was prepared */
    struct load_times times;
};

/* Local. Makes units for batches of a dataset, of up to `rows` rows each, as the augmentation gives
 * them. `how` says the rest. */
shs_status load_batch_units(const shs_dataset *dataset, const shs_augment *augment,
                            struct load_units_how how, struct load_units **units);

/* Local. Allocates memory for batches of a dataset, of up to `rows` rows each, as they are stored.
 * After an error the batch may be freed. */
shs_status load_batch_new(shs_dataset *dataset, const shs_augment *augment,
                          const struct load_pushdown *pushdown, uint64_t rows,
                          struct load_batch *batch);

/* Local, any thread. Returns where a row of field f lies as it is stored, or its box. */
const void *load_batch_row(const struct load_batch *batch, size_t f, uint64_t slot);

/* Local. Has a gatherer read what the batch's own gatherer reads, of the rows from slot `slot` on.
 */
shs_status load_batch_lend(const struct load_batch *batch, uint64_t slot, uint64_t rows,
                           struct fetch_gather *gather);

/* Local, any thread. Returns how many rows of a sample as it was read are no padding, UINT64_MAX if
 * all are. */
uint64_t load_batch_rows_of(const shs_dataset *dataset, const struct load_batch *batch, size_t f,
                            uint64_t slot);

/* Local. Takes the memory that batches of this need take until they are filled. */
shs_status load_batch_reserve(struct load_batch *batch, const struct fetch_need *need);

/* Local. Frees a batch, but not its unit. */
void load_batch_free(struct load_batch *batch);

/* Local. Makes the batch number `number`, 0 … hosted - 1, of the step at a cursor, in a unit. The
 * parts of a step are placed in order. What came of the last batch is forgotten. */
void load_batch_place(struct load_batch *batch, struct load_unit *unit,
                      const struct load_plan *plan, shs_cursor cursor, uint64_t number);

/* Local. Finds the rows of a batch that has its place, and opens and holds their files. `tools` are
 * the calling thread's. Weights of more than 2^20 rows are read. Nothing else of the loader
 * changes, and nothing of the run. */
void load_batch_prepare(struct load_tools *tools, const struct load_plan *plan,
                        struct load_batch *batch);

/* Local. Returns true if there are pieces of a prepared batch that only HDF5 can read. They must be
 * read before load_batch_fill(). */
bool load_batch_has_more(const struct load_batch *batch);

/* Local. Reads the next of these pieces. */
void load_batch_read_one(struct load_batch *batch);

/* Local, any thread. Reads, decodes and augments the rows of a prepared batch. */
void load_batch_fill(struct load_tools *tools, const struct load_plan *plan,
                     struct load_batch *batch);

/* Local. Gives the files of a batch back, in whatever stage it is. */
void load_batch_let_go(struct load_batch *batch);

/* Local. Does all stages after load_batch_place() in the calling thread, and returns the status
 * that stays in the batch. */
shs_status load_batch_load(struct load_tools *tools, const struct load_plan *plan,
                           struct load_batch *batch);

/* Local. Augments all rows of a batch, which have been read. */
shs_status load_batch_augment(struct load_tools *tools, const struct load_plan *plan,
                              struct load_batch *batch);

/* Local. Makes a unit ready to be handed out, when each of its batches has its place: joins the
 * parts of a step, and takes all rows from the unit if `empty` is true. */
void load_batch_finish(struct load_unit *unit, bool empty);

/* Local. Binds a text to the fields of a dataset, with the operators of a program's table, or those
 * of the library for NULL. On an error *augment is NULL. */
shs_status load_open_augment(const shs_dataset *dataset, shs_augment_table *operators,
                             const char *text, shs_augment **augment);

#endif
