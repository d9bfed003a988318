/** @file
 * The record of a run: a log of hashes by which each step can be checked later, and a list of the
 * rows with the greatest losses.
 *
 *     shs_must(shs_record_open(loader, &(shs_record_options){.path = "run.log"}, &record));
 *     shs_must(shs_restore(loader, "checkpoints", state, N_STATE));
 *     while ((s = shs_must(shs_next(loader, &batch))) == SHS_OK) {
 *         model_gradient(&batch, gradients, losses);
 *         shs_must(shs_note(loader, &batch, losses));
 *         shs_must(shs_gradient_add(mean, &batch));
 *         if (!batch.ends_step) continue;
 *         shs_must(shs_gradient_mean(mean));
 *         model_update(state, gradients);
 *         shs_must(shs_record_step(record, gradients, N_TENSORS, state, N_WEIGHTS));
 *     }
 *     shs_must(shs_record_close(&record));
 *
 * THE LOG. A text file with a line for each step, which rank 0 appends when the step is done. Words
 * of a line are separated by tabs. The first line is "shardstep record 1". Lines "option NAME
 * VALUE" are the run's options as the program `shardstep` takes them, with \\, \\t, \\n and \\r in
 * a value for a backslash, a tab and the ends of a line. A line "needs WHAT" stands for what a line
 * cannot hold: a list of rows, or weights and operators of the program's own. Lines "fingerprint
 * TEXT" are the fingerprint of checkpoint.h. The header ends with the line
 *
 *     columns  step  rows  draws  batch  mean  weights  chain
 *
 * A step's line has these words. All but the first are hashes (XXH3-128, as xxhsum -H2 prints it),
 * or "-" for what was not hashed.
 *
 * - rows, draws, batch: the hash over the hashes of all virtual ranks, in their order, of 16 bytes
 *   each. A virtual rank's hash of rows is over the count of its batch and its row numbers, that of
 *   the batch goes on with the rows of each field: the word `batch` is the hash that `shardstep
 *   digest` prints. That of draws is over all numbers that the operators of the augmentation drew
 *   for each slot, and the spacings of windows. Numbers are little-endian; counts, row numbers and
 *   draws have 64 bits. The hashes are made when shs_next() hands a batch out. They are the same on
 *   any number of ranks and threads.
 * - mean, weights: the hash over the elements of the tensors given to shs_record_step(), one tensor
 *   after the other, little-endian, as rank 0 has them. shs_gradient_mean() makes them alike.
 * - chain: the hash over the chain of the line before, as 32 digits, and this line up to the tab
 *   before its chain. Before the first line, the chain is the hash of the header. So nobody can
 *   change a line, leave it out or put it elsewhere without all later chains.
 *
 * A line "note TEXT CHAIN" tells what happened. A run that goes on from a checkpoint goes on in its
 * log: lines of steps that it takes again are cut off, and a note says so, with the last chain that
 * was cut. Steps without a line are noted, too. Each line is written before shs_record_step()
 * returns, so it outlives the process. At each epoch's end and in shs_record_close() all lines are
 * brought to stable storage.
 *
 * `shardstep audit LOG FILE` checks the chain of all lines, and makes the rows, draws and batches
 * of some steps again.
 *
 * WHAT IT COSTS. Each rank hashes its batches: about 0.1 ms of a core for each MB, and 0.25 us for
 * each operator that draws and each slot. Rank 0 hashes mean and weights while the others wait:
 * 0.1 ms for each MB. A step has one gather of 48 bytes a virtual rank and two agreements. The
 * weights follow from the means, so give them in some steps only, and NULL in the others. Set
 * `without_batch` if the loader is the bottleneck.
 *
 * THE LIST. shs_note() takes the losses of a batch, and keeps the K worst rows of the epoch: NaN
 * first, then the greatest losses. Equal losses come in the order of row numbers, then of steps. At
 * the epoch's end shs_record_step() merges the lists of all ranks. The list is the same on any
 * number of ranks. Rank 0 writes it to a text file, durably. Its first two lines are "# shardstep
 * worst rows 1" and the names of the columns
 *
 *     epoch  epoch step  step  vrank  slot  row  loss
 *
 * separated by tabs. The rows of all epochs follow, the worst first in each epoch. An epoch that is
 * done again takes the place of its former rows and of later epochs. shs_record_close() inside an
 * epoch writes the rows so far, behind a line "# epoch ..." that says of which steps the losses are
 * known. A run that goes on at just this step takes them over, so the list of a run that was
 * stopped and saved is that of a run that was not. A run that goes on from an earlier step, as
 * after a kill or a shs_restore(), does not know the losses before it, nor does a run that leaves
 * steps out. The line of its list says so. Rows of a step that was not recorded are not in the
 * list. `shardstep replay FILE --worst LIST` makes the rows of a list again. */
