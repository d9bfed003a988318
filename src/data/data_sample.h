/* What a sample is: for each of its fields, which rows of which named dataset. The text that says
 * so, and arithmetic; no file is touched. */
#ifndef DATA_SAMPLE_H
#define DATA_SAMPLE_H

#include "core_text.h"
#include "shardstep/tensor.h"

enum data_kind {
    DATA_ROW,    /* sample i is row i */
    DATA_WINDOW, /* rows [i * stride + lead, … + window) */
    DATA_RAGGED, /* rows [o(i), o(i + 1)), padded with zeros or cut to `most`; o: the offsets */
    DATA_LENGTH, /* how many rows of the ragged field before it are no padding; u64 */
    DATA_WHOLE   /* all of the dataset: one sample a file */
};

/* A field. Names of datasets are given by their places in a list. */
struct data_part {
    char *name;
    enum data_kind kind;
    size_t source;
    size_t offsets; /* DATA_RAGGED, DATA_LENGTH */
    uint64_t window, stride, lead;
    uint64_t most; /* 0: not given, until it has been found */
};

struct data_sample {
    struct data_part part[SHS_MAX_FIELDS];
    size_t n_parts;
    char *source[2 * SHS_MAX_FIELDS]; /* names of datasets, each once */
    size_t n_sources;
};

/* Reads the text of fields: see dataset.h. On error the struct is empty. */
shs_status data_sample_parse(const char *text, bool one_a_file, struct data_sample *sample);

void data_sample_free(struct data_sample *sample);

/* True if a source holds a ragged field's offsets; one may do so and be a field. */
bool data_sample_is_offsets(const struct data_sample *sample, size_t source);

/* Samples that a file has whose sources have so many rows. Fields that differ are an error. */
shs_status data_sample_count(const struct data_sample *sample, const uint64_t *rows,
                             uint64_t *samples);

/* Rows that a file needs to have one window; UINT64_MAX if no file can. */
uint64_t data_part_least_rows(const struct data_part *part);

/* Rows of a series from the first to the last that a sample has, if the next sample begins within
 * them, which it does *stride rows later; 0 if no samples share rows. */
uint64_t data_sample_overlap(const struct data_sample *sample, uint64_t *stride);

/* The first row of sample i of a DATA_ROW or DATA_WINDOW in its file, and how many there are. */
uint64_t data_part_first(const struct data_part *part, uint64_t i);
uint64_t data_part_rows(const struct data_part *part);

/* The other way round: which of a file's samples [0, samples) have some of rows [first, first +
 * count), none of them being an empty range. For DATA_ROW, DATA_WINDOW and DATA_WHOLE. */
struct data_range {
    uint64_t first, count;
};

struct data_range data_part_samples(const struct data_part *part, uint64_t first, uint64_t count,
                                    uint64_t samples);

/* Type and shape of the field's samples, from those of a row of its source; the source's whole
 * shape for DATA_WHOLE. The name is the part's. */
shs_status data_part_shape(const struct data_part *part, const shs_tensor *row, shs_tensor *sample);

/* True for a field of rows, or whole datasets, with the dataset's own name, and for lengths: there
 * is nothing to say of it. */
bool data_part_is_own_row(const struct data_sample *sample, const struct data_part *part);

/* What the field is, as in the text, but in one form: "x = weather(window=24, stride=6, lead=0)".
 */
void data_part_describe(const struct data_sample *sample, const struct data_part *part,
                        struct core_text *text);

#endif
