/* What a sample is: for each of its fields, the rows of an array. Reads the text that says so, and
 * does arithmetic; no file is touched. */
#ifndef DATA_SAMPLE_H
#define DATA_SAMPLE_H

#include "core_text.h"
#include "shardstep/tensor.h"

enum data_kind {
    DATA_ROW, /* sample i is row i */
    /* Sample i of a series is the rows i * stride + lead + k * every of the series, k < window. */
    DATA_WINDOW,
    /* Sample i is the rows [o(i), o(i + 1)), with o the offsets. Samples are padded with zeros or
     * cut to `most` rows. */
    DATA_RAGGED,
    /* A u64: the number of rows of the preceding ragged field that are no padding. */
    DATA_LENGTH,
    DATA_WHOLE, /* all rows of the array: a file is one sample */
    /* Sample i is an image that is decoded from the bytes [o(i), o(i + 1)), with o the offsets. */
    DATA_IMAGE,
    /* Sample i is row i of a sparse matrix, as a dense row. Its entries are the rows [o(i), o(i +
     * 1)) of the array, with o the offsets, and of another array which has their columns. */
    DATA_CSR,
    /* A u8 for each row of the preceding window: 1 if the row is one of the array's, 0 if it is
     * padding. */
    DATA_MASK,
    /* A u8 for each element of a preceding field of rows or windows: 1 if it is no NaN, which means
     * missing. */
    DATA_VALID
};

/* What stands in the place of rows that a window has beyond the ends of its series. */
enum data_pad {
    DATA_PAD_NONE, /* there are no such rows */
    DATA_PAD_EDGE, /* the nearest row of the series */
    DATA_PAD_ZERO
};

/* How an image gets the size of a sample. */
enum data_fit {
    DATA_FIT_EXACT,  /* it must have it */
    DATA_FIT_CROP,   /* its middle is taken */
    DATA_FIT_RESIZE, /* it is resized */
    DATA_FIT_COVER   /* the largest part of its middle with the sample's proportions is resized */
};

/* What images are decoded to. */
struct data_image {
    uint32_t height, width;
    uint32_t channels; /* 1 or 3 */
    enum data_fit fit;
    bool classes; /* true for the numbers of a palette's colours, or greys as they are stored */
};

/* What is taken of an array. A zeroed struct is its rows along one axis. */
struct data_view {
    /* For a field whose offsets have the name of its dataset, in which case a dataset of
     * variable-length arrays is meant: its numbers, or its offsets. No effect on other datasets. */
    enum data_runs {
        DATA_NO_RUNS,
        DATA_RUNS,
        DATA_RUNS_OFFSETS
    } runs;
    /* The leading axes that count rows: 2, or 0 for 1. With 2, the rows of each index of the first
     * axis are a series. */
    uint32_t row_axes;
    bool constant;       /* no axis counts rows: the array is the same for all samples */
    char *select, *crop; /* what is picked of a row, in the form of data_pick.h; or NULL */
    char *slab;          /* the axis along which the members of a group share a row; or NULL */
};

enum {
    DATA_MOST_ARRAYS = 2 * SHS_MAX_FIELDS,   /* of a sample */
    DATA_PICKED_BYTES = 2 * SHS_MAX_AXES + 2 /* of the numbers of the axes that a view names */
};

/* The series that one array of a file has. */
struct data_series {
    uint64_t rows;    /* rows of each series; with one series only set for data_stand.h */
    uint64_t samples; /* samples of each series; DATA_ONE_SERIES if there is one series */
    /* The groups, if the series are groups, whose lengths differ; otherwise NULL. */
    const struct data_groups *groups;
};

#define DATA_ONE_SERIES UINT64_MAX

