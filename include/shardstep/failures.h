/** @file
 * Failures: what becomes of rows that cannot, or must not, be delivered.
 *
 * A row that cannot be delivered ends the run, unless the options `failures` say that another row
 * takes its place. It is the next row of the dataset, and the first row after the last one, that is
 * neither damaged nor excluded (and has no NaN, if NaN are replaced). Only rows of the subset are
 * taken and, in a mixture, only rows of the same source. With SHS_SHARD_FIXED it may be a row of
 * another virtual rank. With weights it may have any weight, also 0: put rows of weight 0 that must
 * never come on the list `exclude`.
 *
 * - The order stays: N, the steps, slots and weights of rows are those of the planned rows. So are
 *   the draws of an augmentation, also with SHS_BY_SAMPLE: they are those of the planned row's
 *   number.
 * - A batch says which rows it has (index) and which the order had planned (replaced). The ledger
 *   counts the planned rows.
 * - The rows are a function of the files and the options, whatever the number of ranks and threads.
 *   They are the same after a seek and in `shardstep replay`.
 * - Each replaced row is told to the program by the `report` of shs_run_options, and counted in
 *   shs_loader_statistics.
 *
 * A batch with a bad row is read again, row by row, in the calling thread of shs_next(). List bad
 * rows that are known in `exclude`: these are not read at all. */
#ifndef SHARDSTEP_FAILURES_H
#define SHARDSTEP_FAILURES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What becomes of a row that is damaged: its bytes contradict themselves, by a checksum, by a
 * structure or by a size, or they cannot be decoded (SHS_ERROR_FORMAT). An error of the system (a
 * read that fails, a file that is gone, too little memory) and a filter that is not there are no
 * damage: they always stop the loader. */
typedef enum shs_on_damage {
    /** It is an error. */
    SHS_DAMAGE_STOP = 0,
    /** Another row takes its place. */
    SHS_DAMAGE_REPLACE,
} shs_on_damage;

/** What becomes of a row that has a NaN in a field of floating-point numbers, as it is stored. With
 * another choice than SHS_NAN_KEEP each row is searched before it is augmented. */
typedef enum shs_on_nan {
    /** It is delivered. */
    SHS_NAN_KEEP = 0,
    /** It is an error, SHS_ERROR_FORMAT. */
    SHS_NAN_STOP,
    /** Another row takes its place. */
    SHS_NAN_REPLACE,
} shs_on_nan;

/** What becomes of rows that cannot, or must not, be delivered. All members are lines
 * of the run's fingerprint and must be the same on every rank. A run cannot go on with other
 * values: shs_restore() refuses them, and a new run needs a folder of its own. A zeroed struct
 * means that damage is an error, that NaN are delivered, and that no row is excluded. */
typedef struct shs_failures {
    /** SHS_DAMAGE_STOP by default. */
    shs_on_damage damage;
    /** SHS_NAN_KEEP by default. */
    shs_on_nan nan;
    /** Numbers of rows that are never read and never delivered, ascending, each once. Another row
     * takes the place of each. The loader keeps 16 bytes for each run of neighbours. A number that
     * is not in the subset has no effect. SHS_ERROR_ARGUMENT if nothing is left of the subset or of
     * a source that must give rows. NULL means none. */
    const uint64_t *exclude;
    /** Numbers in `exclude`. */
    uint64_t n_exclude;
} shs_failures;

#ifdef __cplusplus
}
#endif

#endif
