/* The open files of a dataset: for data_files.c, which says when a file is opened. */
#ifndef DATA_OPEN_FILE_H
#define DATA_OPEN_FILE_H

#include "data_files.h"

struct data_open_file {
    struct data_open_file *newer, *older;
    size_t number;
    uint64_t holders;   /* the list, and fetches that read it; the last one closes it */
    struct h5_file *h5; /* NULL if no field needs HDF5 */
    struct data_field *sources;
    uint64_t content; /* as in a data_file; 0: not asked for, or unknown */
};

/* How a file is opened. */
struct data_open_how {
    bool look;    /* its fields are only looked at: see data_field_how */
    bool content; /* the hash of its content is taken */
};

/* Local. Opens a file without putting it on the list of open files. The caller is its only holder,
 * and calls data_open_file_release(). On error *open is NULL. A file that is opened for the first
 * time is identified. SHS_ERROR_FILE if fields lie at other places in the file than when it was
 * last opened. */
shs_status data_open_file(struct data_files *files, size_t number, const struct data_open_how *how,
                          struct data_open_file **open);

/* Local. One holder more, and one less: the last one closes the file. */
void data_open_file_hold(struct data_open_file *open);
void data_open_file_release(struct data_files *files, struct data_open_file *open);

/* Local. Bytes that the calling thread has read by position from an open file: what its opening
 * took, if no rows were read since. */
uint64_t data_open_file_bytes(const struct data_files *files, const struct data_open_file *open);

/* Local. Opens a file and puts it first on the list. If the list is full, the file used least
 * recently is closed. A file that a fetch reads is passed over; if a fetch reads all of them, one
 * more is open than most_open, until another is opened. */
shs_status data_open_file_keep(struct data_files *files, size_t number, bool content);

/* Local. The first function moves a file of the list to its front. The second takes a file off the
 * list and closes it, once no fetch reads it any more. */
void data_open_file_first(struct data_files *files, struct data_open_file *open);
void data_open_file_close(struct data_files *files, struct data_open_file *open);

#endif