/* A field. Arrays are given by their index in struct data_sample. */
struct data_part {
    char *name;
    enum data_kind kind;
    size_t array;
    size_t offsets; /* array of the offsets, for DATA_RAGGED, DATA_LENGTH, DATA_IMAGE, DATA_CSR */
    uint64_t window, stride, lead;
    uint64_t back;  /* rows by which a window begins earlier; `lead` is then 0 */
    uint64_t every; /* if it is drawn, the largest */
    enum data_pad pad;
    bool joins;     /* true if windows continue in the next file */
    bool masks;     /* true if a field of DATA_VALID tells of this field */
    size_t of;      /* for DATA_VALID: the field that it tells of */
    size_t valid;   /* 0: all windows are samples; else 1 + the array that tells valid rows */
    size_t spacing; /* 0: `every` is fixed; else 1 + the spacing that is drawn for a sample */
    /* Rows of the longest sample. 0: not given and not found yet. For DATA_IMAGE the bytes of the
     * longest image, for DATA_CSR the entries of the longest row. */
    uint64_t most;
    struct data_image image; /* for DATA_IMAGE */
    /* For DATA_CSR: */
    char *group;              /* the matrix; NULL for other kinds */
    size_t indices;           /* array of the columns */
    uint64_t width;           /* columns of the matrix; 0: not given and not found yet */
    uint64_t taken;           /* columns of a sample; 0: not found yet */
    struct data_view columns; /* what is picked of the columns */
};

/* A spacing of rows that is drawn for each sample, in [least, most]. */
struct data_spacing {
    char *name;  /* fields that give this name share it; NULL: no field shares it */
    size_t part; /* the first field that has it */
    uint64_t least, most;
};

/* A field that is the same for all samples. */
struct data_constant_text {
    char *name, *array;
    struct data_view view;
};

struct data_sample {
    struct data_part part[SHS_MAX_FIELDS];
    size_t n_parts;
    struct data_constant_text constant[SHS_MAX_FIELDS];
    size_t n_constants;
    struct data_spacing spacing[SHS_MAX_FIELDS]; /* in the order of the fields */
    size_t n_spacings;
    /* Names of the arrays, and what is taken of them. Each name occurs once with each view. */
    char *array[2 * SHS_MAX_FIELDS];
    struct data_view view[2 * SHS_MAX_FIELDS];
    /* For each array the first one of the same name and rows, which has the same chunks. Members of
     * the same compounds have too, which shows when a file is opened. */
    size_t chunks_of[2 * SHS_MAX_FIELDS];
    size_t n_arrays;
};

/* Reads the text of fields, which fields.h describes. On error the struct is empty. */
shs_status data_sample_parse(const char *text, bool one_a_file, struct data_sample *sample);

void data_sample_free(struct data_sample *sample);

bool data_view_is_same(const struct data_view *view, const struct data_view *other);
void data_view_free(struct data_view *view);

/* Returns true if a part takes the rows between offsets. */
static inline bool data_part_is_run(const struct data_part *part)
{
    return part->kind == DATA_RAGGED || part->kind == DATA_IMAGE || part->kind == DATA_CSR;
}

/* Returns true if a field tells something of the field before it, and no rows are read for it. */
static inline bool data_part_is_beside(const struct data_part *part)
{
    return part->kind == DATA_LENGTH || part->kind == DATA_MASK || part->kind == DATA_VALID;
}

/* Returns true if a window may have rows that are no neighbours, or none, where its formula says
 * that they lie: data_stand.h finds each of them. */
static inline bool data_part_reaches(const struct data_part *part)
{
    return part->kind == DATA_WINDOW && (part->pad || part->joins);
}

/* Returns true if the elements of an array are elements of samples: they are no offsets, no columns
 * of a sparse matrix, and nothing is made of them, as of the bytes of images. */
bool data_sample_takes_values(const struct data_sample *sample, size_t array);

/* Returns true if an array holds the offsets of ragged fields, images or sparse matrices. It may be
 * a field of its own as well. */
bool data_sample_is_offsets(const struct data_sample *sample, size_t array);

