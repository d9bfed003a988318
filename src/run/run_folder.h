/* A folder of checkpoints: names, which was saved last, which are kept.
 *
 * Its file `latest` has a line NAME CHECKSUM for the checkpoint saved last, a second one for the
 * checkpoint before it, and a line "run OWNER" that says who wrote it. The first save of a folder
 * writes a `latest` with the line "none" before it writes a checkpoint: a folder that has
 * checkpoints and no `latest` has lost it. */
#ifndef RUN_FOLDER_H
#define RUN_FOLDER_H

#include <stdint.h>

#include "core_hash.h"
#include "io_lock.h"

enum {
    RUN_FILE_NAME_BYTES = 64
};

/* A checkpoint's file and, where it is known, the checksum of its bytes: HDF5 may crash on a
 * damaged file, so it must not see one. */
struct run_pointer {
    char name[RUN_FILE_NAME_BYTES]; /* "" for none */
    char checksum[CORE_DIGEST_TEXT];
};

/* What the file `latest` says. */
struct run_latest {
    bool there;
    struct run_pointer saved, before;
    char owner[IO_OWNER_BYTES]; /* "" if it does not say */
};

/* The checkpoint saved last, whose file is there; none in a folder that is not there, or in which
 * none was saved. An error if `latest` names a file that is not there or holds anything else than
 * names, or if checkpoints are there without it: the message says how to go on. */
shs_status run_folder_read(const char *folder, struct run_latest *latest);

/* Compares the bytes of a checkpoint's file with their checksum, if that is known. */
shs_status run_folder_check(const char *path, const struct run_pointer *pointer);

/* Appends to the message of a status how to go on without the checkpoint saved last, if it is its
 * file that is wrong and not the program. Returns the status. */
shs_status run_folder_advise(const char *folder, const struct run_latest *latest,
                             shs_status status);

/* A name for a checkpoint of a step that no file has: one that `latest` names is never written
 * over.
 */
shs_status run_folder_free_name(const char *folder, uint64_t step, char name[RUN_FILE_NAME_BYTES]);

/* Makes this what the file `latest` says, durably. */
shs_status run_folder_point(const char *folder, const struct run_latest *latest);

/* Removes all checkpoints but those that `latest` names. What is no file stays. */
shs_status run_folder_prune(const char *folder, const struct run_latest *latest);

#endif
