/* A batch while it is loaded: where it belongs, its rows, and what went wrong with it. It is filled
 * with a lane's tools, in a unit of memory, and handed out when its turn comes. */
#ifndef LOAD_BATCH_H
#define LOAD_BATCH_H

#include "load_tools.h"
#include "load_units.h"

/* A zeroed batch may be freed. */
struct load_batch {
    struct load_unit *unit;       /* the memory that it is handed out in; NULL: none */
    shs_batch *what;              /* the batch as it is handed out */
    uint64_t *index;              /* the numbers of its rows */
    void *own[SHS_MAX_FIELDS];    /* memory for rows that the augmentation changes; else NULL */
    void *read[SHS_MAX_FIELDS];   /* rows as stored: in `own`, or where they are handed out */
    void *output[SHS_MAX_FIELDS]; /* rows as they are handed out */
    size_t output_bytes[SHS_MAX_FIELDS]; /* bytes of one row of `output` */
    size_t fields;

    /* The result of load_batch_fill(). */
    shs_status status;
    char message[CORE_MESSAGE_BYTES]; /* message of an error */
    struct fetch_counts counts;       /* what was read; its rows are samples */
};

/* Local. Makes units for batches of a dataset, of up to `rows` rows each, as the augmentation gives
 * them. `how` says the rest. */
shs_status load_batch_units(const shs_dataset *dataset, const shs_augment *augment,
                            struct load_units_how how, struct load_units **units);

/* Local. Allocates memory for batches of a dataset, of up to `rows` rows each, as they are stored.
 * After an error the batch may be freed. */
shs_status load_batch_new(const shs_dataset *dataset, const shs_augment *augment, uint64_t rows,
                          struct load_batch *batch);

/* Local. Frees a batch, but not its unit. */
void load_batch_free(struct load_batch *batch);

/* Local. Makes the batch number `number`, 0 … hosted - 1, of the step at a cursor, in a unit. The
 * parts of a step are placed in order. The result of the last load_batch_fill() is forgotten. */
void load_batch_place(struct load_batch *batch, struct load_unit *unit,
                      const struct load_plan *plan, shs_cursor cursor, uint64_t number);

/* Local. Finds, reads, decodes and augments the rows of a batch that has its place. It changes
 * nothing else of the loader, and nothing of the run. An error is returned, and also stays in the
 * batch with its message; the rows are then undefined. The function may open files, read rows
 * through HDF5, and read the weights of more than 2^20 rows. Only the calling thread may do this.
 */
shs_status load_batch_fill(struct load_tools *tools, const struct load_plan *plan,
                           struct load_batch *batch);

/* Local. Makes a unit ready to be handed out, when each of its batches has its place: joins the
 * parts of a step, and takes all rows from the unit if `empty` is true. */
void load_batch_finish(struct load_unit *unit, bool empty);

#endif
