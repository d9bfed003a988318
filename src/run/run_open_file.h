/* The open files of a dataset: for run_files.c, which says when a file is opened. */
#ifndef RUN_OPEN_FILE_H
#define RUN_OPEN_FILE_H

#include "run_files.h"

struct run_open_file {
    struct run_open_file *newer, *older;
    size_t number;
    struct h5_file *h5; /* NULL: no field needs it */
    struct run_field *sources;
    uint64_t content; /* as in a run_file, if it was asked for */
};

/* How a file is opened. */
struct run_open_how {
    bool look;    /* as a field is looked at */
    bool content; /* the hash of its content is taken */
};

/* Opens a file, which is not on the list of open files; run_open_file_free() closes it. On error
 * *open is NULL. A file that is opened for the first time is identified. One whose fields lie at
 * other places than when it was last opened is an error. */
shs_status run_open_file(struct run_files *files, size_t number, const struct run_open_how *how,
                         struct run_open_file **open);
void run_open_file_free(struct run_files *files, struct run_open_file *open);

/* Opens a file and puts it first on the list. If the list is full, the file used least recently is
 * closed. */
shs_status run_open_file_keep(struct run_files *files, size_t number, bool content);

/* Puts a file on the list first, or takes it off and closes it. */
void run_open_file_first(struct run_files *files, struct run_open_file *open);
void run_open_file_close(struct run_files *files, struct run_open_file *open);

#endif
