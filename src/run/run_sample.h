/* What a sample is: for each of its fields, which rows of which named dataset. The text that says
 * so, and arithmetic; no file is touched. */
#ifndef RUN_SAMPLE_H
#define RUN_SAMPLE_H

#include "core_text.h"
#include "shardstep/tensor.h"

enum run_kind {
    RUN_ROW,    /* sample i is row i */
    RUN_WINDOW, /* rows [i * stride + lead, … + window) */
    RUN_RAGGED, /* rows [o(i), o(i + 1)), padded with zeros or cut to `most`; o: the offsets */
    RUN_LENGTH, /* how many rows of the ragged field before it are no padding; u64 */
    RUN_WHOLE   /* all of the dataset: one sample a file */
};

/* A field. Names of datasets are given by their places in a list. */
struct run_part {
    char *name;
    enum run_kind kind;
    size_t source;
    size_t offsets; /* RUN_RAGGED, RUN_LENGTH */
    uint64_t window, stride, lead;
    uint64_t most; /* 0: not given, until it has been found */
};

struct run_sample {
    struct run_part part[SHS_MAX_FIELDS];
    size_t n_parts;
    char *source[2 * SHS_MAX_FIELDS]; /* names of datasets, each once */
    size_t n_sources;
};

/* Reads the text of fields: see dataset.h. On error the struct is empty. */
shs_status run_sample_parse(const char *text, bool one_a_file, struct run_sample *sample);

void run_sample_free(struct run_sample *sample);

/* True if a source holds a ragged field's offsets; one may do so and be a field. */
bool run_sample_is_offsets(const struct run_sample *sample, size_t source);

/* Samples that a file has whose sources have so many rows. Fields that differ are an error. */
shs_status run_sample_count(const struct run_sample *sample, const uint64_t *rows,
                            uint64_t *samples);

/* Rows that a file needs to have one window; UINT64_MAX if no file can. */
uint64_t run_part_least_rows(const struct run_part *part);

/* Rows of a series from the first to the last that a sample has, if the next sample begins within
 * them, which it does *stride rows later; 0 if no samples share rows. */
uint64_t run_sample_overlap(const struct run_sample *sample, uint64_t *stride);

/* The first row of sample i of a RUN_ROW or RUN_WINDOW in its file, and how many there are. */
uint64_t run_part_first(const struct run_part *part, uint64_t i);
uint64_t run_part_rows(const struct run_part *part);

/* The other way round: which of a file's samples [0, samples) have some of rows [first, first +
 * count), none of them being an empty range. For RUN_ROW, RUN_WINDOW and RUN_WHOLE. */
struct run_range {
    uint64_t first, count;
};

struct run_range run_part_samples(const struct run_part *part, uint64_t first, uint64_t count,
                                  uint64_t samples);

/* Type and shape of the field's samples, from those of a row of its source; the source's whole
 * shape for RUN_WHOLE. The name is the part's. */
shs_status run_part_shape(const struct run_part *part, const shs_tensor *row, shs_tensor *sample);

/* True for a field of rows, or whole datasets, with the dataset's own name, and for lengths: there
 * is nothing to say of it. */
bool run_part_is_own_row(const struct run_sample *sample, const struct run_part *part);

/* What the field is, as in the text, but in one form: "x = weather(window=24, stride=6, lead=0)".
 */
void run_part_describe(const struct run_sample *sample, const struct run_part *part,
                       struct core_text *text);

#endif