#ifndef SHARDSTEP_RECORD_H
#define SHARDSTEP_RECORD_H

#include "loader.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is recorded. A zeroed struct records nothing. All members must be the same on every rank.
 */
typedef struct shs_record_options {
    /** The path of the log. The texts are copied. NULL means no log. */
    const char *path;
    /** If true, only rows and draws are hashed, not the elements of batches. In a run of groups
     * (context.h), whose ranks have slabs of a sample, it must be true. */
    bool without_batch;
    /** The path of the list of the worst rows. NULL means no list. */
    const char *worst;
    /** K, the number of rows of an epoch in the list, up to 2^20. 0 means 32. */
    uint64_t worst_rows;
} shs_record_options;

/** An open record. shs_record_open() makes it, shs_record_close() releases it. */
typedef struct shs_record shs_record;

/** Collective. Opens a record of a loader, before or after the run goes on from a checkpoint. A
 * loader has one record at a time. A log that is there is gone on with; its lines are not touched
 * before the first shs_record_step(), which also looks whether the log's run has had its batch
 * since the same step. The folder of the list of the worst rows is tried.
 *
 * @param loader   the loader. Close the record first
 * @param options  borrowed for the call; NULL: the defaults
 * @param record   gets the record, which the caller releases by shs_record_close(); NULL on error
 * @return SHS_OK; SHS_ERROR_MISMATCH if the log is that of a run with another fingerprint or
 *         other options: give each run a log of its own, and a run whose batch changes a new log;
 *         SHS_ERROR_FORMAT if a file that is no log or no list has its name; SHS_ERROR_FILE if the
 *         log or the list cannot be written; SHS_ERROR_STATE
 *         if the loader has a record, and inside a step; SHS_ERROR_DISAGREE for other options on
 *         another rank; SHS_ERROR_ARGUMENT for NULL, for an empty path, for one path for the log
 *         and the list, and for a batch to be hashed in a run of groups; SHS_ERROR_UNSUPPORTED if
 * the ranks cannot talk to each other; SHS_ERROR_MEMORY */
SHS_API SHS_MUST_CHECK shs_status shs_record_open(shs_loader *loader,
                                                  const shs_record_options *options,
                                                  shs_record **record);

/** Local. Notes the losses of a batch for the list of the worst rows. Call it before the step's
 * shs_record_step(). Does nothing if the record of the loader has no list.
 *
 * @param loader  the loader that gave the batch
 * @param batch   a batch that is valid; with step_batches one of its parts
 * @param losses  the loss of each of the first batch->count rows; may be NULL if count is 0
 * @return SHS_OK; SHS_ERROR_STATE if the loader has no record, or for a batch of another step than
 *         the latest; SHS_ERROR_ARGUMENT for NULL, and for a whole batch with parts */
SHS_API SHS_MUST_CHECK shs_status shs_note(shs_loader *loader, const shs_batch *batch,
                                           const double *losses);

/** Collective. Records the step whose last batch shs_next() has handed out. It takes a stop request
 * and a loading error to all ranks, as shs_agree() does. At an epoch's end it also merges and
 * writes the list of the worst rows.
 *
 * @param record     the record
 * @param mean       the tensors of the mean, borrowed for the call; NULL: not hashed. Only rank 0
 *                   reads their elements
 * @param n_mean     tensors in `mean`
 * @param weights    the weights after the step; as `mean`
 * @param n_weights  tensors in `weights`
 * @return SHS_OK; the loading error of the step; SHS_ERROR_STATE if a rank has not taken all its
 *         batches of the step, if the step has been recorded, or if the loader is closed;
 *         SHS_ERROR_FILE if the log or the list cannot be written, on every rank, with a
 *         message of both if both fail; SHS_ERROR_MISMATCH if the log is that of a run that has had
 *         its batch since another step; SHS_ERROR_DISAGREE if other ranks make another call;
 *         SHS_ERROR_ARGUMENT for NULL and for a tensor that shs_tensor_bytes() refuses. After an
 *         error of a file the step has no line; the next line comes with a note about it */
SHS_API SHS_MUST_CHECK shs_status shs_record_step(shs_record *record, const shs_tensor *mean,
                                                  size_t n_mean, const shs_tensor *weights,
                                                  size_t n_weights);

/** Collective. Writes the list of an epoch that has not ended, brings the log to stable storage,
 * and releases the record in any case. Leaves NULL. Accepts NULL and a pointer to NULL.
 *
 * @return SHS_OK; SHS_ERROR_FILE if that failed, on every rank; SHS_ERROR_STATE if the run is
 *         closed; SHS_ERROR_DISAGREE if other ranks make another call */
SHS_API shs_status shs_record_close(shs_record **record);

#ifdef __cplusplus
}
#endif

#endif
