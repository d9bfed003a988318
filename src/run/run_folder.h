/* A folder of checkpoints: names, which was saved last, which are kept. */
#ifndef RUN_FOLDER_H
#define RUN_FOLDER_H

#include <stdint.h>

#include "core_hash.h"

enum {
    RUN_FILE_NAME_BYTES = 64
};

/* A checkpoint's file and, where it is known, the checksum of its bytes: HDF5 may crash on a
 * damaged file, so it must not see one. */
struct run_pointer {
    char name[RUN_FILE_NAME_BYTES]; /* "" for none */
    char checksum[CORE_DIGEST_TEXT];
};

/* The checkpoint saved last: the first that the file `latest` names and that is there or, if there
 * is none, the one of the largest step. A folder that is not there has none. */
shs_status run_folder_read(const char *folder, struct run_pointer *latest);

/* A name for a checkpoint of a step that no file has: one that `latest` names is never written
 * over.
 */
shs_status run_folder_free_name(const char *folder, uint64_t step, char name[RUN_FILE_NAME_BYTES]);

/* Makes `saved` the latest and `before` the one before it, durably. */
shs_status run_folder_point(const char *folder, const struct run_pointer *saved,
                            const struct run_pointer *before);

/* Removes all checkpoints but these two. */
shs_status run_folder_prune(const char *folder, const struct run_pointer *saved,
                            const struct run_pointer *before);

#endif
