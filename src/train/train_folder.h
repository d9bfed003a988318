/* A folder of checkpoints: their names, the checkpoint saved last, the checkpoints kept.
 *
 * Its file `latest` has a line NAME CHECKSUM for each checkpoint that is kept, the newest first,
 * and a line "run OWNER" that says who wrote it. The first save of a folder writes a `latest` with
 * the line "none" before it writes a checkpoint. So a folder with checkpoints, but without
 * `latest`, has lost this file. */
#ifndef TRAIN_FOLDER_H
#define TRAIN_FOLDER_H

#include <stdint.h>

#include "core_hash.h"
#include "io_lock.h"
#include "mpi_run.h"

enum {
    TRAIN_FILE_NAME_BYTES = 64,
    TRAIN_KEEP = 2,       /* checkpoints that are kept unless the program says otherwise */
    TRAIN_KEEP_MOST = 256 /* most checkpoints that may be kept */
};

/* A checkpoint's file, and the checksum of its bytes. The checksum is compared before HDF5 opens
 * the file, because HDF5 may crash on a damaged file. */
struct train_pointer {
    char name[TRAIN_FILE_NAME_BYTES]; /* "" for no checkpoint */
    char checksum[CORE_DIGEST_TEXT];  /* "" if it is not known */
};

/* The content of the file `latest`. */
struct train_latest {
    bool there;                                 /* the file exists */
    size_t count;                               /* checkpoints that it names */
    struct train_pointer kept[TRAIN_KEEP_MOST]; /* the checkpoint saved last, the one before, … */
    char owner[IO_OWNER_BYTES];                 /* who wrote the file; "" if it is not known */
};

/* Makes a checkpoint the newest of *latest, which then names at most `keep` checkpoints. */
void train_latest_add(struct train_latest *latest, const struct train_pointer *pointer,
                      uint64_t keep);

/* Takes the names of checkpoints that are newer than `name` out of *latest, if it has `name`. */
void train_latest_go_back(struct train_latest *latest, const char *name);

/* SHS_ERROR_ARGUMENT if a program gives no folder: NULL or "". */
shs_status train_folder_given(const char *folder);

/* SHS_ERROR_UNSUPPORTED in a run whose ranks cannot talk to each other: nobody can tell whether
 * they all have come to the same place. */
shs_status train_ranks_check(const shs_run *run);

/* A folder's path as the ranks compare it. A long path is cut off behind a hash of the whole path.
 * The label of NULL is "". */
struct train_folder_label {
    char text[160];
};
struct train_folder_label train_folder_label(const char *folder);

/* Local. Sets *latest to what the file `latest` says. *latest names no checkpoint if the folder
 * does not exist, or if no checkpoint was saved in it. SHS_ERROR_FILE if the checkpoint saved last
 * does not exist, or if checkpoints exist without `latest`. SHS_ERROR_FORMAT if `latest` has a line
 * that does not belong there. These messages say how to go on. */
shs_status train_folder_read(const char *folder, struct train_latest *latest);

/* Local. SHS_ERROR_FORMAT if the bytes of a checkpoint's file do not have the pointer's checksum. A
 * checksum that is not known is not compared. */
shs_status train_folder_check(const char *path, const struct train_pointer *pointer);

/* Local. For an error of the newest `failed` checkpoints: appends to the message how to go on
 * without these. Returns the status. Statuses that are not errors of files leave the message
 * alone. */
shs_status train_folder_advise(const char *folder, const struct train_latest *latest, size_t failed,
                               shs_status status);

/* Local. Sets `name` to a name for a checkpoint of a step. No file has this name, so no checkpoint
 * is ever overwritten. */
shs_status train_folder_free_name(const char *folder, uint64_t step,
                                  char name[TRAIN_FILE_NAME_BYTES]);

/* Local. Writes the file `latest` durably. After an error the folder has the former file or, if
 * only the last sync failed, the new file. */
shs_status train_folder_point(const char *folder, const struct train_latest *latest);

/* Local. Removes all checkpoints except those that `latest` names. Folders stay, whatever their
 * names. */
shs_status train_folder_prune(const char *folder, const struct train_latest *latest);

#endif
