/* HDF5 files: the only folder that calls the library. In the caller's thread only. */
#ifndef H5_FILE_H
#define H5_FILE_H

#include "io_layout.h"

struct h5_file;
struct h5_field;

/* Keeps HDF5 from cleaning up when the program exits: after a damaged file it would print what it
 * could not close. For programs, which close what they write. To be called before any other
 * function of this folder. */
void h5_forget_at_exit(void);

/* Closes HDF5 at once, as MPI_Finalize() does where HDF5 was built with MPI. This may crash if a
 * damaged file was open: a process that tries a file out calls it to learn that. No function of
 * this folder may be called afterwards. */
void h5_end(void);

/* Keeps HDF5 from printing what it cannot close when MPI_Finalize() makes it clean up. For
 * programs, before they end MPI. Without effect if HDF5 was not used. */
void h5_end_quietly(void);

/* From now on HDF5 loads no plug-ins, such as filters. */
void h5_forbid_plugins(void);

/* From now on a field whose filter is not there is opened without an error. For a process without
 * plug-ins that tries a file out for another process, which may have them. */
void h5_miss_no_filters(void);

/* Opens a file read-only, without a file lock. A file on which another program holds a lock for
 * writing is SHS_ERROR_FILE. On error *file is NULL. */
shs_status h5_open(const char *path, struct h5_file **file);

/* Accepts a pointer to NULL; leaves NULL. Its fields are closed before. */
void h5_close(struct h5_file **file);

/* Whether the file has a dataset of that name. One that cannot be told is said to be there: opening
 * it tells why. */
bool h5_has(struct h5_file *file, const char *name);

/* A dataset's name without what means nothing in it: "." between slashes, and slashes that are
 * doubled or at its end. To be released by core_free(). */
shs_status h5_normal_name(const char *name, char **normal);

/* Calls `visit` with the file and the name that a dataset has without the soft and external links
 * that lead to it. A link that leads nowhere is an error. */
shs_status h5_follow(struct h5_file *file, const char *name,
                     shs_status (*visit)(struct h5_file *file, const char *name, void *user),
                     void *user);

/* The path of an open file. */
const char *h5_path(const struct h5_file *file);

/* Opens a dataset of plain numbers with 1 … SHS_MAX_AXES axes or, if `single`, also a single
 * number, which has no axes and one row. *shape gets its type and whole shape; name and data are
 * NULL. `cache_bytes` may hold decoded chunks. A virtual dataset must have all its sources, and an
 * external one all its bytes: HDF5 itself would read fill values. */
shs_status h5_field_open(struct h5_file *file, const char *name, size_t cache_bytes, bool single,
                         struct h5_field **field, shs_tensor *shape);

/* Accepts a pointer to NULL; leaves NULL. */
void h5_field_close(struct h5_field **field);

/* Refuses other files that the field's rows are in, if one is not what it was; *touched is true if
 * only the time of the last change is another, of some. */
shs_status h5_field_check(const struct h5_field *field, bool *touched);

/* Reads `count` rows from row `first` on, in the machine's byte order. SHS_ERROR_FILE, with the
 * system's reason, where the system could not read: what HDF5 keeps of the dataset is then given up
 * before it is read again. */
shs_status h5_read_rows(struct h5_field *field, uint64_t first, uint64_t count, void *rows);

/* The same for rows in ascending order, one after the other. Each chunk that they lie in is decoded
 * once. */
shs_status h5_read_listed(struct h5_field *field, const uint64_t *list, size_t count, void *rows);

/* Rows of a chunk; 0 if the field is not chunked. */
uint64_t h5_chunk_rows(struct h5_field *field);

/* Refuses a field of which a chunk went through a filter that this HDF5 has not, even as a plug-in;
 * the message says which and what to do. */
shs_status h5_field_check_filters(struct h5_field *field);

/* Whether this HDF5 has the filters that a field's chunks went through. */
bool h5_field_is_decodable(struct h5_field *field);

/* Where a field's elements lie in its file, to be released by io_layout_free(), if they can be read
 * without HDF5: in one plain file, in number types and filters that io knows, all places known.
 * Otherwise `reason`, "" before, says why not, and the layout is empty. SHS_ERROR_FORMAT for an
 * index of chunks that is damaged, whatever the filters: HDF5 must not read through it either.
 * SHS_ERROR_FILE where the system could not read: no other way of reading follows from that. */
shs_status h5_layout_of(struct h5_file *file, struct h5_field *field, struct io_layout *layout,
                        char reason[IO_REASON_BYTES]);

/* Reads a whole dataset that must have the type and shape of `tensor` into its data. */
shs_status h5_read_tensor(struct h5_file *file, const char *name, const shs_tensor *tensor);

/* An attribute of the file's root group. The text is to be released by core_free(). */
shs_status h5_read_text(struct h5_file *file, const char *name, char **text);
shs_status h5_read_u64(struct h5_file *file, const char *name, uint64_t *values, size_t count);

/* Calls `visit` with the name of every dataset of the file, in alphabetical order, until it
 * returns an error. */
shs_status h5_list(struct h5_file *file, shs_status (*visit)(const char *name, void *user),
                   void *user);

/* The same, group by group, but goes on after a group or dataset that cannot be read, of which
 * `readable` is false. A dataset of several names is visited by each. */
shs_status h5_walk(struct h5_file *file,
                   shs_status (*visit)(const char *name, bool readable, void *user), void *user);

#endif
