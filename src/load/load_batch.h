/* A batch in memory: where it belongs, its rows, and what went wrong with it. It is filled with a
 * lane's tools, and handed out when its turn comes. */
#ifndef LOAD_BATCH_H
#define LOAD_BATCH_H

#include "load_tools.h"

/* A zeroed batch may be freed. */
struct load_batch {
    shs_batch what;               /* the batch as it is handed out; points to the members below */
    uint64_t *index;              /* the numbers of its rows */
    void *read[SHS_MAX_FIELDS];   /* rows as stored */
    void *output[SHS_MAX_FIELDS]; /* rows as augmented; the memory of `read` if the field is not */
    size_t output_bytes[SHS_MAX_FIELDS]; /* bytes of one row of `output` */
    shs_tensor field[SHS_MAX_FIELDS];
    size_t fields;

    /* The result of load_batch_fill(). */
    shs_status status;
    char message[CORE_MESSAGE_BYTES]; /* message of an error */
    struct fetch_counts counts;       /* what was read; its rows are samples */
};

/* Local. Allocates memory for batches of a dataset, of up to `rows` rows each, as they are stored
 * and as the augmentation gives them. After an error the batch may be freed. */
shs_status load_batch_new(const shs_dataset *dataset, const shs_augment *augment, uint64_t rows,
                          struct load_batch *batch);

void load_batch_free(struct load_batch *batch);

/* Local. Makes the batch number `number`, 0 … hosted - 1, of the step at a cursor, and forgets the
 * result of the last load_batch_fill(). */
void load_batch_place(struct load_batch *batch, const struct load_plan *plan, shs_cursor cursor,
                      uint64_t number);

/* Local. Finds, reads, decodes and augments the rows of a batch that has its place. It changes
 * nothing else of the loader, and nothing of the run. An error is returned, and also stays in the
 * batch with its message; the rows are then undefined. The function may open files, read rows
 * through HDF5, and read the weights of more than 2^20 rows. Only the calling thread may do this.
 */
shs_status load_batch_fill(struct load_tools *tools, const struct load_plan *plan,
                           struct load_batch *batch);

/* Local. Takes all rows from the batch, which keeps its place. */
void load_batch_empty(struct load_batch *batch);

#endif
