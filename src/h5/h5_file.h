/* Reads HDF5 files. Only this folder calls HDF5, and only in the caller's thread. HDF5 calls an
 * array a dataset. */
#ifndef H5_FILE_H
#define H5_FILE_H

#include "io_layout.h"

struct h5_file;
struct h5_array;

/* For programs. Keeps HDF5 from cleaning up when the program exits, because after a damaged file it
 * would print what it could not close. The program must close what it writes. To be called before
 * any other function of this folder. */
void h5_forget_at_exit(void);

/* Closes HDF5 at once, as MPI_Finalize() does where HDF5 was built with MPI. This may crash if a
 * damaged file was open, and a process that tries a file out calls it to find that. No function of
 * this folder may be called afterwards. */
void h5_end(void);

/* For programs, before they end MPI. Keeps HDF5 from printing what it cannot close when
 * MPI_Finalize() makes it clean up. Does nothing if HDF5 was not used. */
void h5_end_quietly(void);

/* Forbids HDF5 to load plug-ins, such as filters, from now on. */
void h5_forbid_plugins(void);

/* Lets arrays be opened from now on although a filter of theirs is missing. For a process without
 * plug-ins that tries a file out for another process, which may have the filters. */
void h5_miss_no_filters(void);

/* Opens a file for reading, without a file lock. A file on which another program holds a lock for
 * writing is SHS_ERROR_FILE. On error *file is NULL. */
shs_status h5_open(const char *path, struct h5_file **file);

/* Closes a file and sets *file to NULL, which it may be already. The file's arrays must be closed
 * before. */
void h5_close(struct h5_file **file);

/* Returns true if the file has an array of this name, or if that cannot be told. Opening the array
 * tells why it cannot be told. */
bool h5_has(struct h5_file *file, const char *name);

/* Removes from an array's name what means nothing in it: "." between slashes, doubled slashes and
 * slashes at the end. The caller releases *normal with core_free(). */
shs_status h5_normal_name(const char *name, char **normal);

/* Calls `visit` with the file and the name that an array has without the soft and external links
 * that lead to it. A link that leads nowhere is an error. */
shs_status h5_follow(struct h5_file *file, const char *name,
                     shs_status (*visit)(struct h5_file *file, const char *name, void *user),
                     void *user);

/* Returns the path of an open file, which belongs to the file. */
const char *h5_path(const struct h5_file *file);

/* Opens an array of plain numbers for reading, or members of a compound dataset: NAME.MEMBER or
 * NAME.{MEMBER,MEMBER}, if there is no array of the whole name. A name with a star in place of a
 * group's name stands for the datasets of that name in all groups there, in natural order
 * (core_natural.h), as one array: all their rows. It must have 1 … SHS_MAX_AXES axes.
 * If `single` is true, a single number is accepted too, which has no axes and counts as one row.
 * *shape gets the type and the whole shape; its name and data are NULL. `cache_bytes` is the memory
 * for decoded chunks. A virtual dataset must have all its mapped files, and an external dataset all
 * its bytes, because HDF5 would read fill values in their place. */
shs_status h5_array_open(struct h5_file *file, const char *name, size_t cache_bytes, bool single,
                         struct h5_array **array, shs_tensor *shape);

/* Opens a dataset of variable-length arrays of numbers for reading. Its rows are the numbers of all
 * arrays, one behind the other, or with `offsets` the offsets at which the arrays begin, and the
 * end. All references to arrays are read and kept, 24 bytes for each. *array is NULL if the dataset
 * has elements of another type. */
shs_status h5_array_open_runs(struct h5_file *file, const char *name, bool offsets,
                              struct h5_array **array, shs_tensor *shape);

/* Closes an array and sets *array to NULL, which it may be already. */
void h5_array_close(struct h5_array **array);

/* Refuses the array if a file that its rows lie in has changed. *touched is set to true if a file
 * differs only in the time of its last change. */
shs_status h5_array_check(const struct h5_array *array, bool *touched);

/* Returns where the datasets of a pattern begin: dataset i has the rows from element i of the
 * result up to the next element, of which there is one more than datasets. Returns NULL, and sets
 * *count to 0, for an array of another name. */
const uint64_t *h5_array_groups(const struct h5_array *array, size_t *count);

/* Returns true if some dataset of a pattern names its axes, or their indices. */
bool h5_array_names_axes_of_groups(const struct h5_array *array);

/* Opens the dataset of a pattern's group, counted from 0, as an array of its own. *one is NULL
 * after an error. */
shs_status h5_array_open_group(const struct h5_array *array, size_t group, struct h5_array **one);

/* Returns true if a name is a pattern: one of the names between its slashes is a star. */
bool h5_groups_is_name(const char *name);

/* Local. Finds the name of the group that stands at a place of a pattern's order, counted from 0.
 * The caller releases *name with core_free(). */
shs_status h5_groups_name(struct h5_file *file, const char *pattern, size_t place, char **name);

/* Returns how many axes an array has as it is stored: the axis of the parts of complex numbers, the
 * last of the shape, is not counted. */
uint32_t h5_array_axes(const struct h5_array *array);

/* Returns true if members are taken of each element of a compound dataset. */
bool h5_array_has_members(const struct h5_array *array);

/* Finds the bytes of an element that hold what is taken of it, in the order of delivery. Reads give
 * these bytes of each element as they are. `picked` has what is taken of each axis that a member
 * has, and last of the axis of several members; NULL: all. The caller releases taken->range with
 * core_free(). */
shs_status h5_array_member_bytes(const struct h5_array *array, const struct io_part_axis *picked,
                                 struct io_part_axis *taken);

