/** @file
 * Draws: what the operators of an augmentation drew for the rows of a batch. */
#ifndef SHARDSTEP_DRAWS_H
#define SHARDSTEP_DRAWS_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An open loader: see loader.h. */
typedef struct shs_loader shs_loader;

/** The batch of a step: see loader.h. */
typedef struct shs_batch shs_batch;

/** A value that an operator drew, for the rows of a batch. */
typedef struct shs_drawn_value {
    /** The name, as in the record that `shardstep replay` prints, such as "degrees". */
    const char *name;
    /** What the numbers count, such as "elements" or "degrees"; "" for a pure number. "yes or no":
     * 1 or 0. */
    const char *unit;
    /** Numbers of a row: 1, or more, such as a factor for each channel. */
    size_t width;
    /** The numbers: `width` of them for each row, row after row. NaN for a row to which the
     * operator was not applied. */
    const double *numbers;
} shs_drawn_value;

/** What an operator drew for the rows of a batch. */
typedef struct shs_drawn {
    /** The operator's name. */
    const char *name;
    /** Its number in the text, from 0. Operators that draw nothing, and those within others, are
     * counted, too. */
    size_t place;
    /** The operator with all its values, in the canonical form of the text. */
    const char *text;
    /** The number of fields of its statement, which share the draws. */
    size_t fields;
    /** The name of each field. */
    const char *const *field;
    /** The layout of a sample of each field as it came to the operator; "" if it is not known. */
    const char *const *layout;
    /** For each row: 1 if the operator was applied to it, 0 if not, -1 if nobody knows, because an
     * operator of the program's own had drawn before. */
    const int8_t *applied;
    /** The number of values. */
    size_t n_values;
    /** The values. one_of has the value "choice": the number of the operator in it, from 0. */
    const shs_drawn_value *values;
} shs_drawn;

/** A spacing of the rows of windows (every=A..B in fields.h) that was drawn for each row of a
 * batch. */
typedef struct shs_drawn_every {
    /** NAME of every=NAME:A..B; without a NAME that of the field. */
    const char *name;
    /** For each row of the batch the rows from one row of its windows to the next. */
    const uint64_t *every;
} shs_drawn_every;

/** The draws for the rows of a batch: see shs_batch_draws(). */
typedef struct shs_draws {
    /** Rows of the batch. */
    uint64_t rows;
    /** The number of spacings that are drawn. */
    size_t n_every;
    /** These spacings, in the order of the fields. */
    const shs_drawn_every *every;
    /** The number of operators that draw, or that hold others. */
    size_t n_operators;
    /** These operators, in the order of the text. */
    const shs_drawn *operators;
} shs_draws;

/** Local, any thread. Tells what each operator of the option `augment` drew for each row of a
 * batch, the record that `shardstep replay` prints, as numbers: to log it, to undo an augmentation,
 * or to move boxes and points as an image was moved. Draws are functions of the place, so they are
 * made again here: a loader that is not asked keeps no record and takes no time for it.
 *
 * @param loader  the loader that gave the batch
 * @param batch   a batch that is valid; with step_batches the whole batch or a part
 * @param draws   gets the record, whose row i is slot i of the batch; release it with
 *                shs_draws_close(). Its names and layouts are the loader's: it must not be used
 *                after shs_loader_close(), but may be released then. NULL on an error
 * @return SHS_OK; SHS_ERROR_MEMORY; SHS_ERROR_ARGUMENT for NULL and for a batch of another loader;
 *         SHS_ERROR_STATE for a batch that the program does not hold any more */
SHS_API SHS_MUST_CHECK shs_status shs_batch_draws(const shs_loader *loader, const shs_batch *batch,
                                                  shs_draws **draws);

/** Local, any thread. Releases a record of draws and leaves NULL in *draws. Accepts NULL and a
 * pointer to NULL. */
SHS_API void shs_draws_close(shs_draws **draws);

#ifdef __cplusplus
}
#endif

#endif