/* Returns true if a field is made of rows of an array, which is not that of its offsets. */
static inline bool data_part_reads(const struct data_part *part, size_t array)
{
    return !data_part_is_beside(part) &&
           (part->array == array || (part->kind == DATA_CSR && part->indices == array));
}

/* Returns true if all of an array is read when a file is opened: offsets, or which rows are valid.
 */
bool data_sample_is_read_at_open(const struct data_sample *sample, size_t array);

/* Returns true if the rows of series must be known: some fields are windows of arrays of several
 * series, or are padded at the ends of a series. */
bool data_sample_has_series(const struct data_sample *sample);

/* Counts the samples of a file whose arrays have `rows` rows, in series of `series_rows` rows each.
 * Without arrays of several series `series_rows` may be NULL. Fields of different counts are an
 * error. If `a_series` is not NULL, it is set to the samples of each series. */
shs_status data_sample_count(const struct data_sample *sample, const uint64_t *rows,
                             const uint64_t *series_rows, uint64_t *samples, uint64_t *a_series);

/* Returns true if some field tells which elements are missing. */
bool data_sample_masks(const struct data_sample *sample);

/* Returns true if windows continue in the next file. All fields are then such windows. */
bool data_sample_joins(const struct data_sample *sample);

/* Returns how many samples a series of so many rows has, if all fields are windows. */
uint64_t data_sample_windows(const struct data_sample *sample, uint64_t rows);

/* Counts the samples of a file whose windows are of groups: group g, of `count`, has the rows
 * [group[g], group[g + 1]). sample[g] becomes the number of the first window of group g, and the
 * last element the number of all. Fields of different counts are an error. */
shs_status data_sample_count_groups(const struct data_sample *sample, const uint64_t *rows,
                                    const uint64_t *group, size_t count, uint64_t *sample_of);

/* Returns true if some fields are windows of groups. */
bool data_sample_has_groups(const struct data_sample *sample);

/* Returns how many rows a series needs to have one window, UINT64_MAX if no series has enough. A
 * padded window needs one. */
uint64_t data_part_least_rows(const struct data_part *part);

/* Returns how many rows of a series a sample spans, from its first to its last row, if the next
 * sample begins within them. *stride is then the number of rows to the next sample's beginning.
 * Returns 0 if no samples share rows. */
uint64_t data_sample_overlap(const struct data_sample *sample, uint64_t *stride);

/* The first function returns the first row of sample i of a DATA_ROW or DATA_WINDOW in its file,
 * counted through all series of the file; not for windows that reach. The second returns the number
 * of its rows. The third returns how many runs of neighbouring rows these are, each as long as the
 * others. */
uint64_t data_part_first(const struct data_part *part, struct data_series series, uint64_t i);
uint64_t data_part_rows(const struct data_part *part);
uint64_t data_part_runs(const struct data_part *part);

/* Finds which of a file's samples [0, samples) use some of the rows [first, first + count). Samples
 * between the first and the last of them that use none of these rows are among them. Neither range
 * may be empty. For DATA_ROW, DATA_WINDOW and DATA_WHOLE. */
struct data_range {
    uint64_t first, count;
};

struct data_range data_part_samples(const struct data_part *part, struct data_series series,
                                    uint64_t first, uint64_t count, uint64_t samples);

/* Computes the type and shape of a field's samples from those of a row of its array, or for
 * DATA_WHOLE from those of the whole array. The name is the part's. */
shs_status data_part_shape(const struct data_part *part, const shs_tensor *row, shs_tensor *sample);

/* Returns the name of a spacing, or that of the field that has it. */
const char *data_spacing_name(const struct data_sample *sample, size_t spacing);

/* Returns true if the field needs no description: it has the array's own name and its rows or the
 * whole array, or it is a length. */
bool data_part_is_own_row(const struct data_sample *sample, const struct data_part *part);

/* Describes a field as in the text of fields, but always in the same form: "x = weather(window=24,
 * stride=6, lead=0)". */
void data_part_describe(const struct data_sample *sample, const struct data_part *part,
                        struct core_text *text);

#endif
