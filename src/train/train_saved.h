/* A check that a folder's last checkpoint comes from the run that is about to save there. */
#ifndef TRAIN_SAVED_H
#define TRAIN_SAVED_H

#include "load.h"
#include "train_folder.h"

/* Local. Compares the fingerprint of the checkpoint saved last in a folder with the loader's own.
 * The batch may differ. A folder without a checkpoint passes. SHS_ERROR_MISMATCH names the first
 * line that differs, and says how to keep runs apart. */
shs_status train_saved_check(const shs_loader *loader, const char *folder,
                             const struct train_latest *latest);

#endif
