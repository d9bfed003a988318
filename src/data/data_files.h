/* The files of a dataset, which may be more than a process can have open. They are found once,
 * opened when they are wanted, and closed when others are. To be used in the calling thread only.
 */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include "data_alike.h"
#include "data_groups.h"
#include "data_kept.h"
#include "data_sample.h"
#include "io_file.h"
#include "io_paths.h"

struct data_index; /* what an examination of files has told */
struct data_pack;
struct data_open_file; /* an open file and its arrays */

/* A file. A dataset may have a million of them. */
struct data_file {
    uint64_t first;              /* number of its first sample in the dataset */
    struct io_identity identity; /* identity when it was first opened */
    uint64_t content; /* hash of some of its rows, or of their checksums; 0: not computed */
    uint64_t layout;  /* hash of where its arrays lie that are read directly; 0: not computed */
    uint32_t checked; /* latest round in which the file was compared with `identity` */
    bool known;       /* true if it has been opened, or an index has told what it is */
    bool glanced;     /* true if `content` is a hash of fewer rows */
    bool compared;    /* true if all rows that were read directly are equal to what HDF5 reads */
    struct data_open_file *open; /* NULL while it is closed */
};

/* The series of a file, if windows continue in the next file. */
struct data_joined {
    size_t first, end;     /* the series is the files [first, end) */
    uint64_t before, rows; /* rows of the series before the file, and in it */
};

struct data_files {
    struct io_paths paths;
    /* One entry for each path, and a last entry whose `first` is the number of samples. */
    struct data_file *file;
    const struct data_sample *sample; /* borrowed, for the arrays' names */
    bool one_a_file;
    bool unchecked;
    bool map;
    bool cf;
    struct data_member member;
    size_t cache_bytes;
    /* For each array the type and the shape of what is taken of a row, or of the whole array with
     * one_a_file. They have no name and no data. */
    shs_tensor shape[2 * SHS_MAX_FIELDS];
    shs_tensor
        whole[2 * SHS_MAX_FIELDS];     /* the same of whole rows, as the first file stores them */
    bool unpacked[2 * SHS_MAX_FIELDS]; /* for each array whether attributes are applied */
    /* For each array whether its elements are members of compounds in some file that was looked
     * at. */
    bool members[2 * SHS_MAX_FIELDS];
    /* For each array its attributes in the first file, such as scale_factor; NULL: none. */
    struct h5_packing *packing[2 * SHS_MAX_FIELDS];
    /* For each array the axes that select, crop and slab name, the same in all files. */
    char picked[2 * SHS_MAX_FIELDS][DATA_PICKED_BYTES];
    /* For each array the slab of its rows that this rank takes. */
    struct data_slab slab[2 * SHS_MAX_FIELDS];
    /* For each field that is a sparse matrix its columns, the same in all files. */
    uint64_t width[SHS_MAX_FIELDS];
    uint64_t rows[2 * SHS_MAX_FIELDS]; /* for each array its rows in all files together */
    /* For each array the most rows of a chunk in any file that was looked at. 0: no chunks. */
    uint64_t chunk_rows[2 * SHS_MAX_FIELDS];
    /* For each array the letters of its axes, of which those that files name in different ways are
     * DATA_AXIS_DISPUTED. With one_a_file they are those of the first file. */
    char axes[2 * SHS_MAX_FIELDS][SHS_MAX_AXES + 1];
    /* By the key of data_files_key() the series of an array of a file. NULL if no field is a window
     * over two axes, or padded. */
    struct data_series *series;
    struct data_joined *joined; /* of each file; NULL if no windows continue in the next file */
    struct data_groups *groups; /* of each file; NULL if no field is a window of groups */
    struct data_kept kept;      /* the windows that are samples, if some are left out */
    size_t most_open;           /* most files open at the same time */
    size_t n_open;
    /* The most sources of virtual arrays that a file may have. A file is opened only while the open
     * files have no more, so that at most twice as many sources are open. */
    size_t most_sources;
    size_t n_sources; /* sources of the open files */
    size_t n_held;    /* open files that fetches hold, each counted once */
    struct data_open_file *newest, *oldest;
    uint32_t round;
    bool unfit; /* set when a file is whole, but its arrays are not like those of the first file */
    size_t checksum_bytes; /* bytes of the open files' checksums */
    /* What others have found out about the files: a kept index, and that of rank 0. Each may be
     * NULL. Both are borrowed. */
    const struct data_index *index[2];
    struct data_pack *pack;  /* where what is found out goes while the files are opened, or NULL */
    struct data_alike alike; /* with one_a_file: what is found out when another file is opened */
    bool thorough;           /* true to examine files that cannot stay open like the others */
    /* Called once, before files are used that nobody has examined for this rank; or NULL. */
    shs_status (*before)(void *user);
    void *before_user;
    bool is_own;           /* true if some files are not those that others have examined */
    size_t examined;       /* files that were examined when the dataset was opened */
    size_t first_examined; /* the first of them */
};

