/* The sources of a virtual array whose rows are read directly. Each source has a reader of its own.
 */
#ifndef DATA_SOURCES_H
#define DATA_SOURCES_H

#include "data_field.h"
#include "h5_file.h"
#include "io_file.h"

/* Returns how many sources may be open for an array that is read alone. Each takes a descriptor.
 * All of them take up to an eighth of the process's descriptors. */
size_t data_sources_allowed(void);

/* Opens the sources of a virtual array that is open in HDF5. Leaves field->sources NULL, and sets
 * field->reason, if they cannot be read directly: if a source has only parts of rows, if it must be
 * converted, or if it is only readable by HDF5 itself. */
shs_status data_sources_open(struct h5_file *file, const struct data_field_how *how,
                             struct data_field *field);

/* The sources of a virtual array as an index has them, in place of those that HDF5 knows. */
struct data_sources_known {
    struct data_field *field; /* one for each source */
    struct io_identity *file; /* of the file of each source when it was examined */
    size_t count;
    struct h5_run *run;
    size_t n_runs;
    size_t element_bytes; /* in memory */
};

/* Makes the sources of a virtual array from what is known of them, whose memory is taken over, also
 * on error. field->sources stays NULL if they cannot be read directly, or are more than `most`. */
shs_status data_sources_make(struct data_sources_known *known, size_t most,
                             struct data_field *field);

/* Local. Opens what is needed to read sources that were made. With `map` they are mapped. */
shs_status data_sources_begin(struct data_sources *sources, bool map);

/* Local. Refuses sources that were made and whose files have changed. *touched is set to true if a
 * file differs only in the time of its last change. `sources` may be NULL. */
shs_status data_sources_check(const struct data_sources *sources, bool *touched);

/* Returns the runs of the array. */
const struct h5_runs *data_sources_runs(const struct data_sources *sources);

/* Closes the sources and sets *sources to NULL, which it may be already. */
void data_sources_close(struct data_sources **sources);

/* Returns how many sources there are. 0 if `sources` is NULL. */
size_t data_sources_count(const struct data_sources *sources);
const struct data_field *data_sources_field(const struct data_sources *sources, size_t source);

/* Neighbouring rows of a source, and how many rows of the virtual array they are. A row of the
 * virtual array is one or more rows of the source. */
struct data_source_rows {
    struct data_field *source;
    uint64_t first, count;
    uint64_t rows;
};

/* Finds where rows [first, first + count) of the array begin: as many of them as are neighbours in
 * one source. They must be rows of the array, and at least one. May be called in any thread. */
struct data_source_rows data_sources_find(const struct data_sources *sources, uint64_t first,
                                          uint64_t count);

/* Returns true if the rows of all sources have the shape of the array's rows, so that a part of
 * these can be read of them, or if `sources` is NULL. */
bool data_sources_are_alike(const struct data_sources *sources);

/* Returns the most rows of a source that a row of the array is. */
uint64_t data_sources_most(const struct data_sources *sources);

/* Returns the most pieces, each of one source, that neighbouring rows of the array are in. */
uint64_t data_sources_pieces(const struct data_sources *sources, uint64_t rows);

/* Returns rows of the array among which are those that have some of these rows of a source. The
 * list of rows may be too long, where rows between them are of other sources. */
struct io_rows data_sources_rows_of(const struct data_field *source, struct io_rows rows);

/* Lists the runs of neighbouring rows of the array that have some of these rows of a source.
 * Returns their number, or 0 if there are more than `most`. */
size_t data_sources_list(const struct data_field *source, struct io_rows rows, size_t most,
                         struct io_rows *list);

/* Reads rows of the array, or the part of them that it takes. Must be called in the calling thread.
 */
shs_status data_sources_read(struct data_field *field, uint64_t first, uint64_t count, bool whole,
                             void *to);

/* Has the sources take the part of their rows that the array takes. */
void data_sources_take(const struct data_field *field);

/* Gives sources the keys and numbers of rows that follow from those of the array. */
void data_sources_tell(const struct data_field *field);

#endif
