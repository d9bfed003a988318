/* A checkpoint that rank 0 writes in a thread while the run goes on. */
#ifndef TRAIN_LATE_H
#define TRAIN_LATE_H

#include "load.h"
#include "train_state.h"

/* Collective. Begins to save. When the function returns, the program may change the tensors. The
 * ranks' contents are compared when the save is finished. The run must have finished its save
 * before. */
shs_status train_late_begin(shs_loader *loader, const char *folder, const struct train_state *state,
                            const uint64_t *ledger, uint64_t keep);

/* Collective. Finishes the run's save, if there is one. If another save follows at once, old
 * checkpoints are left for it to remove, unless it would lack their room: in the background this
 * costs the program no time. */
void train_late_finish(shs_run *run, bool follows);

/* Collective. Refuses tensors whose elements differ from those on rank 0. */
shs_status train_contents_compare(shs_run *run, const struct train_state *state,
                                  const struct train_content *contents);

#endif