struct data_files_how {
    const char *path;
    const struct data_sample *sample;
    bool one_a_file;
    bool unchecked;
    bool map; /* true to map fields that are read directly */
    bool cf;  /* true to apply attributes such as scale_factor */
    struct data_member member;
    size_t cache_bytes; /* memory for decoded chunks in HDF5, for each array of all open files
                           together */
    const struct data_index *index[2]; /* as in struct data_files */
    struct data_pack *pack;
    bool thorough;
    shs_status (*before)(void *user);
    void *before_user;
};

/* Called with each file that is looked at when the dataset is opened, and with its open arrays. */
typedef shs_status data_files_visit(void *user, size_t file, struct data_field *arrays);

/* Finds the files and looks at each, or with one_a_file only at the first. Types and shapes must be
 * alike, samples are counted, and the hash of the content is computed. `visit` is called for each
 * file, in order, before the next file is looked at. The caller must close the files, also after an
 * error; zeroed files may be closed. */
shs_status data_files_open(const struct data_files_how *how, data_files_visit *visit, void *user,
                           struct data_files *files);

void data_files_close(struct data_files *files);

/* Marks all files for a comparison with what they were before they are read again, as at the
 * beginning of an epoch. */
void data_files_suspect(struct data_files *files);

/* Compares the files that were read in round `since` or later with what they were when they were
 * first opened. A file that has changed is an error. If only the time of the last change differs,
 * the file is opened and looked at again: its layout, its shapes, its checksums, and the rows that
 * were looked at when the dataset was opened. If all of these are the same, the new time replaces
 * the old time. */
shs_status data_files_check(struct data_files *files, uint32_t since);

/* Returns true if a file was only looked at when the dataset was opened. `content` is then a hash
 * of fewer rows. */
bool data_files_was_glanced_at(const struct data_files *files, size_t file);

/* Opens a file unless it is open, and gives its arrays. They are valid until most_open other files
 * have been asked for. A file that has changed is an error, as in data_files_check(). */
shs_status data_files_get(struct data_files *files, size_t file, struct data_field **arrays);

/* A file that a fetch reads. */
struct data_held {
    struct data_open_file *open;
    struct data_field *arrays;
};

/* Returns an array of an open file. */
const struct data_field *data_files_array(const struct data_open_file *open, size_t array);

/* Opens a file like data_files_get(), and holds it. Its arrays can be read until the file is given
 * back, whatever is done with the files meanwhile. *bytes grows by the bytes that were read
 * directly to open the file or to look at it again. Must be called in the calling thread. Direct
 * reads of the arrays may be made in any thread. */
shs_status data_files_hold(struct data_files *files, size_t file, struct data_held *held,
                           uint64_t *bytes);

/* Returns true if a file can be held without more than most_open files being held: it is held
 * already, or fewer are. */
bool data_files_has_room(const struct data_files *files, size_t file);

/* Gives a held file back. Must be called in the calling thread. */
void data_files_give_back(struct data_files *files, struct data_held *held);

/* Returns the index of the file that holds a sample. */
size_t data_files_of(const struct data_files *files, uint64_t sample);

/* Returns the series of an array of a file. */
struct data_series data_files_series(const struct data_files *files, size_t file, size_t array);

/* Where a window of a file stands: data_stand.h. `number` is its number in the file. */
struct data_stand data_files_stand(const struct data_files *files, const struct data_part *part,
                                   size_t file, uint64_t number);

/* A sample among all windows of the files, or all rows, of which some may be no sample. */
struct data_window {
    uint64_t number;
    uint64_t first, end; /* those of its series: of a trajectory, a file, or several files */
};

struct data_window data_files_window(const struct data_files *files, uint64_t sample);

/* Returns the samples that are some of a file's windows. */
struct data_range data_files_samples(const struct data_files *files, size_t file,
                                     struct data_range windows);

/* Returns how many windows a file has. */
uint64_t data_files_windows(const struct data_files *files, size_t file);

/* Returns the number of a sample's window in its file. */
uint64_t data_files_number(const struct data_files *files, size_t file, uint64_t sample);

/* The first function returns an array's key in a cache. The second returns the file of a key, and
 * sets the array. */
uint64_t data_files_key(const struct data_files *files, size_t file, size_t array);
size_t data_files_of_key(const struct data_files *files, uint64_t key, size_t *array);

#endif
