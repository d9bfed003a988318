/* The open files of a dataset. data_files.c decides when a file is opened. */
#ifndef DATA_OPEN_FILE_H
#define DATA_OPEN_FILE_H

#include "data_files.h"

struct data_open_file {
    struct data_open_file *newer, *older;
    size_t number;
    uint64_t holders;   /* the list, and fetches that read it; the last holder closes it */
    uint64_t fetches;   /* how many of the holders are fetches */
    struct h5_file *h5; /* NULL if no array needs HDF5 */
    struct data_field *arrays;
    uint64_t content; /* as in struct data_file; 0: not asked for, or unknown */
    /* True if it was made from an index, and nothing of it is open: data_open_file_begin(). */
    bool late;
    bool needs_hdf5; /* with `late`: true if some rows can be read only through HDF5 */
};

/* How a file is opened. */
struct data_open_how {
    bool look;    /* true to only look at its arrays, as in struct data_field_how */
    bool content; /* true to compute the hash of its content */
};

/* Local. Opens a file without putting it on the list of open files. The caller is its only holder,
 * and calls data_open_file_release(). A file that is opened for the first time is identified.
 * SHS_ERROR_FILE if arrays lie at other offsets than when the file was last opened. On error *open
 * is NULL. */
shs_status data_open_file(struct data_files *files, size_t number, const struct data_open_how *how,
                          struct data_open_file **open);

/* Local. The first function adds a holder of the file. The second takes a holder away, and the last
 * holder closes the file. */
void data_open_file_hold(struct data_open_file *open);
void data_open_file_release(struct data_files *files, struct data_open_file *open);

/* Local. Returns the bytes that the calling thread has read directly from an open file. They are
 * the bytes that its opening took, if no rows were read since. */
uint64_t data_open_file_bytes(const struct data_files *files, const struct data_open_file *open);

/* Local. Opens a file and puts it first on the list. A file that is like another one is not opened
 * with HDF5: data_alike.h. If the list is full, the file used least recently is closed. A file that
 * a fetch reads is passed over. If fetches read all files, one file more than most_open stays open
 * until the next file is opened. */
shs_status data_open_file_keep(struct data_files *files, size_t number, bool content);

/* Local. The first function moves a file to the front of the list. The second takes a file off the
 * list and closes it, once no fetch reads it any more. */
void data_open_file_first(struct data_files *files, struct data_open_file *open);
void data_open_file_close(struct data_files *files, struct data_open_file *open);

/* Local. Makes a file as an index describes it, without opening it, if it is still as it was. If
 * not, *open stays NULL. The arrays have shapes, and layouts unless the file was only glanced at.
 * The file is put first on the list if `stays` is true and it has layouts. Otherwise the caller is
 * its only holder. The offsets of ragged fields can be read until data_open_file_rest() is
 * called. */
shs_status data_open_file_indexed(struct data_files *files, size_t number,
                                  const struct data_index *index, bool stays,
                                  struct data_open_file **open);
void data_open_file_rest(const struct data_files *files, struct data_open_file *open);

/* Local. Calls the function that is to be called before files of this rank are used that nobody has
 * examined for it, once. */
shs_status data_open_file_before(struct data_files *files);

/* Local. Opens what a file on the list needs before its rows are read, if it was made from an
 * index. If it needs HDF5, the file is closed and opened anew. */
shs_status data_open_file_begin(struct data_files *files, size_t number);

#endif
