/** @file
 * Checkpoints: a loader's cursor and the program's state, written whole or not at all.
 *
 * A checkpoint is one file, DIR/step-NNNNNNNNNN.h5. A further checkpoint of the same step ends in
 * -2.h5. The file holds the tensors, the cursor with the ledger of the epoch, the run's
 * fingerprint, and a checksum of all of these. The fingerprint is a text that says what the
 * run is a function of: field names, types and shapes, the number of samples, seed, V, batch,
 * order, augmentation and versions. It never holds paths, times or the layout of files.
 *
 * Programs read the file in two ways, with the same names and bytes of the tensors:
 *
 * - As HDF5. A tensor is the dataset state/NAME. The root group has the attributes `progress`
 *   (epoch, epoch step and step first), `fingerprint` and `tensors`, and the dataset `checksum`.
 * - As safetensors. A tensor is NAME. The metadata has `epoch`, `epoch_step`, `step`, `fingerprint`
 *   and `checksum` as texts. The bytes that are HDF5's stand there as arrays __hdf5__.0,
 *   __hdf5__.1, …, because safetensors allows no gaps.
 *
 * The file DIR/latest names the checkpoints that are kept, the newest first, each with the checksum
 * of its bytes. If the newest is damaged, the one before it is restored, and the program is told.
 * Nothing is guessed: if `latest` names a file that is not there, or if checkpoints are there
 * without `latest`, saving and restoring are errors. The message says how to go on.
 *
 * Each run needs a folder of its own. The first shs_save() or shs_restore() of a loader locks the
 * folder (flock() on DIR/.lock). The lock ends when the loader is closed or its process ends, for
 * whatever reason. To look at a checkpoint while its run goes on, copy it and `latest` to another
 * folder. A loader may save in several folders.
 *
 * The file `latest` also says which loader of which process wrote it. A save is refused if another
 * loader has saved since this loader last saved or restored. So two runs in one folder are noticed
 * on a file system without locks as well, only later. Checkpoints of a run with another fingerprint
 * are never removed: saving beside them is refused. */
#ifndef SHARDSTEP_CHECKPOINT_H
#define SHARDSTEP_CHECKPOINT_H

#include "loader.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Collective. Saves the loader's cursor and `count` tensors with distinct names. The tensors must
 * have the same content on every rank, so do not save wall-clock times.
 *
 * Rank 0 writes. When shs_save() returns SHS_OK, the checkpoint is on stable storage. The folder is
 * made if its parent exists. On error earlier checkpoints are as they were.
 *
 * A name is UTF-8 of 1 to 255 bytes without '/'. It neither begins with __hdf5__. nor is
 * __metadata__, which are safetensors' own.
 *
 * SHS_ERROR_DISAGREE if the tensors or the folder's path differ between ranks. SHS_ERROR_STATE
 * inside a step, and after an error of the loader until shs_seek() or shs_restore(): seek to what
 * shs_tell() returns, the beginning of the step that failed, and save there.
 * SHS_ERROR_UNSUPPORTED if the ranks cannot talk to each other: shs_open_ranks() with `agree` NULL.
 */
SHS_API SHS_MUST_CHECK shs_status shs_save(shs_loader *loader, const char *folder,
                                           const shs_tensor *state, size_t count);

/** How a checkpoint is saved. A zeroed struct means the defaults. The options must be the same on
 * every rank. */
typedef struct shs_save_options {
    /** Checkpoints that are kept in the folder, this one included. 1 to 256; default 0: 2. With 1
     * nothing is left to fall back to if the checkpoint is damaged later. */
    uint64_t keep;

    /** Saves in the background: see below. Default false. */
    bool asynchronous;
} shs_save_options;

/** Collective. Does what shs_save() does, with options; NULL: the defaults. `options` is borrowed
 * for the call.
 *
 * With the option `asynchronous` the call returns when rank 0 has copied the tensors, which takes
 * as much memory again there until the run is closed. A thread of rank 0 then writes the checkpoint
 * to stable storage while the run goes on. It is the newest checkpoint of the folder only after the
 * ranks have agreed on it, which a later call does: the next shs_save(), shs_save_with(),
 * shs_save_wait(), shs_restore() or shs_close() of the run. A process that is killed before leaves
 * the checkpoint before as the newest. So do not let too long a time pass until the next of these
 * calls, or end the save by shs_save_wait() after some steps.
 *
 * The outcome of such a save is returned by the next shs_save(), shs_save_with(), shs_save_wait()
 * or shs_close() of the run, and by no other call. If this call is itself a save, it saves all the
 * same, and its message says so. SHS_ERROR_DISAGREE for tensors with different content comes with
 * the outcome, too. If the save fails, earlier checkpoints are as they were.
 *
 * If the program ends without shs_close(), MPI_Finalize() finishes the save. If the save fails, the
 * run's `report` is told on rank 0 (SHS_REPORT_CHECKPOINT in context.h). */
SHS_API SHS_MUST_CHECK shs_status shs_save_with(shs_loader *loader, const char *folder,
                                                const shs_tensor *state, size_t count,
                                                const shs_save_options *options);

/** Collective. Waits until the run's save in the background is finished, and returns its outcome:
 * see shs_save_with(). SHS_OK at once if there is none. `loader` is any loader of the run. */
SHS_API SHS_MUST_CHECK shs_status shs_save_wait(shs_loader *loader);

/** Collective. Brings back the checkpoint that was saved last: fills the tensors on every rank and
 * seeks the loader. With MPI rank 0 reads. In a run of shs_open_ranks() every rank reads, and the
 * ranks compare what they have read. On error tensors and loader are as they were. Other loaders
 * stay where they are: a loader for validation, say, begins with its epoch 0 unless shs_seek()
 * moves it.
 *
 * If the bytes of this checkpoint contradict themselves, the checkpoint before it is restored, and
 * so on through all that `latest` names. The result is SHS_OK. The run's `report` is told on rank 0
 * what is damaged (SHS_REPORT_CHECKPOINT in context.h). In a run without `report`, shs_notice() has
 * this text, and shs_must() prints it. The next save removes the damaged files.
 *
 * SHS_NO_CHECKPOINT, a positive status, if none was ever saved in the folder. The folder is then
 * made. If it cannot be written to, the result is SHS_ERROR_FILE: the program learns this before
 * the first epoch. A folder that has a checkpoint may be read-only, as for inference.
 *
 * SHS_ERROR_MISMATCH names what has changed since the checkpoint was saved. Only the batch may
 * change, and only if the checkpoint was made at an epoch's end. SHS_ERROR_FILE if the checkpoint
 * is gone, cannot be read or is no file; the message names the checkpoint to go on from in its
 * place. SHS_ERROR_FORMAT if all checkpoints are damaged; the message names each.
 * SHS_ERROR_DISAGREE if ranks that read by themselves find different checkpoints.
 * SHS_ERROR_UNSUPPORTED if the ranks cannot talk to each other. */
SHS_API SHS_MUST_CHECK shs_status shs_restore(shs_loader *loader, const char *folder,
                                              const shs_tensor *state, size_t count);

#ifdef __cplusplus
}
#endif

#endif
