/* The open files of a dataset: for run_files.c, which says when a file is opened. */
#ifndef RUN_OPEN_FILE_H
#define RUN_OPEN_FILE_H

#include "run_files.h"

struct run_open_file {
    struct run_open_file *newer, *older;
    size_t number;
    struct h5_file *h5; /* NULL if no field needs HDF5 */
    struct run_field *sources;
    uint64_t content; /* as in a run_file; 0: not asked for, or unknown */
};

/* How a file is opened. */
struct run_open_how {
    bool look;    /* its fields are only looked at: see run_field_how */
    bool content; /* the hash of its content is taken */
};

/* Local. Opens a file without putting it on the list of open files; run_open_file_free() closes it.
 * On error *open is NULL. A file that is opened for the first time is identified. SHS_ERROR_FILE if
 * fields lie at other places in the file than when it was last opened. */
shs_status run_open_file(struct run_files *files, size_t number, const struct run_open_how *how,
                         struct run_open_file **open);
void run_open_file_free(struct run_files *files, struct run_open_file *open);

/* Local. Opens a file and puts it first on the list. If the list is full, the file used least
 * recently is closed. */
shs_status run_open_file_keep(struct run_files *files, size_t number, bool content);

/* Local. The first function moves a file of the list to its front, the second takes a file off the
 * list and closes it. */
void run_open_file_first(struct run_files *files, struct run_open_file *open);
void run_open_file_close(struct run_files *files, struct run_open_file *open);

#endif
