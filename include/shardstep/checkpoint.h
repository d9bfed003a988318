/* Checkpoints: a loader's cursor and the program's state, written whole or not at all.
 *
 * A checkpoint is one HDF5 file, DIR/step-NNNNNNNNNN.h5 (-2.h5 for another of that step), with a
 * dataset for each tensor, the cursor with the epoch's ledger, a checksum of all of it and the
 * run's fingerprint: what the data is (field names, types, shapes, number of samples; never path,
 * time or layout), seed, V, batch, order, augmentation and versions. DIR/latest names the
 * checkpoint saved last, with the checksum of its bytes, and the one before it; both are kept.
 * Nothing is guessed: where `latest` names a file that is not there, or checkpoints are there
 * without it, saving and restoring are an error whose message says how to go on.
 *
 * One run a folder. The first shs_save() or shs_restore() of a loader locks the folder (flock() on
 * DIR/.lock) until the loader is closed or its process ends, whatever ends it: to look at a
 * checkpoint while its run goes on, copy it and `latest` to another folder. A loader may save in
 * several folders. `latest` also says which loader of which process wrote it, and a save is refused
 * if another loader has saved since this one last saved or restored: so two runs are noticed, if
 * later, on a file system without locks too.
 * Checkpoints of a run with another fingerprint are never removed: saving beside them is refused.
 */
#ifndef SHARDSTEP_CHECKPOINT_H
#define SHARDSTEP_CHECKPOINT_H

#include "loader.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Collective. Saves the loader's cursor and `count` tensors with distinct names. They must have
 * the same content on every rank, so do not save wall-clock times; SHS_ERROR_DISAGREE if they
 * differ. Rank 0 writes; when it returns SHS_OK the checkpoint is on stable storage. The folder is
 * made if its parent exists; SHS_ERROR_DISAGREE if its path differs between ranks. On error earlier
 * checkpoints are as they were. SHS_ERROR_STATE inside a step. */
SHS_API SHS_MUST_CHECK shs_status shs_save(shs_loader *loader, const char *folder,
                                           const shs_tensor *state, size_t count);

/* Collective. Brings back the checkpoint saved last: fills the tensors on every rank and seeks the
 * loader. Rank 0 reads. SHS_NO_CHECKPOINT, a positive status, if none was ever saved there: the
 * folder is then made, and SHS_ERROR_FILE says before the first epoch that it cannot be written in.
 * A folder that has a checkpoint may be read-only, as for inference.
 * SHS_ERROR_MISMATCH names what has changed since; only the batch may change, if the checkpoint was
 * made at an epoch's end. SHS_ERROR_FILE or SHS_ERROR_FORMAT if the checkpoint is gone, damaged or
 * something else; the message names the checkpoint to go on from in its place. On error tensors and
 * loader are as they were. */
SHS_API SHS_MUST_CHECK shs_status shs_restore(shs_loader *loader, const char *folder,
                                              const shs_tensor *state, size_t count);

#ifdef __cplusplus
}
#endif

#endif
