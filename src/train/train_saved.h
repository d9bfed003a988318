/* Whether a folder's checkpoint is of the run that saves there. */
#ifndef TRAIN_SAVED_H
#define TRAIN_SAVED_H

#include "load.h"
#include "train_folder.h"

/* Local. Compares the fingerprint of the checkpoint that was saved last in a folder, if there is a
 * checkpoint, with the loader's; the batch may differ. SHS_ERROR_MISMATCH names the first line that
 * differs, and says how to keep runs apart. */
shs_status train_saved_check(const shs_loader *loader, const char *folder,
                             const struct train_latest *latest);

#endif
