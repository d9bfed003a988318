/* What was learned when the files of a dataset were examined, packed into bytes: for each file its
 * identity, and for each array its shape, where its elements lie, its checksums, and a hash of its
 * content. Who has the bytes need not examine a file that is still the same. */
#ifndef DATA_INDEX_H
#define DATA_INDEX_H

#include "core_hash.h"
#include "data_constants.h"
#include "data_files.h"
#include "data_pack.h"
#include "io_witness.h"

/* ---- packing */

/* Local. Begins an index of files. Then data_index_add() adds each file that was examined, in
 * order, and data_index_end() ends the index with the constant fields of all files. Errors stay in
 * *pack. */
void data_index_begin(struct data_pack *pack, const struct data_files *files);
void data_index_end(struct data_pack *pack, const struct data_sample *sample,
                    const struct data_constants *constants);

/* Local. Adds a file, or an empty entry if a field cannot be described, or if the file has changed
 * since it was opened. `witness` says what was read to examine the file. */
void data_index_add(struct data_pack *pack, const struct data_files *files,
                    const struct data_open_file *open, const struct io_witness *witness);

/* Local. Adds an empty entry, for a file that was not examined. */
void data_index_skip(struct data_pack *pack);

/* ---- use */

struct data_index;

/* Local. Opens an index. It takes over the bytes, also on error. SHS_ERROR_FORMAT if they
 * contradict themselves, SHS_ERROR_UNSUPPORTED if another version of the library or another kind of
 * machine made them. On error *index is NULL. */
shs_status data_index_open(struct data_pack *pack, struct data_index **index);
void data_index_close(struct data_index **index);

/* Local. Refuses an index of other arrays or options than those of the files to be opened, and
 * notes where these arrays are in it. SHS_ERROR_ARGUMENT. */
shs_status data_index_match(struct data_index *index, const struct data_files_how *how);

/* Local. Lets an index that has one entry describe files of any names. */
void data_index_name_any(struct data_index *index);

/* A file of an index. */
struct data_index_file {
    struct io_identity identity; /* of the file as it is now */
    bool is_copy;                /* true if it is another file with the same bytes */
    bool glanced;                /* true if of its arrays only shapes are known */
    bool compared;               /* as in struct data_file */
    struct data_unpack arrays;   /* borrowed from the index */
};

/* Local. Finds a file in the index. *fits is set to true if the file is as it was when it was
 * examined: the same file with the same size and time, or another file of the same size with the
 * same bytes where the examination read. Only then *file is set. */
shs_status data_index_find(const struct data_index *index, const struct data_files *files,
                           size_t number, struct data_index_file *file, bool *fits);

/* Local. Takes the constant fields of a sample, as the files have them that the index describes.
 * *found is set to false if the index does not have all of them. They must be freed, also after an
 * error. */
shs_status data_index_constants(const struct data_index *index, const struct data_sample *sample,
                                struct data_constants *constants, bool *found);

/* Local. Returns how many files the index has, and sets *described to how many of them it
 * describes.
 */
size_t data_index_files(const struct data_index *index, size_t *described);

/* Local. The first function returns how many arrays the index has of each file. The second returns
 * the number of one of them among the arrays of the files, or SIZE_MAX if they do not have it. */
size_t data_index_arrays(const struct data_index *index);
size_t data_index_array_number(const struct data_index *index, size_t array);

/* Local. Takes the next array that the index has of a file. Its reader is not open. *needs_hdf5 is
 * set to true if its rows can be read only through HDF5. The caller closes the field, also on
 * error. */
shs_status data_index_take(const char *path, struct data_index_file *file, struct data_field *field,
                           bool *needs_hdf5);

#endif
