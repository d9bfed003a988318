/* The files of a dataset: found once, opened when they are wanted and closed again when others are,
 * since there may be more of them than a process can have open. In the calling thread only. */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include "data_field.h"
#include "data_sample.h"
#include "io_file.h"
#include "io_paths.h"

struct data_open_file; /* what an open file takes */

/* One file, of perhaps a million. */
struct data_file {
    uint64_t first;              /* sample, in the dataset */
    struct io_identity identity; /* when it was first opened */
    uint64_t content; /* a hash of some of its rows, or of their checksums; 0: not taken */
    uint64_t layout;  /* a hash of where fields lie that are read directly; 0: not taken */
    uint32_t checked; /* the last round in which the file was compared with `identity` */
    bool known;       /* it has been opened */
    bool compared;    /* all rows that were read directly were those that HDF5 reads */
    struct data_open_file *open; /* or NULL */
};

struct data_files {
    struct io_paths paths;
    struct data_file *file;           /* as many as paths, and one more, whose `first` is the end */
    const struct data_sample *sample; /* borrowed: names of the datasets */
    bool one_a_file;
    bool unchecked;
    size_t cache_bytes;
    shs_tensor shape[2 * SHS_MAX_FIELDS]; /* of each source: a row's, or all of it with one_a_file;
                                             no name, no data */
    uint64_t rows[2 * SHS_MAX_FIELDS];    /* of each source, in all files together */
    uint64_t
        chunk_rows[2 * SHS_MAX_FIELDS]; /* the most of any file looked at; 0: none is chunked */
    size_t most_open;                   /* files at a time */
    size_t n_open;
    struct data_open_file *newest, *oldest;
    uint32_t round;
    size_t checksum_bytes; /* that checksums of open files take */
};

struct data_files_how {
    const char *path;
    const struct data_sample *sample;
    bool one_a_file;
    bool unchecked;
    size_t cache_bytes; /* for decoded chunks in HDF5, of all open files together, a field */
};

/* A file as it is looked at when the dataset is opened: its sources, open. */
typedef shs_status data_files_visit(void *user, size_t file, struct data_field *sources);

/* Finds the files and looks at each, or with one_a_file only at the first: types and shapes must be
 * alike, samples are counted, and the hash of their content is taken. `visit` is called for each,
 * in order, before the next. Zeroed files may be closed, also after an error. */
shs_status data_files_open(const struct data_files_how *how, data_files_visit *visit, void *user,
                           struct data_files *files);

void data_files_close(struct data_files *files);

/* Files must be compared with what they were before they are read again: a new epoch, say. */
void data_files_suspect(struct data_files *files);

/* Compares the files that were read in round `since` or later with what they were when they were
 * first opened. A file that has changed is an error. If only the time of the last change differs,
 * the file is opened and looked at again: its layout, its shapes, its checksums, and the rows that
 * were looked at when the dataset was opened. If all of these are the same, the new time is kept in
 * place of the old. */
shs_status data_files_check(struct data_files *files, uint32_t since);

/* True if a file was only looked at when the dataset was opened: `content` is then a hash of fewer
 * rows. */
bool data_files_was_glanced_at(const struct data_files *files, size_t file);

/* Opens a file, if it is not, and hands out its sources, for as long as fewer than most_open other
 * files are asked for. A file that has changed is an error, as by data_files_check(). */
shs_status data_files_get(struct data_files *files, size_t file, struct data_field **sources);

/* A file that a fetch reads. */
struct data_held {
    struct data_open_file *open;
    struct data_field *sources;
};

/* data_files_get(), and holds the file: its sources can be read, until it is given back, whatever
 * is done with the files meanwhile. *bytes grows by what was read by position to open the file or
 * to look at it again. Holding and giving back are for the calling thread, reading by position for
 * any. */
shs_status data_files_hold(struct data_files *files, size_t file, struct data_held *held,
                           uint64_t *bytes);
void data_files_give_back(struct data_files *files, struct data_held *held);

/* The file that has a sample. */
size_t data_files_of(const struct data_files *files, uint64_t sample);

/* The key of a source in a cache, and what it stands for. */
uint64_t data_files_key(const struct data_files *files, size_t file, size_t source);
size_t data_files_of_key(const struct data_files *files, uint64_t key, size_t *source);

#endif
