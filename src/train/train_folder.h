/* A folder of checkpoints: names, which was saved last, which are kept.
 *
 * Its file `latest` has a line NAME CHECKSUM for the checkpoint saved last, a second one for the
 * checkpoint before it, and a line "run OWNER" that says who wrote it. The first save of a folder
 * writes a `latest` with the line "none" before it writes a checkpoint: a folder that has
 * checkpoints and no `latest` has lost it. */
#ifndef TRAIN_FOLDER_H
#define TRAIN_FOLDER_H

#include <stdint.h>

#include "core_hash.h"
#include "io_lock.h"

enum {
    TRAIN_FILE_NAME_BYTES = 64
};

/* A checkpoint's file and, where it is known, the checksum of its bytes: HDF5 may crash on a
 * damaged file, so it must not see one. */
struct train_pointer {
    char name[TRAIN_FILE_NAME_BYTES]; /* "" for none */
    char checksum[CORE_DIGEST_TEXT];
};

/* What the file `latest` says. */
struct train_latest {
    bool there;
    struct train_pointer saved, before;
    char owner[IO_OWNER_BYTES]; /* "" if it does not say */
};

/* Local. Sets *latest to what the file `latest` says. The file of the checkpoint saved last is
 * there. No checkpoint is named if the folder is not there, or if none was saved in it. An error if
 * `latest` names a file that is not there or holds anything else than names, or if checkpoints are
 * there without it: the message says how to go on. */
shs_status train_folder_read(const char *folder, struct train_latest *latest);

/* Local. Compares the bytes of a checkpoint's file with their checksum, if that is known. */
shs_status train_folder_check(const char *path, const struct train_pointer *pointer);

/* Local. If the file of the checkpoint saved last is wrong, and not the program, appends to the
 * message of a status how to go on without this checkpoint. Returns the status. */
shs_status train_folder_advise(const char *folder, const struct train_latest *latest,
                               shs_status status);

/* Local. Sets `name` to a name for a checkpoint of a step that no file has yet: a checkpoint that
 * `latest` names is never written over. */
shs_status train_folder_free_name(const char *folder, uint64_t step,
                                  char name[TRAIN_FILE_NAME_BYTES]);

/* Local. Writes the file `latest`, durably. */
shs_status train_folder_point(const char *folder, const struct train_latest *latest);

/* Local. Removes all checkpoints but those that `latest` names. Folders and other things that are
 * no files stay. */
shs_status train_folder_prune(const char *folder, const struct train_latest *latest);

#endif