/* Returns the name of the dataset, without the members that the array's name has behind it. */
const char *h5_array_stored_name(const struct h5_array *array);

/* Takes the first `row_axes` axes, 1 or 2, for those that count rows; an array has at least as
 * many. With 2, rows are numbered over both axes, the second faster. If `part` is not NULL, reads
 * give this part of each row, which stays the caller's. It takes both parts of complex numbers. If
 * members are taken of elements, the part's last axis is that of an element's bytes. */
void h5_array_view(struct h5_array *array, uint32_t row_axes, const struct io_part *part);

/* A run of a virtual array: its elements [first, first + count), counted in row-major order, are
 * the elements from `from` on of a source. A complex number is one element. */
struct h5_run {
    uint64_t first, from, count;
    size_t source;
};

/* A dataset that a virtual array takes elements from. */
struct h5_source {
    char *path; /* path of its file; NULL: the array's own file */
    char *name;
    uint32_t axes; /* as stored */
};

/* The runs of a virtual array, in ascending order. Together they are all its elements. There are
 * none if sources have only parts of an index of the array's first axis. */
struct h5_runs {
    struct h5_source *source;
    size_t n_sources;
    struct h5_run *run;
    size_t n_runs;
    const char *reason;   /* why there are no runs, otherwise NULL */
    size_t element_bytes; /* in memory */
};

/* Returns the runs, which stay the array's, or NULL if the array is not virtual or lies in another
 * file. */
const struct h5_runs *h5_array_runs(const struct h5_array *array);

/* Closes the files that HDF5 has opened to read rows. The next read opens them anew. */
shs_status h5_array_rest(struct h5_array *array);

/* Reads `count` rows from row `first` on, in the machine's byte order. A failed read of the system
 * is SHS_ERROR_FILE, with the system's reason. The next read then opens the dataset anew, because
 * HDF5 may keep wrong bytes. */
shs_status h5_read_rows(struct h5_array *array, uint64_t first, uint64_t count, void *rows);

/* Reads the rows of a list in ascending order, and puts them one after the other. Each chunk that
 * holds some of them is decoded once. */
shs_status h5_read_listed(struct h5_array *array, const uint64_t *list, size_t count, void *rows);

/* Returns how many neighbouring rows a chunk has, 0 if the array is not chunked. */
uint64_t h5_chunk_rows(struct h5_array *array);

/* Calls `visit` with each name that the file gives to an axis of the array, counted from 0: the
 * names of its dimension scales, without their groups, as netCDF-4 names dimensions, and the axis's
 * label. The names end with the call. References that lead nowhere, and attributes of other types
 * than the standard's, name nothing. The axis of the parts of complex numbers has no name. A failed
 * read of the system is SHS_ERROR_FILE. */
typedef void h5_axis_name(void *user, uint32_t axis, const char *name);
shs_status h5_axis_names(struct h5_array *array, h5_axis_name *visit, void *user);

/* Returns true if the array's first axis has no fixed length, as a netCDF-4 variable's along an
 * unlimited dimension. */
bool h5_array_grows(const struct h5_array *array);

/* Refuses an array with a chunk that went through a filter that this HDF5 lacks, also as a plug-in.
 * The message names the filter and says what to do. */
shs_status h5_array_check_filters(struct h5_array *array);

/* Returns true if this HDF5 has all filters that the array's chunks went through. */
bool h5_array_is_decodable(struct h5_array *array);

/* Finds where an array's elements lie in its file, if they can be read without HDF5. For that they
 * must lie in one plain file, at known offsets, in number types and with filters that io knows. The
 * caller releases the layout with io_layout_free(). If HDF5 is needed, `reason`, which is ""
 * otherwise, says why, and the layout is empty. A damaged index of chunks is SHS_ERROR_FORMAT
 * whatever the filters, because HDF5 must not read through it either. A failed read of the system
 * is SHS_ERROR_FILE; the array must not be read by another way then. */
shs_status h5_layout_of(struct h5_file *file, struct h5_array *array, struct io_layout *layout,
                        char reason[IO_REASON_BYTES]);

/* Reads a whole array, which must have the type and shape of `tensor`, into the tensor's data. */
shs_status h5_read_tensor(struct h5_file *file, const char *name, const shs_tensor *tensor);

/* Reads an attribute of the file's root group. The caller releases *text with core_free(). */
shs_status h5_read_text(struct h5_file *file, const char *name, char **text);
shs_status h5_read_u64(struct h5_file *file, const char *name, uint64_t *values, size_t count);

/* Calls `visit` with the name of every array of the file, in alphabetical order, until it returns
 * an error. */
shs_status h5_list(struct h5_file *file, shs_status (*visit)(const char *name, void *user),
                   void *user);

/* Calls `visit` with the name of every array, group by group. It goes on after a group or array
 * that cannot be read; for these `readable` is false. An array of several names is visited once for
 * each name. */
shs_status h5_walk(struct h5_file *file,
                   shs_status (*visit)(const char *name, bool readable, void *user), void *user);

/* A soft or external link. Its texts end with the visit. */
struct h5_link {
    const char *name;
    const char *file; /* the name of the other file as it is stored; NULL for a soft link */
    const char *target;
};

/* Calls `visit` with every soft and external link, group by group, until it returns an error. Links
 * are not followed. Groups and links that cannot be read, and links of other kinds, are passed
 * over. */
shs_status h5_walk_links(struct h5_file *file,
                         shs_status (*visit)(const struct h5_link *link, void *user), void *user);

#endif
